"""What the pages over time stand on, and what a page that stays open goes on standing on."""

from datetime import date

import pytest

from data_access import Settings, history, moments, timeline, trends
from data_access.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from data_access.emulator import Emulator
from data_access.sample import Partner
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

    def keep(sold, processed="2026-11-01", asked=None, **more):
        row = {"licensesSold": sold, "processedDateTime": f"{processed}T00:00:00Z", **more}
        if "licensesDeployed" in more:
            partner, collection = (
                Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [row])),
                COMMERCIAL_DEPLOYMENT,
            )
        else:
            partner, collection = Partner(deployment=rows_of(DEPLOYMENT, [row])), DEPLOYMENT
        answer = connect(Emulator(partner)).fetch(collection, keep_raw=True)
        history.open(settings).append(answer, asked=asked)

    return keep


def test_a_page_that_stays_open_goes_on_with_the_history_of_its_moment(settings, keep):
    keep(10)
    before = timeline.fetch(settings, None, QUIET)
    keep(20)
    after = timeline.fetch(settings, before, QUIET)
    assert [len(one.history.snapshots(DEPLOYMENT)) for one in (before, after)] == [1, 2]
    assert set(before.rows["snapshot"]) == {one.id for one in before.history.snapshots(DEPLOYMENT)}
    assert timeline.fetch(settings, after, QUIET) is after


def test_a_back_fill_is_no_day_and_no_point_of_all_together(settings, keep):
    keep(100, "2026-11-20", licensesDeployed=50)
    keep(3, "2026-11-01", asked=date(2026, 11, 1), licensesDeployed=1)
    found = timeline.fetch(settings, None, QUIET)
    assert found.collection is COMMERCIAL_DEPLOYMENT
    assert len(moments.days(found, COMMERCIAL_DEPLOYMENT)) == 1
    assert list(trends.lines(found.rows, [])["licensesSold"]) == [100]
    assert list(trends.lines(found.rows, ["service"])["licensesSold"]) == [3, 100]
