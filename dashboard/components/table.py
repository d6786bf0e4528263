"""The tables on a page: a real HTML table of one page of rows, sorted over all of them, drawn by browser/table.js.

The browser gets the texts of at most `on_page.ROWS_ON_PAGE` rows and says what is clicked: another order, another page,
a name that is to be opened. Order and page stand in the link for one table of a page, and in the session for others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import streamlit as st

from dashboard import formats, static_files
from dashboard.cache import remembered
from dashboard.filters import link, rows
from dashboard.filters.kinds import Reading
from dashboard.filters.link import Lead
from dashboard.filters.rows import Arrangement
from dashboard.security import streamlit_internals
from dashboard.tables import on_page
from dashboard.tables.columns import OnScreen, Order
from dashboard.tables.on_page import Places

_HTML = '<div class="license-table" data-awaited></div>'  # until its script has drawn it, see arriving.css
_ARRANGED = "_arranged"  # ends the name of a table's arrangement in the session


@dataclass(frozen=True, slots=True)
class Opens:
    """What a click on a row's name opens: the text of `column` becomes a link, the `lead` to what `key` names.

    `click` is called with the key, in a callback, where it leads to the same page.
    """

    column: str
    key: str
    lead: Lead
    click: Callable[[str], None] | None = None


def show(
    table: OnScreen,
    key: str,
    label: str,
    *,
    in_link: bool = False,
    opens: Opens | None = None,
    target: float | None = None,
    cards: bool = False,
) -> None:
    """Draw a table.

    `key` names the element (`st-key-…`), `label` says to those who cannot see it what the table holds. `in_link`: its
    order and page stand in the link; for one table of a page. `target` is marked in bars of percentages (percent
    points), none of which is rounded up to it. `cards`: a few rows side by side, each as a card without headings.
    """
    columns, number = on_page.sortable(table), on_page.pages(table.number)
    reading = link.rows() if in_link else Reading(_kept(key))
    arrangement, order = reading.value, _order(reading.value)
    ignored = [f'page "{formats.shortened(page)}"' for page in reading.unknown.get("page", ())]
    if order and order.column not in columns:
        ignored.append(f'column "{formats.shortened(order.column)}"')
        order = None
    if arrangement.page > number:
        ignored.append(f'page "{arrangement.page}" of {number:,}, so the last one is shown')
    if in_link and ignored:
        st.caption(f"Ignored from the link: {formats.plain(', '.join(ignored))}.")
    page = min(arrangement.page, number)

    def arrange() -> None:  # outlives this run, and must not keep the table
        if asked := rows.asked(st.session_state.get(key), columns):
            _arrange(key, asked, in_link)

    def click() -> None:
        state = st.session_state.get(key)
        if opens and opens.click and isinstance(state, dict) and isinstance(state.get("opened"), str):
            opens.click(state["opened"])

    _mount()(
        key=key,
        data={
            "table": _content(table, order, page, opens.key if opens else "", target),
            "label": label,
            "target": target,
            "cards": cards,
            "opens": {"column": opens.column, **asdict(opens.lead)} if opens else None,
        },
        on_arranged_change=arrange,
        **({"on_opened_change": click} if opens and opens.click else {}),
    )


def keys_in_order(table: OnScreen, keys: list[str]) -> list[str]:
    """The keys of the rows of the table whose order is in the link, as its visitor may have sorted them."""
    order = _order(link.rows().value)
    if not order or order.column not in on_page.sortable(table):
        return keys
    return [keys[place] for place in _places(table, order)]


def order_in_link(table: OnScreen) -> str:
    """The order, chosen by the visitor, of the table that has its order in the link, as a sentence; else nothing."""
    order = _order(link.rows().value)
    if not order or order.column not in on_page.sortable(table):
        return ""
    return on_page.in_order(table, order)


def _mount() -> Callable[..., Any]:
    return streamlit_internals.component("table", static_files.BROWSER, "table.js", _HTML)


def _kept(key: str) -> Arrangement:
    kept: Arrangement = st.session_state.get(key + _ARRANGED, Arrangement())
    return kept


def _order(arrangement: Arrangement) -> Order | None:
    return Order(arrangement.column, arrangement.descending) if arrangement.column else None


def _arrange(key: str, asked: Arrangement, in_link: bool) -> None:
    if in_link:
        link.arrange(asked)
    else:
        st.session_state[key + _ARRANGED] = asked


@remembered
def _places(table: OnScreen, order: Order) -> Places:
    return on_page.places(table, order)


@remembered
def _content(table: OnScreen, order: Order | None, page: int, key: str, target: float | None) -> str:
    """One page of the table as JSON, written once for all who look at it."""
    places = _places(table, order) if order else None
    return orjson.dumps(on_page.content(table, order, places, page, key=key, target=target)).decode()
