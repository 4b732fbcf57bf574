"""What a running step talks to: the world outside, as far as a step may see it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from componentize_py_types import Err
from wit_world.imports import host
from wit_world.imports import types as wit

from . import tasks, waits
from .call import Facts, facts
from .errors import Bail, of_failure
from .json_text import read, write
from .tasks import Awaited

_UNSET: Any = object()

Instant = datetime | int | float
"""A `datetime` with time zone, or milliseconds since 1970."""


class Shared:
    """Keys and values that the whole run shares."""

    def __init__(self, everything: Callable[[], str], put: Callable[[str, str], None]) -> None:
        self._everything = everything
        self._put = put

    def all(self) -> dict[str, Any]:
        """All of them, with what this call has set so far."""
        return read(self._everything())

    def get(self, key: str, default: Any = None) -> Any:
        return self.all().get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Sets one key. It is kept when the call ends without failure."""
        text = write(f"the value of `{key}`", value)
        try:
            self._put(key, text)
        except Err as refused:
            raise of_failure(refused.value) from None


class Context:
    """The step's link to its host.

    What its methods return is of the present call: do not keep facts or the time over an `await`, ask again.
    """

    def __init__(self, input_text: str) -> None:
        #: The input as the JSON text that it came in.
        self.input_text = input_text
        #: The workflow's shared state.
        self.state = Shared(lambda: host.state(), lambda key, value: host.set_state(key, value))
        #: What the caller of start or resume knows and the input does not say.
        self.request_context = Shared(
            lambda: host.request_context(), lambda key, value: host.set_request_context(key, value)
        )

    # Waiting. Each of these begins at once; the step is put away when it can do nothing but wait.

    def suspend(
        self,
        payload: Any,
        *,
        labels: Sequence[str] = (),
        schema: Any = None,
        deadline: Instant | None = None,
        within: timedelta | float | None = None,
        otherwise: Any = _UNSET,
        raw: bool = False,
    ) -> Awaited[Any]:
        """Waits for an answer to `payload`.

        `labels` are names by which the answer may be addressed; `schema` is a JSON Schema for this very answer. After
        `deadline`, or `within` so many seconds, the wait ends with a `StepError` that has `timed_out`, or with the answer
        `otherwise`. With `raw` the answer is given as `RawJson`.
        """
        text = write("the payload", payload)
        schema_text = None if schema is None else write("the schema of the answer", schema)
        return waits.answer(text, list(labels), schema_text, _deadline(deadline, within, otherwise), raw)

    def sleep(self, duration: timedelta | float) -> Awaited[None]:
        """Waits this long: a `timedelta`, or seconds."""
        return waits.time(self.now() + _ms(duration))

    def sleep_until(self, at: Instant) -> Awaited[None]:
        """Waits until an instant."""
        return waits.time(_instant(at))

    def checkpoint(self) -> Awaited[None]:
        """Makes durable what has been done so far, and goes on at once: a crash later on comes back to here."""
        return waits.checkpoint()

    def event(
        self,
        name: str,
        *,
        key: str | None = None,
        deadline: Instant | None = None,
        within: timedelta | float | None = None,
        raw: bool = False,
    ) -> Awaited[Any]:
        """Waits for an event that some system sends to the host under this name, and this key if there is one."""
        return waits.event(name, key, _deadline(deadline, within, _UNSET), raw)

    def run_step(self, id: str, input: Any, *, raw: bool = False) -> Awaited[Any]:
        """Has the host run another step of this component, and waits for its output."""
        return waits.child(wit.RunTarget_Step(id), write("the input of the step", input), raw)

    def run_workflow(self, id: str, input: Any, *, raw: bool = False) -> Awaited[Any]:
        """Has the host run a workflow, and waits for its result."""
        return waits.child(wit.RunTarget_Workflow(id), write("the input of the workflow", input), raw)

    async def gather(self, *awaitables: Awaitable[Any], return_exceptions: bool = False) -> list[Any]:
        """Awaits waits and coroutines together; gives their results in order. The first error closes the others, unless
        errors are to be among the results."""
        return await tasks.gather(awaitables, return_exceptions)

    async def race(self, *awaitables: Awaitable[Any]) -> Any:
        """Awaits the first of several waits and coroutines; the others are closed."""
        return await tasks.race(awaitables)

    def bail(self, result: Any) -> NoReturn:
        """Ends the workflow that the step stands in, successfully, with this result."""
        raise Bail(write("the result", result))

    # The facts of the present call.

    @property
    def facts(self) -> Facts:
        """All of them."""
        return facts()

    @property
    def run_id(self) -> str:
        """The run that the call belongs to."""
        return facts().run_id

    @property
    def attempt(self) -> int:
        """Tries of this call before this one: 0 at the first."""
        return facts().attempt

    @property
    def idempotency_key(self) -> str:
        """The same at each try of one call, and different for each call."""
        return facts().idempotency_key

    # The host's services.

    def now(self) -> int:
        """The host's clock, in milliseconds since 1970."""
        return host.now()

    def random(self, length: int) -> bytes:
        """Random bytes fit for secrets, at most 65,536; asking for more traps."""
        return host.random(length)

    def cancelled(self) -> bool:
        """Whether somebody asked for the run to be cancelled. A long call looks now and then, and returns."""
        return host.cancelled()

    def emit(self, chunk: Any) -> None:
        """Sends a chunk to whoever watches the run. It is not stored."""
        host.emit(write("the chunk", chunk))

    def log(self, level: str, message: str, fields: dict[str, Any] | None = None) -> None:
        """Adds a line to the run's log. The level is trace, debug, info, warn or error."""
        text = None if fields is None else write("the fields", fields)
        host.log(host.Level[level.upper()], message, text)

    def debug(self, message: str, fields: dict[str, Any] | None = None) -> None:
        self.log("debug", message, fields)

    def info(self, message: str, fields: dict[str, Any] | None = None) -> None:
        self.log("info", message, fields)

    def warn(self, message: str, fields: dict[str, Any] | None = None) -> None:
        self.log("warn", message, fields)

    def error(self, message: str, fields: dict[str, Any] | None = None) -> None:
        self.log("error", message, fields)

    # What the run knows besides the input.

    def step_result(self, path: str) -> Any:
        """The output of a step of this run, by its path as seen from the top of the workflow. None if it is not done."""
        text = host.step_result(path)
        return None if text is None else read(text)

    def init_data(self) -> Any:
        """The input of the workflow."""
        return read(host.init_data())


def _deadline(at: Instant | None, within: timedelta | float | None, otherwise: Any) -> wit.Deadline | None:
    if at is None and within is None:
        return None
    at_ms = _instant(at) if at is not None else host.now() + _ms(within)
    if otherwise is _UNSET:
        return wit.Deadline(at_ms, wit.DeadlineOutcome_TimeOut())
    return wit.Deadline(at_ms, wit.DeadlineOutcome_Answer(write("the default answer", otherwise)))


def _ms(duration: timedelta | float | None) -> int:
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration or 0)
    return max(0, round(seconds * 1000))


def _instant(at: Instant) -> int:
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise ValueError("an instant needs a time zone: datetime(..., tzinfo=UTC)")
        return max(0, round(at.timestamp() * 1000))
    return max(0, round(at))
