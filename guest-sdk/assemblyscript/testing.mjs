// Runs a step in Node without a host, for unit tests. See README.md, "Unit tests".

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const SDK = path.dirname(fileURLToPath(import.meta.url));
const GUEST = "reentry:step/guest@0.1.0#";

/** How a wait may end, in the order of the contract. */
const RESOLUTIONS = ["answered", "timed-out", "elapsed", "received", "completed", "failed", "recorded"];
const LEVELS = ["trace", "debug", "info", "warn", "error"];
const KINDS = ["answer", "time", "event", "run", "checkpoint"];

/** The steps of a source file: `compile("step.ts").start("buy", input)`. It needs `asc` on the path, as `npm run` sees to. */
export function compile(source) {
  const folder = mkdtempSync(path.join(tmpdir(), "step-"));
  try {
    const packages = path.join(folder, "node_modules");
    mkdirSync(packages);
    symlinkSync(SDK, path.join(packages, "reentry-step"));
    const file = path.resolve(source);
    const places = [file, "--baseDir", path.dirname(file), "--path", packages, "--transform", path.join(SDK, "transform.mjs")];
    const how = ["--runtime", "minimal", "--exportStart", "_initialize", "--outFile", path.join(folder, "step.wasm")];
    execFileSync("asc", [...places, ...how], { stdio: ["ignore", "inherit", "inherit"] });
    const module = new WebAssembly.Module(readFileSync(path.join(folder, "step.wasm")));
    return { start: (step, input, surroundings = {}) => new Run(module, step, JSON.stringify(input), surroundings) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A run of one step. What it waits for is ended with one of the methods; the step then goes on until it waits again or ends. */
class Run {
  constructor(module, step, input, surroundings) {
    Object.assign(this, { _module: module, _step: step, _input: input, _surroundings: surroundings, _past: [] });
    this._begin();
  }

  /** Answers the question. Throws the reason if the step refuses the answer; the question is then open again. */
  answer(data) {
    return this._resume("answer", "answered", data);
  }

  /** Lets the time of a sleep come. */
  elapse() {
    return this._resume("time", "elapsed");
  }

  /** Lets the deadline of a question or an event pass: its default answer is taken, if there is one. */
  timeOut() {
    const { kind, otherwise } = this.wait ?? {};
    return otherwise === undefined ? this._resume(kind, "timed-out") : this.answer(otherwise);
  }

  receive(payload) {
    return this._resume("event", "received", payload);
  }

  complete(output) {
    return this._resume("run", "completed", output);
  }

  fail(failure) {
    return this._resume("run", "failed", failure);
  }

  goOn() {
    return this._resume("checkpoint", "recorded");
  }

  _begin() {
    const { state = {}, requestContext = {}, nowMs = 1767225600000 } = this._surroundings;
    Object.assign(this, { state: { ...state }, requestContext: { ...requestContext }, nowMs, log: [], emitted: [] });
    const { exports } = new WebAssembly.Instance(this._module, { "reentry:step/host@0.1.0": this._host() });
    this._exports = exports;
    exports._initialize();
    this._call("start", this._arguments(104, (at) => this._put(at + 96, this._input)));
  }

  _resume(kind, resolution, data) {
    if (this.wait === undefined || this.wait.kind !== kind) {
      throw new Error(`the step waits for no ${kind}: it is ${this.status}${this.wait ? `, for ${this.wait.kind}` : ""}`);
    }
    const now = { id: this.wait.id, resolution, data };
    this._deliver(now);
    if (this.failure?.code !== "bad-answer") {
      this._past.push(now);
      return this;
    }
    // A host puts the memory back as it was before. Here the step is done again up to there.
    const { message } = this.failure;
    this._begin();
    this._past.forEach((earlier) => this._deliver(earlier));
    throw new Error(message);
  }

  _deliver({ id, resolution, data }) {
    const at = this._arguments(128, (at) => {
      const resolved = this._room(72);
      this._view().setUint32(resolved, id, true);
      this._view().setUint8(resolved + 8, RESOLUTIONS.indexOf(resolution));
      if (resolution === "failed") {
        this._put(resolved + 16, data.message);
        this._putMaybe(resolved + 24, data.code);
      } else if (data !== undefined) {
        this._put(resolved + 16, JSON.stringify(data));
      }
      this._view().setUint32(at + 96, resolved, true);
      this._view().setUint32(at + 100, 1, true);
      this._put(at + 104, this._input);
    });
    this._call("resume", at);
  }

  _call(name, at) {
    this.wait = this.output = this.failure = undefined;
    let result;
    try {
      result = this._exports[GUEST + name](at);
    } catch (trap) {
      const last = this.log.at(-1);
      this.status = "failed";
      this.failure = { message: last?.fields?.panic ? last.message : String(trap), code: "trap", retryable: true };
      return;
    }
    this._read(result);
    this._exports[`cabi_post_${GUEST}${name}`](result);
  }

  _read(at) {
    const view = this._view();
    if (view.getUint8(at) === 1) {
      const details = this._maybe(at + 48);
      this.status = "failed";
      this.failure = { message: this._text(at + 8), code: this._maybe(at + 16), retryable: view.getUint8(at + 28) === 1,
        details: details && JSON.parse(details) };
      return;
    }
    this.status = ["completed", "bailed", "suspended"][view.getUint8(at + 8)];
    if (this.status !== "suspended") {
      this.output = JSON.parse(this._text(at + 12));
      return;
    }
    this.wait = this._readWait(view.getUint32(at + 12, true));
  }

  _readWait(at) {
    const view = this._view();
    const kind = KINDS[view.getUint8(at + 8)];
    const value = at + 16;
    const wait = { id: view.getUint32(at, true), kind };
    if (kind === "answer") {
      const [labels, count] = [view.getUint32(value + 8, true), view.getUint32(value + 12, true)];
      wait.payload = JSON.parse(this._text(value));
      wait.labels = Array.from({ length: count }, (_, index) => this._text(labels + 8 * index));
      const otherwise = view.getUint8(value + 32) === 1 ? this._maybe(value + 48) : undefined;
      wait.otherwise = otherwise && JSON.parse(otherwise);
    } else if (kind === "time") {
      wait.atMs = Number(view.getBigUint64(value, true));
    } else if (kind === "event") {
      Object.assign(wait, { name: this._text(value), key: this._maybe(value + 8) });
    } else if (kind === "run") {
      Object.assign(wait, { target: this._text(value + 4), input: JSON.parse(this._text(value + 12)) });
    }
    return wait;
  }

  /** The facts of a call at the beginning of its arguments, and the rest of these. */
  _arguments(size, rest) {
    const at = this._room(size);
    ["step", "run_test", "test", "step"].forEach((text, index) => this._put(at + 8 * index, index === 0 ? this._step : text));
    this._view().setUint32(at + 32, this._surroundings.attempt ?? 0, true);
    this._put(at + 48, `key-${this._past.length}`);
    this._view().setBigUint64(at + 56, BigInt(this.nowMs), true);
    rest(at);
    return at;
  }

  _host() {
    const give = (to, value) => this._put(to, JSON.stringify(value));
    const set = (values) => (key, keyUnits, value, units, to) => {
      values()[this._string(key, keyUnits)] = JSON.parse(this._string(value, units));
      this._view().setUint8(to, 0);
    };
    return {
      log: (level, message, units, some, fields, fieldUnits) => {
        const line = { level: LEVELS[level], message: this._string(message, units) };
        this.log.push(some ? { ...line, fields: JSON.parse(this._string(fields, fieldUnits)) } : line);
      },
      now: () => BigInt(this.nowMs),
      random: (length, to) => {
        const at = this._room(length);
        crypto.getRandomValues(new Uint8Array(this._exports.memory.buffer, at, length));
        this._view().setUint32(to, at, true);
        this._view().setUint32(to + 4, length, true);
      },
      "request-context": (to) => give(to, this.requestContext),
      "set-request-context": set(() => this.requestContext),
      state: (to) => give(to, this.state),
      "set-state": set(() => this.state),
      "step-result": (at, units, to) => {
        const found = this._surroundings.stepResults?.[this._string(at, units)];
        this._putMaybe(to, found === undefined ? undefined : JSON.stringify(found));
      },
      "init-data": (to) => this._put(to, this._input),
      emit: (at, units) => this.emitted.push(JSON.parse(this._string(at, units))),
      cancelled: () => 0,
    };
  }

  // Memory: strings are in UTF-16, with their length in units.

  _view() {
    return new DataView(this._exports.memory.buffer);
  }

  _room(size) {
    const at = this._exports.cabi_realloc(0, 0, 8, size);
    new Uint8Array(this._exports.memory.buffer, at, size).fill(0);
    return at;
  }

  _put(at, text) {
    const to = text === "" ? 0 : this._room(text.length * 2);
    const units = new Uint16Array(this._exports.memory.buffer, to, text.length);
    units.forEach((_, index) => (units[index] = text.charCodeAt(index)));
    this._view().setUint32(at, to, true);
    this._view().setUint32(at + 4, text.length, true);
  }

  _putMaybe(at, text) {
    this._view().setUint8(at, text === undefined ? 0 : 1);
    if (text !== undefined) {
      this._put(at + 4, text);
    }
  }

  _string(at, units) {
    const bytes = new Uint8Array(this._exports.memory.buffer, at, units * 2);
    return new TextDecoder("utf-16le", { ignoreBOM: true }).decode(bytes);
  }

  _text(at) {
    return this._string(this._view().getUint32(at, true), this._view().getUint32(at + 4, true));
  }

  _maybe(at) {
    return this._view().getUint8(at) === 1 ? this._text(at + 4) : undefined;
  }
}
