"""Whom to call, why, and what to say: rules over one row per customer, each with the figures that it speaks of.

A rule is a line in `RULES`: when it applies, the reason in a few words, and the sentence for the phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from data_access import formats, texts, titles
from data_access.measures import customers, free_products, muted, outcomes, parts, spare
from data_access.measures.core import Facts
from data_access.measures.customers import CUSTOMER
from data_access.measures.free_products import PRODUCT
from data_access.measures.unread_rows import Absence
from data_access.mutes import Mute, Spare

FELL = 1.0  # percent points; less is within what goes up and down by itself
BOUGHT = 10  # licenses
IDLE, IDLE_PERCENT = 10, 10.0  # licenses, and percent of those deployed
RENEWS_WITHIN = 60  # days
_DAY = 24  # hours
_COPILOT = "copilot"
_MOVES = ["licensesSoldChange", "licensesDeployedChange", "deploymentPercentChange"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to call. `needs` are the columns that it looks at; without them it says nothing.

    `applies` gets the table and marks rows; `reason` and `said` get the values of `needs` in one row, and so does
    `lasting`, the reason without how much time is left, where it tells that. An empty text is not told.
    """

    key: str
    when: str
    needs: tuple[str, ...]
    applies: Callable[[pd.DataFrame], pd.Series]
    reason: Callable[..., str]
    said: Callable[..., str]
    lasting: Callable[..., str] | None = None


def _is_soon(kind: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda table: table[f"{kind}IsReason"] & table[f"{kind}InDays"].between(0, RENEWS_WITHIN)


def _subject(product: Any, seats: Any) -> tuple[str, bool]:
    """What ends or renews, and whether it is more than one thing."""
    name = (
        "a subscription without a name" if pd.isna(product) else formats.shortened(titles.product_title(str(product)))
    )
    if pd.isna(seats):
        return name[:1].upper() + name[1:], False
    return f"{formats.number(int(seats), 'seat')} of {name}", int(seats) != 1


class Ending(NamedTuple):
    """A subscription of a customer to speak of, as `prepared` has it."""

    product: Any
    seats: Any
    local: pd.Timestamp  # the end, in the zone of the reader
    day: pd.Timestamp
    is_before: bool
    hours: float  # that are left
    days: float  # likewise, by the calendar
    outcome: str
    to_decide: Any
    to_decide_seats: Any
    is_reason: bool


#: What `renewals.next_renewals` tells of each customer: the one to speak of first, and what renews before that ends.
_FIRST, _SOONER = "renewal", "sooner"


def _of_ending(kind: str) -> tuple[str, ...]:
    own = ("Product", "Seats", "Local", "Day", "IsBefore", "InHours", "InDays", "Outcome")
    return (*(f"{kind}{name}" for name in own), "toDecide", "toDecideSeats", f"{kind}IsReason")


def _when(end: Ending) -> str:
    """The day of an end, with its hour where that is not the last minute of a day; in UTC it says so.

    The older kind of subscription has a day alone, the first that is no longer paid.
    """
    if end.is_before:
        return f"before {formats.day(end.day)}"
    hour = "" if f"{end.local:%H:%M}" == "23:59" else f", {end.local:%H:%M}"
    return f"on {formats.day(end.local)}{hour}{' (UTC)' if str(end.local.tz) == 'UTC' else ''}"


def _left(end: Ending) -> str:
    if end.is_before:
        return f"in {formats.number(int(end.days), 'day')}" if end.days > 1 else "today is the last day"
    if end.hours >= _DAY:
        return f"in {formats.number(int(end.hours // _DAY), 'day')}"
    return f"in {formats.number(round(end.hours), 'hour')}" if round(end.hours) else "in less than an hour"


def _ends(end: Ending) -> str:
    """Such as "165 seats of Office 365 E3 end on 1 Dec 2026"."""
    subject, are_many = _subject(end.product, end.seats)
    verb = "renew" if end.outcome == outcomes.RENEWS else "end"
    return f"{subject} {verb}{'' if are_many else 's'} {_when(end)}"


def _all_to_decide(end: Ending) -> str:
    """Such as "28 seats of 5 subscriptions"; nothing where it is the one that is spoken of."""
    if end.outcome not in outcomes.TO_DECIDE or pd.isna(end.to_decide) or end.to_decide < 2:
        return ""
    seats = formats.number(int(end.to_decide_seats), "seat")
    return f"{seats} of {formats.number(int(end.to_decide), 'subscription')}"


def _renewal_reason(end: Ending, *, is_lasting: bool) -> str:
    after = {
        outcomes.UNDECIDED: "; nobody has decided",
        outcomes.EXTENDED: f"; then {outcomes.PAID_MONTHLY}",
    }.get(end.outcome, "")
    if several := _all_to_decide(end):
        after += f"; to be decided in all: {several}"
    return f"{_ends(end)}{'' if is_lasting else f', {_left(end)}'}{after}"


def _renewal_said(end: Ending) -> str:
    ends, (_, are_many) = _ends(end), _subject(end.product, end.seats)
    if end.outcome == outcomes.RENEWS:
        return f"{ends}: how many will you need then?"
    undecided = " and nobody has decided" if end.outcome == outcomes.UNDECIDED else ""
    they_are = "they are" if are_many else "it is"
    said = f"{ends}{undecided}: from then on {they_are} {outcomes.PAID_MONTHLY}. Renew or cancel?"
    if several := _all_to_decide(end):
        said += f" In all, {several} are to be decided within {RENEWS_WITHIN} days."
    return said


def _bought(table: pd.DataFrame) -> pd.Series:
    more = table["licensesSoldChange"]
    return (more >= BOUGHT) & (table["licensesDeployedChange"] < more / 2)


def _idle(table: pd.DataFrame) -> pd.Series:
    unused = table["unused"]
    return (unused >= IDLE) & (unused >= table["licensesDeployed"] * IDLE_PERCENT / 100)


def _more_products(number: int) -> str:
    return f" and {formats.more(number, 'product')}" if number else ""


def missed(product: str, sold: float, on: datetime, more: float, why: str = Absence.GONE) -> str:
    """What the newest answer has no more of a customer: `product` has most licenses of so many others."""
    return (
        f"{Absence(why).said()}: {product}"
        f" ({formats.number(int(sold), 'license')} sold on {formats.day(on)}){_more_products(int(more))}"
    )


def _lost_said(product: str, sold: float, on: datetime, more: float, why: str) -> str:
    """A question about what is gone; nothing where it may be there all the same."""
    if why != Absence.GONE:
        return ""
    return (
        f"Microsoft's newest figures have no {product} of yours any more, of which you had"
        f" {formats.number(int(sold), 'license')} on {formats.day(on)}{_more_products(int(more))}: what became of"
        f" {'them' if more or sold > 1 else 'it'}?"
    )


def _no_copilot(table: pd.DataFrame) -> pd.Series:
    is_largest = table["topProduct"].str.contains(_COPILOT, case=False, na=False)  # whose reason says it already
    return (table["copilotSold"] > 0) & (table["copilotDeployed"] < table["copilotSold"] / 2) & ~is_largest


def _are(number: float, words: str = "") -> str:
    return f"{formats.number(round(number), 'license')}{words} {formats.are(round(number))}"


def _of(product: str) -> str:
    return f" of {titles.product_title(product)}"


def _within(spare: float) -> str:
    return f", {formats.count(spare)} of them within your allowance" if round(spare) else ""


def _assigned(deployed: float) -> str:
    return f" {formats.are(round(deployed))} assigned" if round(deployed) > 0 else ""


def _more(deployed: float, nothing: str, some: str) -> str:
    return some.format(formats.count(deployed)) if round(deployed) > 0 else nothing


def _of_an_end(kind: str, key: str, when: str) -> Rule:
    """A rule about one of the ends that `renewals.next_renewals` tells of."""
    return Rule(
        key,
        when,
        _of_ending(kind),
        _is_soon(kind),
        lambda *end: _renewal_reason(Ending(*end), is_lasting=False),
        lambda *end: _renewal_said(Ending(*end)),
        lambda *end: _renewal_reason(Ending(*end), is_lasting=True),
    )


#: In the order in which a customer's reasons are told: what has a date first.
RULES = (
    _of_an_end(
        _FIRST,
        "renews",
        f"A subscription ends within {RENEWS_WITHIN} days: first what is undecided or goes into the extended service"
        " term, by its last day to act; then what renews by itself, unless all of its seats are assigned.",
    ),
    _of_an_end(
        _SOONER,
        "sooner",
        "Before that, something else renews by itself, and not all of its seats are assigned.",
    ),
    Rule(
        "lost",
        "A product with licenses is not in the newest answer any more, or could not be read there: nobody is asked what"
        " became of that. What has moved is then not told.",
        ("lostProduct", "lostSold", "lostOn", "lostMore", "lostWhy"),
        lambda table: table["lostSold"] > 0,
        missed,
        _lost_said,
    ),
    Rule(
        "gap",
        "Licenses are not deployed; the product with most of them is named.",
        ("topProduct", "topUndeployed", "topSpare"),
        lambda table: table["topUndeployed"] - table["topSpare"] >= 1,
        lambda product, gap, spare: f"{_are(gap, _of(product))} not deployed{_within(spare)}",
        lambda product, gap, spare: f"{_are(gap, _of(product))} not assigned to anybody{_within(spare)}.",
    ),
    Rule(
        "bought",
        f"At least {BOUGHT} more licenses are sold than three months ago; less than half as many more are deployed.",
        ("licensesSoldChange", "licensesDeployedChange", "since"),
        _bought,
        lambda more, deployed, since: (
            f"Bought {formats.count(more)} since {formats.day(since)},"
            f" {_more(deployed, 'none more deployed', 'only {} more deployed')}"
        ),
        lambda more, deployed, since: (
            f"Since {formats.day(since)} you bought {formats.number(round(more), 'license')}, and"
            f" {_more(deployed, 'no more are assigned than before', 'only {} more')}{_assigned(deployed)}."
        ),
    ),
    Rule(
        "fell",
        f"Deployment fell by at least {FELL:g} point in three months.",
        ("deploymentPercentChange", "deploymentPercent", "since"),
        lambda table: table["deploymentPercentChange"] <= -FELL,
        lambda change, now, since: f"Fell {formats.points(change)[1:]} points since {formats.day(since)}",  # noqa: ARG005
        lambda change, now, since: (
            f"The part of your licenses that is assigned fell from {formats.percent(now - change)} on"
            f" {formats.day(since)} to {formats.percent(now)}."
        ),
    ),
    Rule(
        "copilot",
        "Less than half of the Copilot licenses are deployed, and Copilot is not the product named above.",
        ("copilotDeployed", "copilotSold", "topProduct"),
        _no_copilot,
        lambda deployed, sold, _: f"Copilot: {formats.count(deployed)} of {formats.count(sold)} deployed",
        lambda deployed, sold, _: (
            f"Of your {formats.count(sold)} Copilot licenses,"
            f" {formats.count(deployed)} {formats.are(round(deployed))} assigned."
        ),
    ),
    Rule(
        "idle",
        f"At least {IDLE} deployed licenses, and {IDLE_PERCENT:g} % of all, are not used; an upper bound, as on Usage.",
        ("unused", "licensesDeployed"),
        _idle,
        lambda unused, _: f"Up to {formats.count(unused)} assigned but not used",
        lambda unused, _: f"Up to {_are(unused)} assigned but not used in 28 days.",
    ),
)


def prepared(
    facts: Facts,
    moved: pd.DataFrame | None = None,
    *,
    lost: pd.DataFrame | None = None,
    unused: pd.Series | None = None,
    ending: pd.DataFrame | None = None,
    ends: pd.DataFrame | None = None,
    at: datetime | None = None,
    mutes: Sequence[Mute] = (),
    spares: Sequence[Spare] = (),
    also: Sequence[str] = (),
) -> pd.DataFrame:
    """One row per customer: `customers.by_customer` and all that rules look at, as far as it is at hand.

    `facts`: those of the commercial deployment, or a selection of them. `moved`: the change of each customer, by
    customerTenantId: since (a day), licensesSoldChange, licensesDeployedChange, deploymentPercentChange (float64),
    points (lists of percent points). `lost`: products that the figures do not have any more (see `lately.Lately`); a
    customer that lost one is not the same sum as before, so it did not move. `unused`: licenses deployed and not used,
    by customerTenantId. `ending`: the subscription of each customer to speak of first: `renewals.next_renewals` gives
    them for `RENEWS_WITHIN` days from the instant `at`, in whose zone its days are. `ends`: when the next of all of its
    subscriptions ends, as `renewals.next_ends` gives them, of which no rule speaks. No rule speaks of products that
    are muted by one of `mutes`, nor of licenses that may be spare by `spares`; sums have them all the same. `also`:
    customers, by customerTenantId, that get a row without figures where the facts have nothing of them.

    Adds topProduct, topUndeployed and topSpare (the product with most licenses not deployed beyond what may be spare,
    and how many of its own may), toDeploy (licenses of all products that rules speak of), copilotSold and
    copilotDeployed.
    """
    table = customers.by_customer(facts).set_index(CUSTOMER)
    if more := [tenant for tenant in also if tenant not in table.index]:
        table = table.reindex([*table.index, *more]).rename_axis(CUSTOMER)
    told = _loud(facts.frame, mutes)
    told = told.assign(spare=spare.within(spares, told))
    table = table.join(_top(told)).join(_copilot(told)).join(_to_deploy(told))
    sums = ["copilotSold", "copilotDeployed", "toDeploy"]
    table[sums] = table[sums].fillna(0.0)
    if moved is not None:
        table = table.join(moved)
    if lost is not None and len(lost):
        moves = table.columns.intersection(_MOVES)
        table.loc[table.index.isin(lost[CUSTOMER]), moves] = np.nan
        table = table.join(_lost(_loud(lost, mutes)))
    if unused is not None:
        table = table.assign(unused=unused.reindex(table.index))
    if ending is not None and at is not None:
        ending = ending.reindex(table.index)
        left = [_until(ending, kind, at) for kind in (_FIRST, _SOONER) if kind in ending]
        table = table.join(ending.assign(**{name: column for each in left for name, column in each.items()}))
    if ends is not None:
        table = table.join(ends)
    return table.reset_index()


def _until(ending: pd.DataFrame, kind: str, at: datetime) -> dict[str, pd.Series]:
    """What is left until an end of each customer, and its flags, where a customer without one has none."""
    flags = {
        name: ending[name].astype("boolean").fillna(False).astype(bool)
        for name in (f"{kind}IsReason", f"{kind}IsBefore")
    }
    return flags | {
        f"{kind}Local": ending[kind].dt.tz_convert(at.tzinfo),
        f"{kind}InHours": (ending[kind] - at) / timedelta(hours=1),
        f"{kind}InDays": (ending[f"{kind}Day"] - pd.Timestamp(at).tz_localize(None).normalize()).dt.days,
    }


def _loud(rows: pd.DataFrame, mutes: Sequence[Mute]) -> pd.DataFrame:
    """The rows of products that are not muted."""
    quiet = muted.products(mutes, rows)
    return rows if quiet is None else rows[~quiet]


def reasons(table: pd.DataFrame, *, lasting: bool = False) -> list[list[str]]:
    """Why to call each customer of `prepared`, in the order of the rules.

    `lasting`: without how much time is left, for those who read it later.
    """
    return _told(table, lambda rule: rule.lasting if lasting and rule.lasting else rule.reason)


def said(table: pd.DataFrame) -> list[list[str]]:
    """What to say to each customer of `prepared`, a sentence for each reason."""
    return _told(table, lambda rule: rule.said)


def aside(table: pd.DataFrame, facts: Facts, unassigned: pd.DataFrame | None, read_at: datetime | None) -> str:
    """By whose count the licenses are that a customer is told to have spare, and how many its own tenant says.

    `table`: the row of `prepared` of one customer. `facts`: those that it was made of. `unassigned`: what of the
    customer's live seats is not assigned, as `renewals.not_assigned` gives it, read at `read_at`; None where they are
    not at hand. Nothing where both say the same, or the tenant nothing.
    """
    if unassigned is None or read_at is None or not (table["topUndeployed"] - table["topSpare"] >= 1).any():
        return ""
    product, gap = table["topProduct"].iloc[0], round(table["topUndeployed"].iloc[0])
    counted = facts.frame[(facts.frame[CUSTOMER] == table[CUSTOMER].iloc[0]) & (facts.frame["productName"] == product)]
    free = unassigned.loc[unassigned[PRODUCT].isin(free_products.identities(counted[PRODUCT])), "notAssigned"]
    if free.empty or free.sum() == gap:
        return ""
    counted_on, read_on = formats.day(counted["processedDateTime"].max()), formats.day(read_at)
    return (
        f"{formats.count(gap)} is the count of Microsoft's analytics of {counted_on}; the customer's tenant has"
        f" {formats.count(free.sum())} free on {read_on}."
    )


def _told(table: pd.DataFrame, words: Callable[[Rule], Callable[..., str]]) -> list[list[str]]:
    told: list[list[str]] = [[] for _ in range(len(table))]
    for rule in RULES:
        if not {*rule.needs} <= {*table}:
            continue
        places = np.flatnonzero(rule.applies(table).fillna(False).to_numpy(dtype=bool))
        values = table[[*rule.needs]].iloc[places].itertuples(index=False, name=None)  # few of the many columns
        for place, figures in zip(places, values, strict=True):
            if text := words(rule)(*figures):
                told[place].append(text)
    return told


def _top(rows: pd.DataFrame) -> pd.DataFrame:
    """The product of each customer with most licenses not deployed; of equal ones the first by name."""
    gaps = rows.groupby([CUSTOMER, "productName"], observed=True)[["undeployed", "spare"]].sum().reset_index()
    gaps["_beyond"] = gaps["undeployed"] - gaps["spare"]
    gaps = gaps.sort_values(["_beyond", "productName"], ascending=[False, True], kind="stable").drop(columns="_beyond")
    names = ["topProduct", "topUndeployed", "topSpare"]
    first = gaps.drop_duplicates(CUSTOMER).set_index(CUSTOMER).set_axis(names, axis=1)
    return first.astype({"topProduct": "str"})


def _to_deploy(rows: pd.DataFrame) -> pd.Series:
    beyond = rows["undeployed"] - rows["spare"]
    return beyond.groupby(rows[CUSTOMER], observed=True).sum().rename("toDeploy")


def _copilot(rows: pd.DataFrame) -> pd.DataFrame:
    products = rows["productName"].astype("category")
    named = [name for name in products.cat.categories if _COPILOT in texts.key(str(name))]
    own = rows[products.isin(named)].groupby(CUSTOMER, observed=True)
    sums = own[["licensesSold", "licensesDeployed"]].sum()
    return sums.set_axis(["copilotSold", "copilotDeployed"], axis=1).astype("float64")


def _lost(products: pd.DataFrame) -> pd.DataFrame:
    """The first product that each customer lost, and how many others as it: what is gone before what was not read."""
    order = products[parts.WHY].map({why: place for place, why in enumerate(Absence)})
    products = products.iloc[order.to_numpy().argsort(kind="stable")]
    first = products.drop_duplicates(CUSTOMER).set_index(CUSTOMER)
    same = products[products[parts.WHY] == products[CUSTOMER].map(first[parts.WHY])]
    return pd.DataFrame(
        {
            "lostProduct": first[parts.TITLE],
            "lostSold": first["licensesSold"].astype("float64"),
            "lostOn": first["processedDateTime"],
            "lostMore": (same.groupby(CUSTOMER).size() - 1).astype("float64"),
            "lostWhy": first[parts.WHY],
        }
    )
