// What an author writes a step with.

import { now } from "./host";
import { Json } from "./json";
import { Schema } from "./schema";

/** One step of a component. What it keeps over a wait are its own fields. */
export abstract class Step {
  /** A short name for people. */
  title: string | null = null;
  /** What the step does, for people. */
  description: string | null = null;
  /** Of the input, the output, what a question shows, the answer, and the keys that the run shares. */
  inputSchema: Schema | null = null;
  outputSchema: Schema | null = null;
  suspendSchema: Schema | null = null;
  answerSchema: Schema | null = null;
  stateSchema: Schema | null = null;
  requestContextSchema: Schema | null = null;
  retry: Retry | null = null;
  /** Longest time of one call in milliseconds; 0 is no limit of the step's own. */
  timeoutMs: u64 = 0;

  /** `id` names the step within its component: letters, digits, `-` and `_`, at most 128 bytes. */
  constructor(public id: string) {}

  /** Called at the start and after each wait. */
  abstract run(call: Call): Outcome;
}

export class Retry {
  delayMs: u64 = 0;
  backoff: f64 = 1;
  maxDelayMs: u64 = 0;
  jitter: f64 = 0;

  constructor(public retries: u32) {}
}

export const steps: Step[] = [];

/** Adds a step to the component. To be called at the top of the program. */
export function register(step: Step): void {
  steps.push(step);
}

/** How the wait before a call ended. */
export enum Reason {
  /** `data` is the answer. */
  Answered,
  /** The deadline passed. */
  TimedOut,
  /** The instant has come. */
  Elapsed,
  /** `data` is the payload of the event. */
  Received,
  /** `data` is the output of what was run. */
  Completed,
  /** What was run failed: see `failure`. */
  Failed,
  /** The checkpoint is durable. */
  Recorded,
  /** There was no wait: this is the first call. */
  Start,
}

export class Call {
  /** What came: an answer, the payload of an event, an output. */
  data: Json = Json.parse("");
  failure: Failure | null = null;
  reason: Reason = Reason.Start;

  /** `input` is the same in each call. */
  constructor(public facts: Facts, public input: Json) {}
}

/** The facts of a call. Not to be kept: they differ in the next one. */
export class Facts {
  step: string = "";
  runId: string = "";
  workflowId: string = "";
  path: string = "";
  /** Tries of this call before this one. */
  attempt: u32 = 0;
  resourceId: string | null = null;
  idempotencyKey: string = "";
  nowMs: u64 = 0;
  traceId: string | null = null;
  spanId: string | null = null;
}

export class Failure {
  /** For programs: a short stable word. */
  code: string | null = null;
  /** Whether trying the same again may help. */
  retryable: bool = false;
  /** Wait at least this long before that; 0 leaves it to the retry policy. */
  retryAfterMs: u64 = 0;
  /** JSON. */
  details: string | null = null;

  /** `message` is for people. */
  constructor(public message: string) {}
}

export class WaitOptions {
  /** Names by which the answer may be addressed. */
  labels: string[] = [];
  /** The schema of this very answer, in place of the step's. */
  answer: Schema | null = null;
  /** An instant, as `now` gives it; 0 is none. */
  deadlineMs: u64 = 0;
  /** JSON: what counts as the answer when the deadline passes. Otherwise the reason is `TimedOut`. */
  defaultAnswer: string | null = null;
}

/** How a call ends. Made by the functions below. */
export class Outcome {
  /** JSON. */
  json: string = "";
  failure: Failure | null = null;
  wait: Wait | null = null;
  bailed: bool = false;
  refused: bool = false;
}

/** What is waited for; the kinds have the numbers of the contract. */
export class Wait {
  json: string = "";
  name: string = "";
  key: string | null = null;
  instantMs: u64 = 0;
  ofWorkflow: bool = false;
  options: WaitOptions = new WaitOptions();

  constructor(public kind: WaitKind) {}

  /** What is waited for, for people. */
  get about(): string {
    switch (this.kind) {
      case WaitKind.Answer: return "`suspend(" + this.json + ")`";
      case WaitKind.Time: return "`sleep`";
      case WaitKind.Event: return "`event(" + this.name + ")`";
      case WaitKind.Run: return (this.ofWorkflow ? "`runWorkflow(" : "`runStep(") + this.name + ")`";
      default: return "`checkpoint()`";
    }
  }
}

export enum WaitKind {
  Answer,
  Time,
  Event,
  Run,
  Checkpoint,
}

/** The step is done, with this output. */
export function complete(json: string): Outcome {
  const outcome = new Outcome();
  outcome.json = json;
  return outcome;
}

/** The workflow is done, successfully, with this result. */
export function bail(json: string): Outcome {
  const outcome = complete(json);
  outcome.bailed = true;
  return outcome;
}

export function fail(failure: Failure): Outcome {
  const outcome = new Outcome();
  outcome.failure = failure;
  return outcome;
}

/** Refuses the answer that this call brought: what the call did is dropped, and the question is open again. */
export function refuse(reason: string): Outcome {
  const failure = new Failure(reason);
  failure.code = "bad-answer";
  const outcome = fail(failure);
  outcome.refused = true;
  return outcome;
}

/** Waits that were made in this call. One that is not returned waits for nothing. */
export const begun: Outcome[] = [];

function waitFor(wait: Wait): Outcome {
  const outcome = new Outcome();
  outcome.wait = wait;
  begun.push(outcome);
  return outcome;
}

/** Waits for an answer to this payload. */
export function suspend(json: string, options: WaitOptions = new WaitOptions()): Outcome {
  const wait = new Wait(WaitKind.Answer);
  wait.json = json;
  wait.options = options;
  return waitFor(wait);
}

/** Waits for an event; a key of null takes any. Of the options only the deadline counts. */
export function event(name: string, key: string | null, options: WaitOptions = new WaitOptions()): Outcome {
  const wait = new Wait(WaitKind.Event);
  wait.name = name;
  wait.key = key;
  wait.options = options;
  return waitFor(wait);
}

export function sleep(ms: u64): Outcome {
  return sleepUntil(now() + ms);
}

export function sleepUntil(instantMs: u64): Outcome {
  const wait = new Wait(WaitKind.Time);
  wait.instantMs = instantMs;
  return waitFor(wait);
}

/** Makes durable what has been done so far, and goes on at once. */
export function checkpoint(): Outcome {
  return waitFor(new Wait(WaitKind.Checkpoint));
}

/** Has the host run another step of this component. */
export function runStep(id: string, input: string): Outcome {
  const wait = new Wait(WaitKind.Run);
  wait.name = id;
  wait.json = input;
  return waitFor(wait);
}

/** Has the host run a workflow. */
export function runWorkflow(id: string, input: string): Outcome {
  const outcome = runStep(id, input);
  outcome.wait!.ofWorkflow = true;
  return outcome;
}
