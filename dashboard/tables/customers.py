"""The tables and files of the Customers page: the call list, and the products of one customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

from dashboard import formats
from dashboard.tables.columns import Column, Kind, OnScreen, Order, Table, Total, count, instant, signed, text
from dashboard.tables.common import (
    AS_OF,
    CHANNEL,
    CUSTOMER_NAME,
    DEPLOYED,
    DEPLOYMENT_PERCENT,
    MEASURED,
    OVER_DEPLOYED,
    PRODUCT,
    SOLD,
    TENANT_ID,
    TITLE,
    UNDEPLOYED,
    definition,
    summed,
    without_zeros,
)
from data_access import measures

_PRODUCTS = count("products", "Products", help="How many different ones with licenses sold.")

_WITH_BAR = replace(DEPLOYMENT_PERCENT, bar=True)
_MOVED = signed("deploymentPercentChange", "± Points", decimals=1, good=1, line="points")
_UNUSED = count("unused", "Not used", help=definition("unused"))
_RENEWS_HELP = "When its next active subscription of licenses ends, whatever becomes of it; no trials, none suspended."
_NOT_READ = "not read"
_NONE_THEN = "none"  # of a customer that had none when it was last read
_RENEWAL = Column(
    "renewal",
    "Next renewal",
    Kind.DAY,
    utc="renewalAt",
    words="renewalSaid",
    help=_RENEWS_HELP,
    helps_on_screen=True,
)
_WHY = Column("why", "Why", Kind.TEXTS)
_BAND = text("band", "Band", help="Deployment % is below or above the limits that are set for this customer.")
#: The call list; its columns are there as far as the figures are.
CUSTOMERS = Table(
    (CUSTOMER_NAME, _WITH_BAR, _BAND, UNDEPLOYED, SOLD, _MOVED, _UNUSED, _RENEWAL, _WHY),
    behind=(TENANT_ID.name, _MOVED.line, _RENEWAL.utc, _RENEWAL.words),
)
#: The customers to call first, as cards.
CALLS = Table((CUSTOMER_NAME, text("figures", "Figures"), text("said", "What to say")), behind=(TENANT_ID.name,))
_SAID = text("whatToSay", "What to say", help="A sentence for each reason; days are in UTC.")
#: Customers of whom the figures have nothing; the numbers are those of their live seats.
UNCOUNTED = Table(
    (
        CUSTOMER_NAME,
        count("subscriptions", "Subscriptions", help="Active or suspended."),
        count("activeUnits", "Live seats enabled", help="Without those of free products and trials."),
        count("consumedUnits", "Assigned"),
        _RENEWAL,
        _WHY,
    ),
    behind=(TENANT_ID.name, _RENEWAL.utc, _RENEWAL.words),
)
#: What the file has behind the measures; columns without a figure are empty, so that every file has the same ones.
_CALLED = (
    Column("changeSince", "Changed since", Kind.DAY),
    signed(
        _MOVED.name,
        "± Points",
        decimals=formats.DECIMALS,
        help="By how many percent points deployment % moved since that day.",
    ),
    _UNUSED,
    instant("nextRenewal", "Next renewal (UTC)", help=f"{_RENEWS_HELP} Of older kinds the first day that is not paid."),
    text("why", "Why", help="The reasons to call, by the rules in the manual; days are in UTC."),
    _SAID,
    instant(
        "subscriptionsReadAt",
        "Subscriptions read (UTC)",
        help="When Microsoft last told of them: renewals are of then. Empty where nobody could read them.",
    ),
)
CUSTOMERS_FILE = Table((TENANT_ID, CUSTOMER_NAME, _PRODUCTS, *MEASURED, *_CALLED))
PRODUCTS = Table((PRODUCT, TITLE, CHANNEL, _WITH_BAR, UNDEPLOYED, _UNUSED, SOLD, DEPLOYED, OVER_DEPLOYED, AS_OF))
#: The files of every row, of all customers and of one, as `microsoft.own_rows` gives them.
EVERY_ROW_FILE = Table(
    (
        AS_OF,
        text("serviceCode", "Code"),
        text("serviceName", "Service"),
        CHANNEL,
        TENANT_ID,
        CUSTOMER_NAME,
        text("productId", "Product id"),
        PRODUCT,
        DEPLOYED,
        SOLD,
        UNDEPLOYED,
        OVER_DEPLOYED,
    )
)


def on_screen(rows: pd.DataFrame, total: measures.Total, order: Order, since: date | None) -> OnScreen:
    """The call list: rows of `call_list.prepared` with `why` (lists of texts); `since` is the day of the changes."""
    moved = f"± since {since.day} {since:%b}" if since else _MOVED.label
    explained = "Deployment %, in percent points: before, and now."
    if since:
        explained = f"By how many percent points deployment % moved since {since.day} {since:%b %Y}."
    columns = tuple(
        replace(column, label=moved, help=explained) if column is _MOVED else column for column in CUSTOMERS.columns
    )
    return replace(CUSTOMERS, columns=columns).on_screen(
        _told(rows), order=order, total=_total(rows, total, "customer")
    )


def uncounted_on_screen(rows: pd.DataFrame) -> OnScreen:
    """The customers of whom the figures have nothing, in the order of their names."""
    return UNCOUNTED.on_screen(_told(rows), order=Order(CUSTOMER_NAME.name))


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of customers with their names, or their ids where they have none, and the day of their renewal.

    Of the older kind of subscription that is the first day that is no longer paid. A customer whose subscriptions
    nobody could read is not one that has none; of one that cannot be read now, the cell says since when.
    """
    named = rows.assign(**{CUSTOMER_NAME.name: rows[CUSTOMER_NAME.name].fillna(rows[TENANT_ID.name])})
    if "nextEndDay" in rows:  # and the instant under the mouse, where its day in UTC is another one
        is_other = rows["nextEnd"].dt.tz_localize(None).dt.normalize() != rows["nextEndDay"]
        day = rows["nextEndDay"].map(formats.day, na_action="ignore").astype("str")
        day = day.mask(rows["nextEndIsBefore"].eq(True), "before " + day)
        read = rows["subscriptionsReadAt"].map(formats.day, na_action="ignore").astype("str")
        earlier = day.fillna(_NONE_THEN) + f", {_NOT_READ} since " + read
        said = day.where(rows["nextEndIsBefore"].eq(True)).mask(rows["subscriptionsAreEarlier"], earlier)
        named = named.assign(
            renewal=rows["nextEndDay"],
            renewalAt=rows["nextEnd"].where(is_other),
            renewalSaid=said.mask(rows["subscriptionsReadAt"].isna(), _NOT_READ),
        )
    return named


def file(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `call_list.prepared` as files hold them; `why` and `said` are lists of texts."""
    called = {
        "changeSince": rows["since"].dt.tz_localize("UTC") if "since" in rows else None,
        _MOVED.name: rows.get(_MOVED.name, float("nan")),
        _UNUSED.name: rows.get(_UNUSED.name, float("nan")),
        "nextRenewal": rows.get("nextEnd"),
        "subscriptionsReadAt": rows.get("subscriptionsReadAt"),
        "why": ["; ".join(reasons) for reasons in rows["why"]],
        _SAID.name: [" ".join(sentences) for sentences in rows["said"]],
    }
    whole = rows.assign(**called).astype({"why": "str", _SAID.name: "str"})
    instants = dict.fromkeys(("changeSince", "nextRenewal", "subscriptionsReadAt"), "datetime64[us, UTC]")
    return CUSTOMERS_FILE.select(whole.astype(instants))


def products_on_screen(rows: pd.DataFrame, total: measures.Total) -> OnScreen:
    """The products of one customer, in the order of `rows`: most licenses not deployed first."""
    order = Order(UNDEPLOYED.name, descending=True)
    return PRODUCTS.on_screen(
        without_zeros(rows, OVER_DEPLOYED.name), order=order, total=_total(rows, total, "product")
    )


def _total(rows: pd.DataFrame, total: measures.Total, noun: str) -> Total:
    """The last row; with what is not used, where that is at hand."""
    number = rows[PRODUCT.name].nunique(dropna=False) if PRODUCT.name in rows else len(rows)
    last = summed(total, number, noun)  # a product that is sold in two channels has two rows
    if _UNUSED.name not in rows or rows[_UNUSED.name].isna().all():
        return last
    return replace(last, figures={**last.figures, _UNUSED.name: float(rows[_UNUSED.name].sum())})
