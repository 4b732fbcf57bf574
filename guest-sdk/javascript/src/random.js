// Random numbers that are not for secrets: xoshiro128**, seeded anew for each call. A restored memory has the generator of the
// original one, so without that two restores of one suspension would draw the same numbers.

let state = new Uint32Array(4);

const rotate = (word, by) => (word << by) | (word >>> (32 - by));

/** Mixes fresh entropy from the host into the generator. */
export function reseed(entropy) {
  const bytes = Uint8Array.from(entropy);
  state = state.map((word, k) => {
    const at = k * 4;
    return word ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
  });
  if (state.every((word) => word === 0)) {
    state[0] = 1;
  }
}

function next() {
  const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate(state[3], 11);
  return result;
}

/** A number from 0 to below 1 with 53 random bits. */
export function uniform() {
  return ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/** A version 4 UUID of 16 random bytes. */
export function randomUUID(random) {
  const bytes = Uint8Array.from(random);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => hex.slice(from, to)).join("-");
}
