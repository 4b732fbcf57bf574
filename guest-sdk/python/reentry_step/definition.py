"""What a component says of its steps."""

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .context import Context
from .errors import here, located
from .json_text import write
from .typed import NoForm, schema_of

Body = TypeVar("Body", bound=Callable[..., Any])


@dataclass(frozen=True)
class Retry:
    """When and how often a failed call of a step is tried again, unless the workflow says otherwise."""

    retries: int
    delay_ms: int = 1000
    backoff: float = 1.0
    max_delay_ms: int = 0
    jitter: float = 0.0


@dataclass
class Definition:
    """A step and what its component says of it. Schemas that are not given are those of the types in its signature."""

    id: str
    run: Callable[..., Any]
    place: str | None
    title: str | None
    description: str | None
    retry: Retry | None
    timeout_ms: int | None
    metadata: str | None
    #: By what they are of: input, output, suspend, resume, state and request_context. JSON texts.
    schemas: dict[str, str] = field(default_factory=dict)
    input: Any = Any
    answer: Any = Any

    def complete(self) -> None:
        """Takes from the signature what types there are, and their schemas. Raises `NoForm` for a type that has none."""
        try:
            types = _signature(self.run)
        except (NoForm, NameError) as flaw:
            raise NoForm(located(f"step {self.id}: {flaw}", self.place)) from None
        self.input, self.answer = types["input"], types["resume"]
        for what, annotation in types.items():
            if annotation is not Any and what not in self.schemas:
                try:
                    schema = schema_of(annotation, written=what in ("output", "suspend"))
                except (NoForm, NameError) as flaw:
                    raise NoForm(located(f"step {self.id}: the type of its {_NOUNS[what]}: {flaw}", self.place)) from None
                self.schemas[what] = write("the schema", {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


_NOUNS = {"input": "input", "output": "output", "suspend": "question", "resume": "answer"}

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
    """Makes a step of the component out of an `async` function, or a plain one, of a context and an input.

    `id` names it: 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit. The schemas of input, question,
    answer and output are those of the types in the signature, unless others are given:
    `async def buy(ctx: Context[Question, Answer], order: Order) -> Bought`.
    """
    place = here()
    if not isinstance(id, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", id, re.ASCII):
        rule = "1 to 128 letters, digits, - and _, beginning with a letter or digit"
        raise ValueError(located(f"{id!r} is no id for a step: it takes {rule}", place))
    given = {"input": input_schema, "output": output_schema, "suspend": suspend_schema, "resume": resume_schema}
    given |= {"state": state_schema, "request_context": request_context_schema}
    schemas = {what: write(f"the {what} schema", schema) for what, schema in given.items() if schema is not None}
    metadata_text = None if metadata is None else write("the metadata", metadata)

    def define(run: Body) -> Body:
        known = definitions.get(id)
        # The same place is the same step, of a module that is loaded again.
        if known is not None and known.place != place:
            raise ValueError(located(f"there are two steps {id}; the other one is at {known.place}", place))
        definitions[id] = Definition(id, run, place, title, description, retry, timeout_ms, metadata_text, schemas)
        return run

    return define


def definition_of(run: Callable[..., Any]) -> Definition:
    """The step that a function was made."""
    for definition in definitions.values():
        if definition.run is run:
            return definition
    raise ValueError(f"{getattr(run, '__name__', run)} is no step: write @step(...) above it")


def _signature(run: Callable[..., Any]) -> dict[str, Any]:
    """The types of what goes in and out, as far as the signature says them."""
    parameters = list(inspect.signature(run).parameters.values())
    if len(parameters) != 2:
        raise NoForm(f"`{run.__name__}` takes {len(parameters)} arguments, and a step takes two: its context and its input")
    hints = typing.get_type_hints(run, include_extras=True)
    context = typing.get_args(hints.get(parameters[0].name))
    question, answer = context if len(context) == 2 and typing.get_origin(hints[parameters[0].name]) is Context else (Any, Any)
    given = {"input": hints.get(parameters[1].name, Any), "output": hints.get("return", Any), "suspend": question, "resume": answer}
    return {what: Any if isinstance(annotation, TypeVar) else annotation for what, annotation in given.items()}
