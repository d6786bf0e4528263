"""What is new for one person between two looks at the history: pure decisions, worded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple, Protocol

import pandas as pd

from data_access import formats, mutes, titles
from data_access.books import EVERYBODY, Customers
from data_access.digest import bands
from data_access.digest.message import News, Part
from data_access.digest.plan import Plan, Rule
from data_access.measures import (
    Facts,
    call_list,
    changes,
    core,
    muted,
    no_rows,
    outcomes,
    product_names,
    reach,
    renewals,
    spare,
)
from data_access.measures.customers import CUSTOMER
from data_access.measures.parts import OF_CUSTOMER, TITLE, WHY, lost, together, why
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.mutes import Mute

_MOST_LINES = 10  # of one part
_TO_CALL, TO_CALL = 3, "Whom to call"
#: All percentages of a digest have as many decimals.
_percent = partial(formats.percent, as_sent=False)
_IS_NOT_THERE = {
    Absence.GONE: "is gone",
    Absence.UNREAD: f"{Absence.UNREAD} in the newest answer",
    Absence.UNCERTAIN: f"is {Absence.UNCERTAIN}",
}
_PRODUCT, _NAME = "productId", "productName"
_BY_CUSTOMER = [CUSTOMER], ["customerName"]  # keys and labels


class Link(Protocol):
    """The address of a page with these link parameters; an empty text where no address of the dashboard is set."""

    def __call__(self, page: str, **parameters: str) -> str: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Look:
    """What was known at one instant of a person's customers, and of nobody else's.

    `facts`: rows of the commercial deployment that was fetched on `day`, and `processed` up to a day. `empty_since`:
    the day from which on later answers have no rows; None where these facts are the newest answer. `unread`: what the
    answer of the facts does not tell. `earlier`: those of the customers new since whom an answer up to then had.
    `subscriptions`: as `renewals.judged` gives them; None where none were read. `customers`: those in the person's
    book. `mutes`: those that held then; what they are about was not told. `rules`: by which customers out of their band
    were told then, each as `Rule.case` has it.
    """

    at: datetime
    day: date | None
    processed: date | None
    facts: Facts
    empty_since: date | None = None
    subscriptions: pd.DataFrame | None = None
    unread: UnreadRows = ALL_READ
    earlier: frozenset[str] = frozenset()
    customers: Customers = EVERYBODY
    mutes: tuple[Mute, ...] = ()
    rules: tuple[str, ...] = ()


def parts(before: Look, now: Look, plan: Plan, person: str, link: Link) -> tuple[Part, ...]:
    """What is new for a person; the customers to call come along where anything else is new."""
    before = replace(before, facts=before.facts.of(product_names.as_in(now.facts.frame, before.facts.frame)))
    whole, rows = _both(before, now), len(before.facts)
    before = _told_then(before)
    both = whole if len(before.facts) == rows else _both(before, now)
    empty, due = _emptied(before, now, link), _due(before, now, plan, link)
    figures = (_outside(before, now, plan, person, link), _changed(both, plan, link, _differing(whole)))
    if not any(part.lines for part in (*empty, due, *figures)):
        return ()
    return (*empty, due, _to_call(now, plan, link), *figures)


def _told_then(before: Look) -> Look:
    """As far as the person could hear of it then."""
    then, subscriptions = before.customers, before.subscriptions
    return replace(
        before,
        facts=before.facts.of(then.rows(before.facts.frame)),
        subscriptions=None if subscriptions is None else then.rows(subscriptions),
    )


def _emptied(before: Look, now: Look, link: Link) -> tuple[Part, ...]:
    """That Microsoft sends nothing any more, which is news once."""
    if now.empty_since in (None, before.empty_since) or not len(now.facts):
        return ()
    total = core.total(now.facts)
    line = no_rows.said(now.empty_since, now.processed, total.sold, total.percent)
    return (Part("The newest answer", (News(line, link("customers")),)),)


class _Both(NamedTuple):
    """Two looks side by side."""

    before: Look
    now: Look
    customers: pd.DataFrame  # see `_compared`
    gone: pd.DataFrame  # see `_gone`


def _both(before: Look, now: Look) -> _Both:
    return _Both(before, now, _compared((before.facts, now.facts), *_BY_CUSTOMER), _gone(before, now))


def _changed(both: _Both, plan: Plan, link: Link, differing: int) -> Part:
    before, now, table, gone = both
    if before.day is None or before.processed is None or now.day is None:
        return Part("What changed", ())
    heading = f"What changed since {formats.day(before.processed)}"
    marked = muted.products(plan.holding(now.at), gone)
    quiet = gone[:0] if marked is None else gone[marked]
    facts = before.facts, now.facts
    if len(quiet):
        facts = _without(before.facts, quiet), now.facts
        table = _compared(facts, *_BY_CUSTOMER)
    missed = _missed(gone.drop(index=quiet.index))
    had_none = (table["status"] == changes.Status.GONE) & (table["licensesSoldBefore"] == 0)
    table = table[~had_none & ((table["status"] != changes.Status.SAME) | table[CUSTOMER].isin(missed))]
    only_muted, moved = _muted_changes(facts, plan.holding(now.at))
    table = table[~table[CUSTOMER].isin([*filter(before.customers.__contains__, only_muted)])]
    table = table.assign(why=why(table, [CUSTOMER], now.unread))
    table = table.iloc[_by_seats(table)].assign(leavesOut=lambda rows: rows[CUSTOMER].isin(quiet[CUSTOMER]))
    lines, silent = _told(table, plan, now.at, lambda row: _moved(row, missed, before, now, link))
    silent += [*muted.of_rows(plan.holding(now.at), quiet), *moved]
    shown = f"All {formats.number(differing, 'customer')} that differ are on the page Changes"
    view = News(shown, _comparison(before, now, link, level="customer"))
    return replace(_part(heading, lines, silent, "customer", view), lead=_went_back(before.processed, now.processed))


def _comparison(before: Look, now: Look, link: Link, **more: str) -> str:
    """Where both looks are side by side; empty where both answers are of one day, of which Changes has the last."""
    if before.day is None or now.day is None or before.day >= now.day:
        return ""
    return link("changes", **more, since=before.day.isoformat(), until=now.day.isoformat())


def _differing(both: _Both) -> int:
    """How many customers the page Changes shows between both looks: they differ, or were not read as a whole."""
    table, gone = both.customers, both.gone
    unread = gone.loc[gone[WHY] != Absence.GONE, CUSTOMER]
    return int(((table["status"] != changes.Status.SAME) | table[CUSTOMER].isin(unread)).sum())


def _compared(facts: tuple[Facts, Facts], keys: Sequence[str], labels: Sequence[str]) -> pd.DataFrame:
    was, is_now = (core.by(each, keys, labels) for each in facts)
    return changes.compare(was, is_now, keys, labels)


def _muted_changes(facts: tuple[Facts, Facts], holding: Sequence[Mute]) -> tuple[set[str], list[Mute]]:
    """The customers of whom nothing changed but muted products, and the mute of each muted product that did.

    Customers that are muted as a whole are not among them.
    """
    if all(mute.product is None for mute in holding):
        return set(), []
    table = _compared(facts, [CUSTOMER, *OF_CUSTOMER], [_PRODUCT])
    table = table[table["status"] != changes.Status.SAME]
    table = table[~table[CUSTOMER].isin(muted.customers(holding, list(table[CUSTOMER].unique())))]
    is_muted = muted.rows(holding, table)
    others = {*table.loc[~is_muted, CUSTOMER]}
    return {*table[CUSTOMER]} - others, muted.of_rows(holding, table)


def _went_back(before: date, now: date | None) -> str:
    """That the newer figures have the older date; empty where time went on."""
    if now is None or now >= before:
        return ""
    return (
        f"Microsoft's dates went back: its newest figures are of {formats.day(now)}, those before were of"
        f" {formats.day(before)}."
    )


def _gone(before: Look, now: Look) -> pd.DataFrame:
    """The parts with licenses that customers of now had before and have no more, see `measures.parts`."""
    was = core.by(before.facts, [CUSTOMER, *OF_CUSTOMER], [_PRODUCT])
    was = was[was[CUSTOMER].isin(now.facts.frame[CUSTOMER])]
    return lost(was, now.facts.frame, OF_CUSTOMER, [CUSTOMER], product_names.of_unread(now.unread, was))


def _without(facts: Facts, gone: pd.DataFrame) -> Facts:
    """The facts without these parts of customers."""
    left_out, all_of_them = (
        pd.MultiIndex.from_frame(rows[[CUSTOMER, *OF_CUSTOMER]].astype("str")) for rows in (gone, facts.frame)
    )
    return facts.of(facts.frame[~all_of_them.isin(left_out)])


def _missed(gone: pd.DataFrame) -> dict[str, str]:
    """What is gone of each customer in words, by tenant id: theirs is not the same sum."""
    words: dict[str, str] = {}
    for tenant, rows in together(gone, [CUSTOMER]).groupby(CUSTOMER, observed=True):
        first = rows.iloc[0]
        words[str(tenant)] = call_list.missed(
            str(first[TITLE]),
            first["licensesSold"],
            first["processedDateTime"],
            int((rows[WHY] == first[WHY]).sum()) - 1,
            str(first[WHY]),
        )
    return words


def _by_seats(table: pd.DataFrame) -> list[int]:
    """The order of rows in which most seats moved first."""
    seats = table[["undeployedChange", "licensesSoldChange", "licensesDeployedChange"]].abs()
    order = seats.assign(place=range(len(table))).sort_values(
        [*seats.columns, "place"], ascending=[False, False, False, True]
    )
    return [int(place) for place in order["place"]]


def _moved(row: pd.Series, missed: Mapping[str, str], before: Look, now: Look, link: Link) -> News:
    """What changed of one customer, by product on Changes; of one that is new in the book its own page has more."""
    tenant = str(row[CUSTOMER])
    shown = _comparison(before, now, link, level="customer-and-product", search=tenant.lower())
    is_known = tenant in before.customers
    return _news(row, _change(row, missed, before), shown if is_known and shown else _customer(row, link))


def _change(row: pd.Series, missed: Mapping[str, str], before: Look) -> str:
    name = _called(row)
    if str(row[CUSTOMER]) not in before.customers:
        sold, undeployed = (int(row[f"{measure}After"]) for measure in ("licensesSold", "undeployed"))
        return (
            f"{name} is new in your book: {formats.number(sold, 'license')} sold,"
            f" {formats.count(undeployed)} of them not deployed"
        )
    if row["status"] == changes.Status.NEW:
        came = "back" if str(row[CUSTOMER]) in before.earlier else "new"
        return f"{name} is {came}: {formats.number(int(row['licensesSoldAfter']), 'license')} sold"
    if row["status"] == changes.Status.GONE:
        were = formats.number(int(row["licensesSoldBefore"]), "license")
        were += " was" if row["licensesSoldBefore"] == 1 else " were"
        return f"{name} {_IS_NOT_THERE[row['why']]}: {were} sold"
    if what := missed.get(str(row[CUSTOMER])):
        left = _percent(row["deploymentPercentAfter"])
        return f"{name}: {what[0].lower()}{what[1:]}. What is left is deployed to {left}"
    percents = (row["deploymentPercentBefore"], row["deploymentPercentAfter"])
    left_out = "; without a muted product that is gone" if row["leavesOut"] else ""
    return (
        f"{name}: sold {formats.change(row['licensesSoldChange'])},"
        f" deployed {formats.change(row['licensesDeployedChange'])},"
        f" not deployed {formats.change(row['undeployedChange'])}"
        f" ({_percent(percents[0])} deployed before, {_percent(percents[1])} now{left_out})"
    )


def _outside(before: Look, now: Look, plan: Plan, person: str, link: Link) -> Part:
    """Customers out of their band of whom that was not told yet, those first who left it since the look before.

    Of rules that speak of the same of a customer (see `bands.about`) the first one does so alone. What
    is told of several bands of one customer is in one line.
    """
    found: dict[tuple[str, str], _Outside] = {}
    for rule in plan.rules_of(person):
        for line in _out_of(rule, before, now, link):
            found.setdefault((line.customer, bands.about(rule)), line)
    lines = sorted(found.values(), key=lambda line: not line.has_left)
    of_each: dict[str, list[_Outside]] = {}
    silenced: dict[tuple[str, Mute], Mute] = {}  # a customer counts once for each mute, however many bands it is out of
    for line in lines:
        if mute := plan.muted(line.customer, line.product, now.at):
            silenced |= {} if line.is_known else {(line.customer, mute): mute}
        else:
            of_each.setdefault(line.customer, []).append(line)
    told, silent = [_together(own, link) for own in of_each.values()], [*silenced.values()]
    out = len(bands.of_customers(plan.rules_of(person), now.facts))
    shown = f"All {formats.number(out, 'customer')} out of their band are on the page Customers"
    return _part("Out of the band", told, silent, "customer", News(shown, link("customers", band="out")))


def _together(lines: Sequence[_Outside], link: Link) -> News:
    """What is told of one customer; where that is more than one band, its page without a filter shows them all."""
    first = lines[0].news
    if len(lines) == 1:
        return first
    more = "; ".join(line.said for line in lines[1:])
    return replace(first, text=f"{first.text}; {more}", link=link("customers", customer=lines[0].customer.lower()))


class _Outside(NamedTuple):
    """A customer out of a band: `product` is the one of which the rule speaks there, if it is one alone.

    `is_known`: it was out of the band at the look before, which told it or counted it as muted. `said`: the words of
    `news` without the customer's name.
    """

    customer: str
    product: str | None
    news: News
    has_left: bool
    is_known: bool
    said: str


def _out_of(rule: Rule, before: Look, now: Look, link: Link) -> Iterator[_Outside]:
    covered = [bands.covered(rule, look.facts) for look in (before, now)]
    was, is_now = (core.by(facts, [CUSTOMER], ["customerName"]) for facts in covered)
    products = covered[1].frame.groupby(CUSTOMER, observed=True)[_PRODUCT].unique().to_dict()
    earlier = dict(zip(was[CUSTOMER], was["deploymentPercent"], strict=True))
    then_and_now = [replace(look, facts=facts) for look, facts in zip((before, now), covered, strict=True)]
    missed = {*_gone(*then_and_now)[CUSTOMER]}
    about = f" of {bands.about(rule)}" if rule.product or rule.service else ""
    for _, row in is_now.sort_values("undeployed", ascending=False).iterrows():
        percent, then = row["deploymentPercent"], earlier.get(row[CUSTOMER])
        limit = bands.left(rule, percent)
        own = products[row[CUSTOMER]]
        only = str(own[0]) if len(own) == 1 and not pd.isna(own[0]) else None  # which a mute may be about
        was_out = then is not None and bands.left(rule, then) == limit
        is_known = was_out and rule.case in before.rules
        if limit and not (is_known and not _was_muted(before, str(row[CUSTOMER]), only)):
            has_left = then is not None and not pd.isna(then) and not was_out
            came = f" ({_percent(then)} before)" if has_left and str(row[CUSTOMER]) not in missed else ""
            said = f"{_percent(percent, target=rule.band[0])}{about} deployed, {limit}{came}"
            of_service = {"service": rule.service} if rule.service else {}
            news = _news(row, f"{_called(row)}: {said}", _customer(row, link, **of_service))
            yield _Outside(str(row[CUSTOMER]), only, news, has_left, is_known, said)


def _due(before: Look, now: Look, plan: Plan, link: Link) -> Part:
    """Subscriptions of which something can still be decided, and whose last day to act came into reach."""
    heading = f"Last day to act within {reach.DAYS} days"
    known = {_case(row) for row in _in_reach(before, plan) if not _was_muted(before, str(row[CUSTOMER]), _id(row))}
    every = _in_reach(now, plan)
    new = [row for row in every if _case(row) not in known]
    lines = [(str(row[CUSTOMER]), _id(row), _news(row, _ending(row), _customer(row, link))) for row in new]
    told, silent = _unmuted(lines, plan, now.at)
    shown = f"All {formats.number(len(every), 'subscription')} with a last day to act in reach are on the page Renewals"
    view = News(shown, link("renewals", horizon=str(max(renewals.HORIZONS)), act=str(reach.DAYS)))
    return _part(heading, told, silent, "subscription", view)


def _was_muted(before: Look, tenant: str, product: str | None) -> bool:
    """Whether nothing was told of it at the look before, since it was muted."""
    return mutes.of(before.mutes, tenant, product) is not None


def _in_reach(look: Look, plan: Plan) -> list[pd.Series]:
    """The subscriptions that need a word: first what is to be decided, each kind in the order of its last days."""
    if look.subscriptions is None:
        return []
    table = renewals.at(look.subscriptions, look.at)
    table = renewals.in_order(renewals.within(table, look.at, max(renewals.HORIZONS)))
    table = table[reach.needs_a_word(table, look.at, plan.spares)]
    is_to_decide = table["renewalOutcome"].isin(outcomes.TO_DECIDE)
    table = pd.concat([table[is_to_decide], table[~is_to_decide]])
    table = table.assign(becomes=outcomes.becomes(table))
    return [row for _, row in table.iterrows()]


def _case(row: pd.Series) -> tuple[str, ...]:
    """What makes a subscription news again: another end, or another outcome."""
    return str(row[CUSTOMER]), str(row["id"]), str(row["renewalOutcome"]), str(row["lastDayToAct"])


def _ending(row: pd.Series) -> str:
    when = f"{'before ' if row['isBefore'] else 'until '}{formats.day(row['actBy'])}"
    seats = formats.NOTHING if pd.isna(row["quantity"]) else formats.number(int(row["quantity"]), "seat")
    becomes = _lowered(row["becomes"])
    return f"{_called(row)}: {row['offerName']}, {seats}{_assigned(row)}; {becomes}, act {when}"


def _assigned(row: pd.Series) -> str:
    """What is known of the seats of a subscription: those of a product are not told apart by their subscriptions."""
    if pd.notna(row["nextProduct"]):
        return ", no figure of what is assigned of the product that it becomes"
    if pd.isna(row["seatsAtRisk"]):
        return ", not matched to a product" if _id(row) is None else ", no figure of what is assigned"
    assigned, free = int(row["assigned"]), int(row["notAssigned"])
    if not free:
        return ", assigned" if row["quantity"] == 1 else ", all of them assigned"
    if not assigned:
        return ", not assigned" if row["quantity"] == 1 else ", none of them assigned"
    if row["quantity"] == assigned + free:
        return f", {formats.count(free)} of them not assigned"
    return f" (of all seats of this product {formats.count(free)} {formats.are(free)} not assigned)"


def _to_call(now: Look, plan: Plan, link: Link) -> Part:
    """The customers with most licenses not deployed, of what is not muted, beyond the spare seats that are allowed.

    The number that is told is the customer's whole one; it says how much of it is no reason to call.
    """
    rows = now.facts.frame
    table = rows.assign(beyond=rows["undeployed"] - spare.within(plan.spares, rows))
    holding = plan.holding(now.at)
    silent = muted.lines(holding, table[table["beyond"] > 0])
    table = muted.without(holding, table)
    sums = table.groupby([CUSTOMER, "productName"], observed=True, dropna=False)["beyond"].sum().reset_index()
    sums = sums.sort_values(["beyond", "productName"], ascending=[False, True], kind="stable")
    whole = sums.groupby(CUSTOMER, sort=False)["beyond"].sum().sort_values(ascending=False, kind="stable")
    undeployed = rows.groupby(CUSTOMER, observed=True)["undeployed"].sum().to_dict()
    named = rows.dropna(subset=["customerName"]).drop_duplicates(CUSTOMER)
    names = {row[CUSTOMER]: _called(row) for _, row in named.iterrows()}
    first = sums.drop_duplicates(CUSTOMER).set_index(CUSTOMER)["productName"].to_dict()
    lines = [
        News(
            f"{names.get(tenant, tenant)}: {_not_deployed(undeployed[tenant], number)}"
            f" of {titles.product_title(str(first[tenant]))}",
            _customer({CUSTOMER: tenant}, link),
            str(tenant),
            names.get(tenant, str(tenant)),
        )
        for tenant, number in whole.items()
        if round(number) > 0
    ]
    return Part(TO_CALL, tuple(lines[:_TO_CALL]), note="; ".join(mutes.counted(silent)))


def _not_deployed(number: float, beyond: float) -> str:
    """How many licenses are not deployed, and how many of them are a reason to call."""
    whole = f"{formats.number(round(number), 'license')} not deployed"
    calm = round(number) - round(beyond)
    return f"{whole}, {formats.count(calm)} of them muted or spare; most of the others" if calm else f"{whole}, most"


def _told(
    table: pd.DataFrame, plan: Plan, at: datetime, news: Callable[[pd.Series], News]
) -> tuple[list[News], list[Mute]]:
    return _unmuted([(str(row[CUSTOMER]), None, news(row)) for _, row in table.iterrows()], plan, at)


def _unmuted(lines: Sequence[tuple[str, str | None, News]], plan: Plan, at: datetime) -> tuple[list[News], list[Mute]]:
    """The lines that are not muted, and the mutes of the others."""
    told: list[News] = []
    silent: list[Mute] = []
    for tenant, product, line in lines:
        if mute := plan.muted(tenant, product, at):
            silent.append(mute)
        else:
            told.append(line)
    return told, silent


def _part(heading: str, lines: Sequence[News], silent: Sequence[Mute], noun: str, view: News) -> Part:
    """A part; `view` says how many a page has in all, those too that are no news or muted, and leads there."""
    more = max(len(lines) - _MOST_LINES, 0)
    rest = replace(view, text=f"and {formats.number(more, noun)} more. {view.text}") if more else None
    return Part(heading, tuple(lines[:_MOST_LINES]), rest, more, "; ".join(mutes.counted(silent)))


def _news(row: pd.Series, text: str, shown: str) -> News:
    """A line about the customer of a row, whose name it begins with; `shown` is the view that shows it."""
    return News(text, shown, str(row[CUSTOMER]), _called(row))


def _customer(row: Mapping[str, object] | pd.Series, link: Link, **more: str) -> str:
    """The page of the customer of a row."""
    return link("customers", customer=str(row[CUSTOMER]).lower(), **more)


def _called(row: pd.Series) -> str:
    name = row.get("customerName")
    return str(row[CUSTOMER]) if pd.isna(name) or not str(name).strip() else formats.shortened(str(name), 60)


def _id(row: pd.Series) -> str | None:
    product = row.get(_PRODUCT)
    return None if product is None or pd.isna(product) else str(product)


def _lowered(words: str) -> str:
    """Words within a sentence: Microsoft's name and its own words stay as they are."""
    return words if words.startswith("Microsoft") else words.lower()
