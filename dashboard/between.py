"""Which two dates, at which level, and which rows: the widgets of one page, and what its link says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import streamlit as st

from dashboard import filters, formats, levels
from data_access import moments
from data_access.changes import Status

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
        since = _date("From", _SINCE, [day for day in known if day < until], moments.usual(known, until))
    return since, until


def moved(known: Mapping[str, date]) -> list[str]:
    """Sentences on dates of the link of which the history has no figures; `known`: what is shown instead."""
    return [
        f"The history has no figures of {formats.day(wanted)} here; these are of {formats.day(known[name])}."
        for name, wanted in ((_SINCE, _wanted(_SINCE)), (_UNTIL, _wanted(_UNTIL)))
        if wanted and wanted != known[name]
    ]


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
    wanted = _wanted(name)
    options = [day.isoformat() for day in reversed(known)]
    _follow(name, tuple(options), moments.at(known, wanted).isoformat() if wanted else default.isoformat())
    chosen: str = st.selectbox(
        label,
        options,
        key=name,
        format_func=lambda text: formats.day(date.fromisoformat(text)),
        on_change=_write,
        args=(name, default.isoformat()),
    )
    return date.fromisoformat(chosen)


def _asked(name: str) -> list[str]:
    return [text for text in st.query_params.get_all(name) if text]


def _wanted(name: str) -> date | None:
    """The date that the link asks for, where it is one."""
    asked = _asked(name)
    return _as_date(asked[-1]) if asked else None


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
    filters.amend({name: values if value != default else []})
