"""Months of facts in one file: which are due, and that every row of every customer is in it once."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from data_access import months
from data_access.catalog import COMMERCIAL_DEPLOYMENT
from data_access.months import finished, merged
from data_access.snapshot import facts, table
from tests.lakes import NOW
from tests.rows import frame_of


class Day:
    def __init__(self, day):
        self.day = date.fromisoformat(day)

    def __repr__(self):
        return str(self.day)


@pytest.mark.parametrize(
    ("days", "today", "due"),
    [
        ([], "2026-11-24", []),
        (["2026-10-01", "2026-10-31"], "2026-11-01", ["2026-10-01"]),
        (["2026-10-01", "2026-10-31"], "2026-10-31", []),
        (["2026-10-01", "2026-11-01", "2026-11-02"], "2027-01-01", ["2026-11-01"]),  # one day is in one file already
        (["2025-10-01", "2026-10-01", "2026-10-02", "2025-10-03"], "2027-01-01", ["2025-10-01", "2026-10-01"]),
    ],
)
def test_months_that_are_over_and_have_more_than_one_day_are_due(days, today, due):
    found = finished([Day(day) for day in days], date.fromisoformat(today))
    assert [month.isoformat() for month in found] == due
    assert all(one.day.replace(day=1) == month for month, ones in found.items() for one in ones)


def written(folder, number, rows):
    path = folder / f"{number}.parquet"
    made = table(facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, rows)), f"{number:08}", NOW)
    pq.write_table(made, path, store_schema=False)
    return str(path)


@pytest.mark.parametrize("at_a_time", [1, 3, 7, 1000])
def test_every_row_is_there_once_by_customer_and_in_the_order_of_keeping(at_a_time, tmp_path, monkeypatch):
    monkeypatch.setattr(months, "_AT_A_TIME", at_a_time)
    crowd = [{"customerTenantId": f"T{number % 5}", "productName": f"P{number}"} for number in range(11)]
    newcomer = {"customerTenantId": "T9", "fieldOfTomorrow": "x"}
    paths = [written(tmp_path, 1, crowd), written(tmp_path, 2, []), written(tmp_path, 3, [*crowd[3:], newcomer])]
    found = pa.concat_tables(merged(fs.LocalFileSystem(), paths))
    assert found.num_rows == 11 + 9
    assert found.column_names[:2] == ["snapshot", "fetchedAt"]
    assert found["fieldOfTomorrow"].drop_null().to_pylist() == ["x"]
    ordered = found.select(["customerTenantId", "snapshot"]).to_pylist()
    assert ordered == sorted(ordered, key=lambda row: (row["customerTenantId"], row["snapshot"]))
    for number, path in ((1, paths[0]), (3, paths[2])):
        mine = found.filter(pc.equal(found["snapshot"], f"{number:08}"))
        own = pq.read_table(path)
        assert mine.select(own.column_names).sort_by("productName").equals(own.sort_by("productName"))
