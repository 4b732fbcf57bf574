"""All that the step waits for at present."""

from collections.abc import Callable, Mapping
from typing import Any

from wit_world.imports import types as wit

from .errors import StepError, of_failure, timed_out
from .json_text import read
from .tasks import Awaited

_open: dict[int, "Wait"] = {}
_last = 0

_DELIVERED = {
    wit.Resolution_Answered: "an answer",
    wit.Resolution_TimedOut: "a time-out",
    wit.Resolution_Elapsed: "the end of a sleep",
    wit.Resolution_Received: "an event",
    wit.Resolution_Completed: "the output of a run",
    wit.Resolution_Failed: "the failure of a run",
    wit.Resolution_Recorded: "the end of a checkpoint",
}


class Wait(Awaited[Any]):
    """A wait of the host. It begins when it is made. Numbers are never used twice, as the host tells an old wait that goes on
    from a new one by them."""

    def __init__(self, what: Any, name: str, ends: Mapping[type, Callable[[Any], Any]]) -> None:
        global _last
        super().__init__()
        _last += 1
        self.id = _last
        self.what = what
        self._name = name
        self._ends = ends
        _open[self.id] = self

    def close(self) -> None:
        """Gives up waiting: the host forgets the wait."""
        super().close()
        _open.pop(self.id, None)

    def over(self, resolution: Any) -> None:
        """Takes what the host delivered."""
        _open.pop(self.id, None)
        kind = type(resolution)
        if kind in self._ends:
            self._settle(self._ends[kind](resolution))
        elif kind is wit.Resolution_TimedOut:
            self._settle(error=timed_out(self._name))
        elif kind is wit.Resolution_Failed:
            self._settle(error=of_failure(resolution.value))
        else:
            misfit = f"waited for {self._name}, but the host delivered {_DELIVERED[kind]}"
            self._settle(error=StepError(misfit, code="unexpected-resolution"))


def answer(payload: str, labels: list[str], schema: str | None, deadline: wit.Deadline | None, raw: bool) -> Wait:
    what = wit.WaitFor_Answer(wit.AnswerWait(payload, labels, schema, deadline))
    return Wait(what, "the answer", {wit.Resolution_Answered: lambda end: read(end.value, raw)})


def time(at_ms: int) -> Wait:
    return Wait(wit.WaitFor_Time(max(0, at_ms)), "the end of a sleep", {wit.Resolution_Elapsed: lambda _: None})


def checkpoint() -> Wait:
    ends = {wit.Resolution_Recorded: lambda _: None}
    return Wait(wit.WaitFor_Checkpoint(), "the end of a checkpoint", ends)


def event(name: str, key: str | None, deadline: wit.Deadline | None, raw: bool) -> Wait:
    what = wit.WaitFor_Event(wit.EventWait(name, key, deadline))
    return Wait(what, "the event", {wit.Resolution_Received: lambda end: read(end.value, raw)})


def child(target: wit.RunTarget, input: str, raw: bool) -> Wait:
    what = wit.WaitFor_Run(wit.RunWait(target, input))
    return Wait(what, "the output of a run", {wit.Resolution_Completed: lambda end: read(end.value, raw)})


def deliver(resolved: list[wit.Resolved]) -> None:
    """Hands in what has been waited for."""
    for one in resolved:
        wait = _open.get(one.wait)
        if wait is None:
            unknown = f"wait {one.wait} is over, but this instance is not waiting for it"
            raise StepError(unknown, code="unknown-wait")
        wait.over(one.resolution)


def listed() -> list[wit.Wait]:
    """All waits that are not over, in the order in which they were begun."""
    return [wit.Wait(wait.id, wait.what) for wait in _open.values()]
