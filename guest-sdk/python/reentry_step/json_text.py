"""JSON texts, in and out."""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from .errors import misuse


@dataclass(frozen=True)
class RawJson:
    """JSON text that is handed on as it is: numbers keep every digit, keys their order."""

    text: str

    @property
    def value(self) -> Any:
        """What the text says, as far as Python can hold it: fractions become floats."""
        return read(self.text)


class Unreadable(ValueError):
    """What cannot be read, or written, with its place in the whole."""

    def __init__(self, place: str, flaw: str) -> None:
        super().__init__(f"{place}: {flaw}" if place else flaw)


class Number(str):
    """A number that is no whole one, as its digits were written."""


# Writing.


def write(what: str, value: Any) -> str:
    """Writes a value for the host; `what` names it in errors.

    Dataclasses, enums, dates, `Decimal`, `UUID` and sets are written too.
    """
    if isinstance(value, RawJson):
        return value.text
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_slowly)
        text.encode()
        return text
    except (_Slowly, TypeError, ValueError, RecursionError):
        # With less speed and more words.
        try:
            return as_written(value)
        except Unreadable as flaw:
            raise misuse(f"{what} cannot be written as JSON: {flaw}", "not-json") from None


def as_written(value: Any) -> str:
    """The text of a value in which numbers may be as they were written. Raises `Unreadable`."""
    parts: list[str] = []
    _write(value, "", 0, parts.append)
    return "".join(parts)


def place_of(place: str, key: object) -> str:
    """The place of something within another, as a JSON pointer."""
    return f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}"


class _Slowly(Exception):
    """What the writer of the standard library cannot write."""


def _slowly(value: Any) -> Any:
    plain = None if isinstance(value, (Decimal, RawJson)) else _plain(value)
    if plain is None:
        raise _Slowly
    return plain


# Deeper than anything that a host takes, and not as deep as Python's own stack.
_DEEPEST = 200


def _write(value: Any, place: str, depth: int, put: Callable[[str], object]) -> None:
    if depth > _DEEPEST:
        raise Unreadable(place[:60] + "…", f"it is more than {_DEEPEST} levels deep, or holds itself")
    if value is None or value is True or value is False:
        put("null" if value is None else "true" if value else "false")
    elif isinstance(value, Enum):
        _write(value.value, place, depth, put)
    elif isinstance(value, Number):
        put(str(value))
    elif isinstance(value, str):
        put(_string(value, place))
    elif isinstance(value, int):
        put(int.__repr__(value))
    elif isinstance(value, (float, Decimal)):
        put(_number(value, place))
    elif isinstance(value, RawJson):
        put(value.text)
    elif isinstance(value, Mapping):
        put("{")
        for index, (key, item) in enumerate(value.items()):
            put("," if index else "")
            put(_string(_key(key, place), place))
            put(":")
            _write(item, place_of(place, key), depth + 1, put)
        put("}")
    elif isinstance(value, (list, tuple)):
        put("[")
        for index, item in enumerate(value):
            put("," if index else "")
            _write(item, place_of(place, index), depth + 1, put)
        put("]")
    else:
        plain = _plain(value)
        if plain is None:
            raise Unreadable(place, f"a value of type {type(value).__name__} has no form in JSON{_instead(value)}")
        _write(plain, place, depth + 1, put)


def _plain(value: Any) -> Any:
    """A value in terms of others, a step closer to JSON; None if there is no such thing."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if hasattr(value, "model_dump") and not isinstance(value, type):
        return value.model_dump(mode="json")
    return dict(value) if isinstance(value, Mapping) else None


def _instead(value: Any) -> str:
    if isinstance(value, type) or callable(value):
        return "; is a call missing?"
    if hasattr(value, "__await__"):
        return "; is an `await` missing?"
    if isinstance(value, (bytes, bytearray)):
        return "; base64.b64encode(...).decode() makes a text of it"
    return ""


def _key(key: Any, place: str) -> str:
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, (bool, int)):
        return json.dumps(key)
    raise Unreadable(place, f"the key {key!r} is not a text")


def _string(value: str, place: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unreadable(place, f"{ascii(value)[:60]} holds half of a character (a lone surrogate)") from None
    return json.dumps(value, ensure_ascii=False)


def _number(value: Any, place: str) -> str:
    finite = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
    if not finite:
        raise Unreadable(place, f"{value} is not a number in JSON")
    return str(value) if isinstance(value, Decimal) else float.__repr__(value)


# Reading.


def read(text: str, raw: bool = False) -> Any:
    """Reads what the host delivered: whole numbers keep every digit, others become floats.

    Raises `Unreadable` for numbers that neither can hold.
    """
    if raw:
        return RawJson(text)
    try:
        return json.loads(text, parse_float=_float)
    except ValueError:
        return floats(loose(text), "")


def loose(text: str) -> Any:
    """Reads a text and leaves numbers that are no whole ones as they were written, as `Number`."""
    return json.loads(text, parse_float=Number, parse_int=_int)


def to_float(digits: str, place: str) -> float:
    """The float nearest to a number that is written with a fraction or an exponent."""
    value = float(digits)
    if math.isinf(value):
        raise Unreadable(place, f"{digits[:40]} does not fit a float, whose largest is 1.8e308; annotate it as Decimal")
    return value


def _float(digits: str) -> float:
    return to_float(digits, "")


def _int(digits: str) -> Any:
    # Python takes quadratic time for long ones, and so refuses those of more than 4,300 digits.
    return int(digits) if len(digits) <= 4_000 else Number(digits)


def floats(value: Any, place: str) -> Any:
    if isinstance(value, Number):
        if value.lstrip("-").isdigit():
            raise Unreadable(place, f"a whole number of {len(value)} digits is too long; annotate it as Decimal, or take it with raw=True")
        return to_float(value, place)
    if isinstance(value, list):
        return [floats(item, place_of(place, index)) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: floats(item, place_of(place, key)) for key, item in value.items()}
    return value
