// `npm run unit`: the step without a host.

import assert from "node:assert/strict";
import test from "node:test";

import { start } from "reentry-step/testing";

import { ask } from "./index.ts";

test("it asks, and buys what was approved", async () => {
  const run = await start(ask, { item: "a lamp" });
  assert.deepEqual(run.question.payload, { item: "a lamp" });
  await run.answer({ approved: true, comment: "at last" });
  assert.deepEqual(run.output, { bought: "a lamp", comment: "at last" });
});

test("it fails when the buyer says no", async () => {
  const run = await start(ask, { item: "a lamp" });
  await assert.rejects(run.answer({ approved: "yes" }), /"yes" is not a boolean/);
  await run.answer({ approved: false });
  assert.equal(run.failure?.code, "refused");
});
