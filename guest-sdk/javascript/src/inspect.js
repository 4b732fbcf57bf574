// Values as people read them in a log.

import { stackText } from "./trace.js";

/** Text of anything: strings as they are, errors with their stack, the rest much like JSON. */
export function inspect(value) {
  if (typeof value === "string") {
    return value;
  }
  if (value instanceof Error) {
    return withStack(value);
  }
  if (value === null || typeof value !== "object") {
    return typeof value === "bigint" ? `${value}n` : String(value);
  }
  const ancestors = [];
  const plain = function (_, inner) {
    while (ancestors.length > 0 && ancestors.at(-1) !== this) {
      ancestors.pop();
    }
    if (inner === null || typeof inner !== "object") {
      return typeof inner === "bigint" ? `${inner}n` : inner;
    }
    if (ancestors.includes(inner)) {
      return "[circular]";
    }
    ancestors.push(inner);
    if (inner instanceof Map) {
      return Object.fromEntries(inner);
    }
    return inner instanceof Set ? [...inner] : inner;
  };
  try {
    return JSON.stringify(value, plain) ?? String(value);
  } catch {
    return String(value);
  }
}

/** An error, and where in the author's files it came from. */
export function withStack(error) {
  const stack = stackText(error);
  return stack === "" ? String(error) : `${error}\n${stack}`;
}
