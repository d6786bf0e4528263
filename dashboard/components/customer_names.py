"""Names of customers as links: the way from a row of any page to the page of that customer."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.components.table import Opens
from dashboard.filters import link
from dashboard.filters.link import Lead
from dashboard.filters.parameters import CUSTOMER
from dashboard.tables.common import CUSTOMER_NAME, TENANT_ID


def opens(click: Callable[[str], None] | None = None) -> Opens:
    """What the names of customers in a table open: their page, or what `click` does where they are on the same."""
    lead = Lead("", CUSTOMER.name) if click else link.to_customer()
    return Opens(CUSTOMER_NAME.name, TENANT_ID.name, lead, click)
