"""The history for pages that show it, and the messages where it is missing, too short or incomplete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard import formats, sitemap
from dashboard.components import header, loading, notices
from dashboard.feeds import Feeds
from dashboard.filters import dates, link
from dashboard.filters.link import Controls
from dashboard.filters.parameters import DATES, RANGE
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.view_models import movement
from dashboard.view_models.lines import Lost
from data_access import Answer, Deployment, Readable, Selection, Timeline
from data_access.datasets import comparison
from data_access.partner_center.catalog import Collection

_MOMENT = 0.25  # seconds; a new look at the history takes less
_LONGER = 2.0
_DAYS = (
    "The days on which the figures were collected. A range begins on the nearest day that has figures of services,"
    " customers and products. Other dates can be chosen here."
)
_COLLECT = ".venv/bin/python -m data_access collect"
DAILY = f"30 6 * * *  cd /srv/partner-license-insights && {_COLLECT} --quiet >/dev/null"


def standing(feeds: Feeds, heading: str, history: Readable[Timeline] | None = None) -> Timeline | None:
    """The history, if it holds snapshots; None once the page says why there is none.

    It is that of the figures on screen, or another one that these feeds have (`history`).
    """
    past_feed = history or feeds.past
    if past_feed is None:
        header.head(heading, feeds)
        st.info(
            "Here Partner Center is asked on behalf of each person. The history belongs to the account that collects,"
            " and may hold figures that are not for you. So this page shows nothing.",
            icon=":material/lock:",
        )
        return None
    if past_feed.refresh_if_due().data is not None:
        loading.wait(past_feed, _MOMENT)  # or the first user of the day sees yesterday's history
    past = loading.standing(past_feed, heading, feeds)
    if past is not None and past.history.is_empty:
        past_feed.refresh()  # an operator who has just run collect need not wait for the next look
        loading.wait(past_feed, _LONGER)
        past = past_feed.state.data
    if past is not None and past.history.is_empty:
        header.head(heading, feeds)
        left_out(past)
        _nothing_yet()
        return None
    return past


def at_hand(past: Readable[Timeline] | None) -> Timeline | None:
    """The history for a page that works without it too, and waits only a moment for it."""
    if past and past.refresh_if_due().data is None:
        loading.wait(past, _MOMENT)
    return past.state.data if past else None


def lost(feeds: Feeds, deployment: Deployment, selection: Selection) -> tuple[Lost, ...]:
    """The parts that the figures on screen have lost, as far as the history is at hand."""
    past = at_hand(feeds.past)
    return movement.lost(past, deployment, selection) if past else ()


def no_rows(feeds: Feeds, deployment: Deployment) -> None:
    """The notice of figures without rows, and what the history had before, as far as it is at hand."""
    emptied(feeds, deployment.answer)
    notices.no_rows(deployment, feeds.live.state.error)


def live_seats(feeds: Feeds, deployment: Deployment, collection: Collection | None = None) -> None:
    """The notice of figures that are live seats, where they are, and what the history had before of the analytics.

    `collection`: of which analytics; without it those that lines over time are drawn from.
    """
    if deployment.live:
        emptied(feeds, deployment.answer, collection)
        notices.live_seats(deployment.live, feeds.renewals.state.data)


def emptied(feeds: Feeds, answer: Answer, collection: Collection | None = None) -> None:
    """Say since when there are no rows, and what the last ones had, where the history knows that.

    `collection`: of which collection, where the answer is live seats in its place.
    """
    past = at_hand(feeds.past)
    if past and (said := movement.emptied(past, answer, collection)):
        st.warning(f"**{said}**", icon=":material/history_toggle_off:")


def empty_since(feeds: Feeds, answer: Answer) -> str:
    """Since when a collection, whose answer has no rows, has none; empty where the history does not know that."""
    past = at_hand(feeds.past)
    return movement.empty_since(past, answer) if past else ""


def opening(feeds: Feeds, *, has_past: bool) -> None:
    """Say that the history is still being opened, and draw the page again then.

    `has_past`: whether the page is drawn with it.
    """
    if feeds.past is None or has_past:
        return
    if feeds.past.state.data is not None:
        st.rerun()  # it came while the page was drawn without it
    if feeds.past.state.running:
        loading.watch(feeds.past, "Opening the history; changes are shown as soon as it is open.")


def unreadable(feeds: Feeds) -> None:
    """Say that the history cannot be read; the reason is on Data health, for roles that may see it."""
    if not feeds.past or not feeds.past.state.error:
        return
    sentence = "The history cannot be read, so this page does not show what has changed."
    page = sitemap.at("health")
    if session.may(page.role):
        st.page_link(
            page.file,
            label=f"{sentence} *{page.title}* says why.",
            icon=":material/history_toggle_off:",
            query_params=link.shared_link(),
        )
    else:
        st.caption(f":material/history_toggle_off: {sentence}")


def reach(past: Timeline) -> None:
    """The span of the processing dates, and the time of the last collected snapshot."""
    if last := past.history.newest(past.collection):
        collected = formats.age(datetime.now(UTC) - last.fetched_at)
        st.caption(f"Processed by Microsoft {formats.days(*past.processed)} · collected {collected}", width="content")


def top(
    past: Timeline,
    heading: str,
    feeds: Feeds,
    controls: Controls[Any] | None = None,
    *,
    beside: Callable[[], None] = lambda: None,
) -> None:
    """The head of a page with a history, and a warning if the newest look at the history failed."""
    header.head(heading, feeds, controls, beside=beside)
    for history in dict.fromkeys((feeds.past, feeds.history)):
        if history and (state := history.state).error and state.fetched_at and state.failed_at:
            notices.stale(state.error, state.fetched_at, state.failed_at)
            break
    left_out(past)


def time_range(controls: Controls[Any], past: Timeline, collection: Collection) -> None:
    """The choice of a range of time, or of two dates of which there are figures of this collection.

    The button names both days, which are the same on every page and at every level as far as there are such.
    """
    days, common = [*comparison.days_of(past, collection)], comparison.common_days(past)
    chosen, asked = controls.filters.range, controls.filters.dates
    controls.draw(RANGE, options=dates.offered(chosen))
    if len(days) < 2:
        return
    words = dates.between(*dates.compared(asked, days, chosen, common))
    with st.popover(words, key="dates", icon=":material/date_range:", help=_DAYS):
        controls.draw(DATES, days=days, range=chosen, common=common)


def left_out(past: Timeline) -> None:
    """The warning about damaged files of the history, which are left out."""
    if past.notices:
        number = formats.number(len(past.notices), "file")
        st.warning(
            f"**{number} of the history cannot be used**, so dates may be missing. `verify` names all such files.",
            icon=":material/broken_image:",
        )
        with st.expander("Which, and why"):
            st.code("\n".join(past.notices), language=None, wrap_lines=True)


def nothing_collected(feeds: Feeds) -> None:
    """The message for a history in which no answer of the analytics has a row; that is so where Microsoft has none."""
    whose = " of these customers" if feeds.is_book else ""
    st.info(
        f"**The history has no rows of Microsoft's license analytics{whose}**, so there is nothing to look back on."
        " *Overview* shows what there is now; *Data health* says what was collected.",
        icon=":material/history_toggle_off:",
    )


def too_short(title: str, day: str) -> None:
    """The message for a comparison with one date in the history, which needs two."""
    with st.container(border=True, key="one_date"):
        st.header("One date so far", anchor=False)
        st.write(
            f"The history holds one date of *{formats.plain(title)}*: **{day}**. The next run of `collect` that finds"
            " new figures adds a second one. Microsoft processes most services every few days."
        )
        if not session.may(Role.OPERATOR):
            return
        st.caption("Every day at 6:30, as a line for cron:")
        st.code(DAILY, language=None, wrap_lines=True)


def _nothing_yet() -> None:
    with st.container(border=True, key="no_history"):
        st.header("No history yet", anchor=False)
        st.write(
            "Partner Center keeps no history. `collect` keeps each answer, so that this page can look back."
            + (" Start it with" if session.may(Role.OPERATOR) else " Ask the operator to run `collect` daily.")
        )
        if not session.may(Role.OPERATOR):
            return
        st.code(_COLLECT, language=None, wrap_lines=True)
        st.caption(
            "Start it in the dashboard's folder and with the same environment variables, or another account's history"
            " grows. Then every day at 6:30, as a line for cron:"
        )
        st.code(DAILY, language=None, wrap_lines=True)
        st.caption("More on it in docs/manual.md, *History*.")
