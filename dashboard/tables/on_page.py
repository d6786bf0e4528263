"""What a browser draws of a table: one page of its rows, in an order, as texts; sorting is over all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dashboard import formats
from dashboard.tables.columns import Column, Kind, OnScreen, Order, Total
from data_access import texts

ROWS_ON_PAGE = 50
#: A table of so many rows is printed whole.
ROWS_ON_PAPER = 200
_TEXTS = frozenset({Kind.TEXT, Kind.TEXTS})
_INSTANTS = {Kind.INSTANT: ", %H:%M", Kind.INSTANT_WITH_SECONDS: ", %H:%M:%S", Kind.DAY: ""}
_UNITS = {Kind.SECONDS: f"{formats.NBSP}s"}

Places = npt.NDArray[np.int64]
#: A cell as the browser gets it: a text, or a text with what stands beside it, or several texts.
Cell = str | dict[str, Any] | list[str]


def pages(number: int) -> int:
    """The number of pages that so many rows have; at least one."""
    return max(1, -(-number // ROWS_ON_PAGE))


def sortable(table: OnScreen) -> frozenset[str]:
    """The names of the columns by which the table can be sorted: they are on screen, and their values have an order."""
    return frozenset(column.name for column in table.columns if column.kind is not Kind.TEXTS)


def in_order(table: OnScreen, order: Order) -> str:
    """An order of the table's rows, as a sentence."""
    column = next(column for column in table.columns if column.name == order.column)
    ends = ("A", "Z") if column.kind in _TEXTS else ("lowest", "highest")
    if pa.types.is_timestamp(table.rows[column.by or column.name].type):
        ends = ("earliest", "latest")
    first, last = reversed(ends) if order.descending else ends
    return f"Sorted by *{column.label}*, from {first} to {last}."


def places(table: OnScreen, order: Order) -> Places:
    """The places of all rows in an order; those without a value come last, equal ones stay as they were."""
    column = next((column for column in table.columns if column.name == order.column), None)
    by, told = (column.by or column.name, column.told) if column else (order.column, str)
    values = _comparable(table.rows[by], told)
    return np.argsort(np.where(np.isnan(values), np.inf, -values if order.descending else values), kind="stable")


def content(
    table: OnScreen,
    order: Order | None,
    rows: Places | None,
    page: int,
    *,
    key: str = "",
    target: float | None = None,
) -> dict[str, Any]:
    """One page of a table, as JSON: its columns, its cells, and the row that sums them all.

    `rows`: their places in the `order`, or None as they are. `key` names the column that identifies a row to open.
    `target`: what percentages are judged by (percent points).
    Rows with parts have these with them, so that opening one asks for nothing; a table that is printed whole has all
    of its rows.
    """
    columns = [replace(column, target=target) for column in table.columns]
    first = (page - 1) * ROWS_ON_PAGE
    part = (
        table.rows.slice(first, ROWS_ON_PAGE) if rows is None else table.rows.take(rows[first : first + ROWS_ON_PAGE])
    )
    printed = None
    if ROWS_ON_PAGE < table.number <= ROWS_ON_PAPER:
        printed = _rows(table.rows if rows is None else table.rows.take(rows), columns)
    return {
        "columns": [_heading(column, order or table.order) for column in columns],
        "rows": _rows(part, columns),
        "paper": printed,
        "cut": f"{_range(first, part.num_rows, table.number)} rows; the files have all."
        if table.number > ROWS_ON_PAPER
        else "",
        "keys": part[key].to_pylist() if key else None,
        "parts": [_parts(table, of, columns) for of in part[table.whole].to_pylist()] if table.whole else None,
        "total": _total(table.total, columns) if table.total else None,
        "page": page,
        "pages": pages(table.number),
        "range": _range(first, part.num_rows, table.number),
        "isArranged": order is not None,
    }


def _parts(table: OnScreen, of: str, columns: Sequence[Column]) -> dict[str, Any]:
    """The rows that the row `of` opens to, in their own order."""
    return {"of": of, "rows": _rows(table.parts[of], columns) if of in table.parts else []}


def _rows(part: pa.Table, columns: Sequence[Column]) -> list[list[Cell]]:
    """The cells, row by row."""
    return [list(row) for row in zip(*(_cells(part, column) for column in columns), strict=True)]


def _comparable(values: pa.ChunkedArray, told: Callable[[str], str] = str) -> npt.NDArray[np.float64]:
    """Numbers that are in the order of the values, NaN where there is none."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_dictionary(values.type):
        values = _ranks(values, told)
    elif pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(), dtype="float64")


def _ranks(values: pa.ChunkedArray, told: Callable[[str], str]) -> pa.ChunkedArray:
    """The place of each text among all that there are, for people; each distinct text is looked at once."""
    coded = values.unify_dictionaries() if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    coded = coded.combine_chunks()
    words = [texts.order(told(text or "")) for text in coded.dictionary.to_pylist()]
    place = {word: place for place, word in enumerate(sorted({*words}))}
    ranks = pa.array([place[word] for word in words], pa.float64())
    return pa.chunked_array([ranks.take(coded.indices)]) if len(ranks) else pa.chunked_array([pa.nulls(len(coded))])


def _heading(column: Column, order: Order | None) -> dict[str, Any]:
    sorted_by = order is not None and order.column == column.name
    downwards = sorted_by and order is not None and order.descending
    return {
        "name": column.name,
        "label": column.label,
        "group": column.group,
        "help": column.help,
        "numeric": column.kind not in _TEXTS,
        "isTime": bool(column.utc),
        "sortable": column.kind is not Kind.TEXTS,
        "sorted": ("descending" if downwards else "ascending") if sorted_by else "none",
        # Of numbers people look for the largest first, of names for the first letters, and of a percentage for the
        # lowest, where something is to be done.
        "downwards": not downwards if sorted_by else column.kind not in _TEXTS | {Kind.PERCENT},
        "width": column.width,
    }


def _range(first: int, shown: int, number: int) -> str:
    return f"{first + 1:,}–{first + shown:,} of {number:,}" if shown else "no rows"


def _total(total: Total, columns: Sequence[Column]) -> list[Cell]:
    """The last row: its words in the first column, and a figure wherever there is one."""
    figures = [
        _cell(column, _writer(column), total.figures[column.name]) if column.name in total.figures else ""
        for column in columns[1:]
    ]
    return [total.words, *figures]


def _cells(part: pa.Table, column: Column) -> list[Cell]:
    """The cells of one column."""
    write, values = _writer(column), part[column.name].to_pylist()
    lines, instants, notes, words = (
        part[name].to_pylist() if name and name in part.column_names else [None] * len(values)
        for name in (column.line, column.utc, column.note, column.words)
    )
    return [
        words or _cell(column, write, value, line=line, instant=instant, note=note)
        for value, line, instant, note, words in zip(values, lines, instants, notes, words, strict=True)
    ]


def _cell(
    column: Column,
    write: Callable[[Any], Cell],
    value: Any,
    *,
    line: Sequence[float] | None = None,
    instant: datetime | None = None,
    note: str | None = None,
) -> Cell:
    said = formats.NOTHING if value is None else write(value)
    if not isinstance(said, str):
        return said
    beside: dict[str, Any] = {}
    if column.bar and value is not None:
        beside["bar"] = value
    if column.good and value is not None:
        beside["news"] = _news(said, column.good)
    if line:
        beside["line"] = line
    if instant is not None:
        beside["hint"] = f"{formats.day(instant)}, {instant:%H:%M} UTC"
    if note:
        beside["note"] = formats.on_one_line(note)
    return {"text": said, **beside} if beside else said


def _news(text: str, good: int) -> str:
    """What kind of news a change is, as it is written: what rounds to nothing is none."""
    if text.startswith(formats.STILL):
        return "still"
    rose = text.startswith("+")
    return f"{'up' if rose else 'down'} {'good' if rose is (good > 0) else 'bad'}"


def _writer(column: Column) -> Callable[[Any], Cell]:
    """How a value of this column is written; a true minus, and no text that could reorder what is beside it."""
    kind = column.kind
    if kind is Kind.TEXT:
        return lambda value: formats.on_one_line(column.told(str(value))) or formats.NOTHING
    if kind is Kind.TEXTS:
        return lambda values: [formats.on_one_line(str(value)) for value in values]
    if kind is Kind.PERCENT:
        return partial(formats.percent, as_sent=column.as_sent, target=column.target)
    if kind is Kind.SIGNED:
        return partial(formats.change, decimals=column.decimals)
    if kind in _INSTANTS:
        return partial(_instant, clock=_INSTANTS[kind])
    return partial(_number, decimals=column.decimals, commas=kind is not Kind.ORDINAL, unit=_UNITS.get(kind, ""))


def _number(value: float, decimals: int, commas: bool, unit: str) -> str:
    return f"{value:{',' if commas else ''}.{decimals}f}{unit}".replace("-", formats.MINUS)


def _instant(value: datetime, clock: str) -> str:
    """A day, and the time of day where it is more than the beginning of one: processing dates have none."""
    return formats.day(value) + (value.strftime(clock) if value.time() != time() else "")
