// Steps for reentry in JavaScript and TypeScript. See README.md.

/** Anything that can be written as JSON. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue | undefined };

/** A JSON Schema (2020-12). */
export type JsonSchema = boolean | { [keyword: string]: unknown };

/** What a component says of one of its steps, and the function that the step is. */
export interface StepDefinition<Input = any, Output = any> {
  /** Names the step within its component: letters, digits, `-` and `_`, at most 128 bytes. */
  id: string;
  /** A short name for people. */
  title?: string;
  /** What the step does, for people. */
  description?: string;
  /** The host checks each of these against what it carries, and fills in defaults of what goes into the step. */
  schemas?: {
    input?: JsonSchema;
    output?: JsonSchema;
    suspend?: JsonSchema;
    resume?: JsonSchema;
    state?: JsonSchema;
    requestContext?: JsonSchema;
  };
  /** How failures are retried, unless the workflow says otherwise. */
  retry?: Retry;
  /** Longest time one call may run, waits not counted. */
  timeoutMs?: number;
  /** Anything else, handed on to those who list steps. */
  metadata?: { [key: string]: JsonValue };
  /** The step. It may suspend wherever it awaits what its context gave it. */
  run(ctx: Context, input: Input): Output | RawJson | Promise<Output | RawJson>;
}

/** When and how often a failed call is tried again. Only failures marked `retryable`, and traps, are. */
export interface Retry {
  /** Tries after the first one. */
  retries: number;
  /** Wait before the first retry: 1000 unless it is given. */
  delayMs?: number;
  /** Each further wait is the previous one times this; at least 1. */
  backoff?: number;
  /** No wait is longer than this. */
  maxDelayMs?: number;
  /** Share of each wait, 0 to 1, that is drawn at random. */
  jitter?: number;
}

/** What the host calls. Export it under the name `guest`. */
export interface Guest {
  describe(): unknown[];
  start(call: unknown): unknown;
  resume(call: unknown): unknown;
}

/** Makes the component's interface out of its steps: `export const guest = steps({ id, run, ... })`. */
export function steps(...definitions: StepDefinition[]): Guest;

/** A promise for the end of a wait. */
export interface Wait<T> extends Promise<T> {
  /** Gives up waiting: the host forgets the wait, and this promise stays pending. */
  close(): void;
}

/** A `Date`, or milliseconds since 1970. */
export type Instant = Date | number;

/** The end of patience: at an instant, or so long from now. */
export interface Patience {
  deadline?: Instant;
  withinMs?: number;
}

export interface SuspendOptions<Answer> extends Patience {
  /** Names by which the answer may be addressed. Several open waits may have the same one. */
  labels?: string[];
  /** A schema for this very answer, in place of the step's. */
  schema?: JsonSchema;
  /** Taken as the answer when the deadline passes; without it the wait then ends with an error that is `timedOut`. */
  otherwise?: Answer;
}

export interface EventOptions extends Patience {
  /** Takes only events with this key. */
  key?: string;
}

/** Whether what comes is given as the text that it came in. */
export interface Raw {
  raw: true;
}

/** Keys and values that the whole run shares. */
export interface Shared {
  /** All of them, with what this call has set so far. */
  all(): { [key: string]: any };
  get<T = any>(key: string): T | undefined;
  /** Sets one key. It is kept when the call ends without failure. */
  set(key: string, value: unknown): void;
}

/** The facts of a call. They differ in the next one: do not keep them over an `await`. */
export interface Facts {
  step: string;
  runId: string;
  workflowId: string;
  path: string;
  /** Tries of this call before this one: 0 at the first. */
  attempt: number;
  resourceId?: string;
  /** The same at each try of one call, and different for each call. */
  idempotencyKey: string;
  nowMs: number;
  trace?: { traceId: string; spanId: string };
}

export type Level = "trace" | "debug" | "info" | "warn" | "error";

/** The step's link to its host. */
export interface Context {
  /** The input as the JSON text that it came in: numbers keep every digit. */
  readonly inputText: string;
  /** The workflow's shared state. */
  readonly state: Shared;
  /** What the caller of start or resume knows and the input does not say. */
  readonly requestContext: Shared;

  /** Waits for an answer to the payload. The wait begins at once; so do the others. */
  suspend(payload: unknown, options: SuspendOptions<unknown> & Raw): Wait<RawJson>;
  suspend<Answer = any>(payload: unknown, options?: SuspendOptions<Answer>): Wait<Answer>;
  sleep(ms: number): Wait<void>;
  sleepUntil(at: Instant): Wait<void>;
  /** Makes durable what has been done so far, and goes on at once: a crash later on comes back to here. */
  checkpoint(): Wait<void>;
  /** Waits for an event that some system sends to the host under this name. */
  event(name: string, options: EventOptions & Raw): Wait<RawJson>;
  event<Payload = any>(name: string, options?: EventOptions): Wait<Payload>;
  /** Has the host run another step of this component, and waits for its output. */
  runStep(id: string, input: unknown, options: Raw): Wait<RawJson>;
  runStep<Output = any>(id: string, input?: unknown): Wait<Output>;
  /** Has the host run a workflow, and waits for its result. */
  runWorkflow(id: string, input: unknown, options: Raw): Wait<RawJson>;
  runWorkflow<Output = any>(id: string, input?: unknown): Wait<Output>;
  /** The first that is done. Unlike `Promise.race` it closes the other waits. */
  race<T extends readonly unknown[]>(promises: T): Promise<Awaited<T[number]>>;
  /** Ends the workflow that the step stands in, successfully, with this result. */
  bail(result?: unknown): never;

  readonly facts: Facts;
  readonly runId: string;
  readonly attempt: number;
  readonly idempotencyKey: string;

  /** The host's clock, in milliseconds since 1970. */
  now(): number;
  /** Random bytes fit for secrets, at most 65536; asking for more traps. */
  random(length: number): Uint8Array;
  /** Whether somebody asked for the run to be cancelled. A long call looks now and then, and returns. */
  cancelled(): boolean;
  /** Sends a chunk to whoever watches the run. It is not stored. */
  emit(chunk: unknown): void;
  /** Adds a line to the run's log. */
  log(level: Level, message: string, fields?: { [key: string]: unknown }): void;
  debug(message: string, fields?: { [key: string]: unknown }): void;
  info(message: string, fields?: { [key: string]: unknown }): void;
  warn(message: string, fields?: { [key: string]: unknown }): void;
  error(message: string, fields?: { [key: string]: unknown }): void;

  /** The output of a step of this run, by its path as seen from the top of the workflow; undefined if it is not done. */
  stepResult<T = any>(path: string): T | undefined;
  /** The input of the workflow. */
  initData<T = any>(): T;
}

/** A failure with all that the host can be told of it. */
export class StepError extends Error {
  constructor(
    message: string,
    options?: { code?: string; retryable?: boolean; retryAfterMs?: number; details?: unknown; cause?: unknown },
  );
  readonly code?: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly details?: unknown;
  /** Whether this is the passing of a deadline that the step itself set. */
  readonly timedOut: boolean;
}

/** Whether what was caught is a bail, which code that catches errors should throw again. */
export function isBail(caught: unknown): boolean;

/** JSON text that is handed on as it is: numbers keep every digit, keys their order. */
export class RawJson {
  readonly text: string;
  /** What the text says, as far as JavaScript can hold it. */
  readonly value: any;
}

/** Marks a text as JSON, to be handed on as it is. */
export function rawJson(text: string): RawJson;
