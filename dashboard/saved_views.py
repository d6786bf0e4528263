"""The saved views of the person of a run: known from memory, and read again in the background for other processes.

Opening one is following its link; what it may show is decided by the book then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import streamlit as st

from dashboard import turns
from dashboard.filters import link
from dashboard.security import session
from data_access import Feed, HistoryError, Progress, Settings, history, load_settings
from data_access.history.views import LONGEST_NAME, SavedView, Views, first

__all__ = ["LONGEST_NAME", "SavedView", "delete", "first", "mine", "open_first", "opening", "rename", "save"]

_AGE = timedelta(seconds=5)  # after which what another process wrote is looked for
_READ, _WRITTEN = 1.0, 5.0  # seconds to wait for the first look at them, and for one after a change
_BEGUN = "_views_begun"

_ByOwner = Mapping[str, Sequence[SavedView]]


class _Shelf:
    """The views of all people, as this process knows them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._views: Views | None = None
        self.feed: Feed[_ByOwner] = Feed(self._read, _AGE, cool_down=_AGE)

    def change(self, work: Callable[[Views], str | None]) -> str:
        """Do something to the views; why it could not be done, in words."""
        try:
            problem = work(self._opened()) or ""
        except HistoryError as error:
            return f"{error.message} {error.advice}"
        for _ in range(2):  # a look that was under way may be one from before
            self.feed.wait(_WRITTEN)
            self.feed.refresh()
        self.feed.wait(_WRITTEN)
        return problem

    def _opened(self) -> Views:
        self._views = self._views or history.open_views(self._settings)
        return self._views

    def _read(self, _: Progress) -> _ByOwner:
        return self._opened().all()


def mine() -> Sequence[SavedView] | None:
    """The views of this person, by name; None where they are not known yet, or cannot be read."""
    feed = _current().feed
    if feed.refresh_if_due().data is None:
        with turns.paused():
            feed.wait(_READ)
    known = feed.state.data
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


def _current() -> _Shelf:
    settings = load_settings()
    return _shelf(settings.scope, settings)


@st.cache_resource(max_entries=1, show_spinner=False)
def _shelf(scope: tuple[object, ...], _settings: Settings) -> _Shelf:  # noqa: ARG001 - the cache key
    return _Shelf(_settings)
