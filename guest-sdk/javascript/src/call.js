// The call that is running: its facts, and what the engine calls a whole number.

/** The facts of the present call; undefined while the component is built. */
let facts;

/** Whether the engine hands 64-bit integers over as BigInt. StarlingMonkey does, QuickJS has them as numbers. */
let wide = false;

/** Looks at a 64-bit integer from the host to see how the engine has them. */
export function learn(number) {
  wide = typeof number === "bigint";
}

export function begin(call) {
  learn(call.nowMs);
  facts = {
    step: call.step,
    runId: call.runId,
    workflowId: call.workflowId,
    path: call.path,
    attempt: call.attempt,
    resourceId: call.resourceId ?? undefined,
    idempotencyKey: call.idempotencyKey,
    nowMs: Number(call.nowMs),
    trace: call.trace ?? undefined,
  };
}

export function present() {
  return facts;
}

/** Refuses what only a running step can do: there is no host while a component is built. */
export function needsCall(what) {
  if (facts === undefined) {
    throw new Error(`${what} is for a step that runs: modules run once, when the component is built`);
  }
}

/** A whole number that is not negative, as the engine wants it for a 64-bit integer. */
export function integer(number) {
  const whole = Math.max(0, Math.ceil(number));
  return wide ? BigInt(whole) : whole;
}
