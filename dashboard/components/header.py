"""The head of a page: the way to the other pages, who is here, and from when the figures are."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import formats, sitemap
from dashboard.feeds import Feeds, current_feeds
from dashboard.filters import link
from dashboard.security import session
from dashboard.security.roles import Person
from data_access import titles


def tab(title: str) -> None:
    """Name the browser's tab; where it is narrow it shows the beginning alone."""
    st.set_page_config(page_title=f"{title} · {titles.PRODUCT}")


def head(heading: str, feeds: Feeds, moment: str = "") -> None:
    """The way to the other pages, which takes the filters along; what kind of data they show; the page's question.

    `moment` tells heads apart of which one run draws several.
    """
    shared = link.shared_link()
    with st.container(horizontal=True, vertical_alignment="center"):
        who = session.person()
        for page in sitemap.PAGES:
            if who.role >= page.role:
                st.page_link(page.file, query_params=shared)
        st.space("stretch")
        if feeds.is_sample:
            st.badge(feeds.source, icon=":material/science:", color="orange")
        else:
            st.badge(feeds.source, icon=":material/cloud_done:", color="blue")
        if who.is_known:
            with st.popover(formats.plain(formats.shortened(who.name, 24)), icon=":material/account_circle:"):
                st.caption(f"{formats.plain(who.username)} · {who.role.name.lower()}")
                st.button(
                    "Sign out", f"sign_out{moment}", on_click=st.logout, icon=":material/logout:", type="tertiary"
                )
    st.title(heading, anchor=False)


def not_for(who: Person) -> None:
    """Somebody is here whose role does not go with the page."""
    head("This page is not for your role", current_feeds())
    st.info(
        f"You are signed in as {formats.plain(who.username or who.name)} with the role *{who.role.name.lower()}*."
        " Ask the operator of this dashboard if you need to see more.",
        icon=":material/lock:",
    )


def dates(processed: tuple[datetime | None, datetime | None], fetched_at: datetime) -> None:
    """When the figures are from: Microsoft's processing dates, which differ per service, and our own fetch."""
    fetched = f"fetched {formats.age(datetime.now(UTC) - fetched_at)}"
    oldest, newest = (formats.day(date) for date in processed)
    if oldest == newest == formats.NOTHING:
        st.caption(fetched.capitalize())
        return
    span = newest if oldest == newest else f"{oldest} to {newest}, by service"
    st.caption(f"Processed by Microsoft {span} · {fetched}")
