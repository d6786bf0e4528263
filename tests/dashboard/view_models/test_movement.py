"""How the figures of the Overview's tiles have moved, and which services are lost."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from dashboard import sentences
from dashboard.filters.parameters import TrendsFilters
from dashboard.view_models import changes, movement
from dashboard.view_models.trends import trends_view
from data_access import Deployment, Selection, measures
from data_access.datasets.comparison import Comparison
from data_access.partner_center.catalog import DEPLOYMENT
from tests.dashboard.weeks import BACK, FIRST, WEEK, in_channels, of_each_day, rows, timeline, weeks
from tests.lakes import fetched

pytestmark = pytest.mark.program

DAY = timedelta(days=1)


def standing(*answers):
    """What the Overview stands on: the figures of one answer, its rows by spelled service."""
    answer = fetched(DEPLOYMENT, [row for percents in answers for row in rows(FIRST + WEEK, percents)], FIRST + WEEK)
    return Deployment(answer, measures.facts(DEPLOYMENT, answer.frame))


@pytest.mark.parametrize("spelled", [["FOO"], [" Foo"], ["FOO", "Foo"]])
def test_a_service_that_is_spelled_otherwise_is_not_lost(spelled, tmp_path):
    kept = timeline(tmp_path, weeks({"foo": 50.0, "crm": 40.0}))
    now = standing({"crm": 40.0}, *({spelling: 60.0} for spelling in spelled))
    assert movement.lost(kept, now, Selection()) == ()
    moved = movement.moved(kept, now, Selection(), False)
    assert moved["deploymentPercent"].said[0] == "+"
    (gone,) = movement.lost(kept, standing({"crm": 40.0}), Selection())
    assert gone.title == "foo"


def test_what_is_gone_longer_than_a_pace_is_looked_at_is_missed_where_its_date_is_compared_with(tmp_path):
    later = FIRST + 20 * WEEK
    kept = timeline(tmp_path, weeks({"visio": 90.0, "crm": 40.0}))
    answer = fetched(DEPLOYMENT, rows(later, {"crm": 50.0}), later)
    now = Deployment(answer, measures.facts(DEPLOYMENT, answer.frame))
    assert [(one.title, one.on) for one in movement.lost(kept, now, Selection())] == [("Visio", FIRST)]
    assert movement.moved(kept, now, Selection(), False) == {}


def test_a_service_that_lost_a_channel_is_missed(tmp_path):
    kept = timeline(tmp_path, [*map(in_channels, range(6))])
    answer = in_channels(6, ("o365", "reseller"))()
    now = Deployment(answer, measures.facts(DEPLOYMENT, answer.frame))
    lost = [(one.title, one.sold) for one in movement.lost(kept, now, Selection())]
    assert lost == [("Microsoft 365 through Reseller", 1000)]
    assert movement.moved(kept, now, Selection(), False) == {}
    direct = Selection.of(["direct"])
    assert movement.lost(kept, now, direct) == ()
    assert movement.moved(kept, now, direct, False)["deploymentPercent"].said[0] == "±"


def test_the_overviews_tiles_compare_with_a_date_that_has_all_services(tmp_path):
    kept = of_each_day(tmp_path, *BACK[:2])
    answer = fetched(DEPLOYMENT, rows(FIRST + 16 * WEEK, {"o365": 61.0, "crm": 21.0}, 1000), FIRST + 16 * WEEK)
    moved = movement.moved(kept, Deployment(answer, measures.facts(DEPLOYMENT, answer.frame)), Selection(), False)
    assert moved["deploymentPercent"].said == "+1.00 points"
    assert moved["deploymentPercent"].since.date() == date(2026, 10, 25)


def test_a_date_that_went_back_beside_a_service_that_did_not_move_is_a_change(tmp_path):
    days = [datetime(2026, 11, day, 18, tzinfo=UTC) for day in (25, 26)]
    crm = rows(days[0], {"crm": 40.0}, 100)
    sent = [*rows(days[0], {"o365": 60.0}, 1000), *crm], [*rows(days[0] - 5 * DAY, {"o365": 50.0}, 1000), *crm]
    kept = timeline(tmp_path, [partial(fetched, DEPLOYMENT, answer, at) for answer, at in zip(sent, days, strict=True)])
    whole = trends_view(kept, TrendsFilters(), False).whole
    assert [round(percent, 2) for percent in whole.points["deploymentPercent"]] == [58.18, 49.09]
    said = sentences.direction(whole, None).replace("\u00a0", " ")
    assert said.startswith("**Falling: −9.09 points since 25 Nov 2026, to 49.09 %.**")
    first = timeline(tmp_path / "first", [partial(fetched, DEPLOYMENT, sent[0], days[0])])
    newest = fetched(DEPLOYMENT, sent[1], days[1])
    for past in (first, kept):
        now = Deployment(newest, measures.facts(DEPLOYMENT, newest.frame))
        assert movement.moved(past, now, Selection(), False)["deploymentPercent"].said == "−9.09 points"


def test_where_nothing_is_sold_any_more_there_is_no_change_of_the_percentage(tmp_path):
    kept = timeline(tmp_path, weeks({"o365": 50.0}))
    answer = fetched(DEPLOYMENT, rows(FIRST + WEEK, {"o365": 0.0}, sold=0), FIRST + WEEK)
    moved = movement.moved(kept, Deployment(answer, measures.facts(DEPLOYMENT, answer.frame)), Selection(), False)
    assert "deploymentPercent" not in moved
    assert moved["licensesSold"].said == "−100"


def test_one_change_and_one_loss_have_one_date_on_overview_trends_and_changes(tmp_path):
    processed, fetched_on, later = (datetime(2026, 11, day, 18, tzinfo=UTC) for day in (20, 21, 30))
    both = rows(processed, {"o365": 50.0, "crm": 10.0}, 1000)
    answers = {
        True: rows(later, {"o365": 90.0, "crm": 10.0}, 1000),
        False: rows(later, {"crm": 10.0}, 1000),
    }
    for is_whole, sent in answers.items():
        calls = [partial(fetched, DEPLOYMENT, *each) for each in ((both, fetched_on), (sent, later))]
        kept = timeline(tmp_path / str(is_whole), calls)
        answer = calls[1]()
        now = Deployment(answer, measures.facts(DEPLOYMENT, answer.frame))
        whole = trends_view(kept, TrendsFilters(), False).whole
        if is_whole:
            moved = movement.moved(kept, now, Selection(), False)["deploymentPercent"]
            assert whole.change
            assert moved.since.date() == whole.change.since.date() == fetched_on.date()
            continue
        asked = Comparison("service", fetched_on.date(), later.date())
        nobodys: Any = None  # of services the summaries tell all
        view = changes.changes_view(nobodys, kept, asked, Selection(), search="", dark=False)
        for lost in (movement.lost(kept, now, Selection()), whole.lost, view.lost):
            assert [(one.title, one.on.date()) for one in lost] == [("Microsoft 365", processed.date())]
