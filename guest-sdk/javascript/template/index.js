// Asks whether to buy something.

import { StepError, steps } from "reentry-step";

async function buy(ctx, order) {
  const answer = await ctx.suspend({ item: order.item }, { labels: ["buyer"] }); // Days may pass here.
  if (!answer.approved) {
    throw new StepError("the buyer said no", { code: "refused" });
  }
  return { bought: order.item };
}

export const guest = steps({ id: "{{name}}", title: "Buy something", run: buy });
