"""What a running step talks to: the world outside, as far as a step may see it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, NoReturn, TypeVar, overload

from . import call, tasks, waits
from .call import Facts, facts
from .errors import Bail, misuse
from .json_text import Unreadable, write
from .tasks import Awaited
from .typed import NoForm, read_as, schema_of

Question = TypeVar("Question")
Reply = TypeVar("Reply")
T = TypeVar("T")

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
        return _readable("the shared values", Any, self._everything())

    def get(self, key: str, default: Any = None) -> Any:
        """Returns one value, or a default."""
        return self.all().get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Sets one key. It is kept when the call ends without failure."""
        self._put(key, write(f"the value of `{key}`", value))


class Context(Generic[Question, Reply]):
    """The step's link to its host. `Context[Question, Answer]` says what the step asks with, and which answer it expects.

    What its methods return is of the present call: do not keep facts or the time over an `await`, ask again.
    """

    def __init__(self, input_text: str, answer: Any = Any) -> None:
        #: The input as the JSON text that it came in.
        self.input_text = input_text
        #: The workflow's shared state.
        self.state = Shared(lambda: call.host().state(), lambda key, value: call.host().set_state(key, value))
        #: What the caller of start or resume knows and the input does not say.
        self.request_context = Shared(
            lambda: call.host().request_context(), lambda key, value: call.host().set_request_context(key, value)
        )
        self._answer = answer

    # Waiting. Each of these begins at once; the step is put away when it can do nothing but wait.

    @overload
    def suspend(
        self,
        payload: Question,
        *,
        labels: Sequence[str] = (),
        schema: Any = None,
        deadline: Instant | None = None,
        within: timedelta | float | None = None,
        otherwise: Any = _UNSET,
        raw: bool = False,
    ) -> Awaited[Reply]: ...
    @overload
    def suspend(
        self,
        payload: Any,
        answer: type[T],
        *,
        labels: Sequence[str] = (),
        schema: Any = None,
        deadline: Instant | None = None,
        within: timedelta | float | None = None,
        otherwise: Any = _UNSET,
        raw: bool = False,
    ) -> Awaited[T]: ...
    def suspend(
        self,
        payload: Any,
        answer: Any = None,
        *,
        labels: Sequence[str] = (),
        schema: Any = None,
        deadline: Instant | None = None,
        within: timedelta | float | None = None,
        otherwise: Any = _UNSET,
        raw: bool = False,
    ) -> Any:
        """Waits for an answer to `payload`.

        The answer is read into the type `answer`, or else into that of the context. One that does not fit is given back to the
        one who gave it, and the question stays open.

        `labels` are names by which the answer may be addressed; `schema` is a JSON Schema for this very answer, in place of that of
        its type. After `deadline`, or `within` so many seconds, the wait ends with a `StepError` that has `timed_out`, or with the
        answer `otherwise`. With `raw` the answer is given as `RawJson`.
        """
        text = write("the payload", payload)
        if schema is None and answer is not None:
            schema = _schema("the answer", answer)
        schema_text = None if schema is None else write("the schema of the answer", schema)
        wanted = self._answer if answer is None else answer
        end = _deadline(deadline, within)
        if otherwise is not _UNSET:
            if end is None:
                raise misuse("`otherwise` needs a deadline: give `within` or `deadline`, too", "no-deadline")
            end = waits.Deadline(end.at_ms, write("the default answer", otherwise))
            if not raw:
                waits.check_default(wanted, end.answer or "")
        return waits.Wait(waits.Answer(text, tuple(labels), schema_text, end), wanted, raw)

    def refuse(self, reason: str) -> NoReturn:
        """Gives the last answer back to the one who gave it, with the reason: the question stays open, and what the step did since
        the answer is dropped.

        Only for an answer that came in this call: before the step waits again.
        """
        waits.refuse(reason)

    def sleep(self, duration: timedelta | float) -> Awaited[None]:
        """Waits this long: a `timedelta`, or seconds."""
        return waits.Wait(waits.Time(self.now() + _ms(duration)), None)

    def sleep_until(self, at: Instant) -> Awaited[None]:
        """Waits until an instant."""
        return waits.Wait(waits.Time(_instant(at)), None)

    def checkpoint(self) -> Awaited[None]:
        """Makes durable what has been done so far, and goes on at once: a crash later on comes back to here."""
        return waits.Wait(waits.Checkpoint(), None)

    def event(
        self,
        name: str,
        payload: Any = Any,
        *,
        key: str | None = None,
        deadline: Instant | None = None,
        within: timedelta | float | None = None,
        raw: bool = False,
    ) -> Awaited[Any]:
        """Waits for an event that some system sends to the host under this name, and this key if there is one. Reads what comes with
        it into the type `payload`."""
        return waits.Wait(waits.Event(name, key, _deadline(deadline, within)), payload, raw)

    def run_step(self, id: str, input: Any, output: Any = Any, *, raw: bool = False) -> Awaited[Any]:
        """Has the host run another step of this component, and waits for its output, of the type `output`."""
        return waits.Wait(waits.Child("step", id, write("the input of the step", input)), output, raw)

    def run_workflow(self, id: str, input: Any, output: Any = Any, *, raw: bool = False) -> Awaited[Any]:
        """Has the host run a workflow, and waits for its result, of the type `output`."""
        return waits.Wait(waits.Child("workflow", id, write("the input of the workflow", input)), output, raw)

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
        return call.host().now()

    def random(self, length: int) -> bytes:
        """Random bytes fit for secrets, at most 65,536; asking for more traps."""
        return call.host().random(length)

    def cancelled(self) -> bool:
        """Whether somebody asked for the run to be cancelled. A long call looks now and then, and returns."""
        return call.host().cancelled()

    def emit(self, chunk: Any) -> None:
        """Sends a chunk to whoever watches the run. It is not stored."""
        call.host().emit(write("the chunk", chunk))

    def log(self, level: str, message: str, fields: dict[str, Any] | None = None) -> None:
        """Adds a line to the run's log. The level is trace, debug, info, warn or error."""
        text = None if fields is None else write("the fields", fields)
        call.host().log(level, str(message), text)

    def debug(self, message: str, fields: dict[str, Any] | None = None) -> None:
        """Adds a line to the run's log, at level debug."""
        self.log("debug", message, fields)

    def info(self, message: str, fields: dict[str, Any] | None = None) -> None:
        """Adds a line to the run's log, at level info."""
        self.log("info", message, fields)

    def warn(self, message: str, fields: dict[str, Any] | None = None) -> None:
        """Adds a line to the run's log, at level warn."""
        self.log("warn", message, fields)

    def error(self, message: str, fields: dict[str, Any] | None = None) -> None:
        """Adds a line to the run's log, at level error."""
        self.log("error", message, fields)

    # What the run knows besides the input.

    def step_result(self, path: str, output: Any = Any) -> Any:
        """The output of a step of this run, by its path as seen from the top of the workflow. None if it is not done."""
        text = call.host().step_result(path)
        return None if text is None else _readable(f"the output of {path}", output, text)

    def init_data(self, input: Any = Any) -> Any:
        """The input of the workflow."""
        return _readable("the input of the workflow", input, call.host().init_data())


def _readable(noun: str, wanted: Any, text: str) -> Any:
    try:
        return read_as(wanted, text)
    except Unreadable as flaw:
        raise misuse(waits.unfit(noun, wanted, flaw), "bad-data") from None


def _schema(noun: str, annotation: Any) -> Any:
    try:
        return schema_of(annotation)
    except NoForm as flaw:
        raise misuse(f"the type of {noun}: {flaw}", "bad-type") from None


def _deadline(at: Instant | None, within: timedelta | float | None) -> waits.Deadline | None:
    if at is None and within is None:
        return None
    return waits.Deadline(_instant(at) if at is not None else call.host().now() + _ms(within), None)


def _ms(duration: timedelta | float | None) -> int:
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration or 0)
    return max(0, round(seconds * 1000))


def _instant(at: Instant) -> int:
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise ValueError("an instant needs a time zone: datetime(..., tzinfo=UTC)")
        return max(0, round(at.timestamp() * 1000))
    return max(0, round(at))
