"""How the numbers move: points over time, licenses a week, and the day on which a target would be reached.

A *line* is the points of one group in the order of their dates. The processing date decides: a service that Microsoft
did not process again makes no new point, however often it was fetched. What is *now* is the newest answer, with a date
or without; what is not in it has no figures now, no pace and no day for its target.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cached_property

import narwhals as nw
import numpy as np
import pandas as pd

from data_access import texts, titles
from data_access.measures import core, straight_line
from data_access.measures.core import Facts, Frame
from data_access.measures.straight_line import Numbers, StraightLine
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
_PARTS = ("customerTenantId", "service", "channel", "productName")  # of which a sum may be
_PARTIAL = "partial"  # the column of the mark on rows of back-fills
_WENT_BACK = "wentBack"  # the column of the mark on answers with an older date of a part
_BACKWARDS = 0.1  # of a move: more the other way is a turn
_PERCENT_STEP = 0.01  # percent points: percentages are sent with two decimals


class Refusal(Enum):
    """Why there is no velocity or no date, in the words that are shown."""

    NOTHING_SOLD = "no licenses are sold"
    REACHED = "the target is reached"
    TOO_FEW = f"{core.TOO_FEW} in the last {WEEKS} weeks"
    TOO_FEW_FOR_DAY = f"{core.TOO_FEW_FOR_DAY} in the last {WEEKS} weeks"
    SOLD_MOVED = "sales changed more than deployment"
    STANDS_STILL = "in a usual week it comes no closer to the target"
    MOVES_AWAY = "moving away from the target"
    UNCLEAR = "the figures vary too much to say that the target comes closer"
    UNEVEN = "the figures vary too much"
    TOO_FAR = f"at this pace it takes {BEYOND}"
    NOT_THERE = "not in the newest answer"
    UNREAD = "could not be read in the newest answer"
    UNCERTAIN = "not among the rows of the newest answer that could be read"
    NO_ROWS = "the newest answer has no rows"
    NOT_WHOLE = "a part of it is not in the newest answer"
    HALF_READ = "a row of it could not be read in the newest answer"


@dataclass(frozen=True, slots=True)
class Velocity:
    """Licenses a week over the last `WEEKS`, and the range in which the true pace most likely lies."""

    deployed: float
    slowest: float  # of deployed; NaN where nothing ever moved, which is no noise to judge a range by
    fastest: float
    sold: float
    since: datetime  # the first and the last processing date that it was measured on
    until: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Projection:
    """The day on which the target is reached if all goes on as in the last `WEEKS`, and between which days most likely.

    `latest` is None where the slow end of the range does not reach it within the horizon.
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


@dataclass(frozen=True, slots=True)
class Between:
    """A range of time: the answers (ids of snapshots) of its first and of its last day, and when they were fetched.

    `is_all`: it begins with the history, so what was filled in before its first answer is in it.
    """

    first: str
    since: datetime
    last: str
    until: datetime
    is_all: bool = False


def rows(summary: pd.DataFrame) -> Facts:
    """The history's rows by service and channel, made ready for `lines`; keep the result as long as they are the same.

    `summary`: the columns of `measures.summary`, `snapshot` and `fetchedAt`, of one collection. Codes that differ only
    in case become one, spelled as in the newest answer that has it, which is what other pages show.
    """
    spelled = {name: _as_lately(summary[name], summary["snapshot"]) for name in ("service", "channel")}
    table = summary.assign(**spelled)
    return Facts(table.assign(**core.identities(table)), bool(summary["estimated"].any()))


def with_back_fills(facts: Facts, back_fills: Collection[str]) -> Facts:
    """The rows with a mark on those of back-fills (ids of snapshots), which hold the services of one day alone.

    See `points` and `lines` for what that changes.
    """
    return facts.of(facts.frame.assign(**{_PARTIAL: facts.frame["snapshot"].isin(back_fills)}))


def answers(facts: Facts) -> pd.DataFrame:
    """The rows of whole answers, without those of back-fills."""
    return facts.frame[~facts.frame[_PARTIAL]] if _PARTIAL in facts.frame else facts.frame


def by_snapshot(frame: Frame, keys: Sequence[str], *, estimated: bool) -> Frame:
    """One row per value of `keys` and snapshot, from which `points` makes lines.

    `frame`: rows as for `measures.grouped`, with the `snapshot` that they are of (ids go in the order of keeping) and
    `fetchedAt`. Columns: the keys, those of `measures.grouped` (processedDateTime: the newest of the rows, null where
    Microsoft gave none), snapshot, fetchedAt.
    """
    table = core.grouped(frame, [*keys, "snapshot", "fetchedAt"], estimated=estimated)
    return table.select(*keys, *core.MEASURED, "snapshot", "fetchedAt")


def points(table: pd.DataFrame, keys: Sequence[str], back_fills: Collection[str] = ()) -> pd.DataFrame:
    """The points of each line in the order of their dates, from the rows of `by_snapshot`, with `asOf` (UTC).

    `asOf` is where a point stands in time: its processing date. Of one date kept twice the later snapshot counts. The
    newest answer is always the last point: where it has no processing date, or one before the answer before it (a
    service has gone, or Microsoft went back, be it for one part of a sum: rows with a true `wentBack`), it stands at
    the time of its fetch. A back-fill (`back_fills` are ids of snapshots) stands at its processing date in any case,
    and without one nowhere.
    """
    return _of_dates(_dated(table, keys, back_fills), keys)


def _of_dates(dated: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Of rows that have their `asOf`, the last one kept of each date."""
    table = dated.drop_duplicates([*keys, AS_OF], keep="last")
    return table.sort_values([*keys, AS_OF], na_position="last", ignore_index=True)


def _dated(table: pd.DataFrame, keys: Sequence[str], back_fills: Collection[str]) -> pd.DataFrame:
    """The rows of `by_snapshot` with `asOf`, in the order of keeping; those that stand nowhere are left out."""
    table = table.sort_values("snapshot", kind="stable", ignore_index=True)
    table[AS_OF] = table["processedDateTime"]
    answers = table[~table["snapshot"].isin(back_fills)]
    lines_of = answers.groupby(list(keys), dropna=False, observed=True) if keys else [((), answers)]
    for _, answer in lines_of:
        dates = answer["processedDateTime"]
        if dates.hasnans or not dates.is_monotonic_increasing or (_WENT_BACK in answer and answer[_WENT_BACK].any()):
            table.loc[answer.index, AS_OF] = _in_order(answer)
    return table.drop(columns=_WENT_BACK, errors="ignore").dropna(subset=[AS_OF])


@dataclass(frozen=True, eq=False)
class ByAnswer:
    """The lines of facts by `keys`, added up answer by answer once for all that is asked of them.

    `table`: the rows of `by_snapshot`, with a mark on those that went back. `back_fills`: ids of snapshots.
    """

    table: pd.DataFrame
    keys: tuple[str, ...]
    back_fills: frozenset[str]

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The `points` of all dates."""
        return _of_dates(self._dated, self.keys)

    def between(self, between: Between) -> pd.DataFrame:
        """The points of `lines` in a range: what its first answer had, and all that came after up to its last answer.

        The first answer may be of days before its own: what Microsoft had processed by then is what was known. Both
        ends are as they were sent, so a comparison of both answers says the same. A line may have two points of one
        date: where a later answer has other figures of it than the first, which are those of `lines`, on which
        paces are measured. A line that the first answer does not have begins later; one for which nothing came has no
        points, unless the range is that of the whole history.
        """
        keys, table = [*self.keys], self._dated
        is_filled, at = table["snapshot"].isin(self.back_fills), table["snapshot"]
        is_within = (table[AS_OF] <= between.until) & (between.is_all | (table[AS_OF] > between.since))
        came = table[(is_filled & is_within) | (~is_filled & (at > between.first) & (at < between.last))]
        came = pd.concat([came, table[at == between.last]])
        came = came.drop_duplicates([*keys, AS_OF], keep="last")
        found = pd.concat([table[at == between.first], came], ignore_index=True)
        is_later = found.duplicated([*keys, AS_OF])
        is_revised = ~found.duplicated([*keys, AS_OF, "licensesSold", "licensesDeployed"])
        found = found[~is_later | is_revised]
        if not between.is_all:
            has_news = found["snapshot"] != between.first
            of_line = [found[key] for key in keys] or [pd.Series(0, index=found.index)]
            found = found[has_news.groupby(of_line, dropna=False, observed=True).transform("any")]
        return found.sort_values([*keys, AS_OF], na_position="last", kind="stable", ignore_index=True)

    @cached_property
    def _dated(self) -> pd.DataFrame:
        return _dated(self.table, self.keys, self.back_fills)


def by_answer(facts: Facts, keys: Sequence[str]) -> ByAnswer:
    """The lines of rows in memory, those of `rows` or a selection of them; with no keys the line of all together.

    Back-fills hold the services of one day alone: they give points of their services, and none of all together.
    """
    rows, back_fills = facts.frame, frozenset[str]()
    if _PARTIAL in rows:
        back_fills = frozenset(rows.loc[rows[_PARTIAL], "snapshot"])
        if "service" not in keys:
            rows = rows[~rows[_PARTIAL]]
    table = by_snapshot(nw.from_native(rows, eager_only=True), keys, estimated=facts.estimated)
    added_up = frames.plain(table.to_native())
    if len(back := _went_back(rows[~rows["snapshot"].isin(back_fills)])):
        at = [*keys, "snapshot"]
        marked = pd.MultiIndex.from_frame(frames.plain(back[at].astype("str")))
        added_up[_WENT_BACK] = pd.MultiIndex.from_frame(added_up[at].astype("str")).isin(marked)
    return ByAnswer(added_up, tuple(keys), back_fills)


def lines(facts: Facts, keys: Sequence[str]) -> pd.DataFrame:
    """The points of all dates of the lines `by_answer`."""
    return by_answer(facts, keys).lines


def has_gone_back(facts: Facts, now: pd.DataFrame) -> bool:
    """Whether a part has an older date in the rows of the next answer than in the last one."""
    kept = answers(facts)
    if kept.empty:
        return False
    last = kept[kept["snapshot"] == kept["snapshot"].max()]
    columns = ["service", "channel", "processedDateTime"]
    both = [rows[columns].assign(snapshot=place) for rows, place in ((last, "0"), (now, "1"))]
    parts = pd.concat([rows.astype({"service": "str", "channel": "str"}) for rows in both], ignore_index=True)
    keyed = parts.assign(**{name: texts.keys(parts[name]) for name in ("service", "channel")})
    return len(_went_back(keyed)) > 0


def _went_back(rows: pd.DataFrame) -> pd.DataFrame:
    """The parts of answers with an older processing date than in the answer before that had them."""
    dated = rows.dropna(subset=["processedDateTime"])
    if dated.empty:
        return dated
    part = np.zeros(len(dated), "int64")
    for name in _PARTS:
        if name in dated:
            codes, texts_of = pd.factorize(dated[name], use_na_sentinel=False)
            part = part * len(texts_of) + codes
    answer = pd.factorize(dated["snapshot"].astype("str"), sort=True)[0]
    dates = dated["processedDateTime"].to_numpy("datetime64[us]")
    order = np.lexsort((dates, answer, part))
    part, answer = part[order], answer[order]
    # The last row of a part in an answer has its newest date there.
    last = np.flatnonzero(np.append((part[1:] != part[:-1]) | (answer[1:] != answer[:-1]), True))
    is_older = (part[last][1:] == part[last][:-1]) & (dates[order][last][1:] < dates[order][last][:-1])
    return pd.DataFrame(dated.iloc[order[last[1:][is_older]]])


def next_as_of(line: pd.DataFrame, processed: datetime, fetched_at: datetime, *, went_back: bool = False) -> datetime:
    """Where the next answer stands in time, after the points of one line; see `points`. `processed` may be NaT."""
    return after(line[AS_OF].iloc[-1] if len(line) else None, processed, fetched_at, went_back=went_back)


def velocity(line: pd.DataFrame) -> Velocity | Refusal:
    """Licenses a week at the end of one line, between any two points in the middle: one odd point does not bend it."""
    recent, weeks = _recent(line)
    if len(recent) < core.FEWEST_DATES:
        return Refusal.TOO_FEW
    deployed = straight_line.fit(weeks, _numbers(recent["licensesDeployed"]), _step(recent))
    sold = straight_line.median_slope(weeks, _numbers(recent["licensesSold"]))
    dates = recent[AS_OF]
    ends = deployed.paces() if recent["licensesDeployed"].nunique() > 1 else (math.nan, math.nan)
    return Velocity(deployed.pace, *ends, sold, dates.iloc[0], dates.iloc[-1], len(recent))


def projection(line: pd.DataFrame, target: float) -> Projection | Refusal:
    """When one line reaches `target` (percent points), or why there is no date.

    What has to close is the gap in licenses, target × sold ÷ 100 − deployed, so a growing number sold counts as well.
    Where the gap stands now is taken from all points, since the newest one is as noisy as any.
    """
    if not len(line):
        return Refusal.TOO_FEW_FOR_DAY
    newest = line.iloc[-1]
    if not newest["licensesSold"]:
        return Refusal.NOTHING_SOLD
    if newest["deploymentPercent"] >= target:
        return Refusal.REACHED
    recent, weeks = _recent(line)
    if len(recent) < core.FEWEST_DATES_FOR_DAY:
        return Refusal.TOO_FEW_FOR_DAY
    sold, deployed = _numbers(recent["licensesSold"]), _numbers(recent["licensesDeployed"])
    if abs(straight_line.median_slope(weeks, sold)) > abs(straight_line.median_slope(weeks, deployed)):
        return Refusal.SOLD_MOVED
    gap = straight_line.fit(weeks, sold * (target / 100) - deployed, _step(recent))
    if not gap.pace:
        return Refusal.STANDS_STILL
    lowest, highest = gap.paces()
    if lowest < 0 <= highest:  # of lines that hardly come closer, a day would be given to those that seem to by chance
        return Refusal.UNCLEAR
    return Refusal.MOVES_AWAY if gap.pace > 0 else _reached(gap, target, newest[AS_OF])


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


def turn(line: pd.DataFrame) -> datetime | None:
    """Since when the percentage of one line has gone the way it goes now; None where it has not moved lately.

    Backwards from the newest point, up to the point from which it moved most, as long as no point before it undoes more
    than a `_BACKWARDS` part of that.
    """
    lately = change(line, WEEKS * 7)
    if lately is None or not lately.percent:
        return None
    percents = line["deploymentPercent"].to_numpy(dtype="float64")
    climbed = (percents[-1] - percents) * np.sign(lately.percent)  # from each point to the newest one
    best = len(climbed) - 1
    for place in range(len(climbed) - 1, -1, -1):
        if climbed[place] > climbed[best]:
            best = place
        elif climbed[best] - climbed[place] > max(climbed[best] * _BACKWARDS, _PERCENT_STEP):
            break
    since: datetime = line[AS_OF].iloc[best]
    return since if best < len(climbed) - 1 else None


def _as_lately(codes: pd.Series, snapshots: pd.Series) -> pd.Series:
    """The codes in one spelling each: that of the newest snapshot which has them, of several there the usual one."""
    last = pd.DataFrame({"code": codes.astype("str"), "snapshot": snapshots.astype("str")}).dropna(subset=["code"])
    last = last.groupby("code")["snapshot"].max().reset_index()
    last["key"] = texts.keys(last["code"])
    newest = last[last["snapshot"] == last.groupby("key")["snapshot"].transform("max")]
    spelled = {texts.key(code): one for code, one in titles.spellings(newest["code"]).items()}
    return codes.astype("str").map({code: spelled[key] for code, key in zip(last["code"], last["key"], strict=True)})


def _in_order(answers: pd.DataFrame) -> list[datetime]:
    """`asOf` of answers in the order of keeping; it never goes back."""
    moments: list[datetime] = []
    back = answers[_WENT_BACK] if _WENT_BACK in answers else [False] * len(answers)
    for processed, fetched_at, went_back in zip(answers["processedDateTime"], answers["fetchedAt"], back, strict=True):
        moments.append(after(moments[-1] if moments else None, processed, fetched_at, went_back=went_back))
    return moments


def after(
    last: datetime | None, processed: datetime | None, fetched_at: datetime, *, went_back: bool = False
) -> datetime:
    """Where an answer stands in time that came after one which stands at `last`; see `points`."""
    if processed is not None and not pd.isna(processed) and (last is None or (processed >= last and not went_back)):
        return processed
    return fetched_at if last is None else max(fetched_at, last)


def _recent(line: pd.DataFrame) -> tuple[pd.DataFrame, Numbers]:
    """The points of the last `WEEKS`, and how many weeks after the first of them each is."""
    moments = line[AS_OF].to_numpy("datetime64[us]")
    first = int(np.searchsorted(moments, moments[-1:] - np.timedelta64(WEEKS, "W")).sum())
    moments = moments[first:]
    return line.iloc[first:], (moments - moments[:1]) / np.timedelta64(1, "W")


def _numbers(column: pd.Series) -> Numbers:
    return column.to_numpy("float64")


def _step(line: pd.DataFrame) -> float:
    """To how many licenses a figure is known: one, or what the percentage behind an estimate was rounded to."""
    return max(1.0, float(line["licensesSold"].iloc[-1]) * _PERCENT_STEP / 100)


def _reached(gap: StraightLine, target: float, since: datetime) -> Projection | Refusal:
    """The day on which a closing gap is closed, and between which days that most likely is."""
    days = np.arange(1, HORIZON.days + 1)
    on, earliest, latest = gap.falls_to_zero(days / 7)
    if earliest == 0 and latest is None:
        return Refusal.UNEVEN
    if on is None or earliest is None:
        return Refusal.TOO_FAR

    def day(place: int) -> date:
        return (since + timedelta(days=int(days[place]))).date()

    return Projection(target, day(on), day(earliest), None if latest is None else day(latest))
