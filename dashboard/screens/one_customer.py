"""One customer, with what to say and its products: what the Customers page shows where its link names one."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from dashboard import explanations, exports, formats, mutes_and_bands, sentences
from dashboard.components import (
    customers_list,
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
from dashboard.filters import dates
from dashboard.filters.link import Controls
from dashboard.filters.parameters import (
    MEASURE,
    BarsFilters,
    CustomerFilters,
    TrendsFilters,
)
from dashboard.tables.customers import EVERY_ROW_FILE
from dashboard.tables.microsoft import unknown
from dashboard.tables.trends import POINTS_FILE
from dashboard.view_models import call_list, call_sheet, renewals, trends, usage
from dashboard.view_models import deployment as view_models
from dashboard.view_models.deployment import DeploymentView
from dashboard.view_models.lines import Lost
from data_access import Deployment, PartnerCenterError, Selection, Usage
from data_access.datasets import usage as uses
from data_access.datasets.lately import Lately
from data_access.datasets.renewals import Renewals, not_read, unread_of
from data_access.measures import muted
from data_access.partner_center.catalog import SUBSCRIPTIONS


def show(deployment: Deployment, identity: str, name: str, controls: Controls[CustomerFilters], feeds: Feeds) -> None:
    """Draw one customer, by tenant id; `name` is what pictures call it."""
    filters = controls.filters
    moved, within = lately.moved(deployment, filters.selection, feeds)
    used, live = feeds.usage.state.data, _live(identity, name, feeds)
    own = usage.of_customer(used, identity) if used else None
    sentence = file_filter(feeds, filters.selection, customer=identity)
    provenance = figures.provenance(feeds, "customer", deployment.newest, sentence, is_live=deployment.live is not None)
    with st.container(horizontal=True, vertical_alignment="center", key="beside"):
        customers_list.around(identity, deployment, moved, feeds)
        st.space("stretch")
        _actions(deployment, identity, name, provenance, feeds, target=filters.target, live=lambda: live)
    model = view_models.one_customer(deployment, identity, filters.to(BarsFilters), figures.is_dark(), own)
    notices.left_out(controls.unknown)
    lost = call_list.lost(moved, identity) if moved else ()
    notices.lost(sentences.lost(lost))
    tiles.answer(model, filters.target, estimated=False)
    _quiet(deployment, identity, filters.selection, feeds)
    told = partial(_told, deployment, identity, filters.selection, moved=moved, used=own, feeds=feeds)
    _what_to_say(deployment, identity, filters.selection, told(live=live), feeds)
    with st.container():  # there with and without it, so that what follows keeps its place
        if within:
            lately.watch(within)
    explained = explanations.of_deployment(model, deployment, own, sentence, filters.target)
    tiles.tiles(model, filters.target, False, "product", explained=explained, is_whole=not lost)
    question = "Which products are not deployed?"
    figures.bars("products_chart", model, question, "product", controls, origin=provenance, of=name)
    _products(model, deployment, identity, filters, provenance, own=own)
    renewing, place = st.container(), st.container()
    live_seats.show(identity, name, feeds, has_analytics=deployment.live is None)
    before, live = live, _live(identity, name, feeds)  # with the live seats that were just read
    if told(live=live) != told(live=before):
        st.rerun()  # what to say stands above, by the seats before
    with renewing:
        _renewing(live, identity, filters.selection)
    st.caption(f"Tenant id {identity}")
    with place:  # drawn last, since an engine may be slow
        _history(identity, name, controls, feeds)
    still_missing.draw(feeds, has_use=used is not None)


def show_uncounted(
    deployment: Deployment,
    identity: str,
    name: str,
    controls: Controls[CustomerFilters],
    feeds: Feeds,
    *,
    gone: tuple[Lost, ...],
) -> None:
    """Draw a customer of whom Microsoft's counts have nothing: what is live of it, and what was collected before.

    `gone`: what an earlier answer had of it.
    """
    filters, live = controls.filters, _live(identity, name, feeds)
    sentence = file_filter(feeds, filters.selection, customer=identity)
    with st.container(horizontal=True, vertical_alignment="center", key="beside"):
        customers_list.back()
        st.space("stretch")
        provenance = figures.provenance(
            feeds, "customer", deployment.newest, sentence, is_live=deployment.live is not None
        )
        _actions(deployment, identity, name, provenance, feeds, target=filters.target, live=lambda: live)
    notices.left_out(controls.unknown)
    if gone:
        st.markdown(sentences.not_there(gone))
    what = "live seats of this customer that somebody pays for" if deployment.live else "licenses of this customer"
    st.markdown(f"The figures of this page have no {what}. Below is what else was read of it.")
    _quiet(deployment, identity, filters.selection, feeds)
    saying, renewing = st.container(), st.container()
    live_seats.show(identity, name, feeds, has_analytics=False)
    live = _live(identity, name, feeds)
    with saying:  # by the seats that were just read
        if live:
            _what_to_say(
                deployment, identity, filters.selection, (_told_uncounted(live, identity, filters, feeds), ""), feeds
            )
    with renewing:
        _renewing(live, identity, filters.selection)
    st.caption(f"Tenant id {identity}")
    _history(identity, name, controls, feeds)


def _live(identity: str, name: str, feeds: Feeds) -> Renewals | None:
    """The subscriptions and live seats of the customer, as far as they are at hand; the newest seats count."""
    live = feeds.renewals.state.data
    return renewals.known_of(live, identity, feeds.seats(identity, name).state.data) if live else None


def _actions(
    deployment: Deployment,
    identity: str,
    name: str,
    provenance: exports.Provenance,
    feeds: Feeds,
    *,
    target: float,
    live: Callable[[], Renewals | None],
) -> None:
    """Draw what is done with one customer: it or a product of its is muted, its call sheet taken away."""
    lines: dict[mutes_menu.Line, str] = {(identity, None): f"{name or identity}, all products"}
    products = call_list.products_of(deployment, identity)
    mutes_menu.draw(feeds, lines | {(identity, product): title for product, title in products.items()})
    quiet = mutes_and_bands.mutes(feeds), mutes_and_bands.spares(feeds)
    file = call_sheet.file(deployment, identity, feeds, provenance, quiet, target=target, live=live)
    figures.downloads([file])


def _quiet(deployment: Deployment, identity: str, selection: Selection, feeds: Feeds) -> None:
    """Say what of a customer is muted, and whether it is out of its band."""
    products = call_list.products_of(deployment, identity)
    if outside := call_list.outside(deployment, identity, selection, mutes_and_bands.bands()):
        st.markdown(f":material/straighten: Out of its band: **{formats.plain(outside)}**", width="content")
    about = [mute for mute in mutes_and_bands.mutes(feeds) if muted.is_about(mute, identity, [*products])]
    mutes_menu.notice(feeds, about, products)


def _told(
    deployment: Deployment,
    identity: str,
    selection: Selection,
    *,
    moved: Lately | None,
    used: Usage | None,
    live: Renewals | None,
    feeds: Feeds,
) -> tuple[tuple[str, ...], str]:
    """What to say to a customer, and what is said aside; `used` and `live` are those of the customer."""
    mutes, spares = mutes_and_bands.mutes(feeds), mutes_and_bands.spares(feeds)
    said = call_list.said_to(
        deployment,
        identity,
        selection,
        moved=moved,
        used=used,
        live=live,
        mutes=mutes,
        spares=spares,
        zone=figures.zone(),
        now=figures.now(),
    )
    aside = call_list.said_aside(deployment, identity, selection, live=live, mutes=mutes, spares=spares)
    return said, aside


def _told_uncounted(live: Renewals, identity: str, filters: CustomerFilters, feeds: Feeds) -> tuple[str, ...]:
    """What to say to a customer of whom Microsoft's counts have nothing; `live` is what is live of it."""
    return call_list.said_to_uncounted(
        live,
        identity,
        filters.selection,
        mutes=mutes_and_bands.mutes(feeds),
        spares=mutes_and_bands.spares(feeds),
        zone=figures.zone(),
        now=figures.now(),
    )


def _what_to_say(
    deployment: Deployment, identity: str, selection: Selection, told: tuple[tuple[str, ...], str], feeds: Feeds
) -> None:
    """Draw the sentences for the phone, `_told`; nothing where there are none."""
    said, aside = told
    kept = call_list.kept_spare(deployment, identity, selection, mutes_and_bands.spares(feeds))
    if not said and not kept:
        return
    with st.container(border=True, key="what_to_say", gap="xsmall"):
        st.header("What to say", anchor=False)
        st.markdown("\n".join(f"- {formats.plain(sentence)}" for sentence in said))
        if aside:
            st.caption(aside)
        if kept:
            st.caption(formats.plain(kept))


def _products(
    model: DeploymentView,
    deployment: Deployment,
    identity: str,
    filters: CustomerFilters,
    provenance: exports.Provenance,
    *,
    own: Usage | None,
) -> None:
    """Draw the table of products, with the files of Microsoft's rows behind it."""
    rows = partial(call_list.rows_behind, deployment, filters.selection, [identity])
    columns = partial(EVERY_ROW_FILE.described, unknown=unknown(deployment))
    files = exports.for_people_and_programs(rows, columns, (model,), provenance)
    with figures.figures("Products and services", files):
        if own and (said := sentences.used(uses.total(own, filters.selection))):
            st.markdown(said)
        table.show(model.on_screen, "products_table", "Products", target=filters.target)


def _renewing(live: Renewals | None, identity: str, selection: Selection) -> None:
    """Draw what of a customer ends within a year, the last day to act first; nothing where that was not read."""
    if live is None:
        return
    now, zone = datetime.now(UTC).replace(second=0, microsecond=0), figures.zone()
    model = renewals.of_customer(live, selection, now, zone)
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
        beside = sentences.beside(model.beside, model.ended, model.totals.reducible_elsewhere, model.until)
        if not model.on_screen.number:
            st.markdown(f"No subscription of this customer ends within a year in this choice. {beside}")
            return
        st.markdown(f"{sentences.renewing(model.totals, model.on_screen.number)} {beside}")
        table.show(model.on_screen, "customer_renewals_table", "Subscriptions")


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
        answer = [sentences.direction(whole, trend.answered, filters.target)]
        if whole.change or not whole.is_whole:
            answer.append(sentences.goal(whole, filters.target))
        st.markdown(" ".join(answer))
        if note := sentences.went_back(whole):
            st.caption(f":material/history_toggle_off: {note}")
        within = dates.said(filters.range, filters.dates)
        sentence = file_filter(
            feeds, filters.selection, customer=identity, range=within, collection=own.collection.name
        )
        provenance = figures.provenance(feeds, "customer-history", trend.processed, sentence)
        title = sentences.of_picture(f"{MEASURE.options[filters.measure]}, {name}", whole)
        picture = provenance.picture(title, "history_chart")
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
