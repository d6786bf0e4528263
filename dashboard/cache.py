"""Results worked out once for everybody who looks at the same, and kept no longer than the data they come from."""

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

_RESULTS_KEPT = 64  # of each kind; with ten thousand customers one is some megabytes
_lock = threading.Lock()
_kinds: list[OrderedDict[Key, object]] = []


def remembered(work: Callable[P, T], results: int = _RESULTS_KEPT) -> Callable[P, T]:
    """Keep the last `results` that `work` gave, by its arguments.

    Values (a view, an id) are told apart by what they say. Data, which is compared by identity, is referenced weakly:
    once newer data has taken its place and no page shows it any more, what was made of it goes too. A result must not
    refer to the data it comes from. Not one of Streamlit's caches: those hash their arguments anew on every look.
    """
    kept: OrderedDict[Key, object] = OrderedDict()
    _kinds.append(kept)

    @wraps(work)
    def once(*arguments: P.args, **named: P.kwargs) -> T:
        key = (*map(_reference, arguments), *((name, _reference(value)) for name, value in sorted(named.items())))
        with _lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]  # type: ignore[return-value]  # what `work` gave
        result = work(*arguments, **named)
        with _lock:
            _forget_stale()
            kept[key] = result
            while len(kept) > results:
                kept.popitem(last=False)
        return result

    return once


def _reference(argument: object) -> Hashable:
    """What stands for an argument in a key."""
    is_data = type(argument).__hash__ is object.__hash__
    return weakref.ref(argument) if is_data else argument


def _forget_stale() -> None:
    """Drop every result whose data is gone, whatever kind it is of."""
    for kept in _kinds:
        for key in [key for key in kept if any(_is_gone(part) for part in key)]:
            del kept[key]


def _is_gone(part: object) -> bool:
    return isinstance(part, weakref.ref) and part() is None
