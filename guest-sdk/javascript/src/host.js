// The functions of the host: those that the component imports, or those of a test.

const NAMES = ["log", "now", "random", "requestContext", "setRequestContext", "state", "setState", "stepResult", "initData",
  "emit", "cancelled"];

export const host = {};

/** Puts functions in the place of the host. */
export function connect(functions) {
  for (const name of NAMES) {
    host[name] = functions[name];
  }
}
