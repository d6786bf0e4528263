"""The Usage page: licenses not deployed, licenses deployed and not used, and the workloads behind them."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import explanations, exports, formats, sentences
from dashboard.components import figures, history_states, loading, notices, table, tiles
from dashboard.feeds import Feeds, current_feeds, file_filter
from dashboard.filters import link
from dashboard.filters.parameters import ROWS, SERVICE, USAGE_TARGET, UsageFilters
from dashboard.filters.rows import Arrangement
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.tables.usage import WORKLOADS_FILE
from dashboard.view_models.usage import UsageView, lost, usage_view
from data_access import PartnerCenterError, Usage
from data_access.datasets.usage import Source
from data_access.measures import MEASURES
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, USAGE

_QUESTION = "Is what we deployed being used?"
_NEEDED = (
    f"This page needs one of the collections that Microsoft calls *{COMMERCIAL_USAGE.title}* and *{USAGE.title}*.",
    "The Overview needs neither: it shows what is deployed.",
)
_USED = (
    "*Used* means active in the 28 days before {}. Of a product with several workloads the most used one counts;"
    " *Usage %* counts every workload."
)
_WITHOUT = {
    COMMERCIAL_USAGE.name: "Without it, licenses in use cannot be counted. Licenses sold, licenses not deployed and"
    " Microsoft's own percentages in the table are shown all the same.",
    USAGE.name: f"Only the column *{MEASURES['proratedLicensesUsagePercent'].label}* needs it.",
    COMMERCIAL_DEPLOYMENT.name: "Without it, there is no figure of what is sold, of what is not deployed, or of what is"
    " deployed but not used. The figures of use are shown all the same.",
}


def notes(usage: Usage, feeds: Feeds) -> None:
    """Draw what could not be read of the three collections, why, and what works without it."""
    for source in usage.sources:
        if source.is_left_out:
            st.caption(
                f":material/menu_book: *{source.collection.title}* is about the whole company, so a book is without it."
            )
        elif source.trouble:
            _unreadable(source, source.trouble)
        elif not source.has_rows and usage.has_rows:
            title, rest = source.collection.title, _WITHOUT[source.collection.name]
            since = history_states.empty_since(feeds, source.answer) if source.answer else ""
            said = " ".join(filter(None, (f"Microsoft returned no rows for *{title}*.", since, rest)))
            st.info(said, icon=":material/info:")
        if source.answer:
            notices.set_aside(source.answer, named=True)


def _unreadable(source: Source, error: PartnerCenterError) -> None:
    why = f"{formats.plain(error.message)} {formats.plain(notices.advice(error))}"
    title, rest = source.collection.title, _WITHOUT[source.collection.name]
    if source.answer:
        fetched_at = source.answer.fetched_at
        age = f"{formats.age(datetime.now(UTC) - fetched_at)} ({formats.clock(fetched_at)})"
        st.warning(
            f"**The figures of *{title}* are the last good ones, fetched {age}.** {why}", icon=":material/history:"
        )
    else:
        st.warning(f"***{title}* cannot be read.** {why} {rest}", icon=":material/report:")
    notices.details(error)


def no_rows(usage: Usage) -> None:
    """Draw the notice of empty answers from Microsoft."""
    if usage.partner.is_left_out:
        with st.container(border=True, key="no_rows"):
            st.header("Microsoft has no usage figures for the customers of this book", anchor=False)
            st.write("That is not the same as nothing used.")
        return
    with st.container(border=True, key="no_rows"):
        st.header("Microsoft returned no rows", anchor=False)
        st.write("Partner Center has no usage figures for this account. Licenses may still be in use.")
        st.write("If Partner Center itself shows figures, give these ids to Microsoft support:")
        ids = [
            f"MS-CorrelationId: {source.answer.correlation_id} ({source.collection.title})"
            for source in usage.sources
            if source.answer
        ]
        st.code("\n".join(ids), language=None, wrap_lines=True)


@session.part
def show(usage: Usage, feeds: Feeds) -> None:
    """Draw the page for answers of Microsoft's."""
    controls = link.follow(UsageFilters, feeds.codes())
    loading.top(feeds.usage, _QUESTION, feeds, controls)
    notes(usage, feeds)
    if not usage.has_rows:
        if usage.deployment.answer:
            history_states.emptied(feeds, usage.deployment.answer)
        no_rows(usage)
        return
    filters = controls.filters
    model = usage_view(usage, filters, figures.is_dark())
    notices.left_out(controls.unknown)
    past = history_states.at_hand(feeds.past)
    if usage.counted:
        notices.lost(sentences.lost(history_states.lost(feeds, usage.counted, filters.selection)))
    gone = lost(past, usage, filters.selection) if past else {}
    for collection in (COMMERCIAL_USAGE, USAGE):
        if without := gone.get(collection.name):
            notices.lost(sentences.no_use(without, collection))
    if model.number or model.on_screen.number:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_answer(model, filters.usagetarget), width="stretch")
            if model.total.unused and session.may(Role.MANAGER):
                _whose()
        st.caption(_window(model.window))
    else:
        if usage.counted:
            notices.not_in_answer(usage.counted, filters.selection)
        st.info("There are no figures with these filters. Remove one.", icon=":material/filter_alt_off:")
    _tiles(usage, model, filters, is_whole=COMMERCIAL_USAGE.name not in gone)
    provenance = figures.provenance(feeds, "usage", model.window[1], file_filter(feeds, filters.selection))
    if model.number:
        only = controls.only(SERVICE)
        figures.bars(
            "usage_chart",
            model,
            _heading(usage),
            "service",
            controls,
            origin=provenance,
            target=USAGE_TARGET,
            clicked=only,
        )
    if strays := model.total.strays:
        st.caption(
            f"For {formats.number(strays, 'product')}, counted once for each customer, service and channel, Microsoft"
            f" sends usage figures and no deployment figures: {'it counts' if strays == 1 else 'they count'} in usage %"
            " alone."
        )
    if model.on_screen.number:
        _workloads(model, provenance, filters.usagetarget)
    history_states.opening(feeds, has_past=past is not None)  # at the end, where it moves nothing


def _heading(usage: Usage) -> str:
    if not usage.counts.has_rows:
        return "What is not deployed?"
    return "Not deployed, or not used?" if usage.deployment.has_rows else "What is not used?"


def _answer(model: UsageView, target: float) -> str:
    """The page's question answered in a sentence."""
    total = model.total
    if total.sold is None:
        if total.percent is None:
            return "Microsoft's own percentages are in the table, one per service, workload and channel."
        return (
            f"**{formats.percent(total.percent, as_sent=False, target=target)}** of what qualifies is used:"
            f" **{formats.count(total.active or 0)}** of"
            f" **{formats.count(total.qualified or 0)}**, counted once per workload."
        )
    if not total.sold and not total.deployed:
        return "Nothing was sold here."
    undeployed, unused = total.undeployed or 0, total.unused
    licenses = "license" if total.sold == 1 else "licenses"
    if unused is not None:
        known = total.with_figures
        share = f" (**{formats.whole_percent(unused / known * 100)}**)" if known and unused else ""
        sentence = (
            f"Up to {sentences.not_used(total)} {formats.are(round(unused))} not used{share}."
            f"{sentences.without_figures(total)} **{formats.count(undeployed)}** more"
            f" {'was' if round(undeployed) == 1 else 'were'} sold and {formats.are(round(undeployed))} not deployed."
        )
    else:
        sentence = (
            f"Of **{formats.count(total.sold)}** {licenses} sold, **{formats.count(undeployed)}**"
            f" {formats.are(round(undeployed))} not deployed; how many of the others are used cannot be counted."
        )
    title, gap, idle = model.largest_gap
    if model.number > 1 and unused is not None and gap + idle >= 1:
        sentence += (
            f" {formats.plain(title)} has the most: up to **{formats.count(idle)}** not used, **{formats.count(gap)}**"
            " not deployed."
        )
    return sentence


def _whose() -> None:
    """The way to the customers behind what is not used, those with most first."""
    rows = link.shared_link() | ROWS.write(Arrangement("unused", descending=True))
    with st.container(key="whose", width="content"):
        st.page_link(
            "screens/customers.py",
            label="Whose?",
            icon=":material/groups:",
            help="Customers, those with most not used first",
            query_params={name: values for name, values in rows.items() if values},
        )


def _window(window: tuple[datetime | None, datetime | None]) -> str:
    oldest, newest = (formats.day(date) for date in window)
    if newest == formats.NOTHING:
        return _USED.format("the processing date")
    each = f"the date of the figures ({oldest} to {newest}, by service)"
    return _USED.format(newest if oldest == newest else each)


def _tiles(usage: Usage, model: UsageView, filters: UsageFilters, *, is_whole: bool) -> None:
    explained = explanations.of_usage(model, usage, file_filter(feeds, filters.selection), filters.usagetarget)

    def tile(key: str, measure: str, value: float | None, context: str, *needed: Source) -> tiles.Tile:
        figure = formats.NOTHING if value is None else formats.count(value)
        missing = next((why for source in needed if (why := _not_at_hand(source))), "")
        if value is None:
            missing = missing or "no figures with these filters"
        return tiles.tile(key, measure, figure, missing or context, explained=explained[measure])

    total = model.total
    sold = _part(total.undeployed, total.sold, "of sold", "nothing sold")
    known = "of deployed with figures" if total.no_figures else "of deployed"
    deployed = _part(total.unused, total.with_figures, known, "nothing deployed", "≤\u00a0")
    services = formats.number(model.number, "service")
    missing = formats.to_target(total.percent, filters.usagetarget)
    used = "nothing qualified" if total.percent is None else missing if is_whole else tiles.NOT_WHOLE
    tiles.draw(
        (
            tile("kpi_licenses_sold", "licensesSold", total.sold, f"in {services}", usage.deployment),
            tile("kpi_undeployed", "undeployed", total.undeployed, sold, usage.deployment),
            tile("kpi_unused", "unused", total.unused, deployed, usage.deployment, usage.counts),
            tiles.tile(
                "kpi_usage_percent",
                "usagePercent",
                formats.percent(total.percent, as_sent=False, target=filters.usagetarget),
                _not_at_hand(usage.counts) or used,
                explained=explained["usagePercent"],
            ),
        )
    )


def _part(part: float | None, whole: float | None, of: str, nothing: str, bound: str = "") -> str:
    return (
        f"{bound}{formats.percent(part / whole * 100, as_sent=False)} {of}" if part is not None and whole else nothing
    )


def _not_at_hand(source: Source) -> str:
    if source.has_rows:
        return ""
    return "no rows from Microsoft" if source.answer else "cannot be read"


def _workloads(model: UsageView, provenance: exports.Provenance, target: float) -> None:
    files = exports.for_people_and_programs(lambda: model.workloads, WORKLOADS_FILE.described, (model,), provenance)
    with figures.figures("Workloads", files):
        st.caption(f"Each workload opens to its channels. {notices.COUNTED_SEPARATELY}")
        table.show(model.on_screen, "usage_table", "Workloads", in_link=True, target=target)


feeds = current_feeds()
if usage := loading.standing(feeds.usage, _QUESTION, feeds, *_NEEDED):
    show(usage, feeds)
