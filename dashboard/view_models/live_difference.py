"""View model of the difference between live seats and the analytics, cached for all visitors."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboard.cache import remembered
from dashboard.tables.columns import OnScreen
from dashboard.tables.live_seats import DIFFERENCES
from data_access import titles
from data_access.datasets.renewals import Renewals
from data_access.measures.customers import CUSTOMER
from data_access.measures.free_products import PRODUCT
from data_access.measures.live_difference import differences, left_out
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SEATS, SUBSCRIPTIONS

_CHANGES = ("soldChange", "deployedChange")


@dataclass(frozen=True, eq=False, kw_only=True)
class DifferenceView:
    """How many products at customers were compared, and those that differ."""

    compared: int
    enabled: int  # more than sold, over all
    assigned: int  # more than deployed
    on_trial: int  # products at customers that the analytics count and that are not compared
    unread: list[str]  # the products at customers of which the analytics could not be read, likewise
    rows: pd.DataFrame
    on_screen: OnScreen


@remembered
def difference_view(data: Renewals) -> DifferenceView | None:
    """The view of a reading; None where it lacks one of the two sides."""
    seats, counts = data.rows(SEATS), data.rows(COMMERCIAL_DEPLOYMENT)
    if seats is None or counts is None or counts.empty:
        return None
    unread = {one.tenant for one in data.unread if one.collection == SEATS.name}
    both = (seats, counts, data.rows(SUBSCRIPTIONS), unread)
    found = differences(*both, data.counts_unread)
    table, unknown = (found[found["isKnown"] == known].drop(columns="isKnown") for known in (True, False))
    customers = unknown["customerName"].fillna(unknown[CUSTOMER])
    products = unknown["productName"].fillna(unknown[PRODUCT]).map(titles.product_title)
    rows = table[(table[[*_CHANGES]] != 0).any(axis="columns")]
    return DifferenceView(
        compared=len(table),
        enabled=int(table["soldChange"].sum()),
        assigned=int(table["deployedChange"].sum()),
        on_trial=left_out(*both),
        unread=[f"{customer} · {product}" for customer, product in zip(customers, products, strict=True)],
        rows=rows,
        on_screen=DIFFERENCES.on_screen(rows.assign(**{name: rows[name].mask(rows[name] == 0) for name in _CHANGES})),
    )
