"""The bar at the top of every page: the product, the pages, the person, the filters, and the link of the view."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import streamlit as st

from dashboard import formats, sitemap, static_files
from dashboard.components import book, views_menu
from dashboard.feeds import Feeds, current_sight
from dashboard.filters import link
from dashboard.filters.link import Controls
from dashboard.filters.parameters import CLEARED, SHARED
from dashboard.security import session, streamlit_internals
from data_access import titles

_NAME_LENGTH = 24
_COPIED = "Link copied. It shows the newest figures."
_PINNED = "Link copied. It shows what was known on {}."
_HTML = (
    f'<strong class="frame-product">{titles.PRODUCT}</strong><nav class="frame-pages" aria-label="Pages"></nav>'
    '<span class="frame-source"></span><div class="frame-tools"></div>'
)


def draw(feeds: Feeds, controls: Controls[Any] | None, moment: str = "") -> None:
    """Draw the bar; without `controls` the page has nothing to filter.

    `moment` makes the keys differ where one run draws several bars.
    """
    has_books = bool(current_sight().choices) and sitemap.at(link.page()).about != "program"
    with st.container(key=f"frame{moment}", gap="xsmall"):
        with st.container(key=f"frame_top{moment}", horizontal=True, vertical_alignment="center", wrap=False):
            _top(feeds, moment, has_filters=bool(controls or has_books))
            views_menu.draw(moment)
            _person(moment)
        if feeds.day:
            _pinned(feeds.day, moment)
        if controls or has_books:
            with st.container(key=f"frame_filters{moment}", horizontal=True, vertical_alignment="center"):
                if has_books:
                    book.choose(moment)
                if controls:
                    _filters(controls)


def heading_key() -> str:
    """The key of the container of the page's heading: another one for each page, and for each customer."""
    view = f"{link.page()} {link.customer()}"
    return f"heading_{hashlib.sha256(view.encode()).hexdigest()[:8]}"


def _person(moment: str) -> None:
    user = session.person()
    if not user.is_known:
        return
    name = formats.plain(formats.shortened(user.name, _NAME_LENGTH))
    with st.popover(name, icon=":material/account_circle:", key=f"person{moment}"):
        st.caption(f"{formats.plain(user.username)} · {user.role.name.lower()}")
        if st.button("Sign out", f"sign_out{moment}", icon=":material/logout:", type="tertiary"):
            st.logout()


def _top(feeds: Feeds, moment: str, *, has_filters: bool) -> None:
    """The product, the pages, whose figures these are, and all that only a script can do for a page: see frame.js.

    One component: as elements of Streamlit's these would be a quarter of all that a click sends.
    """
    component = streamlit_internals.component("frame", static_files.BROWSER, "frame.js", _HTML)
    component(
        key=f"frame_tools{moment}",
        width="content",
        data={
            "page": link.page(),
            "pages": [
                {"address": page.address, "title": page.title} for page in sitemap.PAGES if session.may(page.role)
            ],
            "shared": link.names(SHARED),
            "source": feeds.title,
            "isSample": feeds.is_sample,
            "heading": heading_key(),
            "hasFilters": has_filters,
            "cleared": link.names(CLEARED),
            "publicUrl": feeds.public_url or "",
            **_links(feeds),
        },
    )


def _links(feeds: Feeds) -> dict[str, Any]:
    """What *Copy link* says it did, and the other link that it offers: with the day in it, or without."""
    day = feeds.day or (feeds.newest_day if sitemap.at(link.page()).can_be_pinned else None)
    pinned = _PINNED.format(formats.day(day))
    if feeds.day:
        other = {"label": "Copy without the date", "pinned": "", "done": _COPIED}
    elif day:
        other = {"label": f"Copy with the date: as known on {formats.day(day)}", "pinned": f"{day}", "done": pinned}
    else:
        return {"copied": _COPIED, "links": []}
    return {"copied": pinned if feeds.day else _COPIED, "links": [other]}


def _pinned(day: date, moment: str) -> None:
    def unpin() -> None:
        link.unpin()
        session.start_anew()

    with st.container(key=f"frame_pinned{moment}", horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/history: **As known on {formats.day(day)}**", width="content")
        st.button("Show the newest figures", f"unpin{moment}", on_click=unpin, type="tertiary")


def _filters(controls: Controls[Any]) -> None:
    controls.bar()
    # Seen where something is chosen, which frame.js knows: a choice does not draw the bar anew.
    st.button("Clear", "clear", on_click=link.clear, icon=":material/filter_alt_off:", type="tertiary")
