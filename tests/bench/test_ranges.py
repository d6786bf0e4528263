"""The ranges of pace and day hold the truth as often as they promise, and are no wider than they need be."""

import numpy as np
import pytest

from bench import ranges
from data_access.measures import straight_line
from data_access.measures.trends import AS_OF, Refusal, Velocity

pytestmark = pytest.mark.program

RUNS = 300
#: By so much a sample of so many lines may fall short by chance: two standard deviations.
CHANCE = 2 * np.sqrt(0.87 * 0.13 / RUNS)


def promised(carried):
    return (straight_line.HOLD_WANDERING if carried == 0.8 else straight_line.HOLD) / 100


@pytest.mark.parametrize(("dates", "carried"), [(4, 0.5), (8, 0.0), (8, 0.8), (13, 0.8)])
def test_the_range_of_the_pace_holds_the_truth(dates, carried):
    outcome = ranges.pace(dates, carried, RUNS, seed=1)
    assert outcome.given == 1
    assert outcome.holds >= promised(carried) - CHANCE
    assert carried or outcome.width <= 2


@pytest.mark.parametrize(("dates", "carried", "rises"), [(9, 0.0, 10), (9, 0.8, 10), (13, 0.5, 2)])
def test_the_range_of_the_day_holds_the_truth_where_it_is_given(dates, carried, rises):
    outcome = ranges.day(dates, carried, rises, RUNS, seed=1)
    assert outcome.given > 0.2
    assert outcome.holds >= promised(carried) - CHANCE
    assert carried or outcome.width <= 2


@pytest.mark.parametrize(
    ("dates", "carried", "step", "ahead"),
    [(9, 0.0, 1, 1), (9, 0.5, 0.25, 10), (9, 0.8, 0.25, 10), (13, 0.5, 0.25, 10), (13, 0.8, 0.25, 1)],
)
def test_so_it_does_for_a_target_near_and_far(dates, carried, step, ahead):
    outcome = ranges.near_day(dates, carried, RUNS, seed=1, step=step, ahead=ahead)
    assert outcome.given > 0.2
    assert outcome.holds >= promised(carried) - CHANCE / np.sqrt(outcome.given)


def test_eight_dates_would_not_keep_it_so_they_give_no_day():
    assert ranges.near_day(8, 0.5, RUNS, seed=1, step=1, ahead=1).given == 0


@pytest.mark.parametrize(("dates", "carried"), [(9, 0.8), (13, 0.5)])
def test_of_lines_that_do_not_rise_few_have_a_day(dates, carried):
    assert ranges.day(dates, carried, 0, RUNS, seed=1).given <= 0.1 + CHANCE


@pytest.mark.parametrize("weeks", ranges.UNEVEN, ids=["few, then daily", "daily, then few", "daily between", "holes"])
@pytest.mark.parametrize("as_time_passes", [False, True])
def test_so_it_does_where_dates_are_uneven(weeks, as_time_passes):
    for carried in ranges.CARRIED:
        outcome = ranges.pace(weeks, carried, RUNS, seed=1, as_time_passes=as_time_passes)
        assert outcome.given == 1
        assert outcome.holds >= promised(carried) - CHANCE
        assert carried or outcome.width <= 2


def test_a_range_that_takes_dates_for_independent_is_found_out():
    def velocity(points):
        weeks = np.arange(len(points), dtype="float64")
        line = straight_line.fit(weeks, points["licensesDeployed"].to_numpy(), 1, lasting=(1,))
        return Velocity(line.pace, *line.paces(), 0, points[AS_OF].iloc[0], points[AS_OF].iloc[-1], len(points))

    outcome = ranges.pace(8, 0.8, RUNS, seed=1, velocity=velocity)
    assert outcome.holds < promised(0.8) - CHANCE
    assert outcome.width == 1


def test_where_no_range_is_given_there_is_nothing_to_hold():
    outcome = ranges.pace(4, 0.0, 3, seed=1, velocity=lambda _: Refusal.TOO_FEW)
    assert outcome.given == 0
    assert np.isnan(outcome.holds)
    assert outcome.wrong == 0


def test_the_report_has_a_row_for_each_kind_of_line(capsys):
    ranges.run(1)
    rows = capsys.readouterr().out.splitlines()
    assert sum(row.strip().startswith(str(dates)) for dates in ranges.DATES for row in rows) >= 20
