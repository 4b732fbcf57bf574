"""From Python's annotations to JSON Schemas, and from JSON to values of the annotated types."""

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Union
from uuid import UUID

from .json_text import Number, RawJson, Unreadable, as_written, floats, loose, place_of, read, to_float, write

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """What a type does not say of a value, for `Annotated[int, Field(ge=1, le=10)]`.

    Objects of other packages with attributes of these names do as well, such as those of `annotated_types`.
    """

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    title: str | None = None
    description: str | None = None


class NoForm(TypeError):
    """A type that has no form in JSON."""


def schema_of(annotation: Any, written: bool = False) -> Schema:
    """The JSON Schema (2020-12) of a type: of values that are read, or of those that are written, in which nothing is left out.

    Raises `NoForm` for a type that has none.
    """
    schemas = _Schemas(written)
    schema = schemas.of(annotation)
    if schemas.shared:
        schema = {**schema, "$defs": schemas.shared}
    return schema


def read_as(annotation: Any, text: str) -> Any:
    """Reads a JSON text into a value of a type. Raises `Unreadable`, which names the place of what does not fit."""
    if annotation is RawJson:
        return RawJson(text)
    return read(text) if annotation is Any else _read(annotation, loose(text), "")


# Schemas.

_PLAIN: dict[Any, Schema] = {
    Any: {},
    object: {},
    RawJson: {},
    None: {"type": "null"},
    type(None): {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    str: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    UUID: {"type": "string", "format": "uuid"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    Sequence: {"type": "array"},
    set: {"type": "array", "uniqueItems": True},
    frozenset: {"type": "array", "uniqueItems": True},
    dict: {"type": "object"},
    Mapping: {"type": "object"},
}

# The keywords of JSON Schema for what annotations say of numbers, texts and lists.
_KEYWORDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf"}
_KEYWORDS |= {"pattern": "pattern", "title": "title", "description": "description"}


class _Schemas:
    """The schemas of one document. Classes are written where they stand; those that hold themselves are written once, under `$defs`."""

    def __init__(self, written: bool) -> None:
        self.shared: dict[str, Schema] = {}
        self._written = written
        self._within: list[type] = []
        self._recursive: set[type] = set()

    def of(self, annotation: Any) -> Schema:
        kind, arguments = _taken_apart(annotation)
        if kind is typing.Annotated:
            return self._bounded(arguments[0], arguments[1:])
        if kind is Union:
            return _either([self.of(one) for one in arguments])
        if kind is typing.Literal:
            return {"enum": [one.value if isinstance(one, Enum) else one for one in arguments]}
        if kind in (list, Sequence, set, frozenset) and arguments:
            return {**_PLAIN[kind], "items": self.of(arguments[0])}
        if kind is tuple and arguments:
            return self._tuple(arguments)
        if kind in (dict, Mapping) and arguments:
            return self._dict(*arguments)
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if isinstance(kind, type):
            return self._class(kind)
        raise NoForm(f"`{name_of(annotation)}` has no form in JSON")

    def _bounded(self, annotation: Any, bounds: Sequence[Any]) -> Schema:
        schema = self.of(annotation)
        for bound in bounds:
            for attribute, keyword in _KEYWORDS.items():
                value = getattr(bound, attribute, None)
                if value is not None and not callable(value):
                    schema[keyword] = read(write("a bound", value))
            for attribute, end in (("min_length", "min"), ("max_length", "max")):
                value = getattr(bound, attribute, None)
                if value is not None:
                    noun = {"array": "Items", "object": "Properties"}.get(schema.get("type", ""), "Length")
                    schema[end + noun] = value
            if isinstance(bound, str):
                schema["description"] = bound
        return schema

    def _tuple(self, arguments: Sequence[Any]) -> Schema:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": self.of(arguments[0])}
        items = [self.of(one) for one in arguments if one != ()]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}

    def _dict(self, key: Any, value: Any) -> Schema:
        if key is not Any and _taken_apart(key)[0] is not str and not _is_text_enum(key):
            raise NoForm(f"keys of type `{name_of(key)}` have no form in JSON: keys are texts")
        return {"type": "object", "additionalProperties": self.of(value)} if value is not Any else {"type": "object"}

    def _class(self, kind: type) -> Schema:
        if kind in self._within:
            self._recursive.add(kind)
            return {"$ref": "#" if kind is self._within[0] else f"#/$defs/{kind.__name__}"}
        self._within.append(kind)
        schema = self._contents(kind)
        self._within.pop()
        if kind in self._recursive and self._within:
            self.shared[kind.__name__] = schema
            return {"$ref": f"#/$defs/{kind.__name__}"}
        return schema

    def _contents(self, kind: type) -> Schema:
        if issubclass(kind, Enum):
            return {"enum": [member.value for member in kind]}
        if hasattr(kind, "model_json_schema"):
            return kind.model_json_schema(mode="serialization" if self._written else "validation")
        if _is_named_tuple(kind):
            return self._tuple([annotation for _, annotation in _members(kind)])
        if dataclasses.is_dataclass(kind):
            return self._dataclass(kind)
        if typing.is_typeddict(kind):
            properties = {name: self.of(annotation) for name, annotation in _members(kind)}
            return _object(properties, [name for name in properties if name in _required_keys(kind)])
        raise NoForm(f"`{name_of(kind)}` has no form in JSON: make it a dataclass or a TypedDict")

    def _dataclass(self, kind: type) -> Schema:
        fields = {field.name: field for field in dataclasses.fields(kind) if field.init or self._written}
        properties = {name: self.of(annotation) for name, annotation in _members(kind) if name in fields}
        if self._written:
            return _object(properties, list(properties))
        for name, schema in properties.items():
            default = fields[name].default
            if default is not dataclasses.MISSING:
                schema["default"] = read(write(f"the default of {name}", default))
        return _object(properties, [name for name in properties if _is_needed(fields[name])])


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _either(schemas: list[Schema]) -> Schema:
    others = [schema for schema in schemas if schema != {"type": "null"}]
    if len(others) == 1 and len(schemas) == 2 and isinstance(others[0].get("type"), str):
        return {**others[0], "type": [others[0]["type"], "null"]}
    return {} if {} in schemas else {"anyOf": schemas}


# Reading.


def _read(annotation: Any, value: Any, place: str) -> Any:
    kind, arguments = _taken_apart(annotation)
    if kind is typing.Annotated:
        return _read_bounded(arguments[0], arguments[1:], value, place)
    if kind is Union:
        return _read_either(arguments, value, place)
    if kind is typing.Literal:
        return _read_one_of({(one.value if isinstance(one, Enum) else one): one for one in arguments}, value, place)
    if kind in _READERS:
        return _READERS[kind](value, place)
    if kind in (list, Sequence, set, frozenset, tuple):
        return _read_items(kind, arguments, value, place)
    if kind in (dict, Mapping):
        return _read_dict(arguments, value, place)
    if isinstance(kind, type):
        return _read_class(kind, value, place)
    raise NoForm(f"`{name_of(annotation)}` has no form in JSON")


def _misfit(value: Any, place: str, wanted: str) -> Unreadable:
    found = as_written(value)
    return Unreadable(place, f"{found if len(found) <= 60 else found[:60] + '…'} is not {wanted}")


def _read_int(value: Any, place: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, Number):
        raise _misfit(value, place, "a whole number")
    number = Decimal(value)
    # 1e999999 is a whole number, too, and one of a million digits.
    if number.adjusted() > 4_000:
        raise Unreadable(place, f"a number of {number.adjusted() + 1} digits is too long for an int; annotate it as Decimal")
    if number != number.to_integral_value():
        raise _misfit(value, place, "a whole number")
    return int(number)


def _read_float(value: Any, place: str) -> float:
    if isinstance(value, Number):
        return to_float(value, place)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _misfit(value, place, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = 0.0
    if number != value:
        raise _misfit(value, place, "a number that a float holds to its last digit; annotate it as int or Decimal")
    return number


def _read_decimal(value: Any, place: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Number)):
        raise _misfit(value, place, "a number")
    return Decimal(value)


def _simple(kind: type, wanted: str) -> Callable[[Any, str], Any]:
    def reader(value: Any, place: str) -> Any:
        if not isinstance(value, kind) or isinstance(value, Number):
            raise _misfit(value, place, wanted)
        return value

    return reader


def _from_text(make: Callable[[str], Any], wanted: str) -> Callable[[Any, str], Any]:
    def reader(value: Any, place: str) -> Any:
        if not isinstance(value, str) or isinstance(value, Number):
            raise _misfit(value, place, wanted)
        try:
            return make(value)
        except ValueError:
            raise _misfit(value, place, wanted) from None

    return reader


def _utc(text: str) -> str:
    # Python 3.10 does not know Z.
    return text[:-1] + "+00:00" if text[-1:] in "Zz" else text


_READERS: dict[Any, Callable[[Any, str], Any]] = {
    Any: floats,
    object: floats,
    RawJson: lambda value, _: RawJson(as_written(value)),
    None: _simple(type(None), "null"),
    type(None): _simple(type(None), "null"),
    bool: _simple(bool, "true or false"),
    int: _read_int,
    float: _read_float,
    Decimal: _read_decimal,
    str: _simple(str, "a text"),
    datetime: _from_text(lambda text: datetime.fromisoformat(_utc(text)), "a date with time such as 2026-01-31T12:00:00Z"),
    date: _from_text(date.fromisoformat, "a date such as 2026-01-31"),
    time: _from_text(lambda text: time.fromisoformat(_utc(text)), "a time such as 12:00:00"),
    UUID: _from_text(UUID, "a UUID"),
}


def _read_items(kind: Any, arguments: Sequence[Any], value: Any, place: str) -> Any:
    if not isinstance(value, list):
        raise _misfit(value, place, "a list")
    if kind is tuple and arguments and not (len(arguments) == 2 and arguments[1] is Ellipsis):
        return _read_tuple([one for one in arguments if one != ()], value, place)
    item = arguments[0] if arguments else Any
    items = [_read(item, one, place_of(place, index)) for index, one in enumerate(value)]
    return items if kind in (list, Sequence) else kind(items)


def _read_tuple(annotations: Sequence[Any], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) != len(annotations):
        raise _misfit(value, place, f"a list of {len(annotations)}")
    return tuple(_read(one, item, place_of(place, index)) for index, (one, item) in enumerate(zip(annotations, value)))


def _read_dict(arguments: Sequence[Any], value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _misfit(value, place, "an object")
    key, item = arguments or (Any, Any)
    return {_read(key, name, place): _read(item, one, place_of(place, name)) for name, one in value.items()}


def _read_one_of(choices: dict[Any, Any], value: Any, place: str) -> Any:
    plain = floats(value, place)
    for found, choice in choices.items():
        if type(found) is type(plain) and found == plain:
            return choice
    raise _misfit(value, place, "one of " + ", ".join(as_written(one) for one in choices))


def _read_either(annotations: Sequence[Any], value: Any, place: str) -> Any:
    # Of several kinds of numbers, the one that the number is written like.
    first = (float, Decimal) if isinstance(value, Number) else (int,)
    flaws: list[Unreadable] = []
    for annotation in sorted(annotations, key=lambda one: _taken_apart(one)[0] not in first):
        try:
            return _read(annotation, value, place)
        except Unreadable as flaw:
            flaws.append(flaw)
    others = [one for one in annotations if one not in (None, type(None))]
    if len(others) == 1:
        return _read(others[0], value, place)
    raise _misfit(value, place, " or ".join(name_of(one) for one in annotations) + f" ({flaws[0]})")


def _read_bounded(annotation: Any, bounds: Sequence[Any], value: Any, place: str) -> Any:
    found = _read(annotation, value, place)
    for bound in bounds:
        for attribute, holds, words in _BOUNDS:
            limit = getattr(bound, attribute, None)
            if limit is not None and not callable(limit) and not holds(found, limit):
                raise _misfit(value, place, words.format(limit))
    return found


def _matches(text: str, pattern: str) -> bool:
    return re.search(pattern, text) is not None


_BOUNDS: tuple[tuple[str, Callable[[Any, Any], bool], str], ...] = (
    ("ge", lambda value, limit: value >= limit, "{} or more"),
    ("gt", lambda value, limit: value > limit, "more than {}"),
    ("le", lambda value, limit: value <= limit, "{} or less"),
    ("lt", lambda value, limit: value < limit, "less than {}"),
    ("multiple_of", lambda value, limit: value % limit == 0, "a multiple of {}"),
    ("min_length", lambda value, limit: len(value) >= limit, "of length {} or more"),
    ("max_length", lambda value, limit: len(value) <= limit, "of length {} or less"),
    ("pattern", _matches, "like {}"),
)


def _read_class(kind: Any, value: Any, place: str) -> Any:
    if issubclass(kind, Enum):
        return _read_one_of({member.value: member for member in kind}, value, place)
    if hasattr(kind, "model_validate"):
        return _read_model(kind, value, place)
    if _is_named_tuple(kind):
        return kind(*_read_tuple([annotation for _, annotation in _members(kind)], value, place))
    if not isinstance(value, dict):
        raise _misfit(value, place, f"an object ({kind.__name__})")
    if typing.is_typeddict(kind):
        return _read_members(kind, value, place, lambda name: name in _required_keys(kind), rest=True)
    if not dataclasses.is_dataclass(kind):
        raise NoForm(f"`{name_of(kind)}` has no form in JSON: make it a dataclass or a TypedDict")
    return _read_dataclass(kind, value, place)


def _read_dataclass(kind: Any, value: Any, place: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    known = {name: item for name, item in value.items() if name in fields}
    members = _read_members(kind, known, place, lambda name: name in fields and _is_needed(fields[name]))
    try:
        return kind(**members)
    except ValueError as error:
        # What the class itself has to say.
        raise Unreadable(place, str(error)) from None


def _read_members(kind: type, value: Any, place: str, needed: Callable[[str], bool], rest: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {}
    members = _members(kind)
    for name, annotation in members:
        if name in value:
            found[name] = _read(annotation, value[name], place_of(place, name))
        elif needed(name):
            raise Unreadable(place, f"`{name}` is missing")
    if rest:
        found |= {name: floats(item, place_of(place, name)) for name, item in value.items() if name not in found}
    return found


def _read_model(kind: Any, value: Any, place: str) -> Any:
    try:
        return kind.model_validate(floats(value, place))
    except ValueError as error:
        # Models of pydantic have a list of what is wrong, and where.
        for flaw in error.errors() if hasattr(error, "errors") else ():
            for key in flaw["loc"]:
                place = place_of(place, key)
            raise Unreadable(place, flaw["msg"]) from None
        raise Unreadable(place, str(error)) from None


# Annotations.


def _taken_apart(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """What an annotation is in the main, and its arguments."""
    if isinstance(annotation, typing.NewType):
        return _taken_apart(annotation.__supertype__)
    if hasattr(annotation, "__value__"):
        return _taken_apart(annotation.__value__)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        return annotation, ()
    if hasattr(annotation, "__metadata__"):
        return typing.Annotated, (annotation.__origin__, *annotation.__metadata__)
    if origin is getattr(types, "UnionType", Union):
        return Union, arguments
    if str(origin) in ("typing.Required", "typing.NotRequired", "typing.ReadOnly"):
        return _taken_apart(arguments[0])
    return origin, arguments


def _members(kind: type) -> list[tuple[str, Any]]:
    """Names and annotations of a class, those that are written as text included."""
    found = _MEMBERS.get(kind)
    if found is None:
        found = _MEMBERS[kind] = list(typing.get_type_hints(kind, include_extras=True).items())
    return found


_MEMBERS: dict[type, list[tuple[str, Any]]] = {}


def _required_keys(kind: Any) -> frozenset[str]:
    return kind.__required_keys__


def _is_needed(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _is_text_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum) and all(isinstance(one.value, str) for one in annotation)


def name_of(annotation: Any) -> str:
    """The name of a type for people."""
    if annotation is None or annotation is type(None):
        return "None"
    return annotation.__name__ if isinstance(annotation, type) and not typing.get_args(annotation) else str(annotation)
