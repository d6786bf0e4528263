"""The pace of calls: how many may begin in a minute, and a pause that one answer asks of all.

One pace serves every session of a process that calls the same service, whatever their threads do at once.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass

from data_access.errors import Details

#: In so many seconds no more calls begin than are allowed. Those of the promise, and one more: a call that begins late
#: may arrive early.
WINDOW = 61.0
_LOOK = 0.1  # seconds between two looks at whether a thread that waits for its turn is still wanted

_NEVER = threading.Event()


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when no call is to begin (of `time.monotonic`), and the answer that asked for it."""

    until: float = 0.0
    by: Details = Details()  # noqa: RUF009 - frozen


class HeldBack(Exception):
    """A pause lasts longer than a call may wait."""

    def __init__(self, pause: Pause) -> None:
        super().__init__()
        self.pause = pause


class Pace:
    """Lets calls begin one after the other, at most `calls` in any `window` of seconds; None for any number."""

    def __init__(self, calls: int | None = None, window: float = WINDOW) -> None:
        self.calls = calls
        self._window = window
        self._turn = threading.Lock()
        self._pause_lock = threading.Lock()
        self._pause = Pause()
        self._begun: deque[float] = deque()

    @property
    def longest_wait(self) -> float:
        """Seconds that the next call may have to wait for its turn, pauses apart."""
        return 0.0 if self.calls is None else self._window

    def begin(self, stop: threading.Event = _NEVER, deadline: float = math.inf) -> float:
        """Wait until a call may begin; returns how many seconds of that its turn took, which are no fault of the call.

        `stop`, once set, ends the waiting. Raises HeldBack where a pause goes beyond `deadline`, of `time.monotonic`.
        """
        came = time.monotonic()
        paused = self._wait_out_pause(stop, deadline)
        if self.calls is None:
            return 0.0
        while not self._turn.acquire(timeout=_LOOK):
            if stop.is_set():
                return 0.0
        try:
            while not stop.is_set():
                paused += self._wait_out_pause(stop, max(deadline, time.monotonic()))
                if (seconds := self._seconds_to_go()) <= 0:
                    self._begun.append(time.monotonic())
                    break
                stop.wait(seconds)
        finally:
            self._turn.release()
        return max(0.0, time.monotonic() - came - paused)

    def hold_back(self, pause: Pause) -> None:
        """Let no call begin before the end of this pause; of several the longest counts."""
        with self._pause_lock:
            if pause.until > self._pause.until:
                self._pause = pause

    def _wait_out_pause(self, stop: threading.Event, deadline: float) -> float:
        """Wait as long as any thread was told to; returns how many seconds that took."""
        began = time.monotonic()
        while not stop.is_set():
            with self._pause_lock:
                pause = self._pause
            remaining = pause.until - time.monotonic()
            if remaining <= 0:
                break
            if pause.until > deadline:
                raise HeldBack(pause)
            stop.wait(remaining)
        return time.monotonic() - began

    def _seconds_to_go(self) -> float:
        """Seconds until fewer calls than allowed have begun in the window that ends then."""
        calls, now = self.calls or 1, time.monotonic()
        while self._begun and self._begun[0] <= now - self._window:
            self._begun.popleft()
        return self._begun[-calls] + self._window - now if len(self._begun) >= calls else 0.0
