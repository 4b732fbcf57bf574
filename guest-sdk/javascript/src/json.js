// JSON, in and out: nothing is lost on the way without an error that names the place.

import { HALF, StepError } from "./errors.js";

/** JSON text that is handed on as it is: numbers keep every digit, keys their order. */
export class RawJson {
  constructor(text) {
    this.text = text;
  }

  /** What the text says, as far as JavaScript can hold it: numbers become doubles. */
  get value() {
    return JSON.parse(this.text);
  }

  toJSON() {
    return this.value;
  }
}

/** Marks a text as JSON, to be handed on as it is. */
export function rawJson(text) {
  JSON.parse(text);
  return new RawJson(text);
}

/** A place in a value: undefined for the value itself. */
export const within = (parent, key) => ({ parent, key });

/** A place as JSON Pointer; empty for the value itself. */
export function pointer(at) {
  const keys = [];
  for (let place = at; place !== undefined; place = place.parent) {
    keys.unshift(`/${String(place.key).replaceAll("~", "~0").replaceAll("/", "~1")}`);
  }
  return keys.join("");
}

// ---- out ----

/** Deepest nesting that is written. */
const DEEPEST = 127;

/** Writes a value for the host; `what` names it in the error. Nothing is written as `null`. */
export function write(what, value) {
  const wrong = (at, says) => {
    const place = at === undefined ? what : `${what} at ${pointer(at)}`;
    return new StepError(`${place} cannot be written as JSON: it ${says}`, { code: "bad-json" });
  };
  return put(value, undefined, [], wrong) ?? "null";
}

function put(given, at, around, wrong) {
  if (given instanceof RawJson) {
    return given.text;
  }
  const value = typeof given?.toJSON === "function" ? given.toJSON(at === undefined ? "" : String(at.key)) : given;
  switch (typeof value) {
    case "string":
      return quoted(value, at, wrong);
    case "number":
      if (!Number.isFinite(value)) {
        throw wrong(at, `is ${value}`);
      }
      return String(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "undefined":
      return undefined;
    case "object":
      return value === null ? "null" : putObject(value, at, around, wrong);
    default:
      throw wrong(at, `is a ${typeof value}`);
  }
}

function quoted(text, at, wrong) {
  if (HALF.test(text)) {
    throw wrong(at, "is a text with half a character (a lone surrogate): cut texts with `[...text].slice()`");
  }
  return JSON.stringify(text);
}

function putObject(value, at, around, wrong) {
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return put(value.valueOf(), at, around, wrong);
  }
  const foreign = unwritable(value);
  if (foreign !== undefined) {
    throw wrong(at, foreign);
  }
  if (around.includes(value)) {
    throw wrong(at, "contains itself");
  }
  if (around.length === DEEPEST) {
    throw wrong(undefined, `is nested deeper than ${DEEPEST} levels`);
  }
  around.push(value);
  let text;
  if (Array.isArray(value)) {
    text = `[${Array.from(value, (item, index) => put(item, within(at, index), around, wrong) ?? "null").join(",")}]`;
  } else {
    const members = [];
    for (const key of Object.keys(value)) {
      const member = put(value[key], within(at, key), around, wrong);
      if (member !== undefined) {
        members.push(`${quoted(key, at, wrong)}:${member}`);
      }
    }
    text = `{${members.join(",")}}`;
  }
  around.pop();
  return text;
}

/** What is wrong with objects that JSON would show as `{}`. */
function unwritable(value) {
  if (typeof value.then === "function") {
    return "is a promise: `await` it";
  }
  if (value instanceof Map) {
    return "is a Map: take `Object.fromEntries(map)`";
  }
  if (value instanceof Set) {
    return "is a Set: take `[...set]`";
  }
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? "is binary data: take `[...bytes]`, or a text" : undefined;
}

// ---- in ----

/** A number that a JavaScript number cannot hold. */
export class BigNumber {
  constructor(text) {
    this.text = text;
  }

  /** The whole number that it is; undefined if it is none, or has more than 1,000 digits. */
  get whole() {
    const { negative, digits, exponent } = normal(this.text);
    return exponent < 0 || digits.length + exponent > 1000 ? undefined : BigInt(`${negative}${digits}${"0".repeat(exponent)}`);
  }
}

/** Strings, so that they are passed over, and numbers. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g;
const SUSPECT = /[\d.]{16}|\d[eE][+-]?\d/;

/** Reads a text; numbers that a JavaScript number cannot hold become `BigNumber`. */
export function parse(text) {
  if (!SUSPECT.test(text)) {
    return JSON.parse(text);
  }
  // Such numbers are replaced by objects of a name that the text does not have.
  let name = "number";
  while (text.includes(`"${name}"`)) {
    name += "_";
  }
  let found = false;
  const marked = text.replace(TOKEN, (token) => {
    if (token[0] === '"' || !SUSPECT.test(token) || holds(token)) {
      return token;
    }
    found = true;
    return `{"${name}":"${token}"}`;
  });
  const marker = (_, value) => (typeof value?.[name] === "string" ? new BigNumber(value[name]) : value);
  return found ? JSON.parse(marked, marker) : JSON.parse(text);
}

/** Whether a number means the same as one of JavaScript: a whole one in every digit, another one to the nearest double. */
function holds(token) {
  const number = Number(token);
  if (!Number.isFinite(number)) {
    return false;
  }
  const wanted = normal(token);
  if (wanted.exponent < 0) {
    return number !== 0;
  }
  const has = normal(String(number));
  return wanted.digits === has.digits && wanted.exponent === has.exponent;
}

/** A number as digits without zeros at their ends, and the power of ten that they are multiplied by. */
function normal(token) {
  const [, negative, whole, part = "", power = "0"] = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(token);
  const leading = (whole + part).replace(/^0+/, "");
  const digits = leading.replace(/0+$/, "");
  const exponent = digits === "" ? 0 : Number(power) - part.length + leading.length - digits.length;
  return { negative, digits: digits || "0", exponent };
}

/** The first number in a value that JavaScript cannot hold, with its place. */
export function bigNumberIn(value, at) {
  if (value instanceof BigNumber) {
    return { at, number: value };
  }
  if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) {
      const found = bigNumberIn(value[key], within(at, key));
      if (found !== undefined) {
        return found;
      }
    }
  }
  return undefined;
}
