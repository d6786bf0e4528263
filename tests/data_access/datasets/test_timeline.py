"""What the pages over time stand on, and what a page that stays open goes on standing on."""

from datetime import UTC, date, datetime

import pytest

from data_access import Settings, history
from data_access.datasets import comparison, timeline
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.history.engines import DuckDB
from data_access.history.snapshot import Owner
from data_access.measures import trends
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests import lakes
from tests.damage import flipped
from tests.rows import rows_of

QUIET = lambda _step: None  # noqa: E731 - nobody listens


@pytest.fixture
def settings(tmp_path):
    return Settings(
        history_url=str(tmp_path), partner_center_access_token="x", partner_center_base_url="http://localhost"
    )


@pytest.fixture
def keep(connect, settings):
    """Keep one answer about partner deployment, or about customers where it is asked for a day."""

    def keep(sold, processed="2026-11-01", backfill_date=None, **more):
        row = {"licensesSold": sold, "processedDateTime": f"{processed}T00:00:00Z", **more}
        if "licensesDeployed" in more:
            partner, collection = (
                Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [row])),
                COMMERCIAL_DEPLOYMENT,
            )
        else:
            partner, collection = Partner(deployment=rows_of(DEPLOYMENT, [row])), DEPLOYMENT
        answer = connect(Emulator(partner)).fetch(collection, keep_raw=True)
        history.open(settings).append(answer, backfill_date=backfill_date)

    return keep


def test_a_page_that_stays_open_goes_on_with_the_history_of_its_moment(settings, keep):
    keep(10)
    before = timeline.fetch(settings, None, QUIET)
    keep(20)
    after = timeline.fetch(settings, before, QUIET)
    assert [len(one.history.snapshots(DEPLOYMENT)) for one in (before, after)] == [1, 2]
    assert set(before.facts.frame["snapshot"]) == {one.id for one in before.history.snapshots(DEPLOYMENT)}
    assert timeline.fetch(settings, after, QUIET) is after


def test_an_answer_about_another_collection_is_news_too(settings, keep):
    keep(10)
    before = timeline.fetch(settings, None, QUIET)
    keep(20, licensesDeployed=5)
    after = timeline.fetch(settings, before, QUIET)
    assert after.snapshots != before.snapshots
    assert after.processed == before.processed == (datetime(2026, 11, 1, tzinfo=UTC),) * 2


def test_a_back_fill_is_no_day_and_no_point_of_all_together(settings, keep):
    keep(100, "2026-11-20", licensesDeployed=50)
    keep(3, "2026-11-01", backfill_date=date(2026, 11, 1), licensesDeployed=1)
    found = timeline.fetch(settings, None, QUIET)
    assert found.collection is COMMERCIAL_DEPLOYMENT
    assert len(comparison.days_of(found, COMMERCIAL_DEPLOYMENT)) == 1
    assert list(trends.lines(found.facts, [])["licensesSold"]) == [100]
    assert list(trends.lines(found.facts, ["service"])["licensesSold"]) == [3, 100]


def test_one_customers_line_is_its_own(settings, keep):
    mine, other = "AAAAAAAA-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"
    for sold, day, customer in ((100, 1, mine), (100, 1, other), (100, 2, mine), (120, 8, mine)):
        keep(sold, f"2026-11-{day:02}", licensesDeployed=60, customerTenantId=customer)
    keep(7, "2026-10-01", backfill_date=date(2026, 10, 1), licensesDeployed=1, customerTenantId=mine)
    past = timeline.fetch(settings, None, QUIET)
    found = timeline.of_customer(past, DuckDB(), mine.lower())
    assert list(trends.lines(found.facts, [])["deploymentPercent"]) == [60, 60, 50]
    assert list(trends.lines(found.facts, ["service"])["licensesSold"]) == [7, 100, 100, 120]
    assert (found.collection, found.estimated, found.notices) == (COMMERCIAL_DEPLOYMENT, False, ())
    assert timeline.of_customer(past, DuckDB(), "nobody").facts.frame.empty


def test_a_day_that_was_kept_anew_since_its_month_was_put_together_counts_once(settings, tmp_path):
    folder = tmp_path / history.account(settings)
    owner = Owner(account=folder.name, source="test", address=None)
    mine = "AAAAAAAA-0000-4000-8000-000000000001"

    def keep(sold, day):
        row = {"customerTenantId": mine, "licensesSold": sold, "processedDateTime": f"2026-10-{day:02}T00:00:00Z"}
        at = datetime(2026, 10, day, tzinfo=UTC)
        return lakes.lake(folder, owner=owner).append(lakes.fetched(COMMERCIAL_DEPLOYMENT, [row], at)).snapshot

    keep(101, 1)
    damaged = keep(102, 2)
    lakes.lake(folder, owner=owner).compact()
    flipped(folder / damaged.facts)
    instead = keep(102, 2)
    past = timeline.fetch(settings, None, QUIET)
    assert len(past.history.by_customer(past.history.snapshots(COMMERCIAL_DEPLOYMENT)).paths) == 2, "month and day"
    rows = timeline.of_customer(past, DuckDB(), mine).facts.frame
    assert list(rows["licensesSold"]) == [101, 102]
    assert damaged.id != instead.id == rows["snapshot"].iloc[-1]
