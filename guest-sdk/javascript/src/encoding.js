// `TextEncoder` and `TextDecoder`, UTF-8 only. QuickJS has neither.

const REPLACEMENT = 0xfffd;

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    const bytes = [];
    for (const character of String(text)) {
      const point = character.codePointAt(0);
      put(bytes, point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point);
    }
    return Uint8Array.from(bytes);
  }
}

function put(bytes, point) {
  if (point < 0x80) {
    bytes.push(point);
    return;
  }
  const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  bytes.push([0, 0xc0, 0xe0, 0xf0][more] | (point >> (6 * more)));
  for (let left = more - 1; left >= 0; left -= 1) {
    bytes.push(0x80 | ((point >> (6 * left)) & 0x3f));
  }
}

export class TextDecoder {
  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^utf-?8$/i.test(String(label).trim())) {
      throw new RangeError(`only UTF-8 can be decoded, not ${label}`);
    }
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  get encoding() {
    return "utf-8";
  }

  decode(input = new Uint8Array()) {
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    const parts = [];
    for (let at = 0; at < bytes.length; ) {
      const { point, length } = take(bytes, at);
      if (point === undefined && this.fatal) {
        throw new TypeError(`the bytes are not UTF-8 at ${at}`);
      }
      parts.push(String.fromCodePoint(point ?? REPLACEMENT));
      at += length;
    }
    if (parts[0] === "\ufeff" && !this.ignoreBOM) {
      parts.shift();
    }
    return parts.join("");
  }
}

/** The character at a place, or no character and how many bytes to leave out. */
function take(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) {
    return { point: first, length: 1 };
  }
  const more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
  let point = first & (0x3f >> more);
  for (let k = 1; k <= more; k += 1) {
    const byte = bytes[at + k];
    if (byte === undefined || (byte & 0xc0) !== 0x80 || !fits(first, byte, k)) {
      return { length: k };
    }
    point = (point << 6) | (byte & 0x3f);
  }
  return more === 0 ? { length: 1 } : { point, length: more + 1 };
}

/** Whether the second byte keeps a sequence from being too long, a surrogate, or beyond Unicode. */
function fits(first, byte, k) {
  if (k !== 1) {
    return true;
  }
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  return byte >= least && byte <= most;
}
