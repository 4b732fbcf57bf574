// Asks whether to buy something.

import { StepError, s, step, steps } from "reentry-step";

export const ask = step(
  {
    id: "{{name}}",
    title: "{{heading}}",
    input: s.object({ item: s.string() }),
    suspend: s.object({ item: s.string() }),
    answer: s.object({ approved: s.boolean(), comment: s.string().optional() }),
    output: s.object({ bought: s.string(), comment: s.string().optional() }),
  },
  async (ctx, { item }) => {
    const { approved, comment } = await ctx.suspend({ item }); // Days may pass here.
    if (!approved) {
      throw new StepError(comment ?? "the buyer said no", { code: "refused" });
    }
    return { bought: item, comment };
  },
);

export const guest = steps(ask);
