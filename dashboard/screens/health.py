"""The Data health page: the age of the figures, what is missing, and what contradicts itself."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from dashboard import exports, formats
from dashboard.charts import base
from dashboard.components import figures, history_states, live_difference, table, tiles
from dashboard.components.tiles import Tile
from dashboard.feeds import Feeds, feeds_of_customers, file_filter
from dashboard.security import session
from dashboard.tables import health as health_tables
from dashboard.view_models.health import HealthView, health_view
from data_access import Selection, Timeline
from data_access.datasets import checks
from data_access.datasets.checks import Check, Mark

_QUESTION = "Can these figures be trusted today?"
_AGES = "How old is what we know?"
_LOOKS = {
    Mark.GOOD: ":green[:material/check_circle:]",
    Mark.NOTE: ":blue[:material/info:]",
    Mark.UNKNOWN: ":gray[:material/help:]",
    Mark.BAD: ":red[:material/error:]",
}
_ROWS_SHOWN = 500


@session.part
def show(past: Timeline, feeds: Feeds) -> None:
    """Draw the page for a history with snapshots."""
    history_states.top(past, _QUESTION, feeds)
    looked = feeds.history.state.fetched_at if feeds.history else None
    model = health_view(feeds, past, looked or datetime.now(UTC), figures.is_dark())
    if model.mark is Mark.BAD:
        st.warning(model.sentence, icon=":material/report:")
    elif model.mark is Mark.UNKNOWN:
        st.info(model.sentence, icon=":material/help:")
    else:
        st.success(model.sentence, icon=":material/verified:")
    _tiles(model, past)
    _checks(model, past, feeds)
    _services(model, past, feeds)
    live_difference.show(feeds)


def _tiles(model: HealthView, past: Timeline) -> None:
    services, (come, all_rows) = len(model.there), model.complete
    oldest = model.there.dropna(subset=["ageDays"]).nlargest(1, "ageDays")
    no_dates = "no rows" if model.table.empty else "no dates"
    late = (
        f"Of those in the newest answer of *{past.collection.title}*. A service is late when its new figures are"
        " overdue by more than its usual interval."
    )
    tiles.draw(
        (
            Tile(
                "kpi_checks",
                "Checks passed",
                f"{checks.passed(model.checks)} of {len(model.checks)}",
                "each one below",
                "Each check is a question; its answer is below.",
            ),
            Tile(
                "kpi_on_time",
                "Services on time",
                f"{model.on_time} of {services}" if len(oldest) else formats.NOTHING,
                "as often as usual" if len(oldest) else no_dates,
                late,
            ),
            Tile(
                "kpi_oldest",
                "Oldest figures",
                formats.number(round(oldest["ageDays"].iloc[0]), "day") if len(oldest) else formats.NOTHING,
                formats.plain(str(oldest["title"].iloc[0])) if len(oldest) else no_dates,
                "Since Microsoft processed them; each service has a date of its own.",
            ),
            Tile(
                "kpi_rows_read",
                "Rows read",
                f"{come / all_rows * 100:.4g}\u00a0%" if all_rows else formats.NOTHING,
                f"{come:,} of {all_rows:,}",
                "Of the newest answer of each collection, without rows that could not be read or were not sent.",
            ),
        )
    )


def _checks(model: HealthView, past: Timeline, feeds: Feeds) -> None:
    provenance = _provenance("health", past, feeds, file_filter(feeds, Selection()))
    files = exports.for_people_and_programs(
        partial(checks.table, model.checks), health_tables.CHECKS_FILE.described, (model,), provenance, "export_checks"
    )
    with st.container(key="health_checks"), figures.figures("Checks", files):
        for check in model.checks:
            _check(check, model, past, feeds)


def _check(check: Check, model: HealthView, past: Timeline, feeds: Feeds) -> None:
    with st.container(key=f"check_{check.key}", gap="xsmall"):
        advice = f"  \n**What to do:** {check.advice}" if check.advice else ""
        st.markdown(f"{_LOOKS[check.mark]} **{check.question}** {check.finding}{advice}")
        if check.rows.empty:
            return
        label = f"Show {formats.number(len(check.rows), 'row')}"
        with st.expander(label, key=f"rows_{check.key}", type="compact", on_change="rerun") as details:
            if details.open:
                _rows(check, model, past, feeds)


def _rows(check: Check, model: HealthView, past: Timeline, feeds: Feeds) -> None:
    rows = health_tables.on_screen(check.key, check.rows.head(_ROWS_SHOWN))
    table.show(rows, f"table_{check.key}", check.question)
    if len(check.rows) > _ROWS_SHOWN:
        st.caption(f"The first {_ROWS_SHOWN:,}; the files have them all.")
    provenance = _provenance(f"health-{check.key}", past, feeds, file_filter(feeds, Selection()))
    with st.container(horizontal=True):
        figures.downloads(
            exports.for_people_and_programs(
                lambda: check.rows,
                health_tables.BEHIND[check.key].described,
                (model, check.key),
                provenance,
                f"export_{check.key}",
            )
        )


def _services(model: HealthView, past: Timeline, feeds: Feeds) -> None:
    sentence = file_filter(feeds, Selection(), collection=past.collection.name)
    provenance = _provenance("health-services", past, feeds, sentence)
    with st.container(key="health_chart", border=True):
        st.header(_AGES, anchor=False)
        more = f" The first {base.MOST_BARS}; the table has them all." if len(model.table) > base.MOST_BARS else ""
        if model.table["ageDays"].notna().any():
            st.caption(
                "A dot is the age of the figures on the Overview. Newer ones usually come while it is in the gray band;"
                f" behind the band they are late. Filters do not change this chart.{more}"
            )
            picture = provenance.picture(_AGES, "health_chart")
            figures.chart(model.figure, key="health_bars", words=model.words, picture=picture)
        else:
            st.info(checks.NO_ROWS if model.table.empty else checks.NO_DATES, icon=":material/event_busy:")
    files = exports.for_people_and_programs(
        lambda: health_tables.SERVICES_FILE.select(model.table),
        health_tables.SERVICES_FILE.described,
        (model,),
        provenance,
    )
    with figures.figures("Services", files):
        table.show(model.on_screen, "health_table", "Services by age", in_link=True)


def _provenance(content: str, past: Timeline, feeds: Feeds, sentence: str) -> exports.Provenance:
    return figures.provenance(feeds, content, past.processed[1], sentence)


feeds = feeds_of_customers()
if past := history_states.standing(feeds, _QUESTION, feeds.history):
    show(past, feeds)
