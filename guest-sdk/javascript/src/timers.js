// `setTimeout`: a wait for an instant like any other. The step is put away until then if it has nothing else to do.

import { needsCall } from "./call.js";
import { host } from "./host.js";
import * as waits from "./waits.js";

const timers = new Map();
let last = 0;

export function setTimer(callback, ms = 0, ...args) {
  needsCall("`setTimeout`");
  last += 1;
  const id = last;
  const wait = waits.time(Number(host.now()) + Math.max(0, Number(ms) || 0));
  timers.set(id, wait);
  wait.then(() => {
    timers.delete(id);
    callback(...args);
  });
  return id;
}

export function clearTimer(id) {
  timers.get(id)?.close();
  timers.delete(id);
}
