"""One step, from call to call: what begins it, what goes on with it, and what a call comes to. Knows no component."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import call, tasks, waits
from .context import Context
from .definition import definitions
from .errors import Bail, Refusal, StepError, failure_of, traced
from .json_text import Unreadable, write
from .typed import read_as

_task: tasks.Task[Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What a call came to: completed or bailed with a JSON text, suspended with waits, or failed."""

    kind: str
    text: str = ""
    open_waits: tuple[waits.Wait, ...] = ()
    failure: StepError | None = None


def start(facts: call.Facts, host: call.Host, input: str) -> Outcome:
    """Begins the step that the facts name."""
    call.begin(facts, host)
    return _settled(lambda: _begin(facts.step, input))


def resume(facts: call.Facts, host: call.Host, resolved: list[tuple[int, waits.Resolution]]) -> Outcome:
    """Goes on with the step that waits in this memory."""
    call.begin(facts, host)
    return _settled(lambda: _go_on(facts.step, resolved))


def _begin(id: str, input: str) -> None:
    global _task
    definition = definitions.get(id)
    if definition is None:
        known = ", ".join(definitions)
        raise StepError(f"there is no step {id} in this component; it has {known}", code="unknown-step")
    try:
        value = read_as(definition.input, input)
    except Unreadable as flaw:
        raise StepError(waits.unfit("the input", definition.input, flaw), code="bad-input") from None
    _task = tasks.Task(_body(definition.run, Context(input, definition.answer), value))


async def _body(run: Any, context: Context[Any, Any], input: Any) -> Any:
    output = run(context, input)
    return await output if inspect.isawaitable(output) else output


def _go_on(id: str, resolved: list[tuple[int, waits.Resolution]]) -> None:
    if _task is None:
        lost = f"step {id} was resumed in an instance in which it is not waiting: its memory was not put back"
        raise StepError(lost, code="not-waiting")
    waits.deliver(resolved)


def _settled(act: Callable[[], None]) -> Outcome:
    """Does something, runs all that can run then, and says how the call ends."""
    try:
        act()
        tasks.drain()
        return _outcome()
    except Bail as bail:
        return _unless_forgetful(Outcome("bailed", bail.text))
    except Refusal as refusal:
        return Outcome("failed", failure=refusal.failure)
    except BaseException as error:  # noqa: BLE001 - whatever ends a step, its host hears of it
        if not isinstance(error, StepError):
            call.host().log("error", traced(error), None)
        return Outcome("failed", failure=failure_of(error))


def _outcome() -> Outcome:
    assert _task is not None
    if _task.done:
        return _unless_forgetful(Outcome("completed", write("the output", _task.result())))
    still_open = waits.listed()
    if not still_open:
        stuck = (
            "the step is pending, but waits for nothing that the host could deliver; "
            "it may await only what its context gave it"
        )
        raise StepError(stuck, code="stuck")
    return Outcome("suspended", open_waits=tuple(still_open))


def _unless_forgetful(outcome: Outcome) -> Outcome:
    try:
        waits.check_awaited()
    except StepError as error:
        return Outcome("failed", failure=error)
    return outcome
