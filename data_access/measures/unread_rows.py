"""Unread rows: what of an answer is not known, and what may therefore not be called gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import compress

import pandas as pd

from data_access import formats, texts
from data_access.partner_center.wire import SetAside


class Absence(StrEnum):
    """Why something is not among the rows of an answer, as far as that can be told; the words follow its name."""

    GONE = "gone"
    UNREAD = "could not be read"
    UNCERTAIN = "not among the rows that could be read"

    def said(self, answer: str = "the newest answer") -> str:
        """The same to stand before names."""
        return {
            Absence.GONE: f"Not in {answer}",
            Absence.UNREAD: f"Could not be read in {answer}",
            Absence.UNCERTAIN: f"Not among the rows of {answer} that could be read",
        }[self]


@dataclass(frozen=True, slots=True)
class UnreadRows:
    """The rows of an answer that were set aside, and how many were announced and did not come (`missing`).

    Of each row: what tells it apart, as far as that could be read, by our names of columns, as `texts.key` has it; and
    in the same place of `sent`, where that is known, the same texts as Microsoft sent them.
    """

    rows: tuple[Mapping[str, str], ...] = ()
    missing: int = 0
    sent: tuple[Mapping[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.missing)

    @property
    def in_words(self) -> str:
        """How many rows there are none of, such as "1 row could not be read, 2 rows did not come"."""
        number = len(self.rows)
        said = {"could not be read": number, "did not come": self.missing}
        return ", ".join(f"{formats.number(count, 'row')} {what}" for what, count in said.items() if count)

    def within(self, column: str, is_wanted: Callable[[str], bool]) -> UnreadRows:
        """Without the rows that are known to have another value in a column."""
        return self.where(lambda row: column not in row or is_wanted(row[column]))

    def where(self, is_wanted: Callable[[Mapping[str, str]], bool]) -> UnreadRows:
        """Of the rows that were set aside those that are wanted, as `rows` has them."""
        wanted = [is_wanted(row) for row in self.rows]
        return replace(self, rows=tuple(compress(self.rows, wanted)), sent=tuple(compress(self.sent, wanted)))

    def texts_sent(self, column: str) -> list[str]:
        """The texts of a column as they were sent, of the rows that have one."""
        return [row[column] for row in self.sent if column in row]

    def called(self, column: str, label: str) -> dict[str, str]:
        """What the texts of a column are called by another one, by their `texts.key`, as far as rows have both."""
        return {texts.key(row[column]): row[label] for row in self.sent if {column, label} <= {*row}}

    def why(self, keys: pd.DataFrame) -> list[Absence]:
        """Why each row of `keys` is not in the answer: its columns are what tells it apart, as `texts.key` has it."""
        columns = [str(name) for name in keys]
        set_aside: defaultdict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
        for row in self.rows:
            known = tuple(name for name in columns if name in row)
            set_aside[known].add(tuple(row[name] for name in known))
        whole = set_aside.pop(tuple(columns), set())

        def why(key: tuple[str, ...]) -> Absence:
            if key in whole:
                return Absence.UNREAD
            own = dict(zip(columns, key, strict=True))
            may_be = any(tuple(own[name] for name in known) in rows for known, rows in set_aside.items())
            return Absence.UNCERTAIN if may_be or self.missing else Absence.GONE

        return [why(key) for key in keys.itertuples(index=False, name=None)]


#: Of an answer that was read as a whole.
ALL_READ = UnreadRows()


def of(set_aside: Iterable[SetAside], missing: int) -> UnreadRows:
    """What an answer with these rows set aside, and so many missing, does not tell."""
    sent = tuple(dict(row.identity) for row in set_aside)
    rows = tuple({name: texts.key(text) for name, text in row.items()} for row in sent)
    return UnreadRows(rows, missing, sent)
