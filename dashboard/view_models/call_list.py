"""View model of the call list: all customers with the reasons to call each, cached for all visitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard import formats, page_turns
from dashboard.cache import VIEWS, remembered
from dashboard.feeds import Feeds
from dashboard.filters.parameters import ATLEAST, BAND, BELOW, SEARCH, CustomersFilters
from dashboard.tables import customers as customers_table
from dashboard.tables.columns import OnScreen, Order
from dashboard.tables.microsoft import own_rows
from dashboard.view_models import lines
from dashboard.view_models.deployment import ORDERS, Basis, basis_of, ordered
from dashboard.view_models.lines import Lost
from data_access import Deployment, Selection, Timeline, Usage, measures, texts, titles
from data_access.datasets import lately, live_seats, usage
from data_access.datasets import renewals as datasets
from data_access.datasets.lately import Lately
from data_access.datasets.renewals import Renewals
from data_access.digest import bands
from data_access.digest.plan import Rule
from data_access.measures import Facts, call_list, customers, muted, parts, renewals, spare
from data_access.measures.customers import CUSTOMER
from data_access.measures.trends import AS_OF
from data_access.mutes import Mute, Spare, counted, said
from data_access.partner_center.catalog import SEATS

FIRST = 3  # customers to call
UTC = "UTC"
_REASONS = "reasons"  # the column of those to call each customer, in words
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
    now: datetime | None = None  # the instant of the view
    silent: Mapping[str, Mute] = field(default_factory=dict)  # the customers that are muted, by tenant id
    muted: tuple[str, ...] = ()  # how many lines are, until when and why
    alone: Mapping[str, int] = field(default_factory=dict)  # how many customers pass each filter of the list by itself
    outside: int = 0  # how many customers are out of their band
    gone: tuple[Lost, ...] = ()  # customers with licenses sold lately that the newest answer does not have

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
    *,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
    rules: tuple[Rule, ...] = (),
    zone: str = UTC,
    now: datetime | None = None,
) -> CallList:
    """The list of all customers that pass the filters.

    `moved`, `used` and `live` are left out where they are not at hand, and so are their columns and the rules that need
    them. Nothing calls for what is muted (`mutes`), which stays in the table and in all sums. `rules` are the bands in
    which customers should be. Days of renewals are those of `zone` (IANA): on a page its viewer's, in a file UTC. They
    lie ahead of `now`, which the caller rounds: of a file, that of the page it is taken from; without it, of when they
    were read.
    """
    facts = deployment.facts.selected(filters.selection)
    everybody = _prepared(
        deployment, filters.selection, moved, used, live, mutes=mutes, spares=spares, zone=zone, now=now
    )
    outside = bands.of_customers(rules, facts) if rules else {}
    table = _within(everybody, filters, outside)
    if len(table) < len(everybody):
        facts = facts.of(facts.frame[facts.frame[CUSTOMER].isin(table[CUSTOMER])])
    table = ordered(table, CUSTOMER, filters.sort)
    total = measures.total(facts)
    silent = muted.customers(mutes, list(table[CUSTOMER]))
    calls = (
        table[(table["toDeploy"] >= 1) & ~table[CUSTOMER].isin(silent)]
        .sort_values(["toDeploy", CUSTOMER], ascending=[False, True])
        .head(FIRST)
    )
    column, upwards = ORDERS[filters.sort]
    return CallList(
        total=total,
        basis=basis_of(facts, filters.selection),
        number=len(table),
        below_target=int((table["deploymentPercent"] < filters.target).sum()),
        first=customers_table.CALLS.on_screen(_cards(calls, filters.target)),
        theirs=float(calls["undeployed"].sum()),
        table=table,
        now=now,
        on_screen=customers_table.on_screen(
            table.assign(why=why(table, silent), **({"band": _bands(table, outside)} if rules else {})),
            total,
            Order("customerName" if column == "title" else column, not upwards),
            moved.since if moved else None,
        ),
        silent=silent,
        muted=tuple(counted(muted.lines(mutes, facts.frame))),
        alone={name: len(_within(everybody, only, outside)) for name, only in _one_by_one(filters).items()}
        if table.empty
        else {},
        outside=int(table[CUSTOMER].isin(outside).sum()),
        gone=gone(deployment, filters.selection, moved, filters.search) if moved else (),
    )


def file(model: CallList) -> pd.DataFrame:
    """The customers of a list as its files hold them, each with all reasons to call and what to say.

    They have dates and not what is left until then: a file is read later, and the same view gives the same one.
    """
    reasons = call_list.reasons(model.table, lasting=True)
    told = zip(model.table[CUSTOMER], reasons, call_list.said(model.table), strict=True)
    both = [
        ([said(model.silent[tenant])], []) if tenant in model.silent else (why, words) for tenant, why, words in told
    ]
    frame = pd.DataFrame(both, columns=["why", "said"], index=model.table.index, dtype="object")
    return customers_table.file(model.table.assign(why=frame["why"], said=frame["said"]))


@remembered
def gone(deployment: Deployment, selection: Selection, moved: Lately, search: str = "") -> tuple[Lost, ...]:
    """The customers that had licenses lately and that the newest answer does not have, those with most first.

    `search`: as in the list, or a tenant id.
    """
    there = deployment.facts.selected(selection).frame[CUSTOMER]
    rows = customers.matching(moved.lost[~moved.lost[CUSTOMER].isin(there)], search)
    rows = rows[
        rows["snapshot"] == rows.groupby(CUSTOMER)["snapshot"].transform("max")
    ]  # the last answer with any of it
    table = rows.groupby(CUSTOMER, dropna=False).agg(
        name=("customerName", "first"), sold=("licensesSold", "sum"), on=("processedDateTime", "max")
    )
    table = table.sort_values(["sold"], ascending=False, kind="stable")
    why = parts.why(table.reset_index(), [CUSTOMER], deployment.unread)
    titled = zip(table["name"].fillna(table.index.to_series()), table["sold"], table["on"], why, strict=True)
    return tuple(Lost(str(name), float(sold), on, why) for name, sold, on, why in titled)


@remembered
def lost(moved: Lately, customer: str) -> tuple[Lost, ...]:
    """What one customer, by tenant id in capitals, had lately and has no more: its sum lacks that."""
    rows = moved.lost[moved.lost[CUSTOMER] == customer]
    return lines.lost(rows.assign(**{AS_OF: rows["processedDateTime"]}))


@remembered
def said_to(
    deployment: Deployment,
    customer: str,
    selection: Selection,
    *,
    moved: Lately | None,
    used: Usage | None,
    live: Renewals | None,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
    zone: str = UTC,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """What to say to one customer, a sentence for each reason; nothing to one that is muted.

    `live` and `used` are those of this customer, the rest is as for `of_all`.
    """
    if muted.customers(mutes, [customer]):
        return ()
    facts = customers.one(deployment.facts, customer).selected(selection)
    table = _with_reasons(facts, selection, moved, used, live, mutes=mutes, spares=spares, zone=zone, now=now)
    (told,) = call_list.said(table) or [[]]
    return tuple(told)


@remembered
def said_to_uncounted(
    live: Renewals,
    customer: str,
    selection: Selection,
    *,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
    zone: str = UTC,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """The same for a customer whom the figures do not have, by its live seats and subscriptions.

    `live` is that of this customer.
    """
    if muted.customers(mutes, [customer]):
        return ()
    table = of_uncounted(live, [customer], selection, mutes=mutes, spares=spares, zone=zone, now=now)
    (told,) = call_list.said(table)
    return tuple(told)


def of_uncounted(
    live: Renewals,
    tenants: Sequence[str],
    selection: Selection,
    *,
    mutes: tuple[Mute, ...],
    spares: tuple[Spare, ...],
    zone: str,
    now: datetime | None,
) -> pd.DataFrame:
    """The rows of customers whom the figures do not have, with what rules look at: live seats, and what ends."""
    facts = live_seats.facts_of(datasets.paid_seats(live, tenants)).selected(selection)
    return _with_reasons(
        facts, selection, None, None, live, mutes=mutes, spares=spares, zone=zone, now=now, also=tenants
    )


@remembered
def said_aside(
    deployment: Deployment,
    customer: str,
    selection: Selection,
    *,
    live: Renewals | None,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
) -> str:
    """By whose count the licenses are that one customer is told to have, where its tenant says otherwise.

    `live` is that of this customer.
    """
    if live is None or muted.customers(mutes, [customer]):
        return ""
    facts = customers.one(deployment.facts, customer)
    own = datasets.of_one(live, customer, facts.frame)
    facts = facts.selected(selection)
    table = call_list.prepared(facts, mutes=mutes, spares=spares)
    unassigned = None if own.seats is None else renewals.not_assigned(own.seats, None)
    return call_list.aside(table, facts, unassigned, own.read_of(SEATS))


@remembered
def kept_spare(deployment: Deployment, customer: str, selection: Selection, spares: tuple[Spare, ...]) -> str:
    """Which licenses of one customer are spare as allowed, in words; empty where none is."""
    return spare.said(spares, customers.one(deployment.facts, customer).selected(selection).frame)


@remembered
def products_of(deployment: Deployment, customer: str) -> Mapping[str, str]:
    """The titles of a customer's products by productId, in the order of their names."""
    rows = customers.one(deployment.facts, customer).frame
    named = rows[["productId", "productName"]].dropna().astype("str").drop_duplicates("productId")
    titled = {identity: titles.product_title(name) for identity, name in named.itertuples(index=False)}
    return dict(sorted(titled.items(), key=lambda product: texts.order(product[1])))


@remembered
def outside(deployment: Deployment, customer: str, selection: Selection, rules: tuple[Rule, ...]) -> str:
    """In which way a customer is out of its band, in words; empty where it is not."""
    facts = customers.one(deployment.facts, customer).selected(selection)
    return bands.of_customers(rules, facts).get(customer, "") if rules else ""


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
    with page_turns.paused():
        return lately.moved(past, lambda: feeds.engine(past), facts, selection, deployment.unread)


@remembered
def _prepared(
    deployment: Deployment,
    selection: Selection,
    moved: Lately | None,
    used: Usage | None,
    live: Renewals | None,
    *,
    mutes: tuple[Mute, ...],
    spares: tuple[Spare, ...],
    zone: str,
    now: datetime | None,
) -> pd.DataFrame:
    """All customers of a selection, whatever is searched for; of their renewals, those of the same selection."""
    facts = deployment.facts.selected(selection)
    return _with_reasons(facts, selection, moved, used, live, mutes=mutes, spares=spares, zone=zone, now=now)


def _with_reasons(
    facts: Facts,
    selection: Selection,
    moved: Lately | None,
    used: Usage | None,
    live: Renewals | None,
    *,
    mutes: tuple[Mute, ...],
    spares: tuple[Spare, ...],
    zone: str,
    now: datetime | None,
    also: Sequence[str] = (),
) -> pd.DataFrame:
    """A row per customer with what rules look at, and the `reasons` that they found: once, and not for each target."""
    ending, ends, at = None, None, None
    if live:
        at = (now or live.read_at).astimezone(ZoneInfo(zone))
        subscriptions = renewals.selected(live.subscriptions, selection)
        ends = renewals.next_ends(subscriptions, at)
        spoken = muted.without(mutes, subscriptions)
        ending = renewals.next_renewals(spoken, at, call_list.RENEWS_WITHIN, spares)
    table = call_list.prepared(
        facts,
        moved.table if moved else None,
        lost=moved.lost if moved else None,
        unused=usage.unused_by_customer(used, selection) if used else None,
        ending=ending,
        ends=ends,
        at=at,
        mutes=mutes,
        spares=spares,
        also=also,
    )
    if live:
        table = table.assign(
            subscriptionsReadAt=datasets.read_of_each(live, table[CUSTOMER]),
            subscriptionsAreEarlier=datasets.earlier_of_each(live, table[CUSTOMER]),
        )
    return table.assign(
        title=table["customerName"].fillna(table[CUSTOMER]),
        **{_REASONS: pd.Series(call_list.reasons(table), index=table.index, dtype="object")},
    )


def _within(table: pd.DataFrame, filters: CustomersFilters, outside: Mapping[str, str]) -> pd.DataFrame:
    """The rows that the search, the thresholds and the bands leave; `outside`: the customers out of theirs."""
    table = customers.matching(table, filters.search)
    if filters.below is not None:
        table = table[table["deploymentPercent"] < filters.below]
    if filters.atleast is not None:
        table = table[table["undeployed"] >= filters.atleast]
    if filters.band != BAND.default:
        table = table[table[CUSTOMER].isin(outside)]
    return table


def _one_by_one(filters: CustomersFilters) -> dict[str, CustomersFilters]:
    """The filters of the list that are set, each without the others, by name."""
    each = {
        SEARCH.name: CustomersFilters(search=filters.search),
        BELOW.name: CustomersFilters(below=filters.below),
        ATLEAST.name: CustomersFilters(atleast=filters.atleast),
        BAND.name: CustomersFilters(band=filters.band),
    }
    return {name: only for name, only in each.items() if only != CustomersFilters()}


def why(table: pd.DataFrame, silent: Mapping[str, Mute]) -> pd.Series:
    """The reasons to call each customer; of one that is muted, until when it is and why."""
    told = zip(table[CUSTOMER], table[_REASONS], strict=True)
    words = [[said(silent[tenant])] if tenant in silent else reasons[:_IN_A_ROW] for tenant, reasons in told]
    return pd.Series(words, index=table.index, dtype="object")


def _bands(table: pd.DataFrame, outside: Mapping[str, str]) -> pd.Series:
    words = [outside.get(tenant) for tenant in table[CUSTOMER]]
    return pd.Series(words, index=table.index, dtype="str")


def _cards(calls: pd.DataFrame, target: float) -> pd.DataFrame:
    figures = [
        f"{formats.count(undeployed)} not deployed · {formats.percent(percent, target=target)} deployed"
        for undeployed, percent in zip(calls["undeployed"], calls["deploymentPercent"], strict=True)
    ]
    said = [" ".join(sentences[:_ON_A_CARD]) for sentences in call_list.said(calls)]
    return calls[[CUSTOMER]].assign(customerName=calls["title"], figures=figures, said=said)


def rows_behind(deployment: Deployment, selection: Selection, ids: pd.Series | list[str]) -> pd.DataFrame:
    """Microsoft's own rows of these customers, by tenant id in capitals."""
    facts = deployment.facts.selected(selection)
    return own_rows(facts.of(facts.frame[facts.frame[customers.CUSTOMER].isin(ids)]))
