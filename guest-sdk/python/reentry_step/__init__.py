"""Steps for reentry in Python. See README.md."""

from . import environment as _environment

_environment.install()

from .context import Context, Shared  # noqa: E402 - what they import must find the environment in place
from .definition import Retry, step  # noqa: E402
from .errors import Bail, StepError  # noqa: E402
from .json_text import RawJson  # noqa: E402
from .tasks import Awaited  # noqa: E402

__all__ = ["Awaited", "Bail", "Context", "RawJson", "Retry", "Shared", "StepError", "step"]
