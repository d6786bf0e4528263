"""The last good data, fetched anew in the background.

One fetch at a time serves every visitor. A fetch that fails leaves the data in place. Where there are none yet, since
the program has just been started, those that were kept elsewhere take their place.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

from data_access import logs
from data_access.errors import PartnerCenterError, Unavailable, Unreadable
from data_access.partner_center.answers import Progress, Step

log = logging.getLogger(__name__)

S = TypeVar("S")
T = TypeVar("T")

#: After a failure, no page view starts another fetch before this has passed, unless a feed says otherwise.
COOL_DOWN = timedelta(minutes=1)
NO_STEP = Step("")


@dataclass(frozen=True)
class State(Generic[T]):
    """What there is to show right now: the last good data, the last failure since, and whether a fetch is running."""

    data: T | None = None
    fetched_at: datetime | None = None
    error: PartnerCenterError | None = None
    failed_at: datetime | None = None
    running: bool = False
    running_since: datetime | None = None
    progress: Step = NO_STEP


class Readable(Protocol[T]):
    """What pages need of a feed, or of a part of its data."""

    @property
    def state(self) -> State[T]: ...

    def refresh_if_due(self) -> State[T]: ...

    def refresh(self) -> None: ...

    def wait(self, seconds: float) -> bool: ...


class Feed(Generic[T]):
    """`fetch` is called in a thread of its own with a function that takes the steps of its progress.

    An error of the kind `forget` takes away the last good data too: a person who lost the right must not see it any
    more. `last_known` gives data that were kept elsewhere, and when they were fetched: it is called where the service
    is not available and nothing was fetched yet. It may raise one of the family in `errors`.
    """

    def __init__(
        self,
        fetch: Callable[[Progress], T],
        refresh_after: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        forget: tuple[type[PartnerCenterError], ...] = (),
        *,
        cool_down: timedelta = COOL_DOWN,
        last_known: Callable[[Progress], tuple[T, datetime]] | None = None,
    ) -> None:
        self._last_known = last_known
        self._forget = forget
        self._fetch = fetch
        self._refresh_after = refresh_after
        self._clock = clock
        self._cool_down = cool_down
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._state: State[T] = State()

    @property
    def state(self) -> State[T]:
        """The state now, whatever its age."""
        return self._state

    def refresh_if_due(self) -> State[T]:
        """The state now; starts a fetch where there is nothing yet or what there is has grown old."""
        if self._due():
            self.refresh()
        return self._state

    def refresh(self) -> None:
        """Start a fetch, unless one is running."""
        with self._lock:
            if self._state.running:
                return
            self._state = replace(self._state, running=True, running_since=self._clock(), progress=NO_STEP)
            self._idle.clear()
        threading.Thread(target=self._run, name="feed", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for a running fetch to end; False if it has not ended by then."""
        return self._idle.wait(seconds)

    def _due(self) -> bool:
        state, now = self._state, self._clock()
        if state.running:
            return False
        if state.failed_at is not None:
            retry_after = state.error.details.retry_after if state.error else None
            return now - state.failed_at >= max(self._cool_down, timedelta(seconds=retry_after or 0))
        return state.fetched_at is None or now - state.fetched_at >= self._refresh_after

    def _run(self) -> None:
        done = replace(self._state, running=False, running_since=None, progress=NO_STEP)
        try:
            data = self._fetch(self._tell)
            done = State(data, self._clock())
        except PartnerCenterError as error:
            last = State[T]() if isinstance(error, self._forget) else self._or_last_known(done, error)
            done = replace(last, error=_without_frames(error), failed_at=self._clock())
            fields = {logs.FIELDS: error.details.for_programs()}
            log.warning("%s (%s)", error.title, error.details.for_log(), extra=fields)
        except Exception:  # whatever it is, the page must say so, and not ask again at once
            log.exception("Unexpected error in a fetch.")
            unforeseen = Unreadable("Unexpected error while reading the answer.", "Please report it.")
            done = replace(done, error=unforeseen, failed_at=self._clock())
        finally:
            with self._lock:
                self._state = done
            self._idle.set()

    def _or_last_known(self, state: State[T], error: PartnerCenterError) -> State[T]:
        if state.data is not None or self._last_known is None or not isinstance(error, Unavailable):
            return state
        try:
            data, fetched_at = self._last_known(self._tell)
        except PartnerCenterError as nothing:
            log.info("Nothing that was kept takes the place of the figures: %s", nothing.title)
            return state
        return State(data, fetched_at)

    def _tell(self, progress: Step) -> None:
        with self._lock:
            self._state = replace(self._state, progress=progress)


class Part(Generic[S, T]):
    """A feed of which one sees a part, or something else: what `part` makes of the data, once for each."""

    def __init__(self, whole: Readable[S], part: Callable[[S], T]) -> None:
        self._whole, self._part = whole, part
        self._lock = threading.Lock()
        self._made: tuple[S, T] | None = None  # the last data, and the part of it

    @property
    def state(self) -> State[T]:
        return self._of(self._whole.state)

    def refresh_if_due(self) -> State[T]:
        return self._of(self._whole.refresh_if_due())

    def refresh(self) -> None:
        self._whole.refresh()

    def wait(self, seconds: float) -> bool:
        return self._whole.wait(seconds)

    def _of(self, state: State[S]) -> State[T]:
        data = state.data
        with self._lock:
            if data is None:
                self._made = None
                return _with(state, None)
            if self._made is None or self._made[0] is not data:
                self._made = data, self._part(data)
            return _with(state, self._made[1])


class Either(Generic[T]):
    """A feed, or another one where it has nothing to show. That one is not fetched before."""

    def __init__(self, first: Readable[T], other: Readable[T], is_empty: Callable[[T], bool]) -> None:
        self._first, self._other, self._is_empty = first, other, is_empty

    @property
    def state(self) -> State[T]:
        return self._of(self._first.state, self._other.state)

    def refresh_if_due(self) -> State[T]:
        first = self._first.refresh_if_due()
        return self._of(first, self._other.refresh_if_due() if self._has_nothing(first) else self._other.state)

    def refresh(self) -> None:
        if self._has_nothing(self._first.state):
            self._other.refresh()
        self._first.refresh()

    def wait(self, seconds: float) -> bool:
        if not self._first.wait(seconds):
            return False
        self.refresh_if_due()  # the first one has ended, perhaps just now, and the other one may be needed
        return not self._has_nothing(self._first.state) or self._other.wait(seconds)

    def _of(self, first: State[T], other: State[T]) -> State[T]:
        if not self._has_nothing(first):
            return first
        is_under_way = other.data is None and other.running
        return other if is_under_way or (other.data is not None and not self._is_empty(other.data)) else first

    def _has_nothing(self, state: State[T]) -> bool:
        return state.data is not None and self._is_empty(state.data)


def _with(state: State[S], data: T | None) -> State[T]:
    """The same state with other data."""
    about = {each.name: getattr(state, each.name) for each in fields(state) if each.name != "data"}
    return State(data, **about)


def _without_frames(error: PartnerCenterError) -> PartnerCenterError:
    """The error without the frames that raised it: they would keep what was fetched so far in memory."""
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)
