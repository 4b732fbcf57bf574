// Checks an invoice line by line: sums are reckoned with decimal numbers, and each line whose sum is not what the invoice says
// is asked about. The running total, a value of a package, stays in memory over the questions.

import Decimal from "decimal.js";
import { type Context, steps } from "reentry-step";

interface Line {
  item: string;
  quantity: number;
  /** Decimal numbers travel as texts: 0.1 is no number that JavaScript has. */
  price: string;
  sum: string;
}

interface Question {
  line: number;
  item: string;
  stated: string;
  reckoned: string;
  totalSoFar: string;
}

interface Answer {
  take: "stated" | "reckoned";
}

async function check(ctx: Context, { lines }: { lines: Line[] }) {
  let total = new Decimal(0);
  let corrected = 0;
  for (const [index, { item, quantity, price, sum }] of lines.entries()) {
    const reckoned = new Decimal(price).times(quantity);
    const stated = new Decimal(sum);
    if (reckoned.equals(stated)) {
      total = total.plus(stated);
      continue;
    }
    const question: Question = {
      line: index + 1,
      item,
      stated: stated.toFixed(2),
      reckoned: reckoned.toFixed(2),
      totalSoFar: total.toFixed(2),
    };
    const { take } = await ctx.suspend<Answer>(question, { labels: [`line-${index + 1}`] });
    corrected += take === "reckoned" ? 1 : 0;
    total = total.plus(take === "reckoned" ? reckoned : stated);
  }
  return { total: total.toFixed(2), lines: lines.length, corrected };
}

const text = { type: "string" };
const amount = { type: "string", pattern: "^-?[0-9]+(\\.[0-9]+)?$" };

export const guest = steps({
  id: "invoice-check",
  title: "Check an invoice",
  description: "Reckons the lines of an invoice and asks about those that are wrong.",
  schemas: {
    input: {
      type: "object",
      required: ["lines"],
      properties: {
        lines: {
          type: "array",
          items: {
            type: "object",
            required: ["item", "quantity", "price", "sum"],
            properties: { item: text, quantity: { type: "integer" }, price: amount, sum: amount },
          },
        },
      },
    },
    resume: { type: "object", required: ["take"], properties: { take: { enum: ["stated", "reckoned"] } } },
  },
  run: check,
});
