"""The table and the file of the Renewals page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from dashboard import formats
from dashboard.tables.columns import OnScreen, Order, Table, Total, count, text
from dashboard.tables.common import CUSTOMER_NAME, TENANT_ID, definition
from data_access.measures import outcomes, renewals
from data_access.partner_center.catalog import SUBSCRIPTIONS

_UTC = "UTC"
ORDER = "The last day to act comes first, then the most seats at risk."
SUMS = "The last row is of all that is shown; what is at risk is of what renews alone, as in the tile."

_COLUMNS = (
    CUSTOMER_NAME,
    text("offer", "Product", note="term"),
    text("act", "Last day to act", by="actBy", utc="actAt", note="reducible"),
    count("quantity", "Seats"),
    count("assigned", "Assigned", help="Of the product: at this customer, over all subscriptions of the product."),
    count("seatsAtRisk", "At risk", help="Seats of this subscription; no more than are not assigned of the product."),
    text("becomes", "Outcome", utc="becomesAt", note="notes"),
)
_NEAR = {0: "today", 1: "tomorrow"}
_BEHIND = ("actBy", "actAt", "becomesAt", "reducible", "term", "notes", TENANT_ID.name)
#: What is to be decided first, as cards.
_FIRST = Table((CUSTOMER_NAME, text("figures", "Figures"), text("said", "What to decide")), behind=(TENANT_ID.name,))
#: The columns of the file that say more than their name; dates stay as Microsoft sent them.
RENEWALS_FILE = Table(
    (
        TENANT_ID,
        CUSTOMER_NAME,
        text("id", "Subscription id"),
        text("parentSubscriptionId", "Add-on of", help="The subscription for which an add-on was bought."),
        text("offerName", "Offer"),
        text("productId", "Product id", help="Entra's id of the product; empty where it cannot be matched."),
        count("quantity", "Seats"),
        text("termDuration", "Term", help="P1M is a month, P1Y a year, P3Y three years."),
        text("commitmentEndDate", "Ends", help="The last day that is paid; of older kinds the first that is not."),
        text("cancellationAllowedUntilDate", "Can be reduced until"),
        text("renewalOutcome", "Outcome", help="See *Renewals* in the manual."),
        count(
            "seatsAtRisk",
            "At risk",
            help="Seats of this subscription, whatever becomes of it; no more than are not assigned of its product.",
        ),
        count("notAssigned", "Not assigned", help=definition("notAssigned")),
        text("notAssignedFrom", "Not assigned by", help="live: the tenant now; commercial: Microsoft's analytics."),
        text("lastDayToAct", "Last day to act", help="As Microsoft sent it."),
        text("nextProduct", "Becomes", help="The product after its end, if another; by its ids where it has no name."),
    )
)


def zone(name: str | None) -> str:
    """The zone of times on screen: the browser's, where it names one that is known, or else UTC."""
    try:
        return ZoneInfo(name or _UTC).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return _UTC


def on_screen(rows: pd.DataFrame, zone: str) -> OnScreen:
    """The rows with what people read, their times in this zone; a day that is told as one has none."""
    instants = rows["becomesAt"]
    rows = rows.drop(columns=["actAt", "becomesAt"], errors="ignore")  # Microsoft may send fields of these names
    if zone != _UTC:
        ends = rows["end"].where(rows["commitmentEndDateTime"].notna())
        rows = rows.assign(becomesAt=instants, actAt=ends.where(~rows["isReducible"], rows["cancelUntil"]))
    named = [
        replace(column, label=f"{column.label} ({zone})") if column.name == "act" else column for column in _COLUMNS
    ]
    return Table(tuple(named), _BEHIND).on_screen(rows, order=Order("act"), total=_total(rows))


def first_on_screen(rows: pd.DataFrame, now: datetime, zone: str) -> OnScreen:
    """A card for each of these rows, of which somebody has to decide; with what people read, see `on_screen`.

    The days are told as people in the zone say them at the instant `now`.
    """
    is_instant = rows["isReducible"] | rows["commitmentEndDateTime"].notna()
    acts = [
        _as_people_say(act, by.tz_convert(zone).date(), now.astimezone(ZoneInfo(zone)).date()) if has_time else act
        for act, by, has_time in zip(rows["act"], rows["actBy"], is_instant, strict=True)
    ]
    figures = [
        f"{formats.number(int(quantity), 'seat')} of {offer}" if pd.notna(quantity) else str(offer)
        for quantity, offer in zip(rows["quantity"], rows["offer"], strict=True)
    ]
    said = [
        f"{_asked(act, is_reducible)} {act}. {becomes}.{_free(spare)}"
        for is_reducible, act, becomes, spare in zip(
            rows["isReducible"], acts, rows["becomes"], rows["seatsAtRisk"], strict=True
        )
    ]
    named = rows[CUSTOMER_NAME.name].fillna(rows[TENANT_ID.name])
    return _FIRST.on_screen(rows[[TENANT_ID.name]].assign(customerName=named, figures=figures, said=said))


def _asked(act: str, is_reducible: bool) -> str:
    if is_reducible:
        return "Seats can be reduced until"
    return "Decide" if act.startswith("before ") else "Decide by"


def _as_people_say(act: str, day: date, today: date) -> str:
    """Such as: today, 23:59; tomorrow, 10:15; 11 Dec 2026, 23:59, in 11 days."""
    left = (day - today).days
    if left in _NEAR:
        return act.replace(formats.day(day), _NEAR[left])
    return f"{act}, in {formats.number(left, 'day')}" if left > 0 else act


def _free(seats: float) -> str:
    """How many of the seats nobody uses, where that is known and some are."""
    if pd.isna(seats) or not seats:
        return ""
    return f" {formats.count(seats)} of them {formats.are(int(seats))} not assigned to anybody."


def _total(rows: pd.DataFrame) -> Total | None:
    """The last row; what is assigned is of a product, whatever number of subscriptions it has, and has no sum.

    What is at risk is of what renews, as in the tile; beside it stands how much it is with what ends or is undecided.
    Where nothing shown renews, it is of what is shown.
    """
    taken = rows[renewals.counted(rows)]
    if taken.empty:
        return None
    number = formats.number(len(rows), "subscription")
    words = f"{number} together" if len(taken) == len(rows) else f"{len(taken):,} of {number} together"
    renewing = taken[taken["renewalOutcome"] == outcomes.RENEWS]
    of_what, summed = ("of what renews", renewing) if len(renewing) else ("of what is shown; nothing renews", taken)
    unknown, figures = renewals.seats_unknown(summed), {"quantity": taken["quantity"].sum()}
    if unknown and summed["seatsAtRisk"].isna().all():
        return Total(words, figures | {"becomes": f"At risk: not known {of_what}"})
    said, at_risk, of_all = f"At risk: {of_what}", renewals.seats_at_risk(summed), renewals.seats_at_risk(taken)
    if unknown:
        said += f"; of {formats.number(unknown, 'seat')} it is not known"
    if of_all > at_risk:
        said += f". {formats.count(of_all)} with what ends or is undecided"
    return Total(words, figures | {"seatsAtRisk": at_risk, "becomes": said})


def file(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `renewals.at` as files hold them: Microsoft's columns, what we add, and what Microsoft adds."""
    known = [*SUBSCRIPTIONS.columns, *renewals.ADDED]
    return rows[[*known, *(name for name in rows if name not in known and name not in renewals.OURS)]]
