"""How much of what we sold is deployed, and where is the gap?"""

from functools import partial

import streamlit as st

from dashboard import data, exports, filters, formats, parts, pictures, tables
from data_access import Deployment, Settings

_ROWS_AT_ONCE = 1_000  # more than that travel to the browser as it scrolls


def show(deployment: Deployment, feeds: data.Feeds, settings: Settings) -> None:
    """The page for data that there is."""
    view = filters.choose(feeds.codes())
    picture = pictures.overview(deployment, view, st.context.theme.type == "dark")
    parts.left_out()
    parts.answer(picture, deployment.estimated)
    parts.tiles(picture, view.target, deployment.estimated, "service")
    parts.bars("services_chart", picture, "Where is the gap?", "service", filters.only_service)
    provenance = exports.Provenance(
        deployment.answer.collection.name,
        deployment.processed[1],
        exports.sentence(view.selection),
        data.source(settings),
        settings.is_sample,
    )
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("The figures behind it", anchor=False)
            parts.files(exports.for_people_and_programs(partial(tables.rows, deployment, view.selection), provenance))
        st.dataframe(
            picture.rows,
            hide_index=True,
            column_config=picture.columns,
            placeholder=formats.NOTHING,
            lazy=picture.rows.num_rows > _ROWS_AT_ONCE,
        )


settings = data.settings()
parts.head("How much of what we sold is deployed?")
feeds = data.feeds(settings)
if deployment := parts.standing(feeds.deployment):
    if deployment.stands_in:
        st.info(
            "Microsoft returned no rows for partner deployment. These figures are the commercial counts,"
            " added up over customers and products.",
            icon=":material/swap_horiz:",
        )
    parts.set_aside(deployment.answer)
    if deployment.facts.empty:
        parts.no_rows(deployment)
    else:
        show(deployment, feeds, settings)
