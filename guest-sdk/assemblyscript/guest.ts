// The functions that the host calls, and what AssemblyScript's own library calls. `transform.mjs` gives them their places.

import { putMaybe, putString, release, room, takeBytes, takeMaybe, takeString } from "./abi";
import { Level, log, now, random } from "./host";
import { Call, Facts, Failure, Outcome, Reason, Step, Wait, WaitKind, WaitOptions, fail, steps } from "./step";

export function cabi_realloc(old: usize, oldSize: usize, alignment: usize, size: usize): usize {
  if (size == 0) return alignment;
  return oldSize == 0 ? heap.alloc(size) : heap.realloc(old, size);
}

// ---- the calls ----

export function describe(): usize {
  const size: usize = 184;
  const list = room(8);
  const descriptors = room(size * steps.length);
  for (let k = 0; k < steps.length; k++) putDescriptor(descriptors + size * k, steps[k]);
  store<usize>(list, descriptors);
  store<i32>(list, steps.length, 4);
  return list;
}

export function start(at: usize): usize {
  const facts = takeFacts(at);
  const call = new Call(facts, takeString(at + 96));
  heap.free(at);
  return perform(call);
}

export function resume(at: usize): usize {
  const facts = takeFacts(at);
  const call = new Call(facts, takeString(at + 104));
  const resolved = load<usize>(at, 96);
  const count = load<i32>(at, 100);
  const wait = load<u32>(resolved);
  for (let k = 0; k < count; k++) takeResolution(resolved + 72 * k + 8, call);
  heap.free(resolved);
  takeMaybe(at + 112);
  heap.free(at);
  if (count == 1 && wait == lastWait) return perform(call);
  const wrong = new Failure("the host resumed a wait that this instance has not: its memory was not put back");
  wrong.code = "unknown-wait";
  return putResult(fail(wrong));
}

export function callEnded(_result: usize): void {
  release();
}

function perform(call: Call): usize {
  for (let k = 0; k < steps.length; k++) {
    if (steps[k].id == call.facts.step) return putResult(steps[k].run(call));
  }
  const unknown = new Failure("there is no step " + call.facts.step + " in this component");
  unknown.code = "unknown-step";
  return putResult(fail(unknown));
}

// ---- what comes in ----

function takeFacts(at: usize): Facts {
  const facts = new Facts();
  facts.step = takeString(at);
  facts.runId = takeString(at + 8);
  facts.workflowId = takeString(at + 16);
  facts.path = takeString(at + 24);
  facts.attempt = load<u32>(at, 32);
  facts.resourceId = takeMaybe(at + 36);
  facts.idempotencyKey = takeString(at + 48);
  facts.nowMs = load<u64>(at, 56);
  // Two resumes from one suspension have the same memory, and would draw the same numbers.
  const entropy = takeBytes(at + 64);
  if (entropy.length >= 8) NativeMath.seedRandom(load<i64>(changetype<usize>(entropy)));
  if (load<u8>(at, 72)) {
    facts.traceId = takeString(at + 76);
    facts.spanId = takeString(at + 84);
  }
  return facts;
}

function takeResolution(at: usize, call: Call): void {
  call.reason = <Reason>load<u8>(at);
  if (call.reason == Reason.Answered || call.reason == Reason.Received || call.reason == Reason.Completed) {
    call.data = takeString(at + 8);
  } else if (call.reason == Reason.Failed) {
    const failure = new Failure(takeString(at + 8));
    failure.code = takeMaybe(at + 16);
    failure.retryable = load<u8>(at, 28) != 0;
    failure.retryAfterMs = load<u8>(at, 32) ? load<u64>(at, 40) : 0;
    failure.details = takeMaybe(at + 48);
    call.failure = failure;
  }
}

// ---- what goes out ----

/** The number of the wait that is open, by which the host names it. None is used twice in an instance. */
let lastWait: u32 = 0;

function putDescriptor(at: usize, step: Step): void {
  putString(at, step.id);
  putMaybe(at + 8, step.title);
  putMaybe(at + 20, step.description);
  putMaybe(at + 32, step.inputSchema);
  putMaybe(at + 44, step.outputSchema);
  putMaybe(at + 56, step.suspendSchema);
  putMaybe(at + 68, step.resumeSchema);
  putMaybe(at + 80, step.stateSchema);
  putMaybe(at + 92, step.requestContextSchema);
  const retry = step.retry;
  if (retry) {
    store<u8>(at, 1, 104);
    store<u32>(at, retry.retries, 112);
    store<u64>(at, retry.delayMs, 120);
    store<f64>(at, retry.backoff, 128);
    store<u64>(at, retry.maxDelayMs, 136);
    store<f64>(at, retry.jitter, 144);
  }
  putTime(at + 152, step.timeoutMs);
}

function putResult(outcome: Outcome): usize {
  const at = room(64);
  const failure = outcome.failure;
  const wait = outcome.wait;
  if (failure) {
    store<u8>(at, 1);
    putString(at + 8, failure.message);
    putMaybe(at + 16, failure.code);
    store<u8>(at, u8(failure.retryable), 28);
    putTime(at + 32, failure.retryAfterMs);
    putMaybe(at + 48, failure.details);
  } else if (wait) {
    store<u8>(at, 2, 8);
    store<usize>(at, putWait(wait), 12);
    store<i32>(at, 1, 16);
  } else {
    store<u8>(at, u8(outcome.bailed), 8);
    putString(at + 12, outcome.json);
  }
  return at;
}

function putWait(wait: Wait): usize {
  const at = room(80);
  store<u32>(at, ++lastWait);
  store<u8>(at, <u8>wait.kind, 8);
  const value = at + 16;
  switch (wait.kind) {
    case WaitKind.Answer: {
      putString(value, wait.json);
      const labels = wait.options.labels;
      const list = room(8 * labels.length);
      for (let k = 0; k < labels.length; k++) putString(list + 8 * k, labels[k]);
      store<usize>(value, list, 8);
      store<i32>(value, labels.length, 12);
      putMaybe(value + 16, wait.options.resumeSchema);
      putDeadline(value + 32, wait.options);
      break;
    }
    case WaitKind.Time: {
      store<u64>(value, wait.instantMs);
      break;
    }
    case WaitKind.Event: {
      putString(value, wait.name);
      putMaybe(value + 8, wait.key);
      putDeadline(value + 24, wait.options);
      break;
    }
    case WaitKind.Run: {
      store<u8>(value, u8(wait.ofWorkflow));
      putString(value + 4, wait.name);
      putString(value + 12, wait.json);
      break;
    }
  }
  return at;
}

function putDeadline(at: usize, options: WaitOptions): void {
  if (options.deadlineMs == 0) return;
  store<u8>(at, 1);
  store<u64>(at, options.deadlineMs, 8);
  putMaybe(at + 16, options.defaultAnswer);
}

/** An option of a time; 0 is none. */
function putTime(at: usize, ms: u64): void {
  store<u8>(at, u8(ms != 0));
  store<u64>(at, ms, 8);
}

// ---- what the library of AssemblyScript imports ----

export function env_abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const what = message === null ? "abort" : message;
  const where = file === null ? "" : " (" + file + ":" + line.toString() + ":" + column.toString() + ")";
  log(Level.Error, what + where);
  unreachable();
}

export function env_trace(message: string, count: i32, a: f64, b: f64, c: f64, d: f64, e: f64): void {
  const numbers: f64[] = [a, b, c, d, e];
  for (let k = 0; k < count; k++) message += (k > 0 ? ", " : " ") + numbers[k].toString();
  log(Level.Trace, message);
}

export function env_seed(): f64 {
  return load<f64>(changetype<usize>(random(8)));
}

export function env_Date_now(): f64 {
  return <f64>now();
}

export function env_console_assert(holds: bool, message: string): void {
  if (!holds) log(Level.Error, "assertion failed: " + message);
}

export function env_console_log(message: string): void {
  log(Level.Info, message);
}

export function env_console_debug(message: string): void {
  log(Level.Debug, message);
}

export function env_console_info(message: string): void {
  log(Level.Info, message);
}

export function env_console_warn(message: string): void {
  log(Level.Warn, message);
}

export function env_console_error(message: string): void {
  log(Level.Error, message);
}
