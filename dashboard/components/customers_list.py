"""The list of customers as a visitor has it, and the way through it from the page of one customer to the next."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import formats, mutes_and_bands
from dashboard.components import book, figures, table
from dashboard.feeds import Feeds
from dashboard.filters import link
from dashboard.filters.parameters import CustomersFilters
from dashboard.view_models import call_list
from dashboard.view_models.call_list import CallList
from data_access import Deployment
from data_access.datasets.lately import Lately


def of(deployment: Deployment, filters: CustomersFilters, moved: Lately | None, feeds: Feeds) -> CallList:
    """All customers that pass the filters, by what is known now of their use, renewals, mutes and bands."""
    return call_list.of_all(
        deployment,
        filters,
        moved,
        feeds.usage.state.data,
        feeds.renewals.state.data,
        mutes=mutes_and_bands.mutes(feeds),
        spares=mutes_and_bands.spares(feeds),
        rules=mutes_and_bands.bands(),
        zone=figures.zone(),
        now=figures.now(),
    )


def back() -> None:
    """The way back to the list."""
    label = f"Back to {formats.plain(book.customers_listed())}"
    st.button(label, on_click=link.close_customer, icon=":material/arrow_back:", type="tertiary")


def around(customer: str, deployment: Deployment, moved: Lately | None, feeds: Feeds) -> None:
    """The way back to the list, and to the customers before and after this one in it, as it is sorted there."""
    model = of(deployment, link.follow(CustomersFilters, feeds.codes()).filters, moved, feeds)
    ids = table.keys_in_order(model.on_screen, model.ids)
    back()
    if customer not in ids:
        return
    place = ids.index(customer)
    st.caption(f"{place + 1:,} of {len(ids):,}", width="content")
    for label, step in (("Previous", -1), ("Next", 1)):
        there = 0 <= place + step < len(ids)
        go = partial(link.open_customer, ids[place + step]) if there else None
        st.button(label, f"{label.lower()}_customer", on_click=go, disabled=not there, type="tertiary")
