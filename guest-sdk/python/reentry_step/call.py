"""The call that is running: its facts, and the host that made it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Facts:
    """The facts of a call. They differ in the next one: do not keep them over an `await`."""

    step: str
    run_id: str
    workflow_id: str
    path: str
    attempt: int
    resource_id: str | None
    idempotency_key: str
    now_ms: int
    trace_id: str | None
    span_id: str | None


class Host(Protocol):
    """What a step may ask of its host. JSON goes both ways as text."""

    def log(self, level: str, message: str, fields: str | None) -> None: ...
    def now(self) -> int: ...
    def random(self, length: int) -> bytes: ...
    def cancelled(self) -> bool: ...
    def emit(self, chunk: str) -> None: ...
    def state(self) -> str: ...
    def set_state(self, key: str, value: str) -> None: ...
    def request_context(self) -> str: ...
    def set_request_context(self, key: str, value: str) -> None: ...
    def step_result(self, path: str) -> str | None: ...
    def init_data(self) -> str: ...


_facts: Facts | None = None
_host: Host | None = None
_number = 0


def begin(facts: Facts, host: Host) -> None:
    """Begins a call."""
    global _facts, _host, _number
    _facts, _host = facts, host
    _number += 1


def running() -> bool:
    """Whether there is a host to ask. There is none while the component is built."""
    return _host is not None


def number() -> int:
    """Tells the calls of an instance apart."""
    return _number


def facts() -> Facts:
    """The facts of the present call."""
    if _facts is None:
        raise RuntimeError("a context is used only during a call")
    return _facts


def host() -> Host:
    """The host of the present call."""
    if _host is None:
        raise RuntimeError("the host is there only during a call, not while modules are loaded: ask it within the step")
    return _host
