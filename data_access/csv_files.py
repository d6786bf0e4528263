"""Tables as CSV files: exact for programs, without executable formulas for Excel.

Most columns hold few distinct values, however many rows there are. So each distinct value is written and quoted once;
Arrow repeats it in the rows and joins the lines.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data_access.partner_center import frames

_BOM = "\ufeff"  # without it Excel takes UTF-8 for the machine's own code page
#: What makes a spreadsheet take a text for a formula (CWE-1236; OWASP ASVS 1.2.10), full-width forms included.
#: Spreadsheets take a space of any kind before it away, and a control character passes for one.
_UNSEEN = r"\p{Z}\p{Cc}"
_FORMULA = rf"^[{_UNSEEN}]*[-=+@\t\r\n\x00＝＋－＠]"
#: The same within a text, after a mark at which a spreadsheet of another language ends a cell: where lists have
#: semicolons, quotes protect nothing, since the line is not cut at the commas before them.
_INNER_FORMULA = rf'([;\t\r\n][{_UNSEEN}"]*)([-=+@＝＋－＠])'
#: A text that needs quotes. The csv module leaves a lone carriage return without, and readers take it for the end of
#: the row.
_BREAKING = r'(?s)^[^",\r\n]*[",\r\n].*$'

_AT_ONCE = 50_000  # rows that are joined at a time: all at once would take several times the memory of the file
_TEXT = pa.large_string()  # as pandas holds `str`
_Change = Callable[[pa.Array], pa.Array]


def exact(table: pd.DataFrame) -> bytes:
    """CSV that a program reads back unchanged: raw numbers, ISO 8601 UTC, `true` and `false`, nothing for none."""
    return _csv(table, "\n", lambda texts: texts)


def excel(table: pd.DataFrame) -> bytes:
    """CSV that opens in Excel with accents right and no formula executed, whatever its language.

    Text that Excel would run is preceded by an apostrophe, in headers and cells, also in the middle of a text where a
    semicolon or a tab would begin another cell; numbers are left alone. The first column is to be text: a line that is
    not cut begins with it.
    """
    return _BOM.encode() + _csv(table, "\r\n", _disarmed)


def _csv(table: pd.DataFrame, line_end: str, change: _Change) -> bytes:
    """Header and rows; `change` is applied to every text, column names included."""
    names = _quoted(change(pa.array([str(name) for name in table.columns], _TEXT)))
    columns = [_cells(column, change) for column in arrow(table).columns]
    lines = io.BytesIO()
    lines.write(_lines([names[place : place + 1] for place in range(len(names))], line_end))
    for start in range(0, len(table), _AT_ONCE):
        lines.write(_lines([written.take(rows[start : start + _AT_ONCE]) for written, rows in columns], line_end))
    return lines.getvalue()


def _lines(columns: list[pa.Array], line_end: str) -> pa.Buffer:
    if len(columns) == 1:
        # In a table of one column an empty cell would make a blank line, which readers skip.
        columns = [pc.replace_substring_regex(columns[0].fill_null(""), "^$", '""')]
    columns[-1] = _joined(columns[-1], line_end, separator="")
    # The last buffer of an Arrow text array holds its bytes in order: here, the finished lines.
    return _joined(*columns, separator=",").buffers()[-1]


def arrow(table: pd.DataFrame) -> pa.Table:
    """The table with each column as text (`large_string`), numbers, instants, or a dictionary of one of these."""
    others = [
        name
        for name, dtype in table.dtypes.items()
        if not (pd.api.types.is_numeric_dtype(dtype) or isinstance(dtype, (pd.DatetimeTZDtype, pd.CategoricalDtype)))
    ]
    return pa.Table.from_pandas(table.astype(dict.fromkeys(others, "str")), preserve_index=False)


def _cells(column: pa.ChunkedArray, change: _Change) -> tuple[pa.Array, pa.Array]:
    """The distinct cells of a column as the file has them (`large_string`), and which one each row has.

    Null where there is no value.
    """
    encoded = column.combine_chunks().dictionary_encode()
    distinct = encoded.dictionary
    if pa.types.is_timestamp(distinct.type):
        written = pa.array(frames.iso(distinct.to_pandas()).tolist(), _TEXT)
    elif pa.types.is_boolean(distinct.type):
        written = distinct.cast(_TEXT)  # true and false, as the contract has them
    elif pa.types.is_primitive(distinct.type):
        # Arrow would write 0.0 as 0.
        written = pa.array(map(str, distinct.to_pylist()), _TEXT)
    else:
        written = _quoted(change(distinct.cast(_TEXT)))
    return written, encoded.indices


def _joined(*columns: pa.Array | str, separator: str) -> pa.Array:
    parts = [pa.scalar(part, _TEXT) if isinstance(part, str) else part for part in (*columns, separator)]
    return pc.binary_join_element_wise(*parts, null_handling="replace")


def _quoted(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.replace_substring(texts, '"', '""'), _BREAKING, r'"\0"')


def _disarmed(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, _FORMULA, r"'\0"), _INNER_FORMULA, r"\1'\2")
