"""What the page Trends shows: its lines in order, what each of them says of now, and its two files."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pandas as pd
import pytest

from dashboard import formats, sentences
from dashboard.filters.dates import Dates
from dashboard.filters.parameters import TrendsFilters
from dashboard.view_models import trends as view_model
from data_access import Deployment, Selection, csv_files, measures, open_timeline
from data_access.measures import trends as measures_of_lines
from data_access.measures.trends import Projection, Velocity
from data_access.partner_center.catalog import DEPLOYMENT
from data_access.settings import load
from tests.dashboard.weeks import EMPTY, FIRST, GONE, UNDATED, WEEK, account, rows, slowly, timeline, undated, weeks
from tests.lakes import fetched

DAY = timedelta(days=1)


def test_the_files_hold_every_point_of_the_lines(tmp_path):
    found = view_model.trends_view(timeline(tmp_path, slowly(5)), TrendsFilters(), False)
    read = list(csv.DictReader(io.StringIO(csv_files.exact(found.points).decode())))
    assert [row["line"] for row in read] == ["all together"] * 5 + ["service"] * 10
    assert {row["licensesDeployedEstimated"] for row in read if row["service"] == "crm"} == {"40.0"}
    whole = [float(row["deploymentPercent"]) for row in read if not row["service"]]
    assert whole == [45.0, 45.5, 46.0, 46.5, 47.0]


def test_the_file_of_paces_begins_with_all_together(tmp_path):
    found = view_model.trends_view(timeline(tmp_path, slowly(5)), TrendsFilters(), False)
    read = list(csv.DictReader(io.StringIO(csv_files.exact(found.paces).decode())))
    assert [(row["line"], row["service"]) for row in read] == [
        ("all together", ""),
        ("service", "crm"),
        ("service", "o365"),
    ]
    assert read[0]["deploymentPercent"] == "47.0"
    assert isinstance(found.whole.pace, Velocity)
    assert float(read[0]["deployedPerWeek"]) == pytest.approx(found.whole.pace.deployed)
    assert found.on_screen.number == 2


@pytest.mark.parametrize("left", [{}, {"crm": 10.0}])
def test_an_answer_without_processing_dates_is_of_its_fetch(left, tmp_path):
    newest = undated({"o365": 90.0} | left)
    found = view_model.trends_view(timeline(tmp_path, [*weeks(*UNDATED, sold=1000), newest]), TrendsFilters(), False)
    (row,) = found.paces[found.paces["service"] == "o365"].to_dict("records")
    assert (row["deploymentPercent"], row["targetRefused"]) == (90, "the target is reached")
    assert row["asOf"] == FIRST + timedelta(weeks=4)
    assert pd.isna(row["processedDateTime"])


def test_who_is_gone_comes_last_without_figures_and_is_in_no_sum(tmp_path):
    found = view_model.trends_view(timeline(tmp_path, GONE), TrendsFilters(), False)
    assert [line.key for line in found.lines][-1] == "o365"
    whole, *parts = found.paces.to_dict("records")
    of_now = [row for row in parts if row["targetRefused"] != "not in the newest answer"]
    assert [row["service"] for row in parts if row not in of_now] == ["o365"]
    assert whole["licensesSold"] == sum(row["licensesSold"] for row in of_now)
    (gone,) = [row for row in parts if row not in of_now]
    assert gone["asOf"] == FIRST + 5 * WEEK
    assert pd.isna([gone["deployedPerWeek"], gone["soldPerWeek"], gone["targetReached"]]).all()


def test_an_answer_without_rows_is_the_reason_of_every_line(tmp_path):
    found = view_model.trends_view(timeline(tmp_path, EMPTY), TrendsFilters(), False)
    assert set(found.paces["targetRefused"]) == {"the newest answer has no rows"}


def test_what_has_no_date_in_the_range_is_counted(tmp_path):
    old = FIRST - timedelta(weeks=30)
    gone = partial(fetched, DEPLOYMENT, rows(old, {"teams": 50.0}), old)
    kept = timeline(tmp_path, [gone, *slowly(3)])
    long, short = (view_model.trends_view(kept, TrendsFilters(range=chosen), False) for chosen in ("all", "3m"))
    assert (len(long.lines), long.outside) == (3, 0)
    assert (len(short.lines), short.outside) == (2, 1)


def test_a_shorter_range_leaves_out_older_points_and_no_pace(tmp_path):
    kept = timeline(tmp_path, slowly(20))
    long, short = (view_model.trends_view(kept, TrendsFilters(range=chosen), False) for chosen in ("all", "3m"))
    assert (len(long.whole.points), len(short.whole.points)) == (20, 14)
    assert long.whole.pace == short.whole.pace
    since = [change.since for change in (long.whole.change, long.whole.lately, short.whole.change) if change]
    assert since[0] < since[1]
    assert since[1] == since[2]


def test_of_a_short_range_the_year_is_said_too(tmp_path):
    kept = timeline(tmp_path, slowly(14, every=4))
    quarter, whole = (view_model.trends_view(kept, TrendsFilters(range=chosen), False).whole for chosen in ("3m", "1y"))
    assert whole.year is None
    assert quarter.year
    assert whole.change
    assert quarter.year.percent == pytest.approx(whole.change.percent, abs=0.1)
    said = sentences.direction(quarter, None).replace("\u00a0", " ")
    assert f"In 12 months: {formats.points(quarter.year.percent)} points." in said


@pytest.mark.parametrize(("weeks", "said"), [(0, "Aug 2026"), (8, "Aug 2026 to Sep 2026"), (None, "at the earliest")])
def test_the_months_of_a_range_are_named_once(weeks, said):
    latest = None if weeks is None else (FIRST + timedelta(weeks=weeks)).date()
    goal = Projection(80.0, FIRST.date(), FIRST.date(), latest)
    assert view_model.months(goal) == said
    assert view_model.reached(goal) == (f"1 Aug 2026 ({said})" if latest else "not before Aug 2026")


@pytest.mark.parametrize(
    ("order", "keys"),
    # By name: Dynamics 365, Entra ID, Microsoft 365.
    [("gap", ["o365", "crm", "aadp"]), ("falling", ["crm", "aadp", "o365"]), ("name", ["crm", "aadp", "o365"])],
)
def test_the_order_is_the_links(order, keys, tmp_path):
    moving = ({"aadp": 70.0, "o365": 20.0 + week, "crm": 60.0 - week} for week in range(5))
    found = view_model.trends_view(timeline(tmp_path, weeks(*moving)), TrendsFilters(order=order), False)
    assert [line.key for line in found.lines] == keys


def test_a_history_that_did_not_change_stays_the_same_object(tmp_path):
    kept = timeline(tmp_path, slowly(2))
    assert open_timeline(load(account(tmp_path)), kept, lambda _: None) is kept


def test_points_are_in_the_order_of_their_dates(tmp_path):
    found = view_model.trends_view(timeline(tmp_path, slowly(5)), TrendsFilters(), False)
    assert found.whole.points["processedDateTime"].is_monotonic_increasing
    assert isinstance(found.points["processedDateTime"].dtype, pd.DatetimeTZDtype)


def standing(*answers):
    """What the Overview stands on: the figures of one answer, its rows by spelled service."""
    answer = fetched(DEPLOYMENT, [row for percents in answers for row in rows(FIRST + WEEK, percents)], FIRST + WEEK)
    return Deployment(answer, measures.facts(DEPLOYMENT, answer.frame))


@pytest.mark.parametrize("spelled", [["FOO"], [" Foo"], ["FOO", "Foo"]])
def test_a_service_that_is_spelled_otherwise_is_not_lost(spelled, tmp_path):
    kept = timeline(tmp_path, weeks({"foo": 50.0, "crm": 40.0}))
    now = standing({"crm": 40.0}, *({spelling: 60.0} for spelling in spelled))
    assert view_model.lost(kept, now, Selection()) == ()
    moved = view_model.moved(kept, now, Selection(), False)
    assert moved["deploymentPercent"].said[0] == "+"
    (gone,) = view_model.lost(kept, standing({"crm": 40.0}), Selection())
    assert gone.title == "foo"


def test_what_is_gone_longer_than_a_pace_is_looked_at_is_missed_where_its_date_is_compared_with(tmp_path):
    later = FIRST + 20 * WEEK
    kept = timeline(tmp_path, weeks({"visio": 90.0, "crm": 40.0}))
    answer = fetched(DEPLOYMENT, rows(later, {"crm": 50.0}), later)
    now = Deployment(answer, measures.facts(DEPLOYMENT, answer.frame))
    assert [(one.title, one.on) for one in view_model.lost(kept, now, Selection())] == [("Visio", FIRST)]
    assert view_model.moved(kept, now, Selection(), False) == {}


def test_a_range_that_begins_before_a_loss_has_no_change_and_a_later_one_has(tmp_path):
    later = [
        partial(fetched, DEPLOYMENT, rows(FIRST + number * WEEK, {"crm": 40.0 + number}), FIRST + number * WEEK)
        for number in (20, 21, 34)
    ]
    kept = timeline(tmp_path, [*weeks({"visio": 90.0, "crm": 40.0}), *later])
    whole = view_model.trends_view(kept, TrendsFilters(range="all"), False).whole
    assert [one.title for one in whole.lost] == ["Visio"]
    short = view_model.trends_view(kept, TrendsFilters(range="3m"), False).whole
    assert (short.lost, short.year) == ((), None)
    assert short.change
    assert short.change.percent == 13


def test_a_product_that_is_spelled_otherwise_is_not_lost():
    then = pd.DataFrame({"productName": ["Visio", "Project"], "licensesSold": [5, 3], "asOf": [FIRST, FIRST]})
    now = pd.DataFrame({"productName": ["VISIO"]})
    assert list(measures_of_lines.gone(then, now, "productName")["productName"]) == ["Project"]


def of_each_day(tmp_path, *answers):
    """A history of services sold a thousand times each: percentages by service, by day of November 2026."""
    kept = []
    for day, percents in answers:
        at = datetime(2026, 10, 31, tzinfo=UTC) + timedelta(days=day)
        kept.append(partial(fetched, DEPLOYMENT, rows(at, percents, 1000), at))
    return timeline(tmp_path, kept)


BACK = [
    (-6, {"o365": 60.0, "crm": 20.0}),
    (1, {"o365": 60.5}),
    *((day, {"o365": 61.1 + number, "crm": 21.1 + number}) for number, day in enumerate((8, 15, 22, 27))),
]


def test_a_date_on_which_a_service_was_missing_is_no_point_to_compare_with(tmp_path):
    filters = TrendsFilters(dates=Dates(date(2026, 11, 1), date(2026, 11, 27)))
    found = view_model.trends_view(of_each_day(tmp_path, *BACK), filters, False)
    whole = found.whole
    assert list(whole.points["without"]) == ["", "Dynamics 365", "", "", "", ""]
    assert whole.change
    assert (whole.change.since.date(), round(whole.change.percent or 0, 2)) == (date(2026, 10, 25), 4.1)
    assert isinstance(whole.pace, Velocity)
    assert whole.pace.points == 5
    assert whole.pace.slowest > 0
    said = sentences.direction(whole, None).replace("\u00a0", " ")
    assert said.startswith("**Improving: +4.10 points since 25 Oct 2026, to 44.10 %.**")
    assert said.endswith("Not compared: 1 Nov 2026 was without Dynamics 365.")
    assert json.loads(found.figure.to_json())["data"][0]["y"][1] is None
    assert [points > 0 for _, points in found.moved()] == [True, True]


def test_where_a_range_ends_on_such_a_date_nothing_is_compared(tmp_path):
    filters = TrendsFilters(dates=Dates(None, date(2026, 11, 1)))
    whole = view_model.trends_view(of_each_day(tmp_path, *BACK), filters, False).whole
    assert (whole.change, whole.is_whole) == (None, False)
    said = sentences.direction(whole, None).replace("\u00a0", " ")
    assert said.startswith("**60.50 %** of the licenses sold are deployed on 1 Nov 2026, without Dynamics 365")


def test_a_service_that_comes_later_is_new_and_said(tmp_path):
    kept = of_each_day(tmp_path, (1, {"o365": 60.0}), (8, {"o365": 62.0, "crm": 20.0}))
    whole = view_model.trends_view(kept, TrendsFilters(), False).whole
    assert list(whole.points["without"]) == ["", ""]
    assert whole.came == ("Dynamics 365",)
    assert "Dynamics 365 was not there yet on 1 Nov 2026." in sentences.direction(whole, None)


def test_the_overviews_tiles_compare_with_a_date_that_has_all_services(tmp_path):
    kept = of_each_day(tmp_path, *BACK[:2])
    answer = fetched(DEPLOYMENT, rows(FIRST + 16 * WEEK, {"o365": 61.0, "crm": 21.0}, 1000), FIRST + 16 * WEEK)
    moved = view_model.moved(kept, Deployment(answer, measures.facts(DEPLOYMENT, answer.frame)), Selection(), False)
    assert moved["deploymentPercent"].said == "+1.00 points"
    assert moved["deploymentPercent"].since.date() == date(2026, 10, 25)


def test_a_date_that_went_back_beside_a_service_that_did_not_move_is_a_change(tmp_path):
    days = [datetime(2026, 11, day, 18, tzinfo=UTC) for day in (25, 26)]
    crm = rows(days[0], {"crm": 40.0}, 100)
    sent = [*rows(days[0], {"o365": 60.0}, 1000), *crm], [*rows(days[0] - 5 * DAY, {"o365": 50.0}, 1000), *crm]
    kept = timeline(tmp_path, [partial(fetched, DEPLOYMENT, answer, at) for answer, at in zip(sent, days, strict=True)])
    whole = view_model.trends_view(kept, TrendsFilters(), False).whole
    assert [round(percent, 2) for percent in whole.points["deploymentPercent"]] == [58.18, 49.09]
    said = sentences.direction(whole, None).replace("\u00a0", " ")
    assert said.startswith("**Falling: −9.09 points since 25 Nov 2026, to 49.09 %.**")
    first = timeline(tmp_path / "first", [partial(fetched, DEPLOYMENT, sent[0], days[0])])
    newest = fetched(DEPLOYMENT, sent[1], days[1])
    for past in (first, kept):
        now = Deployment(newest, measures.facts(DEPLOYMENT, newest.frame))
        assert view_model.moved(past, now, Selection(), False)["deploymentPercent"].said == "−9.09 points"
