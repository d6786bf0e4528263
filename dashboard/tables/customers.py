"""The tables and files of the Customers page: the call list, and the products of one customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

from dashboard.tables.columns import Column, Kind, OnScreen, Order, Table, count, signed, text
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
)
from data_access import measures

_PRODUCTS = count("products", "Products", help="How many different ones with licenses sold.")

_WITH_BAR = replace(DEPLOYMENT_PERCENT, bar=True)
_MOVED = signed("deploymentPercentChange", "± Points", decimals=1, good=1, line="points")
_UNUSED = count("unused", "Not used", help=definition("unused"))
_RENEWAL = Column("renewal", "Next renewal", Kind.DAY)
_WHY = Column("why", "Why", Kind.TEXTS)
_BAND = text("band", "Band", help="Deployment % is below or above the limits that are set for this customer.")
#: The call list; its columns are there as far as the figures are.
CUSTOMERS = Table(
    (CUSTOMER_NAME, _WITH_BAR, _BAND, UNDEPLOYED, SOLD, _MOVED, _UNUSED, _RENEWAL, _WHY),
    behind=(TENANT_ID.name, _MOVED.line),
)
#: The customers to call first, as cards.
CALLS = Table((CUSTOMER_NAME, text("figures", "Figures"), text("said", "What to say")), behind=(TENANT_ID.name,))
CUSTOMERS_FILE = Table((TENANT_ID, CUSTOMER_NAME, _PRODUCTS, *MEASURED))
PRODUCTS = Table((PRODUCT, TITLE, CHANNEL, _WITH_BAR, UNDEPLOYED, SOLD, DEPLOYED, OVER_DEPLOYED, AS_OF))
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
    named = rows.assign(**{CUSTOMER_NAME.name: rows[CUSTOMER_NAME.name].fillna(rows[TENANT_ID.name])})
    return replace(CUSTOMERS, columns=columns).on_screen(named, order=order, total=summed(total, len(rows), "customer"))


def products_on_screen(rows: pd.DataFrame, total: measures.Total) -> OnScreen:
    """The products of one customer, in the order of `rows`: most licenses not deployed first."""
    order = Order(UNDEPLOYED.name, descending=True)
    return PRODUCTS.on_screen(rows, order=order, total=summed(total, len(rows), "product"))
