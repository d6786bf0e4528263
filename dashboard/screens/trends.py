"""The Trends page: whether deployment improves, where, and whether it will reach the target."""

import math
from dataclasses import replace
from functools import partial

import streamlit as st

from dashboard import explanations, exports, formats, sentences
from dashboard.charts import panels
from dashboard.components import book, figures, history_states, notices, table, tiles
from dashboard.feeds import Feeds, current_feeds, file_filter
from dashboard.filters import dates as dates_of
from dashboard.filters import link
from dashboard.filters.link import Controls
from dashboard.filters.parameters import BY, CHANNEL, MEASURE, ORDER, SERVICE, TrendsFilters
from dashboard.security import session
from dashboard.tables.trends import PACES_FILE, POINTS_FILE, in_days
from dashboard.view_models import paces, trends
from dashboard.view_models.lines import Line
from dashboard.view_models.trends import TrendsView
from data_access import Timeline, measures
from data_access.measures.trends import Projection, Refusal, Velocity
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_QUESTION = "Is deployment improving?"
_TOO_FEW = f"fewer than {measures.FEWEST_DATES} dates"  # as much as a tile has room for
_NOT_NOW = "no figures now"
_LICENSES = ":small[licenses]"

_CLICKED = {"service": SERVICE, "channel": CHANNEL}


@session.part
def show(timeline: Timeline, feeds: Feeds) -> None:
    """The page for a history that there is."""
    controls = link.follow(TrendsFilters, feeds.codes(), redraw=session.chosen_in_bar, is_bar=True)
    history_states.top(timeline, _QUESTION, feeds, controls, beside=partial(history_states.reach, timeline))
    if not len(timeline.facts):
        history_states.nothing_collected(feeds)
        return
    if feeds.is_book:
        book.basis()
    elif timeline.collection is COMMERCIAL_DEPLOYMENT:
        notices.stands_in()
    _content(timeline, feeds)


@session.content
def _content(timeline: Timeline, feeds: Feeds) -> None:
    controls = link.follow(TrendsFilters, feeds.codes(), redraw=session.chosen_in_content)
    filters = controls.filters
    trend = trends.trends_view(timeline, filters, figures.is_dark())
    notices.left_out(controls.unknown)
    notices.unread(trend.unread)
    if len(trend.whole.points):
        st.markdown(sentences.of_trends(trend, filters.target))
    origin = _origin(trend, filters, timeline, feeds)
    explained = (
        explanations.of_trends(trend, timeline, origin.filter, filters.target) if len(trend.whole.points) else {}
    )
    _tiles(trend.whole, filters.target, timeline.estimated, explained)
    _whole(trend, controls, timeline, origin)
    if len(trend.whole.points):
        _parts(trend, controls, origin)
        _figures(trend, filters, timeline, feeds, origin)


def _tiles(line: Line, target: float, estimated: bool, explained: explanations.Explanations) -> None:
    points, change, goal = line.points, line.lately or line.change, line.goal
    percent = points["deploymentPercent"].iloc[-1] if len(points) and not line.absent else None
    pace = line.pace if isinstance(line.pace, Velocity) else None
    is_partly = bool(line.lost) or line.pace is Refusal.HALF_READ
    no_pace = _NOT_NOW if line.absent else tiles.NOT_WHOLE if is_partly else _TOO_FEW
    moved = (
        _NOT_NOW
        if len(points) and line.absent
        else tiles.NOT_WHOLE
        if not line.is_whole
        else f"{formats.points(line.moved(change))} points since {formats.day(change.since)}"
        if change and change.percent is not None
        else f"not there on {formats.day(line.new_since)}"
        if line.new_since
        else "one date to compare"
        if len(points) > 1
        else "one date only"
        if len(points)
        else "no date"
    )
    spread = (
        no_pace
        if not pace
        else "nothing moved"
        if math.isnan(pace.slowest)
        else f"likely {formats.about(paces.spread(pace), estimated)}"
    )
    deployed, sold = (
        (
            f"{formats.change(pace.deployed, estimated, paces.decimals(pace))} {_LICENSES}",
            f"{formats.change(pace.sold)} {_LICENSES}",
        )
        if pace
        else (formats.NOTHING, formats.NOTHING)
    )
    dates = f"on {formats.number(pace.points, 'processing date')}" if pace else no_pace
    reached, when = formats.NOTHING, tiles.NOT_WHOLE if is_partly else "no date"
    if isinstance(goal, Projection):
        reached, when = _target_reached(line, goal)
    elif goal is Refusal.REACHED:
        reached, when = "reached", "at the newest date"
    tiles.draw(
        (
            tiles.tile(key, measure, value, context, explained=explained.get(measure, ""))
            for key, measure, value, context in (
                ("kpi_deployment_percent", "deploymentPercent", formats.percent(percent, target=target), moved),
                ("kpi_deployed_per_week", "velocity", deployed, spread),
                ("kpi_sold_per_week", "soldPerWeek", sold, dates),
                ("kpi_target_reached", "projection", reached, when),
            )
        )
    )


def _why() -> None:
    """The way to what moved the percentage in the same range."""
    said, icon = "What moved it: Changes, in this range", ":material/compare_arrows:"
    with st.container(key="why", width="content"):
        st.page_link("screens/changes.py", label="Why?", icon=icon, help=said, query_params=link.shared_link())


def _target_reached(line: Line, goal: Projection) -> tuple[str, str]:
    """The month of the target, and its range; the earliest one where it is far ahead."""
    if not paces.is_far(line):
        return f"{goal.on:%b}{formats.NBSP}{goal.on:%Y}", paces.months(goal)
    earliest, latest = paces.ends(goal)
    return (
        f":small[not before] {earliest.replace(' ', formats.NBSP)}",
        f"likely by {latest}" if latest else "latest date unknown",
    )


def _whole(
    trend: TrendsView, controls: Controls[TrendsFilters], timeline: Timeline, origin: exports.Provenance
) -> None:
    with st.container(key="trends_chart", border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.header("How has it moved?", anchor=False)
            controls.draw(MEASURE)
            history_states.time_range(controls, timeline, timeline.collection)
        if note := sentences.went_back(trend.whole):
            st.caption(f":material/history_toggle_off: {note}")
        if len(trend.whole.points):
            picture = origin.picture(
                sentences.of_picture(f"{MEASURE.options[controls.filters.measure]} of all", trend.whole), "trends_chart"
            )
            figures.chart(trend.figure, key="trends_whole", words=trend.words, picture=picture)
        else:
            st.info(
                "There is no processing date with these filters. Remove one.",
                icon=":material/filter_alt_off:",
            )


def _parts(trend: TrendsView, controls: Controls[TrendsFilters], origin: exports.Provenance) -> None:
    filters = controls.filters

    def click() -> None:
        if panel := figures.clicked_key("trends_small"):
            controls.only(_CLICKED[filters.by])(panel)

    with st.container(key="trends_parts_chart", border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.header("Where?", anchor=False)
            if trend.whole.change or not trend.whole.is_whole:
                _why()
            controls.draw(BY)
            controls.draw(ORDER)
        if trend.outside:
            st.caption(
                f"Not shown: {formats.number(trend.outside, filters.by)} without a processing date in this range."
            )
        if not trend.whole.absent and (note := sentences.gone(trend.lines, trend.answered)):
            st.caption(f":material/history_toggle_off: {note}")
        if not trend.small:
            st.caption(f"Only {formats.plain(trend.lines[0].title)}: there is nothing to compare.")
            return
        if (trend.whole.change or not trend.whole.is_whole) and (where := sentences.where(trend, filters.by)):
            st.markdown(where)
        number = formats.number(len(trend.lines), filters.by)
        if len(trend.lines) > panels.MOST_PANELS:
            number = f"The first {panels.MOST_PANELS} of {number}; the table has them all"
        scale = "each around its own first figure (dotted)"
        if filters.measure == "percent":
            scale = (
                f"each panel {trend.small_height:.1f} points high, not from 0\u00a0%, so that movements can be seen and"
                " compared. Dotted: the first figure"
            )
        st.caption(f"{number}, {scale}. A click on a panel shows it alone.")
        title = sentences.of_picture(f"{MEASURE.options[filters.measure]} by {filters.by}", trend.whole)
        picture = origin.picture(title, "trends_parts_chart")
        figures.chart(trend.small, key="trends_small", words=trend.small_words, picture=picture, on_click=click)


def _origin(trend: TrendsView, filters: TrendsFilters, timeline: Timeline, feeds: Feeds) -> exports.Provenance:
    """The origin of the points; that of the paces says the target too."""
    return figures.provenance(feeds, f"trends-by-{filters.by}", trend.processed, _filter(filters, timeline, feeds))


def _filter(filters: TrendsFilters, timeline: Timeline, feeds: Feeds, **more: str) -> str:
    within = dates_of.said(filters.range, filters.dates)
    return file_filter(feeds, filters.selection, range=within, **more, collection=timeline.collection.name)


def _figures(
    trend: TrendsView, filters: TrendsFilters, timeline: Timeline, feeds: Feeds, origin: exports.Provenance
) -> None:
    estimated = timeline.estimated
    columns = partial(POINTS_FILE.described, estimated=estimated)
    points = exports.for_people_and_programs(lambda: trend.points, columns, (trend,), origin)
    with_target = _filter(filters, timeline, feeds, target=f"{filters.target:g} %")
    paces = replace(origin, content=f"pace-by-{filters.by}", filter=with_target)
    of_paces = partial(PACES_FILE.described, estimated=estimated, target=filters.target)
    files = [
        exports.workbook(
            "export_pace_xlsx",
            "This table, Excel",
            lambda: in_days(trend.paces),
            of_paces,
            of=(trend,),
            provenance=paces,
        ),
        exports.for_programs(
            "export_pace", "This table, CSV", lambda: trend.paces, of_paces, of=(trend,), provenance=paces
        ),
    ]
    with figures.figures("Speed and expected date", [*files, *points]):
        st.caption("*This table* has all columns and a total row. The other three files hold every point of the lines.")
        table.show(trend.on_screen, "trends_table", "Speed and expected date", in_link=True, target=filters.target)


feeds = current_feeds()
if past := history_states.standing(feeds, _QUESTION):
    show(past, feeds)
