// What the bundle calls when a module of the author's fails while it is loaded, which happens when the component is built.

import { describe } from "./errors.js";
import { withStack } from "./inspect.js";

/** The error as the author should read it. The engine shows its message and its stack. */
function explain(thrown) {
  const at = thrown instanceof Error ? withStack(thrown).slice(String(thrown).length) : "";
  const said = new Error(`${describe(thrown)}${at}`);
  said.stack = "";
  return said;
}

if (typeof reentry !== "undefined") {
  reentry.explain = explain;
}
