"""All that the step waits for at present."""

import warnings
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from . import call
from .errors import Refusal, StepError, here, located, misuse, name_of, timed_out
from .json_text import RawJson, Unreadable, read
from .tasks import Awaited
from .typed import name_of as name_of_type
from .typed import read_as

# What a step can wait for, as the contract has it.


@dataclass(frozen=True)
class Deadline:
    """The end of patience, and what is the answer then: a JSON text, or None for a time-out."""

    at_ms: int
    answer: str | None


@dataclass(frozen=True)
class Answer:
    """A person or a system calls resume."""

    payload: str
    labels: tuple[str, ...]
    schema: str | None
    deadline: Deadline | None

    def __str__(self) -> str:
        return "the answer to " + shortened(self.payload)


@dataclass(frozen=True)
class Event:
    """Some system sends an event."""

    name: str
    key: str | None
    deadline: Deadline | None

    def __str__(self) -> str:
        return f"the event {self.name}" + (f" {self.key}" if self.key is not None else "")


@dataclass(frozen=True)
class Time:
    """An instant."""

    at_ms: int

    def __str__(self) -> str:
        return "the end of a sleep"


@dataclass(frozen=True)
class Child:
    """The host runs a step or a workflow."""

    kind: str
    id: str
    input: str

    def __str__(self) -> str:
        return f"the output of the {self.kind} {self.id}"


@dataclass(frozen=True)
class Checkpoint:
    """Nothing."""

    def __str__(self) -> str:
        return "the end of a checkpoint"


What = Answer | Event | Time | Child | Checkpoint

# How a wait ends.


@dataclass(frozen=True)
class Resolution:
    """What the host delivers: one of the kinds below, with JSON text, a failure or nothing."""

    kind: str
    text: str = ""
    failure: StepError | None = None


_DELIVERED = {
    "answered": "an answer",
    "timed-out": "a time-out",
    "elapsed": "the end of a sleep",
    "received": "an event",
    "completed": "the output of a run",
    "failed": "the failure of a run",
    "recorded": "the end of a checkpoint",
}
_ENDS: Mapping[type, str] = {Answer: "answered", Event: "received", Time: "elapsed", Child: "completed", Checkpoint: "recorded"}
_CODES = {"answered": "bad-answer", "received": "bad-event", "completed": "bad-result"}


class Wait(Awaited[Any]):
    """A wait of the host. It begins when it is made. Numbers are never used twice, as the host tells an old wait that goes on
    from a new one by them."""

    def __init__(self, what: What, wanted: Any, raw: bool = False) -> None:
        global _last
        super().__init__()
        _last += 1
        self.id = _last
        self.what = what
        self._wanted = wanted
        self._raw = raw
        self._place = here()
        self._answered_in: int | None = None
        _open[self.id] = self
        _unawaited[self.id] = self

    def __await__(self) -> Generator[Awaited[Any], None, Any]:
        _unawaited.pop(self.id, None)
        return super().__await__()

    def close(self) -> None:
        """Gives up waiting: the host forgets the wait."""
        super().close()
        _open.pop(self.id, None)
        _unawaited.pop(self.id, None)

    def result(self) -> Any:
        global _taken
        if self._answered_in is not None:
            _taken = self
        return super().result()

    def _when_done(self, act: Callable[[], None]) -> None:
        _unawaited.pop(self.id, None)
        super()._when_done(act)

    def over(self, resolution: Resolution) -> None:
        """Takes what the host delivered."""
        _open.pop(self.id, None)
        kind = resolution.kind
        if kind == _ENDS[type(self.what)]:
            self._take(kind, resolution.text)
        elif kind == "timed-out":
            self._settle(error=timed_out(str(self.what)))
        elif kind == "failed":
            self._settle(error=resolution.failure)
        else:
            misfit = f"waited for {self.what}, but the host delivered {_DELIVERED[kind]}"
            self._settle(error=StepError(misfit, code="unexpected-resolution"))

    def _take(self, kind: str, text: str) -> None:
        if kind == "answered":
            self._answered_in = call.number()
        if kind not in _CODES:
            self._settle()
        elif self._raw:
            self._settle(RawJson(text))
        else:
            try:
                self._settle(read_as(self._wanted, text))
            except Unreadable as flaw:
                self._settle(error=self._unreadable(_CODES[kind], flaw))

    def _unreadable(self, code: str, flaw: Unreadable) -> BaseException:
        noun = {"bad-answer": "the answer"}.get(code, str(self.what))
        message = unfit(noun, self._wanted, flaw)
        if code == "bad-answer":
            return Refusal(message, self.id)
        return StepError(message, code=code, retryable=False, details={"wait": self.id})

    def __str__(self) -> str:
        return located(str(self.what), self._place)

    # A wait that is taken for what it comes to.

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(self._missing_await(f".{name}"))

    def __getitem__(self, key: Any) -> NoReturn:
        raise TypeError(self._missing_await(f"[{key!r}]"))

    def __iter__(self) -> NoReturn:
        raise TypeError(self._missing_await(""))

    def __bool__(self) -> NoReturn:
        raise TypeError(self._missing_await(""))

    def _missing_await(self, use: str) -> str:
        return f"{self}{use} is used before it is there: write `await`"


_open: dict[int, Wait] = {}
_unawaited: dict[int, Wait] = {}
_taken: Wait | None = None
_last = 0


def forget() -> None:
    """Begins anew, for the step of another test."""
    global _taken, _last
    _open.clear()
    _unawaited.clear()
    _coroutines.clear()
    _taken, _last = None, 0


def unfit(noun: str, wanted: Any, flaw: Unreadable) -> str:
    """The message for what does not fit its type."""
    return f"{noun} cannot be read: {flaw}" if wanted is Any else f"{noun} does not fit {name_of_type(wanted)}: {flaw}"


def shortened(text: str) -> str:
    """A text that is not too long for a message."""
    return text if len(text) <= 60 else text[:60] + "…"


def refuse(reason: str) -> NoReturn:
    """Gives the last answer back."""
    if _taken is None or _taken._answered_in != call.number():
        late = "there is no answer to refuse: ctx.refuse is for the answer that came in this call, before the step waits again"
        raise misuse(late, "nothing-to-refuse")
    raise Refusal(reason, _taken.id)


def check_default(wanted: Any, text: str) -> None:
    """Checks that what stands in for an answer can be read as one."""
    try:
        read_as(wanted, text)
    except Unreadable as flaw:
        raise misuse(unfit("the default answer", wanted, flaw), "bad-default") from None


def deliver(resolved: list[tuple[int, Resolution]]) -> None:
    """Hands in what has been waited for."""
    for id, resolution in resolved:
        wait = _open.get(id)
        if wait is None:
            unknown = f"wait {id} is over, but this instance is not waiting for it"
            raise StepError(unknown, code="unknown-wait")
        wait.over(resolution)


def listed() -> list[Wait]:
    """All waits that are not over, in the order in which they were begun."""
    return list(_open.values())


# What was forgotten.

_coroutines: list[str] = []


def note_coroutine(coroutine: Any) -> None:
    """Notes a coroutine that goes and was never awaited."""
    origin = getattr(coroutine, "cr_origin", None)
    line = f":{origin[0][1]}" if origin else ""
    _coroutines.append(f"{coroutine.__name__}() ({name_of(coroutine.cr_code)}{line})")


def watch_coroutines() -> None:
    """Has Python tell of coroutines that were never awaited."""
    warnings._warn_unawaited_coroutine = note_coroutine  # type: ignore[attr-defined]


def check_awaited() -> None:
    """Checks at the end of a step that it awaited all that it began."""
    forgotten = [str(wait) for wait in _unawaited.values()] + _coroutines
    if forgotten:
        what = " and ".join(forgotten[:5])
        raise StepError(f"the step ended without awaiting {what}: write `await` before it, or close it", code="unawaited-wait")
