"""How a step fails, and the one way of ending early that is no failure."""

import json
from typing import Any

_TIMED_OUT = "timed-out"


class StepError(Exception):
    """A failure with all that the host can be told of it."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool | None = None,
        retry_after_ms: int | None = None,
        details: Any = None,
    ):
        super().__init__(message)
        self.message = message
        self.code = code
        self.retryable = retry_after_ms is not None if retryable is None else retryable
        self.retry_after_ms = retry_after_ms
        self.details = details

    @property
    def timed_out(self) -> bool:
        """Whether this is the passing of a deadline that the step itself set."""
        return self.code == _TIMED_OUT


class Bail(BaseException):
    """The result of a workflow on its way out of nested functions. Not an `Exception`, so that code that catches errors lets it pass."""

    def __init__(self, text: str):
        super().__init__()
        self.text = text


def timed_out(what: str) -> StepError:
    return StepError(f"{what} did not come before its deadline", code=_TIMED_OUT)


def of_failure(failure) -> StepError:
    """A failure that came from the host, as an exception."""
    return StepError(
        failure.message,
        code=failure.code,
        retryable=failure.retryable,
        retry_after_ms=failure.retry_after_ms,
        details=None if failure.details is None else json.loads(failure.details),
    )


def describe(error: BaseException) -> str:
    """What went wrong, followed by what caused it."""
    own = error.message if isinstance(error, StepError) else f"{type(error).__name__}: {error}"
    return own if error.__cause__ is None else f"{own}: {describe(error.__cause__)}"
