// What number.test.js calls.

import { decimal, wholeNumber } from "../number";

export function read(text: string): f64 {
  return decimal(text);
}

export function write(value: f64): string {
  return value.toString();
}

/** The whole number, `no` if it is none, `big` if 64 bits do not hold it. */
export function whole(text: string): string {
  const found = wholeNumber(text);
  return !found.whole ? "no" : found.fits ? found.value.toString() : "big";
}
