"""View model of the call list: all customers with the reasons to call each, cached for all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd

from dashboard import formats, turns
from dashboard.cache import VIEWS, remembered
from dashboard.feeds import Feeds
from dashboard.filters.parameters import CustomersFilters
from dashboard.tables import customers as customers_table
from dashboard.tables.columns import OnScreen, Order
from dashboard.view_models.deployment import ORDERS, Basis, basis_of, ordered
from data_access import Deployment, Selection, Timeline, Usage, measures
from data_access.datasets import lately, usage
from data_access.datasets.lately import Lately
from data_access.datasets.renewals import Renewals
from data_access.measures import call_list, customers, renewals
from data_access.measures.customers import CUSTOMER

FIRST = 3  # customers to call
_IN_A_ROW, _ON_A_CARD = 3, 2  # reasons; the page of the customer has them all


@dataclass(frozen=True, eq=False, kw_only=True)
class CallList:
    """What the page of all customers shows. `number` counts all rows; `first` are those to call."""

    total: measures.Total
    basis: Basis
    number: int
    below_target: int
    first: OnScreen  # cards
    theirs: float  # licenses not deployed of those
    table: pd.DataFrame  # one row per customer, in the chosen order: `call_list.prepared`
    on_screen: OnScreen

    @property
    def ids(self) -> list[str]:
        """The customers in the order of the list."""
        return list(self.table[CUSTOMER])


@remembered
def of_all(
    deployment: Deployment,
    filters: CustomersFilters,
    moved: Lately | None = None,
    used: Usage | None = None,
    live: Renewals | None = None,
) -> CallList:
    """The list of all customers that pass the filters.

    `moved`, `used` and `live` are left out where they are not at hand, and so are their columns and the rules that need
    them.
    """
    facts = deployment.facts.selected(filters.selection)
    everybody = _prepared(deployment, filters.selection, moved, used, live)
    table = _within(everybody, filters)
    if len(table) < len(everybody):
        facts = facts.of(facts.frame[facts.frame[CUSTOMER].isin(table[CUSTOMER])])
    table = ordered(table, CUSTOMER, filters.sort)
    total = measures.total(facts)
    calls = table[table["undeployed"] >= 1].sort_values(["undeployed", CUSTOMER], ascending=[False, True]).head(FIRST)
    column, upwards = ORDERS[filters.sort]
    return CallList(
        total=total,
        basis=basis_of(facts, filters.selection),
        number=len(table),
        below_target=int((table["deploymentPercent"] < filters.target).sum()),
        first=customers_table.CALLS.on_screen(_cards(calls)),
        theirs=float(calls["undeployed"].sum()),
        table=table,
        on_screen=customers_table.on_screen(
            table.assign(why=pd.Series([told[:_IN_A_ROW] for told in call_list.reasons(table)], dtype="object")),
            total,
            Order("customerName" if column == "title" else column, not upwards),
            moved.since if moved else None,
        ),
    )


@remembered
def said_to(
    deployment: Deployment,
    customer: str,
    selection: Selection,
    *,
    moved: Lately | None,
    used: Usage | None,
    live: Renewals | None,
) -> tuple[str, ...]:
    """What to say to one customer, a sentence for each reason."""
    table = _prepared(deployment, selection, moved, used, live)
    (told,) = call_list.said(table[table[CUSTOMER] == customer]) or [[]]
    return tuple(told)


def moved_soon(
    feeds: Feeds, past: Timeline, deployment: Deployment, selection: Selection, seconds: float
) -> tuple[bool, Lately | None]:
    """Whether it is known how customers moved lately, and how; it goes on being worked out when `seconds` are over.

    Raises one of the family in `errors` where the history's files cannot be read or no engine is to be had.
    """
    work = partial(_moved, feeds, past, deployment, selection)
    return VIEWS.soon("moved lately", (feeds, past, deployment, selection), work, seconds)


def _moved(feeds: Feeds, past: Timeline, deployment: Deployment, selection: Selection) -> Lately | None:
    facts = deployment.facts.selected(selection)
    with turns.paused():
        return lately.moved(past, lambda: feeds.engine(past), facts, selection)


@remembered
def _prepared(
    deployment: Deployment, selection: Selection, moved: Lately | None, used: Usage | None, live: Renewals | None
) -> pd.DataFrame:
    """All customers of a selection, whatever is searched for."""
    table = call_list.prepared(
        deployment.facts.selected(selection),
        moved.table if moved else None,
        unused=usage.unused_by_customer(used, selection) if used else None,
        renewals=renewals.next_renewals(live.subscriptions, live.read_at) if live else None,
        at=live.read_at if live else None,
    )
    return table.assign(title=table["customerName"].fillna(table[CUSTOMER]))


def _within(table: pd.DataFrame, filters: CustomersFilters) -> pd.DataFrame:
    """The rows that the search and the thresholds leave."""
    table = customers.matching(table, filters.search)
    if filters.below is not None:
        table = table[table["deploymentPercent"] < filters.below]
    if filters.atleast is not None:
        table = table[table["undeployed"] >= filters.atleast]
    return table


def _cards(calls: pd.DataFrame) -> pd.DataFrame:
    figures = [
        f"{formats.count(undeployed)} not deployed · {formats.percent(percent)} deployed"
        for undeployed, percent in zip(calls["undeployed"], calls["deploymentPercent"], strict=True)
    ]
    said = [" ".join(sentences[:_ON_A_CARD]) for sentences in call_list.said(calls)]
    return calls[[CUSTOMER]].assign(customerName=calls["title"], figures=figures, said=said)
