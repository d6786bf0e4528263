"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 60) -> float:
    """Wait until this is so, as long as a busy machine may take; returns how many seconds it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, "it does not come"
        time.sleep(0.01)  # whom we wait for tells nobody when it is done
    return time.monotonic() - begun
