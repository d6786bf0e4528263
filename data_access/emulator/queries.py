"""The parser of `filter` and `groupby` of the commercial collections, as their pages document them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

COUNTS = ("licensesDeployed", "licensesSold", "licenseActive", "licensesActive", "licensesQualified")
_PIECE = re.compile(
    r"\s*(?:(?P<joint>\(|\)|(?:and|or)\b)|(?P<field>\w+)\s+(?P<op>eq|ne)\s+'(?P<text>(?:[^']|'')*)')\s*"
)
_Test = Callable[[Mapping[str, Any]], bool]


def number(text: str, *, least: int) -> int:
    """Read a whole number; ValueError for anything else, and for one that is less than `least`."""
    if (value := int(text)) < least:
        raise ValueError(f"{text} is less than {least}")
    return value


def fitting(text: str, fields: Sequence[str], fold: Callable[[str], str]) -> _Test:
    """Read `field eq|ne 'value'`, joined by and/or, with or without brackets, as a test of a row.

    `and` binds tighter than `or`; a quote inside a value is doubled. ValueError for anything else.
    """

    def statement(name: str, value: str, *, equal: bool) -> _Test:
        return lambda row: (fold(str(row.get(name))) == value) is equal

    pieces: deque[str | _Test] = deque()
    end = 0
    while match := _PIECE.match(text, end):
        end = match.end()
        if match["field"] and match["field"] not in fields:
            raise ValueError(f"no filter on {match['field']}")
        value = fold((match["text"] or "").replace("''", "'"))
        pieces.append(match["joint"] or statement(match["field"], value, equal=match["op"] == "eq"))
    test = _joined(pieces)
    if pieces or end < len(text):
        raise ValueError("a part of the filter is not understood")
    return test


def _joined(pieces: deque[str | _Test]) -> _Test:
    """Take one test from the left of the pieces: statements joined by `and`, and these joined by `or`."""
    choices: list[list[_Test]] = [[]]
    while True:
        piece = pieces.popleft() if pieces else ""
        if piece == "(":
            piece = _joined(pieces)
            if not pieces or pieces.popleft() != ")":
                raise ValueError("a bracket of the filter is not closed")
        if isinstance(piece, str):
            raise ValueError("the filter lacks a statement")  # noqa: TRY004 - the text is at fault, not the caller
        choices[-1].append(piece)
        if not pieces or pieces[0] not in ("and", "or"):
            return lambda row: any(all(test(row) for test in tests) for tests in choices)
        if pieces.popleft() == "or":
            choices.append([])


def grouped(rows: Sequence[Any], names: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
    """Add up the counts over all fields but `names`; ValueError for a name that is none of `fields`."""
    if unknown := set(names).difference(fields):
        raise ValueError(f"no grouping by {', '.join(sorted(unknown))}")
    sums: defaultdict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts = {name: int(row[name] or 0) for name in COUNTS if name in row}
        sums[tuple(row.get(name) for name in names)].update(counts)
    return [{**dict(zip(names, key, strict=True)), **counts} for key, counts in sums.items()]
