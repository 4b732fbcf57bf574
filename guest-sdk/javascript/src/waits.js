// All that the step waits for at present.

import { integer } from "./call.js";
import { StepError, ofFailure, timedOut } from "./errors.js";
import { read } from "./json.js";
import { StepPromise } from "./promise.js";

/** Open waits by number. Numbers are never used twice, as the host tells an old wait that goes on from a new one by them. */
const open = new Map();
let last = 0;

/** A promise for the end of a wait. */
export class Wait extends StepPromise {
  /** Gives up waiting: the host forgets the wait, and this promise stays pending. */
  close() {
    open.delete(this._wait);
  }

  static get [Symbol.species]() {
    return StepPromise;
  }
}

/**
 * Begins a wait. `what` is for the host, `name` for errors, and `take` makes the value out of what the host delivers under one of
 * the names in `ends`.
 */
function begin(what, name, ends) {
  last += 1;
  const id = last;
  const wait = new Wait((resolve, reject) => {
    open.set(id, { id, what, over: (resolution) => settle(resolution, name, ends, resolve, reject) });
  });
  wait._wait = id;
  return wait;
}

function settle({ tag, val }, name, ends, resolve, reject) {
  if (tag in ends) {
    resolve(ends[tag](val));
  } else if (tag === "timed-out") {
    reject(timedOut(name));
  } else if (tag === "failed") {
    reject(ofFailure(val));
  } else {
    reject(new StepError(`waited for ${name}, but the host delivered \`${tag}\``, { code: "unexpected-resolution" }));
  }
}

export function answer(payload, { labels, schema, deadline, raw }) {
  const val = { payload, labels, resumeSchema: schema, deadline };
  return begin({ tag: "answer", val }, "the answer", { answered: (text) => read(text, raw) });
}

export function time(atMs) {
  return begin({ tag: "time", val: integer(atMs) }, "the end of a sleep", { elapsed: () => undefined });
}

export function checkpoint() {
  return begin({ tag: "checkpoint" }, "the end of a checkpoint", { recorded: () => undefined });
}

export function event(name, { key, deadline, raw }) {
  return begin({ tag: "event", val: { name, key, deadline } }, "the event", { received: (text) => read(text, raw) });
}

export function child(target, input, { raw }) {
  const ends = { completed: (text) => read(text, raw) };
  return begin({ tag: "run", val: { target, input } }, "the output of a run", ends);
}

/** Hands in what has been waited for. */
export function deliver(resolved) {
  for (const { wait, resolution } of resolved) {
    const found = open.get(wait);
    if (found === undefined) {
      throw new StepError(`wait ${wait} is over, but this instance is not waiting for it`, { code: "unknown-wait" });
    }
    open.delete(wait);
    found.over(resolution);
  }
}

/** All waits that are not over, in the order in which they were begun. */
export function list() {
  return [...open.values()].map(({ id, what }) => ({ id, what }));
}
