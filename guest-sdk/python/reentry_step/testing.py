"""Steps in unit tests, without a host.

    run = testing.start(buy, {"item": "a lamp"})
    assert run.question == {"item": "a lamp"}
    run.answer({"approved": True})
    assert run.output == {"bought": "a lamp"}

The step runs in the process of the test, and its memory simply stays where it is. One step runs at a time: the next `start` ends the
one before. Schemas are not checked, types are: an answer that does not fit the step's type is refused, as by a host.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import guest, tasks
from . import waits as waiting
from .call import Facts
from .definition import definition_of
from .errors import StepError
from .json_text import read, write

_FACTS = Facts("", "run_test", "test", "", 0, None, "", 0, None, None)


class Refused(AssertionError):
    """The step refused an answer. A host would ask again, from the memory before it; here the step is at its end."""


class Run:
    """A step that runs in a test: what it waits for, what it came to, and what it did with its host."""

    def __init__(self, step: str, host: _FakeHost) -> None:
        self._facts = replace(_FACTS, step=step, path=step)
        self._host = host
        self._calls = 0
        self._outcome = guest.Outcome("none")

    # What the step is at.

    @property
    def status(self) -> str:
        """Says how it stands: `suspended`, `completed`, `bailed` or `failed`."""
        return self._outcome.kind

    @property
    def waits(self) -> list[waiting.What]:
        """Lists what it waits for."""
        return [wait.what for wait in self._outcome.open_waits]

    @property
    def question(self) -> Any:
        """Returns the payload of the one question that is open."""
        return read(self._open(waiting.Answer).what.payload)

    @property
    def output(self) -> Any:
        """Returns what it completed with, or bailed with. Raises the failure of a step that failed."""
        if self._outcome.failure is not None:
            raise self._outcome.failure
        if self.status not in ("completed", "bailed"):
            raise AssertionError(f"the step is {self.status}, and waits for {', '.join(map(str, self.waits))}")
        return read(self._outcome.text)

    @property
    def failure(self) -> StepError | None:
        """Returns what it failed with, if it did."""
        return self._outcome.failure

    @property
    def log(self) -> list[tuple[str, str, Any]]:
        """Lists the lines of its log: level, message and fields."""
        return self._host.lines

    @property
    def emitted(self) -> list[Any]:
        """Lists the chunks that it emitted."""
        return self._host.chunks

    @property
    def state(self) -> dict[str, Any]:
        """Returns the workflow's shared state."""
        return self._host.shared

    @property
    def request_context(self) -> dict[str, Any]:
        """Returns the request context."""
        return self._host.context

    # What happens to it.

    def answer(self, data: Any, *, label: str | None = None) -> Run:
        """Answers its question, or the one with a label.

        Raises `Refused` if the step does not take the answer.
        """
        wait = self._open(waiting.Answer, lambda what: label is None or label in what.labels)
        self._resume(wait, waiting.Resolution("answered", write("the answer", data)))
        failure = self._outcome.failure
        if failure is not None and failure.code == "bad-answer" and failure.details == {"wait": wait.id}:
            raise Refused(failure.message)
        return self

    def event(self, name: str, payload: Any = None, *, key: str | None = None) -> Run:
        """Sends it an event that it waits for."""
        wait = self._open(waiting.Event, lambda what: what.name == name and what.key in (None, key))
        return self._resume(wait, waiting.Resolution("received", write("the event", payload)))

    def complete(self, id: str, output: Any) -> Run:
        """Has a step or workflow that it runs come to an output."""
        wait = self._open(waiting.Child, lambda what: what.id == id)
        return self._resume(wait, waiting.Resolution("completed", write("the output", output)))

    def fail(self, id: str, failure: StepError) -> Run:
        """Has a step or workflow that it runs fail."""
        wait = self._open(waiting.Child, lambda what: what.id == id)
        return self._resume(wait, waiting.Resolution("failed", failure=failure))

    def pass_time(self, seconds: float) -> Run:
        """Lets time pass: sleeps and deadlines end in their order, and checkpoints at once."""
        end = self._host.ms + round(seconds * 1000)
        while due := [(at, wait) for wait in self._outcome.open_waits if (at := _due(wait.what)) is not None and at <= end]:
            at, wait = min(due, key=lambda one: one[0])
            self._host.ms = max(self._host.ms, at)
            self._resume(wait, _at_its_end(wait.what))
        self._host.ms = end
        return self

    def _open(self, kind: type, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        found = [wait for wait in self._outcome.open_waits if isinstance(wait.what, kind) and fits(wait.what)]
        if len(found) != 1:
            listed = ", ".join(map(str, self.waits)) or f"nothing: it is {self.status} {self._outcome.failure or self._outcome.text}"
            raise AssertionError(f"the step waits for {len(found)} things of that kind; it waits for {listed}")
        return found[0]

    def _resume(self, wait: waiting.Wait, resolution: waiting.Resolution) -> Run:
        self._call(lambda facts: guest.resume(facts, self._host, [(wait.id, resolution)]))
        return self

    def _call(self, act: Callable[[Facts], guest.Outcome]) -> None:
        self._calls += 1
        facts = replace(self._facts, now_ms=self._host.ms, idempotency_key=f"call-{self._calls}")
        # The way in which Python tells of coroutines that were never awaited is the test's own at other times.
        native = warnings._warn_unawaited_coroutine  # type: ignore[attr-defined]
        depth = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(1)
        waiting.watch_coroutines()
        try:
            self._outcome = act(facts)
        finally:
            warnings._warn_unawaited_coroutine = native  # type: ignore[attr-defined]
            sys.set_coroutine_origin_tracking_depth(depth)


def start(
    step: Callable[..., Any],
    input: Any = None,
    *,
    state: dict[str, Any] | None = None,
    request_context: dict[str, Any] | None = None,
    results: dict[str, Any] | None = None,
    init_data: Any = None,
    attempt: int = 0,
    now_ms: int = 1_700_000_000_000,
) -> Run:
    """Starts a step, a function with `@step`, and runs it until it waits or ends.

    `results` are outputs of other steps of the run, by their paths; `init_data` is the input of the workflow.
    """
    definition = definition_of(step)
    definition.complete()
    waiting.forget()
    tasks.forget()
    host = _FakeHost(state or {}, request_context or {}, results or {}, init_data, now_ms)
    run = Run(definition.id, host)
    run._facts = replace(run._facts, attempt=attempt)
    run._call(lambda facts: guest.start(facts, host, write("the input", input)))
    return run


def _due(what: waiting.What) -> int | None:
    if isinstance(what, waiting.Time):
        return what.at_ms
    if isinstance(what, waiting.Checkpoint):
        return 0
    deadline = getattr(what, "deadline", None)
    return None if deadline is None else deadline.at_ms


def _at_its_end(what: waiting.What) -> waiting.Resolution:
    if isinstance(what, waiting.Time):
        return waiting.Resolution("elapsed")
    if isinstance(what, waiting.Checkpoint):
        return waiting.Resolution("recorded")
    deadline = getattr(what, "deadline", None)
    answer = deadline and deadline.answer
    return waiting.Resolution("timed-out") if answer is None else waiting.Resolution("answered", answer)


class _FakeHost:
    """What a step asks of its host, answered by a test."""

    def __init__(
        self, state: dict[str, Any], context: dict[str, Any], results: dict[str, Any], init_data: Any, ms: int
    ) -> None:
        self.shared, self.context, self.results, self._init_data, self.ms = state, context, results, init_data, ms
        self.lines: list[tuple[str, str, Any]] = []
        self.chunks: list[Any] = []

    def log(self, level: str, message: str, fields: str | None) -> None:
        self.lines.append((level, message, None if fields is None else read(fields)))

    def now(self) -> int:
        return self.ms

    def random(self, length: int) -> bytes:
        return os.urandom(length)

    def cancelled(self) -> bool:
        return False

    def emit(self, chunk: str) -> None:
        self.chunks.append(read(chunk))

    def state(self) -> str:
        return write("the state", self.shared)

    def set_state(self, key: str, value: str) -> None:
        self.shared[key] = read(value)

    def request_context(self) -> str:
        return write("the request context", self.context)

    def set_request_context(self, key: str, value: str) -> None:
        self.context[key] = read(value)

    def step_result(self, path: str) -> str | None:
        return write("the result", self.results[path]) if path in self.results else None

    def init_data(self) -> str:
        return write("the input of the workflow", self._init_data)
