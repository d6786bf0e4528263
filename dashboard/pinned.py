"""The day that a link pins: whose figures are shown as they were known then, or why the newest ones are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboard import formats

_NEWEST = "These are the newest figures."


@dataclass(frozen=True, slots=True)
class Pinned:
    """The `day` as of which figures are shown, None for now; and a sentence where the link asks for another one."""

    day: date | None = None
    note: str = ""


NOW = Pinned()
NOT_HERE = Pinned(note="This page shows what is known now. The day in the link counts on other pages.")


def decide(asked: str, today: date, first: date | None, missing: str = "") -> Pinned:
    """What a link shows that asks for a day.

    `today`: UTC. `first`: the day on which the history begins. `missing`: why there is no history here, as a sentence.
    """
    if not asked:
        return NOW
    day = _day(asked)
    if day is None:
        asked = formats.plain(formats.shortened(asked))
        return Pinned(note=f'Ignored from the link: "{asked}" is no day; one looks like 2026-11-28. {_NEWEST}')
    if day > today:
        return Pinned(note=f"Ignored from the link: {formats.day(day)} lies in the future. {_NEWEST}")
    if missing or first is None:
        return Pinned(note=f"{missing} So {formats.day(day)} cannot be shown. {_NEWEST}".strip())
    if day < first:
        return Pinned(note=f"The history begins on {formats.day(first)}, after {formats.day(day)}. {_NEWEST}")
    return Pinned(day)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
