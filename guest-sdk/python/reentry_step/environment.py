"""What Python code expects to find around it: standard output, logging, clocks, random numbers. All of it comes from the host,
as a step has no other world.

While a component is built its modules run once, without a host. What they ask then comes from the interpreter.
"""

import linecache
import logging
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from . import absent
from .call import host, running
from .waits import watch_coroutines


class LogStream:
    """A text stream that ends in the run's log, a line at a time."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, level: str) -> None:
        self._level = level
        self._pending = ""

    def write(self, text: str) -> int:
        *lines, self._pending = (self._pending + text).split("\n")
        for line in lines:
            self._hand_on(line)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing: a line goes out when it is whole, or when the call ends."""

    def finish(self) -> None:
        """Hands on what has no line break."""
        if self._pending:
            self._hand_on(self._pending)
            self._pending = ""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def _hand_on(self, line: str) -> None:
        if running():
            host().log(self._level, line, None)


class LogHandler(logging.Handler):
    """Hands records of `logging` to the run's log, at their level."""

    def emit(self, record: logging.LogRecord) -> None:
        if running():
            host().log(_level(record.levelno), self.format(record), None)


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


_streams = (LogStream("info"), LogStream("warn"))


def install() -> None:
    """Puts the host's services where Python code looks for them."""
    sys.stdout, sys.stderr = _streams  # type: ignore[assignment]
    logging.getLogger().addHandler(LogHandler())
    os.urandom = _urandom
    random._urandom = _urandom  # type: ignore[attr-defined]  # The name under which `random` knows `os.urandom`.
    _clocks()
    # Tracebacks show lines of source files, which are there only while the component is built. Looking for them traps.
    linecache.checkcache = lambda filename=None: None
    linecache.updatecache = lambda filename, module_globals=None: []
    absent.install()
    # One place is enough to say where a coroutine was made that nothing awaited.
    sys.set_coroutine_origin_tracking_depth(1)
    watch_coroutines()


def flush() -> None:
    """Hands on what was printed without a line break, at the end of a call."""
    for stream in _streams:
        stream.finish()


def reseed(entropy: bytes) -> None:
    """Seeds the generator of `random` for a call. A restored memory has the generator of the original one, so without this two
    restores of one suspension would draw the same numbers."""
    random.seed(entropy)


def _urandom(size: int) -> bytes:
    if not running():
        return bytes(random.getrandbits(8) for _ in range(size))
    parts = []
    while size > 0:
        parts.append(host().random(min(size, 65_536)))
        size -= len(parts[-1])
    return b"".join(parts)


def _clocks() -> None:
    """Clocks in milliseconds of the host. Those that only run forward are the same clock: it is the only one that goes on
    over a suspension."""
    for name in ("time", "monotonic", "perf_counter"):
        native, native_ns = getattr(time, name), getattr(time, f"{name}_ns")
        setattr(time, name, _clock(native, lambda: host().now() / 1000))
        setattr(time, f"{name}_ns", _clock(native_ns, lambda: host().now() * 1_000_000))
    for name in ("gmtime", "localtime"):
        setattr(time, name, _broken_down(getattr(time, name)))
    for name, when in (("asctime", 0), ("ctime", 0), ("strftime", 1)):
        setattr(time, name, _written(getattr(time, name), when, time.localtime if name != "ctime" else time.time))
    # The C implementation of datetime asks the operating system. The one in Python asks the module `time`.
    sys.modules["_datetime"] = None  # type: ignore[assignment]
    sys.modules.pop("datetime", None)


def _clock(native: Callable[[], Any], asked: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: asked() if running() else native()


def _broken_down(native: Callable[..., time.struct_time]) -> Callable[..., time.struct_time]:
    return lambda seconds=None: native(time.time() if seconds is None else seconds)


def _written(native: Callable[..., str], when: int, now: Callable[[], Any]) -> Callable[..., str]:
    """A function that takes the present time when the argument at a place is left out."""
    return lambda *args: native(*args, now()) if len(args) == when else native(*args)
