"""The notices of a page: failures, stale data, rows set aside, missing rows, and links that ask for too much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard import formats
from dashboard.components import table
from dashboard.feeds import sees_all
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.tables.set_aside import SET_ASIDE
from data_access import (
    Answer,
    Deployment,
    LiveFigures,
    NotKept,
    PartnerCenterError,
    Selection,
    Throttled,
    Unavailable,
    measures,
    texts,
    titles,
)
from data_access.datasets.renewals import Renewals
from data_access.measures.unread_rows import UnreadRows
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SEATS

_REASONS_SHOWN = 50


#: Where totals can be seen that another page gives in other numbers.
COUNTED_SEPARATELY = (
    "Microsoft counts services and customers separately, so totals can differ. By customer and product, more than sold"
    " of one does not make up for another, as it does by service."
)


def stands_in() -> None:
    """The notice that the page shows the commercial counts instead of partner deployment."""
    st.info(
        "Microsoft returned no rows for partner deployment. These figures are the commercial counts,"
        " added up over customers and products.",
        icon=":material/swap_horiz:",
    )


def live_seats(figures: LiveFigures, read_of: Renewals | None) -> None:
    """The notice that the page shows live seats, since Microsoft's analytics are empty.

    Customers that could not be read now are counted, and named where this visitor may see them: `read_of` has these.
    """
    read = f", read {formats.age(datetime.now(UTC) - figures.read_at)}" if figures.read_at else ""
    if read and figures.earlier:
        read += " or, where that failed, the last time before"
    said = (
        "Microsoft's license analytics returned no rows. These figures are **live seats**, by product: those that are"
        f" enabled and assigned in each customer's tenant, whoever sold them{read}."
    )
    if figures.left_out:
        said += f" Left out: {figures.left_out:,} of free products or trials, one per product and customer."
    for number, what, with_reading in (
        (figures.earlier, "could not be read now; the last reading before counts", True),
        (figures.unread - figures.earlier, "could not be read and {} in no figure", False),
    ):
        if number:
            names = read_of.names(SEATS.name, with_reading=with_reading) if read_of else []
            said += f" {formats.number(number, 'customer')} {what.format(formats.are(number))}"
            said += f": {formats.listed(names)}." if names else "."
    st.info(said, icon=":material/sensors:")


def trouble(
    error: PartnerCenterError,
    failed_at: datetime | None = None,
    again: Callable[[], None] | None = None,
    key: str = "trouble",
) -> None:
    """The notice of a failed fetch: a sentence for the user, details for the operator, and a button to try `again`."""
    with st.container(border=True, key=key):
        st.header(error.title, anchor=False)
        explanation = f"{formats.plain(error.message)} {formats.plain(advice(error))}"
        if isinstance(error, Throttled):
            if failed_at and error.details.retry_after is not None:
                then = failed_at + timedelta(seconds=error.details.retry_after)
                explanation = f"{formats.plain(error.message)} Try again after {then:%H:%M:%S} UTC."
            st.warning(explanation, icon=":material/hourglass_top:")
        else:
            st.error(explanation, icon=":material/error:")
        details(error)
        if again:
            st.button("Try again", on_click=again, icon=":material/refresh:")


def details(error: PartnerCenterError) -> None:
    """The details for a support ticket. The service's description may name a customer: it is for those who see all."""
    visible = error.details if sees_all() else replace(error.details, description=None)
    if labelled := visible.labelled():
        with st.expander("Details for the operator", icon=":material/support_agent:"):
            st.code("\n".join(f"{label}: {value}" for label, value in labelled.items()), language=None, wrap_lines=True)


def stale(error: PartnerCenterError, fetched_at: datetime, failed_at: datetime) -> None:
    """The notice that the last good data is on screen because a newer fetch failed."""
    age = formats.age(datetime.now(UTC) - fetched_at)
    st.warning(
        f"**These are the last good figures, fetched {age} ({formats.clock(fetched_at)}).**"
        f" The attempt at {formats.clock(failed_at)} failed: {formats.plain(error.message)}"
        f" {formats.plain(advice(error))}",
        icon=":material/history:",
    )
    details(error)


def advice(error: PartnerCenterError) -> str:
    """What to do; who does not operate the dashboard can do nothing where the service does not answer."""
    if isinstance(error, Unavailable) and not session.may(Role.OPERATOR):
        return "It is tried again by itself."
    return error.advice


def set_aside(answer: Answer, named: bool = False) -> None:
    """The notice of rows that could not be read, with their reasons, and of announced rows that did not come.

    `named`: the page shows several collections, so the notice names this one.
    """
    of = f" of *{answer.collection.title}*" if named else ""
    if answer.set_aside:
        number = len(answer.set_aside)
        said = formats.number(number, "row")
        if not answer.is_part:
            said = f"{number:,} of {formats.number(number + len(answer.frame), 'row')}"
        st.warning(
            f"**{said}{of} could not be read and {formats.are(number)} left out of every figure.**{_whose(answer)}",
            icon=":material/rule:",
        )
        with st.expander("Which rows, and why"):
            rows = pd.DataFrame(
                [(row.position, row.reason) for row in answer.set_aside[:_REASONS_SHOWN]], columns=[*SET_ASIDE.names]
            )
            table.show(SET_ASIDE.on_screen(rows), f"set_aside_{answer.collection.name}", "Rows that could not be read")
    if answer.twice:
        st.warning(
            f"{formats.number(answer.twice, 'row')}{of} came on two pages of Microsoft's answer, also when asked again;"
            " counted once.",
            icon=":material/rule:",
        )
    if answer.missing:
        sent = (
            f"Microsoft sent {formats.number(answer.missing, 'row')}{of} fewer than it announced"
            if answer.is_part
            else f"Microsoft announced {formats.number(answer.announced or 0, 'row')}{of} and sent"
            f" {answer.missing:,} fewer"
        )
        st.warning(f"{sent}; the figures are without them.{_whose(answer)}", icon=":material/rule:")


def _whose(answer: Answer) -> str:
    return " Some may be of the customers on screen, or none." if answer.is_part else ""


def no_rows(deployment: Deployment, live: PartnerCenterError | None = None) -> None:
    """The notice of an empty answer from Microsoft, which is neither a zero nor a failure.

    `live` is what kept live seats from being read, which the page would show instead.
    """
    if deployment.answer.is_part:
        with st.container(border=True, key="no_rows"):
            st.header("Microsoft has no licenses for the customers of this book", anchor=False)
            st.write("That is not the same as nothing sold or deployed.")
        return
    with st.container(border=True, key="no_rows"):
        st.header("Microsoft returned no rows", anchor=False)
        st.write(
            "Partner Center answered, but has no license deployment figures for this account."
            " Licenses may still have been sold and deployed."
        )
        if not deployment.trouble:
            st.write(
                "This page stands on the commercial counts, which are the figures by customer."
                if deployment.answer.collection is COMMERCIAL_DEPLOYMENT
                else "The commercial counts, which this page would show instead, are empty too."
            )
        st.write(
            "This happens to other partners, too. If Partner Center itself shows figures, give this id to Microsoft"
            " support:"
        )
        st.code(f"MS-CorrelationId: {deployment.answer.correlation_id}", language=None)
    if deployment.trouble:
        st.caption(f"This page then shows the commercial counts, but {_without(deployment.trouble)}:")
        trouble(deployment.trouble, key="trouble_commercial")
    elif isinstance(live, NotKept):  # no failure, and the history may have them: no page shows those of a day
        st.caption(f"Live seats, which this page shows where there are no figures, are of now alone. {live.advice}")
    elif live:
        st.caption("This page then shows live seats, but they cannot be read:")
        trouble(live, key="trouble_live")


def _without(error: PartnerCenterError) -> str:
    return "none are kept" if isinstance(error, NotKept) else "they cannot be read"


def not_in_answer(deployment: Deployment, selection: Selection) -> bool:
    """The notice of channels and services that are chosen, known from other figures, and not in this answer.

    Returns whether there are such.
    """
    titles_of = (
        (deployment.channels, selection.channels, titles.channel_title),
        (deployment.services, selection.services, titles.service_title),
    )
    absent = []
    for there, chosen, title in titles_of:
        known = {*map(texts.key, there)}
        absent += [formats.plain(title(code)) for code in chosen if texts.key(code) not in known]
    if absent:
        them = "it" if len(absent) == 1 else "them"
        st.info(
            f"{', '.join(absent)} {formats.are(len(absent))} not in the newest answer. Other dates or pages may show"
            f" {them}.",
            icon=":material/filter_alt_off:",
        )
    return bool(absent)


def overview_says(undeployed: float, overview: Deployment, selection: Selection) -> None:
    """Say how much of a selection the Overview says is not deployed, where that is another figure than `undeployed`."""
    there = measures.total(overview.facts.selected(selection)).undeployed
    if not overview.live and round(there) != round(undeployed):
        st.caption(
            f":material/info: The *Overview* says **{formats.count(there, overview.estimated)}** not deployed: it"
            " counts by service and channel, where more than sold of one product makes up for another. Here each"
            " product of each customer counts by itself. Microsoft counts both separately, too."
        )


def lost(said: str) -> None:
    """Draw what the figures on screen have lost (`said`), before any sum of them; nothing where they are whole."""
    if said:
        st.warning(said, icon=":material/broken_image:")


def unread(rows: UnreadRows) -> None:
    """The notice that the newest answer of the history was not read as a whole; nothing where it was."""
    if rows:
        without = "it" if len(rows.rows) + rows.missing == 1 else "them"
        st.warning(
            f"**In the newest answer, {rows.in_words}.** The figures are without {without}.", icon=":material/rule:"
        )


def left_out(unknown: Sequence[str]) -> None:
    """The notice of parts of the link that this data does not have."""
    if unknown:
        st.info(
            f"Ignored from the link: {formats.plain(', '.join(unknown))}",
            icon=":material/link_off:",
        )
