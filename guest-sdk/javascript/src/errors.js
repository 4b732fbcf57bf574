// How a step fails, and the one way of ending early that is no failure.

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

/** Whatever was thrown, as the host wants to hear it. */
export function toFailure(thrown, integer) {
  const failure = { message: message(thrown), code: undefined, retryable: false };
  if (thrown instanceof Error) {
    failure.code = typeof thrown.code === "string" ? thrown.code : undefined;
    failure.retryable = thrown.retryable === true;
    failure.retryAfterMs = Number.isFinite(thrown.retryAfterMs) ? integer(thrown.retryAfterMs) : undefined;
    failure.details = thrown.details === undefined ? undefined : detailsText(thrown.details);
  }
  return failure;
}

function message(thrown) {
  if (!(thrown instanceof Error)) {
    return String(thrown);
  }
  const own = thrown instanceof StepError ? thrown.message : String(thrown);
  return thrown.cause === undefined ? own : `${own}: ${message(thrown.cause)}`;
}

function detailsText(details) {
  try {
    return JSON.stringify(details);
  } catch (error) {
    return JSON.stringify(String(error));
  }
}
