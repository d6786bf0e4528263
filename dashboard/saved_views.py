"""The saved views of the person of a run: known from memory, and read again when they are some seconds old.

Opening one is following its link; what it may show is decided by the book then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.filters import link
from dashboard.security import session
from dashboard.user_records import UserRecords
from data_access import Settings, history, load_settings
from data_access.history.views import LONGEST_NAME, SavedView, Views, first

__all__ = ["LONGEST_NAME", "SavedView", "delete", "first", "mine", "open_first", "opening", "rename", "save"]

_BEGUN = "_views_begun"

_ByOwner = Mapping[str, Sequence[SavedView]]


def mine() -> Sequence[SavedView] | None:
    """The views of this person, by name; None where they are not known yet, or cannot be read."""
    known = _current().newest()
    return None if known is None else known.get(_owner(), ())


def opening(page: str) -> SavedView | None:
    """The view that opens instead of the first page: for a visitor who begins there, and asks for nothing else.

    `page` is the address of the page; the first one's is empty.
    """
    begun = st.session_state.get(_BEGUN, False)
    st.session_state[_BEGUN] = True
    if begun or page or link.whole():
        return None
    return first(mine() or ())


def save(name: str, page: str) -> str:
    """Keep what is on screen under a name; why not, in words."""
    kept, owner = link.whole(), _owner()
    return _current().change(lambda views: views.save(owner, name, page, kept))


def rename(key: str, name: str) -> str:
    """Give a view another name; why not, in words."""
    owner = _owner()
    return _current().change(lambda views: views.rename(owner, key, name))


def open_first(key: str, *, opens: bool) -> str:
    """Let a view open instead of the first page, or no longer; why not, in words."""
    owner = _owner()
    return _current().change(lambda views: views.open_first(owner, key, opens=opens))


def delete(key: str) -> str:
    """Remove a view for good; why not, in words."""
    owner = _owner()
    return _current().change(lambda views: views.delete(owner, key))


def _owner() -> str:
    """Whose views these are: the person's by ids that never change, or this machine's."""
    return "/".join(session.person().identity).strip("/").lower()


def _current() -> UserRecords[Views, _ByOwner]:
    settings = load_settings()
    return _kept(settings.scope, settings)


@st.cache_resource(max_entries=1, show_spinner=False)
def _kept(scope: str, _settings: Settings) -> UserRecords[Views, _ByOwner]:  # noqa: ARG001 - the cache key
    return UserRecords(lambda: history.open_views(_settings), Views.all)
