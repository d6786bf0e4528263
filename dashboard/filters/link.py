"""What the pages are asked to show: the widgets, and the link that says the same.

The link and the widgets are two spellings of one `View`. Streamlit's own binding would put labels into the link instead
of codes and would drop what it does not know without a word; see docs/decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from dashboard.formats import plain, shortened
from data_access import Selection, measures, titles


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of one: the words for each value that the link may have. The first is the default."""

    label: str
    options: Mapping[str, str]

    @property
    def default(self) -> str:
        return next(iter(self.options))


#: By link parameter.
CHOICES = {
    "sort": Choice("Sort by", {"gap": "Largest gap", "percent": "Lowest %", "sold": "Most sold", "name": "Name"}),
    "range": Choice("Range", {"1y": "1 year", "6m": "6 months", "3m": "3 months", "all": "All"}),
    "measure": Choice(
        "Show",
        {"percent": "Deployment %", "sold": "Sold", "deployed": "Deployed", "undeployed": "Undeployed"},
    ),
    "by": Choice("By", {"service": "Service", "channel": "Channel"}),
    "order": Choice("First", {"gap": "Largest gap", "falling": "Falling most", "name": "Name"}),
}
HIGHEST_TARGET = 1000.0  # percent points
_LONGEST_SEARCH = 200
_LINK = "_link"  # the link as it was when the widgets last agreed with it
_PAGE = "_page"
_LAST = "_last"  # every choice as it was when the page was drawn: of what it does not draw, Streamlit forgets the state
_UNKNOWN = "_unknown"  # what the link asked for and the data does not have

Link = dict[str, list[str]]

#: On every page, so that they go along from one to the next.
SHARED = ("channel", "service", "sort", "target")
PARAMETERS = (*SHARED, "search", *(name for name in CHOICES if name not in SHARED))
#: Which customer a page is about; set by a click and not by a widget.
CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class View:
    """Everything that decides what is on screen, besides the data."""

    selection: Selection
    sort: str = CHOICES["sort"].default
    target: float = measures.DEFAULT_TARGET
    search: str = ""
    range: str = CHOICES["range"].default
    measure: str = CHOICES["measure"].default
    by: str = CHOICES["by"].default
    order: str = CHOICES["order"].default

    def link(self) -> Link:
        """The link parameters of this view; what is as by default stays out."""
        parameters = {
            "channel": list(self.selection.channels),
            "service": list(self.selection.services),
            "sort": self._chosen("sort"),
            "target": [f"{self.target:g}"] if self.target != measures.DEFAULT_TARGET else [],
            "search": [self.search] if self.search else [],
            **{name: self._chosen(name) for name in CHOICES},
        }
        return {name: values for name, values in parameters.items() if values}

    def _chosen(self, name: str) -> list[str]:
        chosen: str = getattr(self, name)
        return [chosen] if chosen != CHOICES[name].default else []


def enter(page: str) -> None:
    """Say which page is shown: its widgets are new, and start from the link."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state.pop(_LINK, None)


def choose(codes: tuple[Sequence[str], Sequence[str]], searchable: str = "") -> View:
    """Draw the choice of channels and services; return the whole view that the widgets ask for.

    `codes` are the channels and the services that there are. `searchable` names what a field for searching looks
    through; without it there is none.
    """
    channels, services = codes
    _follow_link(channels, services)
    st.session_state[_LAST] = _chosen()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.pills(
            "Channel",
            channels,
            selection_mode="multi",
            wrap=True,
            key="channel",
            format_func=lambda code: plain(titles.channel_title(code)),
            on_change=_write_link,
        )
        st.multiselect(
            "Service",
            services,
            key="service",
            format_func=partial(_service, ambiguous=_ambiguous(services)),
            placeholder="All services",
            width=380,
            on_change=_write_link,
        )
        if searchable:
            st.text_input(
                "Search",
                key="search",
                type="search",
                max_chars=_LONGEST_SEARCH,
                placeholder=searchable,
                icon=":material/search:",
                width=300,
                on_change=_write_link,
            )
    return _view()


def chart_controls() -> None:
    """Draw the order and the target; they stand beside the chart, and their values belong to the view."""
    pick("sort")
    target()


def pick(name: str) -> None:
    """Draw one of `CHOICES`."""
    choice = CHOICES[name]
    st.segmented_control(
        choice.label,
        list(choice.options),
        key=name,
        format_func=choice.options.__getitem__,
        required=True,
        on_change=_write_link,
    )


def target() -> None:
    """Draw the target."""
    st.number_input(
        "Target %",
        0.0,
        HIGHEST_TARGET,
        key="target",
        step=5.0,
        format="%g",
        width=130,
        on_change=_write_link,
    )


def only_service(code: str) -> None:
    """Filter to one service, or to all of them again where that is what is shown; for a click on the chart."""
    st.session_state["service"] = [] if st.session_state["service"] == [code] else [code]
    _write_link()


def only_channel(code: str) -> None:
    """Filter to one channel, or to all of them again, likewise."""
    st.session_state["channel"] = [] if st.session_state["channel"] == [code] else [code]
    _write_link()


def open_customer(customer: str) -> None:
    """Show one customer; for a click on the chart or on the table."""
    st.query_params.from_dict(_others() | _view().link() | {CUSTOMER: customer})


def close_customer() -> None:
    """Show all customers again."""
    st.query_params.from_dict(
        {name: values for name, values in (_others() | _view().link()).items() if name != CUSTOMER}
    )


def customer() -> str:
    """The tenant id of the customer that the link asks for, or nothing."""
    return st.query_params.get(CUSTOMER, "")


def link_to(customer: str) -> Link:
    """The link of the page about one customer, from a page of another kind.

    It takes the whole link along: Streamlit writes it on the page that is left, too, and Back leads there.
    """
    return {name: st.query_params.get_all(name) for name in st.query_params} | {CUSTOMER: [customer]}


def shared_link() -> Link:
    """The part of the link that other pages understand too."""
    return {name: values for name in SHARED if (values := st.query_params.get_all(name))}


def amend(own: Link) -> None:
    """Put what one page alone has into the link; a name without values goes out of it."""
    kept = {name: st.query_params.get_all(name) for name in st.query_params if name not in own}
    st.query_params.from_dict(kept | {name: values for name, values in own.items() if values})


def unknown_in_link() -> list[str]:
    """What the link asked for and the data does not have."""
    found: list[str] = st.session_state.get(_UNKNOWN, [])
    return found


def _service(code: str, ambiguous: frozenset[str]) -> str:
    title = titles.service_title(code)
    label = f"{title} ({code})" if title in ambiguous else title
    return " ".join(label.split())  # nobody can type a line break into a search


def _ambiguous(services: Sequence[str]) -> frozenset[str]:
    """Titles that more than one service bears: Streamlit tells options apart by their labels."""
    return frozenset(title for title, number in Counter(map(titles.service_title, services)).items() if number > 1)


def _chosen() -> dict[str, Any]:
    state = st.session_state
    last: dict[str, Any] = state.get(_LAST, {})
    return last | {name: state[name] for name in PARAMETERS if name in state}


def _view() -> View:
    chosen = _chosen()
    return View(
        Selection.of(chosen["channel"], chosen["service"]),
        target=chosen["target"],
        search=chosen["search"].strip(),
        **{name: chosen[name] for name in CHOICES},
    )


def _follow_link(channels: Sequence[str], services: Sequence[str]) -> None:
    """Bring the widgets in line with the link where it changed, and with the data where that changed."""
    asked = {name: values for name in PARAMETERS if (values := [*filter(None, st.query_params.get_all(name))])}
    state = st.session_state
    if state.get(_LINK) != asked or any(name not in state for name in PARAMETERS):
        _follow(asked, channels, services)
        state[_LINK] = asked
    for key, options in (("channel", channels), ("service", services)):
        if gone := set(state[key]).difference(options):
            state[key] = [code for code in state[key] if code not in gone]


def _follow(asked: Link, channels: Sequence[str], services: Sequence[str]) -> None:
    """Set the widgets to what the link asks for, as far as that exists."""
    channel, unknown_channels = _match(asked.get("channel", []), channels)
    service, unknown_services = _match(asked.get("service", []), services)
    target, unknown_targets = _target(asked.get("target", []))
    state = st.session_state
    state["channel"], state["service"], state["target"] = channel, service, target
    state["search"] = " ".join(asked.get("search", []))[:_LONGEST_SEARCH]
    unknown = {"channel": unknown_channels, "service": unknown_services, "target": unknown_targets}
    for name, choice in CHOICES.items():
        chosen, unknown[name] = _match(asked.get(name, []), [*choice.options])
        state[name] = (chosen or [choice.default])[0]
    state[_UNKNOWN] = [f"{name} {shortened(value)}" for name, values in unknown.items() for value in values]


def _match(asked: Iterable[str], options: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split what is asked for into the options it means, in any case, and what is none of them."""
    spelled = {option.casefold(): option for option in options}
    found = dict.fromkeys(spelled[code.casefold()] for code in asked if code.casefold() in spelled)
    return list(found), [code for code in dict.fromkeys(asked) if code.casefold() not in spelled]


def _target(asked: Sequence[str]) -> tuple[float, list[str]]:
    """The last target asked for that is one, else the default; and what is none."""
    found, unknown = measures.DEFAULT_TARGET, []
    for text in asked:
        try:
            target = float(text)
        except ValueError:
            target = -1.0
        if 0 <= target <= HIGHEST_TARGET:
            found = target
        else:
            unknown.append(text)
    return found, unknown


def _others() -> Link:
    """Link parameters that no widget stands for."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in PARAMETERS}


def _write_link() -> None:
    # Only when someone changes the view: rewriting a link that was just opened would trap the Back button.
    link = _view().link()
    st.query_params.from_dict(_others() | link)
    st.session_state[_LINK] = link
    st.session_state[_UNKNOWN] = []
