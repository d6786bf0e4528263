"""Excel workbooks: rows under the labels that pages have, and a sheet *About* that says what they are.

XlsxWriter makes the workbook, with its formats, columns, filters and panes, and `cells` what stands in it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from dashboard import formats
from dashboard.tables.columns import Column
from dashboard.workbooks import cells
from dashboard.workbooks.cells import QUOTED, Cells, Look
from data_access import csv_files

#: The rows of a sheet below its header, as Excel has them at most.
MOST_ROWS = 1_048_575
ABOUT = "About"
_LONGEST_NAME = 31
_LEVEL = 3  # of compression: a sixth larger than the usual 6, in half of the time
_UNDATED = datetime(1980, 1, 1, tzinfo=UTC)

_HEADER: Look = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
_HEADING: Look = {"bold": True, "font_size": 14}
_NAME: Look = {"bold": True, "valign": "top"}
_PROSE: Look = {"text_wrap": True, "valign": "top", "align": "left", "num_format": "#,##0"}
_INSTANT: Look = {"valign": "top", "align": "left", "num_format": "yyyy-mm-dd hh:mm"}
_LOOKS = (QUOTED, _HEADER, _HEADING, _NAME, _PROSE, _INSTANT)
_ABOUT_WIDTHS = (30, 34, 90)
_NOTE = (
    "Dates and times are in UTC. A percentage is Excel's own: the cell that shows 72.12% holds 0.7212; the CSV files"
    " hold 72.12. Cells without a value are empty."
)
_CUT_NOTE = "A text was longer than a cell can be, and was cut; the CSV files have it whole."

Fact = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a workbook says of itself: the name of its rows, facts about them by name, and the newest of their dates."""

    title: str
    facts: Mapping[str, Fact]
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet without its rows: its name, the widths of its columns in characters, and how many rows it will have."""

    name: str
    widths: Sequence[int]
    number: int


class _Styles:
    """The numbers that a workbook gives to looks."""

    def __init__(self, looks: Iterable[Look]) -> None:
        self.looks = list({_key(look): look for look in looks}.values())
        self._numbers: dict[object, int] = {}

    def learn(self, sheet: str) -> None:
        """Read them from a sheet that shows all of `looks` in its first row."""
        numbers = map(int, re.findall(r'<c r="[A-Z]+1" s="(\d+)"', sheet))
        self._numbers = {_key(look): number for look, number in zip(self.looks, numbers, strict=True)}

    def __getitem__(self, look: Look) -> int:
        return self._numbers[_key(look)]


def workbook(table: pd.DataFrame, columns: Sequence[Column], origin: Origin) -> bytes:
    """The rows as a workbook; the same content gives the same bytes.

    `columns`: one for each of the table's. Rows that a sheet does not hold follow on further ones, behind *About*.
    """
    arrow, number = csv_files.arrow(table), len(table)
    values = [Cells.of(column, chunks) for column, chunks in zip(columns, arrow.columns, strict=True)]
    parts = [(start, min(start + MOST_ROWS, number)) for start in range(0, max(1, number), MOST_ROWS)]
    names = [_name(origin.title, part) for part in range(len(parts))]
    about = _about(values, origin, number, names)
    widths = [each.width for each in values]
    first, *more = [_Sheet(name, widths, 1 + end - start) for name, (start, end) in zip(names, parts, strict=True)]
    sheets = [first, _Sheet(ABOUT, _ABOUT_WIDTHS, len(about)), *more]
    styles = _Styles([*(each.look for each in values), *_LOOKS])
    empty = _without_rows(sheets, styles, origin)

    written = [(each.written(styles[each.look], styles[QUOTED]), each.indices) for each in values]
    header = cells.row(1, [cells.text(column.label, styles[_HEADER]) for column in columns])
    rows_of_parts = [chain([header.encode()], cells.rows(written, start, end)) for start, end in parts]
    prose = [cells.row(place, [_fact(*fact, styles) for fact in facts]) for place, facts in enumerate(about, 1)]
    return _with_rows(empty, sheets, [rows_of_parts[0], (line.encode() for line in prose), *rows_of_parts[1:]])


def _without_rows(sheets: Sequence[_Sheet], styles: _Styles, origin: Origin) -> dict[str, str]:
    """The parts of a workbook with these sheets, by their names; `styles` learns its numbers from the first sheet."""
    made = io.BytesIO()
    # Not in a file: a container may have no folder for temporary ones.
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        # Without a date of its own it would bear the clock's.
        book.set_properties({"title": origin.title, "created": origin.newest or _UNDATED})
        for sheet in sheets:
            _lay_out(book.add_worksheet(sheet.name), sheet, str(origin.facts.get("Source", "")))
        for place, look in enumerate(styles.looks):
            book.worksheets()[0].write_blank(0, place, None, book.add_format(dict(look)))
    with zipfile.ZipFile(made) as parts:
        empty = {name: parts.read(name).decode() for name in parts.namelist()}
    styles.learn(empty[_part(0)])
    return empty


def _lay_out(page: Worksheet, sheet: _Sheet, source: str) -> None:
    """Everything about a sheet but its cells."""
    for place, width in enumerate(sheet.widths):
        page.set_column(place, place, width)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer(f"&L{source.replace('&', '&&')}&R&P / &N")
    if sheet.name == ABOUT:
        page.hide_gridlines(2)
        return
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.autofilter(0, 0, sheet.number - 1, len(sheet.widths) - 1)
    page.ignore_errors({"number_stored_as_text": xl_range(0, 0, sheet.number - 1, len(sheet.widths) - 1)})


def _with_rows(empty: Mapping[str, str], sheets: Sequence[_Sheet], rows: Sequence[Iterable[bytes]]) -> bytes:
    """The workbook, with `rows` in place of those of each of its `sheets`."""
    made = io.BytesIO()
    places = {_part(place): place for place in range(len(sheets))}
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as book:
        for name, content in empty.items():
            entry = zipfile.ZipInfo(name)  # with the same time in every file
            entry.compress_type = zipfile.ZIP_DEFLATED
            with book.open(entry, "w") as part:
                if (place := places.get(name)) is None:
                    part.write(content.encode())
                    continue
                before, after = _around_rows(content, sheets[place])
                part.writelines(chain([before.encode()], rows[place], [after.encode()]))
    return made.getvalue()


def _around_rows(content: str, sheet: _Sheet) -> tuple[str, str]:
    """What stands before and after the rows of a sheet that is to have as many as `sheet` says."""
    before, after = re.split(r"(?<=<sheetData>).*(?=</sheetData>)|<sheetData/>", content, maxsplit=1, flags=re.DOTALL)
    extent = xl_range(0, 0, sheet.number - 1, len(sheet.widths) - 1)
    return re.sub(r'(<dimension ref=")[^"]*', rf"\g<1>{extent}", before, count=1), after


def _part(place: int) -> str:
    """The name of the part of a workbook that holds a sheet, counted from 0."""
    return f"xl/worksheets/sheet{place + 1}.xml"


def _name(title: str, part: int) -> str:
    """The name of the sheet with some part of the rows; the first one is 0."""
    end = f" ({part + 1})" if part else ""
    return f"{title[: _LONGEST_NAME - len(end)]}{end}"


def _about(values: Sequence[Cells], origin: Origin, number: int, names: Sequence[str]) -> list[list[tuple[Fact, Look]]]:
    """The rows of *About*: facts, dates, and what each column is."""
    rows: list[list[tuple[Fact, Look]]] = [[(origin.title, _HEADING)]]
    facts = {**origin.facts, "Rows": number}
    if len(names) > 1:
        facts["Sheets with rows"] = ", ".join(names)
    rows += [[(name, _NAME), (fact, _look_of(fact))] for name, fact in facts.items()]
    for each in values:
        if each.is_instant and each.ends[0] is not None:
            ends = dict.fromkeys(each.ends)
            rows.append([(each.column.label, _NAME), *((end, _INSTANT) for end in ends)])
    notes = [_NOTE, *([_CUT_NOTE] if any(each.is_cut for each in values) else [])]
    rows += [[("Note" if not place else "", _NAME), (note, _PROSE)] for place, note in enumerate(notes)]
    rows += [[], [("Column", _HEADER), ("In the CSV files", _HEADER), ("What it is", _HEADER)]]
    return rows + [
        [(each.label, _NAME), (each.name, _PROSE), (formats.bare(each.help), _PROSE)]
        for each in (value.column for value in values)
    ]


def _look_of(fact: Fact) -> Look:
    return _INSTANT if isinstance(fact, datetime) else _PROSE


def _fact(fact: Fact, look: Look, styles: _Styles) -> str:
    """A fact as a cell without its beginning."""
    if isinstance(fact, datetime):
        return cells.instant(fact, styles[look])
    if isinstance(fact, int):
        return cells.number(fact, styles[look])
    return cells.text(fact or "", styles[look])


def _key(look: Look) -> object:
    return frozenset(look.items())
