"""The menu of saved views in the bar: to open, keep, rename and delete them. While it is shut it reads nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import formats, saved_views, sitemap
from dashboard.filters import link
from dashboard.saved_views import LONGEST_NAME, SavedView

_NAME, _EDITED, _PROBLEM = "view_name", "_view_edited", "_view_problem"
_NEW_NAME, _OPENS = "view_new_name", "view_opens_first"


def draw(moment: str) -> None:
    """Draw the menu; `moment` makes its key another one where a run draws several bars."""
    menu = st.popover("Views", icon=":material/bookmarks:", key=f"views{moment}", on_change="rerun")
    if not menu.open or moment:
        return
    with menu:
        _problem()
        views = saved_views.mine()
        if views is None:
            st.caption("Your views are being read; open this menu again in a moment.")
            return
        _save()
        for view in views:
            _view(view, opens=view == saved_views.first(views))
        if not views:
            st.caption("A saved view is a page with its filters, under a name. It opens with the figures of the day.")


def _problem() -> None:
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.warning(formats.plain(problem), icon=":material/error:")


def _save() -> None:
    page = sitemap.at(link.page()).name

    def save() -> None:
        name = st.session_state.get(_NAME) or ""
        _told(saved_views.save(name, page))
        if not st.session_state.get(_PROBLEM):
            st.session_state[_NAME] = ""

    row = st.form("view_form", border=False).container(horizontal=True, vertical_alignment="bottom")
    row.text_input("Keep this view as", key=_NAME, max_chars=LONGEST_NAME, width="stretch")
    row.form_submit_button("Save", key="save_view", on_click=save, icon=":material/bookmark_add:")


def _view(view: SavedView, *, opens: bool) -> None:
    """One view: its link, and what can be done with it once it is chosen."""
    page = sitemap.named(view.page)
    is_edited = st.session_state.get(_EDITED) == view.key
    label = formats.plain(view.name)
    with st.container(horizontal=True, vertical_alignment="center", key=f"view_{view.key}"):
        if page:
            icon = ":material/star:" if opens else page.icon
            st.page_link(page.file, label=label, icon=icon, query_params=dict(view.link), width="stretch")
        else:
            st.markdown(f"{label} (its page is gone)", width="stretch")
        st.button(
            "Done" if is_edited else "Change", f"change_{view.key}", on_click=partial(_edit, view), type="tertiary"
        )
    if is_edited:
        _change(view, opens=opens)


def _edit(view: SavedView) -> None:
    state = st.session_state
    if state.get(_EDITED) == view.key:
        del state[_EDITED]
        return
    state[_EDITED], state[_NEW_NAME] = view.key, view.name


def _change(view: SavedView, *, opens: bool) -> None:
    def rename() -> None:
        _told(saved_views.rename(view.key, st.session_state.get(_NEW_NAME) or ""))

    st.session_state[_OPENS] = opens
    st.toggle("Opens instead of the first page", key=_OPENS, on_change=_then(view, _switch))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", key=_NEW_NAME, max_chars=LONGEST_NAME, width="stretch")
        st.button("Rename", "rename_view", on_click=rename)
        st.button("Delete", "delete_view", on_click=_then(view, saved_views.delete), icon=":material/delete:")


def _switch(key: str) -> str:
    return saved_views.open_first(key, opens=bool(st.session_state.get(_OPENS)))


def _then(view: SavedView, act: Callable[[str], str]) -> Callable[[], None]:
    return lambda: _told(act(view.key))


def _told(problem: str) -> None:
    """Remember for the next run why something could not be done; empty where it was."""
    st.session_state[_PROBLEM] = problem
