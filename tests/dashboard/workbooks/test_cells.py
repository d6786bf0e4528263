"""What stands in cells: typed, whatever it looks like, and as XlsxWriter itself would have written it."""

import io
import re
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.tables import columns
from dashboard.tables.columns import Column, Kind
from dashboard.workbooks import cells
from dashboard.workbooks.book import Origin, workbook
from data_access.partner_center import frames

HOSTILE = [
    *("=1+1", "@SUM(A1)", "+1", "-5 Ltd", "\tx", "  =1", "＝1", "=cmd|' /C calc'!A0", "{=1}", "0815", "3-12", "1e5"),
    *("http://evil.example", "mailto:x@y", "internal:Sheet!A1", "external:c:\\x", "#REF!", "TRUE", "'quoted"),
    *(
        "<b>&amp;</b>",
        "<r><t>rich</t></r>",
        "</t></is></c></row>",
        "]]>",
        "_x0041_",
        "_x005F_",
        "\x00\x07\x1f",
        "a\r\nb",
    ),
    *(" around ", "\u00a0", "\u2028", "\ufffe\uffff", "🎉" * 300, "\u202eabc", "א1", "", "NaN", "inf"),
]
texts = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]))
FIRST, LAST = datetime(1900, 1, 1), datetime(9999, 12, 31)  # noqa: DTZ001 - as hypothesis wants them
#: What Excel knows as dates.
instants = st.datetimes(FIRST, LAST).map(lambda naive: naive.replace(tzinfo=UTC))
numbers = st.floats(allow_infinity=False) | st.sampled_from([72.12, 1e300, -0.0, 1 / 3, 2.0**53])
KINDS = {
    "name": (columns.text("name", "Name"), st.none() | texts, "str"),
    "code": (columns.text("code", "Code"), st.none() | st.sampled_from(["a", "=1", ""]), "category"),
    "sold": (columns.count("sold", "Sold"), st.integers(-(10**15), 10**15), "int64"),
    "share": (columns.percent("share", "Share %"), st.integers(0, 10**9).map(lambda parts: parts / 10_000), "float64"),
    "change": (columns.signed("change", "± Points", decimals=2), numbers, "float64"),
    "trial": (columns.text("trial", "Trial"), st.booleans(), "bool"),
    "at": (columns.instant("at", "As of (UTC)"), st.none() | instants, frames.INSTANT),
}


@st.composite
def tables(draw):
    """Tables of up to five rows, of some of the KINDS in any order."""
    names = draw(st.lists(st.sampled_from([*KINDS]), min_size=1, unique=True))
    length = draw(st.integers(0, 5))
    return pd.DataFrame(
        {
            name: pd.Series(draw(st.lists(values, min_size=length, max_size=length)), dtype=dtype)
            for name in names
            for _, values, dtype in [KINDS[name]]
        }
    )


def described(table):
    return [KINDS[name][0] for name in table]


def sheet_of(content):
    """The rows of the first sheet as they stand in the file, without the numbers of styles."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    (rows,) = re.findall("<sheetData>(.*)</sheetData>", sheet, re.DOTALL)
    return re.sub(r' s="\d+"', "", rows)


def by_xlsxwriter(table):
    """The same cells, written by XlsxWriter one by one; where its memory is constant, texts are in their cells."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"constant_memory": True, "remove_timezone": True}) as book:
        sheet, look = book.add_worksheet(), book.add_format({"bold": True})
        write = {bool: sheet.write_boolean, str: sheet.write_string, pd.Timestamp: sheet.write_datetime}
        for place, column in enumerate(described(table)):
            sheet.write_string(0, place, column.label, look)
        for row, values in enumerate(table.astype(object).itertuples(index=False), 1):
            for place, value in enumerate(values):
                if not pd.isna(value):
                    is_percent = described(table)[place].kind is Kind.PERCENT
                    held = round(value / 100, 6) if is_percent else value
                    write.get(type(value), sheet.write_number)(row, place, held, look)
    return made.getvalue()


#: What XlsxWriter takes for markup of its own, or lets through although XML has no such characters.
not_its_own = re.compile(r"<r>.*</r>|[\ufffe\uffff]", re.DOTALL)


@given(tables())
@example(pd.DataFrame({"name": HOSTILE}))
def test_cells_are_those_of_xlsxwriter_to_the_byte(table):
    table = table.replace({"name": {"": None}, "code": {"": None}})
    for name in {"name"} & {*table}:
        table = table[~table[name].str.contains(not_its_own).fillna(False).astype(bool)]
    content = workbook(table, described(table), Origin("Rows", {}, None))
    without_empty_rows = re.sub(r'<row r="\d+"></row>', "", sheet_of(content))
    assert without_empty_rows == sheet_of(by_xlsxwriter(table))


@given(tables())
def test_what_a_reader_of_workbooks_finds_has_the_type_of_what_was_put_in(table):
    content = workbook(table, described(table), Origin("Rows", {}, None))
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    kinds = {"name": (str,), "code": (str,), "trial": (bool,), "at": (datetime,)}
    assert len(found) == len(table)
    for row, sent in zip(found, table.astype(object).itertuples(index=False), strict=True):
        for name, value, original in zip(table, row, sent, strict=True):
            assert (
                value is None
                if pd.isna(original) or original == ""
                else isinstance(value, kinds.get(name, (int, float)))
            )


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_text_and_stays_it(value):
    content = workbook(pd.DataFrame({value: [value]}), [columns.text(value, value)], Origin("Rows", {}, None))
    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
    assert cell.data_type == ("s" if value else "n")
    assert bool(cell.quotePrefix) == bool(re.match(r"\s*[-=+@＝\d]", value))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        read = [parts.read(name) for name in parts.namelist()]
    for part in read:
        ElementTree.fromstring(part)
    assert not re.search(rb"<f>|<hyperlink", b"".join(read))


def test_a_text_that_no_cell_holds_is_cut_between_characters_and_says_so():
    (kept,) = re.findall("<t>(.*)</t>", cells.text("🎉" * 20_000, 1))
    assert kept.endswith(cells.CUT)
    assert set(kept.removesuffix(cells.CUT)) == {"🎉"}
    assert cells.LONGEST - 1 <= len(kept.encode("utf-16-le")) / 2 <= cells.LONGEST
    whole = "x" * cells.LONGEST
    assert whole in cells.text(whole, 1)


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (datetime(1900, 1, 1, tzinfo=UTC), "1"),
        (datetime(1900, 2, 28, tzinfo=UTC), "59"),
        (datetime(1900, 3, 1, tzinfo=UTC), "61"),  # Excel believes in a 29 February 1900
        (datetime(2026, 10, 9, 18, tzinfo=UTC), "46304.75"),
        (datetime(9999, 12, 31, tzinfo=UTC), "2958465"),
    ],
)
def test_an_instant_is_in_excels_days(at, days):
    assert cells.instant(at, 0) == f' s="0"><v>{days}</v></c>'


def test_what_excel_has_no_number_for_is_a_text():
    assert "<t>1899-12-30T00:00:00+00:00</t>" in cells.instant(datetime(1899, 12, 30, tzinfo=UTC), 0)
    assert "<t>inf</t>" in cells.number(float("inf"), 0)


THEN = pd.Timestamp("2026-10-09T18:00Z")


@pytest.mark.parametrize(
    ("column", "value", "held", "look"),
    [
        (columns.count("sold", "Sold"), 1234.5, 1234.5, "#,##0"),
        (columns.percent("share", "Share %"), 72.12, 0.7212, "0.00%"),
        (columns.signed("moved", "±", decimals=1), -1.25, -1.25, "+#,##0.0;-#,##0.0;0.0"),
        (columns.days("age", "Days old"), 3.5, 3.5, "#,##0.0"),
        (Column("took", "Took", Kind.SECONDS, decimals=2), 0.25, 0.25, "0.00"),
        (Column("place", "Row", Kind.ORDINAL), 7, 7, "0"),
        (columns.text("field", "An unknown number"), 7.5, 7.5, "General"),
        (columns.instant("at", "At"), THEN, THEN, "yyyy-mm-dd hh:mm"),
        (Column("at", "At", Kind.DAY), THEN, THEN, "yyyy-mm-dd"),
        (columns.text("at", "An unknown date"), THEN, THEN, "yyyy-mm-dd hh:mm"),
    ],
)
def test_each_kind_of_column_has_its_format(column, value, held, look):
    content = workbook(pd.DataFrame({column.name: [value]}), [column], Origin("Rows", {}, None))
    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
    found = cell.value.replace(tzinfo=UTC) if isinstance(cell.value, datetime) else cell.value
    assert (found, cell.number_format) == (held, look)


@pytest.mark.parametrize(
    ("value", "target", "look"),
    [(79.9968, 80.0, "0.000%"), (79.9999968, 80.0, "0.000000%"), (80.0, 80.0, "0.00%"), (79.9968, None, "0.00%")],
)
def test_a_percentage_that_misses_its_target_is_not_shown_as_the_target(value, target, look):
    table = pd.DataFrame({"share": [value, None, 12.5]})
    (column,) = columns.Table((columns.percent("share", "Share %"),)).described(["share"], target=target)
    content = workbook(table, [column], Origin("Rows", {}, None))
    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
    assert (cell.number_format, cell.value) == (look, pytest.approx(value / 100))
