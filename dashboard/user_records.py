"""Records that people keep in the history, as this process knows them: looked at in the background, or on a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from dashboard import page_turns
from data_access import Feed, HistoryError, Progress

#: After this time, what another process wrote is looked for.
AGE = timedelta(seconds=5)
_FIRST, _WRITTEN = 1.0, 5.0  # seconds to wait for the first look, and for one after a change

S = TypeVar("S")
T = TypeVar("T")


class UserRecords(Generic[S, T]):
    """`open_` opens a part of the history, `read` reads all of it; both raise HistoryError where that fails.

    `patience`: so many seconds a page waits for the first look, and for one that it asks to be new. `age`: how old a
    look is before there is another.
    """

    def __init__(
        self, open_: Callable[[], S], read: Callable[[S], T], patience: float = _FIRST, age: timedelta | None = None
    ) -> None:
        age = AGE if age is None else age
        self._open, self._reading, self._patience = open_, read, patience
        self._opened: S | None = None
        self._feed: Feed[T] = Feed(self._read, age, cool_down=age)

    def now(self) -> T | None:
        """What is kept; None where it is not known yet, or cannot be read."""
        state = self._feed.refresh_if_due()
        if state.data is None and state.failed_at is None:
            with page_turns.paused():
                self._feed.wait(self._patience)
        return self._feed.state.data

    def newest(self) -> T | None:
        """What is kept, as it was some seconds ago at most; what was known before where the look takes longer.

        For what is seldom asked for: the last look may be of yesterday.
        """
        if not self._feed.state.running and self._feed.refresh_if_due().running:
            with page_turns.paused():
                self._feed.wait(self._patience)
        return self.now()

    def change(self, work: Callable[[S], str | None]) -> str:
        """Do something to what is kept; why not, in words. For callbacks, since it waits for a disk."""
        try:
            problem = work(self._place()) or ""
        except HistoryError as error:
            return f"{error.message} {error.advice}"
        for _ in range(2):  # a look that was under way may be one from before
            self._feed.wait(_WRITTEN)
            self._feed.refresh()
        self._feed.wait(_WRITTEN)
        return problem

    def _place(self) -> S:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _read(self, _: Progress) -> T:
        return self._reading(self._place())
