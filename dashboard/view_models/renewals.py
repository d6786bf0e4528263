"""View model of the Renewals page, cached for all visitors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard import formats
from dashboard.cache import remembered
from dashboard.charts import palette
from dashboard.charts import renewals as charts
from dashboard.charts.base import Finished
from dashboard.filters.parameters import ACT, RenewalsFilters
from dashboard.tables import renewals as tables
from dashboard.tables.columns import OnScreen
from data_access import Answer, Selection, texts, titles
from data_access.datasets import renewals as datasets
from data_access.datasets.renewals import Renewals
from data_access.measures import customers, muted, outcomes, reach, renewals
from data_access.measures.renewals import Totals
from data_access.mutes import Mute, Spare, counted

#: A horizon of more days has a bar for each month, a shorter one for each week.
_MOST_DAYS_BY_WEEK = 120
_SEARCHED = ("customerName", "customerTenantId", "offerName", "id")

_ENDS = "ends"
_WORDS = {
    outcomes.UNDECIDED: f"Nobody has decided: {outcomes.PAID_MONTHLY} from {{after}}",
    outcomes.EXTENDED: f"{outcomes.PAID_MONTHLY.capitalize()} from {{after}}",
    outcomes.RENEWS: "Renews on {after}{changes}",
    _ENDS: "Ends: a cancellation is scheduled",
    "expires": "Expires: it does not renew by itself",
    "other": "{action}{changes}",
}
#: Where the cancellation comes before the end of the term.
_ENDS_SOONER = "Ends on {after}: a cancellation is scheduled"
_REDUCIBLE = "to reduce; ends "
_ON_CARDS = 3
#: Within so many days from now a decision is one of this week.
SOON = 7
_AT_ONCE = timedelta(days=2)  # after today, of which what is largest comes first


@dataclass(frozen=True, eq=False, kw_only=True)
class RenewalsView:
    """The content of the page: `number` subscriptions that end within the horizon, and sums of those that count."""

    totals: Totals
    number: int
    until: str  # as on screen: the day with which the horizon ends
    act_until: str  # likewise the day up to which the last days to act are; empty where all are shown
    ended: int  # subscriptions whose term is over, of which no answer says yet what became of them
    unplaced: int  # subscriptions whose service or channel is unknown, and that a filter by these leaves out
    first: OnScreen  # cards of what is to be decided: see `_most_urgent`
    largest: pd.Series | None  # as on screen, of what is to be decided the row with most seats; None if on a card
    soon: int  # seats of which somebody has to decide within `SOON` days
    by_month: bool
    figure: Finished
    words: str
    now: datetime  # the instant of the view
    order: pd.Index  # of the subscriptions that it shows, in the order of the table: see `rows_of`
    on_screen: OnScreen
    muted: tuple[str, ...]  # how many of them are, until when and why


@remembered
def renewals_view(
    data: Renewals,
    filters: RenewalsFilters,
    now: datetime,
    zone: str,
    dark: bool,
    *,
    mutes: tuple[Mute, ...] = (),
    spares: tuple[Spare, ...] = (),
) -> RenewalsView:
    """The view at an instant, which the caller rounds, with times in a zone (IANA); see `tables.zone`.

    It is worked out once for all who look at the same. What is muted (`mutes`) is in the table and in all sums. Seats
    that may be spare (`spares`) are nothing to act on.
    """
    days = int(filters.horizon)
    table = customers.matching(data.subscriptions, filters.search, _SEARCHED)
    chosen = renewals.selected(table, filters.selection)
    unplaced = table.drop(index=chosen.index)
    unplaced = (
        unplaced[unplaced[[*filters.selection.wanted]].isna().any(axis=1)] if filters.selection.wanted else unplaced
    )
    if filters.outcome:
        chosen = chosen[chosen["renewalOutcome"].isin(filters.outcome)]
    is_narrowed, ended = filters.act != ACT.default, len(renewals.ended(chosen, now))
    if is_narrowed:
        chosen = chosen[reach.needs_a_word(renewals.at(chosen, now), now, spares)]
    shown = renewals.in_order(renewals.at(renewals.within(chosen, now, days), now))
    by_month = days > _MOST_DAYS_BY_WEEK
    periods = renewals.by_period(shown, by_month, ZoneInfo(zone))
    to_decide = shown[renewals.counted(shown) & shown["renewalOutcome"].isin(outcomes.TO_DECIDE)]
    soon = to_decide.loc[to_decide["actBy"] < now + timedelta(days=SOON), "quantity"]
    to_decide = to_decide[~muted.rows(mutes, to_decide)]
    urgent = _most_urgent(to_decide, now, zone)
    largest = to_decide.index[int(to_decide["quantity"].fillna(0).argmax())] if len(to_decide) else None
    told = in_words(shown, _lasting(data, zone))
    return RenewalsView(
        totals=renewals.totals(chosen, now, days),
        number=len(shown),
        until=formats.day(renewals.last_day(now, days)),
        act_until=formats.day(reach.last_day(now)) if is_narrowed else "",
        ended=ended,
        unplaced=len(renewals.within(unplaced, now, days)),
        first=tables.first_on_screen(told.loc[urgent], now, zone),
        largest=None if largest is None or largest in urgent else told.loc[largest],
        soon=int(soon.sum()),
        by_month=by_month,
        figure=charts.figure(periods, by_month, palette.of(dark)),
        words=charts.in_words(periods, by_month),
        now=now,
        order=shown.index,
        on_screen=tables.on_screen(told, zone),
        muted=tuple(counted(muted.of_rows(mutes, shown))),
    )


def _most_urgent(rows: pd.DataFrame, now: datetime, zone: str) -> pd.Index:
    """The rows of which somebody has to decide first: by the last day to act in a zone, then by their seats.

    The days until `_AT_ONCE` are as one: twelve seats of today come after a hundred of tomorrow.
    """
    at_once = pd.Timestamp(now).tz_convert(zone).normalize() + _AT_ONCE
    days, seats = rows["actBy"].dt.tz_convert(zone).dt.normalize().clip(lower=at_once), -rows["quantity"].fillna(0)
    return rows.assign(_day=days, _seats=seats).sort_values(["_day", "_seats"], kind="stable").index[:_ON_CARDS]


def rows_of(data: Renewals, model: RenewalsView) -> pd.DataFrame:
    """The rows of `renewals.at` of a view: a view that is kept need not hold all that Microsoft sent once more."""
    return renewals.at(data.subscriptions.loc[model.order], model.now)


@dataclass(frozen=True, eq=False, kw_only=True)
class OfCustomer:
    """What of one customer ends within the longest horizon, and what there is beside it: how many subscriptions.

    `ended` are those whose term is over, of which no answer says yet what became of them; `beside` the others. `until`
    is the instant, as on screen, until which seats of those can be reduced, the first of several; empty where none can.
    """

    totals: Totals
    on_screen: OnScreen
    beside: int
    ended: int
    until: str


@remembered
def known_of(data: Renewals, customer: str, seats: Answer | None) -> Renewals:
    """What all parts of one customer's page stand on; `seats` are its live seats, where they were read alone."""
    return datasets.of_customer(data, customer, seats)


@remembered
def of_customer(known: Renewals, selection: Selection, now: datetime, zone: str) -> OfCustomer:
    """The subscriptions of one customer (`known`), the last day to act first; the rest is as for `renewals_view`."""
    own = renewals.selected(known.subscriptions, selection)
    days = max(renewals.HORIZONS)
    shown = renewals.in_order(renewals.at(renewals.within(own, now, days), now))
    told = in_words(shown, lasting_words(own, zone)).drop(columns="customerName")
    beside, ended = renewals.running(own).drop(index=shown.index), renewals.ended(own, now)
    until = beside.loc[renewals.counted(beside) & (beside["cancelUntil"] > now), "cancelUntil"]
    return OfCustomer(
        totals=renewals.totals(own, now, days),
        on_screen=tables.on_screen(told, zone),
        beside=len(beside) - len(ended),
        ended=len(ended),
        until=_instants(until.sort_values().head(1), zone).iloc[0] if len(until) else "",
    )


@remembered
def _lasting(data: Renewals, zone: str) -> pd.DataFrame:
    """Put into words once for all views of a reading."""
    return lasting_words(data.subscriptions, zone)


def lasting_words(every: pd.DataFrame, zone: str) -> pd.DataFrame:
    """What people read of all subscriptions, as far as it does not depend on the hour: for `in_words`.

    Columns: offer, becomes with becomesAt, term, ends, notes; and until, the instant until which seats can be reduced.
    """
    return pd.DataFrame(
        {
            "offer": every["offerName"].fillna("(no name)").map(titles.product_title),
            **_becomes(every, zone),
            "term": _for_each(_term, every[["termDuration", "billingCycle"]]),
            "ends": _days(every["end"], every["commitmentEndDateTime"].isna(), zone),
            "until": _instants(every["cancelUntil"], zone),
            "notes": _notes(every),
        }
    )


def in_words(rows: pd.DataFrame, lasting: pd.DataFrame) -> pd.DataFrame:
    """The rows of `renewals.at` with what people read: offer, act, reducible, becomes, becomesAt, term, ends, notes.

    `lasting`: `lasting_words` of these rows and any others.
    """
    told, is_reducible = lasting.loc[rows.index], rows["isReducible"]
    return rows.assign(
        **{name: told[name] for name in ("offer", "becomes", "becomesAt", "term", "ends", "notes")},
        act=told["ends"].where(~is_reducible, told["until"]),
        reducible=(_REDUCIBLE + told["ends"].str.split(",").str[0]).where(is_reducible),
    )


def _days(instants: pd.Series, is_before: pd.Series, zone: str) -> pd.Series:
    """The instants in a zone; of the older kind, the first day that is no longer paid, which has no zone."""
    return _instants(instants, zone).where(~is_before, "before " + _said(instants.dt.floor("D"), formats.day))


def _instants(instants: pd.Series, zone: str) -> pd.Series:
    return _said(instants.dt.floor("min").dt.tz_convert(zone), lambda own: f"{formats.day(own)}, {own:%H:%M}")


def _said(instants: pd.Series, words: Callable[[pd.Timestamp], str]) -> pd.Series:
    """The words for each instant; each distinct one is put into words once."""
    codes, distinct = pd.factorize(instants)
    told = pd.Series([*(words(each) for each in distinct), formats.NOTHING], dtype="str")
    return told.iloc[codes].set_axis(instants.index)  # a missing one has the code -1, which is the last


def _becomes(rows: pd.DataFrame, zone: str) -> pd.DataFrame:
    """What becomes of each subscription (becomes), and the instant whose day in the zone is told (becomesAt), if any.

    It is the one that Microsoft sent, or the first after the end; what is sent for the last day of the term happens
    after it: until then the term is paid. Of the older kind the end is a day, which has no zone.
    """
    actions = outcomes.next_actions(rows)
    sent = pd.Series([action.at for action in actions], rows.index, dtype=rows["end"].dtype)
    is_date, end = rows["commitmentEndDateTime"].isna(), rows["end"].dt.normalize()
    after = end.where(is_date, end + timedelta(days=1))
    last_day = after - timedelta(days=1)
    at = sent.where(sent.dt.normalize() != last_day, after).fillna(after)
    is_day = is_date & (at == at.dt.normalize())
    own = at.dt.tz_convert(zone).dt.tz_localize(None).where(~is_day, at.dt.tz_localize(None))
    coming = rows["renewalOutcome"]
    is_sooner = (sent < last_day) & (coming == _ENDS)
    words = [
        _ENDS_SOONER if sooner else _WORDS.get(outcome, str(outcome))
        for outcome, sooner in zip(coming, is_sooner, strict=True)
    ]
    told = zip(
        words, _said(own.dt.normalize(), formats.day), actions, outcomes.in_next_term(rows, actions), strict=True
    )
    is_told = pd.Series(["{after}" in word for word in words], rows.index, dtype=bool)
    return pd.DataFrame(
        {
            "becomes": pd.Series(
                [
                    word.format(after=day, action=outcomes.in_microsofts_word(action), changes=changes)
                    for word, day, action, changes in told
                ],
                rows.index,
                dtype="str",
            ),
            "becomesAt": at.where(is_told & ~is_day),
        }
    )


def _term(duration: object, cycle: object) -> str:
    term = outcomes.TERMS.get(str(duration), str(duration)) if isinstance(duration, str) else ""
    return ", ".join(part for part in (term, outcomes.billing(cycle) if isinstance(cycle, str) else "") if part)


def _for_each(words: Callable[..., str | None], columns: pd.DataFrame) -> pd.Series:
    """The words for the values of each row; those that are the same are put into words once."""
    groups = columns.groupby([*columns], sort=False, dropna=False)
    said = [words(*values) for values in groups.head(1).itertuples(index=False, name=None)]
    return pd.Series(said, dtype="str").iloc[groups.ngroup()].set_axis(columns.index)


def _notes(rows: pd.DataFrame) -> pd.Series:
    parents = rows[rows["id"].isin(rows["parentSubscriptionId"].dropna())].drop_duplicates("id").set_index("id")
    is_known = rows["productId"].notna()
    about = {
        "not billed by licenses, in no sum": ~renewals.is_of_licenses(rows),
        "trial, in no sum": renewals.is_on_trial(rows),
        "suspended, in no sum": texts.keys(rows["status"].astype("str")) == "suspended",
        "not matched to a product of Entra ID": ~is_known,
        "no figure of what is assigned": is_known & rows["notAssigned"].isna(),
        "assigned by the commercial counts": rows["notAssigned"].notna()
        & (rows["notAssignedFrom"] == renewals.COMMERCIAL),
        "of the product that it becomes, no figure of what is assigned": rows["nextProduct"].notna(),
    }
    coming = parents["renewalOutcome"].astype("str").replace(outcomes.ALL_TITLES).str.lower()
    named = "add-on of " + parents["offerName"].astype("str").map(titles.product_title) + " (" + coming + ")"

    def note(parent: object, *flags: bool) -> str | None:
        said = [words for words, is_so in zip(about, flags, strict=True) if is_so]
        return "; ".join([*said, parent] if isinstance(parent, str) else said) or None

    return _for_each(note, pd.DataFrame({"parent": rows["parentSubscriptionId"].map(named), **about}))
