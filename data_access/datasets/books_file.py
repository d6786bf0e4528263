"""BOOKS_FILE, read again when it changes; for the sample without one, three invented people."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Protocol

from data_access import books
from data_access.books import Books, Line
from data_access.datasets.operator_file import Failure, OperatorFile
from data_access.emulator import sample
from data_access.settings import Settings

log = logging.getLogger(__name__)

_UNREADABLE = "cannot be read: check its address, and whether the account of the dashboard may read it"

_LARGEST = 16 * 2**20  # bytes: more than 100,000 lines, which are parsed in seconds

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
    """The books of a file, for any number of threads; where it cannot be read, nobody has one and `failure` says why.

    `clock` is that of `OperatorFile`.
    """

    restricts = True

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = OperatorFile(address, _parsed, _unreadable, Books(), largest=_LARGEST, clock=clock)

    def books(self) -> Books:
        """The books as they are in the file now."""
        return self._file.now()


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


def _parsed(content: bytes) -> Books:
    found = books.parse(content)
    if found.failure:
        log.warning("BOOKS_FILE %s. Nobody has a book.", found.failure)
    elif found.problems:
        log.warning("Lines of BOOKS_FILE that cannot be used: %d.", len(found.problems))
    return found


def _unreadable(before: Books, why: Failure) -> Books:
    failure = why.words if why.unanswered or why.too_large else _UNREADABLE
    if before.failure == failure:
        return before
    log.warning("BOOKS_FILE %s. Nobody has a book.", failure)
    return Books(failure=failure)
