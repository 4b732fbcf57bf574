// The conformance step: one behaviour in every language. tests/languages.rs says what it must do.

import { StepError, rawJson, s, steps } from "reentry-step";

const cases = {
  echo: (ctx) => rawJson(ctx.inputText),

  async keep(ctx) {
    const texts = [];
    for (let asked = 1; asked <= 3; asked += 1) {
      const { text } = await ctx.suspend({ asked });
      texts.push(text);
    }
    return { texts, count: texts.length };
  },

  async state(ctx) {
    const counter = (ctx.state.get("counter") ?? 0) + 1;
    ctx.state.set("counter", counter);
    await ctx.suspend({ counter });
    const after = ctx.state.get("counter") + 1;
    ctx.state.set("counter", after);
    return { counter: after };
  },

  async context(ctx) {
    const tenantName = ctx.requestContext.get("tenantName");
    ctx.requestContext.set("seen", true);
    await ctx.suspend({});
    return { tenantName, approver: ctx.requestContext.get("approver") };
  },

  labels: (ctx) => ctx.suspend({ question: "who?" }, { labels: ["manager", "finance"] }),

  bail: (ctx) => ctx.bail({ bailed: true }),

  fail() {
    throw new StepError("no luck", { code: "no-luck", details: { tried: "everything" } });
  },

  retry(ctx) {
    if (ctx.attempt < 2) {
      throw new StepError("not yet", { retryable: true });
    }
    return { attempt: ctx.attempt };
  },

  async megabyte(ctx) {
    const { text } = await ctx.suspend({ text: "x".repeat(1048576) });
    return { length: new TextEncoder().encode(text).length };
  },

  async unicode(ctx, input) {
    const { text } = await ctx.suspend({ text: input.text });
    return { text, same: text === input.text };
  },

  async print(ctx) {
    console.log("printed by the step");
    ctx.warn("logged by the step", { n: 1 });
    await ctx.suspend({});
    console.log("printed after");
    return null;
  },

  async clock(ctx) {
    const drawn = () => Math.floor(Math.random() * 256);
    const random = () => [...crypto.getRandomValues(new Uint8Array(4)), drawn(), drawn(), drawn(), drawn()];
    const look = () => ({ now: Date.now(), random: random() });
    await ctx.suspend(look());
    return look();
  },

  async sleep(ctx) {
    await ctx.sleep(1);
    return { slept: true };
  },

  event: (ctx, input) => ctx.event("paid", { key: input.key }),

  // Several waits at once.

  both: (ctx, { key }) => Promise.all([ctx.suspend({}, { labels: ["both"] }), ctx.event("paid", { key })]),

  async first(ctx, { key }) {
    const first = await ctx.race([ctx.suspend({}, { labels: ["slow"] }), ctx.event("paid", { key })]);
    return { first, after: await ctx.suspend({}, { labels: ["after"] }) };
  },

  async patience(ctx) {
    const late = (await ctx.race([ctx.suspend({}, { labels: ["slow"] }), ctx.sleep(1)])) === undefined;
    await ctx.suspend({}, { labels: ["after"] });
    const answer = await ctx.suspend({}, { labels: ["default"], withinMs: 1, otherwise: "nobody" });
    await ctx.suspend({}, { labels: ["after"] });
    try {
      return { late, answer, event: await ctx.event("never", { withinMs: 1 }) };
    } catch (error) {
      return { late, answer, event: error.timedOut ? "timed-out" : error.code };
    }
  },

  paths(ctx) {
    const twice = async (path) => {
      const first = await ctx.suspend({}, { labels: [`${path}-1`] });
      return [first, await ctx.suspend({}, { labels: [`${path}-2`] })];
    };
    return Promise.all([twice("a"), twice("b")]);
  },

  children: (ctx) => Promise.all([1, 2, 3].map((number) => ctx.runStep("double", { number }))),

  async settled(ctx) {
    const runs = [ctx.runStep("refuse", {}), ctx.runStep("double", { number: 2 })];
    const [refused, doubled] = await Promise.allSettled(runs);
    return [refused.reason.code, doubled.value];
  },
};

const conformance = {
  id: "conformance",
  title: "Conformance",
  // What else is in the input is not read: numbers that JavaScript cannot hold, for instance.
  input: s.object({ do: s.string(), key: s.string().optional(), text: s.string().optional() }),
  retry: { retries: 3, delayMs: 0 },
  run: (ctx, input) => cases[input.do](ctx, input),
};

/** Run by the case `children`: asks by what to multiply odd numbers. */
const double = {
  id: "double",
  async run(ctx, { number }) {
    const { by } = number % 2 === 0 ? { by: 2 } : await ctx.suspend({ number }, { labels: [`double-${number}`] });
    return number * by;
  },
};

const refuse = {
  id: "refuse",
  run() {
    throw new StepError("never", { code: "refused" });
  },
};

export const guest = steps(conformance, double, refuse);
