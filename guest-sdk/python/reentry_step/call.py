"""The call that is running."""

from dataclasses import dataclass


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


_facts: Facts | None = None


def begin(call) -> None:
    """Begins a call with the facts that the host gave."""
    global _facts
    trace = call.trace
    _facts = Facts(
        step=call.step,
        run_id=call.run_id,
        workflow_id=call.workflow_id,
        path=call.path,
        attempt=call.attempt,
        resource_id=call.resource_id,
        idempotency_key=call.idempotency_key,
        now_ms=call.now_ms,
        trace_id=trace.trace_id if trace else None,
        span_id=trace.span_id if trace else None,
    )


def running() -> bool:
    """Whether there is a host to ask. There is none while the component is built."""
    return _facts is not None


def facts() -> Facts:
    """The facts of the present call."""
    if _facts is None:
        raise RuntimeError("a context is used only during a call")
    return _facts
