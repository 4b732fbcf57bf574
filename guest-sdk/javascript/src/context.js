// What a running step talks to: the world outside, as far as a step may see it.

import * as host from "reentry:step/host@0.1.0";

import { integer, present } from "./call.js";
import { bail, refused } from "./errors.js";
import { read, write } from "./json.js";
import * as waits from "./waits.js";

/** Keys and values that the whole run shares. */
class Shared {
  constructor(all, set) {
    this._all = all;
    this._set = set;
  }

  all() {
    return read(this._all());
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
  constructor(inputText) {
    this.inputText = inputText;
    this.state = new Shared(host.state, host.setState);
    this.requestContext = new Shared(host.requestContext, host.setRequestContext);
  }

  // Waiting. Each of these begins at once; the step is put away when it can do nothing but wait.

  suspend(payload, options = {}) {
    const { labels = [], schema, raw } = options;
    const text = write("the payload", payload);
    const resumeSchema = schema === undefined ? undefined : write("the schema of the answer", schema);
    return waits.answer(text, { labels, schema: resumeSchema, deadline: deadline(options), raw });
  }

  sleep(ms) {
    return waits.time(this.now() + ms);
  }

  sleepUntil(at) {
    return waits.time(instant(at));
  }

  checkpoint() {
    return waits.checkpoint();
  }

  event(name, options = {}) {
    const { key, raw } = options;
    return waits.event(name, { key, deadline: deadline(options), raw });
  }

  runStep(id, input, options = {}) {
    return waits.child({ tag: "step", val: id }, write("the input of the step", input), options);
  }

  runWorkflow(id, input, options = {}) {
    return waits.child({ tag: "workflow", val: id }, write("the input of the workflow", input), options);
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
    return text == null ? undefined : read(text);
  }

  initData() {
    return read(host.initData());
  }
}

/** The end of patience, as the host wants it. */
function deadline(options) {
  const { deadline: at, withinMs } = options;
  if (at === undefined && withinMs === undefined) {
    return undefined;
  }
  const atMs = integer(at === undefined ? Number(host.now()) + withinMs : instant(at));
  const otherwise =
    "otherwise" in options
      ? { tag: "answer", val: write("the default answer", options.otherwise) }
      : { tag: "time-out" };
  return { atMs, otherwise };
}

/** Milliseconds since 1970, of a number or a Date. */
function instant(at) {
  const ms = Number(at);
  if (!Number.isFinite(ms)) {
    throw new TypeError(`an instant is a Date or milliseconds since 1970, not ${at}`);
  }
  return ms;
}
