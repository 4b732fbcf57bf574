// How values of the contract lie in memory: the canonical ABI, with strings in UTF-16. What the host hands in was allocated
// for it and is freed when it has been read; what it is given lives until it has been read.

/** Room that only a result points to. */
const owned: usize[] = [];
/** Strings that only a result points to. */
const kept: string[] = [];

/** Zeroed room for a part of a result. */
export function room(size: usize): usize {
  const at = heap.alloc(size);
  memory.fill(at, 0, size);
  owned.push(at);
  return at;
}

/** The host has read the result. The stack is empty but for this, so that the collector finds all that is in use. */
export function release(): void {
  for (let k = 0; k < owned.length; k++) heap.free(owned[k]);
  owned.length = 0;
  kept.length = 0;
  __collect();
}

export function takeString(at: usize): string {
  const from = load<usize>(at);
  const units = load<i32>(at, 4);
  if (units == 0) return "";
  const text = String.UTF16.decodeUnsafe(from, <usize>units << 1);
  heap.free(from);
  return text;
}

export function takeMaybe(at: usize): string | null {
  return load<u8>(at) ? takeString(at + 4) : null;
}

export function takeBytes(at: usize): StaticArray<u8> {
  const length = load<i32>(at, 4);
  const bytes = new StaticArray<u8>(length);
  if (length > 0) {
    memory.copy(changetype<usize>(bytes), load<usize>(at), length);
    heap.free(load<usize>(at));
  }
  return bytes;
}

export function putString(at: usize, text: string): void {
  const whole = wellFormed(text);
  kept.push(whole);
  store<usize>(at, changetype<usize>(whole));
  store<i32>(at, whole.length, 4);
}

export function putMaybe(at: usize, text: string | null): void {
  if (text === null) return;
  store<u8>(at, 1);
  putString(at + 4, text);
}

/** The text with halves of surrogate pairs replaced, for what people read: a string with one would end the call. */
export function wellFormed(text: string): string {
  return halfAt(text) < 0 ? text : repaired(text);
}

/** Where half of a surrogate pair stands, which is no character; -1 if there is none. */
export function halfAt(text: string): i32 {
  for (let at = 0; at < text.length; at++) {
    if ((text.charCodeAt(at) & 0xf800) != 0xd800) continue;
    if (text.codePointAt(at) <= 0xffff) return at;
    at++;
  }
  return -1;
}

function repaired(text: string): string {
  const units = new StaticArray<u16>(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    units[at] = <u16>unit;
    if ((unit & 0xf800) != 0xd800) continue;
    if (text.codePointAt(at) > 0xffff) {
      units[at + 1] = <u16>text.charCodeAt(at + 1);
      at++;
    } else {
      units[at] = 0xfffd;
    }
  }
  return String.UTF16.decodeUnsafe(changetype<usize>(units), <usize>text.length << 1);
}
