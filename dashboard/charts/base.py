"""What all charts share: the frame of a figure, labels that fit, and text that turns nothing around it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any
from unicodedata import east_asian_width

import plotly.graph_objects as go

from dashboard import formats
from dashboard.charts.palette import FONT, Palette

_BAR = 30  # pixels per service
_FRAME = 88  # pixels above and below the bars
_LABEL_LENGTH = 26
_CHARACTER, _CAPITAL, _WIDE = 7, 9.3, 14  # pixels, about
_WIDEST_MARGIN = 330
_ISOLATE, _POP = "\u2068", "\u2069"  # a right-to-left name must not turn the figures around
_MARKS = {"/": "▨", "x": "▩", ".": "▒"}
#: Beyond this many bars a chart is a wall; the table has the rest.
MOST_BARS = 25
#: For `st.plotly_chart`: no tools over the figure.
BARE = {"displayModeBar": False}


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of every bar on the right: how many licenses, and how they look."""

    name: str
    licenses: list[float]
    colour: str
    hatching: str = ""  # the colour of its lines and outline; without it the part is plain
    shape: str = "/"  # of the hatching

    @property
    def mark(self) -> str:
        """The part's look, for where there is text."""
        mark, colour = (_MARKS[self.shape], self.hatching) if self.hatching else ("■", self.colour)
        return f"<span style='color:{colour}'>{mark}</span>"


@dataclass(frozen=True, slots=True)
class Axis:
    """One of the two panels: its title and the line below it."""

    title: str
    key: str


#: An axis of texts, one for each bar.
CATEGORIES = {"type": "category", "fixedrange": True, "automargin": False, "ticks": "", "showgrid": False}


class Finished(go.Figure):  # type: ignore[misc]  # plotly ships no types
    """A figure that changes no more.

    Streamlit copies and walks through a figure on every rerun, here only the first time. In the browser it gives each
    new figure to plotly twice, hidden until its width is known and then as a copy; plotly leaves the second drawing
    out if nothing differs. Arrays differ unless the data has a revision, templates always do, and of Streamlit's
    template our charts use nothing.
    """

    def __init__(self, data: list[dict[str, Any]], layout: dict[str, Any]) -> None:
        super().__init__(data, layout | {"datarevision": 1})
        self.layout.template = None

    def to_dict(self) -> dict[str, Any]:
        finished: dict[str, Any] | None = self.__dict__.get("_finished")
        if finished is None:
            finished = self.__dict__["_finished"] = super().to_dict()
        return finished


def frame(palette: Palette) -> dict[str, Any]:
    """What the layouts of all figures have in common."""
    return {
        "paper_bgcolor": palette.background,
        "plot_bgcolor": palette.background,
        "font": {"family": FONT, "color": palette.text, "size": 13},
        "hoverlabel": {"align": "left", "font": {"family": FONT}},
        "dragmode": "pan",  # what Streamlit would put in place of none; the axes stay where they are
        "showlegend": False,
    }


def height(bars: int) -> int:
    return _FRAME + _BAR * max(1, bars)


def heading(of: str, axis: Axis, higher: int) -> dict[str, Any]:
    return {
        "xref": f"{of} domain",
        "x": 0,
        "xanchor": "left",
        "yref": "paper",
        "y": 1,
        "align": "left",
        "yshift": 52 + higher,
        "showarrow": False,
        "text": f"<b>{axis.title}</b><br>{axis.key}",
    }


def title_label(title: str, length: int = _LABEL_LENGTH) -> str:
    """A row's name in a tick label: foreign text on one line, which turns nothing around it."""
    return f"{_ISOLATE}{escape(formats.shortened(title, length), quote=False)}{_POP}"


def told_apart(labels: Iterable[str]) -> list[str]:
    """Equal labels would share one row of the chart, so they get differing numbers of zero-width spaces."""
    seen: Counter[str] = Counter()
    found = []
    for label in labels:
        found.append(label + "\u200b" * seen[label])
        seen[label] += 1
    return found


def margin(labels: list[str], widest: int = _WIDEST_MARGIN) -> int:
    """Pixels for the longest label; plotly's own measuring would draw the chart once more."""
    longest = max((sum(map(_width, re.sub(r"<[^>]*>|&\w+;", "", label))) for label in labels), default=0)
    return min(widest, 12 + int(longest))


def _width(character: str) -> float:
    if east_asian_width(character) in "WF":
        return _WIDE
    return _CAPITAL if character.isupper() else _CHARACTER
