"""Steps for reentry in Python. See README.md."""

import sys

if sys.platform == "wasi":
    # In a component. What is imported from here on must find the environment in place.
    from . import environment as _environment

    _environment.install()

from .context import Context, Shared  # noqa: E402
from .definition import Retry, step  # noqa: E402
from .errors import Bail, StepError  # noqa: E402
from .json_text import RawJson  # noqa: E402
from .tasks import Awaited  # noqa: E402
from .typed import Field  # noqa: E402

__all__ = ["Awaited", "Bail", "Context", "Field", "RawJson", "Retry", "Shared", "StepError", "step"]
