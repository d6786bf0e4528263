"""Months of facts in one file: which are due, that every row is in it once, and how the history uses it."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from data_access import HistoryError
from data_access.history.history import History
from data_access.history.index import PACK, Index
from data_access.history.leftovers import GRACE
from data_access.history.monthly import content, finished, merged
from data_access.history.snapshot import Snapshot, facts, table
from data_access.history.store import Store
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.damage import DAMAGES, KilledBeforeCommit, flipped
from tests.lakes import NOW, Clock, fetched, files, lake
from tests.rows import frame_of

pytestmark = pytest.mark.program


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
    snapshots = [Snapshot.model_construct(day=date.fromisoformat(day)) for day in days]  # type: ignore[call-arg]  # days alone count
    months = finished(snapshots, date.fromisoformat(today))
    assert [month.isoformat() for month in months] == due
    assert all(snapshot.day.replace(day=1) == month for month, several in months.items() for snapshot in several)


def written(folder, number, rows):
    path = folder / f"{number}.parquet"
    made = table(facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, rows)), f"{number:08}", NOW)
    pq.write_table(made, path, store_schema=False)
    return str(path)


def test_groups_of_rows_are_small_so_that_a_book_passes_over_what_lies_between_its_customers(tmp_path):
    day = [{"customerTenantId": f"T{number % 100:02}", "productName": f"P{number}"} for number in range(9_000)]
    paths = [written(tmp_path, number, day) for number in (1, 2)]
    made = pq.ParquetFile(content(fs.LocalFileSystem(), paths, ["1", "2"]))
    groups = [made.metadata.row_group(number).num_rows for number in range(made.num_row_groups)]
    assert sum(groups) == 18_000
    assert max(groups) <= 2**14


@pytest.mark.parametrize("rows_at_a_time", [1, 3, 7, 1000])
def test_every_row_is_there_once_by_customer_and_in_the_order_of_keeping(rows_at_a_time, tmp_path):
    crowd = [{"customerTenantId": f"T{number % 5}", "productName": f"P{number}"} for number in range(11)]
    newcomer = {"customerTenantId": "T9", "fieldOfTomorrow": "x"}
    paths = [written(tmp_path, 1, crowd), written(tmp_path, 2, []), written(tmp_path, 3, [*crowd[3:], newcomer])]
    rows = pa.concat_tables(merged(fs.LocalFileSystem(), paths, rows_at_a_time))
    assert rows.num_rows == 11 + 9
    assert rows.column_names[:2] == ["snapshot", "fetchedAt"]
    assert rows["fieldOfTomorrow"].drop_null().to_pylist() == ["x"]
    ordered = rows.select(["customerTenantId", "snapshot"]).to_pylist()
    assert ordered == sorted(ordered, key=lambda row: (row["customerTenantId"], row["snapshot"]))
    for number, path in ((1, paths[0]), (3, paths[2])):
        mine = rows.filter(pc.equal(rows["snapshot"], f"{number:08}"))
        own = pq.read_table(path)
        assert mine.select(own.column_names).sort_by("productName").equals(own.sort_by("productName"))


# In the history


def days_of(folder, *days, customers=(1, 2), clock=None):
    """Commercial figures of some days of October; the number of licenses sold is the day."""
    rows = [commercial(customer, day) for day in days for customer in customers]
    for day in days:
        at = datetime(2026, 10, day, 6, tzinfo=UTC)
        mine = [row for row in rows if row["licensesSold"] == day]
        lake(folder, clock or Clock(at)).append(fetched(COMMERCIAL_DEPLOYMENT, mine, at=at))


def commercial(customer, sold):
    return {"customerTenantId": f"{customer:08X}-B14E-4888-967B-CA4BB2CF1234", "licensesSold": sold}


def months_of(folder):
    return [path for path in files(folder) if path.startswith("months/")]


def test_a_month_that_is_over_is_put_into_one_file_by_customer(tmp_path):
    days_of(tmp_path, 1, 8, 31)
    history = lake(tmp_path, Clock(datetime(2026, 11, 1, tzinfo=UTC)))
    snapshots = history.snapshots(COMMERCIAL_DEPLOYMENT)
    assert history.compact().months == 1
    (path,) = months_of(tmp_path)
    assert path.startswith("months/commercial-deployment/month=2026-10/")
    rows = pq.read_table(tmp_path / path, columns=["customerTenantId", "snapshot", "licensesSold"]).to_pandas()
    assert list(rows["customerTenantId"].str[:8]) == ["00000001"] * 3 + ["00000002"] * 3
    assert list(rows["licensesSold"]) == [1, 8, 31, 1, 8, 31]
    assert list(rows["snapshot"]) == [snapshot.id for snapshot in snapshots] * 2
    named = json.loads(pq.read_metadata(tmp_path / path).metadata[b"snapshots"])
    assert named == [snapshot.id for snapshot in snapshots], "it says whose rows it has"
    history = lake(tmp_path, Clock())
    after = history.snapshots(COMMERCIAL_DEPLOYMENT)
    assert history.by_customer(after).paths == (str(tmp_path / path),)
    days = tuple(str(tmp_path / snapshot.facts) for snapshot in snapshots)
    assert history.facts(after).paths == days, "each day is still there"
    verified = history.verify(reread=True)
    assert (verified.findings, verified.files) == ((), 3 + 3 + 1 + 1)
    assert lake(tmp_path, Clock()).compact().months == 0, "there is nothing left to do"


def test_a_month_that_goes_on_stays_as_it_is(tmp_path):
    days_of(tmp_path, 1, 8, 15)
    assert lake(tmp_path, Clock(datetime(2026, 10, 31, 23, tzinfo=UTC))).compact().months == 0
    assert not months_of(tmp_path)


def test_what_is_not_in_a_months_file_is_read_from_its_own(tmp_path):
    days_of(tmp_path, 1, 8)
    later = Clock()
    lake(tmp_path, later).compact()
    days_of(tmp_path, 9, clock=later)
    lake(tmp_path, later).append(fetched(COMMERCIAL_DEPLOYMENT, [commercial(1, 11)], at=later.now))
    history = lake(tmp_path, later)
    snapshots = history.snapshots(COMMERCIAL_DEPLOYMENT)
    (month,) = months_of(tmp_path)
    assert history.by_customer(snapshots).paths == tuple(
        str(tmp_path / path) for path in (month, snapshots[2].facts, snapshots[3].facts)
    )
    assert history.compact().months == 1
    assert months_of(tmp_path) != [month], "another file, and the old one is gone"
    assert len(months_of(tmp_path)) == 1
    history = lake(tmp_path, later)
    assert len(history.by_customer(history.snapshots(COMMERCIAL_DEPLOYMENT)).paths) == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_months_file_that_is_damaged_is_not_used_and_made_again(damage, tmp_path):
    days_of(tmp_path, 1, 8)
    lake(tmp_path).compact()
    (month,) = months_of(tmp_path)
    damage(tmp_path / month)
    history = lake(tmp_path)
    snapshots = history.snapshots(COMMERCIAL_DEPLOYMENT)
    assert [finding.path for finding in history.verify().findings] == [month]
    assert history.by_customer(snapshots) == history.facts(snapshots)
    assert not history.by_customer(snapshots).notices, "nothing is missing"
    assert history.compact().months == 1
    assert not lake(tmp_path).verify().findings


def test_a_day_that_is_damaged_is_not_put_into_its_month(tmp_path):
    days_of(tmp_path, 1, 8, 9)
    first = lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)[0]
    flipped(tmp_path / first.facts)
    assert lake(tmp_path).compact().months == 1
    history = lake(tmp_path)
    rows = history.by_customer(history.snapshots(COMMERCIAL_DEPLOYMENT))
    assert [Path(path).parts[-4] for path in rows.paths] == ["months"]
    assert len(rows.notices) == 1
    assert lake(tmp_path).compact().months == 0


def test_what_is_pruned_is_in_no_months_file_either(tmp_path):
    days_of(tmp_path, 1, 8, 15)
    lake(tmp_path).compact()
    history = lake(tmp_path)
    history.prune(history.old(44))
    history = lake(tmp_path)
    left = history.snapshots(COMMERCIAL_DEPLOYMENT)
    assert [snapshot.day.day for snapshot in left] == [15]
    assert not months_of(tmp_path)
    assert history.by_customer(left) == history.facts(left)
    assert not history.verify().findings


def test_a_month_put_together_twice_at_once_is_there(tmp_path):
    days_of(tmp_path, 1, 8)
    first, second = lake(tmp_path), lake(tmp_path)
    first.compact()
    second.compact()
    history = lake(tmp_path)
    assert len(history.by_customer(history.snapshots(COMMERCIAL_DEPLOYMENT)).paths) == 1
    assert not history.verify().findings


@pytest.fixture
def overtaken(tmp_path):
    """A month was put together; then a run that had begun before packed what it knew: all days but the 9th."""
    days_of(tmp_path, 1, 8)
    long_run = Index(Store(str(tmp_path)), Clock())
    known, rows = list(long_run.snapshots.values()), long_run.rows(COMMERCIAL_DEPLOYMENT.name)
    days_of(tmp_path, 9)
    lake(tmp_path).compact()
    for day in (2, 3, 4):
        at = datetime(2026, 11, day, tzinfo=UTC)
        lake(tmp_path).append(fetched(COMMERCIAL_DEPLOYMENT, [commercial(1, 100 + day)], at=at))
    long_run.commit(PACK + Index(Store(str(tmp_path)), Clock()).new_id(), known, rows)
    snapshots = lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)
    assert [bool(snapshot.month) for snapshot in snapshots if snapshot.day.month == 10] == [False, False, True]
    return tmp_path


def test_no_row_is_read_twice_from_a_month_that_a_longer_run_knew_nothing_of(overtaken):
    history = lake(overtaken)
    snapshots = history.snapshots(COMMERCIAL_DEPLOYMENT)
    assert history.by_customer(snapshots) == history.facts(snapshots)
    assert history.compact().months == 1
    history = lake(overtaken)
    assert len(history.by_customer(history.snapshots(COMMERCIAL_DEPLOYMENT)).paths) == 1 + 3
    assert not history.verify().findings


def test_what_is_pruned_is_in_no_months_file_that_another_day_names(overtaken):
    history = lake(overtaken)
    history.prune(history.old(52))
    left = lake(overtaken).snapshots(COMMERCIAL_DEPLOYMENT)
    assert [snapshot.day.day for snapshot in left if snapshot.day.month == 10] == [8, 9]
    assert not months_of(overtaken)


def test_a_day_that_was_damaged_later_is_not_read_from_a_month_that_was_made_anew(tmp_path):
    days_of(tmp_path, 1, 8, 9)
    lake(tmp_path).compact()
    flipped(tmp_path / lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)[0].facts)
    days_of(tmp_path, 15)
    assert lake(tmp_path).compact().months == 1
    assert len(months_of(tmp_path)) == 1
    history = lake(tmp_path)
    assert len(history.by_customer(history.snapshots(COMMERCIAL_DEPLOYMENT)).paths) == 1
    assert lake(tmp_path).compact().months == 0


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_pack_that_cannot_be_read_again_is_an_error_in_words(damage, tmp_path):
    class Failing(Store):
        def put(self, path, content):
            super().put(path, content)
            if "pack-" in path:
                damage(tmp_path / path)

    days_of(tmp_path, 1, 8)
    with pytest.raises(HistoryError, match=r"[Rr]un it again"):
        lake(tmp_path, store=Failing).compact()
    assert len(lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)) == 2


class Vanishing(Store):
    """A folder from which another program removes the facts as soon as they have been read once."""

    def read(self, path, size=None):
        content = super().read(path, size)
        if path.startswith("facts/"):
            self.delete(path)
        return content


def test_a_day_that_goes_while_its_month_is_put_together_is_no_crash(tmp_path):
    days_of(tmp_path, 1, 8)
    with pytest.raises(HistoryError, match="cannot be used"):
        History(Vanishing(str(tmp_path)), "test", Clock()).compact()
    assert not months_of(tmp_path)
    assert len(lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)) == 2


def test_a_months_file_without_a_record_is_swept(tmp_path):
    days_of(tmp_path, 1, 8)
    with pytest.raises(KeyboardInterrupt):
        lake(tmp_path, store=KilledBeforeCommit).compact()
    assert len(months_of(tmp_path)) == 1
    assert lake(tmp_path, Clock(datetime.now(UTC) + 2 * GRACE)).leftovers.sweep().removed == 1
    assert not months_of(tmp_path)
    assert not lake(tmp_path).verify().findings
