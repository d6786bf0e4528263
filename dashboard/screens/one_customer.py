"""One customer, with what to say and its products: what the Customers page shows where its link names one."""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from dashboard import explanations, exports, formats, mutes_and_bands, sentences
from dashboard.components import (
    book,
    figures,
    history_states,
    lately,
    live_seats,
    mutes_menu,
    notices,
    still_missing,
    table,
    tiles,
)
from dashboard.feeds import Feeds, file_filter
from dashboard.filters import dates, link
from dashboard.filters.link import Controls
from dashboard.filters.parameters import (
    MEASURE,
    BarsFilters,
    CustomerFilters,
    CustomersFilters,
    TrendsFilters,
)
from dashboard.tables.customers import EVERY_ROW_FILE
from dashboard.tables.microsoft import unknown
from dashboard.tables.trends import POINTS_FILE
from dashboard.view_models import call_list, call_sheet, renewals, trends, usage
from dashboard.view_models import deployment as view_models
from data_access import Deployment, PartnerCenterError, Selection
from data_access.datasets import usage as uses
from data_access.datasets.lately import Lately
from data_access.datasets.renewals import Renewals, not_read, unread_of
from data_access.measures import muted
from data_access.measures.trends import AS_OF
from data_access.partner_center.catalog import SUBSCRIPTIONS


def back() -> None:
    """The way back to the list."""
    label = f"Back to {formats.plain(book.customers_listed())}"
    st.button(label, on_click=link.close_customer, icon=":material/arrow_back:", type="tertiary")


def show(deployment: Deployment, identity: str, name: str, controls: Controls[CustomerFilters], feeds: Feeds) -> None:
    """Draw one customer, by tenant id; `name` is what pictures call it."""
    filters = controls.filters
    moved, within = lately.moved(deployment, filters.selection, feeds)
    used = feeds.usage.state.data
    own = usage.of_customer(used, identity) if used else None
    sentence = file_filter(feeds, filters.selection, customer=identity)
    provenance = figures.provenance(feeds, "customer", deployment.newest, sentence)
    live, muting = feeds.renewals.state.data, mutes_and_bands.mutes(feeds)
    sheet = call_sheet.file(deployment, identity, feeds, provenance, muting)
    _beside(deployment, identity, name, moved=moved, feeds=feeds, sheet=sheet)
    model = view_models.one_customer(deployment, identity, filters.to(BarsFilters), figures.is_dark(), own)
    notices.left_out(controls.unknown)
    tiles.answer(model, filters.target, estimated=False)
    _quiet(deployment, identity, filters.selection, feeds)
    if sentences_for_the_phone := call_list.said_to(
        deployment, identity, filters.selection, moved=moved, used=used, live=live, mutes=muting, zone=figures.zone()
    ):
        with st.container(border=True, key="what_to_say", gap="xsmall"):
            st.header("What to say", anchor=False)
            st.markdown("\n".join(f"- {formats.plain(said)}" for said in sentences_for_the_phone))
            if aside := call_list.said_aside(deployment, identity, filters.selection, live=live, mutes=muting):
                st.caption(aside)
    with st.container():  # there with and without it, so that what follows keeps its place
        if within:
            lately.watch(within)
    explained = explanations.of_deployment(model, deployment, own, sentence)
    tiles.tiles(model, filters.target, False, "product", explained=explained)
    question = "Which products are not deployed?"
    figures.bars("products_chart", model, question, "product", controls, origin=provenance, of=name)
    rows = partial(call_list.rows_behind, deployment, filters.selection, [identity])
    columns = partial(EVERY_ROW_FILE.described, unknown=unknown(deployment))
    files = exports.for_people_and_programs(rows, columns, (model,), provenance)
    with figures.figures("Products and services", files):
        if own and (said := sentences.used(uses.total(own, filters.selection))):
            st.markdown(said)
        table.show(model.on_screen, "products_table", "Products", target=filters.target)
    if live:
        _renewing(live, identity, filters.selection)
    place = st.container()
    live_seats.show(identity, name, feeds)
    st.caption(f"Tenant id {identity}")
    with place:  # drawn last, since an engine may be slow
        _history(identity, name, controls, feeds)
    still_missing.draw(feeds, has_use=used is not None)


def _renewing(live: Renewals, identity: str, selection: Selection) -> None:
    """Draw what of a customer ends within a year, the last day to act first."""
    now, zone = datetime.now(UTC).replace(second=0, microsecond=0), figures.zone()
    model = renewals.of_customer(live, identity, selection, now, zone)
    unread = next((one for one in unread_of(live, identity) if one.collection == SUBSCRIPTIONS.name), None)
    with st.container(border=True, key="customer_renewals"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("What ends within a year?", anchor=False)
            st.space("stretch")
            if read_at := unread.last_read if unread else live.read_at:
                st.caption(f"read {formats.age(datetime.now(UTC) - read_at)}", width="content")
        if unread and not unread.last_read:
            st.info(not_read(unread), icon=":material/lock:" if unread.refused else ":material/report:")
            return
        if unread:
            st.caption(f":material/report: {not_read(unread, 'now')} This is what was read before.")
        if not model.on_screen.number:
            st.markdown("No subscription of this customer ends within a year in this choice.")
            return
        st.markdown(sentences.renewing(model.totals, model.on_screen.number))
        table.show(model.on_screen, "customer_renewals_table", "Subscriptions")


def _quiet(deployment: Deployment, identity: str, selection: Selection, feeds: Feeds) -> None:
    """Say what of a customer is muted, and whether it is out of its band."""
    products = call_list.products_of(deployment, identity)
    if outside := call_list.outside(deployment, identity, selection, mutes_and_bands.bands()):
        st.markdown(f":material/straighten: Out of its band: **{formats.plain(outside)}**", width="content")
    about = [mute for mute in mutes_and_bands.mutes(feeds) if muted.is_about(mute, identity, [*products])]
    mutes_menu.notice(feeds, about, products)


def _beside(
    deployment: Deployment, identity: str, name: str, *, moved: Lately | None, feeds: Feeds, sheet: exports.File
) -> None:
    """The way back to the list, to the customers before and after this one in it, and what is done with this one."""
    filters = link.follow(CustomersFilters, feeds.codes()).filters
    known = moved, feeds.usage.state.data, feeds.renewals.state.data
    model = call_list.of_all(
        deployment,
        filters,
        *known,
        mutes=mutes_and_bands.mutes(feeds),
        rules=mutes_and_bands.bands(),
        zone=figures.zone(),
    )
    ids = table.keys_in_order(model.on_screen, model.ids)
    with st.container(horizontal=True, vertical_alignment="center", key="beside"):
        back()
        if identity in ids:
            place = ids.index(identity)
            st.caption(f"{place + 1:,} of {len(ids):,}", width="content")
            for label, step in (("Previous", -1), ("Next", 1)):
                there = 0 <= place + step < len(ids)
                go = partial(link.open_customer, ids[place + step]) if there else None
                st.button(label, f"{label.lower()}_customer", on_click=go, disabled=not there, type="tertiary")
        st.space("stretch")
        lines: dict[mutes_menu.Line, str] = {(identity, None): f"{name or identity}, all products"}
        products = call_list.products_of(deployment, identity)
        mutes_menu.draw(feeds, lines | {(identity, product): title for product, title in products.items()})
        figures.downloads([sheet])


def _history(identity: str, name: str, controls: Controls[CustomerFilters], feeds: Feeds) -> None:
    """Draw the line of one customer's collected figures; nothing without a history."""
    past = history_states.at_hand(feeds.past)
    if past is None:
        history_states.unreadable(feeds)
        return
    if past.history.is_empty:
        return
    filters = controls.filters
    with st.container(key="history_chart", border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.header("Is it changing?", anchor=False)
            controls.draw(MEASURE)
            history_states.time_range(controls, past, past.collection)
        try:
            with st.spinner("Looking back…"):
                own = trends.of_customer(feeds, past, identity)
        except PartnerCenterError as error:
            notices.trouble(error, key="trouble_history")
            return
        history_states.left_out(own)
        trend = trends.trends_view(own, filters.to(TrendsFilters), figures.is_dark())
        whole = trend.whole
        if not len(whole.points):
            st.caption("What was collected so far has nothing of this customer in this choice and range.")
            return
        answer = [sentences.direction(whole, trend.answered)]
        if whole.change or not whole.is_whole:
            answer.append(sentences.goal(whole, filters.target))
        st.markdown(" ".join(answer))
        if note := sentences.went_back(whole):
            st.caption(f":material/history_toggle_off: {note}")
        within = dates.said(filters.range, filters.dates)
        sentence = file_filter(
            feeds, filters.selection, customer=identity, range=within, collection=own.collection.name
        )
        newest = whole.points[AS_OF].iloc[-1]
        provenance = figures.provenance(feeds, "customer-history", newest, sentence)
        picture = provenance.picture(f"{MEASURE.options[filters.measure]}, {name}", "history_chart")
        figures.chart(trend.figure, key="history_line", words=trend.words, picture=picture)
        points, columns = (lambda: trend.points), partial(POINTS_FILE.described, estimated=own.facts.estimated)
        with st.container(horizontal=True):
            figures.downloads(
                [
                    exports.workbook(
                        "export_history_xlsx",
                        "These points, Excel",
                        points,
                        columns,
                        of=(trend,),
                        provenance=provenance,
                    ),
                    exports.for_programs(
                        "export_history", "These points, CSV", points, columns, of=(trend,), provenance=provenance
                    ),
                ]
            )
