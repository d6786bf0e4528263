"""How much of what we sold is deployed, and where is the gap?"""

from functools import partial

import streamlit as st

from dashboard import charts, data, exports, filters, formats, parts
from data_access import Deployment, PartnerCenterError

_BARS = "services_chart_bars"
_ROWS_AT_ONCE = 1_000  # more than that travel to the browser as it scrolls


# A fragment, so that a click on a filter runs and sends no more than what it can change.
@st.fragment
def show(deployment: Deployment, source: str, is_sample: bool) -> None:
    """The page for data that there is."""
    view = filters.choose(deployment.channels, deployment.services)
    picture = data.picture(deployment, view, dark=st.context.theme.type == "dark")
    if unknown := filters.unknown_in_link():
        st.info(
            f"The link asks for {formats.plain(', '.join(unknown))}, which this data does not have; it is left out.",
            icon=":material/link_off:",
        )
    parts.answer(picture, deployment.estimated)
    parts.tiles(picture, view.target, deployment.estimated)
    with st.container(key="services_chart", border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.header("Where is the gap?", anchor=False)
            filters.chart_controls()
        if picture.number_of_services > charts.MOST_SERVICES:
            st.caption(
                f"The first {charts.MOST_SERVICES} of {picture.number_of_services:,} services; the table has them all."
            )
        if picture.number_of_services:
            st.plotly_chart(
                picture.figure,
                key=_BARS,
                theme=None,
                on_select=_clicked,
                selection_mode="points",
                config={"displayModeBar": False},
                alt=picture.words,
            )
        else:
            st.info("Nothing was sold in this combination of filters; take one away.", icon=":material/filter_alt_off:")
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("The figures behind it", anchor=False)
            _files(deployment, view, source, is_sample)
        st.dataframe(
            picture.rows,
            hide_index=True,
            column_config=picture.columns,
            placeholder=formats.NOTHING,
            lazy=picture.rows.num_rows > _ROWS_AT_ONCE,
        )


def _clicked() -> None:
    points = st.session_state[_BARS]["selection"]["points"]
    if points:
        filters.only_service(points[0]["customdata"])


def _files(deployment: Deployment, view: filters.View, source: str, is_sample: bool) -> None:
    what = (deployment, view.selection, source)
    st.download_button(
        "CSV for Excel",
        partial(exports.for_excel, *what),
        exports.name(deployment, view.selection, is_sample),
        "text/csv",
        key="export_csv",
        on_click="ignore",
        icon=":material/download:",
        help="Opens with accents right and no formula executed.",
    )
    st.download_button(
        "CSV for machines",
        partial(exports.for_machines, *what),
        exports.name(deployment, view.selection, is_sample, "exact"),
        "text/csv",
        key="export_csv_exact",
        on_click="ignore",
        icon=":material/data_object:",
        help="Exact values, no byte order mark, nothing disarmed.",
    )


settings = data.settings()
source = data.source(settings)
parts.head("How much of what we sold is deployed?", source, settings.is_sample)
try:
    feed = data.deployment_feed(settings)
except PartnerCenterError as error:
    parts.trouble(error)
    st.stop()
state = parts.first_data(feed)
if state.data is None or state.fetched_at is None:
    if state.error:
        parts.trouble(state.error, state.failed_at, again=feed.refresh)
    else:
        st.button("Try again", on_click=feed.refresh, icon=":material/refresh:")
else:
    with st.container(horizontal=True, vertical_alignment="center"):
        parts.dates(state.data, state.fetched_at)
        st.button("Refresh", on_click=feed.refresh, icon=":material/refresh:", type="tertiary", disabled=state.running)
    if state.running:
        parts.watch(feed)
    if state.error and state.failed_at:
        parts.stale(state.error, state.fetched_at, state.failed_at)
    if state.data.stands_in:
        st.info(
            "Microsoft returned no rows for partner deployment. These figures are the commercial counts,"
            " added up over customers and products.",
            icon=":material/swap_horiz:",
        )
    parts.set_aside(state.data.answer)
    if state.data.facts.empty:
        parts.no_rows(state.data)
    else:
        show(state.data, source, settings.is_sample)
