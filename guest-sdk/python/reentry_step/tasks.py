"""Coroutines without an event loop.

A step is a coroutine. What it can await are the waits of its context, and other coroutines together. When nothing can run any
more, the call of the host ends; the coroutines stay in memory, which the host keeps.
"""

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_ready: deque[Callable[[], None]] = deque()


class Awaited(Generic[T]):
    """Something that will be there later: awaiting it gives its value, or raises its error."""

    def __init__(self) -> None:
        self.done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._waiting: list[Callable[[], None]] = []

    def __await__(self) -> Generator["Awaited[Any]", None, T]:
        while not self.done:
            yield self
        return self.result()

    def result(self) -> T:
        """The value, once it is there. Raises the error if it came to one."""
        if not self.done:
            raise RuntimeError("this is not done")
        if self._error is not None:
            raise self._error
        return self._value

    def close(self) -> None:
        """Gives up on it: whoever awaits it is not woken any more."""
        self._waiting.clear()

    def _settle(self, value: Any = None, error: BaseException | None = None) -> None:
        if not self.done:
            self.done, self._value, self._error = True, value, error
            _ready.extend(self._waiting)
            self._waiting.clear()

    def _when_done(self, act: Callable[[], None]) -> None:
        if self.done:
            _ready.append(act)
        else:
            self._waiting.append(act)


class Task(Awaited[T]):
    """A coroutine that runs beside others."""

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        super().__init__()
        self._coroutine = coroutine
        self._awaits: Awaited[Any] | None = None
        _ready.append(self._go_on)

    def close(self) -> None:
        super().close()
        if not self.done:
            if self._awaits is not None:
                self._awaits.close()
            self.done = True
            self._coroutine.close()

    def _go_on(self) -> None:
        if self.done:
            return
        try:
            awaited = self._coroutine.send(None)
        except StopIteration as end:
            self._settle(end.value)
        except BaseException as error:  # noqa: BLE001 - whoever awaits the task gets it
            self._settle(error=error)
        else:
            self._park(awaited)

    def _park(self, awaited: Any) -> None:
        if isinstance(awaited, Awaited):
            self._awaits = awaited
            awaited._when_done(self._go_on)
            return
        # Raised where it is awaited, so that the error has that place.
        foreign = TypeError(f"a step may await only what its context gave it, not {awaited!r}")
        try:
            self._coroutine.throw(foreign)
        except BaseException as error:  # noqa: BLE001 - the same, on its way out
            self._settle(error=error)
        else:
            self._coroutine.close()
            self._settle(error=foreign)


def drain() -> None:
    """Runs everything that can run."""
    while _ready:
        _ready.popleft()()


def forget() -> None:
    """Drops everything that could run, for the step of another test."""
    _ready.clear()


def as_awaited(awaitable: Awaitable[T]) -> Awaited[T]:
    """A wait as it is, a coroutine as a task."""
    if isinstance(awaitable, Awaited):
        return awaitable
    if inspect.iscoroutine(awaitable):
        return Task(awaitable)
    return Task(_await(awaitable))


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable


async def gather(awaitables: tuple[Awaitable[Any], ...], return_exceptions: bool) -> list[Any]:
    """The results of all, in order. Unless they are to be among the results, the first error ends it."""
    all_of_them = [as_awaited(awaitable) for awaitable in awaitables]
    try:
        while not all(one.done for one in all_of_them):
            if not return_exceptions:
                _raise_error(all_of_them)
            await _change(all_of_them)
        if not return_exceptions:
            _raise_error(all_of_them)
        return [_or_error(one) for one in all_of_them]
    finally:
        _close(all_of_them)


async def race(awaitables: tuple[Awaitable[Any], ...]) -> Any:
    """The result of the first that is done; the others are closed."""
    all_of_them = [as_awaited(awaitable) for awaitable in awaitables]
    if not all_of_them:
        raise ValueError("there is nothing to wait for")
    try:
        while not any(one.done for one in all_of_them):
            await _change(all_of_them)
        return next(one for one in all_of_them if one.done).result()
    finally:
        _close(all_of_them)


def _or_error(one: Awaited[Any]) -> Any:
    """A result, or the error in its place. What ends the step is no result."""
    return one._error if isinstance(one._error, Exception) else one.result()


def _raise_error(all_of_them: list[Awaited[Any]]) -> None:
    for one in all_of_them:
        if one._error is not None:
            raise one._error


def _close(all_of_them: list[Awaited[Any]]) -> None:
    for one in all_of_them:
        if not one.done:
            one.close()


async def _change(all_of_them: list[Awaited[Any]]) -> None:
    """Waits until one of those that are not done is done."""
    change: Awaited[None] = Awaited()
    for one in all_of_them:
        if not one.done:
            one._when_done(change._settle)
    await change
