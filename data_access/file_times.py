"""Whether a file that seems unchanged is: it may have been written twice within one tick of the clock that dates it."""

from __future__ import annotations

from typing import Final

#: Seconds after which a file that is written anew has another time.
SETTLED: Final = 2.0


def is_settled(written_ns: int, now: float) -> bool:
    """Whether a file of this time (ns since 1970) that was read at `now` (s) has another time once it changes."""
    return now - written_ns / 1e9 > SETTLED
