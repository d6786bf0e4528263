"""What the history has of one customer, for the call sheet."""

from __future__ import annotations

import pandas as pd
from pyarrow import dataset

from data_access import measures, texts
from data_access.books import CUSTOMER
from data_access.call_sheet.content import Records
from data_access.connection import title
from data_access.datasets import timeline
from data_access.datasets.timeline import Timeline
from data_access.errors import SettingsError
from data_access.history.engines import Engine
from data_access.history.history import History
from data_access.measures import Facts, free_products, renewals
from data_access.mutes import Mute
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    COMMERCIAL_USAGE,
    SEATS,
    SUBSCRIPTIONS,
    Collection,
)
from data_access.settings import Settings


def of_customer(
    settings: Settings, past: Timeline, engine: Engine, tenant: str, mutes: tuple[Mute, ...] = ()
) -> Records:
    """All that was collected of a customer, by tenant id in any case; `mutes` are those that hold now.

    Raises SettingsError where the history does not know the customer, EngineError where its files cannot be read.
    """
    history, wanted = past.history, texts.identifier(tenant)
    whole = timeline.of_customer(past, engine, wanted)
    now = _newest(history, COMMERCIAL_DEPLOYMENT, wanted)
    live = {name: _newest(history, name, wanted) for name in (SEATS, SUBSCRIPTIONS)}
    known = [rows for rows in (now, *live.values(), whole.facts.frame) if rows is not None and len(rows)]
    if not known:
        raise SettingsError(
            "The history knows no customer with this tenant id.",
            "Check the id, or run collect; a customer's id stands below its name on the Customers page.",
        )
    names = pd.concat([rows["customerName"].dropna() for rows in known if "customerName" in rows])
    subscriptions, read = live[SUBSCRIPTIONS], history.newest(SUBSCRIPTIONS)
    seats = live[SEATS]
    judged, paid = judged_and_paid(subscriptions, seats, now)
    if judged is not None and read:
        subscriptions = renewals.at(judged, read.fetched_at)
    return Records(
        tenant=wanted,
        name=str(names.iloc[0]) if len(names) else "",
        source=title(settings),
        is_sample=settings.is_sample,
        deployment=whole.facts,
        now=Facts(whole.facts.frame.head(0) if now is None else now),
        use=_newest(history, COMMERCIAL_USAGE, wanted),
        subscriptions=subscriptions,
        seats=paid,
        read_at=read.fetched_at if read else None,
        mutes=mutes,
    )


def judged_and_paid(
    subscriptions: pd.DataFrame | None, seats: pd.DataFrame | None, counts: pd.DataFrame | None
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """The subscriptions as `renewals.judged` gives them, and the seats that somebody pays for.

    Subscriptions are judged by all seats, those of trials too, as on the page Renewals.
    """
    judged = None if subscriptions is None else renewals.judged(subscriptions, seats, counts)
    paid = None if seats is None else seats[~free_products.is_free(seats, subscriptions, counts)]
    return judged, paid


def _newest(history: History, collection: Collection, tenant: str) -> pd.DataFrame | None:
    """The customer's rows in the newest answer; None where there is no answer, or its file is not what was written."""
    newest = history.newest(collection)
    paths = history.facts([newest]).paths if newest else ()
    if not paths:
        return None
    rows = dataset.dataset(list(paths), format="parquet", filesystem=history.files)
    table: pd.DataFrame = rows.to_table(filter=dataset.field(CUSTOMER) == tenant).to_pandas()
    return measures.plain(table)
