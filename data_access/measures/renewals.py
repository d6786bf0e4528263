"""What is renewed when, until when it can still be changed, and how many of its seats nobody uses.

Pure functions of frames with the columns of the collections *subscriptions*, *seats* and *commercial-deployment*, and
of an instant that the caller gives. What the service states is taken as it was sent, above all the last day to act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import pandas as pd

from data_access import texts
from data_access.measures import core, free_products, outcomes, spare
from data_access.measures.customers import CUSTOMER
from data_access.measures.free_products import PRODUCT
from data_access.measures.outcomes import RENEWS, TO_DECIDE
from data_access.mutes import Spare
from data_access.partner_center import instants as sent_dates
from data_access.partner_center.catalog import SUBSCRIPTIONS
from data_access.selection import Selection

#: Numbers of days that a page can look ahead.
HORIZONS = (30, 90, 120, 365)

#: The sources of what is not assigned, as `notAssignedFrom` names them.
LIVE, COMMERCIAL = "live", "commercial"

#: What `judged` and `at` add for files, in this order.
ADDED = ("seatsAtRisk", "notAssigned", "notAssignedFrom", "lastDayToAct", "nextProduct")
_KEY = [CUSTOMER, PRODUCT]
#: What this module adds to Microsoft's columns for pages alone.
OURS = frozenset(
    {
        *("assigned", "end", "cancelUntil", "actBy", "isBefore", "isReducible"),
        *("service", "channel", "channels"),
    }
)
_END, _CANCEL_UNTIL, _ACT_BY, _IS_BEFORE = "end", "cancelUntil", "actBy", "isBefore"
_SUMMED = (
    *_KEY,
    "quantity",
    "notAssigned",
    "seatsAtRisk",
    "status",
    "isTrial",
    "billingType",
    _END,
    _CANCEL_UNTIL,
    "renewalOutcome",
)
_RUNNING = frozenset({"active", "suspended"})
_INSTANT: Final = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over subscriptions: active, of licenses, and not on trial. All but `reducible` end within the horizon.

    `renewing`, `at_risk`, `undecided` and `reducible` count seats; `reducible_elsewhere` those of the latter whose
    subscriptions end beyond the horizon or never, or have ended. `at_risk` leaves out, of the renewing, the seats of
    no product that can be matched (`not_matched`), and those of products without a figure of what is assigned
    (`without_figure`). `on_trial`, `suspended` and `not_licenses` count the subscriptions left out.
    """

    renewing: int
    at_risk: int
    undecided: int
    reducible: int
    reducible_elsewhere: int
    not_matched: int
    without_figure: int
    on_trial: int
    suspended: int
    not_licenses: int

    @property
    def unknown(self) -> int:
        """The seats, of the renewing, of which it is not known whether they are assigned."""
        return self.not_matched + self.without_figure

    @property
    def known(self) -> int:
        """The seats, of the renewing, of which `at_risk` is a part."""
        return self.renewing - self.unknown


def not_assigned(seats: pd.DataFrame | None, counts: pd.DataFrame | None) -> pd.DataFrame:
    """What is assigned and what is not (assigned, notAssigned, Int64), by customerTenantId and productId.

    notAssignedFrom is the source of both.

    Live seats come first. A customer that could not be read, and a product that a customer's seats do not have, have
    the figure of the commercial counts, if any. A product that is sold beyond what is assigned at one place does not
    make up for another.
    """
    live = _per_product(seats, "activeUnits", "consumedUnits", LIVE)
    counted = _per_product(counts, "licensesSold", "licensesDeployed", COMMERCIAL)
    return pd.concat([live, counted], ignore_index=True).drop_duplicates(_KEY, ignore_index=True)


def judged(
    subscriptions: pd.DataFrame,
    seats: pd.DataFrame | None = None,
    counts: pd.DataFrame | None = None,
    called: Mapping[str, str] = outcomes.NO_TITLES,
) -> pd.DataFrame:
    """The subscriptions, row by row, with what is not assigned of their products, and what of them is at risk.

    Adds assigned, notAssigned and seatsAtRisk (Int64, missing where the product is not matched or has no figure),
    notAssignedFrom, and, as `datetime64[us, UTC]`, end and cancelUntil; a term without an end has none. nextProduct
    (str) is the product that one becomes at its end, where that is another one: of its seats nothing is known, so none
    are known to be at risk. `called` are the titles of the catalogue by the ids of product and SKU. A field of
    Microsoft's under one of our names gets another one.
    """
    ours = core.clashes(subscriptions, SUBSCRIPTIONS.columns, [*ADDED, *OURS])
    subscriptions = subscriptions.rename(columns=ours)
    if len(subscriptions):
        table = subscriptions.merge(not_assigned(seats, counts), on=_KEY, how="left", sort=False)
    else:
        nothing = pd.array([], "Int64")
        table = subscriptions.assign(assigned=nothing, notAssigned=nothing, notAssignedFrom=pd.array([], "str"))
    quantity, spare = table["quantity"].astype("Int64"), table["notAssigned"].astype("Int64")
    stated = table["commitmentEndDateTime"].fillna(table["commitmentEndDate"])
    following = outcomes.next_products(table, called)
    is_known = quantity.notna() & spare.notna() & following.isna()
    return table.assign(
        notAssigned=spare,
        seatsAtRisk=quantity.where(quantity <= spare, spare).where(is_known),
        nextProduct=following,
        end=instants(stated),
        cancelUntil=instants(table["cancellationAllowedUntilDate"]),
    )


def at(table: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """The rows of `judged` with the last day to act: lastDayToAct as it was sent, actBy as an instant, isBefore.

    While `cancellationAllowedUntilDate` lies ahead, that is the one; else the end of the term. `isBefore`: the older
    kind of subscription has no instant, and its date is the first day that is no longer paid.
    """
    open_now = table[_CANCEL_UNTIL] > now
    precise = table["commitmentEndDateTime"]
    ends = precise.fillna(table["commitmentEndDate"]).where(table[_END].notna())
    return table.assign(
        lastDayToAct=ends.where(~open_now, table["cancellationAllowedUntilDate"]),
        actBy=table[_END].where(~open_now, table[_CANCEL_UNTIL]),
        isBefore=~open_now & precise.isna() & table[_END].notna(),
        isReducible=open_now,
    )


def within(table: pd.DataFrame, now: datetime, days: int) -> pd.DataFrame:
    """The subscriptions of `judged` that are active or suspended and end in the next `days`, trials and add-ons too."""
    table = running(table)
    return table[is_near(table[_END], now, days)]


def last_day(now: datetime, days: int) -> date:
    """The last of the next `days`, in UTC: files and digests know no other zone, and all who look see the same."""
    return (now.astimezone(UTC) + timedelta(days=days)).date()


def is_near(instants: pd.Series, now: datetime, days: int) -> pd.Series:
    """Whether each instant lies ahead, and no later than the end of the `last_day`, which is what is named in words."""
    return (instants >= now) & (instants <= datetime.combine(last_day(now, days) + timedelta(days=1), time(), UTC))


def running(table: pd.DataFrame) -> pd.DataFrame:
    """The subscriptions that are active or suspended."""
    return table[_status(table).isin(_RUNNING)]


def ended(table: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """The running subscriptions of `judged` whose term is over: what became of them is in no answer yet.

    A reading counts for a day, and Microsoft renews within a day of the end.
    """
    table = running(table)
    return table[table[_END] < now]


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `at`: the last day to act first, then the most seats at risk."""
    by = table[[_ACT_BY, CUSTOMER, "id"]].assign(_risk=-table["seatsAtRisk"].fillna(-1).astype("int64"))
    by = by.reset_index(drop=True).sort_values([_ACT_BY, "_risk", CUSTOMER, "id"], kind="stable")
    return table.iloc[by.index]


def counted(table: pd.DataFrame) -> pd.Series:
    """Whether each subscription is one that sums take in: active, of licenses, and not on trial."""
    return (_status(table) == "active") & ~is_on_trial(table) & is_of_licenses(table)


def is_on_trial(table: pd.DataFrame) -> pd.Series:
    return table["isTrial"].astype("boolean").fillna(False).astype(bool)


def is_of_licenses(table: pd.DataFrame) -> pd.Series:
    """Whether each subscription is billed by licenses; one that does not say so is not taken for use of Azure."""
    if "billingType" not in table:
        return pd.Series(True, index=table.index)
    return texts.keys(table["billingType"].astype("str")).fillna("license").str.startswith("license")


def seats_at_risk(table: pd.DataFrame) -> int:
    """The seats at risk of several subscriptions together: a customer's seats of a product count once."""
    return int(seats_at_risk_of_each(table).sum())


def seats_at_risk_of_each(table: pd.DataFrame) -> pd.Series:
    """The same by customerTenantId; a customer of which nothing is known is not there."""
    known = table[table["seatsAtRisk"].notna()]
    if known.empty:
        return pd.Series(dtype="int64")
    sums = known.groupby(_KEY, sort=False).agg(quantity=("quantity", "sum"), notAssigned=("notAssigned", "first"))
    at_risk = sums.astype("int64").min(axis=1)
    return at_risk.groupby(level=CUSTOMER).sum()


def seats_unknown(table: pd.DataFrame) -> int:
    """The seats of several subscriptions of which it is not known whether they are assigned, which is not none."""
    return _quantity(table[table["seatsAtRisk"].isna()])


def next_ends(table: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """When the next of each customer's subscriptions ends, whatever becomes of it, by customerTenantId (str).

    `table`: as `judged` gives it. Trials and what is not billed by licenses do not count; a customer without any is not
    there. Columns: nextEnd, nextEndDay (its day in the zone of `now`, `datetime64[us]`; see `days_in`), and
    nextEndIsBefore (whether that day is the first that is no longer paid).
    """
    taken = table[counted(table) & (table[_END] >= now)]
    ends = pd.DataFrame(
        {
            CUSTOMER: taken[CUSTOMER].astype("str"),
            "nextEnd": taken[_END],
            "nextEndDay": days_in(taken, now.tzinfo),
            "nextEndIsBefore": taken["commitmentEndDateTime"].isna(),
        }
    ).sort_values("nextEnd", kind="stable")
    return ends.drop_duplicates(CUSTOMER).set_index(CUSTOMER)


def next_renewals(table: pd.DataFrame, now: datetime, days: int, spares: Sequence[Spare] = ()) -> pd.DataFrame:
    """The subscription of each customer to speak of first, by customerTenantId (str).

    `table`: as `judged` gives it. What ends within `days` and is to be decided comes first, by its last day to act;
    then what renews by itself within them, unless all of its seats are assigned, or as many as `spares` do not allow to
    stay free; then whatever is next. Trials and what is not billed by licenses do not count; a customer without any is
    not there.

    Columns: renewal (the end), renewalDay (its day in the zone of `now`, `datetime64[us]`; see `days_in`),
    renewalIsBefore (whether that day is the first that is no longer paid), renewalOutcome, renewalProduct (str),
    renewalSeats (Int64), renewalIsReason (whether it is one of the first two kinds); the same with `sooner` in place of
    `renewal`, of the first that renews by itself and is a reason, where that ends before; and toDecide and
    toDecideSeats (Int64): of how many subscriptions, and how many seats, is to be decided within `days`.
    """
    taken = table[counted(table) & table["renewalOutcome"].isin((*TO_DECIDE, RENEWS)) & (table[_END] >= now)]
    taken = at(taken, now)
    day = days_in(taken, now.tzinfo)
    is_soon = day <= pd.Timestamp(now).tz_localize(None).normalize() + timedelta(days=days)
    is_urgent = is_soon & taken["renewalOutcome"].isin(TO_DECIDE)
    is_reason = is_urgent | (is_soon & (taken["seatsAtRisk"] > spare.allowed(spares, taken)).fillna(True).astype(bool))
    ordered = pd.DataFrame(
        {
            CUSTOMER: taken[CUSTOMER].astype("str"),
            "renewal": taken[_END],
            "renewalDay": day,
            "renewalIsBefore": taken["commitmentEndDateTime"].isna(),
            "renewalOutcome": taken["renewalOutcome"].astype("str"),
            "renewalProduct": taken["offerName"].astype("str"),
            "renewalSeats": taken["quantity"].astype("Int64"),
            "renewalIsReason": is_reason,
            "_later": 2 - is_reason.astype("int64") - is_urgent.astype("int64"),
            "_on": taken[_END].mask(is_urgent, taken[_ACT_BY]),
        }
    ).sort_values(["_later", "_on", "renewalSeats"], ascending=[True, True, False], kind="stable")
    first, renews = (
        rows.drop_duplicates(CUSTOMER).set_index(CUSTOMER).drop(columns=["_later", "_on"])
        for rows in (ordered, ordered[ordered["_later"] == 1])
    )
    sooner = renews[renews["renewal"] < first["renewal"].reindex(renews.index)]
    sooner = sooner.rename(columns=lambda name: name.replace("renewal", "sooner"))
    urgent = taken[is_urgent].assign(**{CUSTOMER: taken[CUSTOMER].astype("str")}).groupby(CUSTOMER)["quantity"]
    sums = pd.DataFrame({"toDecide": urgent.size(), "toDecideSeats": urgent.sum()}).astype("Int64")
    return first.join(sooner).join(sums)


def days_in(table: pd.DataFrame, zone: tzinfo | None) -> pd.Series:
    """The day in a zone on which each subscription of `judged` ends, `datetime64[us]`, since a day has no zone.

    The older kind has a date and no instant: its day is the same everywhere.
    """
    is_instant = table["commitmentEndDateTime"].notna()
    own = table[_END].dt.tz_convert(zone).dt.tz_localize(None)
    days: pd.Series = own.where(is_instant, table[_END].dt.tz_localize(None)).dt.normalize()
    return days


def totals(table: pd.DataFrame, now: datetime, days: int) -> Totals:
    """The sums over the subscriptions of `judged` that end within the horizon, and over all that can be reduced now."""
    # To take rows of all of Microsoft's columns would take many times as long.
    table = table[[name for name in _SUMMED if name in table]]
    shown = within(table, now, days)
    taken = shown[counted(shown)]
    renewing = taken[taken["renewalOutcome"] == RENEWS]
    open_now = table[counted(table) & (table[_CANCEL_UNTIL] > now)]
    reducible, unknown = _quantity(open_now), renewing[renewing["seatsAtRisk"].isna()]
    return Totals(
        renewing=_quantity(renewing),
        at_risk=seats_at_risk(renewing),
        undecided=_quantity(taken[taken["renewalOutcome"].isin(TO_DECIDE)]),
        reducible=reducible,
        reducible_elsewhere=reducible - _quantity(taken[taken[_CANCEL_UNTIL] > now]),
        not_matched=_quantity(unknown[unknown[PRODUCT].isna()]),
        without_figure=_quantity(unknown[unknown[PRODUCT].notna()]),
        on_trial=int(is_on_trial(shown).sum()),
        suspended=int((_status(shown) == "suspended").sum()),
        not_licenses=int((~is_of_licenses(shown)).sum()),
    )


def by_period(table: pd.DataFrame, by_month: bool, zone: tzinfo | None = UTC) -> pd.DataFrame:
    """Seats of the subscriptions that sums take in, by the week or month of their end in a zone, and by outcome.

    Of the older kind, whose date is the first day that is no longer paid, it is that of the day before: until then
    somebody can act.

    Columns: period (the first day of the week, a Monday, or of the month; `datetime64[us]`), renewalOutcome, quantity
    and seatsAtRisk (int64), subscriptions (how many). A seat that several of them may put at risk counts in the first
    of their periods alone, so that those of an outcome add up to `seats_at_risk`.
    """
    needed = [*_KEY, "quantity", "notAssigned", "seatsAtRisk", _END, "commitmentEndDateTime", "renewalOutcome"]
    taken = table.loc[counted(table), needed]
    day = days_in(taken, zone)
    day = day.where(taken["commitmentEndDateTime"].notna(), day - timedelta(days=1))
    start = day - pd.to_timedelta(day.dt.day - 1 if by_month else day.dt.day_of_week, unit="D")
    by = ["period", "renewalOutcome"]
    taken = taken.assign(period=start, quantity=taken["quantity"].astype("Int64").fillna(0))
    groups = taken.groupby(by, sort=True)
    sums = pd.DataFrame({"quantity": groups["quantity"].sum(), "subscriptions": groups.size()}).astype("int64")
    # As in `seats_at_risk`, for all groups at once, and less what is at risk in a period before.
    known = taken[taken["seatsAtRisk"].notna()].groupby([*by, *_KEY])
    products = known.agg(quantity=("quantity", "sum"), spare=("notAssigned", "first")).astype("int64")
    of_outcome = ["renewalOutcome", *_KEY]
    so_far = products.assign(quantity=products.groupby(level=of_outcome)["quantity"].cumsum()).min(axis=1)
    before = so_far.groupby(level=of_outcome).shift(fill_value=0)
    risk = (so_far - before).groupby(level=by).sum()
    table = sums.assign(seatsAtRisk=risk.reindex(sums.index, fill_value=0).astype("int64")).reset_index()
    return table[[*by, "quantity", "seatsAtRisk", "subscriptions"]]


def with_service(table: pd.DataFrame, counts: pd.DataFrame | None) -> pd.DataFrame:
    """The subscriptions with service and channel, where the commercial counts know them; missing elsewhere.

    `counts`: the facts of the commercial deployment. The channel is that of the same customer and product. Where it
    bought through several, `channels` has them (a frozenset), and which of them it was is unknown. The service is that
    of the product at any customer.
    """
    if counts is None or counts.empty or table.empty:
        return table.assign(service=pd.Series(None, index=table.index, dtype="str"), channel=None, channels=None)
    counts = counts.assign(**{PRODUCT: free_products.identities(counts[PRODUCT])})
    services = counts.drop_duplicates(PRODUCT).set_index(PRODUCT)["service"].astype("str")
    bought = counts[[*_KEY, "channel"]].astype({"channel": "str"}).drop_duplicates()
    is_one_of_several = bought.duplicated(_KEY, keep=False)
    several = bought[is_one_of_several].groupby(_KEY, sort=False)["channel"].agg(frozenset).rename("channels")
    found = table.merge(bought[~is_one_of_several], on=_KEY, how="left", sort=False).join(several, on=_KEY)
    return found.set_axis(table.index).assign(service=table[PRODUCT].map(services).astype("str"))


def selected(table: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """The subscriptions of `with_service` of these channels and services.

    Of a product that its customer bought through several channels those are meant only if all of them are.
    """
    several = table["channels"].dropna()
    wanted = set(texts.same(frozenset().union(*several), selection.channels))
    certain = several.index[[channels <= wanted for channels in several]]
    placed = table["channel"].mask(table.index.isin(certain), next(iter(selection.channels), None))
    return table.loc[selection.apply(table.assign(channel=placed)).index]


def instants(dates: pd.Series) -> pd.Series:
    """Dates as they were sent, as `datetime64[us, UTC]`; missing where there is none, or one that stands for none."""
    codes, distinct = pd.factorize(dates)
    told = pd.Series([*map(sent_dates.stated, distinct), None], dtype=_INSTANT)
    return told.iloc[codes].set_axis(dates.index)  # a missing one has the code -1, which is the last


def _per_product(table: pd.DataFrame | None, whole: str, part: str, source: str) -> pd.DataFrame:
    if table is None or table.empty:
        names, counts = [*_KEY, "notAssignedFrom"], ["assigned", "notAssigned"]
        return pd.DataFrame(
            {**dict.fromkeys(names, pd.array([], "str")), **dict.fromkeys(counts, pd.array([], "Int64"))}
        )
    assigned = table[part].astype("Int64").fillna(0)
    spare = (table[whole].astype("Int64").fillna(0) - assigned).clip(lower=0)
    keys = {CUSTOMER: table[CUSTOMER].astype("str"), PRODUCT: free_products.identities(table[PRODUCT])}
    rows = pd.DataFrame({**keys, "assigned": assigned, "notAssigned": spare}).dropna(subset=[PRODUCT])
    sums = rows.groupby(_KEY, sort=False)[["assigned", "notAssigned"]].sum().reset_index()
    return sums.assign(notAssignedFrom=pd.Series(source, index=sums.index, dtype="str"))


def _status(table: pd.DataFrame) -> pd.Series:
    return texts.keys(table["status"].astype("str"))


def _quantity(table: pd.DataFrame) -> int:
    return int(table["quantity"].astype("Int64").fillna(0).sum())
