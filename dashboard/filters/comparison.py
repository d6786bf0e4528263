"""Which two dates, at which level, and which rows: the widgets of one page, and what its link says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import streamlit as st

from dashboard import formats
from dashboard.filters import levels, link
from data_access.datasets import comparison
from data_access.measures.changes import Status

_LEVEL, _SINCE, _UNTIL, _STATUS = "level", "since", "until", "status"
_WIDTH = 135  # pixels
_MARK = "_follows_"
_DIFFERENT = (Status.NEW, Status.GONE, Status.CHANGED)


def level(customers: bool) -> str:
    """Draw the choice of a level; return the one that is chosen."""
    known = levels.open_to(customers)
    asked = [text.casefold() for text in st.query_params.get_all(_LEVEL) if text.casefold() in known]
    default = next(iter(known))
    _follow(_LEVEL, tuple(known), asked[-1] if asked else default)
    chosen = st.segmented_control(
        "Compare",
        list(known),
        key=_LEVEL,
        format_func=lambda one: levels.WORDS[known[one]].title,
        required=True,
        on_change=_write,
        args=(_LEVEL, default),
    )
    return known[chosen or default]


def refused(customers: bool) -> bool:
    """Whether the link asks for a level that names customers, and whoever is here may not see them."""
    closed = levels.open_to(True).keys() - levels.open_to(customers).keys()
    return any(text.casefold() in closed for text in _asked(_LEVEL))


def unknown_in_link() -> list[str]:
    """What the link asks for that is no level, no date or nothing that becomes of a row."""
    known: dict[str, Callable[[str], object]] = {
        _LEVEL: lambda text: text.casefold() in levels.open_to(customers=True),
        _SINCE: _as_date,
        _UNTIL: _as_date,
        _STATUS: lambda text: text.casefold() in tuple(Status),
    }
    return [
        f"{name} {formats.shortened(text)}"
        for name, is_one in known.items()
        for text in dict.fromkeys(_asked(name))
        if not is_one(text)
    ]


def dates(known: Sequence[date]) -> tuple[date, date]:
    """Draw the choice of two dates; return them, the earlier one first. `known`: at least two days, oldest first."""
    first, second = st.container(width=_WIDTH), st.container(width=_WIDTH)
    with second:
        until = _date("To", _UNTIL, known[1:], known[-1])
    with first:
        since = _date("From", _SINCE, [day for day in known if day < until], comparison.usual(known, until))
    return since, until


def moved(shown: Mapping[str, date]) -> list[str]:
    """Sentences on dates of the link that are not compared as it names them; `shown`: those that are, by its names."""
    wanted = _wanted()
    said = []
    if wanted != _named():
        said.append("The link names the later date first; the change is from the earlier one to the later one.")
    for name, other in ((_SINCE, _UNTIL), (_UNTIL, _SINCE)):
        asked = wanted[name]
        if asked is None or asked == shown[name]:
            continue
        if asked == shown[other]:
            said.append(f"It takes two dates: {formats.day(asked)} is compared with {formats.day(shown[name])}.")
        else:
            said.append(
                f"The history has no figures of {formats.day(asked)} here; these are of {formats.day(shown[name])}."
            )
    return said


def statuses() -> tuple[str, ...]:
    """What became of the rows that are asked for; nothing chosen means all that is different."""
    asked = {text.casefold() for text in _asked(_STATUS)}
    _follow(_STATUS, tuple(Status), [status for status in Status if status in asked])
    chosen = st.session_state[_STATUS]
    return tuple(status for status in Status if status in chosen) or _DIFFERENT


def choose_statuses(counts: Mapping[str, int]) -> None:
    """Draw the choice, with how many rows there are of each kind."""
    st.pills(
        "What became of them",
        list(Status),
        selection_mode="multi",
        key=_STATUS,
        format_func=lambda status: f"{status.capitalize()} {counts.get(status, 0):,}",
        label_visibility="collapsed",
        on_change=_write,
        args=(_STATUS, []),
    )


def _date(label: str, name: str, known: Sequence[date], default: date) -> date:
    wanted = _wanted()[name]
    options = [day.isoformat() for day in reversed(known)]
    _follow(name, tuple(options), comparison.at(known, wanted).isoformat() if wanted else default.isoformat())
    chosen: str = st.selectbox(
        label,
        options,
        key=name,
        format_func=lambda text: formats.day(date.fromisoformat(text)),
        on_change=_write_date,
        args=(name, default),
    )
    return date.fromisoformat(chosen)


def _asked(name: str) -> list[str]:
    return [text for text in st.query_params.get_all(name) if text]


def _named() -> dict[str, date | None]:
    """The dates of the link under the names that it gives them, where they are dates."""
    return {name: _as_date(asked[-1]) if (asked := _asked(name)) else None for name in (_SINCE, _UNTIL)}


def _wanted() -> dict[str, date | None]:
    """The dates that the link asks for, the earlier one first."""
    return _in_order(_named())


def _in_order(named: Mapping[str, date | None]) -> dict[str, date | None]:
    since, until = named[_SINCE], named[_UNTIL]
    if since and until and since > until:
        since, until = until, since
    return {_SINCE: since, _UNTIL: until}


def _as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _follow(name: str, options: tuple[str, ...], value: str | list[Status]) -> None:
    """Set a widget to what the link asks for, where the link or the options changed."""
    mark = (_asked(name), options, value if name != _STATUS else None)
    state = st.session_state
    if state.get(_MARK + name) != mark or name not in state:
        state[name], state[_MARK + name] = value, mark


def _write(name: str, default: str | list[Status]) -> None:
    value = st.session_state[name]
    values = [str(one) for one in value] if isinstance(value, list) else [value]
    link.amend({name: values if value != default else []})


def _write_date(name: str, default: date) -> None:
    # Both: whoever chooses a date beyond the other one compares these two all the same.
    chosen = date.fromisoformat(st.session_state[name])
    dates = _in_order(_wanted() | {name: chosen if chosen != default else None})
    link.amend({name: [day.isoformat()] if day else [] for name, day in dates.items()})
