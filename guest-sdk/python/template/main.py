"""Asks whether to buy something."""

from dataclasses import dataclass

from reentry_step import Context, StepError, step


@dataclass
class Order:
    item: str


@dataclass
class Question:
    """What the one who answers gets to see."""

    item: str


@dataclass
class Answer:
    approved: bool
    comment: str | None = None


@dataclass
class Bought:
    bought: str
    comment: str | None


@step("{{name}}", title="{{heading}}")
async def buy(ctx: Context[Question, Answer], order: Order) -> Bought:
    answer = await ctx.suspend(Question(order.item))  # Days may pass here.
    if not answer.approved:
        raise StepError("the buyer said no", code="refused")
    return Bought(order.item, answer.comment)
