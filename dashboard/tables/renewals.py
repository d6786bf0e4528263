"""The table and the file of the Renewals page."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from dashboard import formats
from dashboard.tables.columns import OnScreen, Order, Table, Total, count, text
from dashboard.tables.common import CUSTOMER_NAME, TENANT_ID, definition
from data_access.measures import renewals
from data_access.partner_center.catalog import SUBSCRIPTIONS

_UTC = "UTC"
ORDER = "The last day to act comes first, then the most seats at risk."
SUMS = "The last row is of all that is shown; the tile *At risk* is of what renews alone."

_COLUMNS = (
    CUSTOMER_NAME,
    text("offer", "Product", note="term"),
    text("act", "Last day to act", by="actBy", utc="actAt", note="reducible"),
    count("quantity", "Seats"),
    count("assigned", "Assigned", help="Of the product: at this customer, over all subscriptions of the product."),
    count("seatsAtRisk", "At risk", help="Seats of this subscription; no more than are not assigned of the product."),
    text("becomes", "Outcome", utc="becomesAt", note="notes"),
)
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


def first_on_screen(rows: pd.DataFrame) -> OnScreen:
    """A card for each of these rows, of which somebody has to decide; with what people read, see `on_screen`."""
    figures = [
        f"{formats.number(int(quantity), 'seat')} of {offer}" if pd.notna(quantity) else str(offer)
        for quantity, offer in zip(rows["quantity"], rows["offer"], strict=True)
    ]
    said = [
        f"{'Seats can be reduced' if is_reducible else 'Decide'} until {act}. {becomes}.{_free(spare)}"
        for is_reducible, act, becomes, spare in zip(
            rows["isReducible"], rows["act"], rows["becomes"], rows["seatsAtRisk"], strict=True
        )
    ]
    named = rows[CUSTOMER_NAME.name].fillna(rows[TENANT_ID.name])
    return _FIRST.on_screen(rows[[TENANT_ID.name]].assign(customerName=named, figures=figures, said=said))


def _free(seats: float) -> str:
    """How many of the seats nobody uses, where that is known and some are."""
    if pd.isna(seats) or not seats:
        return ""
    return f" {formats.count(seats)} of them {formats.are(int(seats))} not assigned to anybody."


def _total(rows: pd.DataFrame) -> Total | None:
    """The last row; what is assigned is of a product, whatever number of subscriptions it has, and has no sum.

    Beside what is at risk stands of what it is, and why it is less than the rows add up to, where it is.
    """
    taken = rows[renewals.counted(rows)]
    if taken.empty:
        return None
    number = formats.number(len(rows), "subscription")
    words = f"{number} together" if len(taken) == len(rows) else f"{len(taken):,} of {number} together"
    at_risk, added_up = renewals.seats_at_risk(taken), int(taken["seatsAtRisk"].sum())
    unknown = renewals.seats_unknown(taken)
    if unknown and taken["seatsAtRisk"].isna().all():
        return Total(words, {"quantity": taken["quantity"].sum(), "becomes": "At risk: not known of any shown"})
    said = "At risk: not assigned of all shown"
    if unknown:
        said = f"At risk: not assigned of what is known; of {formats.number(unknown, 'seat')} it is not"
    if at_risk < added_up:
        said += f"; seats of a product count once, the rows add up to {formats.count(added_up)}"
    return Total(words, {"quantity": taken["quantity"].sum(), "seatsAtRisk": at_risk, "becomes": said})


def file(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `renewals.at` as files hold them: Microsoft's columns, what we add, and what Microsoft adds."""
    known = [*SUBSCRIPTIONS.columns, *renewals.ADDED]
    return rows[[*known, *(name for name in rows if name not in known and name not in renewals.OURS)]]
