// All that the step waits for at present.

import { integer } from "./call.js";
import { StepError, badAnswer, ofFailure, timedOut, wellFormed } from "./errors.js";
import { instance } from "./instance.js";
import { RawJson } from "./json.js";
import { StepPromise } from "./promise.js";
import { Mismatch } from "./schema.js";
import { place } from "./trace.js";

/** A promise for the end of a wait. */
export class Wait extends StepPromise {
  then(onFulfilled, onRejected) {
    this._of?.unawaited.delete(this._wait);
    return super.then(onFulfilled, onRejected);
  }

  /** Gives up waiting: the host forgets the wait, and this promise stays pending. */
  close() {
    this._of.open.delete(this._wait);
    this._of.unawaited.delete(this._wait);
  }

  /** Refuses the answer that this wait ended with: the question is open again. */
  refuse(reason) {
    return refuse(this._wait, reason);
  }

  static get [Symbol.species]() {
    return StepPromise;
  }
}

/**
 * Begins a wait. `what` is for the host, `name` for errors, and `ends` has for each way in which the host may end it the function
 * that makes the value out of what it delivers.
 */
function begin(what, name, ends) {
  const of = instance;
  of.lastWait += 1;
  const id = of.lastWait;
  const wait = new Wait((resolve, reject) => {
    of.open.set(id, { id, what, over: (resolution) => settle(id, resolution, name, ends, resolve, reject) });
  });
  wait._wait = id;
  wait._of = of;
  // The stack is read only if nothing awaits this.
  of.unawaited.set(id, { name, stack: new Error().stack });
  return wait;
}

function settle(id, { tag, val }, name, ends, resolve, reject) {
  if (tag in ends) {
    ends[tag](val, resolve, reject, id);
  } else if (tag === "timed-out") {
    reject(timedOut(name));
  } else if (tag === "failed") {
    reject(ofFailure(val));
  } else {
    reject(new StepError(`waited for ${name}, but the host delivered \`${tag}\``, { code: "unexpected-resolution" }));
  }
}

/** Takes a value that somebody sent; one that cannot be read is handed to `wrong`. */
function taking({ reader, raw }, wrong) {
  return (text, resolve, reject, id) => {
    let value;
    try {
      value = raw ? new RawJson(text) : reader.read(text);
    } catch (error) {
      if (!(error instanceof Mismatch)) {
        throw error;
      }
      wrong(error.message, id, reject);
      return;
    }
    resolve(value);
  };
}

/** Rejects the wait for something that was no answer of a person's: the step fails with this code unless it knows better. */
const failing = (what, code) => (message, wait, reject) =>
  reject(new StepError(`${what} cannot be read: ${message}`, { code, details: { wait } }));

export function answer(payload, { labels, schema, deadline, ...how }) {
  const val = { payload, labels, resumeSchema: schema, deadline };
  const take = taking(how, (message, id) => {
    throw badAnswer(`the answer cannot be read: ${message}`, id);
  });
  const ends = {
    answered: (text, resolve, reject, id) => {
      instance.answered = id;
      take(text, resolve, reject, id);
    },
  };
  return begin({ tag: "answer", val }, `the answer to ${short(payload)}`, ends);
}

const short = (text) => ([...text].length > 60 ? `${[...text].slice(0, 57).join("")}...` : text);

const nothing = (_, resolve) => resolve();

export function time(atMs) {
  return begin({ tag: "time", val: integer(atMs) }, "the end of a sleep", { elapsed: nothing });
}

export function checkpoint() {
  return begin({ tag: "checkpoint" }, "the end of a checkpoint", { recorded: nothing });
}

export function event(name, { key, deadline, ...how }) {
  const received = taking(how, failing(`the event \`${name}\``, "bad-event"));
  return begin({ tag: "event", val: { name, key, deadline } }, `the event \`${name}\``, { received });
}

export function child(target, input, how) {
  const name = `the output of ${target.tag} \`${target.val}\``;
  return begin({ tag: "run", val: { target, input } }, name, { completed: taking(how, failing(name, "bad-result")) });
}

/** Hands in what has been waited for. */
export function deliver(resolved) {
  for (const { wait, resolution } of resolved) {
    const found = instance.open.get(wait);
    if (found === undefined) {
      throw new StepError(`wait ${wait} is over, but this instance is not waiting for it`, { code: "unknown-wait" });
    }
    found.over(resolution);
    instance.open.delete(wait);
  }
}

/** All waits that are not over, in the order in which they were begun. */
export function list() {
  return [...instance.open.values()].map(({ id, what }) => ({ id, what }));
}

/** Refuses the answer of a wait. What is thrown ends the call, even if the step catches it. */
export function refuse(wait, reason) {
  if (wait === undefined) {
    const none = "no answer came in this call that could be refused: an answer is refused before the step waits again";
    throw new StepError(none, { code: "no-answer" });
  }
  instance.refusal = badAnswer(wellFormed(String(reason)), wait);
  throw instance.refusal;
}

/** The failure of a step that ended although it began waits that nothing awaited; undefined if there are none. */
export function unawaited() {
  const [first] = instance.unawaited.values();
  if (first === undefined) {
    return undefined;
  }
  const at = place(first.stack);
  const begun = at === undefined ? "" : `, which it began to wait for at ${at}`;
  const message = `the step ended without awaiting ${first.name}${begun}: write \`await\` before it, or close it with \`.close()\``;
  return new StepError(message, { code: "unawaited-wait" });
}
