// JSON, read where it stands. The host has checked what it hands in, so nothing here looks for mistakes; what is not as
// expected counts as not there.

/** A value within a JSON text. It stays text, so that numbers keep every digit. */
export class Json {
  constructor(private source: string, private from: i32, private to: i32) {}

  /** The value that a text holds. */
  static parse(text: string): Json {
    return valueIn(text, 0, text.length);
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

  /** The member of an object. Of two of one name it is the last. */
  get(key: string): Json {
    let found = this.nothing();
    if (!this.opens(Char.BraceOpen)) return found;
    let at = skipSpace(this.source, this.from + 1);
    while (at < this.to - 1) {
      const name = valueIn(this.source, at, this.to);
      const value = valueIn(this.source, skipSpace(this.source, name.to) + 1, this.to);
      if (name.string() == key) found = value;
      at = skipSpace(this.source, skipSpace(this.source, value.to) + 1);
    }
    return found;
  }

  /** The elements of an array. */
  elements(): Json[] {
    const found: Json[] = [];
    if (!this.opens(Char.BracketOpen)) return found;
    let at = skipSpace(this.source, this.from + 1);
    while (at < this.to - 1) {
      const value = valueIn(this.source, at, this.to);
      found.push(value);
      at = skipSpace(this.source, skipSpace(this.source, value.to) + 1);
    }
    return found;
  }

  /** The string, or `otherwise` if the value is none. */
  string(otherwise: string = ""): string {
    return this.opens(Char.Quote) ? unescape(this.source, this.from + 1, this.to - 1) : otherwise;
  }

  bool(otherwise: bool = false): bool {
    const text = this.text;
    return text == "true" ? true : text == "false" ? false : otherwise;
  }

  integer(otherwise: i64 = 0): i64 {
    return this.isNumber ? I64.parseInt(this.text) : otherwise;
  }

  number(otherwise: f64 = 0): f64 {
    return this.isNumber ? F64.parseFloat(this.text) : otherwise;
  }

  get isNumber(): bool {
    if (!this.exists) return false;
    const first = this.source.charCodeAt(this.from);
    return first == Char.Minus || (first >= Char.Zero && first <= Char.Nine);
  }

  private opens(char: i32): bool {
    return this.to - this.from >= 2 && this.source.charCodeAt(this.from) == char;
  }

  private nothing(): Json {
    return new Json(this.source, this.from, this.from);
  }
}

/** A string as JSON, quoted and escaped. */
export function quote(text: string): string {
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
