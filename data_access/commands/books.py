"""`books`: check BOOKS_FILE against the customers that there are."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd

from data_access import books, formats, history
from data_access.books import CUSTOMER, Books
from data_access.commands import terminal
from data_access.connection import connect
from data_access.datasets import books_file
from data_access.datasets.comparison import facts_file
from data_access.datasets.deployment import fetch_commercial
from data_access.errors import PartnerCenterError, SettingsError
from data_access.foreign_text import printable, printable_id
from data_access.history import engines, live
from data_access.measures import parts
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS
from data_access.settings import Settings, load

HELP = "check BOOKS_FILE: how many customers each person has, who has nobody, which lines cannot be used"


def describe(_: argparse.ArgumentParser) -> None:
    """Add no option."""


def run(_: argparse.Namespace) -> bytes:
    settings = load()
    if not (settings.books_file or settings.is_sample):
        raise SettingsError(
            "BOOKS_FILE is not set, so every manager sees every customer.", "Set it, such as books.csv."
        )
    found = books_file.keeper(settings).books()
    try:
        (known, unread), problem = _customers(settings), ""
    except PartnerCenterError as error:
        known, unread, problem = (
            None,
            ALL_READ,
            f"The customers that there are cannot be read, so nothing is compared: {error}",
        )
    lines = [*report(found, known, datetime.now(UTC), unread), *([problem] if problem else [])]
    if found.failure or found.problems:
        for line in lines:
            terminal.say(line)
        what = found.failure or f"has {formats.number(len(found.problems), 'line')} that cannot be used"
        raise SettingsError(
            f"BOOKS_FILE {what}.",
            "What cannot be used gives nobody any customer. Correct the file; pages read it anew.",
        )
    return "".join(f"{line}\n" for line in lines).encode()


def report(found: Books, known: frozenset[str] | None, now: datetime, unread: UnreadRows = ALL_READ) -> Iterator[str]:
    """The report, line by line, without names of customers; `known` are the tenant ids of those that there are.

    `unread`: what the answer with their licenses does not tell. Customers of its rows are there.
    """
    if found.failure:
        yield f"BOOKS_FILE {found.failure}, so nobody has a book."
        return
    people = found.people(now)
    yield f"{len(people):,} {'person' if len(people) == 1 else 'people'} with customers today ({now:%Y-%m-%d} UTC):"
    for person, book in people.items():
        why = parts.not_listed(book, known or book, unread)
        yield (
            f"  {printable(person)} ({books.mark(person)}): {formats.number(len(book), 'customer')}"
            + (f", of which Microsoft does not list {why[Absence.GONE]:,}" if Absence.GONE in why else "")
            + "".join(f", {why[each]:,} {each}" for each in (Absence.UNREAD, Absence.UNCERTAIN) if each in why)
        )
    if known is not None:
        unassigned = found.unassigned(now)
        nobodys = sorted(tenant for tenant in known if tenant in unassigned)
        yield f"{len(nobodys):,} of {formats.number(len(known), 'customer')} without anybody{':' if nobodys else ''}"
        yield from (f"  {printable_id(tenant)}" for tenant in nobodys)
    if found.problems:
        yield f"{formats.number(len(found.problems), 'line')} that cannot be used:"
        yield from (f"  line {problem.line}: {problem.reason}" for problem in found.problems)


def _customers(settings: Settings) -> tuple[frozenset[str], UnreadRows]:
    """The tenant ids of the customers that are listed or have licenses, from the history or else from the service.

    And what the answer with the licenses does not tell.
    """
    columns: list[pd.Series] = []
    unread = ALL_READ
    if not settings.is_sample:
        account = history.open(settings)
        if newest := account.newest(COMMERCIAL_DEPLOYMENT):
            unread = account.unread(newest)
        if newest and newest.rows:
            engine = engines.connect(settings, account.files)
            columns.append(engine.grouped(facts_file(account, newest), [CUSTOMER])[CUSTOMER])
        if (listed := account.newest(CUSTOMERS)) and listed.rows:
            columns.append(live.rows(account, listed)[CUSTOMER])
    if not columns:
        with connect(settings) as client:
            counts = fetch_commercial(client, lambda _: None)
            columns.append(counts.facts.frame[CUSTOMER])
            unread = counts.unread
            with contextlib.suppress(PartnerCenterError):  # those with licenses can be compared all the same
                columns.append(client.fetch(CUSTOMERS, progress=lambda _: None).frame[CUSTOMER])
    return frozenset(tenant for column in columns for tenant in column.dropna().astype(str)), unread
