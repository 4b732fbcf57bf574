// Steps for reentry: what an author imports.

import { integer, learn } from "./call.js";
import { known } from "./definition.js";
import { enter, failure, outcome, resume, start } from "./guest.js";
import { host } from "./host.js";
import { write } from "./json.js";
import { drain } from "./promise.js";

export { step } from "./definition.js";
export { StepError, isBail } from "./errors.js";
export { RawJson, rawJson } from "./json.js";
export { s } from "./schema.js";

/** Makes the component's interface out of its steps: `export const guest = steps(step({ id, ... }, run), ...)`. */
export function steps(...definitions) {
  const all = known(definitions);
  return {
    describe: () => {
      learn(host.now());
      return [...all.values()].map(describe);
    },
    start: ({ facts, input }) => call(facts, () => start(all, facts, input)),
    resume: ({ facts, resolved }) => call(facts, () => resume(facts, resolved)),
  };
}

/** Does something, runs all that can run then, and says how the call ends: with a failure thrown, or with an outcome. */
function call(facts, act) {
  enter(facts);
  try {
    act();
    return outcome(drain());
  } catch (thrown) {
    throw failure(thrown);
  }
}

function describe({ id, title, description, readers, retry, timeoutMs, metadata }) {
  return {
    id,
    title,
    description,
    inputSchema: readers.input.json,
    outputSchema: readers.output.json,
    suspendSchema: readers.suspend.json,
    resumeSchema: readers.answer.json,
    stateSchema: readers.state.json,
    requestContextSchema: readers.requestContext.json,
    retry: retry && describeRetry(retry),
    timeoutMs: timeoutMs === undefined ? undefined : integer(timeoutMs),
    resumeMode: "restore",
    metadata: metadata === undefined ? undefined : write("the metadata", metadata),
  };
}

function describeRetry({ retries, delayMs = 1000, backoff = 1, maxDelayMs = 0, jitter = 0 }) {
  return { retries, delayMs: integer(delayMs), backoff, maxDelayMs: integer(maxDelayMs), jitter };
}
