"""Cached reads: the one place that remembers something between visitors."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import streamlit as st

from dashboard.security import session
from data_access import (
    Client,
    Deployment,
    Engine,
    Feed,
    NotPermitted,
    OnBehalfOf,
    Progress,
    Settings,
    SignInRefused,
    Timeline,
    Usage,
    connect,
    connect_engine,
    fetch_commercial_deployment,
    fetch_deployment,
    fetch_usage,
    open_timeline,
    source_title,
)

P = ParamSpec("P")
T = TypeVar("T")

_ENTERED = "_feeds"
_LOOK_ANEW = timedelta(minutes=1)  # at what a job has added to the history; that takes some milliseconds
_FEEDS_KEPT = 64  # one for all, or one for each person on whose behalf we ask
_VIEWS_KEPT = 64  # of each kind; with ten thousand customers a view is some megabytes


class Codes(Protocol):
    """What is in a feed's data that one can filter by."""

    @property
    def channels(self) -> list[str]: ...

    @property
    def services(self) -> list[str]: ...


class Feeds:
    """What these settings give access to: a feed for each kind of page, behind one client that they wait for together.

    `source` is the name under which pages and files show them. Nothing is fetched before a page asks for it.
    """

    def __init__(self, settings: Settings, person: OnBehalfOf | None) -> None:
        self.source, self.is_sample = source_title(settings), settings.is_sample
        self.service = service = connect(settings, person)
        self.person = person
        # Whoever has lost a right sees no more of it. An account that serves everybody keeps its last good figures.
        forget = (NotPermitted, SignInRefused) if person else ()
        age = timedelta(minutes=settings.partner_center_refresh_minutes)
        self.deployment: Feed[Deployment] = Feed(partial(_fetch, fetch_deployment, service), age, forget=forget)
        self.customers: Feed[Deployment] = Feed(
            partial(_fetch, fetch_commercial_deployment, service), age, forget=forget
        )
        self.usage: Feed[Usage] = Feed(partial(_fetch, self._fetch_usage, service), age, forget=forget)
        # The history is the account's that collects; what one person may see of it nobody can tell.
        self.past: Feed[Timeline] | None = None if person else Feed(partial(self._open_history, settings), _LOOK_ANEW)
        self._engine: Engine | None = None
        self._settings = settings

    def codes(self) -> tuple[list[str], list[str]]:
        """Channels and services of all the data at hand, so that every page offers the same filters."""
        past = self.past.state.data if self.past else None
        held = (self.deployment.state.data, self.customers.state.data, self.usage.state.data, past)
        return _codes(*(data for data in held if data))

    def engine(self, past: Timeline) -> Engine:
        """What asks the history's files, one for all; connected where somebody first needs it.

        Raises SettingsError where it cannot be had, EngineError where Spark does not answer.
        """
        if self._engine is None:
            self._engine = connect_engine(self._settings, past.history.files)
        return self._engine

    def _open_history(self, settings: Settings, progress: Progress) -> Timeline:
        return open_timeline(settings, self.past.state.data if self.past else None, progress)

    def _fetch_usage(self, service: Client, progress: Progress) -> Usage:
        return fetch_usage(service, progress, None if self.person else self.usage.state.data)


def enter(settings: Settings) -> Feeds:
    """Give the feeds that serve everyone who may see what these settings give access to.

    Where Partner Center is asked on behalf of a person, that is this person alone.
    """
    personal = settings.partner_center_on_behalf_of and not settings.is_sample
    feeds = _feeds(settings.scope, session.person().identity if personal else None, settings)
    if feeds.person:
        feeds.person.assertion = session.assertion()
    st.session_state[_ENTERED] = feeds
    return feeds


def current_feeds() -> Feeds:
    """The feeds of this run, for the page in it."""
    entered: Feeds = st.session_state[_ENTERED]
    return entered


@st.cache_resource(max_entries=_FEEDS_KEPT, show_spinner=False)
def _feeds(scope: tuple[object, ...], identity: tuple[str, str] | None, _settings: Settings) -> Feeds:  # noqa: ARG001 - the cache key
    return Feeds(_settings, None if identity is None else OnBehalfOf(_settings.registration))


def _fetch(fetch: Callable[[Client, Progress], T], service: Client, progress: Progress) -> T:
    found = fetch(service, progress)
    for cached in _REMEMBERED:
        cached.cache_clear()  # what it holds is of older answers
    settle_memory()
    return found


@lru_cache(maxsize=16)
def _codes(*held: Codes) -> tuple[list[str], list[str]]:
    def once(codes: Iterable[str]) -> list[str]:
        return sorted({code.casefold(): code for code in codes}.values())  # one of two spellings stands for both

    return (
        once(code for data in held for code in data.channels),
        once(code for data in held for code in data.services),
    )


_REMEMBERED: list[Any] = [_codes]


def remembered(work: Callable[P, T], views: int = _VIEWS_KEPT) -> Callable[P, T]:
    """Work out once for everybody who looks at the same, until newer data comes; arguments are told apart by identity.

    `views` says how many results are kept. Not one of Streamlit's caches: those hash their arguments anew on every
    look, which costs more than all else here.
    """

    @lru_cache(maxsize=views)
    def once(*arguments: Any, **named: Any) -> T:
        found = work(*arguments, **named)
        settle_memory()
        return found

    _REMEMBERED.append(once)
    return cast(Callable[P, T], once)


def settle_memory() -> None:
    """Have the garbage collector, which Streamlit runs after every script, pass over what lives long."""
    gc.collect()
    gc.freeze()


atexit.register(gc.unfreeze)  # or DuckDB, at the end, complains of every type that is still held
