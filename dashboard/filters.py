"""What the page is asked to show: the widgets, and the link that says the same.

The link and the widgets are two spellings of one `View`. Streamlit's own binding would put labels into the link instead
of codes and would drop what it does not know without a word; see docs/decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.formats import plain
from data_access import Selection, measures, names

SORTS = {
    "gap": "Largest gap",
    "percent": "Lowest %",
    "sold": "Most sold",
    "name": "Name",
}
_DEFAULT_SORT = "gap"
HIGHEST_TARGET = 1000.0  # percent points
_LINK = "_link"  # the link as it was when the widgets last agreed with it
_VIEW = "_view"  # the view that they agreed on
_UNKNOWN = "_unknown"  # what the link asked for and the data does not have

Link = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class View:
    """Everything that decides what is on screen, besides the data."""

    selection: Selection = Selection()
    sort: str = _DEFAULT_SORT
    target: float = measures.DEFAULT_TARGET

    def link(self) -> Link:
        """The link parameters of this view; what is as by default stays out."""
        parameters = {
            "channel": list(self.selection.channels),
            "service": list(self.selection.services),
            "sort": [self.sort] if self.sort != _DEFAULT_SORT else [],
            "target": [f"{self.target:g}"] if self.target != measures.DEFAULT_TARGET else [],
        }
        return {name: values for name, values in parameters.items() if values}


PARAMETERS = ("channel", "service", "sort", "target")


def choose(channels: Sequence[str], services: Sequence[str]) -> View:
    """Draw the filters and return the view they ask for; the address bar follows."""
    asked = {name: values for name in PARAMETERS if (values := st.query_params.get_all(name))}
    followed = st.session_state.get(_LINK) != asked
    if followed:
        _follow(asked, channels, services)
    _keep_only(channels, services)
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters", gap="medium"):
        channel = _many("Channel", "channel", channels, names.channel_title)
        service = st.multiselect(
            "Service",
            services,
            key="service",
            format_func=names.service_title,
            placeholder="All services",
            width=380,
        )
    view = View(Selection.of(channel, service), st.session_state["sort"], st.session_state["target"])
    # A link that was just opened stays as it was sent: rewriting it would leave a trap for the Back button.
    if not followed and view != st.session_state[_VIEW]:
        asked = view.link()
        _write(asked)
    st.session_state[_LINK], st.session_state[_VIEW] = asked, view
    return view


def chart_controls() -> None:
    """Draw the order and the target; they stand beside the chart, and their values belong to the view."""
    with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Sort by",
            list(SORTS),
            key="sort",
            format_func=SORTS.__getitem__,
            required=True,
            label_visibility="collapsed",
        )
        st.number_input(
            "Target %",
            0.0,
            HIGHEST_TARGET,
            key="target",
            step=5.0,
            format="%g",
            width=150,
            label_visibility="collapsed",
            icon=":material/flag:",
            help="Target for deployment %: the dotted line.",
        )


def only_service(code: str) -> None:
    """Filter to one service, or to all of them again where that is what is shown; for a click on the chart."""
    st.session_state["service"] = [] if st.session_state.get("service") == [code] else [code]


def unknown_in_link() -> list[str]:
    """What the link asked for and the data does not have."""
    return st.session_state.get(_UNKNOWN, [])


def _many(label: str, key: str, options: Sequence[str], title) -> list[str]:
    return st.pills(
        label, options, selection_mode="multi", key=key, format_func=lambda code: plain(title(code))
    )


def _follow(asked: Link, channels: Sequence[str], services: Sequence[str]) -> None:
    """Set the widgets to what the link asks for, as far as that exists."""
    channel, unknown_channels = _match(asked.get("channel", []), channels)
    service, unknown_services = _match(asked.get("service", []), services)
    state = st.session_state
    state["channel"], state["service"] = channel, service
    state["sort"] = next((sort for sort in asked.get("sort", []) if sort in SORTS), _DEFAULT_SORT)
    state["target"] = _target(asked.get("target", []))
    state[_UNKNOWN] = [f"channel {code}" for code in unknown_channels] + [
        f"service {code}" for code in unknown_services
    ]


def _match(asked: Iterable[str], options: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split what is asked for into the options it means, in any case, and what is none of them."""
    spelled = {option.casefold(): option for option in options}
    found = dict.fromkeys(spelled[code.casefold()] for code in asked if code.casefold() in spelled)
    return list(found), [code for code in dict.fromkeys(asked) if code.casefold() not in spelled]


def _target(asked: Sequence[str]) -> float:
    try:
        target = float(asked[-1])
    except (IndexError, ValueError):
        return measures.DEFAULT_TARGET
    return target if 0 <= target <= HIGHEST_TARGET else measures.DEFAULT_TARGET


def _keep_only(channels: Sequence[str], services: Sequence[str]) -> None:
    """Let go of choices that newer data no longer offers."""
    for key, options in (("channel", channels), ("service", services)):
        if gone := set(st.session_state[key]).difference(options):
            st.session_state[key] = [code for code in st.session_state[key] if code not in gone]


def _write(link: Link) -> None:
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in PARAMETERS}
    st.query_params.from_dict(others | link)
    st.session_state[_UNKNOWN] = []
