"""Page turns: how many pages are worked out at a time, so that a crowd slows down neither itself nor the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: More of them would only wait for each other's processor, and keep the server from answering its probes.
AT_A_TIME = 3
_turns = threading.BoundedSemaphore(AT_A_TIME)
_mine = threading.local()


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn, and have it until the end; one within another is the same."""
    if getattr(_mine, "is_held", False):
        yield
        return
    with _turns:
        _mine.is_held = True
        try:
            yield
        finally:
            _mine.is_held = False


@contextmanager
def paused() -> Iterator[None]:
    """Let others have this turn while this one waits for something else than the processor."""
    if not getattr(_mine, "is_held", False):
        yield
        return
    _mine.is_held = False
    _turns.release()
    try:
        yield
    finally:
        _turns.acquire()
        _mine.is_held = True
