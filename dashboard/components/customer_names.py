"""Names of customers as links: the way from a row or a bar of any page to the page of that customer."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components.table import Opens
from dashboard.filters import link
from dashboard.filters.parameters import CUSTOMER
from dashboard.tables.common import CUSTOMER_NAME, TENANT_ID

_OPENED = "_opened_customer"


def open_page(customer: str) -> None:
    """Have the next run leave for the page of a customer; a callback cannot."""
    st.session_state[_OPENED] = customer


def follow() -> None:
    """Leave for the page of the customer that was opened on this one, if one was."""
    if customer := st.session_state.pop(_OPENED, ""):
        st.switch_page(f"screens/{link.CUSTOMERS_PAGE}.py", query_params=link.link_to(customer))


def opens(click: Callable[[str], None] = open_page, page: str = link.CUSTOMERS_PAGE) -> Opens:
    """What the names of customers in a table open; `click` and `page` are others where the page shows it by itself."""
    return Opens(CUSTOMER_NAME.name, TENANT_ID.name, CUSTOMER.name, click, page)
