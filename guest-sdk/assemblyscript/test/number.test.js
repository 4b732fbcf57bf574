// Numbers as the SDK reads them, against JavaScript, which reads them exactly. BUILT is the folder that number.ts was built into.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";

const { read, write, whole } = await import(path.resolve(process.env.BUILT, "number.js"));

const bits = new DataView(new ArrayBuffer(8));
const fromBits = (value) => (bits.setBigUint64(0, value), bits.getFloat64(0));

/** The same numbers in each run. */
function* doubles(count) {
  let state = 88172645463325252n;
  for (let made = 0; made < count; made += 1) {
    state ^= (state << 13n) & (2n ** 64n - 1n);
    state ^= state >> 7n;
    state ^= (state << 17n) & (2n ** 64n - 1n);
    const double = fromBits(state);
    if (Number.isFinite(double)) {
      yield double;
      yield Math.round(double % 1e6) / 100 + 0;
    }
  }
}

test("doubles come back as they went", () => {
  for (const double of doubles(2000)) {
    assert.equal(read(String(double)), double);
    assert.equal(Number(write(double)), double);
  }
});

test("the middle of two doubles goes to the even one, and what is beside it to its own side", () => {
  for (const double of doubles(40)) {
    bits.setFloat64(0, Math.abs(double));
    const found = bits.getBigUint64(0);
    const biased = Number(found >> 52n);
    const mantissa = (found & (2n ** 52n - 1n)) | (biased === 0 ? 0n : 2n ** 52n);
    const power = (biased || 1) - 1076;
    const middle = 2n * mantissa + 1n;
    const digits = String(power < 0 ? middle * 5n ** BigInt(-power) : middle << BigInt(power));
    const exponent = Math.min(power, 0);
    for (const text of [digits, `${digits}.${"0".repeat(900)}1`, `${BigInt(digits) - 1n}`]) {
      assert.equal(read(`${text}e${exponent}`), Number(`${text}e${exponent}`));
    }
  }
});

test("edges", () => {
  const texts = ["0", "-0", "0.000e7", "5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308",
    "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "9007199254740993", "1e400", "-1e400", "1e-400",
    "1e999999999999", "1E+2", "1.50", "4.35", "8.41E21", "1.2136552772453254e+43", `0.${"0".repeat(400)}1`, `1${"0".repeat(309)}`,
    `${"123456789".repeat(120)}e-900`];
  for (const text of texts) {
    assert.ok(Object.is(read(text), Number(text)), text);
  }
});

test("whole numbers", () => {
  const expected = { "2.0": "2", "20e-1": "2", "2.5": "no", "9223372036854775807": "9223372036854775807", "9223372036854775808": "big",
    "-9223372036854775808": "-9223372036854775808", "-9223372036854775809": "big", "1e400": "big", "1e-400": "no", "0e9": "0",
    "1e18": "1000000000000000000", "1e19": "big", "-0": "0" };
  for (const [text, value] of Object.entries(expected)) {
    assert.equal(whole(text), value, text);
  }
});
