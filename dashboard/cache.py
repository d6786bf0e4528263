"""A cache of results, shared by all visitors, which keeps a result no longer than the data it was made of."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, fields, is_dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import page_turns

P = ParamSpec("P")
T = TypeVar("T")
Key = tuple[Hashable, ...]

_BUDGET = 256 * 2**20  # bytes of all results: a comparison of ten thousand customers' products takes a hundred million
_FIGURE = 4  # times the bytes of its JSON is what a figure takes in memory, about
_LEAST = 2**16  # bytes that a result counts for; a small one is made of many objects
_UNSEEN = 1800  # seconds after which a result goes that no visitor has looked at


@dataclass(frozen=True, slots=True)
class _Name:
    """The name of an argument, before it in a key."""

    name: str


@dataclass(slots=True)
class _Entry:
    """One result, or one that a thread is working out."""

    result: Future[Any] = field(default_factory=Future)
    size: int = 0  # bytes
    seen: float = 0


class Cache:
    """Results of any functions, in the order in which they were last looked at, within a budget of bytes."""

    def __init__(
        self, budget: int = _BUDGET, unseen: float = _UNSEEN, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._budget, self._unseen, self._clock = budget, unseen, clock
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._size = 0  # bytes of all entries
        self._data: set[weakref.ref[Any]] = set()  # what the results were made of
        self._lock = threading.Lock()

    def remembered(self, work: Callable[P, T]) -> Callable[P, T]:
        """Keep the results of a function, by its arguments; threads that ask the same at once wait for one result.

        Values (a view, an id) are compared by content. Data is compared by identity and referenced weakly: a result
        goes with the data it was made of, once newer data has taken its place and no page shows it any more. So a
        result must not refer to that data. This is none of Streamlit's caches, because those hash their arguments at
        every call.
        """

        @wraps(work)
        def cached(*arguments: P.args, **named: P.kwargs) -> T:
            key: tuple[object, ...] = arguments
            for name in sorted(named):
                key += (_Name(name), named[name])
            return self.kept(work, key, lambda: work(*arguments, **named))

        return cached

    def kept(self, what: Hashable, of: Iterable[object], work: Callable[[], T]) -> T:
        """The result that is kept under a name and the values and data that it was made of, or else that of `work`."""
        key: Key = (what, *map(_reference, of))
        entry, is_new = self._entry(key)
        if is_new:
            with page_turns.apart():
                self._work_out(key, entry, work)
        if not entry.result.done():
            with page_turns.paused():  # or all turns could wait for a result whose thread waits for a turn
                wait([entry.result])
        result: T = entry.result.result()
        return result

    def soon(
        self, what: Hashable, of: Iterable[object], work: Callable[[], T], seconds: float
    ) -> tuple[bool, T | None]:
        """Whether the result of `kept` is there within so many seconds, and the result; it is worked out in a thread.

        Who asks again later gets it, or its error.
        """
        key: Key = (what, *map(_reference, of))
        entry, is_new = self._entry(key)
        if is_new:
            threading.Thread(target=self._work_out, args=(key, entry, work), name="soon", daemon=True).start()
        if not entry.result.done():
            with page_turns.paused():
                wait([entry.result], seconds)
        return (True, entry.result.result()) if entry.result.done() else (False, None)

    def tidy(self) -> None:
        """Drop the results whose data is gone, those unseen for long, and the longest unseen beyond the budget.

        One that is larger than the budget stays until the next one comes.
        """
        with self._lock:
            oldest = self._clock() - self._unseen
            gone = {data for data in self._data if data() is None}
            self._data -= gone
            for key, entry in list(self._entries.items()) if gone else []:
                if not gone.isdisjoint(key):
                    self._drop(key, entry)
            for key, entry in list(self._entries.items()):
                if entry.seen >= oldest and (self._size <= self._budget or len(self._entries) == 1):
                    break
                self._drop(key, entry)

    def _entry(self, key: Key) -> tuple[_Entry, bool]:
        """The entry of a question, and whether it has just been made."""
        with self._lock:
            is_new = key not in self._entries
            entry = self._entries.setdefault(key, _Entry())
            entry.seen = self._clock()
            self._entries.move_to_end(key)
            return entry, is_new

    def _work_out(self, key: Key, entry: _Entry, work: Callable[[], object]) -> None:
        try:
            result = work()
            size = max(_LEAST, _size(result))
        except BaseException as error:  # noqa: BLE001 - callers must not wait for ever
            with self._lock:
                self._drop(key, entry)
            entry.result.set_exception(error)
            return
        with self._lock:
            if self._entries.get(key) is entry:
                entry.size = size
                self._size += size
                self._data.update(part for part in key if isinstance(part, weakref.ref))
        entry.result.set_result(result)
        self.tidy()

    def _drop(self, key: Key, entry: _Entry) -> None:
        """Forget an entry; who waits for its result gets it all the same."""
        if self._entries.get(key) is entry:
            del self._entries[key]
            self._size -= entry.size


VIEWS = Cache()
remembered = VIEWS.remembered


def _reference(argument: object) -> Hashable:
    """The part of a key that stands for an argument."""
    is_data = argument is not None and type(argument).__hash__ is object.__hash__
    return weakref.ref(argument) if is_data else argument


def _size(value: object) -> int:
    """The bytes of a result: of its tables, figures and texts. Other objects in it are not its own."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return int(np.sum(value.memory_usage(deep=True)))
    if isinstance(value, go.Figure):
        # As JSON, which is kept beside it, and as the objects that it is made of.
        return _FIGURE * len(getattr(value, "spec", "") or str(value.to_json(validate=False)))
    if is_dataclass(value) and not isinstance(value, type):
        return sum(_size(getattr(value, part.name)) for part in fields(value))
    if isinstance(value, Mapping):
        return sum(_size(name) + _size(part) for name, part in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return sum(map(_size, value))
    return sys.getsizeof(value)
