"""Asks whether to buy something."""

from typing import Any

from reentry_step import Context, StepError, step


@step("{{name}}", title="Buy something")
async def buy(ctx: Context, order: dict[str, Any]) -> dict[str, Any]:
    answer = await ctx.suspend({"item": order["item"]}, labels=["buyer"])  # Days may pass here.
    if not answer["approved"]:
        raise StepError("the buyer said no", code="refused")
    return {"bought": order["item"]}
