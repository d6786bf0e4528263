"""How the numbers move: points over time, licenses a week, and the day on which a target would be reached.

A *line* is the points of one group in the order of their dates. The processing date decides: a service that Microsoft
did not process again makes no new point, however often it was fetched. What is *now* is the newest answer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from data_access import titles
from data_access.measures import core
from data_access.measures.core import Facts, Frame
from data_access.partner_center import frames

#: How far back a pace is measured from the newest point.
WEEKS = core.WEEKS
#: How many days before the newest figures those are with which they are compared, where nobody chose.
USUAL_DAYS = 30
_YEAR = timedelta(weeks=52)
#: Further ahead than this nobody can say.
HORIZON = 3 * _YEAR
BEYOND = f"more than {HORIZON // _YEAR} years"
#: The column that says where a point stands in time, see `points`.
AS_OF = "asOf"
_PARTIAL = "partial"  # the column of the mark on rows of back-fills
_Z = 1.645  # standard deviations on both sides of the middle that hold 90 % of a normal distribution

Numbers = npt.NDArray[np.float64]


class Refusal(Enum):
    """Why there is no velocity or no date, in the words that are shown."""

    NOTHING_SOLD = "no licenses are sold"
    REACHED = "the target is reached"
    TOO_FEW = f"{core.TOO_FEW} in the last {WEEKS} weeks"
    SOLD_MOVED = "sold moved more than deployed"
    STANDS_STILL = "the gap to the target stays as it is"
    MOVES_AWAY = "the gap to the target grows"
    UNEVEN = "the gap to the target goes up and down too much to tell"
    TOO_FAR = f"at this pace it takes {BEYOND}"


@dataclass(frozen=True, slots=True)
class Velocity:
    """Licenses a week over the last `WEEKS`, and the range that holds the true pace nine times in ten."""

    deployed: float
    slowest: float  # of deployed
    fastest: float
    sold: float
    since: datetime  # the first and the last processing date that it was measured on
    until: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Projection:
    """The day on which the target is reached if all goes on as in the last `WEEKS`.

    `latest` is None where the slow end of the range lies beyond the horizon.
    """

    target: float  # percent points
    on: date
    earliest: date
    latest: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """What moved between two points. `percent` is in percent points, None where one of them has no percentage."""

    since: datetime
    until: datetime
    sold: int
    deployed: float
    percent: float | None
    undeployed: float


def rows(summary: pd.DataFrame) -> Facts:
    """The history's rows by service and channel, made ready for `lines`; keep the result as long as they are the same.

    `summary`: the columns of `measures.summary`, `snapshot` and `fetchedAt`, of one collection. Codes that differ only
    in case become one.
    """
    spelled = {
        name: titles.one_spelling(summary[name].dropna()).reindex(summary.index) for name in ("service", "channel")
    }
    table = summary.assign(**spelled)
    return Facts(table.assign(**core.identities(table)), bool(summary["estimated"].any()))


def with_back_fills(facts: Facts, back_fills: Collection[str]) -> Facts:
    """The rows with a mark on those of back-fills (ids of snapshots), which hold the services of one day alone.

    See `points` and `lines` for what that changes.
    """
    return facts.of(facts.frame.assign(**{_PARTIAL: facts.frame["snapshot"].isin(back_fills)}))


def by_snapshot(frame: Frame, keys: Sequence[str], *, estimated: bool) -> Frame:
    """One row per value of `keys` and snapshot, from which `points` makes lines; rows without a date are left out.

    `frame`: rows as for `measures.grouped`, with the `snapshot` that they are of (ids go in the order of keeping) and
    `fetchedAt`. Columns: the keys, those of `measures.grouped` (processedDateTime: the newest of the rows), snapshot,
    fetchedAt.
    """
    table = core.grouped(frame, [*keys, "snapshot", "fetchedAt"], estimated=estimated)
    table = table.filter(~nw.col("processedDateTime").is_null())
    return table.select(*keys, *core.MEASURED, "snapshot", "fetchedAt")


def points(table: pd.DataFrame, keys: Sequence[str], back_fills: Collection[str] = ()) -> pd.DataFrame:
    """The points of each line in the order of their dates, from the rows of `by_snapshot`, with `asOf` (UTC).

    `asOf` is where a point stands in time: its processing date. Of one date kept twice the later snapshot counts. The
    newest answer is always the last point: where its processing date is older than that of the answer before (a
    service has gone, or Microsoft went back), it stands at the time of its fetch. A back-fill (`back_fills` are ids of
    snapshots) stands at its processing date in any case.
    """
    table = table.sort_values("snapshot", kind="stable", ignore_index=True)
    table[AS_OF] = table["processedDateTime"]
    answers = table[~table["snapshot"].isin(back_fills)]
    lines_of = answers.groupby(list(keys), dropna=False, observed=True) if keys else [((), answers)]
    for _, answer in lines_of:
        if not answer["processedDateTime"].is_monotonic_increasing:
            table.loc[answer.index, AS_OF] = _in_order(answer)
    table = table.drop_duplicates([*keys, AS_OF], keep="last")
    return table.sort_values([*keys, AS_OF], na_position="last", ignore_index=True)


def lines(facts: Facts, keys: Sequence[str]) -> pd.DataFrame:
    """`points` on rows in memory, those of `rows` or a selection of them; with no keys the line of all together.

    Back-fills hold the services of one day alone: they give points of their services, and none of all together.
    """
    rows, back_fills = facts.frame, frozenset[str]()
    if _PARTIAL in rows:
        back_fills = frozenset(rows.loc[rows[_PARTIAL], "snapshot"])
        if "service" not in keys:
            rows = rows[~rows[_PARTIAL]]
    table = by_snapshot(nw.from_native(rows, eager_only=True), keys, estimated=facts.estimated)
    return points(frames.plain(table.to_native()), keys, back_fills)


def next_as_of(line: pd.DataFrame, processed: datetime, fetched_at: datetime) -> datetime:
    """Where the next answer stands in time, after the points of one line; see `points`."""
    return _after(line[AS_OF].iloc[-1] if len(line) else processed, processed, fetched_at)


def velocity(line: pd.DataFrame) -> Velocity | Refusal:
    """Licenses a week at the end of one line: the median slope between any two points (Theil and Sen).

    One odd point does not bend it. The range is Sen's, from the ranks of those slopes.
    """
    recent = _recent(line)
    if len(recent) < core.FEWEST_DATES:
        return Refusal.TOO_FEW
    weeks = _weeks(recent)
    deployed, slowest, fastest = _slope(weeks, recent["licensesDeployed"].to_numpy("float64"))
    sold, *_ = _slope(weeks, recent["licensesSold"].to_numpy("float64"))
    dates = recent[AS_OF]
    return Velocity(deployed, slowest, fastest, sold, dates.iloc[0], dates.iloc[-1], len(recent))


def projection(line: pd.DataFrame, target: float) -> Projection | Refusal:
    """When one line reaches `target` (percent points), or why nobody can say.

    What has to close is the gap in licenses, target × sold ÷ 100 − deployed, so a growing number sold counts as well.
    """
    if not len(line):
        return Refusal.TOO_FEW
    newest = line.iloc[-1]
    if not newest["licensesSold"]:
        return Refusal.NOTHING_SOLD
    if newest["deploymentPercent"] >= target:
        return Refusal.REACHED
    pace = velocity(line)
    if isinstance(pace, Refusal):
        return pace
    if abs(pace.sold) > abs(pace.deployed):
        return Refusal.SOLD_MOVED
    recent = _recent(line)
    gap = (recent["licensesSold"] * (target / 100) - recent["licensesDeployed"]).to_numpy("float64")
    closing, slowest, fastest = _slope(_weeks(recent), -gap)
    if closing <= 0:
        return Refusal.MOVES_AWAY if closing else Refusal.STANDS_STILL
    if slowest <= 0:
        return Refusal.UNEVEN
    missing = float(gap[-1])
    on, earliest, latest = (_later(pace.until, missing, speed) for speed in (closing, fastest, slowest))
    if on is None or earliest is None:
        return Refusal.TOO_FAR
    return Projection(target, on, earliest, latest)


def change(line: pd.DataFrame, days: int | None = None) -> Change | None:
    """From the point that is `days` older than the newest one, or as near to that as there is before it.

    Without `days`, from the first point. None where there is no earlier point.
    """
    if len(line) < 2:
        return None
    dates = line[AS_OF]
    old_enough = line[:0] if days is None else line[dates <= dates.iloc[-1] - timedelta(days=days)]
    before, after = (old_enough.iloc[-1] if len(old_enough) else line.iloc[0]), line.iloc[-1]
    percent = after["deploymentPercent"] - before["deploymentPercent"]
    return Change(
        before[AS_OF],
        after[AS_OF],
        int(after["licensesSold"] - before["licensesSold"]),
        float(after["licensesDeployed"] - before["licensesDeployed"]),
        None if pd.isna(percent) else float(percent),
        float(after["undeployed"] - before["undeployed"]),
    )


def _in_order(answers: pd.DataFrame) -> list[datetime]:
    """`asOf` of answers in the order of keeping; it never goes back."""
    moments: list[datetime] = []
    for processed, fetched_at in zip(answers["processedDateTime"], answers["fetchedAt"], strict=True):
        moments.append(_after(moments[-1] if moments else processed, processed, fetched_at))
    return moments


def _after(last: datetime, processed: datetime, fetched_at: datetime) -> datetime:
    return processed if processed >= last else max(fetched_at, last)


def _recent(line: pd.DataFrame) -> pd.DataFrame:
    dates = line[AS_OF]
    recent: pd.DataFrame = line[dates >= dates.max() - timedelta(weeks=WEEKS)]
    return recent


def _weeks(line: pd.DataFrame) -> Numbers:
    dates = line[AS_OF]
    weeks: Numbers = ((dates - dates.iloc[0]) / timedelta(weeks=1)).to_numpy("float64")
    return weeks


def _slope(x: Numbers, y: Numbers) -> tuple[float, float, float]:
    """The median slope between any two points, and the range in which the true one lies nine times in ten.

    Sen (1968): as many slopes are left out at each end as Kendall's statistic allows for chance.
    """
    first, second = np.triu_indices(len(x), k=1)
    slopes = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    count, number = len(x), len(slopes)
    spread = _Z * np.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, int(np.floor((number - spread) / 2)))
    high = min(number - 1, int(np.ceil((number + spread) / 2)))
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def _later(since: datetime, licenses: float, a_week: float) -> date | None:
    weeks = licenses / a_week
    if weeks > HORIZON / timedelta(weeks=1):
        return None
    return (since + timedelta(days=int(np.ceil(weeks * 7)))).date()
