"""Modules that a step imports while it runs. Their files are there only while the component is built, so they are loaded then."""

import dis
import importlib
import inspect
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from . import call

# What the standard library imports late, and steps are likely to come by.
_STANDARD = ("_strptime", "calendar", "decimal", "encodings.idna", "encodings.ascii", "encodings.latin_1", "base64")


def load_late_ones() -> None:
    """Loads what the author's modules, and packages, import within functions. Leaves out what is not there, as it may not be needed."""
    for name in _STANDARD:
        _load(name)
    seen: set[str] = set()
    while new := [name for name, module in list(sys.modules.items()) if name not in seen and _is_of_the_project(name, module)]:
        for name in new:
            seen.add(name)
            for imported in _late_imports(sys.modules[name]):
                _load(imported)


def _is_of_the_project(name: str, module: Any) -> bool:
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and top != __package__ and bool(getattr(module, "__file__", None))


def _late_imports(module: Any) -> Iterator[str]:
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    try:
        code = loader.get_code(module.__name__) if loader is not None else None
    except (AttributeError, ImportError, OSError):
        return
    package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
    yield from _imports_of_functions(code, package) if code is not None else ()


def _imports_of_functions(code: CodeType, package: str) -> Iterator[str]:
    """What functions import, by their instructions: a level and a list of names go before the name of the module."""
    if code.co_flags & inspect.CO_NEWLOCALS:
        instructions = list(dis.get_instructions(code))
        for level, names, load in zip(instructions, instructions[1:], instructions[2:]):
            if load.opname == "IMPORT_NAME":
                yield from _imported(load.argval, level.argval or 0, names.argval or (), package)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _imports_of_functions(constant, package)


def _imported(name: str, level: int, names: tuple[str, ...], package: str) -> Iterator[str]:
    parents = package.split(".")[: len(package.split(".")) - level + 1] if level else []
    base = ".".join([*parents, *([name] if name else [])])
    yield base
    # What is imported from a package may be a module, too.
    yield from (f"{base}.{one}" for one in names if one != "*")


def _load(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001 - it may not be needed; if it is, the step says so
        pass


class Finder:
    """Answers for modules that are looked for while a step runs."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Raises an error that says why the module is not there. Finds nothing while the component is built."""
        if call.running():
            raise ModuleNotFoundError(
                f"the module {name} is not in this component: modules are loaded while it is built; import it at the top of a file",
                name=name,
            )


def guard() -> None:
    """Has late imports fail with words, where looking for files would trap."""
    at = next((at for at, finder in enumerate(sys.meta_path) if getattr(finder, "__name__", "") == "PathFinder"), len(sys.meta_path))
    sys.meta_path.insert(at, Finder)  # type: ignore[arg-type]
