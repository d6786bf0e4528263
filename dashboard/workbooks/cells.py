"""The cells of a workbook: how the values of each kind of column look and are written, and how they become rows.

The cells are those that XlsxWriter itself would write, to the byte. But each distinct value of a column is written
once, and Arrow repeats it in the rows and joins them, as for the CSV files: in a tenth of the time, while other
people's clicks go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name

from dashboard.tables.columns import Column, Kind

#: UTF-16 units of a text in a cell; Excel calls a file damaged that has more.
LONGEST = 32_767
_SURELY_SHORT = LONGEST // 2  # characters, each of which takes two units at most
CUT = "… (cut here: a cell holds no more)"

#: The number format of each kind; `{}` is for the decimals.
_FORMATS = {
    Kind.TEXT: "General",
    Kind.TEXTS: "General",
    Kind.ORDINAL: "0",
    Kind.COUNT: "#,##0{}",
    # As Excel itself has percentages: the cell that shows 72.12% holds 0.7212, so that the formulas and filters that
    # people type come out right. The CSV files keep percent points.
    Kind.PERCENT: "0{}%",
    Kind.SIGNED: "+#,##0{0};-#,##0{0};0{0}",
    Kind.DAYS: "#,##0{}",
    Kind.SECONDS: "0{}",
    Kind.INSTANT: "yyyy-mm-dd hh:mm",
    Kind.INSTANT_WITH_SECONDS: "yyyy-mm-dd hh:mm:ss",
    Kind.DAY: "yyyy-mm-dd",
}
_INSTANTS = (Kind.INSTANT, Kind.INSTANT_WITH_SECONDS, Kind.DAY)
_EPOCH = datetime(1899, 12, 31, tzinfo=UTC)  # the day before Excel's first
_LEAP = 59  # after this day Excel counts a 29 February 1900, which never was
_NARROWEST, _WIDEST, _FILTER_BUTTON = 10, 60, 4  # characters
_JOINED_AT_ONCE = 10_000  # rows
_MOST_DECIMALS = 12
_TEXT = pa.large_string()

#: What XML or Excel would not take for the characters that they are.
_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9a-fA-F]{4}_|^\s|\s$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LIKE_CONTROL = re.compile(r"(_x[0-9a-fA-F]{4}_)")
_SPACE_AROUND = re.compile(r"^\s|\s$")
#: What Excel would run, or read as a number or a date, if a user entered the cell again.
_READ_ANEW = re.compile(r"\s*[-=+@＝＋－＠\d]")

Look = Mapping[str, Any]  # the properties of one of XlsxWriter's formats

#: A text that stays one if a user enters the cell again.
QUOTED: Look = {"quote_prefix": True}


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of a sheet: its distinct values, and which one each row has."""

    column: Column
    distinct: pa.Array
    indices: pa.Array

    @classmethod
    def of(cls, column: Column, values: pa.ChunkedArray) -> Cells:
        """`values`: texts, numbers, truth values or instants, as `csv_files.arrow` has them."""
        encoded = values.combine_chunks().dictionary_encode()
        return cls(column, encoded.dictionary, encoded.indices)

    @property
    def look(self) -> Look:
        """How these cells look."""
        decimals = f".{'0' * self._decimals}" if self._decimals else ""
        return {"num_format": _FORMATS[self._kind].format(decimals)}

    @property
    def width(self) -> int:
        """In characters: as wide as the header and the longest cell, within reason."""
        header = len(self.column.label) + _FILTER_BUTTON
        return min(_WIDEST, max(_NARROWEST, header, self._longest + 1))

    @property
    def ends(self) -> tuple[Any, Any]:
        """The least and the greatest value; None where there is none."""
        both = pc.min_max(self.distinct).as_py()
        return both["min"], both["max"]

    @property
    def is_instant(self) -> bool:
        return bool(pa.types.is_timestamp(self.distinct.type))

    @property
    def is_cut(self) -> bool:
        """Whether a text is longer than a cell."""
        return self._is_text and self._longest > _SURELY_SHORT and any(map(_is_long, self.distinct.to_pylist()))

    def written(self, style: int, quoted: int) -> pa.Array:
        """The distinct values as cells without their beginning (`large_string`), null for the empty text.

        `style`, `quoted`: the numbers that the workbook gave this look and QUOTED.
        """
        values = self.distinct.to_pylist()
        if self._is_text:
            cells = [text(value, quoted if _READ_ANEW.match(value) else style) if value else None for value in values]
        elif self.is_instant:
            cells = [instant(value, style) for value in values]
        elif self.column.kind is Kind.PERCENT:
            cells = [number(_hundredth(value), style) for value in values]
        else:
            cells = [number(value, style) for value in values]
        return pa.array(cells, _TEXT)

    @property
    def _decimals(self) -> int:
        """As many as the column has, or as it takes to tell what misses the target from the target."""
        decimals, target = self.column.decimals, self.column.target
        if target is None or self.column.kind is not Kind.PERCENT:
            return decimals
        missing = [value for value in self.distinct.to_pylist() if value is not None and value < target]
        while decimals < _MOST_DECIMALS and any(round(value, decimals) >= target for value in missing):
            decimals += 1
        return decimals

    @property
    def _kind(self) -> Kind:
        return Kind.INSTANT if self.is_instant and self.column.kind not in _INSTANTS else self.column.kind

    @property
    def _is_text(self) -> bool:
        return bool(pa.types.is_large_string(self.distinct.type) or pa.types.is_string(self.distinct.type))

    @property
    def _longest(self) -> int:
        """The characters of the longest cell, about."""
        if self.is_instant:
            return len(_FORMATS[self._kind])
        if self._is_text:
            return pc.max(pc.utf8_length(self.distinct)).as_py() or 0
        return max((len(f"{end:+,.{self.column.decimals}f}") for end in self.ends if end is not None), default=0)


def text(value: str, style: int) -> str:
    """A text as a cell without its beginning, whatever is in it."""
    if _is_long(value):
        value = _cut(value)
    space = ""
    if _SPECIAL.search(value):
        value = _CONTROL.sub(lambda sign: f"_x{ord(sign[0]):04X}_", _LIKE_CONTROL.sub(r"_x005F\1", value))
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        space = ' xml:space="preserve"' if _SPACE_AROUND.search(value) else ""
    return f' s="{style}" t="inlineStr"><is><t{space}>{value}</t></is></c>'


def number(value: float, style: int) -> str:
    """A number or a truth value likewise; what Excel does not know as one, as a text."""
    if isinstance(value, bool):
        return f' s="{style}" t="b"><v>{value:d}</v></c>'
    return f' s="{style}"><v>{value:.16G}</v></c>' if isfinite(value) else text(str(value), style)


def instant(value: datetime, style: int) -> str:
    """An instant in UTC likewise: Excel's days since 1900, and before that a text."""
    since = value - _EPOCH
    if since.days < 1:
        return text(value.isoformat(), style)
    days = since.days + (since.seconds + since.microseconds / 1e6) / 86_400
    return number(days + (days > _LEAP), style)


def row(place: int, cells: Sequence[str]) -> str:
    """One row, from the beginnings of its cells on; `place` counts from 1."""
    inside = "".join(f'<c r="{xl_col_to_name(column)}{place}"{cell}' for column, cell in enumerate(cells))
    return f'<row r="{place}">{inside}</row>'


def rows(columns: Sequence[tuple[pa.Array, pa.Array]], start: int, end: int) -> Iterator[pa.Buffer]:
    """The rows from `start` to before `end` of a table in UTF-8, as the second row of a sheet and those that follow.

    `columns`: of each, what `Cells.written` gives, and which of it each row has. Some thousand rows come at a time.
    """
    for first in range(start, end, _JOINED_AT_ONCE):
        number_of = min(_JOINED_AT_ONCE, end - first)
        place = first - start + 2
        places = pa.array(range(place, place + number_of)).cast(_TEXT)
        cells = [
            _joined(f'<c r="{xl_col_to_name(column)}', places, '"', written.take(indices.slice(first, number_of)))
            for column, (written, indices) in enumerate(columns)
        ]
        lines = _joined('<row r="', places, '">', *cells, "</row>", nulls="replace")
        # The last buffer of an Arrow text array holds its bytes in order: here, the finished rows.
        yield lines.buffers()[-1]


def _hundredth(value: float) -> float:
    # Of the decimals as they are written: 72.12 / 100 is 0.7212000000000001.
    return float(Decimal(repr(value)).scaleb(-2))


def _joined(*parts: pa.Array | str, nulls: str = "emit_null") -> pa.Array:
    scalars = [pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in (*parts, "")]
    return pc.binary_join_element_wise(*scalars, null_handling=nulls)


def _is_long(value: str) -> bool:
    return len(value) > _SURELY_SHORT and len(value.encode("utf-16-le")) > 2 * LONGEST


def _cut(value: str) -> str:
    kept = value.encode("utf-16-le")[: 2 * (LONGEST - len(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT
