"""The tables on a page: drawing one, and how Streamlit shows each kind of column."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import streamlit as st

from dashboard import formats
from dashboard.tables.columns import Column, Kind, OnScreen

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

#: More rows than that travel to the browser as it scrolls, and their numbers are not written beforehand.
AT_ONCE = 1_000


_NUMBERS = {
    Kind.ORDINAL: "%d",
    Kind.COUNT: "%,.{decimals}f",
    Kind.PERCENT: "%.{decimals}f %%",
    Kind.SIGNED: None,  # `_written`, since Streamlit's formats have no true minus
    Kind.DAYS: "%.{decimals}f",
    Kind.SECONDS: "%.{decimals}f s",
}
_INSTANTS = {
    Kind.INSTANT: "D MMM YYYY, HH:mm",
    Kind.INSTANT_WITH_SECONDS: "D MMM YYYY, HH:mm:ss",
    Kind.DAY: "D MMM YYYY",
}


def show(table: OnScreen, **more: Any) -> None:
    """Draw a table; `more` goes to `st.dataframe`."""
    st.dataframe(
        _written(table),
        hide_index=True,
        column_config={column.name: config(column) for column in table.columns},
        placeholder=formats.NOTHING,
        lazy=table.number > AT_ONCE,
        **more,
    )


def clicked_row(key: str, table: OnScreen) -> int | None:
    """The place of the row that the user clicked, or a cell of; None where the browser sent no such thing."""
    match st.session_state.get(key):
        case {"selection": {"rows": [int(row), *_]} | {"cells": [[int(row), _], *_]}} if 0 <= row < table.number:
            return row
    return None


def config(column: Column) -> Any:
    """How `st.dataframe` shows a column."""
    explanation = column.help if column.helps_on_screen else None
    if column.kind in _NUMBERS:
        written = _NUMBERS[column.kind]
        pattern = written.format(decimals=column.decimals) if written else None
        return st.column_config.NumberColumn(column.label, width=column.width, help=explanation, format=pattern)
    if column.kind in _INSTANTS:
        pattern = _INSTANTS[column.kind]
        return st.column_config.DatetimeColumn(
            column.label, width=column.width, help=explanation, format=pattern, timezone="UTC"
        )
    return st.column_config.TextColumn(column.label, width=column.width, help=explanation)


def _written(table: OnScreen) -> pa.Table | Styler:
    """The rows, with signed numbers as texts, written as in the tiles."""
    signed = {column.name: column.decimals for column in table.columns if column.kind is Kind.SIGNED}
    if not signed or table.number > AT_ONCE:
        return table.rows
    return table.rows.to_pandas().style.format(
        {name: partial(formats.change, decimals=decimals) for name, decimals in signed.items()},
        na_rep=formats.NOTHING,
    )
