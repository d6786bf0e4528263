"""A cache of results, shared by all visitors, which keeps a result no longer than the data it was made of."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Key = tuple[Hashable, ...]

_MOST_RESULTS = 64  # of each function; with ten thousand customers a result is some megabytes
_NAMED = object()  # stands in a key before the arguments that are given by name
_lock = threading.Lock()
_caches: list[OrderedDict[Key, object]] = []  # of every function, since data that is gone makes results of many stale


def remembered(work: Callable[P, T], results: int = _MOST_RESULTS) -> Callable[P, T]:
    """Keep the last `results` of a function, by its arguments.

    Values (a view, an id) are compared by content. Data is compared by identity and referenced weakly: a result goes
    with the data it was made of, once newer data has taken its place and no page shows it any more. So a result must
    not refer to that data. This is none of Streamlit's caches, because those hash their arguments at every call.
    """
    cache: OrderedDict[Key, object] = OrderedDict()
    _caches.append(cache)

    @wraps(work)
    def cached(*arguments: P.args, **named: P.kwargs) -> T:
        key: Key = (*map(_reference, arguments), _NAMED)
        for name in sorted(named):
            key += (name, _reference(named[name]))
        with _lock:
            if key in cache:
                cache.move_to_end(key)
                return cache[key]  # type: ignore[return-value]  # what `work` gave
        result = work(*arguments, **named)
        with _lock:
            _forget_stale()
            cache[key] = result
            while len(cache) > results:
                cache.popitem(last=False)
        return result

    return cached


def _reference(argument: object) -> Hashable:
    """The part of a key that stands for an argument."""
    is_data = type(argument).__hash__ is object.__hash__
    return weakref.ref(argument) if is_data else argument


def _forget_stale() -> None:
    """Drop the results of every function whose data is gone."""
    for cache in _caches:
        for key in [key for key in cache if any(_is_gone(part) for part in key)]:
            del cache[key]


def _is_gone(part: object) -> bool:
    return isinstance(part, weakref.ref) and part() is None
