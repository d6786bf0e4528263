"""The Customers page: all customers by undeployed licenses, and one customer with its products."""

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import explanations, exports, formats, sentences
from dashboard.components import book, figures, header, history_states, live_seats, loading, notices, table, tiles
from dashboard.feeds import Feeds, feeds_of_customers, file_filter
from dashboard.filters import link
from dashboard.filters.link import Controls
from dashboard.filters.parameters import (
    CUSTOMER,
    MEASURE,
    RANGE,
    SEARCH,
    BarsFilters,
    CustomerFilters,
    CustomersFilters,
    TrendsFilters,
)
from dashboard.security import session
from dashboard.tables.common import CUSTOMER_NAME, TENANT_ID
from dashboard.tables.customers import CUSTOMERS_FILE, EVERY_ROW_FILE
from dashboard.tables.microsoft import own_rows, unknown
from dashboard.view_models import deployment as view_models
from dashboard.view_models import trends
from dashboard.view_models.deployment import DeploymentView
from data_access import Deployment, PartnerCenterError, Selection
from data_access.measures import customers
from data_access.measures.trends import AS_OF
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_QUESTION = "Which customers have licenses to deploy?"
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
        notices.live_seats(deployment.live)
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
        st.write("The link may be from another account, or the customer may have left.")
        st.code(customer[:64], language=None)
    else:
        show_one(deployment, rows[customers.CUSTOMER].iloc[0], "".join(names.head(1)), one, feeds)


def _back() -> None:
    st.button("All customers", on_click=link.close_customer, icon=":material/arrow_back:", type="tertiary")


def show_all(deployment: Deployment, controls: Controls[CustomersFilters], feeds: Feeds) -> None:
    """Draw all customers."""
    controls.draw(SEARCH, placeholder="Name or tenant id")
    filters = controls.filters
    model = view_models.all_customers(deployment, filters, st.context.theme.type == "dark")
    notices.left_out(controls.unknown)
    if model.number == 0:
        st.info("No customer fits. Change the search or remove a filter.", icon=":material/person_search:")
        return
    _whom_to_call(model)
    sentence = file_filter(filters.selection, search=filters.search)
    usage = None if filters.search else feeds.usage.state.data
    explained = explanations.of_deployment(model, deployment, usage, sentence)
    tiles.tiles(model, filters.target, False, "customer", explained=explained)
    open_customer = partial(controls.put, CUSTOMER)
    all_customers = figures.provenance(feeds, "customers", deployment.newest, sentence)
    question = "Whom do we call first?"
    figures.bars("customers_chart", model, question, "customer", controls, origin=all_customers, clicked=open_customer)
    every_row = replace(all_customers, content=deployment.answer.collection.name)
    rows = partial(_rows_of, deployment, filters.selection, model.table[customers.CUSTOMER])
    files = (
        *exports.for_people_and_programs(
            lambda: CUSTOMERS_FILE.select(model.table), CUSTOMERS_FILE.described, (model,), all_customers
        ),
        exports.for_programs("export_rows", "Every row", rows, (model,), every_row),
    )
    with figures.figures(formats.number(model.number, "customer"), files):
        opens = table.Opens(CUSTOMER_NAME.name, TENANT_ID.name, CUSTOMER.name, open_customer)
        table.show(model.on_screen, "customers_table", "Customers", in_link=True, opens=opens, target=filters.target)


def _whom_to_call(model: DeploymentView) -> None:
    gaps = model.table["undeployed"].sort_values(ascending=False)
    if not gaps.sum():
        st.markdown("Every license sold here is deployed.")
        return
    first = min(10, len(gaps))
    st.markdown(
        f"**{formats.count(gaps.sum())}** licenses sold to **{formats.number(model.number, 'customer')}** are not"
        f" deployed. The {formats.number(first, 'customer')} with the largest gaps hold"
        f" **{gaps.head(first).sum() / gaps.sum() * 100:.0f}\u00a0%** of them, starting with"
        f" {formats.plain(model.largest_gap[0])} (**{formats.count(model.largest_gap[1])}**)."
    )


def show_one(
    deployment: Deployment, identity: str, name: str, controls: Controls[CustomerFilters], feeds: Feeds
) -> None:
    """Draw one customer, by tenant id; `name` is what pictures call it."""
    _back()
    filters = controls.filters
    model = view_models.one_customer(deployment, identity, filters.to(BarsFilters), st.context.theme.type == "dark")
    notices.left_out(controls.unknown)
    tiles.answer(model, estimated=False)
    sentence = file_filter(filters.selection, customer=identity)
    explained = explanations.of_deployment(model, deployment, None, sentence)
    tiles.tiles(model, filters.target, False, "product", explained=explained)
    provenance = figures.provenance(feeds, "customer", deployment.newest, sentence)
    question = "Which products are not deployed?"
    figures.bars("products_chart", model, question, "product", controls, origin=provenance, of=name)
    rows = partial(_rows_of, deployment, filters.selection, [identity])
    columns = partial(EVERY_ROW_FILE.described, unknown=unknown(deployment))
    place = st.container()
    files = exports.for_people_and_programs(rows, columns, (model,), provenance)
    with figures.figures("Products and services", files):
        table.show(model.on_screen, "products_table", "Products", target=filters.target)
    live_seats.show(identity, name, feeds)
    st.caption(f"Tenant id {identity}")
    with place:  # drawn last, since an engine may be slow
        _history(identity, name, controls, feeds)


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
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            st.header("Is it changing?", anchor=False)
            controls.draw(MEASURE)
            controls.draw(RANGE)
        try:
            with st.spinner("Looking back…"):
                own = trends.of_customer(feeds, past, identity)
        except PartnerCenterError as error:
            notices.trouble(error, key="trouble_history")
            return
        history_states.left_out(own)
        trend = trends.trends_view(own, filters.to(TrendsFilters), st.context.theme.type == "dark")
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
        within = RANGE.options[filters.range]
        sentence = file_filter(filters.selection, customer=identity, range=within, collection=own.collection.name)
        newest = whole.points[AS_OF].iloc[-1]
        provenance = figures.provenance(feeds, "customer-history", newest, sentence)
        picture = provenance.picture(f"{MEASURE.options[filters.measure]}, {name}", "history_chart")
        figures.chart(trend.figure, key="history_line", words=trend.words, picture=picture)
        figures.downloads(
            [exports.for_programs("export_history", "CSV of these points", lambda: trend.points, (trend,), provenance)]
        )


def _rows_of(deployment: Deployment, selection: Selection, ids: pd.Series | list[str]) -> pd.DataFrame:
    facts = deployment.facts.selected(selection)
    return own_rows(facts.of(facts.frame[facts.frame[customers.CUSTOMER].isin(ids)]))


feeds = feeds_of_customers()
if deployment := loading.standing(feeds.customers, _QUESTION, feeds, _NEEDED):
    show(deployment, feeds)
