"""What a component says of its steps."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from wit_world.imports import types as wit

from .context import Context
from .json_text import write

Body = Callable[[Context, Any], Awaitable[Any]]


@dataclass(frozen=True)
class Retry:
    """When and how often a failed call of a step is tried again, unless the workflow says otherwise."""

    retries: int
    delay_ms: int = 1000
    backoff: float = 1.0
    max_delay_ms: int = 0
    jitter: float = 0.0


@dataclass(frozen=True)
class Definition:
    """A step and what its component says of it."""

    run: Body
    descriptor: wit.Descriptor


definitions: dict[str, Definition] = {}


def step(
    id: str,
    *,
    title: str | None = None,
    description: str | None = None,
    input_schema: Any = None,
    output_schema: Any = None,
    suspend_schema: Any = None,
    resume_schema: Any = None,
    state_schema: Any = None,
    request_context_schema: Any = None,
    retry: Retry | None = None,
    timeout_ms: int | None = None,
    metadata: Any = None,
) -> Callable[[Body], Body]:
    """Makes an `async` function, or a plain one, of a context and an input a step of the component."""

    def text(what: str, value: Any) -> str | None:
        return None if value is None else write(what, value)

    def define(run: Body) -> Body:
        if id in definitions:
            raise ValueError(f"there is a step {id} already")
        policy = retry and wit.RetryPolicy(
            retry.retries, retry.delay_ms, retry.backoff, retry.max_delay_ms, retry.jitter
        )
        descriptor = wit.Descriptor(
            id=id,
            title=title,
            description=description,
            input_schema=text("the schema of the input", input_schema),
            output_schema=text("the schema of the output", output_schema),
            suspend_schema=text("the schema of the payload", suspend_schema),
            resume_schema=text("the schema of the answer", resume_schema),
            state_schema=text("the schema of the state", state_schema),
            request_context_schema=text("the schema of the request context", request_context_schema),
            retry=policy,
            timeout_ms=timeout_ms,
            resume_mode=wit.ResumeMode.RESTORE,
            metadata=text("the metadata", metadata),
        )
        definitions[id] = Definition(run, descriptor)
        return run

    return define
