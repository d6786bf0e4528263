"""The feeds of data that pages stand on, shared by all visitors who may see the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Protocol

import streamlit as st

from dashboard.cache import remembered
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
    titles,
)

_ENTERED = "_feeds"
_HISTORY_AGE = timedelta(minutes=1)  # before it is opened again for what a job has added: some milliseconds
_HISTORY_AGAIN = timedelta(seconds=5)  # after it could not be read: pages follow what /readyz says
_MOST_FEEDS = 64  # one for all visitors, or one for each person on whose behalf Partner Center is called


class Codes(Protocol):
    """The codes in a feed's data by which a page can filter."""

    @property
    def channels(self) -> list[str]: ...

    @property
    def services(self) -> list[str]: ...


class Feeds:
    """The data that these settings give access to: a feed for each kind of page, all behind one client.

    `source` is its name on pages and in files. A feed fetches nothing before a page needs it.
    """

    def __init__(self, settings: Settings, person: OnBehalfOf | None) -> None:
        self.source, self.is_sample = source_title(settings), settings.is_sample
        self.service = service = connect(settings, person)
        self.person = person
        # A person who has lost a right sees no more figures. An account that serves all keeps its last good ones.
        forget = (NotPermitted, SignInRefused) if person else ()
        age = timedelta(minutes=settings.partner_center_refresh_minutes)
        self.deployment: Feed[Deployment] = Feed(partial(fetch_deployment, service), age, forget=forget)
        self.customers: Feed[Deployment] = Feed(partial(fetch_commercial_deployment, service), age, forget=forget)
        self.usage: Feed[Usage] = Feed(partial(self._fetch_usage, service), age, forget=forget)
        # The history belongs to the account that collects, and does not say what one person may see of it.
        opens = partial(self._open_history, settings)
        self.past: Feed[Timeline] | None = None if person else Feed(opens, _HISTORY_AGE, cool_down=_HISTORY_AGAIN)
        self._engine: Engine | None = None
        self._settings = settings

    def codes(self) -> tuple[list[str], list[str]]:
        """Channels and services of all the data at hand, so that every page offers the same filters."""
        past = self.past.state.data if self.past else None
        datasets = (self.deployment.state.data, self.customers.state.data, self.usage.state.data, past)
        return _codes(*(data for data in datasets if data))

    def engine(self, past: Timeline) -> Engine:
        """The engine that queries the history's files: one for all visitors, connected at the first query.

        Raises SettingsError where it is not installed or configured, EngineError where Spark does not answer.
        """
        if self._engine is None:
            self._engine = connect_engine(self._settings, past.history.files)
        return self._engine

    def _open_history(self, settings: Settings, progress: Progress) -> Timeline:
        return open_timeline(settings, self.past.state.data if self.past else None, progress)

    def _fetch_usage(self, service: Client, progress: Progress) -> Usage:
        return fetch_usage(service, progress, None if self.person else self.usage.state.data)


def enter(settings: Settings) -> Feeds:
    """Choose the feeds of this run: those of all visitors, or of this person alone.

    The latter where Partner Center is called on behalf of each person.
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


@st.cache_resource(max_entries=_MOST_FEEDS, show_spinner=False)
def _feeds(scope: tuple[object, ...], identity: tuple[str, str] | None, _settings: Settings) -> Feeds:  # noqa: ARG001 - the cache key
    return Feeds(_settings, None if identity is None else OnBehalfOf(_settings.registration))


@remembered
def _codes(*datasets: Codes) -> tuple[list[str], list[str]]:
    def unique(codes: Iterable[str]) -> list[str]:
        return sorted({*titles.spellings(codes).values()})

    return (
        unique(code for data in datasets for code in data.channels),
        unique(code for data in datasets for code in data.services),
    )
