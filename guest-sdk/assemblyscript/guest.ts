// The functions that the host calls, and what AssemblyScript's own library calls. `transform.mjs` gives them their places.

import { halfAt, putMaybe, putString, release, room, takeBytes, takeMaybe, takeString, wellFormed } from "./abi";
import { Level, log, now, random } from "./host";
import { Json } from "./json";
import { takeProblem } from "./problem";
import { Schema } from "./schema";
import { Call, Facts, Failure, Outcome, Reason, Step, Wait, WaitKind, WaitOptions, begun, fail, steps } from "./step";

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
  const call = new Call(facts, inputOf(takeString(at + 96)));
  heap.free(at);
  return perform(call);
}

export function resume(at: usize): usize {
  const facts = takeFacts(at);
  const call = new Call(facts, inputOf(takeString(at + 104)));
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

function inputOf(text: string): Json {
  return Json.parse(text, "the input", "bad-input");
}

function perform(call: Call): usize {
  for (let k = 0; k < steps.length; k++) {
    if (steps[k].id != call.facts.step) continue;
    takeProblem();
    begun.length = 0;
    return putResult(checked(steps[k].run(call), call));
  }
  const unknown = new Failure("there is no step " + call.facts.step + " in this component");
  unknown.code = "unknown-step";
  return putResult(fail(unknown));
}

/** The outcome of a call, unless something was wrong in it. */
function checked(outcome: Outcome, call: Call): Outcome {
  const problem = takeProblem();
  const failure = problem === null ? outcome.failure : problem;
  if (failure !== null) {
    if (failure.code == "bad-answer" && call.reason != Reason.Answered) {
      return failing("no-answer", "no answer came in this call that could be refused: `refuse` belongs to the call with the answer");
    }
    const named = failure.code == "bad-answer" || failure.code == "bad-event" || failure.code == "bad-result";
    if (named && (problem !== null || outcome.refused)) failure.details = `{"wait":${lastWait}}`;
    return fail(failure);
  }
  for (let k = 0; k < begun.length; k++) {
    const wait = begun[k].wait;
    if (begun[k] === outcome || wait === null) continue;
    return failing("unawaited-wait", "the step made a wait, " + wait.about + ", and did not return it: write `return` before it");
  }
  const wait = outcome.wait;
  const half = halfAt(wait === null ? outcome.json : wait.json);
  if (half < 0) return outcome;
  const where = wait === null ? "the output" : "what " + wait.about + " is given";
  return failing("bad-json", wellFormed(where) + " has half a character (a lone surrogate) at " + half.toString());
}

function failing(code: string, message: string): Outcome {
  const failure = new Failure(message);
  failure.code = code;
  return fail(failure);
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
    const answered = call.reason == Reason.Answered;
    const received = call.reason == Reason.Received;
    const what = answered ? "the answer" : received ? "the event" : "the output";
    call.data = Json.parse(takeString(at + 8), what, answered ? "bad-answer" : received ? "bad-event" : "bad-result");
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
  putSchema(at + 32, step.inputSchema);
  putSchema(at + 44, step.outputSchema);
  putSchema(at + 56, step.suspendSchema);
  putSchema(at + 68, step.answerSchema);
  putSchema(at + 80, step.stateSchema);
  putSchema(at + 92, step.requestContextSchema);
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
      putSchema(value + 16, wait.options.answer);
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

function putSchema(at: usize, schema: Schema | null): void {
  if (schema !== null) putMaybe(at, schema.json);
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
  log(Level.Error, what + where, '{"panic":true}');
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
