// What a running step talks to: the world outside, as far as a step may see it.

import { integer, present } from "./call.js";
import { StepError, bail, refused } from "./errors.js";
import { host } from "./host.js";
import { instance } from "./instance.js";
import { RawJson, write } from "./json.js";
import { Mismatch, prepared } from "./schema.js";
import * as waits from "./waits.js";

const untyped = prepared("a value", undefined);

/** Reads what the host knows; `what` names it in the error. */
function read(what, text, reader = untyped) {
  try {
    return reader.read(text);
  } catch (error) {
    throw error instanceof Mismatch ? new StepError(`${what} cannot be read: ${error.message}`, { code: "bad-json" }) : error;
  }
}

/** Writes what leaves the step, and refuses what is not as the step's own schema says. */
export function leaving(what, value, reader, code) {
  const text = write(what, value);
  if (reader !== untyped && !(value instanceof RawJson)) {
    try {
      reader.check(value);
    } catch (error) {
      throw error instanceof Mismatch ? new StepError(`${what} is not as its schema says: ${error.message}`, { code }) : error;
    }
  }
  return text;
}

/** Keys and values that the whole run shares. */
class Shared {
  constructor(what, all, set, reader) {
    this._what = what;
    this._all = all;
    this._set = set;
    this._reader = reader;
  }

  all() {
    return read(this._what, this._all(), this._reader);
  }

  get(key) {
    return this.all()[key];
  }

  set(key, value) {
    const text = write(`the value of \`${key}\``, value);
    try {
      this._set(key, text);
    } catch (thrown) {
      throw refused(thrown);
    }
  }
}

export class Context {
  /** `readers` are the schemas of the step, ready for use. */
  constructor(inputText, readers) {
    this.inputText = inputText;
    this._readers = readers;
    this.state = new Shared("the state", host.state, host.setState, readers.state);
    this.requestContext = new Shared("the request context", host.requestContext, host.setRequestContext, readers.requestContext);
  }

  // Waiting. Each of these begins at once; the step is put away when it can do nothing but wait.

  suspend(payload, options = {}) {
    const { labels = [], schema, raw } = options;
    const text = leaving("the payload", payload, this._readers.suspend, "bad-payload");
    const reader = schema === undefined ? this._readers.answer : prepared("the schema of the answer", schema);
    const how = { labels, schema: schema === undefined ? undefined : reader.json, deadline: deadline(options, reader), reader, raw };
    return waits.answer(text, how);
  }

  sleep(ms) {
    return waits.time(this.now() + duration(ms));
  }

  sleepUntil(at) {
    return waits.time(instant(at));
  }

  checkpoint() {
    return waits.checkpoint();
  }

  event(name, options = {}) {
    const { key, raw, schema } = options;
    return waits.event(name, { key, deadline: deadline(options), raw, reader: prepared("the schema of the event", schema) });
  }

  /** `step` is the id of a step, or the step itself, whose output is then read as it says. */
  runStep(step, input, options = {}) {
    const { id, output } = typeof step === "string" ? { id: step, output: undefined } : step;
    const reader = prepared("the schema of the output", options.schema ?? output);
    return waits.child({ tag: "step", val: id }, write("the input of the step", input), { raw: options.raw, reader });
  }

  runWorkflow(id, input, options = {}) {
    const reader = prepared("the schema of the result", options.schema);
    return waits.child({ tag: "workflow", val: id }, write("the input of the workflow", input), { raw: options.raw, reader });
  }

  async race(promises) {
    const all = [...promises];
    try {
      return await Promise.race(all);
    } finally {
      for (const promise of all) {
        promise?.close?.();
      }
    }
  }

  bail(result) {
    return bail(write("the result", result));
  }

  /** Refuses the last answer: what this call did is dropped, and the question is open again. */
  refuse(reason) {
    return waits.refuse(instance.answered, reason);
  }

  // The facts of the present call.

  get facts() {
    return present();
  }

  get runId() {
    return present().runId;
  }

  get attempt() {
    return present().attempt;
  }

  get idempotencyKey() {
    return present().idempotencyKey;
  }

  // The host's services.

  now() {
    return Number(host.now());
  }

  random(length) {
    return Uint8Array.from(host.random(length));
  }

  cancelled() {
    return host.cancelled();
  }

  emit(chunk) {
    host.emit(write("the chunk", chunk));
  }

  log(level, message, fields) {
    host.log(level, String(message), fields === undefined ? undefined : write("the fields", fields));
  }

  debug(message, fields) {
    this.log("debug", message, fields);
  }

  info(message, fields) {
    this.log("info", message, fields);
  }

  warn(message, fields) {
    this.log("warn", message, fields);
  }

  error(message, fields) {
    this.log("error", message, fields);
  }

  // What the run knows besides the input.

  stepResult(path) {
    const text = host.stepResult(path);
    return text == null ? undefined : read(`the output of ${path}`, text);
  }

  initData() {
    return read("the input of the workflow", host.initData());
  }
}

/** The end of patience, as the host wants it. A default answer must be one that `reader` reads. */
function deadline(options, reader = untyped) {
  const { deadline: at, withinMs } = options;
  if (at === undefined && withinMs === undefined) {
    return undefined;
  }
  const atMs = integer(at === undefined ? Number(host.now()) + duration(withinMs) : instant(at));
  const otherwise =
    "otherwise" in options
      ? { tag: "answer", val: leaving("the default answer", options.otherwise, reader, "bad-default") }
      : { tag: "time-out" };
  return { atMs, otherwise };
}

function duration(ms) {
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw new TypeError(`a duration is a number of milliseconds, not ${ms}`);
  }
  return ms;
}

/** Milliseconds since 1970, of a number or a Date. */
function instant(at) {
  const ms = Number(at);
  if (!Number.isFinite(ms)) {
    throw new TypeError(`an instant is a Date or milliseconds since 1970, not ${at}`);
  }
  return ms;
}
