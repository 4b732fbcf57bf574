// Steps for reentry in JavaScript and TypeScript. See README.md.

/// <reference path="./environment.d.ts" />

/** Anything that can be written as JSON. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue | undefined };

/** A JSON Schema (2020-12). */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

// ---- schemas ----

/** A schema made with `s`. */
export interface Schema<T = any> {
  /** Only for types: what is read. */
  readonly "~type"?: { readonly value: T; readonly optional: false };
  /** The JSON Schema, for the host. */
  readonly json: JsonSchema;
  /** Lets a member of an object be missing. */
  optional(): OptionalSchema<T>;
  /** Puts a value in the place of a missing member. */
  default(value: T): DefaultSchema<T>;
  /** Lets the value be `null`, too. */
  nullable(): Schema<T | null>;
  /** Says what the value is, for people. */
  describe(description: string): this;
}

/** A member of an object that may be missing. */
export interface OptionalSchema<T = any> {
  readonly "~type"?: { readonly value: T; readonly optional: true };
  readonly json: JsonSchema;
  describe(description: string): this;
}

/** A member of an object that is filled in if it is missing. */
export interface DefaultSchema<T = any> {
  readonly "~type"?: { readonly value: T; readonly optional: "filled" };
  readonly json: JsonSchema;
  describe(description: string): this;
}

type Member = Schema<any> | OptionalSchema<any> | DefaultSchema<any>;
type ValueOf<M> = M extends { readonly "~type"?: { readonly value: infer T } } ? T : never;
type Missing<M, Direction> = M extends { readonly "~type"?: { readonly optional: infer P } }
  ? P extends true
    ? true
    : P extends "filled"
      ? Direction extends "in"
        ? true
        : false
      : false
  : false;
type Simple<T> = T extends infer O ? { [K in keyof O]: O[K] } : never;
type ObjectOf<P, Direction> = Simple<
  { -readonly [K in keyof P as Missing<P[K], Direction> extends true ? never : K]: ValueOf<P[K]> } & {
    -readonly [K in keyof P as Missing<P[K], Direction> extends true ? K : never]?: ValueOf<P[K]>;
  }
>;

interface Bounds<N> {
  min?: N;
  max?: N;
}

/** Schemas: what the host checks, and what the types of a step are made of. */
export const s: {
  /** A text; its length is counted in characters. */
  string(options?: Bounds<number> & { pattern?: string | RegExp; format?: string }): Schema<string>;
  /** A double. */
  number(bounds?: Bounds<number>): Schema<number>;
  /** A whole number that a JavaScript number holds: up to 9007199254740991 either way. */
  integer(bounds?: Bounds<number>): Schema<number>;
  /** A whole number of any size. */
  bigint(bounds?: Bounds<bigint>): Schema<bigint>;
  boolean(): Schema<boolean>;
  literal<const T extends string | number | boolean | null>(value: T): Schema<T>;
  enum<const T extends readonly (string | number)[]>(...values: T): Schema<T[number]>;
  array<T>(item: Schema<T>, length?: Bounds<number>): Schema<T[]>;
  /** An object with these members. Others are left out. */
  object<const P extends { [key: string]: Member }>(members: P): Schema<ObjectOf<P, "out">>;
  /** An object with any keys, whose values are alike. */
  record<T>(item: Schema<T>): Schema<{ [key: string]: T }>;
  /** The first of several that fits. */
  union<const T extends readonly Schema<any>[]>(...options: T): Schema<ValueOf<T[number]>>;
  any(): Schema<any>;
};

/** A schema of another package, as zod, Valibot, ArkType and others make them (https://standardschema.dev). */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** A JSON Schema that another package gives a type of its own. */
type TypedJsonSchema = { readonly [K in "type" | "const" | "enum" | "anyOf" | "allOf" | "oneOf" | "$ref"]?: unknown };

/** A schema made with `s`, one of another package, or a JSON Schema (TypeBox makes those with a type). */
export type AnySchema = Schema<any> | StandardSchema<any, any> | JsonSchema | TypedJsonSchema | undefined;

/** The type of what a step reads with a schema. */
export type Out<S> = S extends { readonly "~standard": { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer O }
    ? O
    : any
  : S extends Schema<infer T>
    ? T
    : S extends { readonly static: infer T }
      ? T
      : any;

/** The type of what is written for a schema. */
export type In<S> = S extends { readonly "~standard": { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly input: infer I }
    ? I
    : any
  : Out<S>;

// ---- steps ----

/** What a component says of one of its steps. */
export interface StepDescription<
  I extends AnySchema = undefined,
  O extends AnySchema = undefined,
  S extends AnySchema = undefined,
  A extends AnySchema = undefined,
> {
  /** Names the step within its component: letters, digits, `-` and `_`, at most 128 bytes. */
  id: string;
  /** A short name for people. */
  title?: string;
  /** What the step does, for people. */
  description?: string;
  /** The input. The host checks it, and fills in defaults. */
  input?: I;
  output?: O;
  /** What a question shows. */
  suspend?: S;
  /** The answer to a question that has no schema of its own. */
  answer?: A;
  /** The part of the workflow's shared state that the step reads and writes. */
  state?: AnySchema;
  requestContext?: AnySchema;
  /** How failures are retried, unless the workflow says otherwise. */
  retry?: Retry;
  /** Longest time one call may run, waits not counted. */
  timeoutMs?: number;
  /** Anything else, handed on to those who list steps. */
  metadata?: { [key: string]: JsonValue };
}

/** The function that a step is. It may suspend wherever it awaits what its context gave it. */
export type Run<I, O, S, A> = (ctx: Context<In<S>, Out<A>>, input: Out<I>) => In<O> | RawJson | Promise<In<O> | RawJson>;

/** A step: made with `step`. */
export interface Step<
  I extends AnySchema = any,
  O extends AnySchema = any,
  S extends AnySchema = any,
  A extends AnySchema = any,
> extends StepDescription<I, O, S, A> {
  run: Run<I, O, S, A>;
}

/** Describes a step. Input, payload, answer and output get their types from its schemas. */
export function step<
  I extends AnySchema = undefined,
  O extends AnySchema = undefined,
  S extends AnySchema = undefined,
  A extends AnySchema = undefined,
>(description: StepDescription<I, O, S, A>, run: Run<I, O, S, A>): Step<I, O, S, A>;

/** When and how often a failed call is tried again. Only failures marked `retryable`, and traps, are. */
export interface Retry {
  /** Tries after the first one. */
  retries: number;
  /** Wait before the first retry. Defaults to 1000. */
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

/** Makes the component's interface out of its steps: `export const guest = steps(step({ id, ... }, run))`. */
export function steps(...definitions: Step<any, any, any, any>[]): Guest;

// ---- waiting ----

/** A promise for the end of a wait. */
export interface Wait<T> extends Promise<T> {
  /** Gives up waiting: the host forgets the wait, and this promise stays pending. */
  close(): void;
  /** Refuses the answer that this wait ended with: what the call did is dropped, and the question is open again. */
  refuse(reason: string): never;
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
  schema?: AnySchema;
  /** Taken as the answer when the deadline passes; without it the wait then ends with an error that is `timedOut`. */
  otherwise?: Answer;
}

export interface EventOptions extends Patience {
  /** Takes only events with this key. */
  key?: string;
  /** What the payload is read with. */
  schema?: AnySchema;
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
export interface Context<Payload = any, Answer = any> {
  /** The input as the JSON text that it came in: numbers keep every digit. */
  readonly inputText: string;
  /** The workflow's shared state. */
  readonly state: Shared;
  /** What the caller of start or resume knows and the input does not say. */
  readonly requestContext: Shared;

  /** Waits for an answer to the payload. The wait begins at once; so do the others. */
  suspend(payload: Payload, options: SuspendOptions<Answer> & Raw): Wait<RawJson>;
  suspend<S extends AnySchema>(payload: Payload, options: SuspendOptions<In<S>> & { schema: S }): Wait<Out<S>>;
  suspend<A = Answer>(payload: Payload, options?: SuspendOptions<A>): Wait<A>;
  sleep(ms: number): Wait<void>;
  sleepUntil(at: Instant): Wait<void>;
  /** Makes durable what has been done so far, and goes on at once: a crash later on comes back to here. */
  checkpoint(): Wait<void>;
  /** Waits for an event that some system sends to the host under this name. */
  event(name: string, options: EventOptions & Raw): Wait<RawJson>;
  event<S extends AnySchema>(name: string, options: EventOptions & { schema: S }): Wait<Out<S>>;
  event<Payload = any>(name: string, options?: EventOptions): Wait<Payload>;
  /** Has the host run another step of this component, and waits for its output. */
  runStep(step: string | Step<any, any, any, any>, input: unknown, options: Raw): Wait<RawJson>;
  runStep<I extends AnySchema, O extends AnySchema>(step: Step<I, O, any, any>, input: In<I>): Wait<Out<O>>;
  runStep<S extends AnySchema>(id: string, input: unknown, options: { schema: S }): Wait<Out<S>>;
  runStep<Output = any>(id: string, input?: unknown): Wait<Output>;
  /** Has the host run a workflow, and waits for its result. */
  runWorkflow(id: string, input: unknown, options: Raw): Wait<RawJson>;
  runWorkflow<S extends AnySchema>(id: string, input: unknown, options: { schema: S }): Wait<Out<S>>;
  runWorkflow<Output = any>(id: string, input?: unknown): Wait<Output>;
  /** The first that is done. Unlike `Promise.race` it closes the other waits. */
  race<T extends readonly unknown[]>(promises: T): Promise<Awaited<T[number]>>;
  /** Ends the workflow that the step stands in, successfully, with this result. */
  bail(result?: unknown): never;
  /** Refuses the last answer: what this call did is dropped, and the question is open again. The reason is for the one who answered. */
  refuse(reason: string): never;

  readonly facts: Facts;
  readonly runId: string;
  readonly attempt: number;
  readonly idempotencyKey: string;

  /** The host's clock, in milliseconds since 1970. */
  now(): number;
  /** Random bytes fit for secrets, at most 65536; asking for more traps. */
  random(length: number): Uint8Array;
  /** Whether cancelling the run was asked for. A long call looks now and then, and returns. */
  cancelled(): boolean;
  /** Sends a chunk to whatever watches the run. It is not stored. */
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

// ---- errors and raw JSON ----

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
