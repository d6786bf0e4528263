"""One customer's live seats: what is enabled, assigned and free to assign today, beside Microsoft's analytics."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import formats
from dashboard.components import loading, notices, table
from dashboard.feeds import Feeds
from dashboard.view_models.live_seats import live_seats_view
from data_access import NotPermitted, PartnerCenterError

_AT_MOST = 8.0  # seconds that the page waits for one call
_ROLES = "Directory reader, Global reader, User administrator or License administrator"


def show(tenant: str, name: str, feeds: Feeds, *, has_analytics: bool) -> None:
    """Draw the live seats of a customer whom this visitor may see; nothing where the page shows another day.

    `has_analytics`: the other figures of the page are Microsoft's analytics.
    """
    if feeds.day:
        return
    feed = feeds.seats(tenant, name)
    if feed.refresh_if_due().running:
        with st.spinner("Reading live seats…"):
            loading.wait(feed, _AT_MOST)
    state = feed.state
    with st.container(key="live_seats", border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("Live seats today", anchor=False)
            st.space("stretch")
            if state.fetched_at:
                age = formats.age(datetime.now(UTC) - state.fetched_at)
                st.caption(f"read {age} ({formats.clock(state.fetched_at)})", width="content")
            icon = ":material/refresh:"
            st.button("Read again", "seats_again", on_click=feed.refresh, icon=icon, type="tertiary")
        if state.error:
            _trouble(state.error, has_data=state.data is not None)
        elif state.data is None:
            st.caption("Microsoft has not answered yet. *Read again* looks for the answer.")
        if state.data is None:
            return
        model = live_seats_view(state.data, feeds.renewals.state.data)
        if not model.on_screen.number:
            st.write("This tenant has no licenses. That is not the same as none that can be read.")
            return
        left_out = f" Left out: {formats.number(model.left_out, 'free or trial product')}." if model.left_out else ""
        beside = "; the other figures here are Microsoft's analytics, some days old" if has_analytics else ""
        st.markdown(
            f"**{formats.number(model.enabled, 'seat')}** {formats.are(model.enabled)} enabled,"
            f" **{formats.count(model.assigned)}** assigned, **{formats.count(model.free_to_assign)}** free to assign."
            f"{left_out} This is the tenant now, whoever sold the seats{beside}."
        )
        table.show(model.on_screen, "live_seats_table", "Live seats")


def _trouble(error: PartnerCenterError, *, has_data: bool) -> None:
    if isinstance(error, NotPermitted):
        st.info(
            f"This customer does not let us read live seats. It takes a role there: {_ROLES}.", icon=":material/lock:"
        )
    elif error.is_unknown:
        st.warning("This customer has left: Microsoft does not know it any more.", icon=":material/person_off:")
    elif has_data:
        st.warning("The newest attempt failed; these are the last good figures.", icon=":material/history:")
    else:
        st.warning("Live seats cannot be read now. Try again later.", icon=":material/report:")
    notices.details(error)
