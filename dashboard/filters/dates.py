"""Two dates of a link, against the days of which there are figures. Nothing here draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dashboard import formats
from dashboard.filters.kinds import Link, Parameter, Reading
from data_access.datasets import comparison

_SINCE, _UNTIL = "since", "until"


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates that a link asks for, the earlier one first; None stands for the default."""

    since: date | None = None
    until: date | None = None
    reversed: bool = field(default=False, compare=False)  # whether the link names the later one first


@dataclass(frozen=True)
class TwoDates(Parameter[Dates]):
    """The dates `since` and `until` of the link.

    One parameter and not two: which date is the earlier one, and what is compared by default, takes both of them.
    """

    days: Sequence[date] = ()  # of which there are figures, oldest first; two at least where dates are compared

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
        return {name: day.isoformat() for name, day in zip(self.names, compared(value, self.days), strict=True)}

    def of(self, held: Mapping[str, Any], before: Dates) -> Dates:
        shown = compared(before, self.days)
        usual = comparison.default_baseline(self.days, shown[1]), self.days[-1]
        wanted = [before.since, before.until]
        for place, name in enumerate(self.names):
            day = _date(held[name]) or shown[place]  # a browser may send any text
            if day != shown[place]:
                wanted[place] = day if day != usual[place] else None
        return _in_order(*wanted)

    def shows(self, held: Mapping[str, Any], value: Dates) -> bool:
        return held == self.held(value)


def compared(asked: Dates, days: Sequence[date]) -> tuple[date, date]:
    """The two of `days` that are compared where a link asks for these dates, the earlier one first.

    `days`: those of which there are figures, at least two, oldest first.
    """
    until = comparison.latest_on_or_before(days[1:], asked.until) if asked.until else days[-1]
    if asked.since is None:
        return comparison.default_baseline(days, until), until
    return comparison.latest_on_or_before([day for day in days if day < until], asked.since), until


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
