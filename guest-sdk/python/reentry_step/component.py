"""The three functions that the host calls, for whichever steps were defined."""

import inspect
import sys
import traceback
from typing import Any

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import types as wit

from . import call, environment, tasks, waits
from .context import Context
from .definition import definitions
from .errors import Bail, StepError, describe
from .json_text import read, write

_task: tasks.Task | None = None


class Guest(exports.Guest):
    """What the component exports."""

    def describe(self) -> list[wit.Descriptor]:
        return [definition.descriptor for definition in definitions.values()]

    def start(self, invocation: wit.Invocation) -> wit.Outcome:
        _enter(invocation.facts)
        return _settled(lambda: _begin(invocation))

    def resume(self, resumption: wit.Resumption) -> wit.Outcome:
        _enter(resumption.facts)
        return _settled(lambda: _go_on(resumption))


def _enter(facts: wit.Facts) -> None:
    call.begin(facts)
    environment.reseed(facts.entropy)


def _begin(invocation: wit.Invocation) -> None:
    global _task
    id = invocation.facts.step
    definition = definitions.get(id)
    if definition is None:
        known = ", ".join(definitions)
        raise StepError(f"there is no step {id} in this component; it has {known}", code="unknown-step")
    _task = tasks.Task(_body(definition.run, invocation.input))


async def _body(run: Any, input: str) -> Any:
    output = run(Context(input), read(input))
    return await output if inspect.isawaitable(output) else output


def _go_on(resumption: wit.Resumption) -> None:
    if _task is None:
        lost = (
            f"step {resumption.facts.step} was resumed in an instance in which it is not waiting: "
            "its memory was not put back"
        )
        raise StepError(lost, code="not-waiting")
    waits.deliver(resumption.resolved)


def _settled(act: Any) -> wit.Outcome:
    """Does something, runs all that can run then, and says how the call ends."""
    try:
        act()
        tasks.drain()
        return _outcome()
    except Bail as bail:
        return wit.Outcome_Bailed(bail.text)
    except StepError as error:
        raise Err(_failure(error)) from None
    except Exception as error:
        traceback.print_exception(error, file=sys.stderr)
        raise Err(_failure(StepError(describe(error)))) from None
    finally:
        environment.flush()


def _outcome() -> wit.Outcome:
    assert _task is not None
    if _task.done:
        return wit.Outcome_Completed(write("the output", _task.result()))
    open_waits = waits.listed()
    if not open_waits:
        stuck = (
            "the step is pending, but waits for nothing that the host could deliver; "
            "it may await only what its context gave it"
        )
        raise StepError(stuck, code="stuck")
    return wit.Outcome_Suspended(wit.Suspension(open_waits, wit.Wake.ANY))


def _failure(error: StepError) -> wit.Failure:
    return wit.Failure(
        message=describe(error),
        code=error.code,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        details=None if error.details is None else write("the details", error.details),
    )
