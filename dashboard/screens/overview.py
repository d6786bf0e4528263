"""The Overview page: how much of the licenses sold is deployed, by service."""

from functools import partial

import streamlit as st

from dashboard import explanations, exports, mutes_and_bands, sentences
from dashboard.components import book, figures, history_states, lately, loading, mutes_menu, notices, table, tiles
from dashboard.feeds import Feeds, current_feeds, file_filter
from dashboard.filters import link
from dashboard.filters.parameters import SERVICE, OverviewFilters
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.tables import overview as overview_table
from dashboard.view_models import call_list, movement
from dashboard.view_models import deployment as view_models
from data_access import Deployment

_HEADING = "How much of what we sold is deployed?"
_ESTIMATED = (
    "≈ is estimated from Microsoft's percentages, by service and channel. *Customers* and *Usage* have its counts by"
    " customer and product, which can differ: more than sold of one does not make up for another there."
)


@session.part
def show(deployment: Deployment, feeds: Feeds) -> None:
    """Draw the page for an answer of Microsoft's."""
    history_states.at_hand(feeds.past)  # whose services can be chosen, too
    controls = link.follow(OverviewFilters, feeds.codes(), redraw=session.chosen_in_bar, is_bar=True)
    loading.top(feeds.deployment, _HEADING, feeds, controls, read_at=deployment.read_at)
    history_states.live_seats(feeds, deployment)
    if feeds.is_book and not deployment.live:
        book.basis()
    elif deployment.stands_in:
        notices.stands_in()
    notices.set_aside(deployment.answer)
    mutes_menu.not_applied()
    if not len(deployment.facts):
        history_states.no_rows(feeds, deployment)
        return
    _content(deployment, feeds)


@session.content
def _content(deployment: Deployment, feeds: Feeds) -> None:
    controls = link.follow(OverviewFilters, feeds.codes(), redraw=session.chosen_in_content)
    past = history_states.at_hand(feeds.past)
    if not past:
        history_states.unreadable(feeds)
    filters, dark = controls.filters, figures.is_dark()
    model = view_models.overview(deployment, filters, dark, mutes_and_bands.bands())
    moved = movement.moved(past, deployment, filters.selection, dark) if past else {}
    notices.left_out(controls.unknown)
    is_absent = notices.not_in_answer(deployment, filters.selection)
    lost = history_states.lost(feeds, deployment, filters.selection)
    notices.lost(sentences.lost(lost))
    within = None
    if feeds.is_book and not deployment.live:
        then, within = lately.moved(deployment, filters.selection, feeds)
        if then and (gone := call_list.gone(deployment, filters.selection, then)):
            st.markdown(sentences.not_there(gone))
    _answer(tiles.answered(model, filters.target, deployment.estimated))
    content, sentence = deployment.answer.collection.name, file_filter(feeds, filters.selection)
    explained = explanations.of_deployment(model, deployment, feeds.usage.state.data, sentence, filters.target)
    tiles.tiles(
        model,
        filters.target,
        deployment.estimated,
        deployment.noun,
        explained=explained,
        moved=moved,
        known=bool(model.basis.rows) or not is_absent,
        is_whole=not lost,
    )
    provenance = figures.provenance(feeds, content, deployment.newest, sentence, is_live=deployment.live is not None)
    figures.bars(
        "services_chart",
        model,
        "Where are licenses not deployed?",
        deployment.noun,
        controls,
        origin=provenance,
        note=f"{tiles.below(model, filters.target, deployment.noun, is_whole=not lost)} {tiles.outside(model)}".strip(),
        clicked=controls.only(SERVICE),
    )
    if not deployment.live:
        st.caption(_ESTIMATED if deployment.estimated else notices.COUNTED_SEPARATELY)
    rows, columns = partial(overview_table.rows, deployment, filters.selection), overview_table.described(deployment)
    files = exports.for_people_and_programs(rows, columns, (deployment, filters.selection), provenance)
    title = f"{deployment.noun.capitalize()}s and channels"
    with figures.figures(title, files):
        table.show(model.on_screen, "overview_table", title, in_link=True, target=filters.target)
    if within:
        lately.watch(within)
    history_states.opening(feeds, has_past=past is not None)  # at the end, where it moves nothing


def _answer(said: str) -> None:
    """The answer, and the ways to what can be done about it, with the filters that other pages understand."""
    with st.container(key="onward", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(said, width="content")
        if session.may(Role.MANAGER):
            st.page_link(
                "screens/customers.py", label="Whom to call", icon=":material/call:", query_params=link.shared_link()
            )
        st.page_link(
            "screens/changes.py",
            label="What rose and fell",
            icon=":material/compare_arrows:",
            query_params=link.shared_link(),
        )


feeds = current_feeds()
if feeds.past:
    feeds.past.refresh_if_due()  # opens the history while the figures are fetched
if deployment := loading.standing(feeds.deployment, _HEADING, feeds):
    show(deployment, feeds)
