"""Summary files are put together while others read, write and remove: what is kept stays, what was pruned does not."""

from datetime import timedelta

import pytest

from data_access import HistoryError
from data_access.history.run_log import Run, Tried
from data_access.history.store import Store
from data_access.partner_center.catalog import DEPLOYMENT, USAGE
from tests.damage import flipped
from tests.data_access.history.keeping import numbers, sold
from tests.lakes import NOW, fetched, lake


def test_a_reader_opens_few_files_however_many_there_are(tmp_path):
    history = lake(tmp_path, loose_files=4)
    for number in range(14):
        history.append(sold(number))
    opened: list[str] = []

    class Watched(Store):
        def read(self, path, size=None):
            opened.append(path)
            return super().read(path, size)

    assert numbers(lake(tmp_path, store=Watched)) == list(range(14))
    assert len(opened) <= 1 + 4
    assert len(list((tmp_path / "small" / "deployment").glob("0*.parquet"))) == 14, "nothing is removed by surprise"


def test_compact_changes_nothing_that_can_be_read(tmp_path):
    history = lake(tmp_path, loose_files=4)
    for number in range(7):
        history.append(sold(number))
        history.record(Run(started=NOW, outcomes={DEPLOYMENT.name: Tried(at=NOW + timedelta(minutes=number))}))
    history.append(fetched(USAGE, [{}]))
    reader = lake(tmp_path)
    snapshots, summary, standing = reader.snapshots(DEPLOYMENT), reader.summary(DEPLOYMENT), reader.standing()
    lake(tmp_path).compact()
    assert len(list(tmp_path.glob("small/**/*.parquet"))) == 2
    assert len(list(tmp_path.glob("runs/*"))) == 1
    after = lake(tmp_path)
    assert (after.snapshots(DEPLOYMENT), after.standing()) == (snapshots, standing)
    assert after.summary(DEPLOYMENT).equals(summary)
    assert not after.verify(reread=True).findings
    assert len(reader.facts(snapshots).paths) == 7, "a reader that opened it before can go on"
    assert not after.append(sold(99)).again
    after.compact()
    assert numbers(lake(tmp_path)) == [*range(7), 99]


def test_what_is_kept_while_files_are_put_together_stays(tmp_path):
    history = lake(tmp_path)
    for number in range(3):
        history.append(sold(number))
    before = lake(tmp_path)
    lake(tmp_path).append(sold(77))
    before.compact()
    before.prune(before.old(1))
    assert numbers(lake(tmp_path)) == [0, 1, 2, 77]


def test_figures_that_came_back_stay_though_those_between_cannot_be_read_at_the_moment(tmp_path):
    history = lake(tmp_path)
    for number in (1, 2, 1):
        history.append(sold(number))
    between = next((tmp_path / "small" / "deployment").glob("00000002-*"))
    content = between.read_bytes()
    flipped(between)
    lake(tmp_path).compact()
    between.write_bytes(content)
    assert numbers(lake(tmp_path)) == [1, 2, 1]


@pytest.mark.parametrize("later", ["collect", "compact", "prune"])
def test_what_was_pruned_does_not_come_back_with_a_program_that_began_before(later, tmp_path):
    history = lake(tmp_path)
    for number in range(4):
        history.append(sold(number))
    long_run = lake(tmp_path, loose_files=0)
    other = lake(tmp_path)
    other.prune(other.snapshots(DEPLOYMENT)[:2])
    match later:
        case "collect":
            long_run.append(sold(9))
        case "compact":
            long_run.compact()
        case "prune":
            long_run.prune(long_run.snapshots(DEPLOYMENT)[:1])
    assert numbers(lake(tmp_path)) == [2, 3, *([9] if later == "collect" else [])]
    assert not lake(tmp_path).verify().findings


@pytest.mark.parametrize("later", ["collect", "compact"])
def test_a_pack_made_of_files_that_another_program_replaced_meanwhile_is_taken_back(later, tmp_path):
    class Overtaken(Store):
        def put(self, path, content):
            if "/pack-" in path:
                other = lake(tmp_path)
                other.prune(other.snapshots(DEPLOYMENT)[:2])
            super().put(path, content)

    history = lake(tmp_path)
    for number in range(4):
        history.append(sold(number))
    if later == "collect":
        lake(tmp_path, store=Overtaken, loose_files=0).append(sold(9))
    else:
        with pytest.raises(HistoryError, match=r"Another program .* Run it again"):
            lake(tmp_path, store=Overtaken).compact()
    assert numbers(lake(tmp_path)) == [2, 3, *([9] if later == "collect" else [])]
    assert not lake(tmp_path).verify().findings


def test_a_reader_looks_again_when_files_are_put_together_under_its_eyes(tmp_path):
    history = lake(tmp_path)
    for number in range(3):
        history.append(sold(number))
    listings: list[str] = []

    class Overtaken(Store):
        def finished(self, folder):
            found = super().finished(folder)
            listings.append(folder)
            if len(listings) == 1:
                lake(tmp_path).compact()
            return found

    assert numbers(lake(tmp_path, store=Overtaken)) == [0, 1, 2]


def test_a_reader_looks_again_when_its_listing_came_too_early_for_one_pack_and_too_late_for_the_other(tmp_path):
    history = lake(tmp_path)
    for number in range(3):
        history.append(sold(number))
    history.compact()
    listings: list[str] = []

    class MissingBoth(Store):
        def finished(self, folder):
            listings.append(folder)
            return super().finished(folder) if len(listings) > 1 else []

    assert numbers(lake(tmp_path, store=MissingBoth)) == [0, 1, 2]
