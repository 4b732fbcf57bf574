// `npm run unit`: the step without a host.

import assert from "node:assert/strict";
import test from "node:test";

import { compile } from "./sdk/testing.mjs";

const steps = compile("step.ts");

test("it asks, and buys what was approved", () => {
  const run = steps.start("{{name}}", { item: "a lamp" });
  assert.deepEqual(run.wait.payload, { item: "a lamp" });
  run.answer({ approved: true, comment: "at last" });
  assert.deepEqual(run.output, { bought: "a lamp", comment: "at last" });
});

test("it fails when the buyer says no", () => {
  const run = steps.start("{{name}}", { item: "a lamp" });
  assert.throws(() => run.answer({ approved: "yes" }), /\/approved: "yes" is not a boolean/);
  run.answer({ approved: false });
  assert.equal(run.failure.code, "refused");
});
