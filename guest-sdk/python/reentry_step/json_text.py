"""JSON texts, in and out."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from .errors import StepError


@dataclass(frozen=True)
class RawJson:
    """JSON text that is handed on as it is: numbers keep every digit, keys their order."""

    text: str

    @property
    def value(self) -> Any:
        """What the text says, as far as Python can hold it: fractions become floats."""
        return json.loads(self.text)


def write(what: str, value: Any) -> str:
    """Writes a value for the host; `what` names it in the error. Dataclasses are written as objects."""
    if isinstance(value, RawJson):
        return value.text
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise StepError(f"{what} cannot be written as JSON", code="bad-json") from error


def read(text: str, raw: bool = False) -> Any:
    """Reads what the host delivered."""
    return RawJson(text) if raw else json.loads(text)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, RawJson):
        return value.value
    raise TypeError(f"a value of type {type(value).__name__}")
