"""The table and the files of lines over time; what they are filled with is in screens/test_trends.py."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from dashboard.tables import trends as tables
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
