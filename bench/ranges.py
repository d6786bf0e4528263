"""How often the ranges of pace and day hold the truth, and how wide they are, on lines whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from data_access.measures import FEWEST_DATES_FOR_DAY, straight_line, trends
from data_access.measures.straight_line import Numbers
from data_access.measures.trends import AS_OF, Projection, Refusal, Velocity

DATES = (4, 5, 8, 9, 13, 26)
#: Weeks of few dates and one of daily ones, as the last, as the first, and between them; and weekly dates with holes.
UNEVEN: tuple[tuple[float, ...], ...] = (
    (*range(0, 10, 2), *(11 + day / 7 for day in range(8))),
    (*(day / 7 for day in range(8)), *range(4, 14, 2)),
    (0, 3, *(5 + day / 7 for day in range(8)), 9, 12),
    (0, 1, 2, 5, 6, 7, 10, 11, 12),
)
#: The part of a deviation that is left on the next date: none, half, four fifths.
CARRIED = (0.0, 0.5, 0.8)
#: All of it: a level that drifts for good, of which the pace alone has a truth, and nothing is promised.
DRIFTING = 1.0
#: By how much a line rises over its dates, in standard deviations of its noise: clearly, hardly, not at all.
RISES = (10, 2, 0)
#: By how much a line rises from date to date where the target is near or far, likewise: clearly, as it wavers, hardly.
STEPS = (2, 1, 0.25)
#: How many such rises ahead of the newest date the target then lies.
AHEAD = (1, 3, 10)

_BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
_SOLD = 10_000
_FIRST = 5_000  # licenses deployed
_NOISE = 30  # licenses; so much that rounding to whole ones does not count
_INDEPENDENT = (1,)  # how long a deviation lasts, known for sure


Dates = int | Sequence[float]  # how many, evenly spaced; or the weeks in which they are


@dataclass(frozen=True)
class Outcome:
    """What became of many lines of one kind. A share of nothing is NaN."""

    given: float  # share of lines with a range
    holds: float  # share of those ranges in which the truth lies
    width: float  # median, as a multiple of the narrowest honest one's; an open range is wider than any, NaN: both are

    @property
    def wrong(self) -> float:
        """Share of all lines with a range in which the truth does not lie."""
        return self.given * (1 - self.holds) if self.given else 0.0


@dataclass(frozen=True)
class _Line:
    points: pd.DataFrame
    weeks: Numbers
    pace: float  # the true one, a week
    target: float
    missing: float  # licenses, in truth, at the newest date

    @property
    def reached(self) -> date | None:
        """The true day, in the future at the earliest; None where it lies beyond the horizon, or is none."""
        days = np.ceil(self.missing / self.pace * 7) if self.pace else np.inf
        newest = self.points[AS_OF].iloc[-1]
        return (newest + timedelta(days=max(1, int(days)))).date() if days <= trends.HORIZON.days else None


def pace(
    dates: Dates,
    carried: float,
    runs: int,
    seed: int,
    velocity: Callable[[pd.DataFrame], Velocity | Refusal] = trends.velocity,
    *,
    as_time_passes: bool = False,
) -> Outcome:
    """The ranges of the pace against Student's interval of least squares, told that deviations are independent."""
    held, wide, narrowest = [], [], []
    for line in _lines(dates, carried, RISES[0], runs, seed, as_time_passes=as_time_passes):
        found = velocity(line.points)
        if isinstance(found, Velocity):
            held.append(found.slowest <= line.pace <= found.fastest)
            wide.append(found.fastest - found.slowest)
        slowest, fastest = _known(line, line.points["licensesDeployed"].to_numpy("float64")).paces()
        narrowest.append(fastest - slowest)
    return _outcome(held, wide, narrowest, runs)


def day(dates: Dates, carried: float, rises: float, runs: int, seed: int, *, as_time_passes: bool = False) -> Outcome:
    """The ranges of the day against Fieller's of least squares, told that deviations are independent."""
    return _day(_lines(dates, carried, rises, runs, seed, as_time_passes=as_time_passes), runs)


def near_day(dates: int, carried: float, runs: int, seed: int, *, step: float, ahead: int) -> Outcome:
    """The same for a line that rises by `step` from date to date, with a target so many of these rises ahead."""
    return _day(_lines(dates, carried, step * (dates - 1), runs, seed, missing=step * ahead), runs)


def _day(lines: Iterable[_Line], runs: int) -> Outcome:
    ahead = np.arange(1, trends.HORIZON.days + 1) / 7
    held, wide, narrowest = [], [], []
    for line in lines:
        found = trends.projection(line.points, line.target)
        if not isinstance(found, Projection):
            continue
        truth = line.reached or date.max
        held.append(found.earliest <= truth <= (found.latest or date.max))
        wide.append((found.latest - found.earliest).days if found.latest else np.inf)
        missing = _SOLD * line.target / 100 - line.points["licensesDeployed"].to_numpy("float64")
        _, earliest, latest = _known(line, missing).falls_to_zero(ahead)
        narrowest.append(np.inf if earliest is None or latest is None else latest - earliest)
    return _outcome(held, wide, narrowest, runs)


def run(runs: int) -> None:
    """Print what becomes of so many lines of each kind."""
    print(
        f"\nRanges on {runs:,} lines of each kind. Promised: at least {straight_line.HOLD} % hold, and"
        f" {straight_line.HOLD_WANDERING} % where 0.8 of a deviation"
        "\nis carried on; where none is, at most twice as wide as the narrowest honest range"
        "\n(open: has no end within the horizon; –: neither has that one). Uneven dates are weeks of few and one of"
        "\ndaily ones (last, first, between), then weekly ones with holes; what is carried on is by date, or (t) by"
        "\ntime, for the mean gap. The lines with 1.0 drift for good: nothing is promised of them."
    )
    kinds = ["pace", *(f"day, rises {rises}×" for rises in RISES)]
    print("dates  carried  " + "".join(f"{kind:>24}" for kind in kinds))
    print(" " * 16 + f"{'given  holds  width':>24}" * len(kinds))
    for dates in DATES:
        for carried in (*CARRIED, DRIFTING):
            _row(dates, carried, runs)
    for weeks in UNEVEN:
        for carried in CARRIED:
            _row(weeks, carried, runs)
        for carried in filter(None, CARRIED):
            _row(weeks, carried, runs, as_time_passes=True)
    _near(runs)


def _near(runs: int) -> None:
    """Print what becomes of lines whose target is near, and of such whose target is far."""
    print(
        "\nThe day, by how many of a line's rises from date to date the target is ahead. A line that rises less has"
        "\nmostly no range; of those that have one more look steeper by chance."
    )
    print("dates  carried  rise  " + "".join(f"{f'{ahead} ahead':>24}" for ahead in AHEAD))
    print(" " * 22 + f"{'given  holds  width':>24}" * len(AHEAD))
    for dates in (dates for dates in DATES if dates >= FEWEST_DATES_FOR_DAY):
        for carried in CARRIED:
            for step in STEPS:
                outcomes = (near_day(dates, carried, runs, dates, step=step, ahead=ahead) for ahead in AHEAD)
                cells = "".join(f"{_cells(outcome):>24}" for outcome in outcomes)
                print(f"{dates:5}  {carried:7.1f}  {step:4}  {cells}", flush=True)


def _row(dates: Dates, carried: float, runs: int, *, as_time_passes: bool = False) -> None:
    """Print what becomes of lines of one kind."""
    number = dates if isinstance(dates, int) else len(dates)
    outcomes = [pace(dates, carried, runs, number, as_time_passes=as_time_passes)]
    if carried < DRIFTING:
        outcomes += [day(dates, carried, rises, runs, number, as_time_passes=as_time_passes) for rises in RISES]
    cells = "".join(f"{_cells(outcome):>24}" for outcome in outcomes)
    print(f"{number:5}  {carried:7.1f}{' t' if as_time_passes else '  '}{cells}", flush=True)


def _lines(
    dates: Dates,
    carried: float,
    rises: float,
    runs: int,
    seed: int,
    *,
    missing: float = RISES[0],
    as_time_passes: bool = False,
) -> Iterator[_Line]:
    """Lines of whole licenses: a straight rise, and noise of which a part is carried on to the next date.

    It is the same part for each gap, or (`as_time_passes`) that part for the mean gap, and more for a shorter one.

    Evenly spaced dates are weekly, or twice a week where there are more dates than weeks. In truth the target is
    `missing` above the newest date, in standard deviations of the noise: as far as a clear rise has brought the line.
    """
    if isinstance(dates, int):
        dates = [week * min(1, trends.WEEKS / dates) for week in range(dates)]
    weeks: Numbers = np.array(dates, dtype="float64")
    moments = [_BEGIN + timedelta(weeks=float(week)) for week in weeks]
    way = rises * _NOISE
    target = (_FIRST + way + missing * _NOISE) / _SOLD * 100
    random = np.random.default_rng(seed)
    gaps = np.diff(weeks)
    left = carried ** (gaps / gaps.mean() if as_time_passes else np.ones_like(gaps))
    new = np.sqrt(1 - left**2) if carried < DRIFTING else np.ones_like(gaps)
    for _ in range(runs):
        noise = random.normal(scale=_NOISE, size=len(weeks))
        for number in range(1, len(weeks)):
            noise[number] = left[number - 1] * noise[number - 1] + new[number - 1] * noise[number]
        deployed = np.round(_FIRST + way * weeks / weeks[-1] + noise)
        points = pd.DataFrame(
            {
                "licensesSold": _SOLD,
                "licensesDeployed": deployed,
                "deploymentPercent": deployed / _SOLD * 100,
                AS_OF: moments,
            }
        )
        yield _Line(points, weeks, way / weeks[-1], target, missing * _NOISE)


def _known(line: _Line, figures: Numbers) -> straight_line.StraightLine:
    return straight_line.fit(line.weeks, figures, 1, _INDEPENDENT)


def _outcome(held: list[bool], wide: list[float], narrowest: list[float], runs: int) -> Outcome:
    if not held:
        return Outcome(0, np.nan, np.nan)
    base = float(np.median(narrowest))
    width = float(np.median(wide)) / base if np.isfinite(base) else np.nan
    return Outcome(len(held) / runs, float(np.mean(held)), width)


def _cells(outcome: Outcome) -> str:
    width = "–" if np.isnan(outcome.width) else f"{outcome.width:.2f}" if np.isfinite(outcome.width) else "open"
    return f"{outcome.given:5.0%}  {outcome.holds:5.1%}  {width:>5}"
