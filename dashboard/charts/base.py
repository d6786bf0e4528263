"""What all charts share: the layout of a figure, the room for its labels, and text that is safe in any script."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from html import escape, unescape
from types import MappingProxyType
from typing import Any
from unicodedata import east_asian_width

import pandas as pd
import plotly.graph_objects as go

from dashboard import formats
from dashboard.charts.palette import FONT, Palette

_LABEL_LENGTH = 30
_CHARACTER, _CAPITAL, _WIDE, _DIGIT, _THIN = 6.8, 9.3, 14, 8.2, 4  # pixels, about
_THIN_CHARACTERS = " .,\u00a0"
_WIDEST = 300  # pixels
#: The colour of what is not filled.
CLEAR = "rgba(0,0,0,0)"
#: A chart with more bars is too tall to read; the table holds all rows.
MOST_BARS = 25


def mark(colour: str) -> str:
    """The key of a colour, for texts of the chart."""
    return f"<span style='color:{colour}'>■</span>"


class Finished(go.Figure):  # type: ignore[misc]  # plotly ships no types
    """A figure that never changes again, so that its JSON is written once.

    It has no template: of Streamlit's our charts use nothing, and it would go to the browser with each figure.
    """

    #: What differs on a narrow screen: `data`, the changes of each trace, and `layout`, those of each part of it.
    narrow: Mapping[str, Any] = MappingProxyType({})
    #: Likewise on a screen between narrow and wide.
    medium: Mapping[str, Any] = MappingProxyType({})
    #: What can be clicked, also by keyboard: the `customdata` of its points, and its figures in words.
    parts: Sequence[tuple[str, str]] = ()

    def __init__(
        self,
        data: list[dict[str, Any]],
        layout: dict[str, Any],
        *,
        narrow: dict[str, Any] | None = None,
        medium: dict[str, Any] | None = None,
        parts: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(data, layout)
        self.layout.template = None
        self.narrow = narrow or {}
        self.medium = medium or {}
        self.parts = parts

    @cached_property
    def spec(self) -> str:
        """The figure as JSON, with `narrow`, `medium` and `parts` beside `data` and `layout`."""
        wide = str(self.to_json(validate=False))
        looks = f'"narrow":{json.dumps(self.narrow)},"medium":{json.dumps(self.medium)}'
        return f'{wide[:-1]},{looks},"parts":{json.dumps(self.parts)}}}'


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


def numbers(values: pd.Series) -> list[float | None]:
    """Figures as plotly takes them: None where there is none."""
    return [None if pd.isna(value) else float(value) for value in values]


def title_label(title: str, length: int = _LABEL_LENGTH) -> str:
    """A row's name for a tick label: escaped, shortened, and isolated so that it reorders no text beside it."""
    return f"{formats.ISOLATE}{escape(formats.shortened(title, length), quote=False)}{formats.POP}"


def wrapped_label(title: str, length: int) -> str:
    """The same on two lines of so many characters at most, where one does not hold it."""
    lines = textwrap.wrap(formats.on_one_line(title), length, max_lines=2, placeholder="…") or [title]
    return "<br>".join(title_label(line, length) for line in lines)


def written(title: str) -> str:
    """A name for a text of the chart: escaped, on one line, and without what would reorder the text beside it."""
    return escape(formats.on_one_line(title), quote=False)


def in_plain_words(hover: str) -> str:
    """A text under the mouse as one that is read out: without tags, its lines as parts of a sentence."""
    return unescape(re.sub(r"<[^>]*>", "", hover.replace("<br>", ", ")))


def width(labels: Iterable[str], *, of_numbers: bool = False) -> int:
    """The room in pixels that the longest of these texts takes, about; plotly would draw twice to measure it."""
    measured = _of_numbers if of_numbers else _width
    longest = max((sum(map(measured, re.sub(r"<[^>]*>|&\w+;", "", label))) for label in labels), default=0)
    return min(_WIDEST, int(longest))


def _of_numbers(character: str) -> float:
    return _THIN if character in _THIN_CHARACTERS else _DIGIT


def _width(character: str) -> float:
    if east_asian_width(character) in "WF":
        return _WIDE
    return _CAPITAL if character.isupper() else _CHARACTER
