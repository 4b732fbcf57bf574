// The conformance step: one behaviour in every language. tests/languages.rs says what it must do.

import { StepError, rawJson, steps } from "reentry-step";

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
    const look = () => ({ now: Date.now(), random: [...crypto.getRandomValues(new Uint8Array(8))] });
    await ctx.suspend(look());
    return look();
  },

  async sleep(ctx) {
    await ctx.sleep(1);
    return { slept: true };
  },

  event: (ctx, input) => ctx.event("paid", { key: input.key }),
};

export const guest = steps({
  id: "conformance",
  title: "Conformance",
  retry: { retries: 3, delayMs: 0 },
  run: (ctx, input) => cases[input.do](ctx, input),
});
