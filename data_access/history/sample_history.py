"""The sample partner's history: the year before today, so that a newcomer sees what a year of collecting gives.

Each fetch takes the way of real data: the emulator's bytes, the client, the parser, the facts, the history's files.
Only the network is missing, and the snapshots of a collection become visible all at once, in one summary file. The
whole partner is there week by week, the rows per customer every four weeks, since the first visitor waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from data_access import connection
from data_access.emulator import sample
from data_access.emulator.sample import Partner
from data_access.history.history import History
from data_access.partner_center import catalog
from data_access.partner_center.catalog import Collection
from data_access.partner_center.client import Answer

_YEAR = timedelta(weeks=52)
_STEP, _STEP_PER_CUSTOMER = timedelta(weeks=1), timedelta(weeks=4)


def bring_up_to(history: History, now: datetime) -> None:
    """Write what is missing of the sample's history: a whole year, or the weeks since it was last written.

    Raises HistoryError where it cannot be written.
    """
    weeks: dict[datetime, Partner] = {}
    for collection in catalog.WITHOUT_CUSTOMER:
        newest = history.newest(collection)
        step = _STEP_PER_CUSTOMER if collection.paged else _STEP
        dates = list(_missing(newest.fetched_at if newest else None, now, step))
        for at in dates:
            if at not in weeks:
                # Older snapshots stay, so the story of the year is told back from the day on which it was written.
                day, ago = (at.date(), 0) if newest else (now.date(), (now - at).days)
                weeks[at] = sample.partner(as_of=day, ago=ago)
        # One collection after the other, so that a folder that cannot be written is noticed early.
        history.append_all([_fetched(weeks[at], collection, at) for at in dates])


def _missing(newest: datetime | None, now: datetime, step: timedelta) -> Iterator[datetime]:
    at = now - _YEAR if newest is None else newest + step
    while at <= now:
        yield at
        at += step


def _fetched(partner: Partner, collection: Collection, at: datetime) -> Answer:
    with connection.invented(partner) as client:
        return replace(client.fetch(collection, keep_raw=True), fetched_at=at)
