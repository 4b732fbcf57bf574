// What other environments of JavaScript have and a step has not: what to do instead.

const outside = "a step has no network: suspend with what is wanted, and let the one who answers do it";
const files = "a step has no files: what it needs is in its input, or imported when it is built";
const settings = "a step has no process: it ends by returning or throwing, and has its settings from its input or the request context";
const imports = "modules are `import`ed, so that they become part of the component when it is built";
const threads = "a step has one thread: run other steps with `ctx.runStep(id, input)`";

const INSTEAD = {
  fetch: outside,
  XMLHttpRequest: outside,
  WebSocket: outside,
  EventSource: outside,
  process: settings,
  Deno: settings,
  Bun: settings,
  require: imports,
  __dirname: files,
  __filename: files,
  Buffer: "take `Uint8Array`, `TextEncoder`, `TextDecoder`, `btoa` and `atob`",
  Worker: threads,
  setInterval: "wait in a loop: `for (;;) { await ctx.sleep(ms); ... }`",
  setImmediate: "take `queueMicrotask`",
  localStorage: "keep it in a variable of the step, or in `ctx.state`",
  window: "a step runs without a browser",
  document: "a step runs without a browser",
  alert: "ask with `await ctx.suspend(question)`",
  prompt: "ask with `await ctx.suspend(question)`",
  confirm: "ask with `await ctx.suspend(question)`",
};

/** What to say beside the message of an error, if it is about something that a step has not. */
export function instead(error) {
  if (error.message.startsWith("Dynamic require of ")) {
    return imports;
  }
  const name = /^'?(\w+)'? is not defined$/.exec(error.message)?.[1];
  return error instanceof ReferenceError && Object.hasOwn(INSTEAD, name ?? "") ? INSTEAD[name] : undefined;
}
