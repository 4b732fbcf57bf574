// What an author says of a step, checked when the component is built.

import { StepError } from "./errors.js";
import { prepared } from "./schema.js";

const SCHEMAS = { input: "the input", output: "the output", suspend: "the payload", answer: "the answer", state: "the state",
  requestContext: "the request context" };
const KEYS = ["id", "title", "description", ...Object.keys(SCHEMAS), "retry", "timeoutMs", "metadata", "run"];

/** Describes a step. `run` may be given in the description, too. */
export function step(description, run = description?.run) {
  const { id } = description ?? {};
  if (typeof id !== "string" || !/^[A-Za-z0-9][\w-]{0,127}$/.test(id)) {
    const rule = "1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit";
    throw wrong(`the id of a step is ${rule}, not ${JSON.stringify(id)}`);
  }
  const unknown = Object.keys(description).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw wrong(`step \`${id}\` has no \`${unknown}\`; there are ${KEYS.join(", ")}`);
  }
  if (typeof run !== "function") {
    throw wrong(`step \`${id}\` needs a function: step({ id: "${id}" }, async (ctx, input) => ...)`);
  }
  const readers = {};
  for (const [key, what] of Object.entries(SCHEMAS)) {
    readers[key] = prepared(`the schema of ${what} of step \`${id}\``, description[key]);
  }
  return { ...description, run, readers };
}

/** The steps of a component by their ids. */
export function known(given) {
  if (given.length === 0) {
    throw wrong("a component needs a step: export const guest = steps(step({ id: ... }, async (ctx, input) => ...))");
  }
  const all = new Map();
  for (const one of given) {
    const definition = one?.readers === undefined ? step(one) : one;
    if (all.has(definition.id)) {
      throw wrong(`two steps have the id \`${definition.id}\``);
    }
    all.set(definition.id, definition);
  }
  return all;
}

function wrong(message) {
  return new StepError(message, { code: "bad-definition" });
}
