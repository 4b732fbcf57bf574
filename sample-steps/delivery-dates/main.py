"""Plans weekly deliveries and asks about those that fall on a holiday.

The rule that makes the dates is an iterator of a package, consumed in part. It stays in memory over the questions.
"""

from datetime import date, datetime, timedelta
from typing import Any

from dateutil.easter import easter
from dateutil.rrule import WEEKLY, rrule
from reentry_step import Context, step

INPUT = {
    "type": "object",
    "required": ["from", "deliveries"],
    "properties": {
        "from": {"type": "string", "format": "date"},
        "deliveries": {"type": "integer", "minimum": 1, "maximum": 1000},
    },
}
ANSWER = {
    "type": "object",
    "required": ["do"],
    "properties": {"do": {"enum": ["deliver", "skip", "day-after"]}},
}


def holiday(day: date) -> str | None:
    """The name of the holiday that a day is."""
    fixed = {(1, 1): "New Year", (12, 25): "Christmas Day", (12, 26): "Boxing Day"}
    moving = {easter(day.year) - timedelta(days=2): "Good Friday", easter(day.year) + timedelta(days=1): "Easter Monday"}
    return fixed.get((day.month, day.day)) or moving.get(day)


@step(
    "delivery-dates",
    title="Plan deliveries",
    description="Plans weekly deliveries and asks about those that fall on a holiday.",
    input_schema=INPUT,
    resume_schema=ANSWER,
)
async def plan(ctx: Context, input: dict[str, Any]) -> dict[str, Any]:
    dates: list[str] = []
    asked = 0
    weekly = iter(rrule(WEEKLY, dtstart=datetime.fromisoformat(input["from"])))
    while len(dates) < input["deliveries"]:
        day = next(weekly).date()
        name = holiday(day)
        if name is not None:
            asked += 1
            answer = await ctx.suspend({"date": day.isoformat(), "holiday": name, "planned": len(dates)})
            if answer["do"] == "skip":
                continue
            if answer["do"] == "day-after":
                day += timedelta(days=1)
        dates.append(day.isoformat())
    return {"dates": dates, "asked": asked}
