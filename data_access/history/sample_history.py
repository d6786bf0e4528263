"""The sample partner's history: the year before today, so that a newcomer sees what a year of collecting gives.

Each fetch takes the way of real data: the emulator's bytes, the client, the parser, the facts, the history's files.
Only the network is missing, and the snapshots of a collection become visible all at once, in one summary file. The
whole partner is there week by week, the rows per customer every four weeks, and what takes a call for each customer
every half-year, since the first visitor waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from data_access import connection
from data_access.emulator import sample
from data_access.emulator.sample import Partner
from data_access.history.history import History
from data_access.history.live import known as products_known
from data_access.history.snapshot import Snapshot
from data_access.partner_center import catalog, each_customer, sku_catalogue
from data_access.partner_center.answers import Answer
from data_access.partner_center.catalog import CUSTOMERS, SEATS, SUBSCRIPTIONS, Collection
from data_access.partner_center.sku_catalogue import Known

_YEAR = timedelta(weeks=52)
_STEP, _STEP_PER_CUSTOMER, _STEP_OF_CALLS = timedelta(weeks=1), timedelta(weeks=4), timedelta(weeks=26)


def bring_up_to(history: History, now: datetime) -> None:
    """Write what is missing of the sample's history: a whole year, or the weeks since it was last written.

    Raises HistoryError where it cannot be written.
    """
    partners: dict[datetime, Partner] = {}

    def partner(at: datetime, newest: Snapshot | None) -> Partner:
        # Older snapshots stay, so the story of the year is told back from the day on which it was written.
        day, ago = (at.date(), 0) if newest else (now.date(), (now - at).days)
        return partners.setdefault(at, sample.partner(as_of=day, ago=ago))

    for collection in catalog.WITHOUT_CUSTOMER:
        newest = history.newest(collection)
        step = _STEP_PER_CUSTOMER if collection.paged else _STEP
        dates = _missing(newest.fetched_at if newest else None, now, step)
        # One collection after the other, so that a folder that cannot be written is noticed early.
        history.append_all([_fetched(partner(at, newest), collection, at) for at in dates])
    newest = history.newest(CUSTOMERS)
    # Of a year the halves; of the weeks since then the last one, since a page shows what is true now.
    dates = _missing(newest.fetched_at, now, _STEP)[-1:] if newest else _missing(None, now, _STEP_OF_CALLS)
    live = [_live(partner(at, newest), at, history) for at in dates]
    for collection in catalog.LIVE:
        history.append_all([answers[collection.name] for answers in live])


def _missing(newest: datetime | None, now: datetime, step: timedelta) -> list[datetime]:
    return list(_dates(now - _YEAR if newest is None else newest + step, now, step))


def _dates(at: datetime, now: datetime, step: timedelta) -> Iterator[datetime]:
    while at <= now:
        yield at
        at += step


def _fetched(partner: Partner, collection: Collection, at: datetime) -> Answer:
    with connection.invented(partner) as client:
        return replace(client.fetch(collection, keep_raw=True), fetched_at=at)


def _live(partner: Partner, at: datetime, history: History) -> Mapping[str, Answer]:
    """The answers of the calls about customers, by collection."""

    def quiet(_: object) -> None:
        """Show no progress: these calls stay in the process."""

    with connection.invented(partner) as client:
        customers = client.fetch(CUSTOMERS, keep_raw=True)
        asked = each_customer.listed(customers)
        seats = each_customer.read(client, SEATS, asked, quiet, keep_raw=True).answer
        read = each_customer.read(client, SUBSCRIPTIONS, asked, quiet, keep_raw=True)
        known = products_known(history, Known().country).seen_in([seats.frame])
        subscriptions, said = sku_catalogue.with_products(client, read, known, quiet)
        history.skus.add(said.found)
    return {answer.collection.name: replace(answer, fetched_at=at) for answer in (customers, seats, subscriptions)}
