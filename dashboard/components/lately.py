"""How customers moved lately, for pages that stand without it until the history has been asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import streamlit as st

from dashboard import formats
from dashboard.components import history_states, loading
from dashboard.feeds import Feeds
from dashboard.view_models import call_list
from data_access import Deployment, PartnerCenterError, Selection
from data_access.datasets.lately import Lately

#: Whether it is known within so many seconds how customers moved, and how.
Look = Callable[[float], tuple[bool, Lately | None]]

_MOMENT = 0.4  # seconds that a page waits for it, and between looks


def moved(deployment: Deployment, selection: Selection, feeds: Feeds) -> tuple[Lately | None, Look | None]:
    """How customers moved lately, as far as it is known; and what tells when it is, where the history takes longer."""
    within = partial(look, feeds, deployment, selection)
    try:
        is_known, found = within(_MOMENT)
    except PartnerCenterError as error:
        st.caption(f":material/history_toggle_off: Without what has changed: {formats.plain(error.message)}")
        return None, None
    if is_known and found is None:
        history_states.unreadable(feeds)
    return found, None if is_known else within


def look(feeds: Feeds, deployment: Deployment, selection: Selection, seconds: float) -> tuple[bool, Lately | None]:
    """Whether it is known within so many seconds how customers moved, and how.

    Live seats did not move: the history has analytics, which count others' licenses and tell channels apart.
    """
    if feeds.past is None:
        return True, None
    if feeds.past.refresh_if_due().data is None:
        loading.wait(feeds.past, seconds)
    past = feeds.past.state.data
    if past is None:
        return not feeds.past.state.running, None
    if past.history.is_empty or deployment.live:
        return True, None
    return call_list.moved_soon(feeds, past, deployment, selection, seconds)


@st.fragment(run_every=_MOMENT)
def watch(within: Look) -> None:
    """Draw the page again once it is known how customers moved."""
    with suppress(PartnerCenterError):
        if not within(0)[0]:
            st.caption(":material/sync: Looking back three months; what has changed follows.")
            return
    st.rerun()
