"""The one binding of link and widgets, for all pages.

The link is all there is: a page's filters are read from it on every run, its widgets show what it says, and what a user
chooses is written into it. So a choice that a page does not draw stays where it is. Streamlit's own binding would put
labels into the link instead of codes and would drop what it does not know without a word; see docs/decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import streamlit as st

from dashboard.filters import widgets
from dashboard.filters.kinds import Link, Parameter, Reading
from dashboard.filters.parameters import (
    ASOF,
    BAR,
    BOOK,
    CHANNEL,
    CLEARED,
    CUSTOMER,
    ROWS,
    SERVICE,
    SHARED,
    Filters,
    declared,
)
from dashboard.filters.rows import Arrangement
from dashboard.formats import shortened

F = TypeVar("F", bound=Filters)
F_co = TypeVar("F_co", bound=Filters, covariant=True)
T = TypeVar("T")

#: The address of the page that is about one customer, where its link names one.
CUSTOMERS_PAGE = "customers"
_PAGE = "_page"
_DRAWN = "_drawn"  # the parameters whose widgets have got their value on this page, as they were drawn last
_SAID = "_said"  # the link as this page's browser was told it, or told it, last
_AFRESH = "_afresh"  # the names whose widgets are told their value in the next run, whatever they seem to hold

#: Says which part of a page is drawn anew after a choice; it is told whether other widgets have to show another value.
Redraw = Callable[[bool], None]


def enter(page: str) -> None:
    """Say which page is shown: its widgets are new to Streamlit, whatever they held on the page before."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE], st.session_state[_DRAWN] = page, {}


def page() -> str:
    """The address of the page that is shown."""
    return str(st.session_state[_PAGE])


class Controls(Generic[F_co]):
    """The filters of a page as the link has them in this run, and the widgets that change them.

    `unknown` names what the link asks for and the data does not have, `closed` the parameters with which it asks for
    what is not for this user.
    """

    def __init__(
        self, page: type[F_co], offered: Iterable[Parameter[Any]], redraw: Redraw | None = None, *, is_bar: bool = False
    ) -> None:
        self._redraw = redraw
        self._parameters = declared(page) | {parameter.name: parameter for parameter in offered}
        link = st.session_state[_SAID] = _link()
        state = st.session_state
        self._afresh = state.get(_AFRESH, frozenset()) if is_bar else state.pop(_AFRESH, frozenset())
        readings = {name: parameter.read(link) for name, parameter in self._parameters.items()}
        self.filters = page(**{name: reading.value for name, reading in readings.items()})
        self.closed = {name for name, reading in readings.items() if reading.closed}
        self.unknown = [
            f'{name} "{shortened(text)}"'
            for reading in readings.values()
            for name, texts in reading.unknown.items()
            for text in texts
        ]

    def bar(self) -> None:
        """Draw what the bar has of the page's parameters."""
        for parameter in BAR:
            if parameter.name in self._parameters:
                self.draw(parameter)

    def draw(self, parameter: Parameter[Any], **details: Any) -> None:
        """Draw the widget of one of the page's parameters; `details` are attributes that are known only here."""
        parameter = self._parameters[parameter.name]
        if details:
            parameter = replace(parameter, **details)
        value, state = getattr(self.filters, parameter.name), st.session_state
        shown, before = _held(parameter), state[_DRAWN].get(parameter.name)
        if (
            not (shown and before and parameter.shows(shown, value))
            or parameter.renamed(value, before)
            or not self._afresh.isdisjoint(parameter.names)
        ):
            for key, held in parameter.held(value).items():
                state[key] = held
        state[_DRAWN][parameter.name] = parameter
        widgets.draw(parameter, value, self._write)

    def put(self, parameter: Parameter[T], value: T) -> None:
        """Choose a value without its widget; for clicks."""
        self._write(self._parameters.get(parameter.name, parameter).write(value))

    def only(self, parameter: Parameter[tuple[str, ...]]) -> Callable[[str], None]:
        """For a click on one of several values: choose it alone, or all of them again where it is alone already."""
        known = self._parameters[parameter.name]

        def click(code: str) -> None:
            alone = known.read({known.name: [code]}).value
            self.put(parameter, () if getattr(self.filters, known.name) == alone else alone)

        return click

    def _write(self, own: Link | None = None) -> None:
        """Put into the link what the widgets say otherwise, and what a click chooses; the last thing a callback does.

        All widgets and not the one that was changed alone: when clicks follow each other quickly, the link that a
        browser sends with the second one does not have the first one yet.
        """
        link, changes = _link(), Link()
        for parameter in st.session_state[_DRAWN].values():
            held, before = _held(parameter), parameter.read(link).value
            if held is not None and (value := parameter.of(held, before)) != before:
                changes |= {name: [] for name in parameter.displaces} | parameter.write(value)
        if changes or (own and not own.keys() <= {*CUSTOMER.names}):
            changes |= ROWS.write(replace(ROWS.read(link).value, page=1))  # another view starts at its first page
        _amend(changes | (own or {}), names(self._parameters.values()), own or ())
        if self._redraw:
            self._redraw(bool(st.session_state[_AFRESH]))


def follow(
    page: type[F],
    codes: tuple[Sequence[str], Sequence[str]],
    *offered: Parameter[Any],
    redraw: Redraw | None = None,
    is_bar: bool = False,
) -> Controls[F]:
    """Read a page's filters from the link, against the channels and the services that there are (`codes`).

    `offered`: other parameters of the page with what the data or the user's role gives them. `is_bar`: the content that
    is drawn in the same run reads them once more, for its own widgets.
    """
    channels, services = codes
    return Controls(page, (CHANNEL.offering(channels), SERVICE.offering(services), *offered), redraw, is_bar=is_bar)


def whole() -> Link:
    """All that the link says, in a copy."""
    return _link()


def customer() -> str:
    """The tenant id of the customer that the link asks for, or nothing."""
    return CUSTOMER.read(_link()).value


def book() -> str:
    """The book that the link asks for, or nothing."""
    return BOOK.read(_link()).value


def asof() -> str:
    """The day whose figures the link asks for, or nothing; any text."""
    return ASOF.read(_link()).value


def unpin() -> None:
    """Show the newest figures again."""
    _amend(ASOF.write(ASOF.default))


def open_book(name: str) -> None:
    """Show the customers of another book, on the same page. A customer that it is about may not be in that book."""
    _amend(BOOK.write(name) | CUSTOMER.write(CUSTOMER.default))


def open_customer(customer: str) -> None:
    """Show another customer."""
    _amend(CUSTOMER.write(customer))


def close_customer() -> None:
    """Show all customers again."""
    _amend(CUSTOMER.write(CUSTOMER.default))


def rows() -> Reading[Arrangement]:
    """The order and the page of the page's table, and what the link says of them that is neither."""
    return ROWS.read(_link())


def arrange(rows: Arrangement) -> None:
    """Choose the order and the page of the page's table."""
    _amend(ROWS.write(rows), own=ROWS.names)


def names(parameters: Iterable[Parameter[Any]]) -> list[str]:
    """What the values of these parameters are called in a link."""
    return [name for parameter in parameters for name in parameter.names]


def clear() -> None:
    """Take all filters out of the link, those as well that this data does not have."""
    cleared = names(CLEARED)
    _amend({name: [] for name in (*cleared, *ROWS.names)}, own=cleared)


@dataclass(frozen=True, slots=True)
class Lead:
    """The way to a page about one thing, as browser/lead.js follows it.

    `page` is its address, relative to this one and empty for the same; `parameter` names in its link what is opened.
    `query` is the rest of that link, None for the link of this page as it is when somebody clicks.
    """

    page: str
    parameter: str
    query: str | None = None


def to_customer() -> Lead:
    """The way to the page about one customer, from a page of another kind."""
    return Lead(CUSTOMERS_PAGE, CUSTOMER.name, urlencode(shared_link(), doseq=True))


def shared_link() -> Link:
    """The part of the link that other pages understand too."""
    link = _link()
    return {name: link[name] for name in names(SHARED) if name in link}


def address(public_url: str | None) -> str:
    """The address of what is on screen, below `public_url` or, without one, the address that the visitor used."""
    page, query = st.session_state.get(_PAGE, ""), urlencode(sorted(_link().items()), doseq=True)
    root = public_url or (st.context.url or "").partition("?")[0].rstrip("/").removesuffix(f"/{page}")
    return f"{root}/{page}{'?' if query else ''}{query}"


def _link() -> Link:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _held(parameter: Parameter[Any]) -> dict[str, Any] | None:
    """What the widgets of a parameter hold; None where Streamlit has forgotten them, or never knew."""
    state = st.session_state
    return {name: state[name] for name in parameter.names} if all(name in state for name in parameter.names) else None


def _amend(changes: Link, first: Iterable[str] = (), own: Iterable[str] = ()) -> None:
    """Put changes into the link, with these names `first`; a name without values goes out of it.

    `own` names those that a click chose elsewhere than in their widgets.

    A link that says the same already is left alone: to write it anew would be one more step for the Back button. But
    when clicks follow each other quickly, the browser may have another one by now than it sent with this click.
    """
    link = _link()
    changed = link | changes
    ordered = {name: changed[name] for name in dict.fromkeys([*first, *changed]) if changed.get(name)}
    said = st.session_state.get(_SAID, link)
    overtaken = said != link
    if ordered != link or overtaken:
        st.query_params.from_dict(ordered)
        st.session_state[_SAID] = ordered
    # A widget, too, may show by now what it was told after this click was sent.
    st.session_state[_AFRESH] = frozenset(own).union(*([said, link, ordered] if overtaken else []))
