"""The Customers page: the call list, or the one customer that the link names."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import explanations, exports, formats, mutes_and_bands, sentences
from dashboard.components import (
    book,
    customer_names,
    customers_list,
    figures,
    header,
    history_states,
    lately,
    loading,
    mutes_menu,
    notices,
    still_missing,
    table,
    tiles,
)
from dashboard.feeds import Feeds, current_feeds, feeds_of_customers, file_filter
from dashboard.filters import link
from dashboard.filters.kinds import Parameter, written
from dashboard.filters.link import Controls
from dashboard.filters.parameters import (
    ATLEAST,
    BAND,
    BELOW,
    CUSTOMER,
    SEARCH,
    CustomerFilters,
    CustomersFilters,
)
from dashboard.screens import one_customer
from dashboard.security import session
from dashboard.tables.customers import CUSTOMERS_FILE, EVERY_ROW_FILE
from dashboard.tables.microsoft import unknown
from dashboard.view_models import call_list, call_sheet, uncounted
from dashboard.view_models.call_list import CallList
from dashboard.view_models.lines import Lost
from data_access import Deployment, PartnerCenterError, Selection, Usage, texts
from data_access.datasets.lately import Lately
from data_access.datasets.renewals import Renewals
from data_access.measures import customers
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_QUESTION = "Whom do we call this week?"
_MOST_TO_MUTE = 50  # customers to choose from
_FOR_A_FILE = 60.0  # seconds that a file waits for each of what its reasons stand on
_LONG = 2.0  # seconds; who is told that a customer is not there can wait for why
_ORDER = {
    "gap": "The customers with most licenses not deployed come first.",
    "percent": "The customers with the lowest percentage come first.",
    "sold": "The customers with most licenses sold come first.",
    "name": "The customers are in the order of their names.",
}
_NEEDED = (
    f"This page needs the collection that Microsoft calls *{COMMERCIAL_DEPLOYMENT.title}*.",
    "The Overview does not need it: it shows the figures by service.",
)


@session.part
def show(deployment: Deployment, feeds: Feeds) -> None:
    """Draw the page for an answer of Microsoft's."""
    customer = link.customer()
    rows = customers.one(deployment.facts, customer).frame if customer else deployment.facts.frame.head(0)
    live = feeds.renewals.state.data
    uncounted_name = uncounted.name_of(live, texts.identifier(customer)) if customer and live and rows.empty else None
    name = uncounted_name or "".join(rows["customerName"].dropna().head(1))
    if name:
        header.tab(name)
    everybody = None if customer else link.follow(CustomersFilters, feeds.codes())
    one = link.follow(CustomerFilters, feeds.codes()) if customer else None
    heading = formats.plain(name) if name else _QUESTION
    loading.top(feeds.customers, heading, feeds, everybody or one, read_at=deployment.read_at)
    history_states.live_seats(feeds, deployment, COMMERCIAL_DEPLOYMENT)
    notices.set_aside(deployment.answer)
    mutes_menu.not_applied()
    if one and uncounted_name is not None:
        gone = _gone(deployment, customer, feeds)
        one_customer.show_uncounted(deployment, texts.identifier(customer), name, one, feeds, gone=gone)
    elif customer and rows.empty and deployment.answer.is_part and not feeds.may_name(texts.identifier(customer)):
        customers_list.back()
        book.not_in_book(customer)
    elif not len(deployment.facts):
        history_states.no_rows(feeds, deployment)
        if one:
            identity = texts.identifier(customer)
            one_customer.show_uncounted(deployment, identity, identity, one, feeds, gone=())
    elif everybody:
        show_all(deployment, everybody, feeds)
    elif rows.empty or not one:
        customers_list.back()
        has_none = "There are no live seats of" if deployment.live else "Microsoft has no licenses for"
        st.header(f"{has_none} this customer", anchor=False)
        if gone := _gone(deployment, customer, feeds):
            st.markdown(sentences.not_there(gone))
        else:
            st.write("The link may be from another account, or the customer may have left.")
        if live is None and not feeds.day:
            st.caption(":material/event_repeat: The page *Renewals* reads what else there may be: subscriptions.")
        st.code(customer[:64], language=None)
    else:
        one_customer.show(deployment, rows[customers.CUSTOMER].iloc[0], name, one, feeds)


def _gone(deployment: Deployment, customer: str, feeds: Feeds) -> tuple[Lost, ...]:
    """What an earlier answer had of a customer; nothing where none had any, or nobody can tell."""
    with suppress(PartnerCenterError):
        _, moved = lately.look(feeds, deployment, Selection(), _LONG)
        if moved and texts.identifier(customer) in {*moved.lost[customers.CUSTOMER]}:
            return call_list.gone(deployment, Selection(), moved, customer)
    return ()


def show_all(deployment: Deployment, controls: Controls[CustomersFilters], feeds: Feeds) -> None:
    """Draw the call list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        controls.draw(SEARCH, placeholder="Name or tenant id")
        controls.draw(BELOW)
        controls.draw(ATLEAST)
        if mutes_and_bands.bands() or controls.filters.band != BAND.default:
            controls.draw(BAND)
    filters = controls.filters
    moved, within = lately.moved(deployment, filters.selection, feeds)
    used = feeds.usage.state.data
    model = customers_list.of(deployment, filters, moved, feeds)
    notices.left_out(controls.unknown)
    opens = customer_names.opens(partial(controls.put, CUSTOMER))
    if model.number == 0:
        notices.not_in_answer(deployment, filters.selection)
        st.info(f"No customer fits. {_alone(model, filters)}", icon=":material/person_search:")
        _removers(model, controls)
        # What is scripted against the page finds the tiles and files also where they are about nobody.
        explained = explanations.of_deployment(model, deployment, None, _filter(filters, feeds), filters.target)
        tiles.tiles(model, filters.target, False, "customer", explained=explained)
        _list(model, deployment, filters, opens, feeds)
        _uncounted(deployment, filters, opens, feeds)
        return
    if model.gone:
        st.markdown(sentences.not_there(model.gone))
    lost = history_states.lost(feeds, deployment, filters.selection)
    notices.lost(sentences.lost(lost))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_call(model), width="stretch")
        mutes_menu.counted(model.muted)
        mutes_menu.draw(feeds, _customers_to_mute(model))
    if model.first.number:
        table.show(model.first, "calls", "Whom to call first", cards=True, opens=opens)
    sentence = _filter(filters, feeds)
    whole = not filters.narrows
    explained = explanations.of_deployment(model, deployment, used if whole else None, sentence, filters.target)
    tiles.tiles(model, filters.target, False, "customer", explained=explained, is_whole=not lost)
    overview = current_feeds().deployment.state.data  # as far as it is at hand: nothing is fetched for a remark
    if overview and whole and not feeds.is_book and not deployment.live:
        notices.overview_says(model.total.undeployed, overview, filters.selection)
    with st.container():  # there with and without it, so that what follows keeps its place
        if within:
            lately.watch(within)
    _list(model, deployment, filters, opens, feeds)
    _uncounted(deployment, filters, opens, feeds)
    still_missing.draw(feeds, has_use=used is not None)  # at the end, where it moves nothing


def _alone(model: CallList, filters: CustomersFilters) -> str:
    """How many customers would be left by each filter of the list alone, so that the one to change can be seen."""
    words = {
        SEARCH.name: "found by the search",
        BELOW.name: f"below {written(filters.below or 0.0)}\u00a0%",
        ATLEAST.name: f"with at least {formats.count(filters.atleast or 0)} licenses not deployed",
        BAND.name: "out of the band",
    }
    if len(model.alone) < 2:
        return "Change the search or remove a filter."
    each = ", ".join(f"{number:,} {words[name]}" for name, number in model.alone.items())
    return f"Each filter alone leaves: {each}. Change or remove one."


def _removers(model: CallList, controls: Controls[CustomersFilters]) -> None:
    """A button that takes each filter of the list away, with how many customers it leaves, where that is known."""
    filters = controls.filters
    each: tuple[tuple[Parameter[Any], str], ...] = (
        (SEARCH, "the search"),
        (BELOW, f'"below {written(filters.below or 0.0)}\u00a0%"'),
        (ATLEAST, f'"at least {formats.count(filters.atleast or 0)}"'),
        (BAND, '"out of the band"'),
    )
    with st.container(horizontal=True):
        for parameter, what in each:
            if parameter.name not in model.alone:
                continue
            others = [number for name, number in model.alone.items() if name != parameter.name]
            leaves = f" · {formats.number(others[0], 'customer')}" if len(others) == 1 else ""
            st.button(
                f"Remove {what}{leaves}",
                key=f"remove_{parameter.name}",
                icon=":material/filter_alt_off:",
                on_click=partial(controls.put, parameter, parameter.default),
            )


def _filter(filters: CustomersFilters, feeds: Feeds) -> str:
    """The filter of the list in words."""
    return file_filter(
        feeds,
        filters.selection,
        search=filters.search,
        below="" if filters.below is None else written(filters.below),
        atleast="" if filters.atleast is None else written(filters.atleast),
        band="" if filters.band == BAND.default else filters.band,
    )


def _all_known(
    deployment: Deployment, selection: Selection, feeds: Feeds
) -> tuple[Lately | None, Usage | None, Renewals | None]:
    """What reasons stand on, waited for: a file of the same view holds the same, however soon the visitor takes it."""
    feeds.usage.refresh_if_due()
    moved = None
    with suppress(PartnerCenterError):
        _, moved = lately.look(feeds, deployment, selection, _FOR_A_FILE)
    feeds.usage.wait(_FOR_A_FILE)
    return moved, feeds.usage.state.data, feeds.renewals.state.data


def _call(model: CallList) -> str:
    """Why these customers are the first to call."""
    undeployed = model.total.undeployed
    if not model.first.number:
        is_quiet = round(undeployed) > 0
        return "The customers to call first are all muted." if is_quiet else "Every license sold here is deployed."
    licenses = "license" if round(undeployed) == 1 else "licenses"
    call = "this one first: it has" if model.first.number == 1 else "these first: they have"
    together = "" if model.first.number == 1 else " together"
    missing = int((model.table["undeployed"].round() > 0).sum())
    return (
        f"**{formats.count(undeployed)}** {licenses} sold to **{formats.number(missing, 'customer')}**"
        f" {formats.are(round(undeployed))} not deployed. Call {call}"
        f" the most of them, **{formats.count(model.theirs)}**{together}."
    )


def _customers_to_mute(model: CallList) -> dict[mutes_menu.Line, str]:
    """The first customers of the list; the page of any other one has the same menu."""
    first = model.table.head(_MOST_TO_MUTE)
    named = sorted(zip(first["title"], first[customers.CUSTOMER], strict=True), key=lambda row: texts.order(row[0]))
    return {(tenant, None): name for name, tenant in named}


def _list(model: CallList, deployment: Deployment, filters: CustomersFilters, opens: table.Opens, feeds: Feeds) -> None:
    sentence = _filter(filters, feeds)
    all_customers = figures.provenance(
        feeds, "customers", deployment.newest, sentence, is_live=deployment.live is not None
    )
    every_row = replace(all_customers, content=deployment.answer.collection.name)
    rows = partial(call_list.rows_behind, deployment, filters.selection, model.table[customers.CUSTOMER])
    columns = partial(EVERY_ROW_FILE.described, unknown=unknown(deployment))
    muting, bands, spares = mutes_and_bands.mutes(feeds), mutes_and_bands.bands(), mutes_and_bands.spares(feeds)
    now = model.now

    def whole() -> pd.DataFrame:
        known = _all_known(deployment, filters.selection, feeds)
        filed = call_list.of_all(deployment, filters, *known, mutes=muting, rules=bands, spares=spares, now=now)
        return call_list.file(filed)

    in_order, quiet = table.keys_in_order(model.on_screen, model.ids), (muting, spares)
    sheets = [call_sheet.of_several(deployment, in_order, feeds, all_customers, quiet, target=filters.target)]
    files = (
        *(sheets if model.number else ()),
        *exports.for_people_and_programs(whole, CUSTOMERS_FILE.described, (model,), all_customers),
        exports.workbook("export_rows_xlsx", "Every row, Excel", rows, columns, of=(model,), provenance=every_row),
        exports.for_programs("export_rows", "Every row, CSV", rows, columns, of=(model,), provenance=every_row),
    )
    if model.outside:
        are = formats.are(model.outside)
        st.caption(f"{formats.number(model.outside, 'customer')} {are} out of the band that is set, see *Band*.")
    with st.container(key="customers_chart"), figures.figures(formats.number(model.number, "customer"), files):
        if not model.number:
            return
        order = table.order_in_link(model.on_screen) or _ORDER[filters.sort]
        st.caption(f"{order} *Why* follows rules; a customer's own page has all of its reasons.")
        table.show(model.on_screen, "customers_table", "Customers", in_link=True, opens=opens, target=filters.target)


def _uncounted(deployment: Deployment, filters: CustomersFilters, opens: table.Opens, feeds: Feeds) -> None:
    """List the customers of whom the figures have nothing, though something of theirs is live."""
    live = feeds.renewals.state.data
    if live is None:
        return
    muting, spares = mutes_and_bands.mutes(feeds), mutes_and_bands.spares(feeds)
    model = uncounted.uncounted(
        deployment, live, filters.search, figures.zone(), figures.now(), mutes=muting, spares=spares
    )
    if not model.number:
        return
    has = "has" if model.number == 1 else "have"
    said = (
        f"**{formats.number(model.number, 'customer')}** {has} subscriptions or live seats, and nothing in the figures"
        " above."
    )
    if filters.selection.wanted or replace(filters, search="").narrows:
        st.caption(f":material/info: {said} The filter leaves them out.")
        return
    with st.container(border=True, key="uncounted"):
        st.header("Who is not in these figures?", anchor=False)
        st.markdown(said)
        table.show(model.on_screen, "uncounted_table", "Customers without figures", opens=opens)


feeds = feeds_of_customers()
if deployment := loading.standing(feeds.customers, _QUESTION, feeds, *_NEEDED):
    show(deployment, feeds)
