"""The customers of whom something is live, and of whom the figures of the page Customers have nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.cache import remembered
from dashboard.tables import customers as tables
from dashboard.tables.columns import OnScreen
from dashboard.view_models import call_list
from data_access import Deployment, Selection, texts
from data_access.datasets.renewals import Renewals, paid_seats
from data_access.measures import customers, muted, renewals
from data_access.measures.customers import CUSTOMER
from data_access.mutes import Mute, Spare
from data_access.partner_center.catalog import CUSTOMERS, SEATS, SUBSCRIPTIONS


@dataclass(frozen=True, eq=False, kw_only=True)
class Uncounted:
    """The customers with a subscription that is active or suspended, or with live seats that somebody pays for."""

    number: int
    on_screen: OnScreen


@remembered
def uncounted(
    deployment: Deployment,
    live: Renewals,
    search: str,
    zone: str,
    now: datetime,
    *,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
) -> Uncounted:
    """Those that the figures of `deployment` do not have, as far as the search finds them, in the order of names.

    Renewals are those after `now`, which the caller rounds, on days of `zone` (IANA). `mutes`, `spares`: as for
    `call_list.of_all`.
    """
    running = renewals.running(live.subscriptions)
    seats = paid_seats(live)
    table = pd.DataFrame(
        {
            "subscriptions": running.groupby(CUSTOMER).size(),
            "activeUnits": seats.groupby(CUSTOMER)["activeUnits"].sum(),
            "consumedUnits": seats.groupby(CUSTOMER)["consumedUnits"].sum(),
        }
    ).rename_axis(CUSTOMER)
    table = table[~table.index.isin(deployment.facts.frame[CUSTOMER])]
    told = call_list.of_uncounted(live, [*table.index], Selection(), mutes=mutes, spares=spares, zone=zone, now=now)
    told = told.assign(why=call_list.why(told, muted.customers(mutes, [*table.index])))
    table = table.join(told.set_index(CUSTOMER).drop(columns="customerName"))
    table = table.reset_index()
    table = table.assign(customerName=table[CUSTOMER].map(_names(live)))
    table = customers.matching(table, search)
    order = table["customerName"].fillna(table[CUSTOMER]).map(texts.order)
    table = table.iloc[order.reset_index(drop=True).sort_values(kind="stable").index]
    return Uncounted(number=len(table), on_screen=tables.uncounted_on_screen(table))


@remembered
def name_of(live: Renewals, customer: str) -> str | None:
    """What a customer is called of whom something was read, by tenant id; None where there is no such customer."""
    known = (live.rows(CUSTOMERS), live.rows(SUBSCRIPTIONS), live.rows(SEATS))
    if not any(rows is not None and (rows[CUSTOMER] == customer).any() for rows in known):
        return None
    return str(_names(live).get(customer, ""))


def _names(live: Renewals) -> pd.Series:
    """The name of each customer, by tenant id."""
    known = [rows for each in (CUSTOMERS, SUBSCRIPTIONS, SEATS) if (rows := live.rows(each)) is not None]
    named = pd.concat([rows[[CUSTOMER, "customerName"]] for rows in known]).dropna()
    return named.drop_duplicates(CUSTOMER).set_index(CUSTOMER)["customerName"]
