// What the types say, checked by tsc alone: a line after `@ts-expect-error` must not have the types it claims.

import { type Context, type Out, s, step, steps } from "reentry-step";
import { start } from "reentry-step/testing";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>() => {};

const Order = s.object({
  item: s.string(),
  count: s.integer().default(1),
  size: s.enum("s", "m").optional(),
  big: s.bigint(),
  tags: s.array(s.string()).nullable(),
  either: s.union(s.literal(1), s.boolean()),
  by: s.record(s.number()).describe("prices"),
});
is<
  Same<
    Out<typeof Order>,
    {
      item: string;
      count: number;
      big: bigint;
      tags: string[] | null;
      either: boolean | 1;
      by: { [key: string]: number };
      size?: "s" | "m";
    }
  >
>();

const buy = step(
  {
    id: "buy",
    input: Order,
    suspend: s.object({ item: s.string() }),
    answer: s.object({ approved: s.boolean(), comment: s.string().optional() }),
    output: s.object({ bought: s.string() }),
  },
  async (ctx, order) => {
    is<Same<typeof order, Out<typeof Order>>>();
    const answer = await ctx.suspend({ item: order.item });
    is<Same<typeof answer, { approved: boolean; comment?: string }>>();
    // @ts-expect-error the payload has no items
    await ctx.suspend({ items: 1 });
    // @ts-expect-error a wait is no answer
    ctx.suspend({ item: "" }).approved;
    const count = await ctx.suspend({ item: "" }, { schema: s.integer(), withinMs: 5, otherwise: 7 });
    is<Same<typeof count, number>>();
    const paid = await ctx.event("paid", { schema: s.object({ cents: s.integer() }) });
    is<Same<typeof paid, { cents: number }>>();
    const raw = await ctx.event("paid", { raw: true });
    is<Same<typeof raw.text, string>>();
    if (count === 0) {
      ctx.refuse("none");
    }
    return { bought: order.item };
  },
);

const parent = step({ id: "parent" }, async (ctx) => {
  const { bought } = await ctx.runStep(buy, { item: "", count: 1, big: 1n, tags: null, either: true, by: {} });
  is<Same<typeof bought, string>>();
  const untyped = await ctx.suspend({ anything: 1 });
  is<Same<typeof untyped, any>>();
  const typed = await ctx.suspend<{ yes: boolean }>({});
  is<Same<typeof typed, { yes: boolean }>>();
});

// @ts-expect-error the output is a text
step({ id: "wrong", output: s.object({ bought: s.string() }) }, async () => ({ bought: 7 }));

// Schemas of other packages, by their types.
interface Foreign<I, O> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { value: O } | { issues: readonly { message: string }[] };
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}
declare const foreign: Foreign<string, Date>;
declare const typebox: { type: "object"; static: { n: number } };
step({ id: "foreign", input: foreign, answer: typebox, output: foreign }, async (ctx, date) => {
  is<Same<typeof date, Date>>();
  const { n } = await ctx.suspend(1);
  is<Same<typeof n, number>>();
  return "a text";
});

export const guest = steps(buy, parent, { id: "plain", run: (ctx: Context) => ctx.runId });

const run = await start(buy, { item: "a lamp", count: 1, big: 1n, tags: null, either: 1, by: {} });
is<Same<typeof run.output, { bought: string }>>();

// What is there, and what is not.
console.log(new TextEncoder().encode("é"), performance.now(), crypto.randomUUID(), btoa("a"), setTimeout(() => {}, 1));
// @ts-expect-error a step has no network
fetch("https://example.com");
// @ts-expect-error a step has no process
process.env.HOME;
// @ts-expect-error a step has no timers that repeat
setInterval(() => {}, 1);
