"""Patience with a store: an operation that does not end is given up, and later ones fail at once until it does end.

Neither Arrow's object stores nor a file system on a network end each of their operations in time, and none can be told
to. So each one runs in a thread that a process does not wait for when it ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

SECONDS = 20.0  # for one operation, plus those for its size
_BYTES_A_SECOND = 2**20  # of the slowest store that is in use
_FILES_A_SECOND = 50

T = TypeVar("T")


class Hanging(TimeoutError):
    """An operation of the store does not end."""


@dataclass(slots=True)
class Allowance:
    """How many seconds an operation may take; it may add to them once it knows how much there is to do."""

    seconds: float

    def for_bytes(self, number: int) -> None:
        """Add the time for so many bytes."""
        self.seconds += number / _BYTES_A_SECOND

    def for_files(self, number: int) -> None:
        """Add the time for information about so many files."""
        self.seconds += number / _FILES_A_SECOND


class Patience:
    """Runs the operations of one store, for any number of threads.

    `most_given_up`: so many that were given up may still be under way while further ones are tried.
    """

    def __init__(self, seconds: float = SECONDS, most_given_up: int = 0) -> None:
        self._seconds, self._most_given_up = seconds, most_given_up
        self._given_up: list[Future[Any]] = []

    def run(self, operation: Callable[[Allowance], T]) -> T:
        """The result of an operation, or its exception. Raises Hanging where it does not end."""
        self._given_up = [future for future in self._given_up if not future.done()]
        if len(self._given_up) > self._most_given_up:
            raise Hanging("it still does not answer")
        allowance, future, begun = Allowance(self._seconds), Future[T](), time.monotonic()
        threading.Thread(target=_work, args=(operation, allowance, future), name="store", daemon=True).start()

        def is_over() -> bool:
            while not future.done() and (remaining := begun + allowance.seconds - time.monotonic()) > 0:
                wait([future], remaining)
            return future.done()

        try:
            over = is_over()
        except BaseException:
            is_over()  # or the process would end in the middle of a write
            raise
        if not over:
            self._given_up.append(future)
            raise Hanging(f"it did not answer within {allowance.seconds:.0f} seconds")
        return future.result()


def _work(operation: Callable[[Allowance], T], allowance: Allowance, future: Future[T]) -> None:
    try:
        future.set_result(operation(allowance))
    except BaseException as error:  # noqa: BLE001 - it belongs to the thread that waits
        future.set_exception(error)
