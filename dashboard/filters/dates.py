"""The range of time that a link asks for, and two dates of it that have figures. Nothing here draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.filters.kinds import Choice, Link, Parameter, Reading
from data_access.datasets import comparison

_SINCE, _UNTIL = "since", "until"
#: The range where the link names its first date.
TWO_DATES = "dates"
#: How far the others reach back from their end; those without a length begin with the history.
_BACK = {
    "4w": pd.DateOffset(weeks=4),
    "3m": pd.DateOffset(months=3),
    "6m": pd.DateOffset(months=6),
    "1y": pd.DateOffset(months=12),
}
RANGES = {"4w": "4 weeks", "3m": "3 months", "6m": "6 months", "1y": "12 months", "all": "All"}
_TITLE_OF_TWO_DATES = {TWO_DATES: "Two dates"}
#: The range where the link does not say it: a quarter, on every page, so that each explains the other one's figures.
USUAL = "3m"
#: The ranges to choose from; a link may ask for the others.
_OFFERED = ("4w", "3m", "1y", "all")


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates that a link asks for, the earlier one first; None stands for the default."""

    since: date | None = None
    until: date | None = None
    reversed: bool = field(default=False, compare=False)  # whether the link names the later one first


@dataclass(frozen=True)
class Range(Choice):
    """How far back a page looks. The dates of a link go before it, and leave the link when a range is chosen."""

    displaces: tuple[str, ...] = field(default=(_SINCE, _UNTIL), kw_only=True)

    def read(self, link: Link) -> Reading[str]:
        reading = super().read(link)
        has_date = any(_date(text) for text in link.get(_SINCE, []))
        return Reading(TWO_DATES, reading.unknown) if has_date else reading

    def write(self, value: str) -> Link:
        return {self.name: []} if value == TWO_DATES else super().write(value)


def offered(chosen: str) -> dict[str, str]:
    """The ranges to choose from, with the one that the link asks for."""
    ranges = {name: words for name, words in RANGES.items() if name in (*_OFFERED, chosen)}
    return ranges | (_TITLE_OF_TWO_DATES if chosen == TWO_DATES else {})


def begins(chosen: str, until: date) -> date | None:
    """The day on which a range begins that ends `until`; None for one that begins with the history."""
    back = _BACK.get(chosen)
    return (pd.Timestamp(until) - back).date() if back is not None else None


def between(since: date, until: date) -> str:
    """Two dates in words."""
    return f"{formats.day(since)} – {formats.day(until)}"


def said(chosen: str, asked: Dates) -> str:
    """A range in words, for files."""
    if chosen != TWO_DATES:
        return RANGES[chosen] + (f" until {asked.until}" if asked.until else "")
    return f"{asked.since} to {asked.until or 'now'}"


@dataclass(frozen=True)
class TwoDates(Parameter[Dates]):
    """The dates `since` and `until` of the link.

    One parameter and not two: which date is the earlier one, and what is compared by default, takes both of them.
    """

    days: Sequence[date] = ()  # of which there are figures, oldest first; two at least where dates are compared
    range: str = USUAL  # what is compared where the link does not name the earlier one
    common: Sequence[date] = ()  # those of which there are figures at every level

    @property
    def default(self) -> Dates:
        return Dates()

    @property
    def names(self) -> tuple[str, ...]:
        return _SINCE, _UNTIL

    def read(self, link: Link) -> Reading[Dates]:
        texts = {name: [text for text in link.get(name, []) if text] for name in self.names}
        known = {name: [day for text in texts[name] if (day := _date(text))] for name in self.names}
        unknown = {name: list(dict.fromkeys(text for text in texts[name] if not _date(text))) for name in self.names}
        since, until = (known[name][-1] if known[name] else None for name in self.names)
        return Reading(_in_order(since, until), unknown)

    def write(self, value: Dates) -> Link:
        return {
            name: [day.isoformat()] if day else []
            for name, day in zip(self.names, (value.since, value.until), strict=True)
        }

    def held(self, value: Dates) -> dict[str, Any]:
        return {name: day.isoformat() for name, day in zip(self.names, self.compared(value), strict=True)}

    def of(self, held: Mapping[str, Any], before: Dates) -> Dates:
        shown = self.compared(before)
        usual = self.compared(Dates(until=shown[1]))[0], self.days[-1]
        wanted = [before.since, before.until]
        for place, name in enumerate(self.names):
            day = _date(held[name]) or shown[place]  # a browser may send any text
            if day != shown[place]:
                wanted[place] = day if day != usual[place] else None
        return _in_order(*wanted)

    def shows(self, held: Mapping[str, Any], value: Dates) -> bool:
        return held == self.held(value)

    def compared(self, asked: Dates) -> tuple[date, date]:
        """The two days that are compared; see below."""
        return compared(asked, self.days, self.range, self.common)


def compared(asked: Dates, days: Sequence[date], chosen: str = USUAL, common: Sequence[date] = ()) -> tuple[date, date]:
    """The two of `days` that are compared where a link asks for these dates and this range, the earlier one first.

    `days`: those of which there are figures, at least two, oldest first. `common`: those of them that other levels have
    as well; one of these begins a range, so that every level compares the same dates.
    """
    until = comparison.latest_on_or_before(days[1:], asked.until) if asked.until else days[-1]
    earlier = [day for day in days if day < until]
    if asked.since:
        return comparison.latest_on_or_before(earlier, asked.since), until
    wanted = begins(chosen, until)
    if wanted is None:
        return earlier[0], until
    near = comparison.nearest([day for day in common if day < until], wanted)
    return near or comparison.latest_on_or_before(earlier, wanted), until


def notes(asked: Dates, shown: tuple[date, date]) -> list[str]:
    """Sentences on dates of a link that are not compared as it names them; `shown`: those that are."""
    sentences = []
    if asked.reversed:
        sentences.append("The link names the later date first; the change is from the earlier one to the later one.")
    for wanted, day, other in zip((asked.since, asked.until), shown, reversed(shown), strict=True):
        if wanted is None or wanted == day:
            continue
        if wanted == other:
            sentences.append(f"It takes two dates: {formats.day(wanted)} is compared with {formats.day(day)}.")
        else:
            sentences.append(
                f"The history has no figures of {formats.day(wanted)} here; these are of {formats.day(day)}."
            )
    return sentences


def _in_order(since: date | None, until: date | None) -> Dates:
    if since and until and since > until:
        return Dates(until, since, reversed=True)
    return Dates(since, until)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
