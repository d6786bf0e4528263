"""What pages about customers stand without so far, and how it gets there: who opens them first sees what others do."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from dashboard.components import loading, notices
from dashboard.feeds import Feeds
from data_access import PartnerCenterError

_NOT_READ = (
    "Without *Next renewal*: nobody has read the subscriptions since this dashboard started. The page *Renewals* reads"
    " them, with two calls for each customer; `collect` keeps them for everybody."
)


def draw(feeds: Feeds, *, has_use: bool) -> None:
    """Ask for what is used, which is too much to wait for, and draw the page again when it has come.

    `has_use`: whether the page is drawn with it.

    Subscriptions, of which each customer takes calls of its own, are not asked for; what brings them is said.
    """
    use = feeds.usage.refresh_if_due()
    if use.data is not None and not has_use:
        st.rerun()  # it came while the page was drawn without it
    if use.data is None and use.running:
        loading.watch(feeds.usage, "Reading what is used; the column *Not used* follows.")
    elif use.data is None and use.error:
        _without("Not used", use.error)
    ends = feeds.renewals.state
    if feeds.day or ends.data is not None:
        return
    if ends.running:
        loading.watch(feeds.renewals, "Reading the subscriptions; the column *Next renewal* follows.")
    elif ends.error:
        _without("Next renewal", ends.error)
    else:
        st.caption(f":material/event_repeat: {_NOT_READ}")


def _without(what: str, error: PartnerCenterError) -> None:
    why = f"{formats.plain(error.message)} {formats.plain(notices.advice(error))}"
    st.caption(f":material/info: Without *{what}*: {why}")
