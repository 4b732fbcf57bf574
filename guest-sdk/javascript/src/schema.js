// Schemas: what the host checks, and what the step reads with. Those made here, and those of other packages.

import { StepError } from "./errors.js";
import { BigNumber, bigNumberIn, parse, pointer, within, write } from "./json.js";

/** A value is not as a schema wants it. */
export class Mismatch extends Error {
  constructor(at, says) {
    const place = pointer(at);
    super(place === "" ? says : `${place}: ${says}`);
  }
}

/** A schema: `json` is its JSON Schema, `read` makes of a value from JSON what the step gets. */
class Schema {
  constructor(json, read, presence = {}) {
    this.json = json;
    this.read = read;
    this.presence = presence;
  }

  /** Lets a member of an object be missing. */
  optional() {
    return new Schema(this.json, this.read, { ...this.presence, optional: true });
  }

  /** Puts a value in the place of a missing member. */
  default(value) {
    return new Schema({ ...this.json, default: value }, this.read, { optional: true, value });
  }

  /** Lets the value be `null`, too. */
  nullable() {
    const read = (value, at) => (value === null ? null : this.read(value, at));
    return new Schema({ anyOf: [this.json, { type: "null" }] }, read, this.presence);
  }

  /** Says what the value is, for people. */
  describe(description) {
    return new Schema({ ...this.json, description }, this.read, this.presence);
  }
}

/** Reads with a check: `is` says what is wanted. */
function scalar(json, is, fits) {
  return new Schema(json, (value, at) => {
    if (!fits(value)) {
      throw new Mismatch(at, `${show(value)} is ${is}`);
    }
    return value;
  });
}

function show(value) {
  if (value === undefined) {
    return "what is missing";
  }
  const text = value instanceof BigNumber ? value.text : write("a value", bigNumberIn(value) ? "..." : value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A number, and what is wrong with one. */
function numeric(json, kind, { min, max }) {
  const bounds = { ...(min === undefined ? {} : { minimum: min }), ...(max === undefined ? {} : { maximum: max }) };
  return new Schema({ ...json, ...bounds }, (value, at) => {
    const number = kind(value, at);
    if (min !== undefined && number < min) {
      throw new Mismatch(at, `${show(value)} is less than ${min}`);
    }
    if (max !== undefined && number > max) {
      throw new Mismatch(at, `${show(value)} is more than ${max}`);
    }
    return number;
  });
}

function double(value, at) {
  if (value instanceof BigNumber) {
    throw new Mismatch(at, `${value.text} ${TOO_BIG}`);
  }
  if (typeof value !== "number") {
    throw new Mismatch(at, `${show(value)} is not a number`);
  }
  return value;
}

function integer(value, at) {
  if (value instanceof BigNumber ? value.whole === undefined : typeof value === "number" && !Number.isInteger(value)) {
    throw new Mismatch(at, `${show(value)} is not a whole number`);
  }
  return double(value, at);
}

function bigint(value, at) {
  if (typeof value === "bigint") {
    return value;
  }
  const whole = value instanceof BigNumber ? value.whole : Number.isInteger(value) ? BigInt(value) : undefined;
  if (whole === undefined) {
    throw new Mismatch(at, `${show(value)} is not a whole number`);
  }
  return whole;
}

const TOO_BIG = "is a number that JavaScript cannot hold; `s.bigint()` reads whole ones, and raw text every number";

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof BigNumber);
}

const unicodeLength = (text) => [...text].length;

export const s = {
  string({ min, max, pattern, format } = {}) {
    const json = { type: "string" };
    const set = { minLength: min, maxLength: max, pattern, format };
    for (const [key, value] of Object.entries(set)) {
      if (value !== undefined) {
        json[key] = value instanceof RegExp ? value.source : value;
      }
    }
    const expression = pattern === undefined ? undefined : new RegExp(pattern.source ?? pattern, "u");
    return new Schema(json, (value, at) => {
      if (typeof value !== "string") {
        throw new Mismatch(at, `${show(value)} is not a string`);
      }
      if ((min !== undefined && unicodeLength(value) < min) || (max !== undefined && unicodeLength(value) > max)) {
        throw new Mismatch(at, `${show(value)} has not ${min ?? 0} to ${max ?? "any number of"} characters`);
      }
      if (expression !== undefined && !expression.test(value)) {
        throw new Mismatch(at, `${show(value)} does not match ${expression.source}`);
      }
      return value;
    });
  },

  /** A double. */
  number: (bounds = {}) => numeric({ type: "number" }, double, bounds),

  /** A whole number that a JavaScript number holds. */
  integer: ({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}) =>
    numeric({ type: "integer" }, integer, { min, max }),

  /** A whole number of any size. */
  bigint: (bounds = {}) => numeric({ type: "integer" }, bigint, bounds),

  boolean: () => scalar({ type: "boolean" }, "not a boolean", (value) => typeof value === "boolean"),

  literal: (wanted) => scalar({ const: wanted }, `not ${JSON.stringify(wanted)}`, (value) => value === wanted),

  enum: (...values) =>
    scalar({ enum: values }, `none of ${JSON.stringify(values)}`, (value) => values.includes(value)),

  array(item, { min, max } = {}) {
    const bounds = { ...(min === undefined ? {} : { minItems: min }), ...(max === undefined ? {} : { maxItems: max }) };
    return new Schema({ type: "array", items: item.json, ...bounds }, (value, at) => {
      if (!Array.isArray(value)) {
        throw new Mismatch(at, `${show(value)} is not an array`);
      }
      if ((min !== undefined && value.length < min) || (max !== undefined && value.length > max)) {
        throw new Mismatch(at, `an array of ${value.length} has not ${min ?? 0} to ${max ?? "any number of"} elements`);
      }
      return value.map((element, index) => item.read(element, within(at, index)));
    });
  },

  /** An object with these members. Others are left out. */
  object(members) {
    const entries = Object.entries(members);
    const properties = Object.fromEntries(entries.map(([key, schema]) => [key, schema.json]));
    const required = entries.filter(([, schema]) => !schema.presence.optional).map(([key]) => key);
    return new Schema({ type: "object", properties, ...(required.length > 0 ? { required } : {}) }, (value, at) => {
      if (!isObject(value)) {
        throw new Mismatch(at, `${show(value)} is not an object`);
      }
      const read = {};
      for (const [key, schema] of entries) {
        const place = within(at, key);
        if (Object.hasOwn(value, key) && value[key] !== undefined) {
          read[key] = schema.read(value[key], place);
        } else if (!schema.presence.optional) {
          throw new Mismatch(place, "is missing");
        } else if ("value" in schema.presence) {
          read[key] = schema.presence.value;
        }
      }
      return read;
    });
  },

  /** An object with any keys, whose values are alike. */
  record(item) {
    return new Schema({ type: "object", additionalProperties: item.json }, (value, at) => {
      if (!isObject(value)) {
        throw new Mismatch(at, `${show(value)} is not an object`);
      }
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, item.read(member, within(at, key))]));
    });
  },

  /** The first of several that fits. */
  union(...options) {
    return new Schema({ anyOf: options.map((option) => option.json) }, (value, at) => {
      const reasons = [];
      for (const option of options) {
        try {
          return option.read(value, at);
        } catch (error) {
          if (!(error instanceof Mismatch)) {
            throw error;
          }
          reasons.push(error.message);
        }
      }
      throw new Mismatch(undefined, [...new Set(reasons)].join("; or "));
    });
  },

  /** Anything. */
  any: () => new Schema({}, held),
};

/** A value as it is, if JavaScript can hold every number in it. */
function held(value, at) {
  const big = bigNumberIn(value, at);
  if (big !== undefined) {
    throw new Mismatch(big.at, `${big.number.text} ${TOO_BIG}`);
  }
  return value;
}

/**
 * A schema of whatever kind, ready for use: `json` is its text for the host, `read` makes a value out of what the host delivers,
 * and `check` refuses values on their way out.
 */
export function prepared(what, given) {
  if (given === undefined) {
    return { json: undefined, read: (text) => held(parse(text)), check: () => {} };
  }
  if (given instanceof Schema) {
    return { json: write(what, given.json), read: (text) => given.read(parse(text)), check: (value) => given.read(value) };
  }
  if (given?.["~standard"] !== undefined) {
    const validate = (value) => standard(given, value);
    return { json: write(what, jsonSchemaOf(what, given)), read: (text) => validate(held(parse(text))), check: validate };
  }
  if (typeof given !== "boolean" && !isObject(given)) {
    const kinds = "a schema made with `s`, one of a package with Standard Schema (zod, Valibot, ArkType), or a JSON Schema";
    throw new StepError(`${what} must be ${kinds}, not ${typeof given}`, { code: "bad-schema" });
  }
  return { json: write(what, given), read: (text) => held(parse(text)), check: () => {} };
}

/** The JSON Schema that a schema of another package gives. */
function jsonSchemaOf(what, schema) {
  const { vendor, jsonSchema } = schema["~standard"];
  if (typeof jsonSchema?.input === "function") {
    return jsonSchema.input({ target: "draft-2020-12" });
  }
  const own = schema.toJSONSchema ?? schema.toJsonSchema;
  if (typeof own === "function") {
    return own.call(schema);
  }
  const newer = `its package, ${vendor}, must give a JSON Schema (zod 4 does, its \`mini\` does not; Valibot does with \`toStandardJsonSchema\`)`;
  throw new StepError(`${what} cannot be shown to the host: ${newer}`, { code: "bad-schema" });
}

function standard(schema, value) {
  const result = schema["~standard"].validate(value);
  if (typeof result?.then === "function") {
    throw new StepError("a schema that has to wait for something cannot be used to read a value", { code: "bad-schema" });
  }
  if (result.issues === undefined) {
    return result.value;
  }
  const says = result.issues.map(({ message, path = [] }) => {
    const at = path.reduce((parent, key) => within(parent, typeof key === "object" ? key.key : key), undefined);
    return new Mismatch(at, message).message;
  });
  throw new Mismatch(undefined, says.join("; "));
}
