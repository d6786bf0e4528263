"""Reads what the history has of customers, for their call sheets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import overload

import pandas as pd
from pyarrow import dataset

from data_access import measures, texts
from data_access.books import CUSTOMER
from data_access.call_sheet.customer import Records
from data_access.connection import title
from data_access.datasets import lately, renewals, timeline
from data_access.datasets.renewals import Renewals
from data_access.datasets.timeline import Timeline
from data_access.errors import DamagedHistory, SettingsError
from data_access.history.engines import Engine
from data_access.history.history import History
from data_access.history.snapshot import Snapshot
from data_access.measures import Facts
from data_access.mutes import Mute, Spare
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE
from data_access.settings import Settings


def of_customers(
    settings: Settings,
    past: Timeline,
    engine: Engine,
    tenants: Sequence[str],
    *,
    live: Renewals | None,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
) -> Iterator[Records]:
    """All that was collected of each of these customers, by tenant id in any case; each file is read once for all.

    `mutes` are those that hold now, `spares` those of DIGEST_FILE. `live`: as `live_of` gives it. Raises SettingsError
    where the history does not know a customer, EngineError where its files cannot be read.
    """
    history, wanted = past.history, [*dict.fromkeys(map(texts.identifier, tenants))]
    lines = timeline.of_each(past, engine, wanted)
    last, empty_since = history.last_figures(COMMERCIAL_DEPLOYMENT)
    compared = lately.compared_with(past)
    now, then = (_rows(history, answer, wanted) for answer in (last, compared))
    use, no_use_since = last_use(history, wanted)
    for tenant in wanted:
        whole, before = lines[tenant], _of(then, tenant)
        counts = whole.facts.frame.head(0) if now is None else _of(now, tenant)
        yield Records(
            tenant=tenant,
            name=_name(tenant, counts, whole, live),
            source=title(settings),
            is_sample=settings.is_sample,
            deployment=whole.facts,
            now=Facts(counts),
            then=(compared.day, Facts(before)) if compared and before is not None else None,
            empty_since=empty_since,
            unread=whole.unread_of(last),
            use=_of(use, tenant),
            no_use_since=no_use_since,
            live=renewals.of_one(live, tenant, counts) if live else None,
            mutes=mutes,
            spares=spares,
        )


def _name(tenant: str, counts: pd.DataFrame, whole: Timeline, live: Renewals | None) -> str:
    """What a customer is called; empty where nobody says it. Raises SettingsError where there is nothing of it."""
    listed = [answer.frame[answer.frame[CUSTOMER] == tenant] for answer in live.answers] if live else []
    known = [rows for rows in (counts, *listed, whole.facts.frame) if len(rows)]
    if not known:
        raise SettingsError(
            "The history knows no customer with this tenant id.",
            "Check the id, or run collect; a customer's id stands below its name on the Customers page.",
        )
    names = pd.concat([rows["customerName"].dropna() for rows in known if "customerName" in rows])
    return str(names.iloc[0]) if len(names) else ""


def last_use(history: History, tenants: Sequence[str]) -> tuple[pd.DataFrame | None, date | None]:
    """The rows of these customers in the last commercial usage that has rows, and since when later ones have none.

    The rows are None where there are no answers, or the file is damaged; the day where the newest answer has rows.
    """
    last, since = history.last_figures(COMMERCIAL_USAGE)
    return _rows(history, last, tenants), since


def live_of(history: History) -> Renewals | None:
    """What the history knows of all customers now, for `of_customers`; None where it does not, or a file is damaged."""
    with contextlib.suppress(DamagedHistory):
        return renewals.kept(history)
    return None


def _rows(history: History, answer: Snapshot | None, tenants: Sequence[str]) -> pd.DataFrame | None:
    """The customers' rows in an answer; None where there is none, or its file is not what was written."""
    paths = history.facts([answer]).paths if answer else ()
    if not paths:
        return None
    rows = dataset.dataset(list(paths), format="parquet", filesystem=history.files)
    table: pd.DataFrame = rows.to_table(filter=dataset.field(CUSTOMER).isin(tenants)).to_pandas()
    return measures.plain(table)


@overload
def _of(rows: pd.DataFrame, tenant: str) -> pd.DataFrame: ...
@overload
def _of(rows: pd.DataFrame | None, tenant: str) -> pd.DataFrame | None: ...
def _of(rows: pd.DataFrame | None, tenant: str) -> pd.DataFrame | None:
    """One customer's rows, if there are any answers."""
    return None if rows is None else rows[rows[CUSTOMER] == tenant].reset_index(drop=True)
