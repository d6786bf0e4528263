"""The widgets of link parameters, one for each kind, in the looks that all pages share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import streamlit as st

from dashboard import formats
from dashboard.filters.dates import Dates, TwoDates
from dashboard.filters.kinds import Choice, Limit, Number, Parameter, Several, Text

_LIST, _TEXT, _NUMBER, _LIMIT, _DATE = 300, 300, 180, 165, 135  # width in pixels


def draw(parameter: Parameter[Any], value: Any, changed: Callable[[], None]) -> None:
    """Draw what a user chooses a parameter with, where the link says `value`."""
    match parameter:
        case Choice():
            _choice(parameter, changed)
        case Several(widget="pills"):
            _pills(parameter, changed)
        case Several():
            _list(parameter, changed)
        case Number():
            _number(parameter, changed)
        case Limit():
            _limit(parameter, changed)
        case Text():
            _text(parameter, changed)
        case TwoDates():
            _dates(parameter, value, changed)
        case _:
            raise TypeError(f"no widget for {parameter.name}")


def _choice(parameter: Choice, changed: Callable[[], None]) -> None:
    st.segmented_control(
        parameter.label,
        parameter.open,
        key=parameter.name,
        format_func=parameter.options.__getitem__,
        required=True,
        on_change=changed,
    )


def _pills(parameter: Several, changed: Callable[[], None]) -> None:
    st.pills(
        parameter.label,
        parameter.options,
        selection_mode="multi",
        wrap=parameter.wraps,
        key=parameter.name,
        format_func=lambda option: formats.plain(parameter.labels[option]),
        label_visibility="visible" if parameter.has_heading else "collapsed",
        on_change=changed,
    )


def _list(parameter: Several, changed: Callable[[], None]) -> None:
    st.multiselect(
        parameter.label,
        parameter.options,
        key=parameter.name,
        format_func=parameter.labels.__getitem__,
        placeholder=parameter.placeholder,
        select_all=False,  # it would be the first entry, and so what Enter chooses: nothing chosen means all anyway
        wrap=False,
        width=_LIST,
        on_change=changed,
    )


def _number(parameter: Number, changed: Callable[[], None]) -> None:
    st.number_input(
        parameter.label,
        parameter.least,
        parameter.most,
        key=parameter.name,
        step=parameter.step,
        format="%g",
        width=_NUMBER,
        on_change=changed,
    )


def _limit(parameter: Limit, changed: Callable[[], None]) -> None:
    st.number_input(
        parameter.label,
        parameter.least,
        parameter.most,
        value=None,
        key=parameter.name,
        step=parameter.step,
        format="%g",
        placeholder="any",
        width=_LIMIT,
        on_change=changed,
    )


def _text(parameter: Text, changed: Callable[[], None]) -> None:
    st.text_input(
        parameter.label,
        key=parameter.name,
        type="search",
        max_chars=parameter.longest,
        placeholder=parameter.placeholder,
        icon=":material/search:",
        width=_TEXT,
        on_change=changed,
    )


def _dates(parameter: TwoDates, value: Dates, changed: Callable[[], None]) -> None:
    _, until = parameter.compared(value)
    earlier = [day for day in parameter.days if day < until]
    for label, key, days in zip(("From", "To"), parameter.names, (earlier, parameter.days[1:]), strict=True):
        _day(label, key, days, changed)


def _day(label: str, key: str, days: Sequence[date], changed: Callable[[], None]) -> None:
    with st.container(width=_DATE):
        st.selectbox(
            label,
            [day.isoformat() for day in reversed(days)],
            key=key,
            format_func=lambda text: formats.day(date.fromisoformat(text)),
            on_change=changed,
        )
