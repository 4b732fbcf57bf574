"""How a step fails, and the ways of ending early that are no failure of its own code."""

import os
import sys
import traceback
from types import CodeType, FrameType, TracebackType
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
    ) -> None:
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

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Refusal(BaseException):
    """An answer on its way back to the one who gave it. Not an `Exception`, for the same reason."""

    def __init__(self, reason: str, wait: int) -> None:
        super().__init__(reason)
        self.failure = StepError(reason, code="bad-answer", retryable=False, details={"wait": wait})


def timed_out(what: str) -> StepError:
    """The error of a wait whose deadline passed."""
    return StepError(f"{what} did not come before its deadline", code=_TIMED_OUT)


def misuse(message: str, code: str) -> StepError:
    """An error in how the author calls this SDK; the message says where that is."""
    return StepError(located(message, here()), code=code)


# What to do instead of something that the language has and a step has not, by the words of its error.
_INSTEAD = {
    "no running event loop": "a step runs without `asyncio`: await what its context gives, such as ctx.sleep, ctx.gather and ctx.race",
}


def failure_of(error: BaseException) -> StepError:
    """Any error as a failure: what went wrong, what caused it, where in the author's code, and what to do instead."""
    if isinstance(error, StepError):
        return error if error.__cause__ is None else _with_message(error, describe(error))
    place = where(error.__traceback__)
    if isinstance(error, SystemExit):
        ended = f"the step ended with sys.exit({error.code!r}); return its output, or raise StepError"
        return StepError(located(ended, place), code="exit")
    if isinstance(error, KeyboardInterrupt):
        return StepError(located("KeyboardInterrupt was raised in the step; raise StepError to fail", place), code="interrupted")
    message = describe(error)
    instead = _INSTEAD.get(str(error))
    return StepError(located(f"{message}; {instead}" if instead else message, place))


def describe(error: BaseException) -> str:
    """What went wrong, followed by what caused it."""
    text = str(error)
    own = error.message if isinstance(error, StepError) else f"{type(error).__name__}: {text}" if text else type(error).__name__
    return own if error.__cause__ is None else f"{own}: {describe(error.__cause__)}"


def traced(error: BaseException) -> str:
    """The traceback of an error from the author's code on."""
    inside = error.__traceback__
    while inside is not None and not _is_authors(inside.tb_frame.f_code):
        inside = inside.tb_next
    text = "".join(traceback.format_exception(type(error), error, inside or error.__traceback__)).rstrip()
    folder = _root()
    return text if folder is None else text.replace(folder + os.sep, "")


def _with_message(error: StepError, message: str) -> StepError:
    return StepError(
        message, code=error.code, retryable=error.retryable, retry_after_ms=error.retry_after_ms, details=error.details
    )


# Places in the author's code.


def located(message: str, place: str | None) -> str:
    """A message with its place, if there is one."""
    return message if place is None else f"{message} ({place})"


def here() -> str | None:
    """File and line of the innermost caller that is the author's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _is_authors(frame.f_code):
            return f"{name_of(frame.f_code)}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def where(trace: TracebackType | None) -> str | None:
    """File and line of the innermost place of a traceback that is the author's."""
    place = None
    while trace is not None:
        if _is_authors(trace.tb_frame.f_code):
            place = f"{name_of(trace.tb_frame.f_code)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def name_of(code: CodeType) -> str:
    """The name of a source file, as its author knows it: from the folder of `main.py` on."""
    root = _root()
    inside = root is not None and code.co_filename.startswith(root + os.sep)
    return code.co_filename[len(root) + 1 :] if root is not None and inside else os.path.basename(code.co_filename)


_OWN = os.path.dirname(__file__)
_STANDARD = os.path.dirname(os.__file__)


def _is_authors(code: CodeType) -> bool:
    file, root = code.co_filename, _root()
    if file.startswith("<") or os.path.dirname(file) == _OWN or "site-packages" in file:
        return False
    return file.startswith(root + os.sep) if root is not None else not file.startswith(_STANDARD + os.sep)


#: The folder of the step's `main.py`, in a component.
root: str | None = None


def _root() -> str | None:
    """The folder of the step's `main.py`, where that is known."""
    file = getattr(sys.modules.get("main"), "__file__", None)
    return root if file is None else os.path.dirname(file)
