"""Lines of the log whose cause anybody may bring about as often as they like: each is written once a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable

_AGAIN = 60.0  # seconds


class Seldom:
    """Says when a line may be written; lines are known by what does not change with who brings them about."""

    def __init__(self, seconds: float = _AGAIN, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._written: dict[Hashable, float] = {}

    def may_write(self, line: Hashable) -> bool:
        """Whether a line was not written a moment ago; it then counts as written now."""
        now = self._clock()
        if now < self._written.get(line, -math.inf) + self._seconds:
            return False
        self._written[line] = now
        return True
