"""A straight line through figures over time: its pace, its level, and between what both most likely lie.

What disturbs a figure often lasts: a level that lies too high on one date does so on the next. Points that depend on
each other say less than as many that do not. How long a deviation lasts is therefore judged from the points, on the
long side where they are few, and the range is as wide as that makes it. `bench/ranges.py` says how often it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

#: Fewer leave nothing to judge the noise by; decision 17 says what this many give.
FEWEST_POINTS = 4
#: For how many mean gaps a deviation may last, each as likely as the others before the points are seen: it is new at
#: each point, lasts for some, or for longer than they reach.
LASTING = (1, 8, 64)
#: Of a hundred ranges so many hold the truth at least: where at most half of a deviation is left at the next point, and
#: where four fifths are.
HOLD, HOLD_WANDERING = 87, 80
#: Student's t that leaves out 5 % at one end, as a polynomial in 1 / degrees of freedom; Abramowitz and Stegun, 26.7.5.
_T_95 = (0.4338764545, 0.9830015120, 1.4202029826, 1.5237691476, 1.6448536270)
_CLOSEST = 0.01  # mean gaps; of points closer than this a deviation is new as if they were this far apart
_NOTHING = 1e-6  # steps; less than that is left by calculating alone


@dataclass(frozen=True, slots=True, eq=False)
class StraightLine:
    """The line of the median slope, and what generalized least squares adds to it.

    The median is bent by no odd point; least squares knows how far off it may be. Each range holds both.
    """

    pace: float  # a week
    level: float  # at the last point
    _off: Numbers  # shape (2,): from that level and pace to those of least squares
    _reach: Numbers  # shape (2, 2): their covariance × t²
    _step: float
    _span: float  # weeks

    def paces(self) -> tuple[float, float]:
        """The slowest and the fastest pace of the range."""
        middle, reach = self.pace + self._off[1], max(np.sqrt(self._reach[1, 1]), self._step / self._span)
        return float(min(self.pace, middle - reach)), float(max(self.pace, middle + reach))

    def falls_to_zero(self, weeks: Numbers) -> tuple[int | None, int | None, int | None]:
        """At which of `weeks` after the last point a falling line is at 0, at the earliest and at the latest.

        As places in `weeks`, which ascend; None where that is after the last of them, or never. Each end is where that
        end of the line's own range is at 0 (Fieller): the doubt about the pace and that about the level are both in it.
        """
        line, lowest, highest = (figures <= _NOTHING * self._step for figures in self._ahead(weeks))
        latest = len(weeks) - int(np.argmin(highest[::-1])) if not highest.all() else 0
        at, earliest = (int(np.argmax(below)) if below.any() else None for below in (line, lowest))
        return at, earliest, latest if latest < len(weeks) else None

    def _ahead(self, weeks: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """The line so many weeks after the last point, and the lowest and the highest that it may be there."""
        line = self.level + self.pace * weeks
        middle = line + self._off[0] + self._off[1] * weeks
        reach = np.sqrt(self._reach[0, 0] + 2 * self._reach[0, 1] * weeks + self._reach[1, 1] * weeks**2)
        reach = np.maximum(reach, self._step * (1 / 2 + weeks / self._span))
        return line, np.minimum(line, middle - reach), np.maximum(line, middle + reach)


def fit(weeks: Numbers, figures: Numbers, step: float, lasting: Sequence[int] = LASTING) -> StraightLine:
    """The line through at least `FEWEST_POINTS` points.

    `weeks`: when, ascending, no two alike. `step`: to what the figures are rounded, above 0. A line that
    comes to the same figures is off by half a step at each end at most, so no range is narrower. `lasting`: see
    `LASTING`.
    """
    since_last = weeks - weeks[-1]
    pace = median_slope(weeks, figures)
    rest = figures - pace * since_last
    level = float(np.median(rest))
    columns = np.stack([np.ones_like(rest), since_last, rest - level])
    gaps = np.diff(weeks)
    # The mean gap and not the median: a week of daily dates would make that a day, and so what lasts for a week new.
    gaps = np.maximum(gaps / gaps.mean(), _CLOSEST)
    carried = 1 - 1 / np.array(lasting)  # the part of a deviation that is left one mean gap later
    *_, likelihood = _least_squares(columns, gaps, carried, step)
    likely = np.exp(likelihood - likelihood.max())
    mean = np.array([likely @ carried / likely.sum()])
    (off,), (covariance,), _ = _least_squares(columns, gaps, mean, step)
    t = np.polyval(_T_95, 1 / (len(weeks) - 2))
    return StraightLine(pace, level, off, covariance * t**2, step, -since_last[0])


def median_slope(weeks: Numbers, figures: Numbers) -> float:
    """The median slope between any two points (Theil and Sen), a week."""
    first, second = np.triu_indices(len(weeks), k=1)
    return float(np.median((figures[second] - figures[first]) / (weeks[second] - weeks[first])))


def _least_squares(columns: Numbers, gaps: Numbers, carried: Numbers, step: float) -> tuple[Numbers, Numbers, Numbers]:
    """Level and pace (shape (k, 2)), their covariance (k, 2, 2), and log likelihood (k,), for each value of `carried`.

    `columns`: ones, weeks, figures. `gaps`: between the points, 1 is the mean one. Deviations are an autoregressive
    process of first order in continuous time; the likelihood is the restricted one.
    """
    left = carried[:, None] ** gaps
    new = 1 / np.sqrt(1 - left**2)
    independent = np.repeat(columns[None], len(carried), axis=0)
    independent[..., 1:] = (columns[:, 1:] - left[:, None] * columns[:, :-1]) * new[:, None]
    products = independent @ independent.swapaxes(1, 2)
    inverse = np.linalg.inv(products[:, :2, :2])
    line = (inverse @ products[:, :2, 2:])[..., 0]
    freedom = columns.shape[1] - 2
    squares = products[:, 2, 2] - (line * products[:, :2, 2]).sum(-1)
    squares = np.maximum(squares, (_NOTHING * step) ** 2)
    likelihood = np.log(new).sum(-1) + (np.log(np.linalg.det(inverse)) - freedom * np.log(squares)) / 2
    return line, inverse * (squares / freedom)[:, None, None], likelihood
