"""The feeds of data that pages stand on, each as far as the visitor may see it.

`_Sources` hold everything, behind one client, for all visitors who may fetch the same. A page gets `Feeds`: the same
data of some customers, or of the whole company without customers. There is no other way from the data to a page, so a
page that shows another one's customers by mistake cannot be written.

A new collection with customers in its rows becomes a feed of `_Sources` and a `Part` of it in `Feeds`, made by a
function beside its dataset which takes a `Customers`; `Customers.rows` takes the rows of a DataFrame.
"""

from __future__ import annotations

import contextlib
import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import Lock
from typing import Protocol, TypeVar

import pandas as pd
import streamlit as st

from dashboard import exports, page_turns, pinned
from dashboard.cache import remembered
from dashboard.filters import link
from dashboard.pinned import Pinned
from dashboard.security import session, sight
from dashboard.security.roles import Role
from dashboard.security.sight import Sight
from data_access import (
    EVERYBODY,
    NOBODY,
    Answer,
    Answers,
    Books,
    BooksKeeper,
    Client,
    Customers,
    Deployment,
    Engine,
    Feed,
    HistoryError,
    Known,
    NotKept,
    NotPermitted,
    OnBehalfOf,
    PartnerCenterError,
    Progress,
    Readable,
    Recorded,
    Renewals,
    RestrictedEngine,
    Selection,
    Settings,
    SignInRefused,
    Step,
    Timeline,
    Usage,
    connect,
    connect_engine,
    current_renewals,
    fetch_commercial_deployment,
    fetch_deployment,
    fetch_renewals,
    fetch_seats,
    fetch_usage,
    keep_books,
    on_behalf_of,
    open_timeline,
    source_title,
    timeline_of_customers,
    timeline_until,
    titles,
)
from data_access.datasets import deployment, live_seats, renewals, usage
from data_access.datasets.feed import Either, Part

_SIGHT, _ENTERED, _OF_CUSTOMERS = "_sight", "_feeds", "_feeds_of_customers"
_PINNED = "_pinned"
_HISTORY_AGE = timedelta(minutes=1)  # before it is opened again for what a job has added: some milliseconds
_OPENING = 60.0  # seconds in which a history is opened
_RENEWALS_AGE = timedelta(minutes=10)  # before the history is asked for a newer reading
_WITH_HISTORY = 10.0  # seconds in which the history's reading of them is waited for
_SEATS_AGE, _MOST_TENANTS = timedelta(minutes=10), 256  # of live seats, which one call reads
_MOST_FEEDS = 64  # one for all visitors, or one for each person on whose behalf Partner Center is called
_MOST_BOOKS = 256  # of which data are kept
_MOST_DAYS = 4  # likewise, as known on them
_FOR_GOOD = timedelta(days=10_000)

D = TypeVar("D", bound="_Fetched")


class _Fetched(Protocol):
    @property
    def fetched_at(self) -> datetime: ...


class Codes(Protocol):
    """The codes in a feed's data by which a page can filter."""

    @property
    def channels(self) -> list[str]: ...

    @property
    def services(self) -> list[str]: ...


class _Sources:
    """The data that these settings give access to: a feed for each kind of page, all behind one client.

    A feed fetches nothing before a page needs it.
    """

    day: date | None = None
    """The day at whose end the data were known like that; None for now."""

    def __init__(self, settings: Settings, person: OnBehalfOf | None, *, most_books: int = _MOST_BOOKS) -> None:
        self._most_books = most_books
        self.title, self.is_sample = source_title(settings), settings.is_sample
        self.public_url = settings.public_url
        self.service = connect(settings, person)
        self.person = person
        # A person who has lost a right sees no more figures. An account that serves all keeps its last good ones.
        forget = (NotPermitted, SignInRefused) if person else ()
        age = timedelta(minutes=settings.partner_center_refresh_minutes)
        # The history belongs to the account that collects, and does not say what one person may see of it.
        history = None if person else Feed(partial(self._open_history, settings), _HISTORY_AGE)
        self._settings = settings
        renewals = Feed(self._read_renewals, _RENEWALS_AGE, forget=forget)
        self._offer(self.service, renewals, history, age, forget)
        self._pinned: OrderedDict[tuple[date, tuple[str, ...]], _Sources] = OrderedDict()

    def _offer(
        self,
        answers: Answers,
        renewals: Feed[Renewals],
        history: Feed[Timeline] | None,
        age: timedelta,
        forget: tuple[type[PartnerCenterError], ...] = (),
    ) -> None:
        self.deployment = self._feed(fetch_deployment, answers, age, forget)
        self.customers = self._feed(fetch_commercial_deployment, answers, age, forget)
        self.usage = self._feed(self._fetch_usage, answers, age, forget)
        self.renewals = renewals
        self.figures = _or_live(self.deployment, Part(renewals, live_seats.deployment))
        self.history = history
        self._engine: Engine | None = None
        self._seen: OrderedDict[tuple[Customers, bool], Feeds] = OrderedDict()
        self._seats: OrderedDict[str, Feed[Answer]] = OrderedDict()
        self._lock = Lock()

    def _feed(
        self,
        fetch: Callable[[Answers, Progress], D],
        answers: Answers,
        age: timedelta,
        forget: tuple[type[PartnerCenterError], ...],
    ) -> Feed[D]:
        """A feed of what is fetched. After a start while Microsoft is down it has what the history kept last."""

        def last_known(progress: Progress) -> tuple[D, datetime]:
            past = self.timeline().history
            standing = past.standing().items()
            confirmed = {name: tried.last_success for name, tried in standing if tried.last_success}
            data = fetch(Recorded(past, confirmed), progress)
            return data, data.fetched_at

        return Feed(partial(fetch, answers), age, forget=forget, last_known=last_known)

    def pinned(self, past: Timeline, day: date) -> _Sources:
        """The same as it was known at the end of a day, from the history `past`."""
        then = timeline_until(past, day)
        with self._lock:
            key = (day, then.snapshots)
            sources = self._pinned.pop(key, None) or self._known(then, day)
            self._pinned[key] = sources
            while len(self._pinned) > _MOST_DAYS:
                self._pinned.popitem(last=False)
            return sources

    def _known(self, then: Timeline, day: date) -> _Sources:
        sources = copy.copy(self)
        sources.day = day
        renewals, history = Feed(_no_renewals, _FOR_GOOD), Feed(lambda _: then, _FOR_GOOD)
        sources._offer(Recorded(then.history), renewals, history, _FOR_GOOD)  # noqa: SLF001 - of the same class
        return sources

    def timeline(self) -> Timeline:
        """The history of the account, opened if need be. Raises HistoryError where there is none, or it cannot be."""
        if self.history is None:
            raise HistoryError("There is no history here.", "See the manual.")
        self.history.refresh_if_due()
        self.history.wait(_OPENING)
        state = self.history.state
        if state.data is None:
            raise state.error or HistoryError("The history is still being opened.", "Try again in a moment.")
        return state.data

    def codes(self) -> tuple[list[str], list[str]]:
        past = self.history.state.data if self.history else None
        figures, counts = self.figures.state.data, self.customers.state.data
        datasets = (figures, counts, self.usage.state.data, self.renewals.state.data, past)
        return _codes(*(data for data in datasets if data))

    def engine(self, past: Timeline) -> Engine:
        if self._engine is None:
            self._engine = connect_engine(self._settings, past.history.files)
        return self._engine

    def seats(self, tenant: str, name: str) -> Feed[Answer]:
        with self._lock:
            feed = self._seats.pop(tenant, None)
            if feed is None:
                feed = Feed(lambda _: fetch_seats(self.service, tenant, name), _SEATS_AGE)
            self._seats[tenant] = feed
            while len(self._seats) > _MOST_TENANTS:
                self._seats.popitem(last=False)
            return feed

    def seen(self, customers: Customers, *, named: bool) -> Feeds:
        """The feeds for those who may see these customers, or the company's figures without any (not `named`).

        They stay the same as long as the set of customers does, and so do the views that are made of them.
        """
        with self._lock:
            key = (customers, named)
            feeds = self._seen.pop(key, None) or Feeds(self, customers, named=named)
            self._seen[key] = feeds
            while len(self._seen) > self._most_books:
                self._seen.popitem(last=False)
            return feeds

    def _open_history(self, settings: Settings, progress: Progress) -> Timeline:
        timeline = open_timeline(settings, self.history.state.data if self.history else None, progress)
        # What was collected of renewals comes with the rest: or pages would say more after a visitor had asked for it.
        with contextlib.suppress(HistoryError):
            if renewals.is_kept(timeline.history):
                self.renewals.refresh_if_due()
                self.renewals.wait(_WITH_HISTORY)
        return timeline

    def _fetch_usage(self, answers: Answers, progress: Progress) -> Usage:
        return fetch_usage(answers, progress, None if self.person else self.usage.state.data)

    def _read_renewals(self, progress: Progress) -> Renewals:
        if self.person:
            return fetch_renewals(self.service, progress, Known(country=self._settings.partner_center_country))
        state, now = self.renewals.state, datetime.now(UTC)
        newer_than = None
        if state.data and state.fetched_at:
            # Who asks before the feed is due wants it read again now; and what failed is not done with what was there.
            newer_than = state.failed_at or (now if now - state.fetched_at < _RENEWALS_AGE else None)
        return current_renewals(self._settings, self.service, progress, state.data, newer_than=newer_than)


class Feeds:
    """What a visitor may see of the data: that of some customers, or the company's without what says whose it is.

    `title` is the name of the data on pages, `source` in files, which say the day as well; `public_url` is how links in
    files begin. `day` is the day at whose end the data were known like that; None for now.
    """

    deployment: Readable[Deployment]
    """What the Overview stands on: for some customers their commercial counts."""
    customers: Readable[Deployment]
    """The commercial counts, by customer."""
    renewals: Readable[Renewals]
    """The subscriptions of each customer, with what is not assigned of their products."""
    live: Readable[Deployment]
    """Live seats in the form of deployment figures: what `deployment` and `customers` are where analytics are empty."""
    usage: Readable[Usage]
    past: Readable[Timeline] | None
    """The history of these customers."""
    history: Readable[Timeline] | None
    """The history of the account by service and channel, for pages that are about the collecting."""

    def __init__(self, sources: _Sources, customers: Customers, *, named: bool) -> None:
        self._sources, self._customers, self._named = sources, customers, named
        self.title, self.is_sample, self.public_url = sources.title, sources.is_sample, sources.public_url
        self.day = sources.day
        self.source = f"{self.title}, as known on {self.day}" if self.day else self.title
        self.history = self.past = sources.history
        self.renewals = Part(sources.renewals, partial(renewals.of_customers, customers=self._nameable))
        self.live = Part(self.renewals, live_seats.deployment)
        counts = Part(sources.customers, partial(deployment.of_customers, customers=self._nameable))
        self.customers = counts if self._nameable.is_nobody else _or_live(counts, self.live)
        if not customers.is_everybody:
            self.deployment = self.customers
            self.usage = Part(sources.usage, partial(usage.of_customers, customers=customers))
            self.past = Feed(self._history_of, _HISTORY_AGE) if sources.history else None
        elif named:
            self.deployment, self.usage = sources.figures, sources.usage
        else:
            self.deployment = Part(sources.figures, deployment.without_customers)
            self.usage = Part(sources.usage, usage.without_customers)
        self._last: tuple[Timeline, Timeline] | None = None  # of the account, and of these customers
        self._engine: Engine | None = None

    @property
    def is_book(self) -> bool:
        """Whether these are the data of some customers."""
        return not self._customers.is_everybody

    @property
    def number(self) -> int:
        """How many customers these are, whether or not Microsoft has licenses for them."""
        return len(self._customers.ids)

    @property
    def newest_day(self) -> date | None:
        """The day of the newest figures in the history, as far as it is open; None where there is none."""
        past = self.history.refresh_if_due().data if self.history else None
        return past.newest.fetched_at.date() if past and past.newest else None

    @property
    def service(self) -> Client:
        """The client, for the page about the program. Raises PermissionError for people who do not operate it."""
        if not session.may(Role.OPERATOR):
            raise PermissionError("the client answers about every customer")
        return self._sources.service

    def codes(self) -> tuple[list[str], list[str]]:
        """Channels and services of all the data at hand, so that every page offers the same filters."""
        return self._sources.codes()

    def may_name(self, tenant: str) -> bool:
        """Whether this visitor may see which customer this is, by tenant id."""
        return tenant in self._nameable

    def seats(self, tenant: str, name: str) -> Feed[Answer]:
        """One customer's live seats, by tenant id. Raises PermissionError where this visitor may not see them."""
        if not self.may_name(tenant):
            raise PermissionError("this customer is none of the visitor's")
        return self._sources.seats(tenant, name)

    def engine(self, past: Timeline) -> Engine:
        """The engine that queries the history's files, which sees the rows of these customers alone.

        It is connected at the first query. Raises SettingsError where it is not installed or configured, EngineError
        where Spark does not answer.
        """
        if self._engine is None:
            whole = self._sources.engine(past)
            is_whole = self._named and self._customers.is_everybody
            self._engine = whole if is_whole else RestrictedEngine(whole, self._customers, named=self._named)
        return self._engine

    def grouped(self, past: Timeline, paths: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
        """`Engine.grouped` of that engine, with the names of customers; others have their turn meanwhile."""
        with page_turns.paused():
            return self.engine(past).grouped(paths, keys, labels=["customerName"])

    @property
    def _nameable(self) -> Customers:
        return self._customers if self._named else NOBODY

    def _history_of(self, progress: Progress) -> Timeline:
        """The history of these customers; the same object while nothing new was kept."""
        past = self._sources.timeline()
        if self._last is None or self._last[0] is not past:
            progress(Step("Adding up the history of these customers"))
            own = timeline_of_customers(past, self._sources.engine(past), self._customers)
            self._last = past, own
        return self._last[1]


def _or_live(figures: Readable[Deployment], live: Readable[Deployment]) -> Readable[Deployment]:
    """Deployment figures, or live seats where Microsoft has none of them: the order of precedence, for all pages."""
    return Either(figures, live, lambda data: data.is_empty)


def _no_renewals(_progress: Progress) -> Renewals:
    raise NotKept("Renewals and live seats are shown as they are now alone, and not as of a day.", "Show what is now.")


def enter(settings: Settings, *, can_be_pinned: bool = True) -> Sight:
    """Choose what this run shows: which data, fetched for all visitors or on behalf of this person, of whom and when.

    Where Partner Center is called on behalf of each person, the smaller of both is seen: what Microsoft shows the
    person, and the person's book. `can_be_pinned`: whether the page can show what was known on a day.
    """
    sources = _chosen_sources(settings)
    if sources.person:
        sources.person.assertion = session.assertion()
    person, keeper, asked = session.person(), _keeper(settings.scope, settings), link.book()
    restricts = keeper.restricts or not person.is_known  # LOCAL_BOOK restricts on any source

    def now() -> Sight:
        return sight.decide(person, keeper.books(), asked, datetime.now(UTC), restricts=restricts)

    seen = now()
    session.valid_while((lambda: now() == seen) if keeper.restricts else None)
    state = st.session_state
    state[_SIGHT] = seen
    state[_PINNED], sources = _of_day(sources, can_be_pinned=can_be_pinned)
    state[_ENTERED] = sources.seen(seen.figures, named=seen.figures == seen.names)
    state[_OF_CUSTOMERS] = sources.seen(seen.names, named=True)
    return seen


def current_feeds() -> Feeds:
    """The feeds of this run, for the page in it: of the customers, or of the company, whose figures are on screen."""
    entered: Feeds = st.session_state[_ENTERED]
    return entered


def feeds_of_customers() -> Feeds:
    """The feeds of this run for pages that are about customers: of those that this visitor may see on screen."""
    entered: Feeds = st.session_state[_OF_CUSTOMERS]
    return entered


def current_sight() -> Sight:
    """Whose figures are on screen in this run."""
    entered: Sight = st.session_state[_SIGHT]
    return entered


def current_pin() -> Pinned:
    """The day as of which figures are shown in this run, or why it is not the one that the link asks for."""
    entered: Pinned = st.session_state[_PINNED]
    return entered


def sees_all() -> bool:
    """Whether the person of this run may see every customer, whatever is on screen; False where there is none."""
    return session.may(Role.MANAGER) and _SIGHT in st.session_state and current_sight().is_unlimited


def file_filter(feeds: Feeds, selection: Selection, **more: str) -> str:
    """The filter of a file with rows of these feeds, in words, see `exports.sentence`; it says whose book they are of.

    A page about customers shows a manager the own book, also beside the figures of the whole company.
    """
    seen = current_sight()
    return exports.sentence(selection, book=seen.owner or (seen.names_owner if feeds.is_book else ""), **more)


def books_now(settings: Settings) -> Books:
    """All books, for people who may see any. Raises PermissionError for others."""
    if not session.may(Role.LEAD):
        raise PermissionError("the books name every person's customers")
    return _keeper(settings.scope, settings).books()


def everybody(settings: Settings) -> Feeds:
    """The feeds of all customers, whatever is on screen. Raises PermissionError for people who may not see them."""
    if not session.may(Role.LEAD):
        raise PermissionError("these are every person's customers")
    return _chosen_sources(settings).seen(EVERYBODY, named=True)


def _of_day(sources: _Sources, *, can_be_pinned: bool) -> tuple[Pinned, _Sources]:
    """What becomes of the day that the link pins, and the sources of that day."""
    asked, history = link.asof(), sources.history
    if not asked:
        return pinned.NOW, sources
    if not can_be_pinned:
        return pinned.NOT_HERE, sources
    if history and history.refresh_if_due().data is None:
        with page_turns.paused():
            history.wait(_OPENING)
    past = history.state.data if history else None
    missing = "" if past else "The history cannot be read." if history else "There is no history for you here."
    pin = pinned.decide(asked, datetime.now(UTC).date(), past.history.first_day if past else None, missing)
    return pin, sources.pinned(past, pin.day) if past and pin.day else sources


def _chosen_sources(settings: Settings) -> _Sources:
    personal = settings.partner_center_on_behalf_of and not settings.is_sample
    return _sources(settings.scope, session.person().identity if personal else None, settings)


@st.cache_resource(max_entries=_MOST_FEEDS, show_spinner=False)
def _sources(scope: str, identity: tuple[str, str] | None, _settings: Settings) -> _Sources:  # noqa: ARG001 - the cache key
    return _Sources(_settings, None if identity is None else on_behalf_of(_settings))


@st.cache_resource(max_entries=1, show_spinner=False)
def _keeper(scope: str, _settings: Settings) -> BooksKeeper:  # noqa: ARG001 - the cache key
    return keep_books(_settings)


@remembered
def _codes(*datasets: Codes) -> tuple[list[str], list[str]]:
    def unique(codes: Iterable[str]) -> list[str]:
        return sorted({*titles.spellings(codes).values()})

    return (
        unique(code for data in datasets for code in data.channels),
        unique(code for data in datasets for code in data.services),
    )
