"""View model of the Trends page, cached for all visitors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import pandas as pd

from dashboard import page_turns
from dashboard.cache import remembered
from dashboard.charts import palette
from dashboard.charts.base import Finished
from dashboard.charts.lines import WITHOUT, Shown, line_chart, line_chart_in_words
from dashboard.charts.panels import (
    MOST_PANELS,
    Panel,
    height_in_points,
    small_multiples,
    small_multiples_in_words,
)
from dashboard.feeds import Feeds
from dashboard.filters import dates
from dashboard.filters.parameters import MEASURE, ORDER, TARGET, TrendsFilters
from dashboard.tables.columns import OnScreen
from dashboard.tables.trends import POINTS_FILE
from dashboard.view_models import paces
from dashboard.view_models.lines import ALL, ESTIMATES, WITHOUT_AS_SENT, Line, Parts, line_of, of_parts
from data_access import Timeline, texts, timeline_of_customer, titles
from data_access.datasets import comparison
from data_access.measures import MEASURES, Facts, parts, trends
from data_access.measures.trends import AS_OF, Between, ByAnswer, Refusal
from data_access.measures.unread_rows import Absence, UnreadRows

#: The column of each measure that can be shown; `trends.Change` has its change under the measure's own name.
_COLUMNS = {
    "percent": "deploymentPercent",
    "sold": "licensesSold",
    "deployed": "licensesDeployed",
    "undeployed": "undeployed",
}
_TITLES = {"service": titles.service_title, "channel": titles.channel_title}
_GOOD = {"licensesSold": 0, "undeployed": -1}  # as `Shown` has it, where more is not better
_REFUSED = {
    Absence.GONE: Refusal.NOT_THERE,
    Absence.UNREAD: Refusal.UNREAD,
    Absence.UNCERTAIN: Refusal.UNCERTAIN,
}
_NO_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False, kw_only=True)
class TrendsView:
    """What the Trends page shows. `lines` are the parts of `whole`, in the chosen order."""

    whole: Line
    lines: list[Line]
    outside: int  # parts without a processing date in the range
    answered: datetime | None  # when the newest answer was fetched
    unread: UnreadRows  # what it does not tell of what is chosen
    figure: Finished
    words: str
    small: Finished | None  # None where there is nothing to compare
    small_words: str
    small_height: float  # percent points, of each panel of percentages
    points: pd.DataFrame  # for files: one row per line and processing date
    paces: pd.DataFrame  # for files: one row per line, that of all together first
    on_screen: OnScreen  # pace and target of each line

    @cached_property  # each file, and each picture of a chart, has it in its name
    def processed(self) -> datetime | None:
        """The newest processing date of what is shown; None where there is none."""
        dates = pd.concat([line.points["processedDateTime"] for line in (self.whole, *self.lines)]).dropna()
        return dates.max() if len(dates) else None

    @property
    def there(self) -> list[Line]:
        """The parts that are in the newest answer."""
        return [line for line in self.lines if not line.absent]

    def moved(self) -> list[tuple[str, float]]:
        """Title and percent points of every line of now whose percentage moved, the largest fall first."""
        changes = [(line.title, line.moved(line.change)) for line in self.there if line.change and line.change.percent]
        return sorted([(title, points) for title, points in changes if points], key=lambda pair: pair[1])


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
    # A page is asked for with another target, measure or order, and in the dark, of the same lines.
    known = _known(timeline, replace(filters, target=TARGET.default, measure=MEASURE.default, order=ORDER.default))
    whole, every = known.whole.towards(filters.target), [line.towards(filters.target) for line in known.lines]
    measure = _measure(timeline, filters)
    lines = sorted((line for line in every if len(line.points)), key=lambda line: _place(line, filters))
    span = _span([whole, *lines])
    colours = palette.of(dark)
    first = [_panel(line) for line in lines[:MOST_PANELS]]
    return TrendsView(
        whole=whole,
        lines=lines,
        outside=len(every) - len(lines),
        answered=timeline.newest.fetched_at if timeline.newest else None,
        unread=known.unread,
        figure=line_chart(whole.points, measure, filters.target, whole.goal, span=span, palette=colours),
        words=line_chart_in_words(whole.points, measure, filters.target),
        small=small_multiples(first, measure, span=span, palette=colours) if len(lines) > 1 else None,
        small_words=small_multiples_in_words(first, measure),
        small_height=height_in_points(first, measure),
        points=_points(whole, lines, filters.by, timeline.estimated),
        paces=paces.in_file([whole, *lines], filters.by, estimated=timeline.estimated),
        on_screen=paces.on_screen(whole, lines, filters.by, estimated=timeline.estimated),
    )


@dataclass(frozen=True, eq=False)
class _Known:
    """What a page knows of its lines, whichever measure it shows and in which order."""

    whole: Line
    lines: list[Line]
    unread: UnreadRows


@remembered
def _known(timeline: Timeline, filters: TrendsFilters) -> _Known:
    facts = timeline.facts.selected(filters.selection)
    within = _within(timeline, filters)
    now, why = _now(timeline, facts)
    together, each = trends.by_answer(facts, []), trends.by_answer(facts, [filters.by])
    made_of = Parts(facts, now, of_parts(facts), _unread(timeline, filters))
    whole = line_of(
        "",
        ALL,
        together.lines,
        _shown(together, within),
        filters.target,
        between=within,
        absent=None if len(now) else Refusal.UNCERTAIN if timeline.unread and why is Refusal.NOT_THERE else why,
        made_of=made_of,
    )
    return _Known(whole, _lines(made_of, each, within, filters, why=why), made_of.unread)


def _lines(whole: Parts, each: ByAnswer, within: Between | None, filters: TrendsFilters, *, why: Refusal) -> list[Line]:
    """The line of each service or channel; `why`: the reason of those that the rows of now do not have."""
    by, facts, now = filters.by, whole.facts, whole.now
    shown, of_parts = _shown(each, within), whole.lines
    there, of_each = {*now[by].dropna()}, [*each.lines.groupby(by, sort=True)]
    known = pd.DataFrame({by: [key for key, _ in of_each]}, dtype="str")
    reasons = [why if why is Refusal.NO_ROWS else _REFUSED[each] for each in parts.why(known, [by], whole.unread)]
    return [
        line_of(
            str(key),
            _TITLES[by](str(key)),
            points.reset_index(drop=True),
            shown[shown[by] == key].reset_index(drop=True),
            filters.target,
            between=within,
            absent=None if key in there else refused,
            made_of=Parts(
                facts.of(facts.frame[facts.frame[by] == key]),
                now[now[by] == key],
                of_parts[of_parts[by] == key],
                whole.unread.within(by, texts.key(str(key)).__eq__),
            ),
        )
        for (key, points), refused in zip(of_each, reasons, strict=True)
    ]


def _panel(line: Line) -> Panel:
    return Panel(line.key, line.title, line.points, line.absent, line.is_whole, line.new_since is not None)


def _now(timeline: Timeline, facts: Facts) -> tuple[pd.DataFrame, Refusal]:
    """The rows of the newest answer, and why there are no figures now of what is not in it."""
    newest = timeline.newest
    if newest is None:
        return facts.frame, Refusal.NOT_THERE
    rows = facts.frame[facts.frame["snapshot"] == newest.id]
    return rows, Refusal.NOT_THERE if newest.rows else Refusal.NO_ROWS


def _unread(timeline: Timeline, filters: TrendsFilters) -> UnreadRows:
    """What the newest answer does not tell, without what is known to be of other channels or services."""
    unread = timeline.unread
    for column, codes in filters.selection.wanted.items():
        unread = unread.within(column, {*map(texts.key, codes)}.__contains__)
    return unread


def _within(timeline: Timeline, filters: TrendsFilters) -> Between | None:
    """The answers that *Changes* compares, so that both pages say the same of a range; None without a second day."""
    asked, days = filters.dates, comparison.days_of(timeline, timeline.collection)
    if len(days) < 2:
        return None
    since, until = dates.compared(asked, [*days], filters.range, comparison.common_days(timeline))
    wanted = asked.since or dates.begins(filters.range, until)
    first, last = days[since], days[until]
    is_all = not wanted or wanted < min(days)
    return Between(first.id, first.fetched_at, last.id, last.fetched_at, is_all)


def _shown(by_answer: ByAnswer, within: Between | None) -> pd.DataFrame:
    return by_answer.between(within) if within else by_answer.lines


def _span(lines: list[Line]) -> tuple[datetime, datetime]:
    """The first and the last date of all lines; any moment where there are none."""
    dates = pd.concat([line.points[AS_OF] for line in lines])
    return (dates.min(), dates.max()) if len(dates) else (_NO_MOMENT, _NO_MOMENT)


def _measure(timeline: Timeline, filters: TrendsFilters) -> Shown:
    column = _COLUMNS[filters.measure]
    estimated = timeline.estimated and column in ESTIMATES
    title = MEASURES[column].label + (" (≈ estimated)" if estimated else "")
    is_percent, good = filters.measure == "percent", _GOOD.get(column, 1)
    return Shown(column, title, is_percent, estimated, good=good, target=filters.target)


def _place(line: Line, filters: TrendsFilters) -> tuple[bool, float, str, str]:
    moved = getattr(line.change, filters.measure) if line.change else None
    first = {
        "gap": -line.points["undeployed"].iloc[-1],
        "falling": moved or 0.0,
        "name": 0.0,
    }[filters.order]
    by_name = filters.order == "name"
    return not by_name and line.absent is not None, first, texts.order(line.title) if by_name else "", line.key


def _points(whole: Line, lines: list[Line], by: str, estimated: bool) -> pd.DataFrame:
    """Every point in the range, those of all together first."""
    parts = [
        line.points.assign(line=line.what(by), **{WITHOUT: line.points[WITHOUT_AS_SENT]}) for line in (whole, *lines)
    ]
    table = pd.concat(parts, ignore_index=True)
    if by not in table:
        table[by] = pd.Series(index=table.index, dtype="str")
    return POINTS_FILE.select(table, estimated=estimated)
