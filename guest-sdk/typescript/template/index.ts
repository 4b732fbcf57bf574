// Asks whether to buy something.

import { type Context, StepError, steps } from "reentry-step";

interface Order {
  item: string;
}

async function buy(ctx: Context, order: Order) {
  const answer = await ctx.suspend<{ approved: boolean }>({ item: order.item }, { labels: ["buyer"] }); // Days may pass here.
  if (!answer.approved) {
    throw new StepError("the buyer said no", { code: "refused" });
  }
  return { bought: order.item };
}

export const guest = steps({ id: "{{name}}", title: "Buy something", run: buy });
