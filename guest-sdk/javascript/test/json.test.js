// JSON, in and out, and schemas: what is read, what is refused with which words, and what the host is shown.

import assert from "node:assert/strict";
import test from "node:test";

import { RawJson, parse, rawJson, write } from "../src/json.js";
import { prepared, s } from "../src/schema.js";

const shared = { a: 1 };
const WRITTEN = [
  [{ a: [1, "é", null, undefined, true], b: undefined }, '{"a":[1,"é",null,null,true]}'],
  [undefined, "null"],
  [12345678901234567890n, "12345678901234567890"],
  [[rawJson("1.50"), { deep: new RawJson("1E400") }], '[1.50,{"deep":1E400}]'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [[shared, shared], '[{"a":1},{"a":1}]'],
  [Object("boxed"), '"boxed"'],
  ["😀 \u2028 \"", '"😀 \u2028 \\""'],
  [-0, "0"],
];
test("what is written", () => {
  for (const [value, text] of WRITTEN) {
    assert.equal(write("it", value), text);
  }
});

test("what cannot be written is told with its place", () => {
  const cycle = { a: {} };
  cycle.a.b = [cycle];
  let deep = 1;
  for (let level = 0; level < 128; level += 1) {
    deep = [deep];
  }
  const refused = [
    [{ total: NaN }, "it at /total cannot be written as JSON: it is NaN"],
    [[-Infinity], "it at /0 cannot be written as JSON: it is -Infinity"],
    [{ "a/b~": () => 1 }, "it at /a~1b~0 cannot be written as JSON: it is a function"],
    [Symbol("s"), "it cannot be written as JSON: it is a symbol"],
    [cycle, "it at /a/b/0 cannot be written as JSON: it contains itself"],
    [deep, "it cannot be written as JSON: it is nested deeper than 127 levels"],
    [{ m: new Map() }, "it at /m cannot be written as JSON: it is a Map: take `Object.fromEntries(map)`"],
    [new Set(), "it cannot be written as JSON: it is a Set: take `[...set]`"],
    [new Uint8Array(1), "it cannot be written as JSON: it is binary data: take `[...bytes]`, or a text"],
    [{ p: Promise.resolve() }, "it at /p cannot be written as JSON: it is a promise: `await` it"],
    [["hi 😀".slice(0, 4)], "it at /0 cannot be written as JSON: it is a text with half a character (a lone surrogate): cut texts with `[...text].slice()`"],
  ];
  for (const [value, message] of refused) {
    assert.throws(() => write("it", value), { message, code: "bad-json" });
  }
});

test("numbers are read as they are, or refused", () => {
  const read = prepared("it", undefined).read;
  for (const text of ["2.0", "1e3", "9007199254740991", "9007199254740992", "0.1", "0.10000000000000001", "1e300", "-0", "123456789012345680000", '"12345678901234567890"', '"\\"1e400"', '{"number":"1e400","n":1e5}']) {
    assert.deepEqual(read(text), JSON.parse(text), text);
  }
  for (const number of ["9007199254740993", "-12345678901234567890", "1e400", "1e-400", "123456789012345678901234567890", "12345678901234567890.0"]) {
    const says = `${number} is a number that JavaScript cannot hold; \`s.bigint()\` reads whole ones, and raw text every number`;
    assert.throws(() => read(number), { message: says });
    assert.throws(() => read(`{"a":[1,{"number":${number}}]}`), { message: `/a/1/number: ${says}` });
  }
  assert.equal(parse("[12345678901234567890]")[0].text, "12345678901234567890");
});

const order = s.object({
  item: s.string({ min: 1, max: 3 }),
  count: s.integer({ min: 1 }).default(1),
  size: s.enum("s", "m").optional(),
  big: s.bigint().optional(),
  tags: s.array(s.string()).describe("for searching").optional(),
  by: s.record(s.number()).optional(),
  note: s.string().nullable().optional(),
  either: s.union(s.literal(1), s.boolean()).optional(),
});

test("what the host is shown", () => {
  assert.deepEqual(JSON.parse(prepared("it", order).json), {
    type: "object",
    properties: {
      item: { type: "string", minLength: 1, maxLength: 3 },
      count: { type: "integer", minimum: 1, maximum: 9007199254740991, default: 1 },
      size: { enum: ["s", "m"] },
      big: { type: "integer" },
      tags: { type: "array", items: { type: "string" }, description: "for searching" },
      by: { type: "object", additionalProperties: { type: "number" } },
      note: { anyOf: [{ type: "string" }, { type: "null" }] },
      either: { anyOf: [{ const: 1 }, { type: "boolean" }] },
    },
    required: ["item"],
  });
});

test("what a schema reads", () => {
  const read = prepared("it", order).read;
  assert.deepEqual(read('{"item":"a😀b","count":2.0,"big":1e20,"note":null,"either":true,"other":1e400}'), {
    item: "a😀b", count: 2, big: 100000000000000000000n, note: null, either: true,
  });
  assert.deepEqual(read('{"item":"a"}'), { item: "a", count: 1 });
  const refused = {
    '[]': "[] is not an object",
    '{}': "/item: is missing",
    '{"item":1}': "/item: 1 is not a string",
    '{"item":"abcd"}': '/item: "abcd" has not 1 to 3 characters',
    '{"item":"a","count":2.5}': "/count: 2.5 is not a whole number",
    '{"item":"a","count":0}': "/count: 0 is less than 1",
    '{"item":"a","count":12345678901234567890}': "/count: 12345678901234567890 is a number that JavaScript cannot hold; `s.bigint()` reads whole ones, and raw text every number",
    '{"item":"a","size":"l"}': '/size: "l" is none of ["s","m"]',
    '{"item":"a","big":1.5}': "/big: 1.5 is not a whole number",
    '{"item":"a","big":1e400000}': "/big: 1e400000 is not a whole number",
    '{"item":"a","tags":["x",{}]}': "/tags/1: {} is not a string",
    '{"item":"a","by":{"x":"y"}}': '/by/x: "y" is not a number',
    '{"item":"a","either":2}': "/either: 2 is not 1; or /either: 2 is not a boolean",
  };
  for (const [text, message] of Object.entries(refused)) {
    assert.throws(() => read(text), { message });
  }
});

test("schemas of other packages", () => {
  const validate = (value) => (typeof value === "string" ? { value: value.length } : { issues: [{ message: "no text", path: ["a", { key: 0 }] }] });
  const standard = { version: 1, vendor: "other", validate };
  const { json, read } = prepared("it", { "~standard": { ...standard, jsonSchema: { input: () => ({ type: "string" }) } } });
  assert.equal(json, '{"type":"string"}');
  assert.equal(read('"four"'), 4);
  assert.throws(() => read("1"), { message: "/a/0: no text" });
  assert.throws(() => prepared("it", { "~standard": standard }), /its package, other, must give a JSON Schema/);
});
