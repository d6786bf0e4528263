"""How the numbers move."""

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import measures
from data_access.measures import trends
from data_access.measures.trends import Projection, Refusal, Velocity
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.examples import examples
from tests.rows import facts_of, fetched

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def line(*figures, every=WEEK):
    """One line, of licenses sold and deployed at each of its dates."""
    sold, deployed = zip(*figures, strict=True)
    table = pd.DataFrame({"licensesSold": sold, "licensesDeployed": [float(count) for count in deployed]})
    table["deploymentPercent"] = (
        table["licensesDeployed"] / table["licensesSold"].where(table["licensesSold"] > 0) * 100
    )
    table["undeployed"] = (table["licensesSold"] - table["licensesDeployed"]).clip(lower=0)
    table["processedDateTime"] = table["asOf"] = [BEGIN + number * every for number in range(len(table))]
    return table


def history(*fetches, collection=DEPLOYMENT):
    """The small rows of several fetches in the order of keeping: days after BEGIN, and the rows as they arrived."""
    kept = [
        fetched(facts_of(collection, rows), number, BEGIN + days * DAY) for number, (days, rows) in enumerate(fetches)
    ]
    return trends.rows(pd.concat(kept, ignore_index=True))


def of(service, day, percent=50.0, **more):
    moment = (BEGIN + day * DAY).isoformat()
    return {"serviceName": service, "processedDateTime": moment, "proratedDeploymentPercent": percent, **more}


def pace_of(figures, every=WEEK):
    pace = trends.velocity(line(*figures, every=every))
    assert isinstance(pace, Velocity)
    return pace


def day_of(*figures, target=80):
    found = trends.projection(line(*figures), target)
    assert isinstance(found, Projection)
    return found


def moved(figures, days):
    found = trends.change(line(*figures), days)
    assert found
    return found


def test_a_service_that_was_not_processed_again_makes_no_new_point():
    found = history(
        (2, [of("o365", 1, 50), of("crm", 0, 10)]),
        (3, [of("o365", 2, 51), of("crm", 0, 10)]),
        (4, [of("o365", 3, 52), of("crm", 0, 10)]),
    )
    table = trends.lines(found, ["service"])
    assert list(table["service"]) == ["crm", "o365", "o365", "o365"]
    assert list(table["deploymentPercent"]) == [10, 50, 51, 52]


def test_of_a_date_that_was_kept_twice_the_later_snapshot_counts():
    table = trends.lines(history((2, [of("o365", 1, 50)]), (5, [of("o365", 1, 60)])), ["service", "channel"])
    assert list(table["deploymentPercent"]) == [60]
    assert list(table["fetchedAt"]) == [BEGIN + 5 * DAY]


def test_a_clock_that_went_backwards_makes_no_difference():
    found = history((5, [of("o365", 1, 50)]), (2, [of("o365", 1, 60)]))
    assert list(trends.lines(found, ["service", "channel"])["deploymentPercent"]) == [60]


def test_the_newest_answer_is_now_although_its_date_is_older():
    table = trends.lines(history((9, [of("o365", 8, 60)]), (10, [of("o365", 1, 20)])), ["service"])
    assert list(table["deploymentPercent"]) == [60, 20]
    assert list(table["asOf"]) == [BEGIN + 8 * DAY, BEGIN + 10 * DAY]
    assert list(table["processedDateTime"]) == [BEGIN + 8 * DAY, BEGIN + DAY]


def test_what_is_left_when_a_service_goes_is_now():
    before = [of("o365", 20, 50, licensesSold=1000), of("crm", 18, 10, licensesSold=100)]
    table = trends.lines(history((20, before), (21, [of("crm", 19, 90, licensesSold=200)])), [])
    assert [round(percent, 2) for percent in table["deploymentPercent"]] == [46.36, 90]
    moved = trends.change(table)
    assert moved
    assert moved.percent == pytest.approx(43.64, abs=0.005)


def test_a_date_that_went_back_beside_a_service_that_did_not_move_makes_a_point():
    def answers(*days):
        return history(
            *(
                (day, [of("o365", o365, percent, licensesSold=1000), of("crm", 25, 40, licensesSold=100)])
                for day, o365, percent in days
            )
        )

    table = trends.lines(answers((25, 25, 60), (26, 20, 50), (27, 20, 50), (40, 39, 55)), [])
    assert [round(percent, 2) for percent in table["deploymentPercent"]] == [58.18, 49.09, 49.09, 53.64]
    assert list(table["asOf"]) == [BEGIN + day * DAY for day in (25, 26, 27, 39)]
    assert "wentBack" not in table
    forward = trends.lines(answers((25, 20, 60), (26, 21, 50)), [])
    assert list(forward["asOf"]) == [BEGIN + 25 * DAY], "a figure that is mended of a date that did not move"
    kept, sent = answers((25, 25, 60)), answers((26, 20, 50)).frame
    assert trends.has_gone_back(kept, sent)
    assert not trends.has_gone_back(answers((26, 20, 50)), kept.frame)


def test_after_a_date_went_back_answers_stand_in_the_order_of_their_fetches():
    days = [(21, 20, 1), (22, 19, 2), (23, 20, 3), (24, 20, 4), (30, 29, 5)]
    table = trends.lines(history(*((fetched, [of("o365", day, percent)]) for fetched, day, percent in days)), [])
    assert list(table["deploymentPercent"]) == [1, 2, 3, 4, 5]
    assert list(table["asOf"]) == [BEGIN + day * DAY for day in (20, 22, 23, 24, 29)]


def test_a_back_fill_stands_at_its_own_date():
    facts = trends.with_back_fills(history((9, [of("o365", 8, 60)]), (10, [of("o365", 1, 20)])), ["00000001"])
    assert list(trends.lines(facts, ["service"])["deploymentPercent"]) == [20, 60]
    assert list(trends.lines(facts, [])["deploymentPercent"]) == [60]


def test_a_service_in_two_channels_is_added_up_fetch_by_fetch():
    rows = [of("o365", 1, 0, licensesSold=900), of("o365", 0, 100, channel="direct")]
    table = trends.lines(history((2, rows)), ["service"])
    assert list(table["deploymentPercent"]) == [10]
    assert list(table["processedDateTime"]) == [BEGIN + DAY]
    assert list(trends.lines(history((2, rows)), ["channel"])["deploymentPercent"]) == [100, 0]


def test_all_together_is_one_line():
    found = history((2, [of("o365", 1), of("crm", 0)]), (3, [of("o365", 2, 60), of("crm", 0)]))
    table = trends.lines(found, [])
    assert list(table["licensesSold"]) == [200, 200]
    assert list(table["deploymentPercent"]) == [50, 55]


@pytest.mark.parametrize("undated", [None, "0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_an_answer_without_a_date_is_now_and_stands_at_its_fetch(undated):
    sent = [of("o365", 8, 43), of("crm", 7, 10)], [of("o365", 0, 90, processedDateTime=undated), of("crm", 9, 20)]
    table = trends.lines(history((9, sent[0]), (10, sent[1])), ["service"])
    assert list(table["deploymentPercent"]) == [10, 20, 43, 90]
    assert list(table["asOf"]) == [BEGIN + day * DAY for day in (7, 9, 8, 10)]
    assert list(table["processedDateTime"].isna()) == [False, False, False, True]
    assert list(trends.lines(history((9, sent[0]), (10, sent[1])), [])["deploymentPercent"]) == [26.5, 55]


def test_where_no_answer_has_a_date_each_stands_at_its_fetch():
    table = trends.lines(history(*((day, [of("o365", 0, day, processedDateTime=None)]) for day in (2, 3))), ["service"])
    assert list(table["deploymentPercent"]) == [2, 3]
    assert list(table["asOf"]) == [BEGIN + 2 * DAY, BEGIN + 3 * DAY]


def test_what_follows_an_answer_without_a_date_comes_after_it():
    answers = [(2, [of("o365", 1, 1)]), (5, [of("o365", 0, 2, processedDateTime=None)]), (6, [of("o365", 4, 3)])]
    table = trends.lines(history(*answers, (9, [of("o365", 8, 4)])), ["service"])
    assert list(table["deploymentPercent"]) == [1, 2, 3, 4]
    assert list(table["asOf"]) == [BEGIN + day * DAY for day in (1, 5, 6, 8)]


def test_a_back_fill_without_a_date_makes_no_point():
    undated = [of("o365", 0, 20, processedDateTime=None)]
    facts = trends.with_back_fills(history((9, [of("o365", 8, 60)]), (10, undated)), ["00000001"])
    assert list(trends.lines(facts, ["service"])["deploymentPercent"]) == [60]


def test_a_code_is_spelled_as_in_the_newest_answer_that_has_it():
    found = history((2, [of("power bi", 1), of("O365", 1)]), (3, [of("Power BI", 2)]), (4, [of("o365", 3)]))
    assert list(trends.lines(found, ["service"])["service"]) == ["Power BI", "Power BI", "o365", "o365"]


def test_a_code_is_the_same_in_capitals_and_without():
    found = history((2, [of("Teams", 1)]), (3, [of("teams", 2)]))
    assert list(trends.lines(found, ["service"])["service"]) == ["teams", "teams"]


@examples(5)
@given(st.lists(st.tuples(st.floats(0, 1000, allow_nan=False), st.integers(1, 10**9)), min_size=10, max_size=30))
def test_a_point_shows_exactly_the_percent_that_was_sent(sent):
    rows = [of(f"s{number:02}", 0, percent, licensesSold=sold) for number, (percent, sold) in enumerate(sent)]
    shown = trends.lines(history((1, rows)), ["service", "channel"])["deploymentPercent"]
    assert list(shown) == [percent for percent, _ in sent]


def test_counts_make_lines_as_estimates_do():
    rows = [
        {"licensesSold": 20, "licensesDeployed": 30},
        {"licensesSold": 20, "licensesDeployed": 0, "productName": "V"},
    ]
    (point,) = trends.lines(history((200, rows), collection=COMMERCIAL_DEPLOYMENT), ["service"]).to_dict("records")
    assert (point["deploymentPercent"], point["undeployed"], point["overDeployed"]) == (75.0, 20, 10)


def test_no_history_is_no_line():
    nothing = history((1, []))
    assert trends.lines(nothing, ["service"]).empty
    assert trends.projection(trends.lines(nothing, []), 80) is Refusal.TOO_FEW_FOR_DAY
    assert trends.velocity(trends.lines(nothing, [])) is Refusal.TOO_FEW
    assert trends.change(trends.lines(nothing, []), 30) is None


def test_velocity_is_licenses_a_week():
    pace = pace_of([(100, 10), (101, 12), (102, 14), (103, 16)])
    assert (pace.deployed, pace.sold) == (2, 1)
    assert pace.slowest < 2 < pace.fastest
    assert (pace.since, pace.until, pace.points) == (BEGIN, BEGIN + 3 * WEEK, 4)
    assert pace_of([(100, 10), (100, 12), (100, 14), (100, 16)], every=DAY).deployed == 14


def test_what_never_moved_has_a_pace_of_nothing_and_no_range():
    pace = pace_of([(100, 10)] * 6)
    assert pace.deployed == 0
    assert pd.isna([pace.slowest, pace.fastest]).all()


def test_one_odd_point_does_not_bend_it():
    figures = [(1000, 100 + 2 * week) for week in range(12)]
    figures[5] = (1000, 900)
    assert pace_of(figures).deployed == 2


@examples(15)
@given(st.lists(st.tuples(st.integers(1, 7), st.integers(0, 1000), st.integers(0, 1000)), min_size=4, max_size=13))
def test_the_pace_is_the_slope_that_scipy_finds(points):
    from scipy.stats import theilslopes  # noqa: PLC0415 - it takes a while, and no other test needs it

    gaps, sold, deployed = zip(*points, strict=True)
    days = list(accumulate(gaps))
    figures = line(*zip(sold, deployed, strict=True))
    figures["processedDateTime"] = figures["asOf"] = [BEGIN + day * DAY for day in days]
    pace = trends.velocity(figures)
    assert isinstance(pace, Velocity)
    weeks = [day / 7 for day in days]
    assert pace.deployed == pytest.approx(theilslopes(deployed, weeks).slope, rel=1e-9, abs=1e-9)
    assert pace.sold == pytest.approx(theilslopes(sold, weeks).slope, rel=1e-9, abs=1e-9)


def test_velocity_is_of_now():
    long_ago = [(1000, 500)] * 60
    growing = [(1000, 500 + 3 * week) for week in range(trends.WEEKS + 1)]
    pace = pace_of([*long_ago, *growing])
    assert (pace.deployed, pace.points) == (3, trends.WEEKS + 1)


def test_three_dates_are_too_few_for_a_range_and_so_for_a_pace():
    assert trends.velocity(line((100, 10), (100, 12), (100, 14))) is Refusal.TOO_FEW


RISING = [(100, 60 + 2 * week) for week in range(9)]


def test_eight_dates_have_a_pace_and_are_too_few_for_a_day():
    assert pace_of(RISING[:4]).deployed == 2
    assert trends.projection(line(*RISING[:8]), 80) is Refusal.TOO_FEW_FOR_DAY
    assert day_of(*RISING).on == (BEGIN + 10 * WEEK).date()


def test_an_estimate_is_known_to_the_hundredth_of_a_percent_that_it_is_made_of():
    few, many = (pace_of([(sold, 50 + week) for week in range(8)]) for sold in (100, 10**6))
    assert many.fastest - many.slowest == pytest.approx(100 * (few.fastest - few.slowest))


def test_a_date_for_the_target():
    found = day_of(*RISING)
    assert found.on == (BEGIN + 10 * WEEK).date()
    assert found.earliest < found.on < found.latest


def test_where_the_gap_stands_now_is_not_taken_from_the_newest_point_alone():
    figures = [(1000, 600 + 10 * week) for week in range(13)]
    straight = day_of(*figures)
    odd = day_of(*figures[:-1], (1000, 680))
    assert odd.on == straight.on
    assert (odd.earliest, odd.latest or date.max) != (straight.earliest, straight.latest)


def test_a_growing_number_sold_puts_the_date_off():
    more = day_of(*((93 + week, deployed) for week, (_, deployed) in enumerate(RISING)))
    assert more.on > day_of(*RISING).on


def test_the_slow_end_of_the_range_may_be_out_of_sight():
    found = day_of(*((1000, deployed) for deployed in (100, 100, 120, 110, 130, 120, 140, 130, 150)))
    assert found.latest is None


def test_without_a_pace_that_certainly_comes_closer_there_is_no_day():
    figures = [(1000, deployed) for deployed in (600, 640, 590, 660, 610, 650, 600, 670, 620)]
    pace = pace_of(figures)
    assert pace.slowest < 0 < pace.deployed
    assert trends.projection(line(*figures), 80) is Refusal.UNCLEAR


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        pytest.param([(0, 0), (0, 0), (0, 0), (0, 0)], Refusal.NOTHING_SOLD, id="nothing sold"),
        pytest.param([(100, 70), (100, 80)], Refusal.REACHED, id="reached, however few the dates"),
        pytest.param([(100, 70), (100, 75)], Refusal.TOO_FEW_FOR_DAY, id="two dates"),
        pytest.param([(65 + 50 * week, 65 + 5 * week) for week in range(9)], Refusal.SOLD_MOVED, id="sold grows"),
        pytest.param([(900 - 90 * week, 60 + 2 * week) for week in range(9)], Refusal.SOLD_MOVED, id="sold shrinks"),
        pytest.param([(100, 70)] * 9, Refusal.STANDS_STILL, id="no movement"),
        pytest.param([(100, 75 - 5 * week) for week in range(9)], Refusal.MOVES_AWAY, id="away"),
        pytest.param([(100, 60 + 15 * (week % 2) + week % 3) for week in range(9)], Refusal.UNCLEAR, id="rather up"),
        pytest.param([(100, 72), (100, 60), (100, 75), (100, 70), (100, 50)] * 2, Refusal.UNCLEAR, id="rather down"),
        pytest.param([(10**6, 70 + week) for week in range(9)], Refusal.UNCLEAR, id="estimates that are too coarse"),
        pytest.param([(10**6, 70 + 1000 * week) for week in range(9)], Refusal.TOO_FAR, id="too far"),
    ],
)
def test_a_date_is_refused_with_its_reason(figures, why):
    assert trends.projection(line(*figures), 80) is why


def test_the_words_say_the_numbers_that_decide():
    assert trends.Refusal.TOO_FEW.value == f"{measures.TOO_FEW} in the last {trends.WEEKS} weeks"
    assert str(measures.FEWEST_DATES) in measures.TOO_FEW
    assert Refusal.TOO_FEW_FOR_DAY.value == f"{measures.TOO_FEW_FOR_DAY} in the last {trends.WEEKS} weeks"
    assert measures.TOO_FEW_FOR_DAY in measures.MEASURES["projection"].care
    assert measures.TOO_FEW in measures.MEASURES["velocity"].care
    for name in ("velocity", "projection"):
        assert f"the last {trends.WEEKS} weeks" in measures.MEASURES[name].definition
    assert trends.BEYOND in Refusal.TOO_FAR.value


def test_dates_long_ago_do_not_count():
    old = line(*RISING, every=timedelta(weeks=trends.WEEKS))
    assert trends.projection(old, 80) is Refusal.TOO_FEW_FOR_DAY


def test_change_says_since_when():
    figures = [(100, 50), (110, 66), (120, 90)]
    changed = moved(figures, days=7)
    assert (changed.since, changed.until) == (BEGIN + WEEK, BEGIN + 2 * WEEK)
    assert (changed.sold, changed.deployed, changed.percent, changed.undeployed) == (10, 24, 15, -14)
    assert moved(figures, days=8).since == BEGIN
    assert moved(figures, days=365).since == BEGIN, "as far as there is"
    assert trends.change(line((100, 50)), days=7) is None
    assert moved([(0, 0), (100, 50)], days=7).percent is None


counts = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=20)


@examples(50)
@given(figures=counts, target=st.floats(1, 150), days=st.integers(1, 30))
def test_there_is_always_a_date_in_its_range_or_a_reason(figures, target, days):
    if not figures:
        return
    found = trends.projection(line(*figures, every=days * DAY), target)
    if isinstance(found, Refusal):
        assert found.value
        return
    newest = (BEGIN + (len(figures) - 1) * days * DAY).date()
    assert newest < found.earliest <= found.on <= (found.latest or date.max)
    assert found.on <= newest + trends.HORIZON


FETCHES = [
    fetched(facts_of(DEPLOYMENT, [of("o365", day - day % 2, 10.0 * day), of("crm", 0, 5.0)]), day, BEGIN + day * DAY)
    for day in range(6)
]


@examples(8)
@given(st.permutations(FETCHES))
def test_the_order_in_which_files_are_read_makes_no_difference(fetches):
    expected, found = (
        trends.lines(trends.rows(pd.concat(kept, ignore_index=True)), ["service", "channel"])
        for kept in (FETCHES, fetches)
    )
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert list(expected.columns) == ["service", "channel", *measures.MEASURED, "snapshot", "fetchedAt", "asOf"]
    assert list(expected["deploymentPercent"]) == [5, 10, 30, 50]


def turned(*percents):
    """On which of the dates a line of a thousand licenses turned the way it goes now."""
    table = line(*((1000, 10 * percent) for percent in percents))
    since = trends.turn(table)
    return None if since is None else [*table["asOf"]].index(since)


@pytest.mark.parametrize(
    ("percents", "place"),
    [
        ((50, 51, 52), 0),
        ((52, 51, 50, 52, 54), 2),
        ((50, 51, 52, 51, 49), 2),
        ((55, 50, 52, 51.9, 54, 56), 1),  # a small step back is no turn
        ((40, 60, 50, 55), 2),  # up in all, and up again since the third date
        ((60, 50, 52), None),  # down in all, but not now
        ((50, 50, 50), None),
        ((50,), None),
    ],
    ids=["up", "down and up", "up and down", "a step back", "up again", "down in all", "still", "one date"],
)
def test_a_line_turned_where_it_began_to_go_its_way(percents, place):
    assert turned(*percents) == place


def test_what_has_no_percentage_has_no_turn():
    assert trends.turn(line((0, 0), (0, 0), (0, 0))) is None
