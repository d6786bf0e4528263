"""Files of the history that are not what was written: named, left out, and never the ground for a removal."""

import shutil
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.history import store
from data_access.history.leftovers import GRACE
from data_access.partner_center.catalog import DEPLOYMENT
from tests.damage import DAMAGES, flipped
from tests.data_access.history.keeping import TWO, keep, numbers, sold
from tests.lakes import Clock, fetched, files, lake


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A history of two answers."""
    folder = tmp_path_factory.mktemp("written") / "account"
    for number in (1, 2):
        lake(folder).append(sold(number))
    return folder


@pytest.fixture
def two(written, tmp_path):
    """A copy of it."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return lake(tmp_path)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["facts", "raw"])
def test_a_damaged_file_is_named_and_left_out(kind, damage, two, tmp_path):
    first, second = two.snapshots(DEPLOYMENT)
    damage(tmp_path / getattr(second, kind))
    history = lake(tmp_path)
    assert [finding.path for finding in history.verify().findings] == [getattr(second, kind)]
    facts = history.facts([first, second])
    whole = [first, second] if kind == "raw" else [first]
    assert list(facts.paths) == [str(tmp_path / snapshot.facts) for snapshot in whole]
    assert len(facts.notices) == 2 - len(whole)
    assert all("is left out" in notice for notice in facts.notices)
    assert numbers(history) == [1, 2], "by service and channel it is all there"


@pytest.mark.parametrize("damage", DAMAGES[:-1])
@pytest.mark.usefixtures("two")
def test_a_damaged_small_file_hides_its_snapshot_and_keeps_its_files_from_the_sweep(damage, tmp_path):
    path = sorted((tmp_path / "small" / "deployment").iterdir())[1]
    damage(path)
    clock = Clock(datetime.now(UTC) + 2 * GRACE)
    history = lake(tmp_path, clock)
    assert numbers(history) == [1]
    assert path.name in history.notices[0]
    assert [finding.path for finding in history.verify().findings] == [path.relative_to(tmp_path).as_posix()]
    assert history.leftovers.sweep().removed == 0
    history.compact()
    assert path.exists()
    assert len(list(tmp_path.glob("facts/**/*.parquet"))) == 2


def test_rows_whose_file_is_damaged_are_kept_anew_when_they_come_again(tmp_path):
    first = keep(tmp_path)
    flipped(tmp_path / first.facts)
    again = lake(tmp_path).append(fetched(DEPLOYMENT, TWO))
    assert not again.again
    history = lake(tmp_path)
    assert history.snapshots(DEPLOYMENT) == [again.snapshot]
    assert not history.facts(history.snapshots(DEPLOYMENT)).notices


def test_a_file_of_a_newer_program_is_left_alone(tmp_path):
    snapshot = keep(tmp_path)
    (path,) = (tmp_path / "small" / "deployment").iterdir()
    about = pq.read_metadata(path).metadata[b"snapshots"].replace(b'"format":1', b'"format":2')
    newer = pa.BufferOutputStream()
    pq.write_table(pq.read_table(path).replace_schema_metadata({"snapshots": about}), newer)
    path.unlink()
    path.with_name(store.sealed(snapshot.id, "parquet", newer.getvalue())).write_bytes(newer.getvalue())
    history = lake(tmp_path, Clock(datetime.now(UTC) + 2 * GRACE))
    assert history.is_empty
    assert "newer version" in history.notices[0]
    assert history.leftovers.sweep().removed == 0
    assert len(files(tmp_path)) == 3
