"""The Renewals page: what ends when, what becomes of it, and what can still be changed until when."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from dashboard import explanations, exports, formats, mutes_and_bands, sentences
from dashboard.charts import renewals as chart
from dashboard.components import customer_names, figures, loading, mutes_menu, notices, table, tiles
from dashboard.feeds import Feeds, feeds_of_customers, file_filter
from dashboard.filters import link
from dashboard.filters.link import Controls
from dashboard.filters.parameters import ACT, HORIZON, OUTCOME, SEARCH, RenewalsFilters
from dashboard.security import session
from dashboard.tables import renewals as tables
from dashboard.view_models.renewals import SOON, RenewalsView, renewals_view, rows_of
from data_access.datasets.renewals import Renewals
from data_access.measures.outcomes import RENEWS, TO_DECIDE
from data_access.measures.renewals import Totals
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SEATS, SUBSCRIPTIONS

_QUESTION = "Which renewals need a decision?"
_NEEDED = (
    "This page asks Microsoft for the subscriptions of each customer, one call per customer.",
    "The Overview does not need them: it shows what is deployed.",
)
_NONE_RENEWS = "of what renews: nothing here"


@session.part
def show(data: Renewals, feeds: Feeds) -> None:
    """Draw the page for what was read of the customers."""
    controls = link.follow(RenewalsFilters, feeds.codes())
    loading.top(feeds.renewals, _QUESTION, feeds, controls, read_at=data.read_at)
    if error := data.troubles.get(SUBSCRIPTIONS.name):
        notices.trouble(error, again=feeds.renewals.refresh)
        loading.without(*_NEEDED)
        return
    _unread(data)
    mutes_menu.not_applied()
    if data.subscriptions.empty:
        _no_subscriptions(data)
        return
    _choices(controls)
    filters = controls.filters
    now, zone = datetime.now(UTC).replace(second=0, microsecond=0), figures.zone()
    muting, spares = mutes_and_bands.mutes(feeds), mutes_and_bands.spares(feeds)
    model = renewals_view(data, filters, now, zone, figures.is_dark(), mutes=muting, spares=spares)
    notices.left_out(controls.unknown)
    if model.unplaced:
        st.info(
            f"{formats.number(model.unplaced, 'subscription')} of unknown channel or service left out by the filter.",
            icon=":material/filter_alt_off:",
        )
    st.markdown(_answer(model, filters))
    mutes_menu.counted(model.muted)
    if model.first.number:
        table.show(model.first, "decisions", "What to decide first", cards=True, opens=customer_names.opens())
    origin = _origin(filters, feeds, data)
    _tiles(model, filters, explanations.of_renewals(model, data, origin.filter))
    _chart(model, controls, origin)
    _table(data, model, origin)


def _choices(controls: Controls[RenewalsFilters]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        controls.draw(SEARCH, placeholder="Customer, product or id")
        controls.draw(HORIZON)
        controls.draw(ACT)
        controls.draw(OUTCOME)


def _answer(model: RenewalsView, filters: RenewalsFilters) -> str:
    """The page's question answered, as far as the filter lets what it is about be seen."""
    totals, until = model.totals, model.act_until or model.until
    ended = f" {sentences.has_ended(model.ended)}" if model.ended else ""
    if not model.number:
        return f"Nothing {'needs a word' if model.act_until else 'ends'} until {until} with these filters.{ended}"
    said = []
    if totals.undecided:
        soon = "" if not model.soon else f", **{formats.count(model.soon)}** of them within {SOON} days"
        said.append(f"{sentences.seats(totals.undecided, 'need')} a decision until {until}{soon}.")
    elif _shows(filters, *TO_DECIDE):
        said.append(f"No seat needs a decision until {until}.")
    if totals.renewing:
        said.append(f"{sentences.renew(totals)}.")
    elif _shows(filters, RENEWS):
        said.append("None of what is shown renews.")
    if model.largest is not None:
        said.append(f"The largest decision: {_subject(model.largest)}.")
    said = said or [f"**{formats.number(model.number, 'subscription')}** chosen here until {until}."]
    if model.act_until:
        said.append(
            f"Only what has its last day to act until {until} is counted, of all that ends until {model.until}."
        )
    return " ".join(said) + ended


def _shows(filters: RenewalsFilters, *outcomes: str) -> bool:
    """Whether the filter lets any of these outcomes be seen: what it hides is not zero."""
    return not filters.outcome or not {*outcomes}.isdisjoint(filters.outcome)


def _subject(row: pd.Series) -> str:
    """What, whose and until when, such as: 12 seats of Visio Plan 1 for Nordwind, until 5 Dec 2026, 23:59."""
    name = formats.plain(row["customerName"] or row["customerTenantId"])
    seats = "" if pd.isna(row["quantity"]) else f"{formats.number(int(row['quantity']), 'seat')} of "
    return f"{seats}{formats.plain(row['offer'])} for {name}, until {row['act']}"


def _tiles(model: RenewalsView, filters: RenewalsFilters, explained: explanations.Explanations) -> None:
    totals = model.totals
    at_risk = formats.count(totals.at_risk) if totals.known or not totals.renewing else formats.NOTHING
    elsewhere = formats.count(totals.reducible_elsewhere)
    where = f"{elsewhere} of them not in the table" if totals.reducible_elsewhere else "whatever their end"
    until = f"to act on until {model.act_until}" if model.act_until else f"until {model.until}"
    tiles.draw(
        tiles.tile(key, measure, number, context, explained=explained[measure])
        if _shows(filters, *outcomes)
        else tiles.tile(key, measure, formats.NOTHING, "not in the filter")
        for key, measure, number, context, outcomes in (
            ("kpi_renewing", "seatsRenewing", formats.count(totals.renewing), until, (RENEWS,)),
            ("kpi_at_risk", "seatsAtRisk", at_risk, _of_what(totals), (RENEWS,)),
            ("kpi_undecided", "seatsUndecided", formats.count(totals.undecided), "need a decision", TO_DECIDE),
            ("kpi_reducible", "seatsReducible", formats.count(totals.reducible), where, filters.outcome),
        )
    )


def _of_what(totals: Totals) -> str:
    """Of what the seats at risk are a part, and of how many seats it is not known, and why."""
    if not totals.renewing:
        return _NONE_RENEWS
    unknown = ((totals.not_matched, "not matched"), (totals.without_figure, "without a figure"))
    said = [f"{formats.count(number)} {why}" for number, why in unknown if number]
    if totals.known:
        of_what = f"of {formats.count(totals.known)} known" if totals.unknown else "of what renews"
        said = [f"{totals.at_risk / totals.known * 100:.0f}\u00a0% {of_what}", *said]
    return " · ".join(said)


def _chart(model: RenewalsView, controls: Controls[RenewalsFilters], origin: exports.Provenance) -> None:
    element = "renewals_bars"

    def clicked() -> None:
        chosen = chart.TOGETHER.get(key := figures.clicked_key(element), (key,))
        if key in (*chart.TOGETHER, *OUTCOME.options):
            controls.put(OUTCOME, () if {*controls.filters.outcome} == {*chosen} else chosen)

    with st.container(key="renewals_chart", border=True):
        question = f"Which seats end in which {'month' if model.by_month else 'week'}?"
        st.header(question, anchor=False)
        if model.number:
            picture = origin.picture(question, "renewals_chart")
            figures.chart(model.figure, key=element, words=model.words, picture=picture, on_click=clicked)
        else:
            st.info("No seats to show. Choose a longer time, or remove a filter.", icon=":material/search_off:")
        notes = []
        if model.totals.at_risk:
            period = "month" if model.by_month else "week"
            notes.append(f"A seat that nobody uses counts once, in the first {period} in which its product renews.")
        if left_out := _left_out(model):
            notes.append(f"In the table, but in no total: {left_out}.")
        if notes:
            st.caption(" ".join(notes))


def _left_out(model: RenewalsView) -> str:
    totals = model.totals
    parts = ((totals.on_trial, "trial"), (totals.suspended, "suspended subscription"))
    said = [formats.number(number, noun) for number, noun in parts if number]
    if totals.not_licenses:
        said.append(f"{totals.not_licenses:,} not billed by licenses")
    return ", ".join(said)


def _origin(filters: RenewalsFilters, feeds: Feeds, data: Renewals) -> exports.Provenance:
    sentence = file_filter(
        feeds,
        filters.selection,
        search=filters.search,
        outcome=", ".join(filters.outcome),
        horizon=f"{filters.horizon} days",
        act="" if filters.act == ACT.default else f"within {filters.act} days",
    )
    return figures.provenance(feeds, "renewals", data.read_at, sentence, is_live=True)


def _table(data: Renewals, model: RenewalsView, origin: exports.Provenance) -> None:
    def rows() -> pd.DataFrame:
        return tables.file(rows_of(data, model))

    files = exports.for_people_and_programs(rows, tables.RENEWALS_FILE.described, (model,), origin)
    with figures.figures(formats.number(model.number, "subscription"), files):
        if model.number:
            st.caption(f"{table.order_in_link(model.on_screen) or tables.ORDER} {tables.SUMS}")
            table.show(model.on_screen, "renewals_table", "Subscriptions", in_link=True, opens=customer_names.opens())


def _unread(data: Renewals) -> None:
    """Say whose subscriptions and seats could not be read, and what stands in for them."""
    if data.left:
        have, them = ("has", "it") if len(data.left) == 1 else ("have", "them")
        st.info(
            f"**{formats.number(len(data.left), 'customer')} {have} left**: Microsoft does not know {them} any more:"
            f" {formats.listed(data.left)}.",
            icon=":material/person_off:",
        )
    unread = [one for one in data.unread if one.collection == SUBSCRIPTIONS.name and not one.left]
    for with_reading, what in ((False, ", and are in no figure"), (True, " now; they are as they were read before")):
        if names := [one.name or one.tenant for one in unread if with_reading == (one.last_read is not None)]:
            st.warning(
                f"**The subscriptions of {formats.number(len(names), 'customer')} could not be read**{what}:"
                f" {formats.listed(names)}.",
                icon=":material/report:",
            )
    otherwise = "taken from Microsoft's commercial counts" if data.counts_as_of else "not known"
    if error := data.troubles.get(SEATS.name):
        why = f"{formats.plain(error.message)} {formats.plain(notices.advice(error))}"
        st.warning(
            f"**Live seats cannot be read.** {why} Seats not assigned are {otherwise}.",
            icon=":material/report:",
        )
        notices.details(error)
    else:
        _without_seats(data, otherwise)
    if error := data.troubles.get(COMMERCIAL_DEPLOYMENT.name):
        st.info(
            "The commercial counts cannot be read, so services and channels are unknown."
            f" {formats.plain(error.message)}",
            icon=":material/info:",
        )
        notices.details(error)
    for answer in data.answers:
        notices.set_aside(answer, named=True)


def _without_seats(data: Renewals, otherwise: str) -> None:
    """Say whose live seats could not be read now, and what is not assigned there: without a reading `otherwise`."""
    unread = [one for one in data.unread if one.collection == SEATS.name and not one.left]
    refused = [one.name or one.tenant for one in unread if one.refused]
    failed = {
        with_reading: [
            one.name or one.tenant for one in unread if not one.refused and with_reading == bool(one.last_read)
        ]
        for with_reading in (False, True)
    }
    verb = "does" if len(refused) == 1 else "do"
    for names, what, instead in (
        (refused, f"{verb} not let us read live seats", otherwise),
        (failed[False], "could not be read for live seats", otherwise),
        (failed[True], "could not be read for live seats now", "as they were last read"),
    ):
        if names:
            st.caption(
                f":material/info: {formats.number(len(names), 'customer')} {what}: {formats.listed(names)}. Seats not"
                f" assigned there are {instead}."
            )


def _no_subscriptions(data: Renewals) -> None:
    with st.container(border=True, key="no_rows"):
        st.header("There are no subscriptions", anchor=False)
        st.write(
            f"Microsoft named {formats.number(data.customers, 'customer')} and sent no subscription of"
            f" {'it' if data.customers == 1 else 'them'}. That is not the same as nothing that renews: who buys from"
            " another partner has no subscriptions here."
        )
        ids = [f"MS-CorrelationId: {answer.correlation_id} ({answer.collection.title})" for answer in data.answers]
        st.code("\n".join(ids), language=None, wrap_lines=True)


feeds = feeds_of_customers()
if data := loading.standing(feeds.renewals, _QUESTION, feeds, *_NEEDED):
    show(data, feeds)
