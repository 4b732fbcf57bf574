// A step for each mistake.

import { StepError, s, step, steps } from "reentry-step";

const order = { input: s.object({ item: s.string(), cents: s.integer().optional() }), answer: s.object({ approved: s.boolean() }) };

const mistakes = {
  "forgotten-await": async (ctx, input) => {
    const answer = ctx.suspend({ item: input.item });
    return answer.approved ? "bought" : "not bought";
  },
  "floating-sleep": async (ctx) => {
    ctx.sleep(1000);
    return "done";
  },
  print: async () => {
    console.log("bought", { item: "a lamp" });
  },
  fetch: async () => {
    const response = await fetch("https://example.com");
    return response.status;
  },
  environment: () => process.env.HOME,
  require: () => {
    const name = ["f", "s"].join("");
    return require(name).readFileSync("/etc/hostname");
  },
  worker: () => new Worker("worker.js"),
  interval: (ctx) => setInterval(() => ctx.info("still here"), 1000),
  exit: () => process.exit(1),
  uncaught: async (_, input) => {
    const total = (lines) => lines.length;
    return total(input.lines);
  },
  "thrown-text": () => {
    throw "no luck";
  },
  "unnoticed-rejection": async (ctx) => {
    const check = async () => {
      throw new StepError("the check failed");
    };
    check();
    await ctx.suspend({});
  },
  stuck: () => new Promise(() => {}),
  "stack-overflow": () => {
    const deeper = (n) => deeper(n + 1) + 1;
    return deeper(0);
  },
  "out-of-memory": () => {
    const all = [];
    for (;;) {
      all.push(new Uint8Array(1 << 20).fill(1));
    }
  },
  "infinite-loop": () => {
    for (;;) {}
  },
  "read-by-hand": async (ctx) => {
    const answer = await ctx.suspend({ question: "how many?" }, { schema: true });
    return answer.count.toFixed(0);
  },
  "whole-number": async (ctx) => (await ctx.suspend({}, { schema: { type: "number" } })) + 1,
  refused: async (ctx) => {
    const { approved } = await ctx.suspend({});
    if (approved) {
      ctx.refuse("the budget is spent; say no");
    }
    return "not bought";
  },
  "not-a-number": () => ({ lines: [{ price: 1 / 0 }] }),
  function: () => ({ total: () => 1 }),
  cycle: () => {
    const node = { name: "a" };
    node.children = [{ parent: node }];
    return node;
  },
  map: () => ({ prices: new Map([["lamp", 5]]) }),
  promise: () => ({ later: Promise.resolve(1) }),
  "half-a-character": () => ({ title: "A lamp 💡".slice(0, 8) }),
  "bad-default": async (ctx) => ctx.suspend({}, { withinMs: 1000, otherwise: { approved: "no" } }),
};

/** What they say of themselves beside their ids. */
const others = { "read-by-hand": {}, "whole-number": {}, "infinite-loop": { timeoutMs: 500 } };

export const guest = steps(...Object.entries(mistakes).map(([id, run]) => step({ id, ...(others[id] ?? order) }, run)));
