// What JavaScript code expects to find around it: promises, a console, clocks, random numbers, timers. All of it comes from
// the host, as a step has no other world. The bundle begins with this file, so that packages find it when they are loaded.
//
// While a component is built its modules run once, without a host. What they ask then comes from the engine.

import * as imported from "reentry:step/host@0.1.0";

import { needsCall, present } from "./call.js";
import { TextDecoder, TextEncoder } from "./encoding.js";
import { wellFormed } from "./errors.js";
import { connect, host } from "./host.js";
import { inspect } from "./inspect.js";
import { StepPromise, enqueue } from "./promise.js";
import { randomUUID, uniform } from "./random.js";
import { clearTimer, setTimer } from "./timers.js";

connect(imported);

const NativeDate = Date;
const nativeNow = Date.now;
const nativeRandom = Math.random;

const now = () => (present() === undefined ? nativeNow() : Number(host.now()));

/** `Date` with the host's clock. */
const HostDate = new Proxy(NativeDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => String(new NativeDate(now())),
});
NativeDate.now = now;
NativeDate.prototype.constructor = HostDate;

Math.random = () => (present() === undefined ? nativeRandom() : uniform());

const LEVELS = { debug: "debug", trace: "debug", log: "info", info: "info", dir: "info", table: "info", warn: "warn", error: "error" };

const console = {
  assert(condition, ...args) {
    if (!condition) {
      console.error("assertion failed:", ...args);
    }
  },
};
for (const [name, level] of Object.entries(LEVELS)) {
  console[name] = (...args) => {
    if (present() !== undefined) {
      host.log(level, wellFormed(args.map(inspect).join(" ")), undefined);
    }
  };
}

function random(length) {
  needsCall("`crypto`");
  return host.random(length);
}

function getRandomValues(array) {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (bytes.length > 65536) {
    throw new RangeError(`at most 65536 random bytes at once, not ${bytes.length}`);
  }
  bytes.set(random(bytes.length));
  return array;
}

const crypto = { getRandomValues, randomUUID: () => randomUUID(random(16)) };

const provided = {
  Promise: StepPromise,
  Date: HostDate,
  console,
  crypto,
  performance: { now, timeOrigin: 0 },
  queueMicrotask: enqueue,
  setTimeout: setTimer,
  clearTimeout: clearTimer,
  TextEncoder,
  TextDecoder,
};
for (const [name, value] of Object.entries(provided)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
