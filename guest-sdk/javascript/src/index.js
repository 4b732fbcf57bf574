// Steps for reentry in JavaScript. See README.md.

import * as host from "reentry:step/host@0.1.0";

import { begin, integer, learn } from "./call.js";
import { Context } from "./context.js";
import { reseed } from "./environment.js";
import { StepError, isBail, toFailure } from "./errors.js";
import { write } from "./json.js";
import { drain } from "./promise.js";
import * as waits from "./waits.js";

export { StepError, isBail } from "./errors.js";
export { RawJson, rawJson } from "./json.js";

/** How the step that runs in this instance ended; undefined before it began. */
let task;

/** Makes the component's interface out of its steps: `export const guest = steps({ id, run, ... })`. */
export function steps(...definitions) {
  const known = new Map(definitions.map((definition) => [definition.id, definition]));
  return {
    describe: () => {
      learn(host.now());
      return definitions.map(describe);
    },
    start: ({ facts, input }) => {
      enter(facts);
      return settled(() => {
        const step = known.get(facts.step);
        if (step === undefined) {
          const ids = [...known.keys()].join(", ");
          throw new StepError(`there is no step ${facts.step} in this component; it has ${ids}`, {
            code: "unknown-step",
          });
        }
        task = run(step, input);
      });
    },
    resume: ({ facts, resolved }) => {
      enter(facts);
      return settled(() => {
        if (task === undefined) {
          const lost = `step ${facts.step} was resumed in an instance in which it is not waiting: its memory was not put back`;
          throw new StepError(lost, { code: "not-waiting" });
        }
        waits.deliver(resolved);
      });
    },
  };
}

/** Begins a call. */
function enter(facts) {
  begin(facts);
  reseed(facts.entropy);
}

/** Begins a step. What becomes of it is noted in what this returns. */
function run(step, input) {
  const noted = { ended: false };
  const body = Promise.try(async () => step.run(new Context(input), JSON.parse(input)));
  body.then(
    (output) => Object.assign(noted, { ended: true, output }),
    (thrown) => Object.assign(noted, { ended: true, thrown }),
  );
  return noted;
}

/** Does something, runs all that can run then, and says how the call ends: with a failure thrown, or with an outcome. */
function settled(act) {
  try {
    act();
    for (const reason of drain()) {
      console.error("a promise was rejected and nobody noticed:", reason);
    }
    return outcome();
  } catch (thrown) {
    if (isBail(thrown)) {
      return { tag: "bailed", val: thrown.text };
    }
    if (thrown instanceof Error && !(thrown instanceof StepError) && thrown.stack) {
      console.error(`${thrown}\n${thrown.stack}`);
    }
    throw toFailure(thrown, integer);
  }
}

function outcome() {
  if (task.ended) {
    if ("thrown" in task) {
      throw task.thrown;
    }
    return { tag: "completed", val: write("the output", task.output) };
  }
  const open = waits.list();
  if (open.length === 0) {
    const stuck =
      "the step is pending, but waits for nothing that the host could deliver; it may await only what its context gave it";
    throw new StepError(stuck, { code: "stuck" });
  }
  return { tag: "suspended", val: { waits: open, wake: "any" } };
}

function describe({ id, title, description, schemas = {}, retry, timeoutMs, metadata }) {
  const text = (what, value) => (value === undefined ? undefined : write(what, value));
  return {
    id,
    title,
    description,
    inputSchema: text("the schema of the input", schemas.input),
    outputSchema: text("the schema of the output", schemas.output),
    suspendSchema: text("the schema of the payload", schemas.suspend),
    resumeSchema: text("the schema of the answer", schemas.resume),
    stateSchema: text("the schema of the state", schemas.state),
    requestContextSchema: text("the schema of the request context", schemas.requestContext),
    retry: retry && describeRetry(retry),
    timeoutMs: timeoutMs === undefined ? undefined : integer(timeoutMs),
    resumeMode: "restore",
    metadata: text("the metadata", metadata),
  };
}

function describeRetry({ retries, delayMs = 1000, backoff = 1, maxDelayMs = 0, jitter = 0 }) {
  return { retries, delayMs: integer(delayMs), backoff, maxDelayMs: integer(maxDelayMs), jitter };
}
