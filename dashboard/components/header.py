"""The head of a page: links to the other pages, the user, and the dates of the figures."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import formats, sitemap
from dashboard.components import book
from dashboard.feeds import Feeds, current_feeds
from dashboard.filters import link
from dashboard.security import session
from dashboard.security.roles import Person
from data_access import titles


def tab(title: str) -> None:
    """Name the browser's tab; a narrow tab shows only the beginning."""
    st.set_page_config(page_title=f"{title} · {titles.PRODUCT}")


def head(heading: str, feeds: Feeds, moment: str = "") -> None:
    """Links to the other pages that keep the filters, the source of the data, the user, and the page's question.

    `moment` makes the keys differ where one run draws several heads.
    """
    shared = link.shared_link()
    with st.container(horizontal=True, vertical_alignment="center"):
        user = session.person()
        for page in sitemap.PAGES:
            if user.role >= page.role:
                st.page_link(page.file, query_params=shared)
        st.space("stretch")
        book.choose(moment)
        if feeds.is_sample:
            st.badge(feeds.source, icon=":material/science:", color="orange")
        else:
            st.badge(feeds.source, icon=":material/cloud_done:", color="blue")
        if user.is_known:
            with st.popover(formats.plain(formats.shortened(user.name, 24)), icon=":material/account_circle:"):
                st.caption(f"{formats.plain(user.username)} · {user.role.name.lower()}")
                st.button(
                    "Sign out", f"sign_out{moment}", on_click=st.logout, icon=":material/logout:", type="tertiary"
                )
    st.title(heading, anchor=False)
    book.words()


def not_for(who: Person) -> None:
    """The page for a user whose role may not see the one that was opened."""
    head("This page is not for your role", current_feeds())
    st.info(
        f"You are signed in as {formats.plain(who.username or who.name)} with the role *{who.role.name.lower()}*."
        " Ask the operator of this dashboard if you need to see more.",
        icon=":material/lock:",
    )


def empty_book(title: str) -> None:
    """A page that has no customer to show."""
    head(title, current_feeds())
    book.empty()


def dates(processed: tuple[datetime | None, datetime | None], fetched_at: datetime) -> None:
    """The dates of the figures: Microsoft's processing dates, which differ by service, and the time of the fetch."""
    fetched = f"fetched {formats.age(datetime.now(UTC) - fetched_at)}"
    oldest, newest = (formats.day(date) for date in processed)
    if oldest == newest == formats.NOTHING:
        st.caption(fetched.capitalize())
        return
    span = newest if oldest == newest else f"{oldest} to {newest}, by service"
    st.caption(f"Processed by Microsoft {span} · {fetched}")
