// Steps as authors write them, run without a host.

import assert from "node:assert/strict";
import test from "node:test";

import { StepError, rawJson, s, step, steps } from "../src/index.js";
import { start } from "../src/testing.js";

const buy = step(
  {
    id: "buy",
    input: s.object({ item: s.string(), cents: s.integer({ min: 1 }).default(100) }),
    suspend: s.object({ item: s.string() }),
    answer: s.object({ approved: s.boolean(), comment: s.string().optional() }),
    output: s.object({ bought: s.string() }),
  },
  async (ctx, { item }) => {
    const { approved, comment } = await ctx.suspend({ item }, { labels: ["buyer"], withinMs: 1000 });
    if (comment === "maybe") {
      ctx.refuse("yes or no, please");
    }
    if (!approved) {
      throw new StepError("the buyer said no", { code: "refused" });
    }
    return { bought: item };
  },
);

const any = (run) => step({ id: "any" }, run);

test("a step is taken through its wait", async () => {
  const run = await start(buy, { item: "a lamp" });
  assert.deepEqual(run.question, { payload: { item: "a lamp" }, labels: ["buyer"], schema: undefined });
  await run.answer({ approved: true });
  assert.deepEqual(run.output, { bought: "a lamp" });
});

test("answers that cannot be read or are refused leave the question open", async () => {
  const run = await start(buy, { item: "a lamp" });
  await assert.rejects(run.answer({ approved: "yes" }), /^StepError: the answer cannot be read: \/approved: "yes" is not a boolean$/);
  await assert.rejects(run.answer({}), /\/approved: is missing/);
  await assert.rejects(run.answer({ approved: true, comment: "maybe" }), /yes or no, please/);
  assert.equal(run.questions.length, 1);
  await run.answer({ approved: false });
  assert.deepEqual({ ...run.failure, details: 0, retryAfterMs: 0 }, {
    message: "the buyer said no", code: "refused", retryable: false, details: 0, retryAfterMs: 0,
  });
});

test("the code of a refused answer names its wait, whatever the step catches", async () => {
  const stubborn = any(async (ctx) => {
    await ctx.sleep(1);
    await ctx.suspend(1);
    try {
      ctx.refuse("no");
    } catch {
      return "gone on";
    }
  });
  const run = await start(stubborn, null);
  await run.elapse();
  run._begin = () => {};
  run._past = [];
  await assert.rejects(run.answer(1), { code: "bad-answer", message: "no" });
  assert.deepEqual(run.failure.details, { wait: 2 });
});

test("there may be no answer to refuse", async () => {
  const run = await start(any((ctx) => ctx.refuse("no")), null);
  assert.equal(run.failure.code, "no-answer");
});

test("deadlines, sleeps, events and children", async () => {
  const late = await start(buy, { item: "a lamp" });
  await late.elapse(999);
  assert.equal(late.status, "suspended");
  await late.elapse(1);
  assert.equal(late.failure.code, "timed-out");

  const all = any(async (ctx) => {
    const first = await ctx.race([ctx.event("paid", { key: "7", schema: s.object({ cents: s.integer() }) }), ctx.sleep(50)]);
    const ship = await ctx.runStep(step({ id: "ship", output: s.bigint() }, () => 1n), {});
    return { first, ship, now: ctx.now() };
  });
  const run = await start(all, null, { nowMs: 1000 });
  assert.deepEqual(run.waits, ["event paid", "time 1050"]);
  await run.event("paid", { cents: 5 }, { key: "7" });
  assert.deepEqual(run.waits, ["step ship"]);
  await run.complete("ship", rawJson("12345678901234567890"));
  assert.deepEqual(run.output, { first: { cents: 5 }, ship: Number("12345678901234567890"), now: 1000 });

  const bad = await start(all, null);
  await bad.event("paid", { cents: 1.5 }, { key: "7" });
  assert.equal(bad.failure.message, "the event `paid` cannot be read: /cents: 1.5 is not a whole number");
  assert.equal(bad.failure.code, "bad-event");
});

test("waits that nothing awaits are a failure that names them", async () => {
  const forgotten = {
    answer: (ctx) => void ctx.suspend({ a: 1 }),
    sleep: (ctx) => void ctx.sleep(1),
    event: (ctx) => void ctx.event("paid"),
    over: async (ctx) => {
      ctx.sleep(1);
      await ctx.sleep(2);
    },
    bailed: (ctx) => {
      ctx.sleep(1);
      ctx.bail(1);
    },
  };
  for (const [name, body] of Object.entries(forgotten)) {
    const run = await start(any(async (ctx) => body(ctx)), null);
    while (run.status === "suspended") {
      await run.elapse();
    }
    assert.equal(run.failure?.code, "unawaited-wait", name);
    assert.match(run.failure.message, /without awaiting .*(answer to \{"a":1\}|sleep|`paid`).* at .*step\.test\.js:\d+: write `await`/);
  }
  const fine = {
    awaited: (ctx) => ctx.sleep(1),
    closed: async (ctx) => ctx.sleep(1).close(),
    raced: (ctx) => ctx.race([ctx.sleep(1), ctx.suspend(1)]),
    timer: async () => 1,
  };
  for (const [name, body] of Object.entries(fine)) {
    const run = await start(any(body), null);
    if (run.status === "suspended") {
      await run.elapse();
    }
    assert.equal(run.status, "completed", name);
  }
});

test("state, context, logs and chunks are there", async () => {
  const run = await start(
    any((ctx) => {
      ctx.state.set("count", ctx.state.get("count") + 1);
      ctx.requestContext.set("seen", true);
      ctx.info("a line", { n: 1 });
      ctx.emit({ half: 1 });
      return [ctx.stepResult("before"), ctx.stepResult("never") ?? null, ctx.initData()];
    }),
    { i: 1 },
    { state: { count: 1 }, stepResults: { before: 2 } },
  );
  assert.deepEqual(run.output, [2, null, { i: 1 }]);
  assert.deepEqual([run.state, run.requestContext], [{ count: 2 }, { seen: true }]);
  assert.deepEqual([run.log, run.emitted], [[{ level: "info", message: "a line", fields: { n: 1 } }], [{ half: 1 }]]);
});

test("errors name the place, and what a step has instead of what it has not", async () => {
  const said = async (run) => (await start(any(run), null)).failure.message.replace(/[^\s(]*(?=step\.test)/, "");
  assert.match(await said(() => null.x), /^TypeError: .*null.* \(step\.test\.js:\d+\)$/);
  assert.match(await said(() => document.title), /^ReferenceError: document is not defined \(step\.test\.js:\d+\): a step runs without/);
  assert.equal(await said(() => { throw "text"; }), "text was thrown, which is no Error");
  assert.equal(await said(() => { throw new StepError("half \ud83d"); }), "half \ufffd");
  assert.match(await said(() => new Promise(() => {})), /the step is pending, but waits for nothing/);
});

test("mistakes in definitions are told when the step is loaded", () => {
  const run = () => 1;
  const says = (make, message) => assert.throws(make, { message });
  says(() => steps(), "a component needs a step: export const guest = steps(step({ id: ... }, async (ctx, input) => ...))");
  says(() => steps({ id: "a", run }, { id: "a", run }), "two steps have the id `a`");
  says(() => step({ id: "a b" }, run), 'the id of a step is 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit, not "a b"');
  says(() => step({ id: "a" }), 'step `a` needs a function: step({ id: "a" }, async (ctx, input) => ...)');
  assert.throws(() => step({ id: "a", schemas: {} }, run), /^StepError: step `a` has no `schemas`; there are id, title,/);
  assert.throws(() => step({ id: "a", input: "text" }, run), /the schema of the input of step `a` must be a schema made with `s`, one of/);
});
