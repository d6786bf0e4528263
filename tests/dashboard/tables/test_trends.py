"""The table and the files of lines over time; what they are filled with is in screens/test_trends.py."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from dashboard.tables import trends as tables
from dashboard.workbooks.cells import Cells
from data_access import csv_files
from data_access.measures import trends
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import facts_of, fetched

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("by", ["service", "channel"])
@pytest.mark.parametrize("collection", [DEPLOYMENT, COMMERCIAL_DEPLOYMENT])
def test_the_file_of_points_has_every_column_of_a_line(collection, by):
    rows = trends.rows(fetched(facts_of(collection, [{}]), 1, NOW))
    points = trends.lines(rows, [by]).assign(line=by)
    assert list(tables.POINTS_FILE.select(points)) == ["line", *(name for name in points if name != "line")]
    assert {*points} <= {*tables.POINTS_FILE.names}


@pytest.mark.parametrize(
    ("estimated", "named"),
    [(True, ["≈ Deployed a week", "≈ Likely range"]), (False, ["Deployed a week", "Likely range"])],
)
def test_a_pace_of_estimates_is_one_and_that_of_licenses_sold_is_not(estimated, named):
    rows = pd.DataFrame({"soldPerWeek": [1.0], "deployedRange": ["+1 to +3"], "deployedPerWeek": [2.0]})
    labels = [
        column.label.replace("\u00a0", " ") for column in tables.PACES.on_screen(rows, estimated=estimated).columns
    ]
    assert labels == ["Sold a week", *named]


def test_a_workbook_has_the_days_of_the_target_as_dates():
    paces = pd.DataFrame({"targetReached": ["2027-03-04", None], "targetEarliest": ["2027-01-09", None]})
    paces = paces.assign(targetLatest=pd.Series([None, None], dtype="str"))
    days = tables.in_days(paces)
    assert days["targetReached"].iloc[0] == datetime(2027, 3, 4, tzinfo=UTC)
    described = tables.PACES_FILE.described(days.columns)
    arrow = csv_files.arrow(days)
    for column in described:
        cells = Cells.of(column, arrow[column.name])
        assert (cells.is_instant, cells.look["num_format"]) == (True, "yyyy-mm-dd")


def test_no_column_has_the_definition_of_another_one():
    helps = [column.help for column in tables.PACES_FILE.columns if column.help]
    assert len(helps) == len({*helps})
