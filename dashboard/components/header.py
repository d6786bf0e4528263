"""The head of a page: the bar above it, its question, and the dates of the figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard import formats, sitemap
from dashboard.components import book, frame
from dashboard.feeds import Feeds, current_feeds, current_pin
from dashboard.filters import link
from dashboard.filters.link import Controls
from dashboard.security.roles import Person
from data_access import titles


def tab(title: str) -> None:
    """Name the browser's tab; a narrow tab shows only the beginning."""
    st.set_page_config(page_title=f"{title} · {titles.PRODUCT}")


def head(
    heading: str,
    feeds: Feeds,
    controls: Controls[Any] | None = None,
    moment: str = "",
    beside: Callable[[], None] = lambda: None,
) -> None:
    """The bar, and the page's question with what is drawn `beside` it.

    `controls` are the filters of a page that has some. `moment` makes the keys differ where one run draws several
    heads.
    """
    frame.draw(feeds, controls, moment)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{frame.heading_key()}{moment}"):
        st.title(heading, anchor=False, width="content")
        st.space("stretch")
        book.words(sitemap.at(link.page()).about)
        beside()
    if note := current_pin().note:
        st.info(note, icon=":material/event_busy:")


def not_for(who: Person) -> None:
    """The page for a user whose role may not see the one that was opened."""
    head("This page is not for your role", current_feeds())
    role = who.role.name.lower()
    said = (
        f"You are signed in as {formats.plain(who.username or who.name)} with the role *{role}*."
        " Ask the operator of this dashboard if you need to see more."
        if who.is_known
        else f"`LOCAL_BOOK` names {formats.plain(who.username)}: this machine sees what that person would as a"
        f" *{role}*. Start the dashboard without it to see more."
    )
    st.info(said, icon=":material/lock:")


def empty_book(title: str) -> None:
    """A page that has no customer to show."""
    head(title, current_feeds())
    book.empty()


def dates(processed: tuple[datetime | None, datetime | None], fetched_at: datetime | None = None) -> None:
    """The dates of the figures: Microsoft's processing dates, which differ by service, and the time of the fetch."""
    oldest, newest = processed
    span = formats.days(oldest, newest)
    said = [f"Processed by Microsoft {span}{'' if formats.day(oldest) == formats.day(newest) else ', by service'}"]
    if span == formats.NOTHING:
        said = []
    if fetched_at:
        fetched = f"fetched {formats.age(datetime.now(UTC) - fetched_at)}"
        said.append(fetched if said else fetched.capitalize())
    st.caption(" · ".join(said), width="content")
