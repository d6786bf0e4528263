"""How much of what we sold is deployed, and where is the gap?"""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from dashboard import data, entrance, exports, filters, formats, kept, movement, parts, pictures, tables
from dashboard.movement import Moved
from data_access import Deployment

_HEADING = "How much of what we sold is deployed?"


@entrance.part
def show(deployment: Deployment, feeds: data.Feeds) -> None:
    """The page for an answer that there is."""
    parts.top(feeds.deployment, _HEADING, feeds)
    if deployment.stands_in:
        parts.stands_in()
    parts.set_aside(deployment.answer)
    if deployment.facts.empty:
        parts.no_rows(deployment)
        return
    past = kept.at_hand(feeds)
    if not past:
        kept.unreadable(feeds)
    view = filters.choose(feeds.codes())
    dark = st.context.theme.type == "dark"
    picture = pictures.overview(deployment, view, dark)
    moved = movement.moved(past, deployment, view.selection, dark) if past else {}
    parts.left_out()
    st.markdown(
        parts.answered(picture, deployment.estimated) + _besides(picture, view.target, deployment.estimated, moved)
    )
    parts.tiles(picture, view.target, deployment.estimated, "service", moved)
    parts.bars("services_chart", picture, "Where is the gap?", "service", filters.only_service)
    content, asked = deployment.answer.collection.name, exports.sentence(view.selection)
    provenance = exports.Provenance(content, deployment.processed[1], asked, feeds.source, feeds.is_sample)
    rows = partial(tables.rows, deployment, view.selection)
    with parts.figures("The figures behind it", exports.for_people_and_programs(rows, provenance)):
        parts.table(picture)


def _besides(picture: pictures.Picture, target: float, estimated: bool, moved: Mapping[str, Moved]) -> str:
    """What the tiles say where they have no change to say: the way to the target; and what the change is against."""
    since = next((one.since for one in moved.values()), None)
    if since is None:
        return ""
    estimate = "; ≈ is an estimate" if estimated else ""
    services, way = formats.number(picture.number, "service"), formats.to_target(picture.total.percent, target)
    return (
        f" Below the target: {picture.below_target:,} of {services}; all together, {way}."
        f" The arrows compare with {formats.day(since)}{estimate}."
    )


feeds = data.feeds()
if feeds.past:
    feeds.past.look()  # opens it while the figures are asked for
if deployment := parts.standing(feeds.deployment, _HEADING, feeds):
    show(deployment, feeds)
