// Runs a step without a host, for unit tests. See README.md, "Unit tests".

import type { AnySchema, Guest, In, JsonValue, Out, RawJson, Step } from "reentry-step";

/** What the run's caller and its surroundings know. */
export interface Surroundings {
  /** What the clock shows at the start, in milliseconds since 1970. Defaults to 2026-01-01T00:00:00Z. */
  nowMs?: number;
  state?: { [key: string]: unknown };
  requestContext?: { [key: string]: unknown };
  /** Outputs of steps that are done, by path. */
  stepResults?: { [path: string]: unknown };
  initData?: unknown;
  attempt?: number;
  runId?: string;
  resourceId?: string;
}

/** A question that is open. */
export interface Question {
  readonly payload: any;
  readonly labels: readonly string[];
  /** The JSON Schema of this very answer, if the step gave one. */
  readonly schema: any;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields?: any;
}

/** A run of one step. Each method goes on until the step ends or can do nothing but wait. */
export interface TestRun<Output = any> {
  readonly status: "suspended" | "completed" | "bailed" | "failed";
  readonly output: Output;
  readonly failure: { message: string; code?: string; retryable: boolean; details?: any } | undefined;
  readonly questions: readonly Question[];
  /** The one question that is open; an error if there is none, or more than one. */
  readonly question: Question;
  /** Everything that is waited for, in short: `answer`, `time 1767225600000`, `event paid`, `step ship`. */
  readonly waits: readonly string[];
  readonly log: readonly LogLine[];
  readonly emitted: readonly any[];
  readonly state: { [key: string]: any };
  readonly requestContext: { [key: string]: any };
  readonly nowMs: number;

  /**
   * Answers the open question, or the one with a label. Rejects with the reason if the step refuses the answer; the question is
   * then open again.
   */
  answer(data: unknown, target?: { label?: string }): Promise<this>;
  /** Lets time pass: to the next sleep or deadline, or for so long. */
  elapse(ms?: number): Promise<this>;
  /** Sends an event. */
  event(name: string, payload: unknown, options?: { key?: string }): Promise<this>;
  /** Ends a step or workflow that the step runs, by its id: with its output. */
  complete(id: string, output: unknown): Promise<this>;
  /** The same with a failure. */
  fail(id: string, failure: { message: string; code?: string }): Promise<this>;
}

/** Starts a step. */
export function start<I extends AnySchema, O extends AnySchema, S extends AnySchema, A extends AnySchema>(
  step: Step<I, O, S, A>,
  input: In<I>,
  surroundings?: Surroundings,
): Promise<TestRun<In<O>>>;
