// How a call of the host begins and ends.

import { begin, integer } from "./call.js";
import { Context, leaving } from "./context.js";
import { StepError, isBail, toFailure, wellFormed } from "./errors.js";
import { host } from "./host.js";
import { withStack } from "./inspect.js";
import { instance } from "./instance.js";
import { write } from "./json.js";
import { reseed } from "./random.js";
import { Mismatch } from "./schema.js";
import * as waits from "./waits.js";

/** Begins a call. */
export function enter(facts) {
  begin(facts);
  reseed(facts.entropy);
  instance.answered = undefined;
  instance.refusal = undefined;
}

/** Begins a step. What becomes of it is noted in the instance. */
export function start(known, { step: id }, inputText) {
  const step = known.get(id);
  if (step === undefined) {
    const ids = [...known.keys()].join(", ");
    throw new StepError(`there is no step ${id} in this component; it has ${ids}`, { code: "unknown-step" });
  }
  const noted = { step, ended: false };
  const body = new Promise((resolve) => {
    resolve(step.run(new Context(inputText, step.readers), input(step, inputText)));
  });
  body.then(
    (output) => Object.assign(noted, { ended: true, output }),
    (thrown) => Object.assign(noted, { ended: true, thrown }),
  );
  instance.task = noted;
}

function input(step, text) {
  try {
    return step.readers.input.read(text);
  } catch (error) {
    if (!(error instanceof Mismatch)) {
      throw error;
    }
    throw new StepError(`the input of step \`${step.id}\` cannot be read: ${error.message}`, { code: "bad-input" });
  }
}

/** Hands in what has been waited for. */
export function resume({ step }, resolved) {
  if (instance.task === undefined) {
    const lost = `step ${step} was resumed in an instance in which it is not waiting: its memory was not put back`;
    throw new StepError(lost, { code: "not-waiting" });
  }
  waits.deliver(resolved);
}

/**
 * How the call ends, now that nothing can go on. Throws what the step failed with; that is also the first of the `reasons` for which
 * promises were rejected that nothing handles.
 */
export function outcome(reasons) {
  const { task, refusal } = instance;
  if (refusal !== undefined) {
    throw refusal;
  }
  if (reasons.length > 0) {
    throw reasons[0];
  }
  if (!task.ended) {
    return { tag: "suspended", val: { waits: open(), wake: "any" } };
  }
  const bailed = "thrown" in task && isBail(task.thrown);
  if ("thrown" in task && !bailed) {
    throw task.thrown;
  }
  const left = waits.unawaited();
  if (left !== undefined) {
    throw left;
  }
  if (bailed) {
    return { tag: "bailed", val: task.thrown.text };
  }
  return { tag: "completed", val: leaving("the output", task.output, task.step.readers.output, "bad-output") };
}

function open() {
  const all = waits.list();
  if (all.length === 0) {
    const stuck =
      "the step is pending, but waits for nothing that the host could deliver; it may await only what its context gave it";
    throw new StepError(stuck, { code: "stuck" });
  }
  return all;
}

/** The failure that a call ends with. Errors that the author did not mean are in the log with their stack. */
export function failure(thrown) {
  if (thrown instanceof Error && !(thrown instanceof StepError)) {
    host.log("error", wellFormed(withStack(thrown)), undefined);
  }
  return toFailure(thrown, integer, write);
}
