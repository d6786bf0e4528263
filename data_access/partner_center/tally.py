"""A tally of this process's calls: how many were sent for each collection, with which answer, and how many again."""

from __future__ import annotations

import re
import threading
from collections import Counter
from urllib.parse import urlsplit

from data_access.partner_center.catalog import COLLECTIONS

NO_ANSWER, OTHER = "none", "other"

# The address of a service may have a path of its own before that of the call.
_PATHS = {
    name: re.compile(".*(" + "|".join(re.escape(path).replace(r"\{customer\}", "[^/]+") for path in known.paths) + ")")
    for name, known in COLLECTIONS.items()
}


class Tally:
    """Counts for any number of threads; its keys are names of collections and statuses, and nothing of a customer's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[tuple[str, str]] = Counter()
        self._retries: Counter[str] = Counter()

    def sent(self, url: str, status: int | None) -> None:
        """Count a request to an address, and the status that came; None where none did."""
        known = status is not None and 100 <= status < 600
        with self._lock:
            self._calls[_collection(url), str(status) if known else NO_ANSWER] += 1

    def repeated(self, url: str) -> None:
        """Count that a call is made once more."""
        with self._lock:
            self._retries[_collection(url)] += 1

    @property
    def calls(self) -> dict[tuple[str, str], int]:
        """How many requests were sent, by collection and status."""
        with self._lock:
            return dict(self._calls)

    @property
    def retries(self) -> dict[str, int]:
        """How many calls were made once more, by collection."""
        with self._lock:
            return dict(self._retries)


#: The tally of this process.
TALLY = Tally()


def _collection(url: str) -> str:
    path = urlsplit(url).path
    return next((name for name, pattern in _PATHS.items() if pattern.fullmatch(path)), OTHER)
