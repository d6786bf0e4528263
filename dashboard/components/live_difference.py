"""Live seats against the analytics, for the page about whether figures can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import exports, formats
from dashboard.components import figures, table
from dashboard.feeds import Feeds, file_filter
from dashboard.tables.live_seats import DIFFERENCES
from dashboard.view_models.live_difference import difference_view
from data_access import Selection
from data_access.datasets.renewals import Renewals

_HEADING = "Do live seats and the analytics agree?"


def show(feeds: Feeds) -> None:
    """Draw what differs by customer and product, if a visitor has had the seats read; this reads none by itself."""
    if feeds.day:
        return
    state = feeds.renewals.state
    if state.data is not None:
        _differences(state.data, feeds)
        return
    with st.container(key="live_difference", border=True):
        st.header(_HEADING, anchor=False)
        st.caption("Nothing read since this dashboard started. It takes two calls for each customer.")
        icon = ":material/sensors:"
        st.button("Read live seats", "read_live", on_click=feeds.renewals.refresh, icon=icon, disabled=state.running)


def _differences(data: Renewals, feeds: Feeds) -> None:
    model = difference_view(data)
    if model is None:
        return
    provenance = figures.provenance(
        feeds, "live-difference", data.read_at, file_filter(feeds, Selection()), is_live=True
    )
    files = exports.for_people_and_programs(
        lambda: model.rows, DIFFERENCES.described, (model,), provenance, "export_live_csv"
    )
    with st.container(key="live_difference"), figures.figures(_HEADING, files):
        different = len(model.rows)
        st.markdown(
            f"**{model.compared - different:,}** of **{formats.number(model.compared, 'product')}** at customers are"
            f" the same in both. Live seats, read {formats.age(datetime.now(UTC) - data.read_at)}, have"
            f" **{formats.change(model.enabled)}** enabled and **{formats.change(model.assigned)}** assigned, compared"
            " with the analytics, which are some days old and leave out what other partners sold."
            + (
                f" Not compared: {formats.number(model.on_trial, 'product')} of the analytics on trial or free."
                if model.on_trial
                else ""
            )
            + (
                f" Not compared, as rows of the analytics could not be read: {formats.listed(model.unread)}."
                if model.unread
                else ""
            )
        )
        if different:
            table.show(model.on_screen, "live_difference_table", "Live seats against the analytics")
