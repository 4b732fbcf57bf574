"""Steps from their start to their end, without a host."""

import sys
import unittest
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).parents[1]))

from reentry_step import Context, StepError, step, testing  # noqa: E402
from reentry_step.definition import definition_of  # noqa: E402
from reentry_step.typed import NoForm  # noqa: E402


@dataclass
class Question:
    about: str


@dataclass
class Answer:
    read: int
    note: Optional[str] = None


@step("typed")
async def typed(ctx: Context[Question, Answer], about: str) -> int:
    answer = await ctx.suspend(Question(about))
    if answer.read > 9:
        ctx.refuse(f"{answer.read} is too much")
    return answer.read


@step("of-its-own-type")
async def of_its_own_type(ctx: Context, _: Any) -> Any:
    return await ctx.suspend("sure?", bool, labels=["a"])


@step("gathers")
async def gathers(ctx: Context[str, Answer], _: Any) -> Any:
    return await ctx.gather(ctx.suspend("a"), return_exceptions=True)


@step("refuses-late")
async def refuses_late(ctx: Context, _: Any) -> Any:
    await ctx.suspend("a")
    await ctx.sleep(1)
    ctx.refuse("too late")


@step("patient")
async def patient(ctx: Context[str, int], default: Any) -> Any:
    try:
        if default is None:
            return await ctx.suspend("soon", within=timedelta(seconds=5))
        return await ctx.suspend("soon", within=5, otherwise=default)
    except StepError as error:
        return error.code


@step("others")
async def others(ctx: Context, _: Any) -> Any:
    paid = await ctx.event("paid", int, key="7")
    child = await ctx.run_step("typed", "x", int)
    await ctx.checkpoint()
    ctx.state.set("sum", paid + child)
    ctx.info("added", {"to": "sum"})
    return ctx.state.get("sum")


@step("forgets")
async def forgets(ctx: Context, what: str) -> Any:
    async def ask() -> Any:
        return await ctx.suspend("sure?")

    if what == "wait":
        ctx.suspend({"pay": 100})
    elif what == "coroutine":
        ask()
    elif what == "value":
        return ctx.suspend("a").read
    elif what == "truth":
        return "yes" if ctx.suspend("a") else "no"
    elif what == "output":
        return {"answer": ctx.suspend("a")}
    elif what == "closed":
        ctx.suspend("a").close()
    elif what == "bail":
        ctx.sleep(5)
        ctx.bail("over")
    elif what == "raced":
        return await ctx.race(ctx.suspend("a"), ctx.sleep(1), ask())
    elif what == "later":
        sleep = ctx.sleep(1)
        await ctx.suspend("a")
        await sleep
    return "done"


@step("breaks")
async def breaks(_ctx: Context, how: str) -> Any:
    if how == "exit":
        sys.exit(3)
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "foreign":
        import asyncio

        await asyncio.sleep(1)
    if how == "cause":
        try:
            raise KeyError("a")
        except KeyError as error:
            raise StepError("no price", code="no-price") from error
    return {}[how]


class Steps(unittest.TestCase):
    def failed(self, run: testing.Run, code: Optional[str], words: str) -> None:
        failure = run.failure
        assert failure is not None, run.status
        self.assertEqual((failure.code, failure.retryable), (code, False), failure)
        self.assertRegex(failure.message, words)

    def test_answers_are_read_into_their_type(self) -> None:
        run = testing.start(typed, "lamps")
        self.assertEqual(run.question, {"about": "lamps"})
        self.assertEqual(run.answer({"read": 2.0}).output, 2)
        self.assertIs(testing.start(of_its_own_type).answer(True, label="a").output, True)

    def test_what_does_not_fit_is_refused_with_its_place(self) -> None:
        with self.assertRaisesRegex(testing.Refused, "the answer does not fit Answer: /read: 2.5 is not a whole number"):
            testing.start(typed, "lamps").answer({"read": 2.5})
        with self.assertRaisesRegex(testing.Refused, "^10 is too much$"):
            testing.start(typed, "lamps").answer({"read": 10})
        with self.assertRaisesRegex(testing.Refused, "/read: null is not a whole number"):
            testing.start(gathers).answer({"read": None})
        self.failed(testing.start(typed, 7), "bad-input", "the input does not fit str: 7 is not a text")
        late = testing.start(refuses_late).answer({}).pass_time(1)
        self.failed(late, "nothing-to-refuse", r"no answer to refuse.*\(test_steps.py:\d+\)")

    def test_deadlines(self) -> None:
        self.assertEqual(testing.start(patient).pass_time(5).output, "timed-out")
        self.assertEqual(testing.start(patient, 3).pass_time(5).output, 3)
        self.assertEqual(testing.start(patient, 3).answer(4).output, 4)
        self.assertEqual(testing.start(patient, "x").output, "bad-default")

    def test_other_waits(self) -> None:
        run = testing.start(others, state={"sum": 1})
        run.event("paid", 2, key="7").complete("typed", 3).pass_time(0)
        self.assertEqual((run.output, run.state), (5, {"sum": 5}))
        self.assertEqual(run.log, [("info", "added", {"to": "sum"})])
        wrong = testing.start(others).event("paid", "two", key="7")
        self.failed(wrong, "bad-event", 'the event paid 7 does not fit int: "two" is not a whole number')
        self.assertEqual(wrong.failure and wrong.failure.details, {"wait": 1})
        wrong = testing.start(others).event("paid", 2, key="7").complete("typed", None)
        self.failed(wrong, "bad-result", "the output of the step typed does not fit int: null is not a whole number")

    def test_what_is_forgotten_is_named(self) -> None:
        place = r"\(test_steps.py:\d+\)"
        self.failed(testing.start(forgets, "wait"), "unawaited-wait", f'without awaiting the answer to {{"pay":100}} {place}')
        self.failed(testing.start(forgets, "coroutine"), "unawaited-wait", rf"without awaiting ask\(\) {place}")
        self.failed(testing.start(forgets, "value"), None, rf'AttributeError: the answer to "a" {place}.read is used before it is there')
        self.failed(testing.start(forgets, "truth"), None, "TypeError.*write `await`")
        self.failed(testing.start(forgets, "output"), "not-json", "/answer: a value of type Wait.*is an `await` missing?")
        self.failed(testing.start(forgets, "bail"), "unawaited-wait", "the end of a sleep")

    def test_what_is_awaited_or_closed_is_not_forgotten(self) -> None:
        self.assertEqual(testing.start(forgets, "closed").output, "done")
        self.assertEqual(testing.start(forgets, "raced").pass_time(1).output, None)
        late = testing.start(forgets, "later").pass_time(1).answer(1)
        self.assertEqual(late.output, "done")

    def test_however_a_step_breaks_it_fails_with_words_and_a_place(self) -> None:
        self.failed(testing.start(breaks, "key"), None, r"^KeyError: 'key' \(test_steps.py:\d+\)$")
        self.failed(testing.start(breaks, "exit"), "exit", r"sys.exit\(3\); return its output, or raise StepError \(test_steps.py:\d+\)")
        self.failed(testing.start(breaks, "interrupt"), "interrupted", r"KeyboardInterrupt.*\(test_steps.py:\d+\)")
        self.failed(testing.start(breaks, "foreign"), None, r"ctx.sleep.*\(test_steps.py:\d+\)")
        self.failed(testing.start(breaks, "cause"), "no-price", "^no price: KeyError: 'a'$")


class Definitions(unittest.TestCase):
    def test_the_signature_says_the_schemas(self) -> None:
        definition = definition_of(typed)
        definition.complete()
        self.assertEqual(definition.schemas["input"], '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"string"}')
        self.assertIn('"required":["read"]', definition.schemas["resume"])
        self.assertIn('"required":["about"]', definition.schemas["suspend"])
        self.assertNotIn("input", definition_of(others).schemas)

    def test_what_cannot_be_a_step_says_so(self) -> None:
        with self.assertRaisesRegex(ValueError, r"'a b' is no id for a step.*\(test_steps.py:\d+\)"):
            step("a b")
        with self.assertRaisesRegex(ValueError, r"there are two steps typed; the other one is at test_steps.py:\d+"):
            step("typed")(lambda ctx, input: None)
        with self.assertRaisesRegex(NoForm, r"step bad: the type of its input: `timedelta` has no form in JSON.*\(test_steps.py:\d+\)"):

            @step("bad")
            async def bad(_ctx: Context, _input: timedelta) -> None: ...

            definition_of(bad).complete()
        with self.assertRaisesRegex(NoForm, "step short: `short` takes 1 arguments"):

            @step("short")
            async def short(_ctx: Context) -> None: ...

            definition_of(short).complete()


if __name__ == "__main__":
    unittest.main()
