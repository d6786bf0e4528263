"""View model of one customer's live seats."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.cache import remembered
from dashboard.tables import live_seats as tables
from dashboard.tables.columns import OnScreen
from data_access import Answer
from data_access.datasets.renewals import Renewals
from data_access.measures import free_products
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SUBSCRIPTIONS


@dataclass(frozen=True, eq=False, kw_only=True)
class LiveSeatsView:
    """The sums of what is paid for, how many products are left out of them, and all rows."""

    enabled: int
    assigned: int
    free_to_assign: int
    left_out: int
    on_screen: OnScreen


@remembered
def live_seats_view(answer: Answer, known: Renewals | None) -> LiveSeatsView:
    """The view of one customer's seats; `known` are subscriptions and counts that tell free products apart."""
    seats = answer.frame
    bought = (known.rows(SUBSCRIPTIONS), known.rows(COMMERCIAL_DEPLOYMENT)) if known else ()
    free = free_products.is_free(seats, *bought)
    paid = seats[~free]
    enabled, assigned = paid["activeUnits"].fillna(0), paid["consumedUnits"].fillna(0)
    return LiveSeatsView(
        enabled=int(enabled.sum()),
        assigned=int(assigned.sum()),
        free_to_assign=int((enabled - assigned).clip(lower=0).sum()),
        left_out=free_products.number(seats[free]),
        on_screen=tables.on_screen(seats, free),
    )
