"""What all charts share: the layout of a figure, the room for its labels, and text that is safe in any script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
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
_MARKS = {"/": "▨", "x": "▩", ".": "▒"}
#: A chart with more bars is too tall to read; the table holds all rows.
MOST_BARS = 25


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of every bar on the right: its licenses and its look."""

    name: str
    licenses: list[float]
    colour: str
    hatching: str = ""  # the colour of its lines and outline; without it the part is plain
    shape: str = "/"  # of the hatching

    @property
    def mark(self) -> str:
        """The part's look as a character, for texts."""
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
    """A figure that never changes again, so that its JSON is written once.

    It has no template: of Streamlit's our charts use nothing, and it would go to the browser with each figure.
    """

    def __init__(self, data: list[dict[str, Any]], layout: dict[str, Any]) -> None:
        super().__init__(data, layout)
        self.layout.template = None

    @cached_property
    def spec(self) -> str:
        """The figure as JSON."""
        return str(self.to_json(validate=False))


def frame(palette: Palette) -> dict[str, Any]:
    """The part of the layout that all figures share."""
    return {
        "paper_bgcolor": palette.background,
        "plot_bgcolor": palette.background,
        "font": {"family": FONT, "color": palette.text, "size": 13},
        "hoverlabel": {"align": "left", "font": {"family": FONT}},
        "dragmode": False,  # or a finger on the chart could not scroll the page
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
    """A row's name for a tick label: escaped, shortened, and isolated so that it reorders no text beside it."""
    return f"{formats.ISOLATE}{escape(formats.shortened(title, length), quote=False)}{formats.POP}"


def written(title: str) -> str:
    """A name for a text of the chart: escaped, on one line, and without what would reorder the text beside it."""
    return escape(formats.on_one_line(title), quote=False)


def told_apart(labels: Iterable[str]) -> list[str]:
    """The labels, made different by zero-width spaces, since equal ones would share one row of the chart."""
    seen: Counter[str] = Counter()
    distinct = []
    for label in labels:
        distinct.append(label + "\u200b" * seen[label])
        seen[label] += 1
    return distinct


def margin(labels: list[str], widest: int = _WIDEST_MARGIN) -> int:
    """The margin in pixels that fits the longest label; plotly would draw the chart twice to measure it."""
    longest = max((sum(map(_width, re.sub(r"<[^>]*>|&\w+;", "", label))) for label in labels), default=0)
    return min(widest, 12 + int(longest))


def _width(character: str) -> float:
    if east_asian_width(character) in "WF":
        return _WIDE
    return _CAPITAL if character.isupper() else _CHARACTER
