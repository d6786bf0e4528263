"""Workbooks that can be defended: the rows under their labels, and a sheet that says what they are."""

import io
import time
import zipfile
from datetime import UTC, datetime

import openpyxl
import pandas as pd
import pytest

from dashboard.tables.common import AS_OF, CUSTOMER_NAME, DEPLOYMENT_PERCENT, SOLD
from dashboard.workbooks import book, cells
from dashboard.workbooks.book import Origin, workbook

COLUMNS = [CUSTOMER_NAME, SOLD, DEPLOYMENT_PERCENT, AS_OF]
ROWS = pd.DataFrame(
    {
        "customerName": ["Nordwind AB", "=1+1"],
        "licensesSold": [1200, 5],
        "deploymentPercent": [72.12, None],
        "processedDateTime": pd.to_datetime(["2026-10-01", "2026-10-09"], utc=True),
    }
)
NEWEST = datetime(2026, 10, 9, tzinfo=UTC)
LINK = "https://insights.partner.example/customers?channel=direct"
ORIGIN = Origin(
    "Customers", {"Source": "Sample data", "Filter": "channel = direct", "Link": LINK, "Newest": NEWEST}, NEWEST
)


def opened(table=ROWS, columns=COLUMNS, origin=ORIGIN):
    return openpyxl.load_workbook(io.BytesIO(workbook(table, columns, origin)))


def about(found):
    """The rows of *About*, without empty cells."""
    return [[cell for cell in row if cell is not None] for row in found["About"].iter_rows(values_only=True)]


def test_the_rows_come_first_under_their_labels():
    sheet = opened().worksheets[0]
    assert sheet.title == "Customers"
    assert [cell.value for cell in sheet[1]] == ["Customer", "Sold", "Deployment %", "As of (UTC)"]
    assert [cell.value for cell in sheet[2]] == ["Nordwind AB", 1200, 0.7212, datetime(2026, 10, 1)]  # noqa: DTZ001
    assert [cell.value for cell in sheet[3]][:3] == ["=1+1", 5, None]
    assert sheet["A3"].data_type != "f"


def test_the_header_stays_filters_and_is_printed_on_each_page():
    sheet = opened().worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions == "A1:D3"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet["A1"].font.bold
    widths = [sheet.column_dimensions[letter].width for letter in "ABCD"]
    assert all(width >= 10 for width in widths)
    assert widths[0] > len("Nordwind AB")


def test_the_second_sheet_says_what_they_are():
    found = opened()
    assert found.sheetnames == ["Customers", "About"]
    lines = about(found)
    assert lines[0] == ["Customers"]
    assert ["Source", "Sample data"] in lines
    assert ["Filter", "channel = direct"] in lines
    assert ["Link", LINK] in lines
    assert ["Rows", 2] in lines
    assert ["As of (UTC)", datetime(2026, 10, 1), datetime(2026, 10, 9)] in lines  # noqa: DTZ001
    assert ["Sold", "licensesSold", SOLD.help] in lines
    assert found["About"]["B4"].hyperlink is None
    assert "Sample data" in found.worksheets[0].oddFooter.left.text


def test_a_cut_text_is_told():
    long = ROWS.assign(customerName=["x" * (cells.LONGEST + 1), "short"])
    assert any("was cut" in str(line) for line in about(opened(long)))
    assert not any("was cut" in str(line) for line in about(opened()))


def test_a_table_without_rows_is_a_header():
    found = opened(ROWS.head(0))
    assert found.worksheets[0]["A1"].value == "Customer"
    assert found.worksheets[0].max_row == 1
    assert ["Rows", 0] in about(found)


def test_rows_that_a_sheet_does_not_hold_follow_on_further_ones(monkeypatch):
    monkeypatch.setattr(book, "MOST_ROWS", 2)  # a million rows take a minute
    rows = pd.DataFrame({"licensesSold": range(5)})
    found = opened(rows, [SOLD], Origin("A" * 40, {}, None))
    first, *more = "A" * 31, f"{'A' * 27} (2)", f"{'A' * 27} (3)"
    assert found.sheetnames == [first, "About", *more]
    held = [[row[0] for row in found[name].iter_rows(values_only=True)] for name in (first, *more)]
    assert held == [["Sold", 0, 1], ["Sold", 2, 3], ["Sold", 4]]
    assert found[more[1]].dimensions == "A1:A2"
    assert ["Sheets with rows", ", ".join([first, *more])] in about(found)


@pytest.mark.parametrize("origin", [ORIGIN, Origin("Undated", {}, None)])
def test_the_same_content_is_the_same_bytes_whenever_it_is_made(origin, monkeypatch):
    before = workbook(ROWS, COLUMNS, origin)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3 * 24 * 3600)  # which a ZIP writes down for each of its files
    assert workbook(ROWS.copy(), COLUMNS, origin) == before
    created = openpyxl.load_workbook(io.BytesIO(before)).properties.created
    assert created == (datetime(2026, 10, 9) if origin.newest else datetime(1980, 1, 1))  # noqa: DTZ001


def test_it_needs_no_folder_for_temporary_files(monkeypatch):
    def none():
        raise FileNotFoundError

    monkeypatch.setattr("tempfile.gettempdir", none)  # as where no folder can be written
    assert zipfile.is_zipfile(io.BytesIO(workbook(ROWS, COLUMNS, ORIGIN)))
