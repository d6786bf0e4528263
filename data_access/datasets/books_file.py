"""BOOKS_FILE, read again when it changes; for the sample without one, three invented people."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Protocol

from data_access import books, file_times
from data_access.books import Books, Line
from data_access.emulator import sample
from data_access.errors import HistoryError
from data_access.history.store import Damaged, Store
from data_access.settings import Settings

log = logging.getLogger(__name__)

#: Seconds until a file is looked at again that is not in a folder of this machine.
_LOOK_AGAIN = 10.0
_PATIENCE = 5.0  # seconds for one operation: pages wait for it
_UNREADABLE = "cannot be read where BOOKS_FILE says; check the address, and whether this account may read it"

#: The sample's people.
SAMPLE_PEOPLE = ("ann@partner.example", "ben@partner.example", "chloe@partner.example")
_ANN, _BEN, _CHLOE = SAMPLE_PEOPLE
#: Who looks after each of eight customers in a row: one of them has two people, another one nobody.
_OF_EIGHT = ((_ANN,), (_BEN,), (_ANN,), (_CHLOE,), (_ANN, _BEN), (_CHLOE,), (_BEN,), ())


class Keeper(Protocol):
    """Keeps books; `restricts` says whether a manager sees no customer outside the own one."""

    restricts: bool

    def books(self) -> Books: ...


class Kept:
    """Books that stay as they are, and restrict nobody."""

    restricts = False

    def __init__(self, kept: Books) -> None:
        self._kept = kept

    def books(self) -> Books:
        return self._kept


class BooksFile:
    """The books of a file, for any number of threads."""

    restricts = True

    def __init__(
        self, address: str, clock: Callable[[], float] = time.monotonic, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._folder, self._name = _parts(address)
        self._clock, self._wall_clock = clock, wall_clock
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._books = Books()  # before the first look
        self._content: bytes | None = None  # that `_books` were read from
        self._version: tuple[object, ...] | None = None  # of the file, once it is sure to have this content
        self._look_at = -math.inf  # by `clock`; not before

    def books(self) -> Books:
        """The books as they are in the file now; where it cannot be read, nobody has one and `failure` says why."""
        with self._lock:
            if self._clock() >= self._look_at:
                before, self._books = self._books, self._now()
                if self._store is None or not self._store.is_local:
                    self._look_at = self._clock() + _LOOK_AGAIN
                if self._books is not before:
                    _tell(self._books)
            return self._books

    def _now(self) -> Books:
        try:
            content = self._changed(self._store or Store(self._folder, _PATIENCE, follows_links=True))
        except (HistoryError, Damaged, FileNotFoundError):
            self._content = self._version = None
            return self._books if self._books.failure == _UNREADABLE else Books(failure=_UNREADABLE)
        if content is None or content == self._content:
            return self._books
        self._content = content
        return books.parse(content)

    def _changed(self, store: Store) -> bytes | None:
        """The file's content, or None where it is sure to be the same as before."""
        self._store = store
        info = store.infos([self._name])[0]
        version = (info.type, info.size, info.mtime_ns)
        if version == self._version:
            return None
        content = bytes(store.read(self._name))
        self._version = version if file_times.is_settled(info.mtime_ns or 0, self._wall_clock()) else None
        return content


def keeper(settings: Settings) -> Keeper:
    """The books that these settings name; make it once and keep it.

    Without BOOKS_FILE the sample has some of invented people. On another source there are none then, and LOCAL_BOOK,
    which needs one, shows no customer.
    """
    if settings.books_file:
        return BooksFile(settings.books_file)
    if settings.is_sample:
        return Kept(Books(tuple(_of_sample())))
    return Kept(Books())


def _of_sample() -> Iterator[Line]:
    rows = sample.partner(as_of=date(2026, 1, 1)).commercial_deployment  # the same customers on any day
    for place, customer in enumerate(dict.fromkeys(row[books.CUSTOMER] for row in rows)):
        yield from (Line(customer, person, None, None) for person in _OF_EIGHT[place % len(_OF_EIGHT)])


def _parts(address: str) -> tuple[str, str]:
    """The folder of a file, with the options of its address, and the file's name."""
    place, mark, options = address.partition("?") if "://" in address else (address, "", "")
    if "://" in place:
        folder, _, name = place.rpartition("/")
    else:
        folder, name = str(Path(place).parent), Path(place).name
    return f"{folder}{mark}{options}", name


def _tell(found: Books) -> None:
    if found.failure:
        log.warning("BOOKS_FILE %s. Nobody has a book.", found.failure)
    elif found.problems:
        log.warning("Lines of BOOKS_FILE that cannot be used: %d.", len(found.problems))
