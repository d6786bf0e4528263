"""The sample partner's history: a year when it is first prepared, and the weeks since then each time after that."""

from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from data_access import Settings, history
from data_access.__main__ import main
from data_access.datasets import renewals, timeline
from data_access.history import live
from data_access.partner_center.catalog import COMMERCIAL_USAGE, DEPLOYMENT, LIVE, SEATS, WITHOUT_CUSTOMER
from tests.lakes import NOW, Clock, sample_of

pytestmark = pytest.mark.program

ALL = [collection.name for collection in WITHOUT_CUSTOMER]


def counts(settings):
    """How many snapshots there are of each collection."""
    sample = history.open(settings)
    return [len(sample.snapshots(name)) for name in ALL]


def test_it_is_a_year_with_a_story():
    settings = Settings()  # so that it is the year that is made once for all tests
    history.prepare_sample(settings)
    assert counts(settings) == [53, 53, 14, 14]
    sample = history.open(settings)
    assert {snapshot.source for name in ALL for snapshot in sample.snapshots(name)} == {"Sample data"}
    days = [snapshot.day for snapshot in sample.snapshots(DEPLOYMENT)]
    assert (days[-1] - days[0]).days == 364
    history.prepare_sample(settings)
    assert history.open(settings).snapshots(DEPLOYMENT) == sample.snapshots(DEPLOYMENT)
    silent = sample.summary(DEPLOYMENT).to_pandas().query("service == 'mip'")["processedDateTime"].drop_duplicates()
    assert silent.diff().max() > timedelta(days=30), "for a month Microsoft did not process it anew"
    customers = [set(_customers(sample, snapshot)) for snapshot in sample.snapshots(COMMERCIAL_USAGE)]
    assert len(customers[0] - customers[-1]) == 1, "one has left"
    assert len(customers[-1] - customers[0]) == 1, "one has joined"


def test_the_year_has_customers_subscriptions_and_seats_of_each_half():
    settings = Settings()
    history.prepare_sample(settings)
    sample = history.open(settings)
    assert [len(sample.snapshots(collection)) for collection in LIVE] == [2, 3, 3], (
        "of customers, the same list is kept once"
    )
    newest = {collection.name: live.rows(sample, sample.snapshots(collection)[-1]) for collection in LIVE}
    assert set(newest["subscriptions"]["customerTenantId"]) <= set(newest["customers"]["customerTenantId"])
    assert newest["subscriptions"]["productId"].notna().mean() > 0.9
    newest_seats = sample.newest(SEATS)
    assert newest_seats
    assert len(sample.of_customers(newest_seats).refused) == 1, "one gives no role"
    older = live.rows(sample, sample.snapshots(SEATS)[0])
    assert older["consumedUnits"].sum() < newest["seats"]["consumedUnits"].sum()


def test_its_subscriptions_are_matched_as_those_that_are_fetched_now():
    settings = Settings()
    history.prepare_sample(settings)
    kept = renewals.kept(history.open(settings)).subscriptions
    assert {*kept.loc[kept["productId"].isna(), "offerName"]} == {"Azure Plan", "Lantern Backup for Microsoft 365"}


def test_weeks_later_the_last_one_is_read_of_each_customer(tmp_path):
    settings, clock = sample_of(tmp_path, NOW), Clock()
    for passed, expected in ((6, 1), (1, 2), (22, 3)):
        clock.forward(days=passed)
        history.prepare_sample(settings, clock)
        assert len(history.open(settings).snapshots(SEATS)) == expected


def _customers(sample, snapshot):
    (path,) = sample.facts([snapshot]).paths
    return pq.read_table(path, columns=["customerTenantId"])["customerTenantId"].to_pylist()


# As weeks pass


def test_it_grows_by_the_weeks_that_have_passed(tmp_path):
    settings, clock = sample_of(tmp_path, NOW), Clock()
    for passed, expected in ((6, [1, 1, 1, 1]), (2, [2, 2, 1, 1]), (0, [2, 2, 1, 1]), (21, [5, 5, 2, 2])):
        clock.forward(days=passed)
        history.prepare_sample(settings, clock)
        assert counts(settings) == expected


def test_pages_see_it_grow(tmp_path):
    settings = sample_of(tmp_path, datetime.now(UTC) - timedelta(days=8))
    past = timeline.fetch(settings, None, lambda _: None)
    assert len(past.history.snapshots(DEPLOYMENT)) == 2
    assert timeline.fetch(settings, past, lambda _: None) is past, "it has been a moment, and no week"


@pytest.mark.parametrize("command", ["status", "verify", "compact", "prune --keep-days 300", "collect"])
def test_each_command_sees_it_grown(command, tmp_path, monkeypatch, capsysbinary):
    settings = sample_of(tmp_path, datetime.now(UTC) - timedelta(days=8))
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    assert main(command.split()) == 0
    assert capsysbinary.readouterr().out
    assert counts(settings) == ([3, 3, 2, 2] if command == "collect" else [2, 2, 1, 1])
