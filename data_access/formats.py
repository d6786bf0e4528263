"""How numbers, dates and foreign names are written, wherever a person reads them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pandas as pd

NOTHING = "–"  # no licenses sold, no date: there is no figure, which is not zero
STILL = "±"  # what did not move begins with it
DECIMALS = 2  # of percentages, and of percent points
LEAST_POINTS = 0.005  # percent points; less rounds to nothing in two decimals
MINUS = "−"
NBSP = "\u00a0"
_SENT_DECIMALS = 4
_HALF, _ALL = 0.5, 100.0  # percent points
#: White space, and the control characters that a terminal would obey.
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
#: Unicode's characters that order others from right to left or left to right: a name of them could turn a figure round.
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NAMED = 10  # customers in a sentence
#: Around a name, so that it reorders nothing beside it, whatever it is written in.
ISOLATE, POP = "\u2068", "\u2069"
_UNSEEN = dict.fromkeys(map(ord, f"\u2060{ISOLATE}{POP}"))


def count(value: float, estimated: bool = False) -> str:
    """A number of licenses, marked ≈ where it is an estimate."""
    return about(f"{value:,.0f}", estimated and bool(round(value)))


def about(said: str, estimated: bool = True) -> str:
    """Marked ≈ where it is an estimate."""
    return f"≈{NBSP}{said}" if estimated else said


def number(value: int, noun: str) -> str:
    """A number of things, such as 1 customer and 2 customers."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


def more(value: int, noun: str) -> str:
    """A number of further things, such as 1 more customer and 2 more customers."""
    return number(value, f"more {noun}")


def are(value: int) -> str:
    """The verb of a number of things."""
    return "is" if value == 1 else "are"


def part(some: int, whole: int, noun: str) -> str:
    """Some of a number of things, with its verb, such as 0 of 1 customer is, and 0 of 2 customers are."""
    return f"{some:,} of {number(whole, noun)} {are(1 if whole == 1 else some)}"


def percent(value: float | None, *, as_sent: bool = True, target: float | None = None) -> str:
    """Percent points with two decimals, as Microsoft sends them, or with more where it sent more.

    `as_sent` is False for a percentage that Microsoft did not send: it has two decimals. What misses the `target` that
    it is judged by is not rounded up to it.
    """
    if value is None or pd.isna(value):
        return NOTHING
    exact = f"{value:.{_SENT_DECIMALS}f}"
    if float(exact) != value or not as_sent:
        exact = f"{value:.{DECIMALS}f}"
        if target is not None and value < target <= float(exact):
            exact = f"{math.floor(value * 10**DECIMALS) / 10**DECIMALS:.{DECIMALS}f}"
    whole, _, decimals = exact.partition(".")
    return f"{int(whole):,}.{decimals.rstrip('0'):0<2}{NBSP}%"


def whole_percent(value: float) -> str:
    """Percent points without decimals, but never 0 or 100 where it is something, or not all."""
    shown = f"{value:,.0f}{NBSP}%"
    if 0 < value < _HALF:
        return f"less than 1{NBSP}%"
    if _ALL - _HALF <= value < _ALL:
        return f"more than 99{NBSP}%"
    return shown


def change(value: float, estimated: bool = False, decimals: int = 0) -> str:
    """By how many licenses something moved: +12, −3, ±0."""
    shown = _signed(value, decimals)
    return about(shown, estimated and shown[0] != STILL)


def between(before: float, after: float, estimated: bool = False) -> str:
    """By how many licenses something moved, such that it adds up with both ends as `count` shows them."""
    return change(licenses_between(before, after), estimated)


def licenses_between(before: float, after: float) -> int:
    """The number of `between`."""
    return round(after) - round(before)


def points_between(before: float, after: float) -> float:
    """By how many percent points something moved, such that it adds up with both ends in `DECIMALS`."""
    return round(round(after, DECIMALS) - round(before, DECIMALS), DECIMALS)


def points(value: float | None, decimals: int = DECIMALS) -> str:
    """By how many percent points something moved."""
    if value is None or pd.isna(value):
        return NOTHING
    return _signed(value, decimals)


def _signed(value: float, decimals: int) -> str:
    shown = f"{abs(value):,.{decimals}f}"
    if not float(shown.replace(",", "")):
        return f"{STILL}{shown}"
    return f"{'+' if value > 0 else MINUS}{shown}"


def to_target(value: float | None, target: float) -> str:
    """How far from the target, in percent points: in as many decimals as it takes not to call it nothing."""
    if value is None:
        return "nothing sold"
    missing = target - value
    if missing <= 0:
        return "target reached"
    if missing < LEAST_POINTS:
        return f"less than {10**-DECIMALS:g} points missing"
    decimals = 1 if round(missing, DECIMALS) >= 1 else DECIMALS
    return f"{missing:.{decimals}f} points missing"


def day(instant: date | None) -> str:
    """A date, or an instant in UTC, such as 9 Oct 2026."""
    if instant is None or pd.isna(instant):
        return NOTHING
    return f"{instant.day} {instant:%b %Y}"


def days(oldest: date | None, newest: date | None) -> str:
    """The days from the oldest to the newest, such as 7 Nov 2026 to 30 Nov 2026; one day where they are the same."""
    first, last = day(oldest), day(newest)
    return last if first == last else f"{first} to {last}"


def clock(instant: datetime) -> str:
    return f"{instant:%H:%M} UTC"


def age(span: timedelta) -> str:
    """How long ago, in the largest unit that says enough."""
    minutes = int(span.total_seconds() // 60)
    for size, unit in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            return f"{number(minutes // size, unit)} ago"
    return "just now"


def on_one_line(text: str) -> str:
    """On one line, without the invisible characters that would reorder what stands beside it or command a terminal.

    A no-break space stays one: what it holds together belongs on one line.
    """
    return _SPACES.sub(lambda found: NBSP if found[0] == NBSP else " ", _REORDERING.sub("", text)).strip()


def shortened(text: str, length: int = 40) -> str:
    """On one line, and cut where it is longer than `length`."""
    text = on_one_line(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def plain(text: str) -> str:
    """Text that is shown as it is where a page would read Markdown.

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
