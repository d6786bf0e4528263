"""The Customers page: the call list, and one customer with what to say and its products."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import explanations, exports, formats, mutes_and_bands, sentences
from dashboard.components import (
    book,
    figures,
    header,
    history_states,
    live_seats,
    loading,
    mutes_menu,
    notices,
    table,
    tiles,
)
from dashboard.feeds import Feeds, feeds_of_customers, file_filter
from dashboard.filters import dates, link
from dashboard.filters.kinds import written
from dashboard.filters.link import Controls
from dashboard.filters.parameters import (
    ATLEAST,
    BELOW,
    CUSTOMER,
    MEASURE,
    SEARCH,
    BarsFilters,
    CustomerFilters,
    CustomersFilters,
    TrendsFilters,
)
from dashboard.security import session
from dashboard.tables import renewals as renewals_tables
from dashboard.tables.common import CUSTOMER_NAME, TENANT_ID
from dashboard.tables.customers import CUSTOMERS_FILE, EVERY_ROW_FILE
from dashboard.tables.microsoft import own_rows, unknown
from dashboard.tables.trends import POINTS_FILE
from dashboard.view_models import call_list, call_sheet, renewals, trends, usage
from dashboard.view_models import deployment as view_models
from dashboard.view_models.call_list import CallList
from dashboard.view_models.trends import Lost
from data_access import Deployment, PartnerCenterError, Selection, Usage, texts
from data_access.datasets import usage as uses
from data_access.datasets.lately import Lately
from data_access.datasets.renewals import Renewals
from data_access.measures import customers, muted
from data_access.measures.trends import AS_OF
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

#: Whether it is known within so many seconds how customers moved, and how.
Look = Callable[[float], tuple[bool, Lately | None]]

_QUESTION = "Whom do we call this week?"
_MOST_TO_MUTE = 50  # customers to choose from
_MOMENT = 0.4  # seconds that the list waits for how customers moved, and between looks
_FOR_A_FILE = 60.0  # seconds that a file waits for each of what its reasons stand on
_LONG = 2.0  # seconds; who is told that a customer is not there can wait for why
_ORDER = {
    "gap": "The customers with most licenses not deployed come first.",
    "percent": "The customers with the lowest percentage come first.",
    "sold": "The customers with most licenses sold come first.",
    "name": "The customers are in the order of their names.",
}
_NEEDED = (
    f"This page needs the collection that Microsoft calls *{COMMERCIAL_DEPLOYMENT.title}*."
    " The Overview does not need it: it shows the figures by service."
)


@session.part
def show(deployment: Deployment, feeds: Feeds) -> None:
    """Draw the page for an answer of Microsoft's."""
    customer = link.customer()
    rows = customers.one(deployment.facts, customer).frame if customer else deployment.facts.frame.head(0)
    names = rows["customerName"].dropna()
    if len(names):
        header.tab(names.iloc[0])
    everybody = None if customer else link.follow(CustomersFilters, feeds.codes())
    one = link.follow(CustomerFilters, feeds.codes()) if customer else None
    heading = formats.plain(names.iloc[0]) if len(names) else _QUESTION
    loading.top(feeds.customers, heading, feeds, everybody or one)
    if deployment.live:
        notices.live_seats(deployment.live, feeds.renewals.state.data)
    notices.set_aside(deployment.answer)
    if customer and rows.empty and deployment.answer.is_part:
        _back()
        book.not_in_book(customer)
    elif not len(deployment.facts):
        notices.no_rows(deployment, feeds.live.state.error)
    elif everybody:
        show_all(deployment, everybody, feeds)
    elif rows.empty or not one:
        _back()
        st.header("Microsoft has no licenses for this customer", anchor=False)
        if gone := _gone(deployment, customer, feeds):
            st.markdown(sentences.not_there(gone))
        else:
            st.write("The link may be from another account, or the customer may have left.")
        st.code(customer[:64], language=None)
    else:
        show_one(deployment, rows[customers.CUSTOMER].iloc[0], "".join(names.head(1)), one, feeds)


def _gone(deployment: Deployment, customer: str, feeds: Feeds) -> tuple[Lost, ...]:
    """What an earlier answer had of a customer; nothing where none had any, or nobody can tell."""
    with suppress(PartnerCenterError):
        _, moved = _look(feeds, deployment, Selection(), _LONG)
        if moved and texts.identifier(customer) in {*moved.lost[customers.CUSTOMER]}:
            return call_list.gone(deployment, Selection(), moved, customer)
    return ()


def _back() -> None:
    label = f"Back to {formats.plain(book.customers_listed())}"
    st.button(label, on_click=link.close_customer, icon=":material/arrow_back:", type="tertiary")


def show_all(deployment: Deployment, controls: Controls[CustomersFilters], feeds: Feeds) -> None:
    """Draw the call list."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        controls.draw(SEARCH, placeholder="Name or tenant id")
        controls.draw(BELOW)
        controls.draw(ATLEAST)
    filters = controls.filters
    moved, look = _moved(deployment, filters.selection, feeds)
    known = moved, feeds.usage.state.data, feeds.renewals.state.data
    model = call_list.of_all(
        deployment, filters, *known, mutes=mutes_and_bands.mutes(feeds), rules=mutes_and_bands.bands()
    )
    notices.left_out(controls.unknown)
    if model.number == 0:
        st.info("No customer fits. Change the search or remove a filter.", icon=":material/person_search:")
        return
    opens = table.Opens(CUSTOMER_NAME.name, TENANT_ID.name, CUSTOMER.name, partial(controls.put, CUSTOMER))
    if model.gone:
        st.markdown(sentences.not_there(model.gone))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_call(model), width="stretch")
        mutes_menu.counted(model.muted)
        mutes_menu.draw(feeds, _customers_to_mute(model))
    if model.first.number:
        table.show(model.first, "calls", "Whom to call first", cards=True, opens=opens)
    sentence = _filter(filters, feeds)
    whole = not (filters.search or filters.below or filters.atleast)
    explained = explanations.of_deployment(model, deployment, feeds.usage.state.data if whole else None, sentence)
    tiles.tiles(model, filters.target, False, "customer", explained=explained)
    if look:
        _watch(look)
    _list(model, deployment, filters, opens, feeds)
    feeds.usage.refresh_if_due()  # for the next click: it is too much to wait for


def _filter(filters: CustomersFilters, feeds: Feeds) -> str:
    """The filter of the list in words."""
    return file_filter(
        feeds,
        filters.selection,
        search=filters.search,
        below="" if filters.below is None else written(filters.below),
        atleast="" if filters.atleast is None else written(filters.atleast),
    )


def _moved(deployment: Deployment, selection: Selection, feeds: Feeds) -> tuple[Lately | None, Look | None]:
    """How customers moved lately, as far as it is known; and what tells when it is, where the history takes longer."""
    look = partial(_look, feeds, deployment, selection)
    try:
        is_known, moved = look(_MOMENT)
    except PartnerCenterError as error:
        st.caption(f":material/history_toggle_off: Without what has changed: {formats.plain(error.message)}")
        return None, None
    if is_known and moved is None:
        history_states.unreadable(feeds)
    return moved, None if is_known else look


def _look(feeds: Feeds, deployment: Deployment, selection: Selection, seconds: float) -> tuple[bool, Lately | None]:
    """Whether it is known within so many seconds how customers moved, and how."""
    if feeds.past is None:
        return True, None
    if feeds.past.refresh_if_due().data is None:
        loading.wait(feeds.past, seconds)
    past = feeds.past.state.data
    if past is None:
        return not feeds.past.state.running, None
    if past.history.is_empty:
        return True, None
    return call_list.moved_soon(feeds, past, deployment, selection, seconds)


def _all_known(
    deployment: Deployment, selection: Selection, feeds: Feeds
) -> tuple[Lately | None, Usage | None, Renewals | None]:
    """What reasons stand on, waited for: a file of the same view holds the same, however soon somebody takes it."""
    feeds.usage.refresh_if_due()
    moved = None
    with suppress(PartnerCenterError):
        _, moved = _look(feeds, deployment, selection, _FOR_A_FILE)
    feeds.usage.wait(_FOR_A_FILE)
    return moved, feeds.usage.state.data, feeds.renewals.state.data


@st.fragment(run_every=_MOMENT)
def _watch(look: Look) -> None:
    """Draw the page again once it is known how customers moved."""
    with suppress(PartnerCenterError):
        if not look(0)[0]:
            st.caption(":material/sync: Looking back three months; the list stands without it until then.")
            return
    st.rerun()


def _call(model: CallList) -> str:
    """Why these customers are the first to call."""
    undeployed = model.total.undeployed
    if not model.first.number:
        is_quiet = round(undeployed) > 0
        return "Whoever would be called first is muted." if is_quiet else "Every license sold here is deployed."
    licenses = "license" if round(undeployed) == 1 else "licenses"
    call = "this one first: it has" if model.first.number == 1 else "these first: they have"
    return (
        f"**{formats.count(undeployed)}** {licenses} sold to **{formats.number(model.number, 'customer')}**"
        f" {formats.are(round(undeployed))} not deployed. Call {call}"
        f" **{formats.whole_percent(model.theirs / undeployed * 100)}** of them."
    )


def _customers_to_mute(model: CallList) -> dict[mutes_menu.Line, str]:
    """The first customers of the list; the page of any other one has the same menu."""
    first = model.table.head(_MOST_TO_MUTE)
    return {(tenant, None): name for tenant, name in zip(first[customers.CUSTOMER], first["title"], strict=True)}


def _list(model: CallList, deployment: Deployment, filters: CustomersFilters, opens: table.Opens, feeds: Feeds) -> None:
    sentence = _filter(filters, feeds)
    all_customers = figures.provenance(feeds, "customers", deployment.newest, sentence)
    every_row = replace(all_customers, content=deployment.answer.collection.name)
    rows = partial(_rows_of, deployment, filters.selection, model.table[customers.CUSTOMER])
    columns = partial(EVERY_ROW_FILE.described, unknown=unknown(deployment))
    muting, bands = mutes_and_bands.mutes(feeds), mutes_and_bands.bands()

    def whole() -> pd.DataFrame:
        known = _all_known(deployment, filters.selection, feeds)
        return call_list.file(call_list.of_all(deployment, filters, *known, mutes=muting, rules=bands))

    files = (
        call_sheet.of_several(deployment, _in_order(model), feeds, all_customers, muting),
        *exports.for_people_and_programs(whole, CUSTOMERS_FILE.described, (model,), all_customers),
        exports.workbook("export_rows_xlsx", "Every row, Excel", rows, columns, of=(model,), provenance=every_row),
        exports.for_programs("export_rows", "Every row, CSV", rows, columns, of=(model,), provenance=every_row),
    )
    if model.outside:
        are = formats.are(model.outside)
        st.caption(f"{formats.number(model.outside, 'customer')} {are} out of the band that is set, see *Band*.")
    with st.container(key="customers_chart"), figures.figures(formats.number(model.number, "customer"), files):
        st.caption(f"{_ORDER[filters.sort]} *Why* follows rules; a customer's own page has all of its reasons.")
        table.show(model.on_screen, "customers_table", "Customers", in_link=True, opens=opens, target=filters.target)


def show_one(
    deployment: Deployment, identity: str, name: str, controls: Controls[CustomerFilters], feeds: Feeds
) -> None:
    """Draw one customer, by tenant id; `name` is what pictures call it."""
    filters = controls.filters
    moved, look = _moved(deployment, filters.selection, feeds)
    used = feeds.usage.state.data
    own = usage.of_customer(used, identity) if used else None
    sentence = file_filter(feeds, filters.selection, customer=identity)
    provenance = figures.provenance(feeds, "customer", deployment.newest, sentence)
    live, muting = feeds.renewals.state.data, mutes_and_bands.mutes(feeds)
    sheet = call_sheet.file(deployment, identity, feeds, provenance, muting)
    _beside(deployment, identity, name, moved=moved, feeds=feeds, sheet=sheet)
    model = view_models.one_customer(deployment, identity, filters.to(BarsFilters), _is_dark(), own)
    notices.left_out(controls.unknown)
    tiles.answer(model, filters.target, estimated=False)
    _quiet(deployment, identity, filters.selection, feeds)
    if sentences_for_the_phone := call_list.said_to(
        deployment, identity, filters.selection, moved=moved, used=used, live=live, mutes=muting
    ):
        with st.container(border=True, key="what_to_say", gap="xsmall"):
            st.header("What to say", anchor=False)
            st.markdown("\n".join(f"- {formats.plain(said)}" for said in sentences_for_the_phone))
    if look:
        _watch(look)
    explained = explanations.of_deployment(model, deployment, own, sentence)
    tiles.tiles(model, filters.target, False, "product", explained=explained)
    question = "Which products are not deployed?"
    figures.bars("products_chart", model, question, "product", controls, origin=provenance, of=name)
    rows = partial(_rows_of, deployment, filters.selection, [identity])
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
    feeds.usage.refresh_if_due()  # as in the list


def _is_dark() -> bool:
    return st.context.theme.type == "dark"


def _renewing(live: Renewals, identity: str, selection: Selection) -> None:
    """Draw what of a customer ends within a year, the last day to act first."""
    now, zone = datetime.now(UTC).replace(second=0, microsecond=0), renewals_tables.zone(st.context.timezone)
    model = renewals.of_customer(live, identity, selection, now, zone)
    with st.container(border=True, key="customer_renewals"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("What ends within a year?", anchor=False)
            st.space("stretch")
            st.caption(f"read {formats.age(datetime.now(UTC) - live.read_at)}", width="content")
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
        deployment, filters, *known, mutes=mutes_and_bands.mutes(feeds), rules=mutes_and_bands.bands()
    )
    ids = _in_order(model)
    with st.container(horizontal=True, vertical_alignment="center", key="beside"):
        _back()
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


def _in_order(model: CallList) -> list[str]:
    """The customers as the table shows them, which its visitor may have sorted."""
    places = table.in_order(model.on_screen)
    return model.ids if places is None else [model.ids[place] for place in places]


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
        trend = trends.trends_view(own, filters.to(TrendsFilters), _is_dark())
        whole = trend.whole
        if not len(whole.points):
            st.caption("What was collected so far has nothing of this customer in this choice and range.")
            return
        answer = [sentences.direction(whole, trend.answered)]
        if whole.change:
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


def _rows_of(deployment: Deployment, selection: Selection, ids: pd.Series | list[str]) -> pd.DataFrame:
    facts = deployment.facts.selected(selection)
    return own_rows(facts.of(facts.frame[facts.frame[customers.CUSTOMER].isin(ids)]))


feeds = feeds_of_customers()
if deployment := loading.standing(feeds.customers, _QUESTION, feeds, _NEEDED):
    show(deployment, feeds)
