"""Page furniture: the head with its dates, the tiles, and the states in which there is nothing or not everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar

import pandas as pd
import streamlit as st

from dashboard import exports, formats, sitemap, tables
from dashboard.charts import bars as charts
from dashboard.feeds import Feeds, current_feeds
from dashboard.filters import link as filters
from dashboard.security import session
from dashboard.security.roles import Person, Role
from dashboard.view_models.deployment import Bars, Picture, Rows
from dashboard.view_models.trends import Moved
from data_access import Answer, Deployment, Feed, PartnerCenterError, Throttled
from data_access.measures import MEASURES


class Dated(Protocol):
    """Data that Microsoft processed at some time; the oldest and the newest date."""

    @property
    def processed(self) -> tuple[datetime | None, datetime | None]: ...


Source = TypeVar("Source", bound=Dated)

_CSV = "text/csv"
_POLL = 0.25  # seconds between looks at a running fetch
_WATCH = "2s"  # how often a page on screen asks whether newer data has come
_REASONS_SHOWN = 50
_NEWS: dict[str, Literal["green", "red", "gray"]] = {"good": "green", "bad": "red", "neither": "gray"}
_ASKING = "Asking Microsoft Partner Center for the figures"


def tab(title: str) -> None:
    """Name the browser's tab; where it is narrow it shows the beginning alone."""
    st.set_page_config(page_title=f"{title} · {sitemap.NAME}")


def head(heading: str, feeds: Feeds, moment: str = "") -> None:
    """The way to the other pages, which takes the filters along; what kind of data they show; the page's question.

    `moment` tells heads apart of which one run draws several.
    """
    link = filters.shared_link()
    with st.container(horizontal=True, vertical_alignment="center"):
        who = session.person()
        for place in sitemap.PLACES:
            if who.role >= place.role:
                st.page_link(place.file, query_params=link)
        st.space("stretch")
        if feeds.is_sample:
            st.badge(feeds.source, icon=":material/science:", color="orange")
        else:
            st.badge(feeds.source, icon=":material/cloud_done:", color="blue")
        if who.is_known:
            with st.popover(formats.plain(formats.shortened(who.name, 24)), icon=":material/account_circle:"):
                st.caption(f"{formats.plain(who.username)} · {who.role.name.lower()}")
                st.button(
                    "Sign out", f"sign_out{moment}", on_click=st.logout, icon=":material/logout:", type="tertiary"
                )
    st.title(heading, anchor=False)


def not_for(who: Person) -> None:
    """Somebody is here whose role does not go with the page."""
    head("This page is not for your role", current_feeds())
    st.info(
        f"You are signed in as {formats.plain(who.username or who.name)} with the role *{who.role.name.lower()}*."
        " Ask the operator of this dashboard if you need to see more.",
        icon=":material/lock:",
    )


def standing(feed: Feed[Source], heading: str, feeds: Feeds, note: str = "") -> Source | None:
    """What the page stands on; None where a failure is on screen instead.

    `note` says, below a failure, what could not be read and what works without it. Where there is no data yet, the
    visitor sees the fetch at work until it ends.
    """
    state = feed.look()
    if state.data is None and state.running and not feed.wait(_POLL):  # a quick service needs no waiting room
        _wait(feed, heading, feeds)
    state = feed.look()
    if state.data is not None:
        return state.data
    head(heading, feeds)
    if state.error:
        trouble(state.error, state.failed_at, again=feed.refresh)
        if note:
            st.info(note, icon=":material/info:")
    else:
        st.button("Try again", on_click=feed.refresh, icon=":material/refresh:")
    return None


def top(feed: Feed[Source], heading: str, feeds: Feeds) -> None:
    """The head of a page that has data, with their dates; and what is to be said of newer data."""
    head(heading, feeds)
    state = feed.state
    if state.data is None or state.fetched_at is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        dates(state.data.processed, state.fetched_at)
        st.button("Refresh", on_click=feed.refresh, icon=":material/refresh:", type="tertiary", disabled=state.running)
    if state.running:
        _watch(feed)
    if state.error and state.failed_at:
        stale(state.error, state.fetched_at, state.failed_at)


def stands_in() -> None:
    """The commercial counts are shown where partner deployment is expected."""
    st.info(
        "Microsoft returned no rows for partner deployment. These figures are the commercial counts,"
        " added up over customers and products.",
        icon=":material/swap_horiz:",
    )


def _wait(feed: Feed[Source], heading: str, feeds: Feeds) -> None:
    place = st.empty()
    with place.container():
        head(heading, feeds, "_waiting")
        told = st.empty()
        with st.grid(4, gap="small", min_column_width=165):
            for _ in range(4):
                st.skeleton(height=110)
        st.skeleton(height=480)
    while not feed.wait(_POLL):
        state = feed.look()
        seconds = (datetime.now(UTC) - state.running_since).total_seconds() if state.running_since else 0
        step = state.progress
        # Where nobody knows how much there is: ever slower, never full.
        part = step.rows / step.total if step.total else seconds / (seconds + 8)
        told.progress(min(0.95, part), f"{formats.plain(step.text or _ASKING)} – {seconds:.0f} s")
    place.empty()


@st.fragment(run_every=_WATCH)
def _watch(feed: Feed[Source]) -> None:
    """Bring the page up to date when a fetch in the background has ended."""
    state = feed.look()
    if not state.running:
        st.rerun()
    st.caption(":material/sync: Fetching newer figures; these stay until they are here.")


def dates(processed: tuple[datetime | None, datetime | None], fetched_at: datetime) -> None:
    """When the figures are from: Microsoft's processing dates, which differ per service, and our own fetch."""
    fetched = f"fetched {formats.age(datetime.now(UTC) - fetched_at)}"
    oldest, newest = (formats.day(date) for date in processed)
    if oldest == newest == formats.NOTHING:
        st.caption(fetched.capitalize())
        return
    span = newest if oldest == newest else f"{oldest} to {newest}, by service"
    st.caption(f"Processed by Microsoft {span} · {fetched}")


def trouble(
    error: PartnerCenterError,
    failed_at: datetime | None = None,
    again: Callable[[], None] | None = None,
    key: str = "trouble",
) -> None:
    """A fetch that failed: a sentence for everyone, the facts for the operator, and a way to try `again`."""
    with st.container(border=True, key=key):
        st.header(error.title, anchor=False)
        said = f"{formats.plain(error.message)} {formats.plain(error.advice)}"
        if isinstance(error, Throttled):
            if failed_at and error.facts.retry_after is not None:
                then = failed_at + timedelta(seconds=error.facts.retry_after)
                said = f"{formats.plain(error.message)} Try again after {then:%H:%M:%S} UTC."
            st.warning(said, icon=":material/hourglass_top:")
        else:
            st.error(said, icon=":material/error:")
        facts(error)
        if again:
            st.button("Try again", on_click=again, icon=":material/refresh:")


def facts(error: PartnerCenterError) -> None:
    """What to copy into a support ticket. What the service said may name a customer, which is not for readers."""
    told = error.facts if session.may(Role.MANAGER) else replace(error.facts, description=None)
    if labelled := told.labelled():
        with st.expander("Details for the operator", icon=":material/support_agent:"):
            st.code("\n".join(f"{label}: {value}" for label, value in labelled.items()), language=None, wrap_lines=True)


def stale(error: PartnerCenterError, fetched_at: datetime, failed_at: datetime) -> None:
    """The last good data is on screen because newer data could not be had."""
    age = formats.age(datetime.now(UTC) - fetched_at)
    st.warning(
        f"**These are the last good figures, fetched {age} ({formats.clock(fetched_at)}).**"
        f" The attempt at {formats.clock(failed_at)} failed: {formats.plain(error.message)}"
        f" {formats.plain(error.advice)}",
        icon=":material/history:",
    )
    facts(error)


def set_aside(answer: Answer, named: bool = False) -> None:
    """Rows that could not be read, counted and with their reasons; rows that were announced and did not come.

    `named` says that the page stands on more than one collection, so that this one is named.
    """
    of = f" of *{answer.collection.title}*" if named else ""
    if answer.set_aside:
        number = len(answer.set_aside)
        st.warning(
            f"**{number:,} of {number + len(answer.frame):,} rows{of} could not be read and are left out of every"
            " figure.**",
            icon=":material/rule:",
        )
        with st.expander("Which rows, and why"):
            st.dataframe(
                pd.DataFrame(
                    [(row.position, row.reason) for row in answer.set_aside[:_REASONS_SHOWN]],
                    columns=["Row", "Reason"],
                ),
                hide_index=True,
            )
    if answer.missing:
        st.warning(
            f"Microsoft announced {answer.announced:,} rows{of} and sent {answer.missing:,} fewer;"
            " the figures leave them out.",
            icon=":material/rule:",
        )


def no_rows(deployment: Deployment) -> None:
    """Microsoft answered, and the answer is empty: not a zero, and not a failure of ours."""
    with st.container(border=True, key="no_rows"):
        st.header("Microsoft returned no rows", anchor=False)
        st.write(
            "Partner Center answered, but has no license deployment figures for this account."
            " That is not the same as nothing sold or deployed."
        )
        if not deployment.trouble:
            st.write("The commercial counts, which this page shows in such a case, are empty too.")
        st.write(
            "Other partners have seen this too. If Partner Center itself shows figures, give this id to Microsoft"
            " support:"
        )
        st.code(f"MS-CorrelationId: {deployment.answer.correlation_id}", language=None)
    if deployment.trouble:
        st.caption("In such a case this page shows the commercial counts; they cannot be read:")
        trouble(deployment.trouble, key="trouble_commercial")


def left_out(more: Sequence[str] = ()) -> None:
    """What the link asks for in vain: of the filters, and `more` that one page alone has."""
    in_vain([*filters.unknown_in_link(), *more])


def in_vain(unknown: Sequence[str]) -> None:
    """What the link asks for and there is not."""
    if unknown:
        st.info(
            f"The link asks for {formats.plain(', '.join(unknown))}, which this data does not have; it is left out.",
            icon=":material/link_off:",
        )


def answer(picture: Picture, estimated: bool) -> None:
    """The page's question answered in a sentence."""
    st.markdown(answered(picture, estimated))


def answered(picture: Picture, estimated: bool) -> str:
    """That sentence."""
    total = picture.total
    if total.percent is None:
        return "Nothing was sold here, so there is no percentage."
    sentence = (
        f"**{formats.percent(total.percent)}** of **{formats.count(total.sold)}** licenses sold are deployed;"
        f" **{formats.count(total.undeployed, estimated)}** are not."
    )
    if round(total.over_deployed):
        sentence += f" **{formats.count(total.over_deployed, estimated)}** are deployed beyond those sold."
    title, undeployed = picture.largest_gap
    if picture.number > 1 and undeployed >= 1:
        sentence += f" The largest gap is {formats.plain(title)}, with **{formats.count(undeployed, estimated)}**."
    return sentence


def tiles(
    picture: Picture, target: float, estimated: bool, noun: str, moved: Mapping[str, Moved] = MappingProxyType({})
) -> None:
    """The four figures, each with its definition behind the question mark; `noun` is what a bar stands for.

    `moved`: by measure, where it is known how they have moved.
    """
    total = picture.total
    with st.grid(4, gap="small", min_column_width=165):
        tile(
            "kpi_licenses_sold",
            "licensesSold",
            formats.count(total.sold),
            f"in {formats.number(picture.number, noun)}",
            moved.get("licensesSold"),
        )
        tile(
            "kpi_licenses_deployed",
            "licensesDeployedEstimated" if estimated else "licensesDeployed",
            formats.count(total.deployed, estimated),
            "an estimate" if estimated else "as counted",
            moved.get("licensesDeployed"),
        )
        tile(
            "kpi_deployment_percent",
            "deploymentPercent",
            formats.percent(total.percent),
            formats.to_target(total.percent, target),
            moved.get("deploymentPercent"),
        )
        tile(
            "kpi_undeployed",
            "undeployed",
            formats.count(total.undeployed, estimated),
            f"{picture.below_target:,} below target",
            moved.get("undeployed"),
        )


def bars(key: str, picture: Bars, heading: str, noun: str, clicked: Callable[[str], None]) -> None:
    """The chart with its heading and controls; `clicked` is given the key of the bar that someone clicks on."""
    element = f"{key}_bars"

    def click() -> None:
        points = st.session_state[element]["selection"]["points"]
        if points:
            clicked(points[0]["customdata"])

    with st.container(key=key, border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.header(heading, anchor=False)
            filters.chart_controls()
        if picture.number > charts.MOST_BARS:
            st.caption(
                f"The first {charts.MOST_BARS} of {formats.number(picture.number, noun)}; the table has them all."
            )
        if picture.number:
            st.plotly_chart(
                picture.figure,
                key=element,
                theme=None,
                on_select=click,
                selection_mode="points",
                config=charts.BARE,
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


def tile(key: str, measure: str, value: str, context: str, moved: Moved | None = None) -> None:
    """One figure with its definition and its `context`, or in that place by how much it has `moved`, on which line."""
    found = MEASURES[measure]
    with st.container(key=key):
        if moved:
            # One text, with the line as a picture in it: more of them in each tile would make every click slower.
            st.metric(
                found.label,
                value,
                f"{moved.said} ![]({moved.line})" if moved.line else moved.said,
                delta_color=_NEWS[moved.kind],
                delta_arrow=moved.arrow,
                help=found.explanation,
                border=True,
                height="stretch",
            )
        else:
            st.metric(
                found.label,
                value,
                context,
                delta_color="off",
                delta_arrow="off",
                help=found.explanation,
                border=True,
                height="stretch",
            )
