"""The data of a page: the wait for the first fetch, and the watch over a newer one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import streamlit as st

from dashboard import formats, page_turns
from dashboard.components.header import dates, head
from dashboard.components.notices import stale, trouble
from dashboard.feeds import Feeds, current_feeds
from dashboard.filters.link import Controls
from dashboard.security import session
from dashboard.security.roles import Role
from data_access import Readable


class Dated(Protocol):
    """Data with Microsoft's processing dates, the oldest and the newest."""

    @property
    def processed(self) -> tuple[datetime | None, datetime | None]: ...


Source = TypeVar("Source", bound=Dated)
_POLL = 0.25  # seconds between looks at a running fetch
_OF_OVERVIEW = 2.0  # seconds; who reads of a failure can wait for what works without it
_WATCH = "2s"  # how often an open page looks for newer data
_ASKING = "Asking Microsoft Partner Center for the figures"


def standing(
    feed: Readable[Source], heading: str, feeds: Feeds, needed: str = "", of_overview: str = ""
) -> Source | None:
    """The data of the page; None once a failure is on screen instead.

    `needed` and `of_overview` stand below a failure, see `without`. Without data, the user sees the progress of the
    fetch until it ends.
    """
    state = feed.refresh_if_due()
    if state.data is None and state.running and not wait(feed, _POLL):  # a quick answer needs no progress on screen
        _wait(feed, heading, feeds)
    state = feed.refresh_if_due()
    if state.data is not None:
        return state.data
    head(heading, feeds)
    if state.error:
        trouble(state.error, state.failed_at, again=feed.refresh)
        if needed:
            without(needed, of_overview)
    else:
        st.button("Try again", on_click=feed.refresh, icon=":material/refresh:")
    return None


def without(needed: str, of_overview: str) -> None:
    """Say what a page needs that cannot be read, and what the Overview shows without it, unless that fails as well."""
    overview = current_feeds().deployment
    if overview.refresh_if_due().data is None:
        wait(overview, _OF_OVERVIEW)
    if overview.state.data is None:
        more = " *Status* says more." if session.may(Role.OPERATOR) else ""
        of_overview = f"The Overview cannot be read either.{more}"
    st.info(f"{needed} {of_overview}", icon=":material/info:")


def wait(feed: Readable[Any], seconds: float) -> bool:
    """Wait for the end of a fetch, and let other pages be worked out meanwhile; whether it has ended."""
    with page_turns.paused():
        return feed.wait(seconds)


def top(
    feed: Readable[Source],
    heading: str,
    feeds: Feeds,
    controls: Controls[Any] | None = None,
    *,
    read_at: datetime | None = None,
) -> None:
    """The head of a page with data: their dates, and whether newer data is being fetched or could not be.

    `read_at` is when Microsoft was asked for them, where that may be long before they were fetched, from the history.
    """
    state = feed.state
    if state.data is None or state.fetched_at is None:
        head(heading, feeds, controls)
        return
    processed, fetched_at = state.data.processed, read_at or state.fetched_at

    def age() -> None:
        if feeds.day:
            dates(processed)
            return
        dates(processed, fetched_at)
        st.button("Refresh", on_click=feed.refresh, icon=":material/refresh:", type="tertiary", disabled=state.running)

    head(heading, feeds, controls, beside=age)
    if state.running:
        watch(feed, "Fetching newer figures; these stay until they are here.")
    if state.error and state.failed_at:
        stale(state.error, fetched_at, state.failed_at)


def _wait(feed: Readable[Source], heading: str, feeds: Feeds) -> None:
    place = st.empty()
    with place.container():
        head(heading, feeds, moment="_waiting")
        bar = st.empty()
        with st.grid(4, gap="small", min_column_width=165):
            for _ in range(4):
                st.skeleton(height=110)
        st.skeleton(height=480)
    while not wait(feed, _POLL):
        state = feed.refresh_if_due()
        seconds = (datetime.now(UTC) - state.running_since).total_seconds() if state.running_since else 0
        step = state.progress
        # Without a known total the bar slows down and never fills.
        part = step.rows / step.total if step.total else seconds / (seconds + 8)
        bar.progress(min(0.95, part), f"{formats.plain(step.text or _ASKING)} – {seconds:.0f} s")
    place.empty()


@st.fragment(run_every=_WATCH)
def watch(feed: Readable[Any], words: str) -> None:
    """Draw the page again when the fetch in the background has ended; until then it says so in `words`."""
    state = feed.refresh_if_due()
    if not state.running:
        st.rerun()
    st.caption(f":material/sync: {words}")
