"""What the page Trends shows: its lines in order, and the file of their points."""

import csv
import io
import json
from datetime import timedelta
from functools import partial

import pandas as pd
import pytest

from dashboard.filters.parameters import TrendsFilters
from dashboard.view_models.trends import trends_view
from data_access import csv_files, open_timeline
from data_access.measures.trends import Projection, Refusal, Velocity
from data_access.partner_center.catalog import DEPLOYMENT
from data_access.settings import load
from tests.dashboard.weeks import FIRST, account, in_channels, rows, slowly, timeline, weeks
from tests.lakes import fetched

pytestmark = pytest.mark.program


def test_the_files_hold_every_point_of_the_lines(tmp_path):
    found = trends_view(timeline(tmp_path, slowly(5)), TrendsFilters(), False)
    read = list(csv.DictReader(io.StringIO(csv_files.exact(found.points).decode())))
    assert [row["line"] for row in read] == ["all together"] * 5 + ["service"] * 10
    assert {row["licensesDeployedEstimated"] for row in read if row["service"] == "crm"} == {"40.0"}
    whole = [float(row["deploymentPercent"]) for row in read if not row["service"]]
    assert whole == [45.0, 45.5, 46.0, 46.5, 47.0]


def test_what_has_no_date_in_the_range_is_counted(tmp_path):
    old = FIRST - timedelta(weeks=30)
    gone = partial(fetched, DEPLOYMENT, rows(old, {"teams": 50.0}), old)
    kept = timeline(tmp_path, [gone, *slowly(3)])
    long, short = (trends_view(kept, TrendsFilters(range=chosen), False) for chosen in ("all", "3m"))
    assert (len(long.lines), long.outside) == (3, 0)
    assert (len(short.lines), short.outside) == (2, 1)


def test_the_file_of_points_has_both_answers_of_the_first_date_and_paces_are_of_the_later_one(tmp_path):
    answers = weeks(*({"ems": percent} for percent in (50.0, 52.0, 53.0, 54.0)))
    revised = partial(fetched, DEPLOYMENT, rows(FIRST, {"ems": 51.0}), FIRST + timedelta(days=3))
    found = trends_view(timeline(tmp_path, [answers[0], revised, *answers[1:]]), TrendsFilters(range="all"), False)
    (line,) = found.lines
    assert [*line.points["deploymentPercent"]] == [50.0, 51.0, 52.0, 53.0, 54.0]
    assert line.change
    assert line.change.percent == 4.0, "as on Changes"
    counted = line.points.drop_duplicates("asOf", keep="last")
    assert [*counted["deploymentPercent"]] == [51.0, 52.0, 53.0, 54.0]
    assert isinstance(line.pace, Velocity)
    assert (line.pace.points, line.pace.deployed) == (len(counted), 1.0)
    assert [*found.paces["processingDates"]] == [4, 4]


LOST = "Microsoft 365 through Reseller"


def test_a_service_that_lost_a_channel_is_not_the_sum_that_it_was(tmp_path):
    kept = timeline(tmp_path, [*map(in_channels, range(6)), in_channels(6, ("o365", "reseller"))])
    found = trends_view(kept, TrendsFilters(), False)
    assert [(one.title, one.sold) for one in found.whole.lost] == [(LOST, 1000)]
    o365, crm = sorted(found.lines, key=lambda line: line.key, reverse=True)
    assert [one.title for one in o365.lost] == [LOST]
    for line in (found.whole, o365):
        assert (line.change, line.pace, line.goal) == (None, Refusal.NOT_WHOLE, Refusal.NOT_WHOLE)
    assert crm.lost == ()
    assert crm.change is not None
    in_file = [json.loads(one) for one in found.points["without"] if one]
    assert in_file == [[{"service": "o365", "channel": "reseller"}]] * 2, "as it was sent"
    one = trends_view(kept, TrendsFilters(service=("o365",)), False).whole
    assert (one.goal, [part.title for part in one.lost]) == (Refusal.NOT_WHOLE, [LOST])
    without_it = trends_view(kept, TrendsFilters(channel=("direct",)), False).whole
    assert (without_it.lost, without_it.goal) == ((), Refusal.REACHED)


def test_the_newest_processing_date_is_that_of_what_is_shown_and_no_day_of_a_fetch(tmp_path):
    older = partial(fetched, DEPLOYMENT, rows(FIRST, {"o365": 52.0, "crm": 40.0}), FIRST + timedelta(weeks=5))
    found = trends_view(timeline(tmp_path, [*slowly(3), older]), TrendsFilters(), False)
    assert found.whole.points["asOf"].iloc[-1] == FIRST + timedelta(weeks=5)
    assert found.processed == FIRST + timedelta(weeks=2)


def test_a_date_that_lacks_a_channel_is_not_compared(tmp_path):
    kept = timeline(tmp_path, [in_channels(0), in_channels(1, ("o365", "reseller")), *map(in_channels, (2, 3, 4, 5))])
    found = trends_view(kept, TrendsFilters(service=("o365",)), False)
    for line in (found.whole, *found.lines):
        assert list(line.points["without"]) == ["", LOST, "", "", "", ""]
        assert line.lost == ()
        assert isinstance(line.pace, Velocity)
        assert line.pace.points == 5
        assert line.change is not None
        assert line.change.percent == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("order", "keys"),
    # By name: Dynamics 365, Entra ID, Microsoft 365.
    [("gap", ["o365", "crm", "aadp"]), ("falling", ["crm", "aadp", "o365"]), ("name", ["crm", "aadp", "o365"])],
)
def test_the_order_is_the_links(order, keys, tmp_path):
    moving = ({"aadp": 70.0, "o365": 20.0 + week, "crm": 60.0 - week} for week in range(5))
    found = trends_view(timeline(tmp_path, weeks(*moving)), TrendsFilters(order=order), False)
    assert [line.key for line in found.lines] == keys


def test_a_history_that_did_not_change_stays_the_same_object(tmp_path):
    kept = timeline(tmp_path, slowly(2))
    assert open_timeline(load(account(tmp_path)), kept, lambda _: None) is kept


def test_points_are_in_the_order_of_their_dates(tmp_path):
    found = trends_view(timeline(tmp_path, slowly(5)), TrendsFilters(), False)
    assert found.whole.points["processedDateTime"].is_monotonic_increasing
    assert isinstance(found.points["processedDateTime"].dtype, pd.DatetimeTZDtype)


def test_another_target_measure_or_order_takes_the_lines_that_are_known(tmp_path):
    kept = timeline(tmp_path, slowly(12))
    first = trends_view(kept, TrendsFilters(), False)
    then = trends_view(kept, TrendsFilters(target=52.0, measure="sold", order="name"), True)
    assert then.whole.points is first.whole.points
    assert {line.key: id(line.points) for line in then.lines} == {line.key: id(line.points) for line in first.lines}
    goals = [view.whole.goal for view in (first, then)]
    assert [goal.target for goal in goals if isinstance(goal, Projection)] == [80.0, 52.0]
