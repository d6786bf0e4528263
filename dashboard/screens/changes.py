"""What is different since then, and why did the percentage move? Any two dates of the history side by side."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import exports, formats, tables
from dashboard.charts import base, contributions
from dashboard.components import figures, history_states, notices, tiles
from dashboard.feeds import Feeds, current_feeds
from dashboard.filters import comparison, levels, link
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.view_models import changes
from dashboard.view_models.changes import Picture
from data_access import PartnerCenterError, Snapshot, Timeline
from data_access.datasets import comparison as dates
from data_access.datasets.comparison import Asked
from data_access.measures.changes import Status

_QUESTION = "What is different, and why did the percentage move?"
_ROWS_ON_PAGE = 50
_CHART = "changes_bars"
_OPENED = "_opened"  # the customer whose bar was clicked on


@session.part
def show(past: Timeline, feeds: Feeds) -> None:
    """The page for a history that there is."""
    if customer := st.session_state.pop(_OPENED, ""):
        st.switch_page("screens/customers.py", query_params=link.link_to(customer))
    history_states.top(past, _QUESTION, feeds)
    customers = session.may(Role.MANAGER)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        level = comparison.level(customers)
        collection = dates.collection(past, level)
        days = [*dates.days(past, collection)]
        asked = Asked(level, *comparison.dates(days)) if len(days) > 1 else None
    if comparison.refused(customers):
        st.info("The link compares customers, which your role does not show.", icon=":material/lock:")
    if asked:
        show_both(past, asked, feeds)
        return
    notices.in_vain(comparison.unknown_in_link())
    if days:
        history_states.too_short(collection.title, formats.day(days[0]))
    else:
        st.info(
            f"The history has no rows of *{collection.title}*, which this comparison needs. Compare services instead;"
            " *Data health* says why it was not collected.",
            icon=":material/info:",
        )


def show_both(past: Timeline, asked: Asked, feeds: Feeds) -> None:
    """Two dates side by side."""
    pair, words = dates.pair(past, asked), levels.WORDS[asked.level]
    view = link.choose(feeds.codes(), searchable=words.searched)
    notices.left_out(comparison.unknown_in_link())
    try:
        picture = changes.picture(feeds, past, asked, view, st.context.theme.type == "dark")
    except PartnerCenterError as error:
        notices.trouble(error)
        return
    if not picture.number:
        st.info("Nothing fits; change the search or take a filter away.", icon=":material/search_off:")
        return
    st.markdown(_answer(picture, asked))
    _tiles(picture)
    _basis(past, asked, pair)
    _chart(picture, asked.level)
    listed = changes.listed(picture, comparison.statuses())
    sentence = exports.sentence(
        view.selection,
        search=view.search if words.searched else "",
        compared=levels.code(asked.level),
        since=asked.since.isoformat(),
        until=asked.until.isoformat(),
        status=", ".join(listed.statuses),
        collection=dates.collection(past, asked.level).name,
    )
    provenance = exports.Provenance("changes", pair.after.processed[1], sentence, feeds.source, feeds.is_sample)
    rows = partial(picture.rows, listed.statuses)
    with figures.figures(
        formats.number(listed.rows.num_rows, "row"), exports.for_people_and_programs(rows, provenance)
    ):
        comparison.choose_statuses(picture.counts)
        st.caption(
            f"± is from the earlier date to the later one; the other figures are those of {formats.day(asked.until)}."
        )
        _table(listed, hash((view, asked, listed.statuses)))


def _basis(past: Timeline, asked: Asked, pair: dates.Pair) -> None:
    """Which collection this stands on, when its figures were processed, and what that means for the comparison."""
    collection = dates.collection(past, asked.level)
    counted = "≈ estimated from percentages" if pair.after.estimated else "counted by Microsoft"
    processed = " → ".join(_processed(one) for one in (pair.before, pair.after))
    st.caption(f"*{collection.title}*, licenses deployed {counted} · processed {processed}")
    for sentence in comparison.moved({"since": asked.since, "until": asked.until}):
        st.caption(f":material/event_busy: {sentence}")
    if past.collection is not collection:
        st.caption(
            ":material/compare_arrows: Customers and products stand on the commercial counts, services on partner"
            " deployment: two collections of Microsoft's, whose totals and percentages differ."
        )
    if same := pair.not_processed_anew:
        st.caption(
            f":material/hourglass_empty: {formats.number(len(same), 'service')} with the same processing date on both"
            f" dates: {formats.plain(formats.shortened(', '.join(same), 80))}. No change there says nothing."
        )


def _processed(one: Snapshot) -> str:
    oldest, newest = (formats.day(instant) for instant in one.processed)
    return newest if oldest == newest else f"{oldest} to {newest}"


def _answer(picture: Picture, asked: Asked) -> str:
    """The page's question answered in a sentence."""
    counts = [f"{picture.counts[status]:,} {status}" for status in Status if picture.counts[status]]
    counted = f"{formats.number(picture.number, levels.WORDS[asked.level].noun)}: {', '.join(counts)}."
    why, between_them = picture.why, f"between **{formats.day(asked.since)}** and **{formats.day(asked.until)}**"
    if why.change is None:
        return f"On one of the dates nothing was sold here, so no two percentages can be compared. {counted}"
    before, after = (formats.percent(round(part or 0, formats.DECIMALS)) for part in (why.before, why.after))
    change, deployed, sold = contributions.shown(why)
    if not change and not deployed and not sold:
        return f"Deployment % stayed at **{after}** {between_them}. {counted}"
    moved = "rose" if change > 0 else "fell" if change < 0 else "ended where it was"
    sentence = (
        f"Deployment % {moved} from **{before}** to **{after}** {between_them}: **{formats.points(change)}** points,"
        f" of which **{formats.points(deployed)}** come from licenses deployed and **{formats.points(sold)}** from"
        " licenses sold."
    )
    pushes = [
        f"{formats.plain(title)} {word} most (**{formats.points(points)}**)"
        for (title, points), word in ((picture.up, "lifted it"), (picture.down, "lowered it"))
        if abs(points) >= formats.LEAST_POINTS
    ]
    return f"{sentence} {', '.join(pushes)}{'. ' if pushes else ''}{counted}"


def _tiles(picture: Picture) -> None:
    with st.grid(4, gap="small", min_column_width=165):
        for key, measure, name, estimated in (
            ("kpi_licenses_sold", "licensesSold", "licensesSold", False),
            (
                "kpi_licenses_deployed",
                "licensesDeployedEstimated" if picture.estimated else "licensesDeployed",
                "licensesDeployed",
                picture.estimated,
            ),
            ("kpi_undeployed", "undeployed", "undeployed", picture.estimated),
        ):
            moved = picture.sums[name]
            context = formats.about(f"{formats.count(moved.before)} → {formats.count(moved.after)}", estimated)
            tiles.tile(key, measure, formats.between(moved.before, moved.after, estimated), context)
        before, after = (
            formats.percent(None if number is None else round(number, formats.DECIMALS))
            for number in (picture.why.before, picture.why.after)
        )
        change = None if picture.why.change is None else contributions.shown(picture.why)[0]
        value = formats.NOTHING if change is None else f"{formats.points(change)} :small[points]"
        context = f"{before} → {after}".replace("\u00a0% →", " →")
        tiles.tile("kpi_deployment_percent", "deploymentPercent", value, context)


def _chart(picture: Picture, level: str) -> None:
    noun, opens = levels.WORDS[level].noun, levels.names_customers(level)
    with st.container(key="changes_chart", border=True):
        st.header("What moved it?", anchor=False)
        if picture.why.change is None:
            st.info("Without licenses sold on both dates there is nothing to divide.", icon=":material/block:")
            return
        st.caption(
            f"The percentage of all moves as far as its {noun}s move it: licenses deployed lift it, licenses sold lower"
            " it. The parts add up to the change."
            f" A click on one {'opens the customer' if opens else 'shows its service alone'}."
        )

        def click() -> None:
            points = st.session_state[_CHART]["selection"]["points"]
            if points and (key := points[0]["customdata"]):
                if opens:
                    st.session_state[_OPENED] = key
                else:
                    link.only_service(key)

        st.plotly_chart(
            picture.figure,
            key=_CHART,
            theme=None,
            on_select=click,
            selection_mode="points",
            config=base.BARE,
            alt=picture.words,
        )


def _table(listed: changes.Listed, view: int) -> None:
    number = listed.rows.num_rows
    if not number:
        st.info("Nothing of this kind happened; choose another one.", icon=":material/filter_alt_off:")
        return
    pages = -(-number // _ROWS_ON_PAGE)
    place = st.container()
    page = st.pagination(pages, key=f"changes_page_{view}") if pages > 1 else 1  # another view starts at its first page
    place.dataframe(
        tables.signed(listed.rows.slice((page - 1) * _ROWS_ON_PAGE, _ROWS_ON_PAGE).to_pandas()),
        hide_index=True,
        column_config=listed.columns,
        placeholder=formats.NOTHING,
    )


feeds = current_feeds()
if past := history_states.standing(feeds, _QUESTION):
    show(past, feeds)
