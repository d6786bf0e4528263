"""The chart of a page, the table behind it, and the files that hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from dashboard import exports, formats, tables
from dashboard.charts import base
from dashboard.filters.link import Controls
from dashboard.filters.parameters import SORT, TARGET, BarsFilters
from dashboard.security import session
from dashboard.view_models.deployment import Bars, Rows

_CSV = "text/csv"


def bars(
    key: str,
    picture: Bars,
    heading: str,
    noun: str,
    controls: Controls[BarsFilters],
    *,
    clicked: Callable[[str], None],
) -> None:
    """The chart with its heading and controls; `clicked` is given the key of the bar that a user clicks on."""
    element = f"{key}_bars"

    def click() -> None:
        points = st.session_state[element]["selection"]["points"]
        if points:
            clicked(points[0]["customdata"])

    with st.container(key=key, border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.header(heading, anchor=False)
            controls.draw(SORT)
            controls.draw(TARGET)
        if picture.number > base.MOST_BARS:
            st.caption(f"The first {base.MOST_BARS} of {formats.number(picture.number, noun)}; the table has them all.")
        if picture.number:
            st.plotly_chart(
                picture.figure,
                key=element,
                theme=None,
                on_select=click,
                selection_mode="points",
                config=base.BARE,
                alt=picture.words,
            )
        else:
            st.info("Nothing was sold in this combination of filters; take one away.", icon=":material/filter_alt_off:")


@contextmanager
def figures(heading: str, files: Sequence[exports.File]) -> Iterator[None]:
    """The place of the table behind the chart, with the files that hold it; each is made when it is asked for."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(heading, anchor=False)
            downloads(files)
        yield


def downloads(files: Sequence[exports.File]) -> None:
    """A button for each file."""
    for file in files:
        st.download_button(
            file.label,
            session.handed_out(file.content, _CSV, file.name),
            file.name,
            _CSV,
            key=file.key,
            on_click="ignore",
            icon=file.icon,
            help=file.explanation,
        )


def table(picture: Rows, signed: bool = False) -> None:
    """All rows of a picture; `signed` says that some of its columns go up and down."""
    st.dataframe(
        tables.signed(picture.rows.to_pandas()) if signed else picture.rows,
        hide_index=True,
        column_config=picture.columns,
        placeholder=formats.NOTHING,
        lazy=picture.rows.num_rows > tables.AT_ONCE,
    )
