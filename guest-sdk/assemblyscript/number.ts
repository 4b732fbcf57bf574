// Numbers as JSON writes them.

/** A whole number, if it is one, and if 64 bits hold it. */
export class WholeNumber {
  constructor(public whole: bool, public fits: bool, public value: i64) {}
}

/** Reads a number of JSON as a whole one: `2.0` and `20e-1` are 2. */
export function wholeNumber(text: string): WholeNumber {
  const parts = new Decimal(text);
  if (parts.digits.length == 0) return new WholeNumber(true, true, 0);
  if (parts.exponent < 0) return new WholeNumber(false, false, 0);
  if (parts.digits.length + parts.exponent > 19) return new WholeNumber(true, false, 0);
  let value: u64 = 0;
  for (let k = 0; k < parts.digits.length; k++) value = value * 10 + (parts.digits.charCodeAt(k) - 48);
  for (let k: i64 = 0; k < parts.exponent; k++) value *= 10;
  const most: u64 = parts.negative ? 1 << 63 : (1 << 63) - 1;
  if (value > most) return new WholeNumber(true, false, 0);
  return new WholeNumber(true, true, parts.negative ? -(<i64>value) : <i64>value);
}

/** A number as digits without zeros at their ends, and the power of ten that they are multiplied by. */
class Decimal {
  negative: bool = false;
  digits: string = "";
  exponent: i64 = 0;

  constructor(text: string) {
    this.negative = text.startsWith("-");
    let end = text.indexOf("e");
    if (end < 0) end = text.indexOf("E");
    let exponent: i64 = 0;
    if (end >= 0) exponent = power(text.substring(end + 1));
    const mantissa = text.substring(this.negative ? 1 : 0, end < 0 ? text.length : end);
    const point = mantissa.indexOf(".");
    if (point >= 0) exponent -= mantissa.length - point - 1;
    const all = point < 0 ? mantissa : mantissa.substring(0, point) + mantissa.substring(point + 1);
    let first = 0;
    let last = all.length;
    while (first < last && all.charCodeAt(first) == 48) first++;
    while (last > first && all.charCodeAt(last - 1) == 48) {
      last--;
      exponent++;
    }
    this.digits = all.substring(first, last);
    this.exponent = exponent;
  }
}

/** An exponent; one of more than nine digits is as good as one of nine. */
function power(text: string): i64 {
  const negative = text.startsWith("-");
  let at = negative || text.startsWith("+") ? 1 : 0;
  let value: i64 = 0;
  for (; at < text.length && value < 100000000; at++) value = value * 10 + (text.charCodeAt(at) - 48);
  return negative ? -value : value;
}

/** More digits than any midpoint of two doubles has. */
const DIGITS_MAX = 800;

/** The nearest double; infinite beyond the largest. */
export function decimal(text: string): f64 {
  const parts = new Decimal(text);
  const digits = parts.digits.length;
  if (digits <= 15 && parts.exponent >= -22 && parts.exponent <= 22) {
    // Both are exact, and so is the rounding of one operation.
    const whole = digits == 0 ? 0 : <f64>U64.parseInt(parts.digits);
    const value = parts.exponent < 0 ? whole / tenTo(-parts.exponent) : whole * tenTo(parts.exponent);
    return parts.negative ? -value : value;
  }
  const magnitude = parts.exponent + parts.digits.length;
  if (parts.digits.length == 0 || magnitude < -330) return parts.negative ? -0.0 : 0;
  if (magnitude > 310) return parts.negative ? -Infinity : Infinity;
  if (parts.digits.length > DIGITS_MAX) {
    // What is cut off matters only by being there.
    parts.exponent += parts.digits.length - DIGITS_MAX - 1;
    parts.digits = parts.digits.substring(0, DIGITS_MAX) + "1";
  }
  // A guess that is a few units in the last place off is put right by comparing with the middles beside it.
  let found = near(parts);
  for (;;) {
    const bits = reinterpret<u64>(found);
    const up = isFinite(found) ? againstMiddle(parts, bits) : -1;
    if (up > 0 || (up == 0 && (bits & 1))) {
      found = reinterpret<f64>(bits + 1);
      continue;
    }
    if (bits == 0) break;
    const down = againstMiddle(parts, bits - 1);
    if (down > 0 || (down == 0 && !(bits & 1))) break;
    found = reinterpret<f64>(bits - 1);
  }
  return parts.negative ? -found : found;
}

/** Nearly the number, without its sign. */
function near(parts: Decimal): f64 {
  const digits = parts.digits.substring(0, 19);
  let found = <f64>U64.parseInt(digits);
  let power = <f64>(parts.exponent + parts.digits.length - digits.length);
  while (power != 0) {
    const part = Math.max(-300, Math.min(300, power));
    found = part < 0 ? found / NativeMath.pow(10, -part) : found * NativeMath.pow(10, part);
    power -= part;
  }
  return found;
}

/** Exact up to 22. */
function tenTo(power: i64): f64 {
  let value: f64 = 1;
  for (let k: i64 = 0; k < power; k++) value *= 10;
  return value;
}

/** Compares a number with the middle of the double of these bits and the next larger one. */
function againstMiddle(parts: Decimal, bits: u64): i32 {
  const biased = <i32>(bits >> 52);
  const fraction = bits & ((1 << 52) - 1);
  const mantissa = biased == 0 ? fraction : fraction | (1 << 52);
  // The middle is (2 * mantissa + 1) * 2 ** power.
  const power = (biased == 0 ? 1 : biased) - 1076;
  const left = new Whole();
  for (let k = 0; k < parts.digits.length; k++) left.timesPlus(10, parts.digits.charCodeAt(k) - 48);
  const right = new Whole();
  right.timesPlus(1, <u32>((2 * mantissa + 1) >> 32));
  right.timesPlus(1 << 16, 0);
  right.timesPlus(1 << 16, <u32>(2 * mantissa + 1));
  left.timesPower(10, parts.exponent);
  right.timesPower(10, -parts.exponent);
  right.timesPower(2, power);
  left.timesPower(2, -power);
  return left.compare(right);
}

/** A whole number of any size, lowest part first. */
class Whole {
  private limbs: u32[] = [];

  timesPlus(factor: u32, more: u32): void {
    const limbs = this.limbs;
    let carry: u64 = more;
    for (let k = 0; k < limbs.length; k++) {
      carry += <u64>limbs[k] * factor;
      limbs[k] = <u32>carry;
      carry >>= 32;
    }
    if (carry > 0) limbs.push(<u32>carry);
  }

  /** Nothing happens where the power is negative. */
  timesPower(base: u32, power: i64): void {
    for (; power >= 9; power -= 9) this.timesPlus(base ** 9, 0);
    for (; power > 0; power--) this.timesPlus(base, 0);
  }

  compare(other: Whole): i32 {
    if (this.limbs.length != other.limbs.length) return this.limbs.length < other.limbs.length ? -1 : 1;
    for (let k = this.limbs.length - 1; k >= 0; k--) {
      if (this.limbs[k] != other.limbs[k]) return this.limbs[k] < other.limbs[k] ? -1 : 1;
    }
    return 0;
  }
}
