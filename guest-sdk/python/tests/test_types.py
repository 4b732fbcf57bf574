"""Types as schemas, and JSON as values of types."""

import unittest
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
import sys
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

from reentry_step import Field, RawJson, StepError  # noqa: E402
from reentry_step.json_text import Unreadable, read, write  # noqa: E402
from reentry_step.typed import NoForm, read_as, schema_of  # noqa: E402


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: int = 0


class Part(TypedDict, total=False):
    name: str


@dataclass
class Line:
    sku: str
    count: Annotated[int, Field(ge=1, le=99)] = 1
    tags: list[str] = field(default_factory=list)


@dataclass
class Tree:
    name: str
    parts: "list[Tree]"


@dataclass
class Whole:
    tree: Tree


@dataclass
class Span:
    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("first is after last")


class Model:
    """Like one of pydantic."""

    @classmethod
    def model_json_schema(cls, mode: str) -> Any:
        return {"title": mode}

    @classmethod
    def model_validate(cls, value: Any) -> Any:
        if value != 1.5:
            raise ValueError("must be 1.5")
        return "valid"


Cents = NewType("Cents", int)


class Schemas(unittest.TestCase):
    def check(self, annotation: Any, expected: Any, written: bool = False) -> None:
        self.assertEqual(schema_of(annotation, written), expected)

    def test_plain_types(self) -> None:
        self.check(int, {"type": "integer"})
        self.check(Any, {})
        self.check(None, {"type": "null"})
        self.check(Cents, {"type": "integer"})
        self.check(datetime, {"type": "string", "format": "date-time"})
        self.check(Optional[str], {"type": ["string", "null"]})
        self.check(Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]})
        self.check(Literal["a", 1], {"enum": ["a", 1]})
        self.check(Color, {"enum": ["red", "blue"]})
        self.check(dict[str, list[float]], {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}}})
        two = {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2}
        self.check(tuple[int, str], two)
        self.check(set[int], {"type": "array", "uniqueItems": True, "items": {"type": "integer"}})
        self.check(Annotated[str, Field(min_length=2, pattern="^a"), "A word"], {
            "type": "string", "minLength": 2, "pattern": "^a", "description": "A word"
        })
        self.check(Annotated[list[int], Field(max_length=3)], {"type": "array", "items": {"type": "integer"}, "maxItems": 3})
        self.check(Model, {"title": "validation"})

    def test_classes(self) -> None:
        count = {"type": "integer", "minimum": 1, "maximum": 99}
        tags = {"type": "array", "items": {"type": "string"}}
        sku = {"type": "string"}
        read = {"sku": sku, "count": {**count, "default": 1}, "tags": tags}
        self.check(Line, {"type": "object", "properties": read, "required": ["sku"]})
        written = {"sku": sku, "count": count, "tags": tags}
        self.check(Line, {"type": "object", "properties": written, "required": ["sku", "count", "tags"]}, written=True)
        self.check(Part, {"type": "object", "properties": {"name": sku}})

    def test_a_class_that_holds_itself_is_written_once(self) -> None:
        tree = {"name": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#"}}}
        self.check(Tree, {"type": "object", "properties": tree, "required": ["name", "parts"]})
        inner = {"name": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}
        self.check(Whole, {
            "type": "object",
            "properties": {"tree": {"$ref": "#/$defs/Tree"}},
            "required": ["tree"],
            "$defs": {"Tree": {"type": "object", "properties": inner, "required": ["name", "parts"]}},
        })

    def test_a_type_without_a_form_says_so(self) -> None:
        for annotation, words in ((timedelta, "`timedelta` has no form in JSON"), (dict[int, str], "keys of type `int`")):
            with self.assertRaisesRegex(NoForm, words):
                schema_of(annotation)


class Reading(unittest.TestCase):
    def check(self, annotation: Any, text: str, expected: Any) -> None:
        found = read_as(annotation, text)
        self.assertEqual((type(found), found), (type(expected), expected))

    def refused(self, annotation: Any, text: str, words: str) -> None:
        with self.assertRaises(Unreadable) as caught:
            read_as(annotation, text)
        self.assertEqual(str(caught.exception), words)

    def test_numbers_keep_every_digit(self) -> None:
        self.check(int, "123456789012345678901234567890", 123456789012345678901234567890)
        self.check(int, "2.0", 2)
        self.check(int, "1e3", 1000)
        self.check(float, "0.1", 0.1)
        self.check(float, "2", 2.0)
        self.check(Decimal, "1.10000000000000000000001", Decimal("1.10000000000000000000001"))
        self.check(Decimal, "1" * 5000, Decimal("1" * 5000))
        self.check(Any, '{"a": 1.5, "b": 12345678901234567890}', {"a": 1.5, "b": 12345678901234567890})
        self.check(RawJson, "1.10", RawJson("1.10"))
        self.check(list[RawJson], "[1.10]", [RawJson("1.10")])
        self.refused(int, "2.5", "2.5 is not a whole number")
        self.refused(int, "1e999999", "a number of 1000000 digits is too long for an int; annotate it as Decimal")
        self.refused(int, "true", "true is not a whole number")
        self.refused(dict[str, Any], '{"a/b": [1e400]}',
                     "/a~1b/0: 1e400 does not fit a float, whose largest is 1.8e308; annotate it as Decimal")
        self.refused(Any, '{"a": [1e400]}', "/a/0: 1e400 does not fit a float, whose largest is 1.8e308; annotate it as Decimal")
        self.refused(float, "9007199254740993",
                     "9007199254740993 is not a number that a float holds to its last digit; annotate it as int or Decimal")
        self.refused(Any, "[" + "1" * 5000 + "]",
                     "/0: a whole number of 5000 digits is too long; annotate it as Decimal, or take it with raw=True")

    def test_values_of_classes(self) -> None:
        self.check(Line, '{"sku": "a", "count": 2.0}', Line("a", 2))
        self.check(Point, "[1, 2]", Point(1, 2))
        self.check(Part, '{"name": "a", "more": 1.5}', {"name": "a", "more": 1.5})
        self.check(Color, '"blue"', Color.BLUE)
        self.check(Optional[Line], "null", None)
        self.check(Union[int, float], "2.5", 2.5)
        self.check(Union[float, int], "2", 2)
        self.check(datetime, '"2026-01-31T12:00:00Z"', datetime(2026, 1, 31, 12, tzinfo=timezone.utc))
        self.check(date, '"2026-01-31"', date(2026, 1, 31))
        self.check(UUID, '"12345678-1234-5678-1234-567812345678"', UUID("12345678-1234-5678-1234-567812345678"))
        self.check(tuple[int, ...], "[1, 2]", (1, 2))
        self.check(dict[str, Point], '{"a": [1, 2]}', {"a": Point(1, 2)})
        self.check(Tree, '{"name": "a", "parts": [{"name": "b", "parts": []}]}', Tree("a", [Tree("b", [])]))
        self.check(Model, "1.5", "valid")

    def test_what_does_not_fit_is_named_with_its_place(self) -> None:
        self.refused(list[Line], '[{"sku": "a"}, {"sku": 7}]', "/1/sku: 7 is not a text")
        self.refused(Line, "{}", "`sku` is missing")
        self.refused(Line, '{"sku": "a", "count": 100}', "/count: 100 is not 99 or less")
        self.refused(Line, "[]", "[] is not an object (Line)")
        self.refused(Optional[Line], '{"sku": null}', "/sku: null is not a text")
        self.refused(Union[int, str], "null", "null is not int or str (null is not a whole number)")
        self.refused(Color, '"green"', '"green" is not one of "red", "blue"')
        self.refused(Literal[1], "true", "true is not one of 1")
        self.refused(Span, '{"first": 2, "last": 1}', "first is after last")
        self.refused(Model, "1", "must be 1.5")
        self.refused(date, '"tomorrow"', '"tomorrow" is not a date such as 2026-01-31')


class Writing(unittest.TestCase):
    def check(self, value: Any, expected: str) -> None:
        self.assertEqual(write("it", value), expected)

    def refused(self, value: Any, words: str) -> None:
        with self.assertRaises(StepError) as caught:
            write("the output", value)
        self.assertEqual(caught.exception.code, "not-json")
        self.assertRegex(caught.exception.message, f"^the output cannot be written as JSON: {words}")

    def test_values(self) -> None:
        self.check(Line("ä", 2), '{"sku":"ä","count":2,"tags":[]}')
        self.check({"d": Decimal("1.10"), "raw": RawJson("2.50")}, '{"d":1.10,"raw":2.50}')
        self.check([Color.RED, {3, 1}, date(2026, 1, 31)], '["red",[1,3],"2026-01-31"]')
        self.check([0.1, 123456789012345678901234567890, True, None], "[0.1,123456789012345678901234567890,true,null]")
        self.assertEqual(read(write("it", 0.1 + 0.2)), 0.1 + 0.2)

    def test_what_has_no_form_is_named_with_its_place(self) -> None:
        self.refused({"a": [float("nan")]}, "/a/0: nan is not a number in JSON")
        self.refused([Decimal("Infinity")], "/0: Infinity is not a number in JSON")
        self.refused({"hi": "\ud83d"}, r"/hi: '\\ud83d' holds half of a character")
        self.refused({"f": print}, "/f: a value of type builtin_function_or_method has no form in JSON; is a call missing")
        self.refused({"b": b"x"}, "/b: a value of type bytes has no form in JSON; base64")
        self.refused({(1, 2): 3}, r"the key \(1, 2\) is not a text")
        cycle: list[Any] = []
        cycle.append(cycle)
        self.refused(cycle, "/0/0/0.*: it is more than 200 levels deep, or holds itself")


if __name__ == "__main__":
    unittest.main()
