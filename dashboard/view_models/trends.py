"""View model of the Trends page, cached for all visitors; and how the figures of the Overview's tiles have moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pandas as pd

from dashboard import formats, page_turns
from dashboard.cache import remembered
from dashboard.charts import palette
from dashboard.charts.base import Finished
from dashboard.charts.lines import (
    MOST_PANELS,
    WITHOUT,
    Panel,
    Shown,
    line_chart,
    line_chart_in_words,
    small_multiples,
    small_multiples_in_words,
)
from dashboard.charts.sparkline import sparkline
from dashboard.feeds import Feeds
from dashboard.filters import dates
from dashboard.filters.parameters import TrendsFilters
from dashboard.tables.columns import Kind, OnScreen, Table, Total
from dashboard.tables.trends import PACES, PACES_FILE, POINTS_FILE
from data_access import Deployment, Selection, Timeline, measures, texts, timeline_of_customer, titles
from data_access.datasets import comparison
from data_access.measures import MEASURES, Facts, trends
from data_access.measures.trends import AS_OF, Change, Projection, Refusal, Velocity

Between = tuple[pd.Timestamp, pd.Timestamp]
_EVER: Between = (pd.Timestamp("1970-01-01", tz=UTC), pd.Timestamp("2200-01-01", tz=UTC))
_COLUMNS = {
    "percent": "deploymentPercent",
    "sold": "licensesSold",
    "deployed": "licensesDeployed",
    "undeployed": "undeployed",
}
_TITLES = {"service": titles.service_title, "channel": titles.channel_title}
_ESTIMATES = ("licensesDeployed", "undeployed")  # where Microsoft sends a percentage and no count
_MOVED = {
    "deploymentPercent": "percent",
    "licensesSold": "sold",
    "licensesDeployed": "deployed",
    "undeployed": "undeployed",
}
_GOOD = {"licensesSold": 0, "undeployed": -1}  # as `Shown` has it, where more is not better
_RECENT = pd.Timedelta(weeks=trends.WEEKS)
_ALL = "all together"
_PRODUCT = "productName"
_MANY = 100  # licenses a week
_YEAR = timedelta(days=365)
_CLEARLY = timedelta(weeks=4)
_NAMED = 3  # parts at a point
_NO_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lost:
    """What the newest answer does not have, such as a service: the licenses sold on its last date."""

    title: str
    sold: float
    on: pd.Timestamp


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """One line: its points in the range (columns of `trends.lines`), and what is to be said of it.

    `points` have a further column WITHOUT, which parts were missing on a date, in words. Such a point is not compared,
    and nothing is measured on it.
    """

    key: str
    title: str
    points: pd.DataFrame
    change: Change | None  # over the range; None where its last point is not whole
    lately: Change | None  # over the last `trends.WEEKS`, where the range is clearly longer
    year: Change | None  # over the last twelve months, where the range is clearly shorter
    turned: datetime | None  # since when it has gone the way it goes now; None where it always has, or does not move
    pace: Velocity | Refusal
    goal: Projection | Refusal
    absent: Refusal | None  # why it has no figures now; None where it has
    lost: tuple[Lost, ...] = ()  # its services or products that have none, so that it is not the sum that it was
    came: tuple[str, ...] = ()  # its parts at the end of `change` that were never there at its beginning

    @property
    def is_whole(self) -> bool:
        """Whether the last point in the range is of all parts."""
        return not len(self.points) or not self.points[WITHOUT].iloc[-1]

    @property
    def whole(self) -> pd.DataFrame:
        """The points in the range that are of all parts."""
        return self.points[self.points[WITHOUT] == ""]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrendsView:
    """What the Trends page shows. `lines` are the parts of `whole`, in the chosen order."""

    whole: Line
    lines: list[Line]
    outside: int  # parts without a processing date in the range
    answered: datetime | None  # when the newest answer was fetched
    figure: Finished
    words: str
    small: Finished | None  # None where there is nothing to compare
    small_words: str
    points: pd.DataFrame  # for files: one row per line and processing date
    paces: pd.DataFrame  # for files: one row per line, that of all together first
    on_screen: OnScreen  # pace and target of each line

    @property
    def there(self) -> list[Line]:
        """The parts that are in the newest answer."""
        return [line for line in self.lines if not line.absent]

    def moved(self) -> list[tuple[str, float]]:
        """Title and percent points of every line of now whose percentage moved, the largest fall first."""
        changes = [(line.title, line.change.percent) for line in self.there if line.change and line.change.percent]
        return sorted(
            [(title, points) for title, points in changes if abs(points) >= formats.LEAST_POINTS],
            key=lambda pair: pair[1],
        )


@remembered
def of_customer(feeds: Feeds, past: Timeline, customer: str) -> Timeline:
    """The history of one customer, by tenant id.

    Raises one of the family in `errors` where the files cannot be read or no engine is to be had.
    """
    with page_turns.paused():
        return timeline_of_customer(past, feeds.engine(past), customer)


@remembered
def trends_view(timeline: Timeline, filters: TrendsFilters, dark: bool) -> TrendsView:
    """All lines of a page."""
    facts = timeline.facts.selected(filters.selection)
    within = _within(timeline, filters)
    now, why = _now(timeline, facts)
    there = {*now[filters.by].dropna()}
    table = trends.lines(facts, [filters.by])
    part = _part(facts)
    whole = _line(
        "", _ALL, trends.lines(facts, []), within, filters.target, absent=why if now.empty else None, parts=(facts, now)
    )
    lines = []
    for key, points in table.groupby(filters.by, sort=True):
        parts = None  # a service, which has none here
        if filters.by != part:
            parts = facts.of(facts.frame[facts.frame[filters.by] == key]), now[now[filters.by] == key]
        lines.append(
            _line(
                str(key),
                _TITLES[filters.by](str(key)),
                points.reset_index(drop=True),
                within,
                filters.target,
                absent=None if key in there else why,
                parts=parts,
            )
        )
    measure = _measure(timeline, filters)
    known = len(lines)
    lines = sorted((line for line in lines if len(line.points)), key=lambda line: _place(line, filters, measure.column))
    span = _span([whole, *lines])
    colours = palette.of(dark)
    first = [_panel(line) for line in lines[:MOST_PANELS]]
    return TrendsView(
        whole=whole,
        lines=lines,
        outside=known - len(lines),
        answered=timeline.newest.fetched_at if timeline.newest else None,
        figure=line_chart(whole.points, measure, filters.target, whole.goal, span=span, palette=colours),
        words=line_chart_in_words(whole.points, measure, filters.target),
        small=small_multiples(first, measure, filters.target, span=span, palette=colours) if len(lines) > 1 else None,
        small_words=small_multiples_in_words(first, measure),
        points=_points(whole, lines, filters.by, timeline.estimated),
        paces=_paces([whole, *lines], filters.by, timeline.estimated),
        on_screen=PACES.on_screen(
            _rows_on_screen(lines, filters.by), estimated=timeline.estimated, total=_total(whole, filters.by)
        ),
    )


def _panel(line: Line) -> Panel:
    points = line.whole if line.is_whole else line.points
    return Panel(line.key, line.title, points, not line.absent, line.is_whole)


def _now(timeline: Timeline, facts: Facts) -> tuple[pd.DataFrame, Refusal]:
    """The rows of the newest answer, and why there are no figures now of what is not in it."""
    newest = timeline.newest
    if newest is None:
        return facts.frame, Refusal.NOT_THERE
    rows = facts.frame[facts.frame["snapshot"] == newest.id]
    return rows, Refusal.NOT_THERE if newest.rows else Refusal.NO_ROWS


def _part(facts: Facts) -> str:
    """What a sum of these facts is made of: the products of one customer, else services."""
    return _PRODUCT if _PRODUCT in facts.frame else "service"


def _lost(gone: pd.DataFrame, part: str) -> tuple[Lost, ...]:
    rows = zip(gone[part], gone["licensesSold"], gone[AS_OF], strict=True)
    title = _title_of(part)
    return tuple(Lost(title(str(code)), sold, on) for code, sold, on in rows)


def _title_of(part: str) -> Callable[[str], str]:
    return titles.product_title if part == _PRODUCT else titles.service_title


def _named(codes: Iterable[str], part: str) -> str:
    """Some parts in words."""
    names = [*map(_title_of(part), codes)]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


@remembered
def lost(timeline: Timeline, deployment: Deployment, selection: Selection) -> tuple[Lost, ...]:
    """The services that the history has lately, or on the date compared with, and an answer does not.

    None where they cannot be compared.
    """
    line = _until(timeline, deployment, selection)
    if line is None:
        return ()
    change = trends.change(line, trends.USUAL_DAYS)
    compared = line[line[AS_OF] >= change.since] if change else None
    by_service = trends.lines(timeline.facts.selected(selection), ["service"])
    return _lost(trends.gone(by_service, deployment.facts.selected(selection).frame, "service", compared), "service")


def _until(timeline: Timeline, deployment: Deployment, selection: Selection) -> pd.DataFrame | None:
    """The line of all together up to the figures on screen, which may be newer than the history.

    Without dates on which a service was missing. None where they cannot be compared.
    """
    facts = deployment.facts.selected(selection)
    if timeline.collection is not deployment.answer.collection or not len(facts):
        return None
    kept = timeline.facts.selected(selection)
    lacking = trends.missing(kept, "service", facts.frame["service"].unique())
    line = trends.lines(kept, [])
    total = measures.total(facts)
    as_of = trends.next_as_of(
        line,
        facts.frame["processedDateTime"].max(),
        deployment.answer.fetched_at,
        went_back=trends.has_gone_back(kept, facts.frame),
    )
    now = {
        "licensesSold": total.sold,
        "licensesDeployed": total.deployed,
        "deploymentPercent": total.percent,
        "undeployed": total.undeployed,
        AS_OF: as_of,
        "snapshot": "",  # it may not be kept
    }
    line = line[(line[AS_OF] < as_of) & ~line["snapshot"].isin([*lacking])]
    return pd.concat([line[[*now]], pd.DataFrame([now])], ignore_index=True)


def _line(
    key: str,
    title: str,
    points: pd.DataFrame,
    between: Between,
    target: float,
    *,
    absent: Refusal | None,
    parts: tuple[Facts, pd.DataFrame] | None = None,
) -> Line:
    """One line; `parts`: what it is the sum of, and the rows of now among that."""
    points = points.assign(**{WITHOUT: ""})
    lost, came, recently = tuple[Lost, ...](), tuple[str, ...](), False
    within, measured = _shown(points, between), points
    if parts:
        facts, now = parts
        part = _part(facts)
        by_part, there = trends.lines(facts, [part]), {*now[part].dropna()}
        recent, gone = trends.gone(by_part, now, part), trends.gone(by_part, now, part, within)
        recently, lost = len(recent) > 0, () if absent else _lost(gone, part)
        measured = points[~points["snapshot"].isin([*trends.missing(facts, part, there.union(recent[part]))])]
        lacking = trends.missing(facts, part, there.union(gone[part]))
        points[WITHOUT] = [_named(lacking.get(snapshot, ()), part) for snapshot in points["snapshot"]]
        within = _shown(points, between)
    refused = absent or (Refusal.NOT_WHOLE if recently else None)
    compared = _shown(points[points[WITHOUT] == ""], between)
    if len(within) and len(compared):  # the last whole point before the range may be further back
        begins = min(within[AS_OF].iloc[0], compared[AS_OF].iloc[0])
        within = points[points[AS_OF].between(begins, within[AS_OF].iloc[-1])].reset_index(drop=True)
    if len(within) and within[WITHOUT].iloc[-1]:
        compared = compared[:0]
    known = measured[measured[AS_OF] < between[1]].reset_index(drop=True)
    change, lately, year = (
        trends.change(compared),
        trends.change(compared, trends.WEEKS * 7),
        trends.change(known, _YEAR.days) if len(compared) else None,
    )
    turned = trends.turn(known) if len(compared) else None
    if year and parts and len(trends.gone(by_part, now, part, known[known[AS_OF] >= year.since])):
        year = None
    if parts and change:
        came = _came(facts, part, compared)
    return Line(
        key=key,
        title=title,
        points=within,
        change=change,
        lately=lately if lately and change and lately.since - change.since > _CLEARLY else None,
        year=year if year and change and change.since - year.since > _CLEARLY else None,
        turned=turned if turned and turned > known[AS_OF].iloc[0] else None,
        pace=refused or trends.velocity(measured),
        goal=refused or trends.projection(measured, target),
        absent=absent,
        lost=lost,
        came=came,
    )


def _came(facts: Facts, part: str, compared: pd.DataFrame) -> tuple[str, ...]:
    """The titles of the parts that the last of these points has, with licenses sold, and the first does not."""
    first, last = (
        {texts.key(code): code for code in rows[rows["licensesSold"] > 0][part].dropna().astype("str")}
        for rows in (facts.frame[facts.frame["snapshot"] == compared["snapshot"].iloc[end]] for end in (0, -1))
    )
    return tuple(sorted(_title_of(part)(code) for key, code in last.items() if key not in first))


def _shown(points: pd.DataFrame, between: Between) -> pd.DataFrame:
    """The points of a range: what was known when it began, and all that came in it; none where nothing did."""
    came = points[points[AS_OF].between(*between, inclusive="left")]
    known = points[points[AS_OF] < between[0]].tail(1)
    return pd.concat([known, came] if len(came) else [came]).reset_index(drop=True)


def _within(timeline: Timeline, filters: TrendsFilters) -> Between:
    """The end of the day of which figures begin the range, and the end of its last day.

    They are the days that *Changes* compares, so that both pages say the same of a range.
    """
    asked, days = filters.dates, [*comparison.days_of(timeline, timeline.collection)]
    until = _end_of(asked.until) if asked.until else _EVER[1]
    if len(days) < 2:
        return _EVER[0], until
    since, last = dates.compared(asked, days, filters.range, comparison.common_days(timeline))
    wanted = asked.since or dates.begins(filters.range, last)
    return (_end_of(since) if wanted and wanted >= days[0] else _EVER[0]), until


def _end_of(day: date) -> pd.Timestamp:
    return pd.Timestamp(day, tz=UTC) + pd.Timedelta(days=1)


def _span(lines: list[Line]) -> tuple[datetime, datetime]:
    """The first and the last date of all lines; any moment where there are none."""
    dates = pd.concat([line.points[AS_OF] for line in lines])
    return (dates.min(), dates.max()) if len(dates) else (_NO_MOMENT, _NO_MOMENT)


def _measure(timeline: Timeline, filters: TrendsFilters) -> Shown:
    column = _COLUMNS[filters.measure]
    estimated = timeline.estimated and column in _ESTIMATES
    title = MEASURES[column].label + (" (≈ estimated)" if estimated else "")
    return Shown(column, title, filters.measure == "percent", estimated, good=_GOOD.get(column, 1))


def _place(line: Line, filters: TrendsFilters, column: str) -> tuple[bool, float, str, str]:
    moved = getattr(line.change, _MOVED[column]) if line.change else None
    first = {
        "gap": -line.points["undeployed"].iloc[-1],
        "falling": moved or 0.0,
        "name": 0.0,
    }[filters.order]
    by_name = filters.order == "name"
    return not by_name and line.absent is not None, first, texts.order(line.title) if by_name else "", line.key


def _points(whole: Line, lines: list[Line], by: str, estimated: bool) -> pd.DataFrame:
    """Every point in the range, those of all together first."""
    parts = [line.points.assign(line=_what(line, by)) for line in (whole, *lines)]
    table = pd.concat(parts, ignore_index=True)
    if by not in table:
        table[by] = pd.Series(index=table.index, dtype="str")
    return POINTS_FILE.select(table, estimated=estimated)


def _paces(lines: list[Line], by: str, estimated: bool) -> pd.DataFrame:
    """One row per line: its newest figures, what moved within the range, its pace, and the day of the target.

    A line without points has nothing to say.
    """
    rows = []
    for line in (line for line in lines if len(line.points)):
        now, change = line.points.iloc[-1], line.change
        rows.append(
            {
                "line": _what(line, by),
                by: line.key or None,
                "processingDates": len(line.points),
                "since": line.points[AS_OF].iloc[0],
                AS_OF: now[AS_OF],
                "processedDateTime": now["processedDateTime"],
                "licensesSold": now["licensesSold"],
                "licensesDeployed": now["licensesDeployed"],
                "deploymentPercent": now["deploymentPercent"],
                "undeployed": now["undeployed"],
                "licensesSoldChange": change.sold if change else None,
                "licensesDeployedChange": change.deployed if change else None,
                "deploymentPercentChange": change.percent if change else None,
                "undeployedChange": change.undeployed if change else None,
                **_pace(line.pace),
                **_goal(line.goal),
            }
        )
    return PACES_FILE.select(_numbers(rows, PACES_FILE), estimated=estimated)


def _numbers(rows: list[dict[str, Any]], table: Table) -> pd.DataFrame:
    """The rows as a frame; what goes up and down is a number (float64) where no row has any."""
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(frame.columns.intersection(table.of_kind(Kind.SIGNED)), "float64"))


def _what(line: Line, by: str) -> str:
    """What a row of a file is about: all together, or one part."""
    return by if line.key else _ALL


def _pace(pace: Velocity | Refusal) -> dict[str, float | None]:
    if isinstance(pace, Refusal):
        figures: tuple[float | None, ...] = (None, None, None, None)
    else:
        figures = (pace.deployed, pace.slowest, pace.fastest, pace.sold)
    return dict(
        zip(
            ("deployedPerWeek", "deployedPerWeekSlowest", "deployedPerWeekFastest", "soldPerWeek"), figures, strict=True
        )
    )


def _goal(goal: Projection | Refusal) -> dict[str, str | None]:
    if isinstance(goal, Refusal):
        days: tuple[str | None, ...] = (None, None, None, goal.value)
    else:
        days = (str(goal.on), str(goal.earliest), str(goal.latest) if goal.latest else None, None)
    return dict(zip(("targetReached", "targetEarliest", "targetLatest", "targetRefused"), days, strict=True))


def _rows_on_screen(lines: list[Line], by: str) -> pd.DataFrame:
    rows = [
        {
            "title" if by == "service" else by: line.title,
            "deploymentPercent": line.points["deploymentPercent"].iloc[-1],
            "deploymentPercentChange": line.change.percent if line.change else None,
            "undeployed": line.points["undeployed"].iloc[-1],
            "soldPerWeek": line.pace.sold if isinstance(line.pace, Velocity) else None,
            "deployedPerWeek": line.pace.deployed if isinstance(line.pace, Velocity) else None,
            "deployedRange": spread(line.pace) if isinstance(line.pace, Velocity) else None,
            "targetReached": reached(line.goal),
            AS_OF: line.points[AS_OF].iloc[-1],
        }
        for line in lines
    ]
    return _numbers(rows, PACES)


def _total(whole: Line, by: str) -> Total | None:
    """The last row, which is the line of all and no sum of the rows; none where there are no figures of it now."""
    if whole.absent or not len(whole.points):
        return None
    (row,) = _rows_on_screen([whole], by).to_dict("records")
    return Total("All together", {str(name): None if pd.isna(value) else value for name, value in row.items()})


def spread(pace: Velocity) -> str:
    """The range of a pace; tenths of a license say something only where there are few."""
    decimals = 1 if max(abs(pace.slowest), abs(pace.fastest)) < _MANY else 0
    return f"{formats.change(pace.slowest, decimals=decimals)} to {formats.change(pace.fastest, decimals=decimals)}"


def reached(goal: Projection | Refusal) -> str:
    """The day of the target with the months of its range, before when it is not, or why there is no date."""
    if isinstance(goal, Refusal):
        return goal.value
    earliest, latest = ends(goal)
    return f"{formats.day(goal.on)} ({months(goal)})" if latest else f"not before {earliest}"


def months(goal: Projection) -> str:
    """The range of the day, as short as a tile has room for."""
    earliest, latest = ends(goal)
    if not latest:
        return "at the earliest"
    return earliest if earliest == latest else f"{earliest} to {latest}"


def is_far(line: Line) -> bool:
    """Whether the target is so far ahead, or so uncertain, that only its earliest month is worth a headline."""
    goal = line.goal
    return isinstance(goal, Projection) and (
        goal.latest is None or goal.earliest - line.points[AS_OF].iloc[-1].date() > _YEAR
    )


def ends(goal: Projection) -> tuple[str, str | None]:
    """The first and the last month of the range of the day; no last one where it is open."""
    return f"{goal.earliest:%b %Y}", f"{goal.latest:%b %Y}" if goal.latest else None


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much one figure has moved, in words; the kind of news that is; and its line as a picture."""

    said: str
    since: datetime
    arrow: Literal["up", "down", "off"]
    kind: Literal["good", "bad", "neither"]
    line: str  # the address of the picture


@remembered
def moved(timeline: Timeline, deployment: Deployment, selection: Selection, dark: bool) -> dict[str, Moved]:
    """How the figures of a selection have moved in some `trends.USUAL_DAYS`, by measure; empty without an earlier date.

    Empty as well where a service is gone: then it is not the same sum.

    Estimates are compared with estimates and counts with counts.
    """
    line = _until(timeline, deployment, selection)
    if line is None or lost(timeline, deployment, selection):
        return {}
    change = trends.change(line, trends.USUAL_DAYS)
    if change is None:
        return {}
    recent = line[line[AS_OF] >= line[AS_OF].iloc[-1] - _RECENT]

    def of(column: str, by: float | None, good: int) -> dict[str, Moved]:
        if by is None:
            return {}
        estimated = deployment.estimated and column in _ESTIMATES
        said = f"{formats.points(by)} points" if column == "deploymentPercent" else formats.change(by, estimated)
        still = said[0] == formats.STILL
        arrow: Literal["up", "down", "off"] = "off" if still else "up" if by > 0 else "down"
        kind: Literal["good", "bad", "neither"] = "neither" if still or not good else "good" if by * good > 0 else "bad"
        picture = sparkline(recent[AS_OF], recent[column], palette.of(dark))
        return {column: Moved(said, change.since, arrow, kind, picture)}

    return {
        **of("licensesSold", change.sold, 0),
        **of("licensesDeployed", change.deployed, 1),
        **of("deploymentPercent", change.percent, 1),
        **of("undeployed", change.undeployed, -1),
    }
