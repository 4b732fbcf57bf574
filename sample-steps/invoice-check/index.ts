// Checks an invoice line by line: sums are reckoned with decimal numbers, and each line whose sum is not what the invoice says
// is asked about. The running total, a value of a package, stays in memory over the questions.

import Decimal from "decimal.js";
import { step, steps } from "reentry-step";
import * as z from "zod";

/** Decimal numbers travel as texts: 0.1 is no number that JavaScript has. */
const amount = z.string().regex(/^-?[0-9]+(\.[0-9]+)?$/).transform((text) => new Decimal(text));

const Line = z.object({ item: z.string(), quantity: z.int(), price: amount, sum: amount });

const check = step(
  {
    id: "invoice-check",
    title: "Check an invoice",
    description: "Reckons the lines of an invoice and asks about those that are wrong.",
    input: z.object({ lines: z.array(Line) }),
    suspend: z.object({ line: z.int(), item: z.string(), stated: z.string(), reckoned: z.string(), totalSoFar: z.string() }),
    answer: z.object({ take: z.enum(["stated", "reckoned"]) }),
    output: z.object({ total: z.string(), lines: z.int(), corrected: z.int() }),
  },
  async (ctx, { lines }) => {
    let total = new Decimal(0);
    let corrected = 0;
    for (const [index, { item, quantity, price, sum: stated }] of lines.entries()) {
      const reckoned = price.times(quantity);
      if (reckoned.equals(stated)) {
        total = total.plus(stated);
        continue;
      }
      const question = {
        line: index + 1,
        item,
        stated: stated.toFixed(2),
        reckoned: reckoned.toFixed(2),
        totalSoFar: total.toFixed(2),
      };
      const { take } = await ctx.suspend(question, { labels: [`line-${index + 1}`] });
      corrected += take === "reckoned" ? 1 : 0;
      total = total.plus(take === "reckoned" ? reckoned : stated);
    }
    return { total: total.toFixed(2), lines: lines.length, corrected };
  },
);

export const guest = steps(check);
