"""What was known on a day: the answers that a history had kept by then, and the datasets made of them."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from data_access import fetch_deployment, history
from data_access.datasets import timeline
from data_access.errors import DamagedHistory, HistoryError
from data_access.history.recorded import Recorded
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from data_access.settings import Settings
from tests.lakes import fetched, keep

FIRST, SECOND, THIRD = (datetime(2026, 9, day, 6, 30, tzinfo=UTC) for day in (1, 8, 15))


def quiet(_step):
    pass


@pytest.fixture
def account(tmp_path):
    deployed = [
        partial(fetched, DEPLOYMENT, [{"licensesSold": sold}], at)
        for at, sold in ((FIRST, 100), (SECOND, 200), (THIRD, 300))
    ]
    named = partial(fetched, COMMERCIAL_DEPLOYMENT, [{"customerName": "Nordwind"}], SECOND)
    keep({"HISTORY_URL": str(tmp_path)}, [*deployed, named])
    return history.open(Settings(history_url=str(tmp_path)))


@pytest.mark.parametrize(
    ("day", "sold", "at"),
    [
        (date(2026, 9, 1), 100, FIRST),
        (date(2026, 9, 7), 100, FIRST),
        (date(2026, 9, 8), 200, SECOND),
        (date(2027, 1, 1), 300, THIRD),
    ],
)
def test_the_last_answer_of_the_day_counts(day, sold, at, account):
    known = fetch_deployment(Recorded(account.until(day)), quiet)
    assert known.facts.frame["licensesSold"].tolist() == [sold]
    assert known.answer.fetched_at == at


def test_what_was_found_again_is_as_old_as_when_it_was_found(account):
    later = THIRD + timedelta(days=2)
    known = fetch_deployment(Recorded(account, {DEPLOYMENT.name: later}), quiet)
    assert known.fetched_at == later


def test_what_came_later_is_not_known_wherever_the_history_is_asked(account):
    then = account.until(date(2026, 9, 8))
    assert [snapshot.fetched_at for snapshot in then.snapshots(DEPLOYMENT)] == [FIRST, SECOND]
    assert len(then.summary(DEPLOYMENT)) == 2
    assert account.until(date(2026, 8, 31)).is_empty
    assert len(account.snapshots(DEPLOYMENT)) == 3  # the history itself stays as it is


def test_a_back_fill_is_known_from_the_day_of_its_fetch(account):
    account.append(fetched(DEPLOYMENT, [{"licensesSold": 50}], THIRD), backfill_date=date(2026, 8, 1))
    assert len(account.until(date(2026, 9, 8)).snapshots(DEPLOYMENT)) == 2
    assert len(account.until(date(2026, 9, 15)).snapshots(DEPLOYMENT)) == 4


def test_a_timeline_ends_with_the_day(account, tmp_path):
    past = timeline.fetch(Settings(history_url=str(tmp_path), partner_center_access_token="x"), None, quiet)
    assert past.history.is_empty  # of another account
    then = timeline.until(timeline.of(account), date(2026, 9, 8))
    assert then.newest
    assert then.newest.fetched_at == SECOND
    assert then.facts.frame["licensesSold"].tolist() == [100, 200]


def test_a_collection_that_was_not_kept_yet_is_named(account):
    with pytest.raises(HistoryError, match="nothing of Commercial licenses deployment that far back"):
        Recorded(account.until(date(2026, 9, 1))).fetch(COMMERCIAL_DEPLOYMENT, progress=quiet)


def test_a_damaged_answer_is_not_shown(account, tmp_path):
    (raw,) = [file for file in tmp_path.rglob("*.parquet") if {"raw", "deployment", "date=2026-09-01"} <= {*file.parts}]
    raw.write_bytes(b"other")
    with pytest.raises(DamagedHistory, match="2026-09-01"):
        Recorded(account.until(date(2026, 9, 1))).fetch(DEPLOYMENT, progress=quiet)


def test_the_first_day_is_that_of_the_first_fetch(account, tmp_path):
    assert account.first_day == date(2026, 9, 1)
    assert history.open(Settings(history_url=str(tmp_path / "none"))).first_day is None
