// JSON, read where it stands. The host has checked that what it hands in is JSON. A value that is not as the step reads it ends the
// call with a failure that names the place; until the step returns, the getters give an empty value in its place.

import { halfAt } from "./abi";
import { decimal, wholeNumber } from "./number";
import { problem } from "./problem";

/** A value within a JSON text. It stays text, so that numbers keep every digit. */
export class Json {
  private parent: Json | null = null;
  private key: string = "";

  /** `what` names the text in errors, and `code` is the code of the failure. */
  constructor(
    private source: string, private from: i32, private to: i32, private what: string = "the JSON", private code: string = "bad-json",
  ) {}

  /** The value that a text holds. */
  static parse(text: string, what: string = "the JSON", code: string = "bad-json"): Json {
    const whole = valueIn(text, 0, text.length);
    return new Json(text, whole.from, whole.to, what, code);
  }

  /** Whether there is a value at all. */
  get exists(): bool {
    return this.to > this.from;
  }

  /** The JSON text of the value. Empty if there is none. */
  get text(): string {
    return this.source.substring(this.from, this.to);
  }

  get isNull(): bool {
    return this.text == "null";
  }

  get isNumber(): bool {
    if (!this.exists) return false;
    const first = this.source.charCodeAt(this.from);
    return first == Char.Minus || (first >= Char.Zero && first <= Char.Nine);
  }

  /** Whether nothing is there, or `null`. */
  get missing(): bool {
    return !this.exists || this.isNull;
  }

  /** The member of an object. Of two of one name it is the last; one that is missing does not exist. */
  get(key: string): Json {
    let found = this.within(key, this.from, this.from);
    if (!this.opens(Char.BraceOpen)) {
      if (this.exists) this.wrong("an object");
      return found;
    }
    let at = skipSpace(this.source, this.from + 1);
    while (at < this.to - 1) {
      const name = valueIn(this.source, at, this.to);
      const value = valueIn(this.source, skipSpace(this.source, name.to) + 1, this.to);
      if (unescape(this.source, name.from + 1, name.to - 1) == key) found = this.within(key, value.from, value.to);
      at = skipSpace(this.source, skipSpace(this.source, value.to) + 1);
    }
    return found;
  }

  /** The elements of an array. */
  elements(): Json[] {
    const found: Json[] = [];
    if (!this.opens(Char.BracketOpen)) {
      this.wrong("an array");
      return found;
    }
    let at = skipSpace(this.source, this.from + 1);
    while (at < this.to - 1) {
      const value = valueIn(this.source, at, this.to);
      found.push(this.within(found.length.toString(), value.from, value.to));
      at = skipSpace(this.source, skipSpace(this.source, value.to) + 1);
    }
    return found;
  }

  string(): string {
    if (this.opens(Char.Quote)) return unescape(this.source, this.from + 1, this.to - 1);
    this.wrong("a string");
    return "";
  }

  bool(): bool {
    const text = this.text;
    if (text != "true" && text != "false") this.wrong("a boolean");
    return text == "true";
  }

  /** A whole number. `2.0` and `2e0` are 2. */
  integer(least: i64 = i64.MIN_VALUE, most: i64 = i64.MAX_VALUE): i64 {
    if (!this.isNumber) {
      this.wrong("a whole number");
      return 0;
    }
    const found = wholeNumber(this.text);
    if (!found.whole) {
      this.wrong("a whole number");
    } else if (!found.fits || found.value < least || found.value > most) {
      this.refuse(shown(this.text) + " is not between " + least.toString() + " and " + most.toString());
    }
    return found.value;
  }

  /** The nearest double. */
  number(): f64 {
    if (!this.isNumber) {
      this.wrong("a number");
      return 0;
    }
    const value = decimal(this.text);
    if (!isFinite(value)) this.refuse(shown(this.text) + " is beyond what a number of 64 bits holds");
    return value;
  }

  // The same for values that may be missing, or `null`.

  stringOr(otherwise: string): string {
    return this.missing ? otherwise : this.string();
  }

  boolOr(otherwise: bool): bool {
    return this.missing ? otherwise : this.bool();
  }

  integerOr(otherwise: i64): i64 {
    return this.missing ? otherwise : this.integer();
  }

  numberOr(otherwise: f64): f64 {
    return this.missing ? otherwise : this.number();
  }

  /** Where the value is, as JSON Pointer. */
  get pointer(): string {
    const parent = this.parent;
    return parent === null ? "" : parent.pointer + "/" + this.key.replaceAll("~", "~0").replaceAll("/", "~1");
  }

  private wrong(wanted: string): void {
    this.refuse(this.exists ? shown(this.text) + " is not " + wanted : "is missing; it should be " + wanted);
  }

  private refuse(reason: string): void {
    const pointer = this.pointer;
    problem(this.code, this.what + " cannot be read: " + (pointer == "" ? "" : pointer + ": ") + reason);
  }

  private within(key: string, from: i32, to: i32): Json {
    const value = new Json(this.source, from, to, this.what, this.code);
    value.parent = this;
    value.key = key;
    return value;
  }

  private opens(char: i32): bool {
    return this.to - this.from >= 2 && this.source.charCodeAt(this.from) == char;
  }
}

/** The beginning of a JSON text, for errors. */
function shown(text: string): string {
  return text.length > 60 ? text.substring(0, 57) + "..." : text;
}

/** A string as JSON, quoted and escaped. One with half a character ends the call with a failure. */
export function quote(text: string): string {
  const half = halfAt(text);
  if (half >= 0) {
    const near = text.substring(half > 20 ? half - 20 : 0, half);
    problem("bad-json", "a text has half a character (a lone surrogate) after " + quote(halfAt(near) < 0 ? near : ""));
    return '""';
  }
  let length = 2;
  for (let k = 0; k < text.length; k++) length += escapedLength(text.charCodeAt(k));
  if (length == text.length + 2) return '"' + text + '"';
  const units = new StaticArray<u16>(length);
  let to = 0;
  units[to++] = <u16>Char.Quote;
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k);
    const size = escapedLength(unit);
    if (size == 1) {
      units[to++] = <u16>unit;
    } else if (size == 2) {
      units[to++] = <u16>Char.Backslash;
      units[to++] = <u16>unit;
    } else {
      const escape = "\\u00" + (unit < 16 ? "0" : "") + unit.toString(16);
      for (let j = 0; j < size; j++) units[to++] = <u16>escape.charCodeAt(j);
    }
  }
  units[to++] = <u16>Char.Quote;
  return String.UTF16.decodeUnsafe(changetype<usize>(units), <usize>length << 1);
}

const enum Char {
  Tab = 9,
  Newline = 10,
  Return = 13,
  Space = 32,
  Quote = 34,
  Comma = 44,
  Minus = 45,
  Zero = 48,
  Nine = 57,
  BracketOpen = 91,
  Backslash = 92,
  BracketClose = 93,
  BraceOpen = 123,
  BraceClose = 125,
}

function escapedLength(unit: i32): i32 {
  return unit < Char.Space ? 6 : unit == Char.Quote || unit == Char.Backslash ? 2 : 1;
}

function isSpace(unit: i32): bool {
  return unit == Char.Space || unit == Char.Newline || unit == Char.Return || unit == Char.Tab;
}

function skipSpace(source: string, at: i32): i32 {
  while (at < source.length && isSpace(source.charCodeAt(at))) at++;
  return at;
}

function valueIn(source: string, at: i32, end: i32): Json {
  const from = skipSpace(source, at);
  return new Json(source, from, skipValue(source, from, end));
}

/** The place after the value that begins here. Counts brackets: values may be nested deeper than the stack. */
function skipValue(source: string, at: i32, end: i32): i32 {
  let depth = 0;
  while (at < end) {
    const unit = source.charCodeAt(at);
    if (unit == Char.Quote) {
      at = skipString(source, at, end);
    } else if (unit == Char.BraceOpen || unit == Char.BracketOpen) {
      depth++;
      at++;
    } else if (unit == Char.BraceClose || unit == Char.BracketClose) {
      if (depth == 0) return at;
      depth--;
      at++;
    } else if (depth > 0) {
      at++;
      continue;
    } else {
      while (at < end && !endsLiteral(source.charCodeAt(at))) at++;
    }
    if (depth == 0) return at;
  }
  return at;
}

function endsLiteral(unit: i32): bool {
  return unit == Char.Comma || unit == Char.BraceClose || unit == Char.BracketClose || isSpace(unit);
}

function skipString(source: string, at: i32, end: i32): i32 {
  for (at++; at < end; at++) {
    const unit = source.charCodeAt(at);
    if (unit == Char.Quote) return at + 1;
    if (unit == Char.Backslash) at++;
  }
  return end;
}

function unescape(source: string, from: i32, to: i32): string {
  const first = source.indexOf("\\", from);
  if (first < 0 || first >= to) return source.substring(from, to);
  const units = new StaticArray<u16>(to - from);
  let length = 0;
  for (let at = from; at < to; at++) {
    let unit = source.charCodeAt(at);
    if (unit == Char.Backslash) {
      const escape = source.charAt(++at);
      if (escape == "u") {
        unit = <i32>U32.parseInt(source.substring(at + 1, at + 5), 16);
        at += 4;
      } else {
        const code = "bfnrt".indexOf(escape);
        unit = code < 0 ? escape.charCodeAt(0) : "\b\f\n\r\t".charCodeAt(code);
      }
    }
    units[length++] = <u16>unit;
  }
  return String.UTF16.decodeUnsafe(changetype<usize>(units), <usize>length << 1);
}
