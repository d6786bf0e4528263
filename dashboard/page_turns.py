"""Page turns: how many pages are worked out at a time, so that a crowd slows down neither itself nor the server."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

#: Pages drawn at a time. More would take the interpreter from each other and from the loop that sends what they draw:
#: everybody's page would be there when the last one is.
AT_A_TIME = 1
#: Views worked out at a time beside them: who asks for what nobody has asked for keeps nobody else from a page.
APART = 2


class _Places:
    """A number of places. Who leaves one hands it on: to who had one before, then to who has waited longest."""

    def __init__(self, number: int) -> None:
        self._free, self._lock = number, threading.Lock()
        self._come_back: deque[threading.Lock] = deque()
        self._new: deque[threading.Lock] = deque()

    def take(self, *, is_back: bool) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            gate = threading.Lock()
            gate.acquire()
            (self._come_back if is_back else self._new).append(gate)
        gate.acquire()

    @property
    def waiting(self) -> int:
        return len(self._come_back) + len(self._new)

    def leave(self) -> None:
        with self._lock:
            if waiting := self._come_back or self._new:
                waiting.popleft().release()
            else:
                self._free += 1


_drawing, _apart = _Places(AT_A_TIME), _Places(APART)
_mine = threading.local()


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn, and have it until the end; one within another is the same."""
    if _place():
        yield
        return
    with _taken(_drawing):
        yield


@contextmanager
def paused() -> Iterator[None]:
    """Let others have this turn while this one waits for something else than the processor."""
    place = _place()
    if not place:
        yield
        return
    place.leave()
    _mine.place = None
    try:
        yield
    finally:
        place.take(is_back=True)  # before those who have not begun, or a page would stand behind the crowd many times
        _mine.place = place


@contextmanager
def apart() -> Iterator[None]:
    """Work for long beside those who draw, who have this turn meanwhile."""
    if _place() is not _drawing:
        yield
        return
    with paused(), _taken(_apart):
        yield


def waiting() -> int:
    """How many wait for a turn."""
    return _drawing.waiting


@contextmanager
def _taken(place: _Places) -> Iterator[None]:
    place.take(is_back=False)
    _mine.place = place
    try:
        yield
    finally:
        _mine.place = None
        place.leave()


def _place() -> _Places | None:
    """The place that this thread has."""
    place: _Places | None = getattr(_mine, "place", None)
    return place
