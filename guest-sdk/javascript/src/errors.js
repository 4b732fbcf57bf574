// How steps fail, and how failures come in and go out.

import { instead } from "./missing.js";
import { place } from "./trace.js";

/** A failure with all that the host can be told of it. */
export class StepError extends Error {
  constructor(message, { code, retryable, retryAfterMs, details, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StepError";
    this.code = code;
    this.retryable = retryable ?? retryAfterMs !== undefined;
    this.retryAfterMs = retryAfterMs;
    this.details = details;
  }

  /** Whether this is the passing of a deadline that the step itself set. */
  get timedOut() {
    return this.code === TIMED_OUT;
  }
}

const TIMED_OUT = "timed-out";

export function timedOut(what) {
  return new StepError(`${what} did not come before its deadline`, { code: TIMED_OUT });
}

/** The result of a workflow on its way out of nested functions. Not an error. */
class Bail {
  constructor(text) {
    this.text = text;
  }
}

export function bail(text) {
  throw new Bail(text);
}

/** Whether what was caught is a bail, which code that catches errors should throw again. */
export function isBail(caught) {
  return caught instanceof Bail;
}

/** The refusal of an answer: the host drops what the call did, and the question is open again. */
export function badAnswer(message, wait) {
  return new StepError(message, { code: "bad-answer", details: { wait } });
}

/** What a service of the host throws: the failure itself, or an error that carries it. */
export function refused(thrown) {
  return ofFailure(thrown?.payload ?? thrown);
}

/** A failure that came from the host, as an error. */
export function ofFailure(failure) {
  const { message, code, retryable, retryAfterMs, details } = failure;
  return new StepError(message, {
    code: code ?? undefined,
    retryable,
    retryAfterMs: retryAfterMs == null ? undefined : Number(retryAfterMs),
    details: details == null ? undefined : JSON.parse(details),
  });
}

/** Whatever was thrown, as the host wants to hear it. `write` makes JSON of details. */
export function toFailure(thrown, integer, write) {
  const failure = { message: wellFormed(describe(thrown)), code: undefined, retryable: false };
  if (thrown instanceof Error) {
    failure.code = typeof thrown.code === "string" ? wellFormed(thrown.code) : undefined;
    failure.retryable = thrown.retryable === true;
    failure.retryAfterMs = Number.isFinite(thrown.retryAfterMs) ? integer(thrown.retryAfterMs) : undefined;
    failure.details = thrown.details === undefined ? undefined : detailsText(thrown.details, write);
  }
  return failure;
}

/** What went wrong, in one line: with the place for errors that the author did not make. */
export function describe(thrown) {
  if (!(thrown instanceof Error)) {
    return `${String(thrown)} was thrown, which is no Error`;
  }
  const cause = thrown.cause === undefined ? "" : `: ${describe(thrown.cause)}`;
  if (thrown instanceof StepError) {
    return `${thrown.message}${cause}`;
  }
  const at = place(thrown.stack);
  const hint = instead(thrown);
  return `${thrown}${at === undefined ? "" : ` (${at})`}${hint === undefined ? "" : `: ${hint}`}${cause}`;
}

function detailsText(details, write) {
  try {
    return write("the details of a failure", details);
  } catch (error) {
    return write("the details of a failure", describe(error));
  }
}

/** A half of a character that takes two units. Without property classes, which StarlingMonkey has not. */
export const HALF = /[\ud800-\udfff]/u;

/** The text with half characters replaced, which the host does not take: for what people read. */
export function wellFormed(text) {
  return text.replace(new RegExp(HALF, "gu"), "\ufffd");
}
