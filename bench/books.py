"""The benchmark of books: what the check costs in each run, and one person's customers beside those of everybody."""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd

from bench import lake
from dashboard.filters.parameters import CustomersFilters
from dashboard.security import sight
from dashboard.security.roles import Person, Role
from dashboard.view_models import call_list
from data_access import Answer, Customers, Deployment, Settings, keep_books, measures
from data_access.datasets import deployment
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_BOOK = 200  # customers
_ANN = Person("Ann", "ann@x", ("tenant", "oid"), Role.MANAGER, known_as=("ann@x", "oid"))
_CHECKS = 1_000


def run(rounds: int, customers: int, products: int) -> None:
    """Ask for a book as each run does, work out Customers of everybody and of a book, and print how long that takes."""
    with tempfile.TemporaryDirectory() as place:
        _check(Path(place) / "books.csv", customers)
    book = Customers(frozenset(lake.tenants(customers)[:: max(1, customers // _BOOK)]))
    _customers_page(rounds, next(lake.counts(customers, products, 1)), book)


def _check(file: Path, customers: int) -> None:
    """What each run asks before anything else: has the file changed, and whose customers may this person see?"""
    people = itertools.cycle(["ann@x", *(f"person{number}@x" for number in range(1, customers // _BOOK))])
    lines = (f"{tenant},{next(people)},,\n" for tenant in lake.tenants(customers))
    file.write_text("customerTenantId,person,from,until\n" + "".join(lines))
    keeper = keep_books(Settings(books_file=str(file)))
    seen = sight.decide(_ANN, keeper.books(), "", datetime.now(UTC), restricts=True)
    os.utime(file, (0, 0))  # or it would be read each time, as a file that was written a moment ago is
    keeper.books()
    begun = time.perf_counter()
    for _ in range(_CHECKS):
        now = sight.decide(_ANN, keeper.books(), "", datetime.now(UTC), restricts=True)
        assert now == seen  # noqa: S101
    cost = (time.perf_counter() - begun) / _CHECKS * 1000
    print(f"\nthe check of a book in {customers:,} lines: {cost:.2f} ms (promised: at most 1 ms)")


def _customers_page(rounds: int, counts: pd.DataFrame, book: Customers) -> None:
    """Customers, worked out each time from figures that have just come."""
    everybody, mine = [], []
    for _ in range(rounds):
        answer = Answer(COMMERCIAL_DEPLOYMENT, counts, (), len(counts), datetime.now(UTC), "")
        whole = Deployment(answer, measures.facts(COMMERCIAL_DEPLOYMENT, counts))
        everybody.append(_ms(partial(call_list.of_all, whole, CustomersFilters())))
        mine.append(_ms(partial(_of_book, whole, book)))
    print(
        f"Customers of {len(counts):,} rows: all {statistics.median(everybody):.0f} ms, those of a book"
        f" {statistics.median(mine):.0f} ms, taken out of all (promised: faster)"
    )


def _of_book(whole: Deployment, book: Customers) -> None:
    call_list.of_all(deployment.of_customers(whole, book), CustomersFilters())


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
