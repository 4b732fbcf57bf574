"""What Python has, and a step has not: files, a network, processes, threads, sleep, standard input, environment variables.

Asking the system below for one of them traps. So they are refused before, with words, and with a place in the author's code.
"""

import builtins
import os
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, NoReturn

from . import call, modules
from .errors import here, located

FILES = "a step has no files: put what it needs into a module, or have it come with the input"
NETWORK = "a step has no network: have a program outside do this, and send what it gets as an event or an answer"
PROCESSES = "a step cannot run programs: have a program outside do this, and send what it gets as an event or an answer"
THREADS = "a step has no threads: wait for several things with ctx.gather"
SLEEP = "a step does not sleep in its code: await ctx.sleep(seconds)"
INPUT = "a step has no standard input: ask with ctx.suspend"
VARIABLES = "a step has no environment variables: hand the value in with the input or the request context"
CLOCK = "a step has no clock but its host's, and no loop of asyncio: ask ctx.now(), and await ctx.sleep, ctx.gather or ctx.race"
EXIT = "a step does not end its process: return its output, or raise StepError"


class NotInAStep(OSError):
    """Something that a step does not have."""


# By the first part of the name of an event that Python announces before it does something.
_EVENTS = {
    "open": FILES,
    "shutil": FILES,
    "tempfile": FILES,
    "pathlib": FILES,
    "glob": FILES,
    "mmap": FILES,
    "fcntl": FILES,
    "socket": NETWORK,
    "urllib": NETWORK,
    "http": NETWORK,
    "ftplib": NETWORK,
    "smtplib": NETWORK,
    "imaplib": NETWORK,
    "poplib": NETWORK,
    "subprocess": PROCESSES,
    "pty": PROCESSES,
    "_thread": THREADS,
    "time.sleep": SLEEP,
    "builtins.input": INPUT,
}
_PROCESS_EVENTS = ("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill", "os.startfile")
# What announces nothing, or is not there at all.
_UNANNOUNCED = (
    (os, FILES, "stat lstat access readlink getcwd fstat statvfs mkdir unlink rmdir rename fdopen isatty read write close pipe"),
    (os, EXIT, "_exit abort"),
    (os, PROCESSES, "system popen fork"),
    (time, CLOCK, "get_clock_info clock_gettime clock_gettime_ns clock_getres process_time process_time_ns thread_time thread_time_ns"),
)


def _hook(event: str, _arguments: tuple[Any, ...]) -> None:
    if not call.running():
        return
    name = event.partition("/")[0]
    words = _EVENTS.get(name) or _EVENTS.get(name.partition(".")[0])
    if words is None and name.startswith("os."):
        words = PROCESSES if name in _PROCESS_EVENTS else FILES if name not in ("os.putenv", "os.unsetenv") else VARIABLES
    if words is not None:
        raise NotInAStep(words)


def _refusing(native: Callable[..., Any] | None, words: str) -> Callable[..., Any]:
    def refuse(*arguments: Any, **options: Any) -> Any:
        if call.running() or native is None:
            raise NotInAStep(words)
        return native(*arguments, **options)

    return refuse


class _NoInput:
    """Standard input."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return False

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith("_"):
            raise AttributeError(name)
        return _refused_input

    def __iter__(self) -> NoReturn:
        raise NotInAStep(INPUT)


def _refused_input(*_: Any) -> NoReturn:
    raise NotInAStep(INPUT)


class Variables(MutableMapping[str, str]):
    """Environment variables: those that the step's own code set. Others are missing, with words."""

    def __init__(self) -> None:
        self._set: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name in self._set:
            return self._set[name]
        raise Variable(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Returns a default, as code may get along without the variable, and leaves a line in the log of who asked."""
        place = here()
        if name not in self._set and place is not None and call.running():
            call.host().log("warn", located(f"os.environ has no {name}: {VARIABLES}", place), None)
        return self._set.get(name, default)

    def __setitem__(self, name: str, value: str) -> None:
        self._set[name] = value

    def __delitem__(self, name: str) -> None:
        del self._set[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._set)

    def __len__(self) -> int:
        return len(self._set)

    def copy(self) -> dict[str, str]:
        """Returns those that were set."""
        return dict(self._set)


class Variable(KeyError):
    """An environment variable that is not there."""

    def __str__(self) -> str:
        return f"{self.args[0]!r}: {VARIABLES}"


def install() -> None:
    """Has all of this refused with words from now on, while a step runs."""
    sys.addaudithook(_hook)
    for module, words, names in _UNANNOUNCED:
        for name in names.split():
            # Others look whether there is a `fork`; nobody looks for these two.
            if hasattr(module, name) or name in ("system", "popen"):
                setattr(module, name, _refusing(getattr(module, name, None), words))
    builtins.input = _refusing(builtins.input, INPUT)
    sys.stdin = _NoInput()  # type: ignore[assignment]
    os.environ = Variables()  # type: ignore[assignment]
    os.getenv = os.environ.get  # type: ignore[assignment]
    modules.guard()
