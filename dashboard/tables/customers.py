"""The tables and files of the Customers page: all customers, and the products of one."""

from __future__ import annotations

from dashboard.tables.columns import Table, count, text
from dashboard.tables.common import (
    AS_OF,
    CHANNEL,
    CUSTOMER_NAME,
    DEPLOYED,
    MEASURED,
    OVER_DEPLOYED,
    PRODUCT,
    SOLD,
    TENANT_ID,
    TITLE,
    UNDEPLOYED,
)

_PRODUCTS = count("products", "Products", help="How many different ones with licenses sold.")

CUSTOMERS = Table((CUSTOMER_NAME, _PRODUCTS, *MEASURED), behind=(TENANT_ID.name,))
CUSTOMERS_FILE = Table((TENANT_ID, CUSTOMER_NAME, _PRODUCTS, *MEASURED))
PRODUCTS = Table((PRODUCT, TITLE, CHANNEL, *MEASURED))
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
