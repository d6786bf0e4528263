"""How numbers, dates and foreign text look on a page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from data_access.formats import (
    DECIMALS,
    LEAST_POINTS,
    MINUS,
    NBSP,
    NOTHING,
    STILL,
    about,
    age,
    are,
    between,
    change,
    clock,
    count,
    day,
    licenses_between,
    more,
    number,
    on_one_line,
    part,
    percent,
    points,
    points_between,
    shortened,
    to_target,
    whole_percent,
)

__all__ = [
    "DECIMALS",
    "ISOLATE",
    "LEAST_POINTS",
    "MINUS",
    "NBSP",
    "NOTHING",
    "POP",
    "STILL",
    "about",
    "age",
    "are",
    "bare",
    "between",
    "change",
    "clock",
    "count",
    "day",
    "licenses_between",
    "listed",
    "more",
    "number",
    "on_one_line",
    "part",
    "percent",
    "plain",
    "points",
    "points_between",
    "seen",
    "shortened",
    "to_target",
    "whole_percent",
]

_NAMED = 10  # customers in a sentence
#: Around a name, so that it reorders nothing beside it, whatever it is written in.
ISOLATE, POP = "\u2068", "\u2069"
_UNSEEN = dict.fromkeys(map(ord, f"\u2060{ISOLATE}{POP}"))


def plain(text: str) -> str:
    """Text that is shown as it is where Streamlit would read Markdown.

    Punctuation is escaped; what would become a link all the same is held apart by word joiners, which nobody sees. A
    text that is written from right to left is isolated, so that the figures around it stay where they are.
    """
    one_line = on_one_line(text)
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", one_line)
    shown = re.sub(r"(\\[:@.])(?=\S)", "\\1\u2060", escaped)
    return f"{ISOLATE}{shown}{POP}" if _is_right_to_left(one_line) else shown


def bare(text: str) -> str:
    """What `plain` and Markdown have added to a sentence, taken away again: for files."""
    return seen(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", re.sub(r"(?<!\\)[*`]", "", text)))


def seen(text: str) -> str:
    """A text without the signs of `plain` that nobody sees: a name may have been copied from a page."""
    return text.translate(_UNSEEN)


def _is_right_to_left(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(sign) in ("R", "AL", "AN") for sign in text)


def listed(names: Sequence[str]) -> str:
    """Customers for a sentence, in Markdown: the first ones, and the number of the others."""
    said = ", ".join(plain(shortened(name)) for name in names[:_NAMED])
    more = len(names) - _NAMED
    return f"{said} and {more:,} more" if more > 0 else said
