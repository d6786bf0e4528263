"""The types that describe tables: a column with its name, label and kind, and a table of columns in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from dashboard import formats


class Kind(Enum):
    """The kind of a column's values, on screen and in files."""

    TEXT = auto()
    ORDINAL = auto()  # a place in a sequence
    COUNT = auto()
    PERCENT = auto()  # percent points, 0-100 and beyond
    SIGNED = auto()  # a change, up or down, in the unit that the label names
    DAYS = auto()  # a number of days
    SECONDS = auto()  # a number of seconds
    INSTANT = auto()  # in UTC, to the minute
    INSTANT_WITH_SECONDS = auto()
    DAY = auto()  # an instant in UTC, shown as its day
    TEXTS = auto()  # several texts, one below the other


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table or file.

    `name` is that of the DataFrame and of the CSV file. `estimate` is the column that replaces this one where licenses
    deployed are an estimate (`is_estimate`); see `following`. On screen, a percentage may have a `bar`, and a change
    says what kind of news it is: `good` is 1 where more is better, −1 where less is. `line` names the column with the
    points of a small line beside the figure (lists of numbers), `by` the one whose values order what is shown.
    `utc` names the column with the instant that is told in another zone: the browser shows it in UTC under the mouse.
    `note` names the column with what some rows have to add, in small letters below the text, `words` the one with what
    stands in some rows in place of the value, by which they are sorted all the same.
    Columns of one `group` that stand side by side share a heading above their labels. `told` puts a text into the words
    of a page where Microsoft sends a code, or capitals; files have it as it was sent. A percentage `as_sent` is one of
    Microsoft's own, not calculated here, and keeps its decimals. What misses the `target` is not rounded up to it.
    """

    name: str
    label: str
    kind: Kind
    decimals: int = 0
    help: str = ""  # the definition of a measure
    helps_on_screen: bool = False  # for definitions that no tile of the page has
    width: int | None = None  # pixels, for a column that would push others off the screen
    estimate: Column | None = None
    is_estimate: bool = False
    as_sent: bool = False
    bar: bool = False
    good: int = 0
    line: str = ""
    by: str = ""
    utc: str = ""
    note: str = ""
    words: str = ""
    group: str = ""
    told: Callable[[str], str] = str
    target: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers: what is counted, or the change of it."""
        return self.kind in (Kind.COUNT, Kind.SIGNED) and not self.decimals and not self.is_estimate

    def where(self, estimated: bool) -> Column:
        """This column, or its `estimate` where licenses deployed are an estimate."""
        return self.estimate if estimated and self.estimate else self


#: Describes columns by their names, as `Table.described` does.
Describe = Callable[[Iterable[str]], "tuple[Column, ...]"]

text = partial(Column, kind=Kind.TEXT)
count = partial(Column, kind=Kind.COUNT)
percent = partial(Column, kind=Kind.PERCENT, decimals=formats.DECIMALS)
signed = partial(Column, kind=Kind.SIGNED)
days = partial(Column, kind=Kind.DAYS, decimals=1)
instant = partial(Column, kind=Kind.INSTANT)


def following(column: Column, name: str = "", help: str = "") -> Column:  # noqa: A002 - what a column calls it
    """A column that is an estimate where licenses deployed are, marked ≈ there.

    `name` and `help` are the name and the definition of the estimate, where they differ.
    """
    estimate = replace(
        column,
        name=name or column.name,
        label=formats.about(column.label),
        help=help or column.help,
        estimate=None,
        is_estimate=True,
    )
    return replace(column, estimate=estimate)


def in_whole_numbers(rows: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """The rows as files hold them: what is counted is 175 and not 175.0. `columns`: one for each of theirs.

    Measures are worked out in fractions, of which estimates have some; in whole ones, missing values would have none.
    """
    whole = {
        column.name: "Int64"
        for column in columns
        if column.is_whole
        and pd.api.types.is_float_dtype(values := rows[column.name])
        and (values % 1).fillna(0).eq(0).all()
    }
    return rows.astype(whole) if whole else rows


@dataclass(frozen=True, slots=True)
class Order:
    """The column by which rows are sorted, and its direction."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """The last row of a table: what it sums, in words, and its cells by the name of their column.

    A column that cannot be summed has none; that of a ratio has the ratio of the sums.
    """

    words: str
    figures: Mapping[str, object]


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class OnScreen:
    """All rows of a page's table, in Arrow, with a `Column` for each one that is shown; others are what rows link to.

    `order` is the one that the rows are in, where the page can say it by a column. `parts` are the rows that each row
    opens to, with the same columns, by the row's value of the column `whole`.
    """

    rows: pa.Table
    columns: tuple[Column, ...]
    order: Order | None = None
    total: Total | None = None
    whole: str = ""
    parts: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return int(self.rows.num_rows)


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one table or file, in its order; `behind` names those that a page needs and does not show."""

    columns: tuple[Column, ...]
    behind: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def select(self, rows: pd.DataFrame, *, estimated: bool = False, unknown: Set[str] = frozenset()) -> pd.DataFrame:
        """The rows with the table's columns that they have, followed by their `unknown` columns.

        `estimated`: licenses deployed are estimates, so the columns get the names of estimates, whichever names `rows`
        have.
        """
        named = rows if not estimated else rows.rename(columns=self._names_of_estimates(unknown))
        known = [column.where(estimated).name for column in self.columns]
        others = [name for name in named if name in unknown]
        return named[[*(name for name in known if name in named and name not in unknown), *others]]

    def described(
        self,
        names: Iterable[str],
        *,
        estimated: bool = False,
        unknown: Set[str] = frozenset(),
        target: float | None = None,
    ) -> tuple[Column, ...]:
        """A column for each of these names; a name that the table lacks becomes a text column.

        `unknown`: names of Microsoft's columns that are unknown to us, even if the table has the same name.
        `target`: what the percentages are judged by (percent points).
        """
        known = {
            column.name: replace(column, target=target)
            for declared in self.columns
            for column in (declared.where(estimated=True), declared.where(estimated))
        }
        return tuple(text(name, name) if name in unknown else known.get(name, text(name, name)) for name in names)

    def on_screen(
        self,
        rows: pd.DataFrame,
        *,
        estimated: bool = False,
        unknown: Set[str] = frozenset(),
        order: Order | None = None,
        total: Total | None = None,
        parts: pd.DataFrame | None = None,
        whole: str = "",
    ) -> OnScreen:
        """The rows of `select` with their columns, for the page; a column without any value or words is left out.

        `parts`: the rows that these open to, in their order, of which each has its row's value of the column `whole`.
        """
        if parts is not None:
            both = pd.concat([rows, parts], ignore_index=True)
            every = self.on_screen(both, estimated=estimated, unknown=unknown)
            places = parts.groupby(whole, sort=False).indices
            opened = {str(of): every.rows.take(np.asarray(own) + len(rows)) for of, own in places.items()}
            return replace(
                every, rows=every.rows.slice(0, len(rows)), order=order, total=total, whole=whole, parts=opened
            )
        selected = self.select(rows, estimated=estimated, unknown=unknown)
        described = self.described(selected.columns, estimated=estimated, unknown=unknown)
        shown = tuple(
            column
            for column in described
            if not len(rows)
            or selected[column.name].notna().any()
            or (column.words in rows and rows[column.words].notna().any())
        )
        behind = [name for name in self.behind if name in rows and name not in selected]
        table = pa.Table.from_pandas(selected.assign(**{name: rows[name] for name in behind}), preserve_index=False)
        return OnScreen(table, shown, order, total)

    def of_kind(self, kind: Kind) -> list[str]:
        """The names of the columns of one kind."""
        return [column.name for column in self.columns if column.kind is kind]

    def _names_of_estimates(self, unknown: Set[str]) -> dict[str, str]:
        return {column.name: column.where(True).name for column in self.columns if column.name not in unknown}
