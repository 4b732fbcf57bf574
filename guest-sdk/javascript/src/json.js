// JSON texts, in and out.

import { StepError } from "./errors.js";

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

/** Writes a value for the host; `what` names it in the error. Nothing is written as `null`. */
export function write(what, value) {
  if (value instanceof RawJson) {
    return value.text;
  }
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new StepError(`${what} cannot be written as JSON`, { code: "bad-json", cause: error });
  }
  return text ?? "null";
}

/** Reads what the host delivered. */
export function read(text, raw = false) {
  return raw ? new RawJson(text) : JSON.parse(text);
}
