"""The chart of a page, the section with its table, and the buttons of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import streamlit as st

from dashboard import exports, formats, static_files
from dashboard.charts import base, palette
from dashboard.charts.base import Finished
from dashboard.feeds import Feeds
from dashboard.filters import link
from dashboard.filters.kinds import Number
from dashboard.filters.link import Controls, Lead
from dashboard.filters.parameters import SORT, BarsFilters, UsageFilters
from dashboard.security import session, streamlit_internals
from dashboard.tables import renewals
from dashboard.view_models.deployment import Bars

_CHART = (
    '<div class="chart-with-parts"><div class="chart" data-awaited></div><div class="chart-parts"></div></div>'
    '<div class="chart-pictures"></div>'
)


def bars(
    key: str,
    model: Bars,
    heading: str,
    noun: str,
    controls: Controls[BarsFilters] | Controls[UsageFilters],
    *,
    origin: exports.Provenance,
    of: str = "",
    note: str = "",
    target: Number | None = None,
    clicked: Callable[[str], None] | None = None,
) -> None:
    """The chart with its heading, a `note` below it, and controls, and with its figures' `origin` for pictures of it.

    `of`: whose figures these are, where the heading does not say it. `target`: the chart's own one, where it has one.
    `clicked` gets the key of the clicked bar.
    """
    element = f"{key}_bars"

    def click() -> None:
        if clicked and (bar := clicked_key(element)):
            clicked(bar)

    with st.container(key=key, border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(heading, anchor=False)
            controls.draw(SORT)
            if target:
                controls.draw(target)
        if model.number > base.MOST_BARS:
            first = f"The first {base.MOST_BARS} of {formats.number(model.number, noun)}; the table has them all."
            note = f"{note} {first}".strip()
        if note and model.number:
            st.caption(note)
        if model.number:
            picture = origin.picture(f"{of}: {heading}" if of else heading, key)
            chart(model.figure, key=element, words=model.words, picture=picture, on_click=click if clicked else None)
        else:
            st.info("There are no figures with these filters. Remove one.", icon=":material/filter_alt_off:")


def is_dark() -> bool:
    """Whether the page is shown in the dark theme, whose colours its figures have."""
    return st.context.theme.type == "dark"


def zone() -> str:
    """The zone in which the page tells days and times: its viewer's, see `renewals.zone`."""
    return renewals.zone(st.context.timezone)


def now() -> datetime:
    """The moment from which pages about customers count: the same for ten minutes, so that views are kept as long."""
    moment = datetime.now(UTC)
    return moment.replace(minute=moment.minute // 10 * 10, second=0, microsecond=0)


def clicked_key(element: str) -> str:
    """The key of what the user clicked in a chart; empty where the browser, or who acts as one, sent no such thing."""
    match st.session_state.get(element):
        case {"clicked": str(key)}:
            return key
    return ""


def chart(
    figure: Finished,
    *,
    key: str,
    words: str,
    picture: exports.Picture,
    on_click: Callable[[], None] | None = None,
    opens: Lead | None = None,
) -> None:
    """A figure with its text alternative, and with buttons that take it along as a picture.

    `on_click` is called when the user clicks a point of it; `clicked_key` then says which one. Or that `opens` the page
    about what the point stands for.
    """
    draw = streamlit_internals.component("chart", static_files.BROWSER, "chart.js", _CHART)
    draw(
        key=key,
        data={
            "spec": figure.spec,
            "words": words,
            "clickable": bool(on_click or opens),
            "opens": asdict(opens) if opens else None,
            "script": static_files.PLOTLY,
            "picture": asdict(picture) | {"colours": palette.FOR_PRINT if is_dark() else {}},
        },
        **({"on_clicked_change": on_click} if on_click else {}),
    )


@contextmanager
def figures(heading: str, files: Sequence[exports.File]) -> Iterator[None]:
    """The section for the table behind the chart, with its files; a file is made when the user clicks its button."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(heading, anchor=False)
            downloads(files)
        yield


def downloads(files: Sequence[exports.File]) -> None:
    """A download button for each file."""
    handed_out = session.handing_out()
    for file in files:
        st.download_button(
            file.label,
            handed_out(file.content, file.mimetype, file.name),
            file.name,
            file.mimetype,
            key=file.key,
            on_click="ignore",
            icon=file.icon,
            help=file.explanation,
        )


def provenance(
    feeds: Feeds, content: str, newest: datetime | None, sentence: str, *, is_live: bool = False
) -> exports.Provenance:
    """The origin of the rows of the page that is drawn; `sentence` says how they are filtered. See `Provenance`."""
    address = link.address(feeds.public_url)
    return exports.Provenance(content, newest, sentence, feeds.source, feeds.is_sample, address, is_live)
