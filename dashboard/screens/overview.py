"""The Overview page: how much of the licenses sold is deployed, by service."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard import exports, formats
from dashboard.components import book, figures, history_states, loading, notices, table, tiles
from dashboard.feeds import Feeds, current_feeds, file_filter
from dashboard.filters import link
from dashboard.filters.parameters import SERVICE, OverviewFilters
from dashboard.security import session
from dashboard.tables import overview as overview_table
from dashboard.view_models import deployment as view_models
from dashboard.view_models import trends
from dashboard.view_models.deployment import DeploymentView
from dashboard.view_models.trends import Moved
from data_access import Deployment

_HEADING = "How much of what we sold is deployed?"


@session.part
def show(deployment: Deployment, feeds: Feeds) -> None:
    """Draw the page for an answer of Microsoft's."""
    loading.top(feeds.deployment, _HEADING, feeds)
    if feeds.is_book:
        book.basis()
    elif deployment.stands_in:
        notices.stands_in()
    notices.set_aside(deployment.answer)
    if not len(deployment.facts):
        notices.no_rows(deployment)
        return
    past = history_states.at_hand(feeds.past)
    if not past:
        history_states.unreadable(feeds)
    controls = link.follow(OverviewFilters, feeds.codes())
    controls.bar()
    filters, dark = controls.filters, st.context.theme.type == "dark"
    model = view_models.overview(deployment, filters, dark)
    moved = trends.moved(past, deployment, filters.selection, dark) if past else {}
    notices.left_out(controls.unknown)
    notices.not_in_answer(deployment, filters.selection)
    st.markdown(
        tiles.answered(model, deployment.estimated) + _besides(model, filters.target, deployment.estimated, moved)
    )
    tiles.tiles(model, filters.target, deployment.estimated, "service", moved)
    figures.bars("services_chart", model, "Where is the gap?", "service", controls, clicked=controls.only(SERVICE))
    content, sentence = deployment.answer.collection.name, file_filter(filters.selection)
    provenance = figures.provenance(feeds, content, deployment.processed[1], sentence)
    rows, columns = partial(overview_table.rows, deployment, filters.selection), overview_table.described(deployment)
    files = exports.for_people_and_programs(rows, columns, (deployment, filters.selection), provenance)
    with figures.figures("The figures behind it", files):
        table.show(model.on_screen, "overview_table", "Services and channels", in_link=True)


def _besides(model: DeploymentView, target: float, estimated: bool, moved: Mapping[str, Moved]) -> str:
    """What the tiles leave out while they show changes: the way to the target, and the earlier date of the changes."""
    since = next((change.since for change in moved.values()), None)
    if since is None:
        return ""
    estimate = "; ≈ is an estimate" if estimated else ""
    services, way = formats.number(model.number, "service"), formats.to_target(model.total.percent, target)
    return (
        f" Below the target: {model.below_target:,} of {services}; all together, {way}."
        f" The arrows compare with {formats.day(since)}{estimate}."
    )


feeds = current_feeds()
if feeds.past:
    feeds.past.refresh_if_due()  # opens the history while the figures are fetched
if deployment := loading.standing(feeds.deployment, _HEADING, feeds):
    show(deployment, feeds)
