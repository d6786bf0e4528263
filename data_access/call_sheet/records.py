"""Reads what the history has of one customer, for the call sheet."""

from __future__ import annotations

import contextlib

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


def of_customer(
    settings: Settings,
    past: Timeline,
    engine: Engine,
    tenant: str,
    *,
    live: Renewals | None,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
) -> Records:
    """All that was collected of a customer, by tenant id in any case.

    `mutes` are those that hold now, `spares` those of DIGEST_FILE. `live`: as `live_of` gives it. Raises SettingsError
    where the history does not know the customer, EngineError where its files cannot be read.
    """
    history, wanted = past.history, texts.identifier(tenant)
    whole = timeline.of_customer(past, engine, wanted)
    last, empty_since = history.last_figures(COMMERCIAL_DEPLOYMENT)
    now = _rows(history, last, wanted)
    counts = whole.facts.frame.head(0) if now is None else now
    compared = lately.compared_with(past)
    then = _rows(history, compared, wanted)
    own = renewals.of_one(live, wanted, counts) if live else None
    listed = [answer.frame[answer.frame[CUSTOMER] == wanted] for answer in live.answers] if live else []
    known = [rows for rows in (counts, *listed, whole.facts.frame) if len(rows)]
    if not known:
        raise SettingsError(
            "The history knows no customer with this tenant id.",
            "Check the id, or run collect; a customer's id stands below its name on the Customers page.",
        )
    names = pd.concat([rows["customerName"].dropna() for rows in known if "customerName" in rows])
    return Records(
        tenant=wanted,
        name=str(names.iloc[0]) if len(names) else "",
        source=title(settings),
        is_sample=settings.is_sample,
        deployment=whole.facts,
        now=Facts(counts),
        then=(compared.day, Facts(then)) if compared and then is not None else None,
        empty_since=empty_since,
        unread=whole.unread,
        use=_rows(history, history.newest(COMMERCIAL_USAGE), wanted),
        live=own,
        mutes=mutes,
        spares=spares,
    )


def live_of(history: History) -> Renewals | None:
    """What the history knows of all customers now, for `of_customer`; None where it does not, or a file is damaged."""
    with contextlib.suppress(DamagedHistory):
        return renewals.kept(history)
    return None


def _rows(history: History, answer: Snapshot | None, tenant: str) -> pd.DataFrame | None:
    """The customer's rows in an answer; None where there is none, or its file is not what was written."""
    paths = history.facts([answer]).paths if answer else ()
    if not paths:
        return None
    rows = dataset.dataset(list(paths), format="parquet", filesystem=history.files)
    table: pd.DataFrame = rows.to_table(filter=dataset.field(CUSTOMER) == tenant).to_pandas()
    return measures.plain(table)
