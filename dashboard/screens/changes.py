"""The Changes page: two dates of the history side by side, and what moved the percentage between them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import streamlit as st

from dashboard import explanations, exports, formats, sentences
from dashboard.charts import contributions
from dashboard.components import customer_names, figures, history_states, notices, table, tiles
from dashboard.explanations import Explanations
from dashboard.feeds import Feeds, current_feeds, current_sight, file_filter
from dashboard.filters import dates, levels, link
from dashboard.filters.dates import Dates
from dashboard.filters.link import Controls
from dashboard.filters.parameters import LEVEL, SEARCH, SERVICE, STATUS, ChangesFilters
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.tables.changes import CHANGES_FILE
from dashboard.tables.columns import OnScreen
from dashboard.tables.common import TENANT_ID
from dashboard.view_models import changes
from dashboard.view_models.changes import ChangesView
from data_access import PartnerCenterError, Snapshot, Timeline
from data_access.datasets import comparison
from data_access.datasets.comparison import Comparison
from data_access.measures.changes import Status

_QUESTION = "What is different, and why did the percentage move?"
_CHART = "changes_bars"
_DIFFERENT = (Status.NEW, Status.GONE, Status.CHANGED, Status.UNREAD)  # the table's rows until the user chooses others


@session.part
def show(past: Timeline, feeds: Feeds) -> None:
    """Draw the page for a history with snapshots."""
    customers = session.may(Role.MANAGER) and current_sight().figures == current_sight().names
    codes = changes.codes_with_unread(past, feeds.codes())
    controls = link.follow(ChangesFilters, codes, replace(LEVEL, closed=levels.closed_to(customers)))
    history_states.top(past, _QUESTION, feeds, controls)
    level = levels.open_to(customers)[controls.filters.level]
    collection = comparison.collection_of(past, level)
    days = [*comparison.days_of(past, collection)]
    common = comparison.common_days(past)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="choices"):
        controls.draw(LEVEL)
        if len(days) > 1:
            history_states.time_range(controls, past, collection)
            if searched := levels.WORDS[level].searched:
                controls.draw(SEARCH, placeholder=searched)
    if LEVEL.name in controls.closed:
        st.info(f"The link compares customers, which {_not_shown()}.", icon=":material/lock:")
    if len(days) > 1:
        asked, chosen = controls.filters.dates, controls.filters.range
        compared = Comparison(level, *dates.compared(asked, days, chosen, common))
        of_services = [*comparison.days_of(past, past.collection)]
        others = dates.compared(asked, of_services, chosen, common) if len(of_services) > 1 else None
        _say_dates(asked, compared, others)
        show_both(past, compared, controls, feeds)
        return
    notices.left_out(controls.unknown)
    if days:
        history_states.too_short(collection.title, formats.day(days[0]))
    elif not len(past.facts):
        history_states.nothing_collected(feeds)
    else:
        st.info(
            f"The history has no rows of *{collection.title}*, which this comparison needs. Compare services instead;"
            " *Data health* says what was collected.",
            icon=":material/info:",
        )


def _say_dates(asked: Dates, compared: Comparison, others: tuple[date, date] | None) -> None:
    """Say where other dates are compared than the link names, or than for services (`others`)."""
    shown = compared.since, compared.until
    said = dates.notes(asked, shown)
    if not said and others and others != shown:
        then = " and ".join(formats.day(day) for day in others)
        said = [f"For services {then} are compared. What is compared here has no figures of both, so its dates differ."]
    for sentence in said:
        st.info(sentence, icon=":material/event_busy:")


def _not_shown() -> str:
    if session.may(Role.MANAGER):
        return "the figures of the whole company do not name; choose *My customers* above"
    return "your role does not show"


def show_both(past: Timeline, compared: Comparison, controls: Controls[ChangesFilters], feeds: Feeds) -> None:
    """Draw two dates side by side."""
    pair, words = comparison.pair(past, compared), levels.WORDS[compared.level]
    notices.left_out(controls.unknown)
    filters, dark = controls.filters, figures.is_dark()
    search = filters.search if words.searched else ""
    try:
        model = changes.changes_view(feeds, past, compared, filters.selection, search=search, dark=dark)
    except PartnerCenterError as error:
        notices.trouble(error)
        return
    if not model.number:
        st.info("No row fits. Change the search or remove a filter.", icon=":material/search_off:")
        # What is scripted against the page finds the tiles and files also where they are about nothing.
        _tiles(model, explanations.of_changes(model, ""))
        _, files = _files(model, filters.status or _DIFFERENT, filters, compared=compared, past=past, feeds=feeds)
        with figures.figures(formats.number(0, words.noun), files):
            return
    newest = past.history.newest(comparison.collection_of(past, compared.level))
    if newest and not newest.rows:
        st.markdown(f"**{sentences.without_rows(newest.fetched_at)}** What is compared is older.")
    if missing := model.missing:
        st.markdown(
            f"{sentences.not_there(missing, f'the answer of {formats.day(compared.since)}')} So it counts as new."
        )
    if lost := model.lost:
        st.markdown(sentences.not_there(lost, f"the answer of {formats.day(compared.until)}"))
    if model.lacking:
        st.markdown(sentences.lacking(model.lacking, model.gaps, f"the answer of {formats.day(compared.until)}"))
    st.markdown(_answer(model, compared))
    counted = _counted(past, compared, pair)
    _tiles(model, explanations.of_changes(model, counted))
    st.caption(f"{_rest(model, compared)} {counted}")
    _basis(past, compared, pair)
    statuses = filters.status or _DIFFERENT
    rows = changes.on_screen(model, statuses)
    provenance, files = _files(model, statuses, filters, compared=compared, past=past, feeds=feeds)
    _chart(model, compared, controls, provenance)
    with figures.figures(formats.number(rows.number, levels.WORDS[compared.level].noun), files):
        _statuses(model, controls)
        _table(rows)


def _files(
    model: ChangesView,
    statuses: tuple[str, ...],
    filters: ChangesFilters,
    *,
    compared: Comparison,
    past: Timeline,
    feeds: Feeds,
) -> tuple[exports.Provenance, tuple[exports.File, ...]]:
    """Where the rows that became one of `statuses` come from, and the files of them."""
    sentence = file_filter(
        feeds,
        filters.selection,
        search=filters.search if levels.WORDS[compared.level].searched else "",
        compared=levels.code(compared.level),
        since=compared.since.isoformat(),
        until=compared.until.isoformat(),
        status=", ".join(statuses),
        collection=comparison.collection_of(past, compared.level).name,
    )
    newest = comparison.pair(past, compared).after.processed[1]
    provenance = figures.provenance(feeds, "changes", newest, sentence)
    columns = partial(CHANGES_FILE.described, estimated=model.estimated)
    return provenance, exports.for_people_and_programs(
        partial(model.file, statuses), columns, (model, statuses), provenance
    )


def _statuses(model: ChangesView, controls: Controls[ChangesFilters]) -> None:
    """What became of rows, where there is more than one thing, or one is chosen."""
    counts = model.counts  # the widget outlives this run, and must not keep the view model
    options = [str(status) for status in Status if counts[status] or status in controls.filters.status]
    if len(options) > 1 or controls.filters.status:
        words = {str(status): f"{status.word.capitalize()} {counts[status]:,}" for status in Status}
        controls.draw(STATUS, options=options, words=words.__getitem__)


def _counted(past: Timeline, compared: Comparison, pair: comparison.Pair) -> str:
    """What is compared: the collection, and the processing dates."""
    collection = comparison.collection_of(past, compared.level)
    counted = "estimated (≈) from percentages" if pair.after.estimated else "counted by Microsoft"
    processed = " → ".join(_processed(snapshot) for snapshot in (pair.before, pair.after))
    return f"*{collection.title}*, licenses deployed {counted} · processed {processed}"


def _basis(past: Timeline, compared: Comparison, pair: comparison.Pair) -> None:
    """Draw the limits of the comparison."""
    collection = comparison.collection_of(past, compared.level)
    if past.collection is not collection:
        st.caption(f":material/compare_arrows: {notices.COUNTED_SEPARATELY}")
    if same := pair.not_processed_anew:
        st.caption(
            ":material/hourglass_empty: Microsoft has not updated these services yet:"
            f" {formats.plain(formats.shortened(', '.join(same), 80))}."
        )


def _processed(snapshot: Snapshot) -> str:
    oldest, newest = (formats.day(instant) for instant in snapshot.processed)
    return newest if oldest == newest else f"{oldest} to {newest}"


def _nothing(model: ChangesView) -> str:
    """Why there is no percentage on one of the dates."""
    return "Nothing was sold here on one of the dates" if model.known else "Nothing here could be read on both dates"


def _rest(model: ChangesView, compared: Comparison) -> str:
    """What the answer leaves for below the tiles: the parts of the change, and how many rows there are of each kind."""
    counts = [f"{model.counts[status]:,} {status.word}" for status in Status if model.counts[status]]
    rows = formats.number(model.number, levels.WORDS[compared.level].noun)
    if model.products:
        rows = formats.number(model.products, "product")
        if model.products != model.number:
            rows += f" in {model.number:,} rows, by service and channel"
    counted = f"{rows}: {', '.join(counts)}."
    if model.known < model.number:
        counted += " What could not be read, or not as a whole, is in no sum and no change."
    change, deployed, sold = (0.0, 0.0, 0.0) if model.why.change is None else contributions.printed(model.why)
    if not change and not deployed and not sold:
        return counted
    return f"Deploying gave **{formats.points(deployed)}** points, selling **{formats.points(sold)}**. {counted}"


def _answer(model: ChangesView, compared: Comparison) -> str:
    """The page's question answered: how far the percentage moved, and which rows moved it most."""
    why, between_them = model.why, f"between **{formats.day(compared.since)}** and **{formats.day(compared.until)}**"
    if why.change is None:
        return f"{_nothing(model)}, so there is no percentage to compare."
    before, after = (formats.percent(round(part or 0, formats.DECIMALS)) for part in (why.before, why.after))
    change, deployed, sold = contributions.printed(why)
    if not change and not deployed and not sold:
        return f"Deployment % stayed at **{after}** {between_them}."
    moved = (
        f"{'rose' if change > 0 else 'fell'} from **{before}** to **{after}** {between_them}"
        if change
        else f"is **{after}** at both dates, **{formats.day(compared.since)}** and **{formats.day(compared.until)}**"
    )
    sentence = f"Deployment % {moved}: **{formats.points(change)}** points."
    pushes = [
        f"{formats.plain(title)} {word} most (**{formats.points(points)}**)"
        for (title, points), word in ((model.up, "lifted it"), (model.down, "lowered it"))
        if abs(points) >= formats.LEAST_POINTS and model.number > 1
    ]
    return f"{sentence} {', '.join(pushes)}." if pushes else sentence


def _tiles(model: ChangesView, explained: Explanations) -> None:
    deployed = "licensesDeployedEstimated" if model.estimated else "licensesDeployed"
    drawn = []
    for key, measure, name, estimated in (
        ("kpi_licenses_sold", "licensesSold", "licensesSold", False),
        ("kpi_licenses_deployed", deployed, "licensesDeployed", model.estimated),
        ("kpi_undeployed", "undeployed", "undeployed", model.estimated),
    ):
        moved = model.sums[name]
        context, value = f"{formats.NOTHING} → {formats.NOTHING}", formats.NOTHING
        if not model.nothing_read:
            context = formats.about(f"{formats.count(moved.before)} → {formats.count(moved.after)}", estimated)
            value = formats.between(moved.before, moved.after, estimated)
        drawn.append(tiles.tile(key, measure, value, context, explained=explained[name]))
    before, after = (
        formats.percent(None if number is None else round(number, formats.DECIMALS))
        for number in (model.why.before, model.why.after)
    )
    change = None if model.why.change is None else contributions.printed(model.why)[0]
    value = formats.NOTHING if change is None else f"{formats.points(change)} :small[points]"
    context = f"{before} → {after}".replace("\u00a0% →", " →")
    percent = "deploymentPercent"
    tiles.draw((*drawn, tiles.tile("kpi_deployment_percent", percent, value, context, explained=explained[percent])))


def _chart(
    model: ChangesView, compared: Comparison, controls: Controls[ChangesFilters], origin: exports.Provenance
) -> None:
    noun, opens = levels.WORDS[compared.level].noun, levels.names_customers(compared.level)
    with st.container(key="changes_chart", border=True):
        st.header("What moved it?", anchor=False)
        if model.why.change is None:
            st.info(
                f"{_nothing(model)}, so there is no percentage to compare.",
                icon=":material/block:",
            )
            return
        st.caption(
            f"Deploying raises the percentage, selling lowers it. The bars show each {noun}'s part."
            f" A click on one {'opens the customer' if opens else 'shows its service alone'}."
        )

        def click() -> None:
            if key := figures.clicked_key(_CHART):
                controls.only(SERVICE)(key)

        title = f"What moved deployment % from {formats.day(compared.since)} to {formats.day(compared.until)}"
        picture = origin.picture(title, "changes_chart")
        leads = {"opens": link.to_customer()} if opens else {"on_click": click}
        figures.chart(model.figure, key=_CHART, words=model.words, picture=picture, **leads)


def _table(rows: OnScreen) -> None:
    if not rows.number:
        st.info("There are no such rows. Choose another kind.", icon=":material/filter_alt_off:")
        return
    opens = customer_names.opens() if TENANT_ID.name in rows.rows.column_names else None
    table.show(rows, "changes_table", "What is different", in_link=True, opens=opens)


feeds = current_feeds()
if past := history_states.standing(feeds, _QUESTION):
    show(past, feeds)
