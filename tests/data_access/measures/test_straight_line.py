"""A straight line through figures over time, and between what its pace and its level most likely lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.measures import straight_line

LICENSE = 1.0


def weekly(*figures):
    return straight_line.fit(np.arange(len(figures), dtype="float64"), np.array(figures, dtype="float64"), LICENSE)


def noisy(points, scale=30.0):
    """A rise of two a week, with noise that is the same each time."""
    return 100 + 2.0 * np.arange(points) + np.random.default_rng(7).normal(scale=scale, size=points)


series = st.lists(st.integers(0, 1000), min_size=straight_line.FEWEST_POINTS, max_size=20)


@pytest.mark.parametrize("figures", [(100, 130, 120, 160, 155), noisy(26)])
def test_a_mirror_image_has_the_mirrored_range(figures):
    slowest, fastest = weekly(*figures).paces()
    assert weekly(*(-figure for figure in figures)).paces() == (-fastest, -slowest)


@given(figures=series)
def test_upside_down_the_range_is_the_same_the_other_way_round(figures):
    slowest, fastest = weekly(*figures).paces()
    assert weekly(*(-figure for figure in figures)).paces() == (-fastest, -slowest)


@given(figures=series, gaps=st.lists(st.integers(1, 30), min_size=20, max_size=20))
def test_backwards_in_time_too(figures, gaps):
    weeks = np.cumsum(gaps[: len(figures)]) / 7.0
    there = straight_line.fit(weeks, np.array(figures, dtype="float64"), LICENSE)
    back = straight_line.fit(-weeks[::-1], np.array(figures[::-1], dtype="float64"), LICENSE)
    assert back.pace == pytest.approx(-there.pace)
    assert back.paces() == pytest.approx(tuple(-pace for pace in reversed(there.paces())), abs=1e-6)


@given(figures=series, more=st.integers(-1000, 1000))
def test_a_higher_level_makes_no_other_pace(figures, more):
    higher = weekly(*(figure + more for figure in figures))
    assert higher.paces() == pytest.approx(weekly(*figures).paces(), abs=1e-6)


@given(figures=series)
def test_the_pace_lies_in_its_range(figures):
    line = weekly(*figures)
    slowest, fastest = line.paces()
    assert slowest <= line.pace <= fastest
    assert slowest < fastest


def test_one_odd_point_bends_no_pace_and_makes_it_less_sure():
    figures = [100.0 + 2 * week for week in range(12)]
    straight = weekly(*figures)
    figures[5] = 900
    bent = weekly(*figures)
    assert straight.pace == bent.pace == 2
    assert np.ptp(bent.paces()) > 10 * np.ptp(straight.paces())


@pytest.mark.parametrize("pace", [0, 2])
def test_of_figures_without_noise_no_more_is_known_than_they_are_rounded_to(pace):
    figures = pace * np.arange(13.0)
    weeks = np.arange(13.0)
    for step in (1, 10):
        slowest, fastest = straight_line.fit(weeks, figures, step).paces()
        assert (slowest, fastest) == pytest.approx((pace - step / 12, pace + step / 12))


@pytest.mark.parametrize("pace", [0.02, 0.05, 0.3, 1.45])
def test_a_line_that_was_rounded_lies_in_the_range(pace):
    weeks = np.arange(13.0)
    for start in np.linspace(0, 1, 40):
        slowest, fastest = straight_line.fit(weeks, np.round(start + pace * weeks), LICENSE).paces()
        assert slowest <= pace <= fastest


def test_more_dates_make_a_narrower_range_where_noise_is_new_on_each():
    widths = [np.ptp(weekly(*noisy(points)).paces()) for points in (4, 13, 52)]
    assert widths == sorted(widths, reverse=True)


def test_a_deviation_that_lasts_makes_a_wider_range_than_one_that_does_not():
    noise = np.random.default_rng(3).normal(size=26) * 30
    wandering = np.cumsum(noise)
    wandering *= noise.std() / wandering.std()
    assert np.ptp(weekly(*wandering).paces()) > 2 * np.ptp(weekly(*noise).paces())


@pytest.mark.parametrize(("points", "t"), [(4, 2.920), (5, 2.353), (8, 1.943), (13, 1.796), (26, 1.711), (91, 1.662)])
def test_told_that_noise_is_new_on_each_date_the_range_is_students(points, t):
    weeks, figures = np.arange(points, dtype="float64"), noisy(points)
    (pace, _), squares, *_ = np.polyfit(weeks, figures, 1, full=True)
    error = np.sqrt(squares[0] / (points - 2) / ((weeks - weeks.mean()) ** 2).sum())
    line = straight_line.fit(weeks, figures, LICENSE, lasting=(1,))
    slowest, fastest = line.paces()
    assert (slowest + fastest) / 2 == pytest.approx(pace)
    assert (fastest - slowest) / 2 == pytest.approx(t * error, rel=5e-3)


def test_two_points_of_the_same_hour_are_no_trouble():
    weeks = np.array([0, 1, 2, 2 + 1e-9, 3, 4])
    line = straight_line.fit(weeks, np.array([10.0, 12, 14, 40, 16, 18]), LICENSE)
    assert line.pace == pytest.approx(2, abs=1)
    assert np.isfinite(line.paces()).all()


def test_a_gap_that_closes_is_closed_within_a_range():
    gap = weekly(70, 66, 64, 59, 57, 52)
    weeks = np.arange(1.0, 100)
    at, earliest, latest = gap.falls_to_zero(weeks)
    assert earliest < at < latest
    assert weeks[at] == np.ceil(gap.level / -gap.pace)


def test_the_level_is_that_of_all_points_and_not_of_the_newest():
    weeks = np.arange(1.0, 400) / 7
    quiet, odd = weekly(70, 65, 60, 55, 50, 45), weekly(70, 65, 60, 55, 50, 15)
    assert odd.level == quiet.level == 45
    assert odd.falls_to_zero(weeks)[0] == quiet.falls_to_zero(weeks)[0]


@pytest.mark.parametrize(
    ("figures", "weeks", "places"),
    [
        pytest.param((9, 6, 3, 0), 20, (0, 0, True), id="closed now"),
        pytest.param((900, 897, 894, 891), 20, (None, None, None), id="after the last week"),
        pytest.param((60, 90, 50, 80, 40, 70), 52, (True, True, None), id="perhaps never"),
        pytest.param((900, 903, 906, 909), 520, (None, None, None), id="it grows"),
    ],
)
def test_an_end_that_is_not_reached_is_none(figures, weeks, places):
    reached = weekly(*figures).falls_to_zero(np.arange(1.0, weeks))
    for place, expected in zip(reached, places, strict=True):
        assert place is None if expected is None else place is not None and (expected is True or place == expected)
