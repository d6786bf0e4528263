"""What a column is: its name, its label and its kind. What a table is: columns in order."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial

import pandas as pd
import pyarrow as pa

from dashboard import formats


class Kind(Enum):
    """What the values of a column are, wherever they are shown."""

    TEXT = auto()
    ORDINAL = auto()  # a place in a sequence
    COUNT = auto()
    PERCENT = auto()  # percent points, 0-100 and beyond
    SIGNED = auto()  # what goes up and down, in the unit that the label names
    DAYS = auto()  # a number of days
    SECONDS = auto()  # a number of seconds
    INSTANT = auto()  # in UTC, to the minute
    INSTANT_WITH_SECONDS = auto()
    DAY = auto()  # an instant in UTC of which the day alone counts


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table or file.

    `name` is that of the DataFrame and of the CSV file. `estimate` is the column where licenses deployed are an
    estimate, if it is one there; see `following`.
    """

    name: str
    label: str
    kind: Kind
    decimals: int = 0
    help: str = ""  # the definition of a measure
    helps_on_screen: bool = False  # whether a table says it: no tile of the page does
    width: int | None = None  # pixels, of what would push other columns off the screen
    estimate: Column | None = None

    def where(self, estimated: bool) -> Column:
        """The column as it is where licenses deployed are an estimate, or counted."""
        return self.estimate if estimated and self.estimate else self


text = partial(Column, kind=Kind.TEXT)
count = partial(Column, kind=Kind.COUNT)
percent = partial(Column, kind=Kind.PERCENT, decimals=formats.DECIMALS)
signed = partial(Column, kind=Kind.SIGNED)
days = partial(Column, kind=Kind.DAYS, decimals=1)
instant = partial(Column, kind=Kind.INSTANT)


def following(column: Column, name: str = "", help: str = "") -> Column:  # noqa: A002 - what a column calls it
    """A column that is an estimate where licenses deployed are, marked ≈ there.

    `name` and `help` are what it is called and how it is defined there, where that differs.
    """
    estimate = replace(
        column, name=name or column.name, label=formats.about(column.label), help=help or column.help, estimate=None
    )
    return replace(column, estimate=estimate)


@dataclass(frozen=True, slots=True, eq=False)
class OnScreen:
    """Rows as a page shows them, with a column for each of theirs; as Arrow, since so they travel to the browser."""

    rows: pa.Table
    columns: tuple[Column, ...]

    @property
    def number(self) -> int:
        return int(self.rows.num_rows)

    def part(self, first: int, number: int) -> OnScreen:
        """So many rows from the first one on, counted from 0."""
        return OnScreen(self.rows.slice(first, number), self.columns)


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one table or file, in its order."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def select(self, rows: pd.DataFrame, *, estimated: bool = False, unknown: Set[str] = frozenset()) -> pd.DataFrame:
        """The rows with those of these columns that they have, and after them those that are `unknown` to us.

        `estimated` says that licenses deployed are: the columns are then called what they are called there, whether
        or not `rows` call them so.
        """
        named = rows if not estimated else rows.rename(columns=self._names_of_estimates(unknown))
        known = [column.where(estimated).name for column in self.columns]
        others = [name for name in named if name in unknown]
        return named[[*(name for name in known if name in named and name not in unknown), *others]]

    def described(
        self, names: Iterable[str], *, estimated: bool = False, unknown: Set[str] = frozenset()
    ) -> tuple[Column, ...]:
        """A column for each of these names; one that is not ours is text under its own name.

        `unknown`: names that are not ours though they look like it.
        """
        known = {column.name: column for column in (each.where(estimated) for each in self.columns)}
        return tuple(text(name, name) if name in unknown else known.get(name, text(name, name)) for name in names)

    def on_screen(self, rows: pd.DataFrame, *, estimated: bool = False, unknown: Set[str] = frozenset()) -> OnScreen:
        """What `select` gives, with its columns."""
        selected = self.select(rows, estimated=estimated, unknown=unknown)
        described = self.described(selected.columns, estimated=estimated, unknown=unknown)
        return OnScreen(pa.Table.from_pandas(selected, preserve_index=False), described)

    def of_kind(self, kind: Kind) -> list[str]:
        """The names of its columns of one kind."""
        return [column.name for column in self.columns if column.kind is kind]

    def _names_of_estimates(self, unknown: Set[str]) -> dict[str, str]:
        return {column.name: column.where(True).name for column in self.columns if column.name not in unknown}
