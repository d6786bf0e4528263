"""The value of a call sheet: what stands on it, as texts that are ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from data_access import formats

#: All percentages of a sheet have as many decimals.
percent = partial(formats.percent, as_sent=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name, and by how much it moved."""

    label: str
    value: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; numbers stand at its right."""

    label: str
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its table, or with the `note` alone where there is no row; narrow ones stand side by side."""

    heading: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    is_narrow: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Percent points by day, oldest first, and what the line says in words; `target` is drawn beside it."""

    points: tuple[tuple[date, float], ...]
    words: str
    target: float | None = None


@dataclass(frozen=True, slots=True)
class CallSheet:
    """One customer's sheet. `mark` stands at the head where the figures are invented.

    `aside`: what else is known of the figures in the steps, for who calls. `muted`: of how many lines the steps say
    nothing, until when and why. `address`: where the customer's page is; empty where nobody says at which address.
    """

    customer: str
    tenant: str
    source: str
    dates: str
    mark: str
    figures: tuple[Figure, ...]
    steps: tuple[str, ...]
    aside: str
    muted: tuple[str, ...]
    sections: tuple[Section, ...]
    line: Line | None
    definitions: str
    address: str = ""
