"""Which rows of a page's table are on screen: the column that they are sorted by, and the page of them, in the link."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from dashboard.filters.kinds import Link, Parameter, Reading

_LONGEST = 200  # characters of a column's name; columns that we do not know have Microsoft's names
_DIGITS = 10  # of a page; no table has as many


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The order and the page of a table's rows; without a column, they stay in the order that the page gives them."""

    column: str = ""
    descending: bool = False
    page: int = 1


def asked(state: object, columns: Set[str]) -> Arrangement | None:
    """What a click on a table asks for; None where the browser, or who acts as one, sent no such thing.

    `columns`: those that the table can be sorted by.
    """
    match state:
        case {"arranged": {"column": str(column), "downwards": bool(downwards), "page": int(page)}} if page > 0:
            return Arrangement(column, downwards, page) if not column or column in columns else None
    return None


@dataclass(frozen=True)
class Rows(Parameter[Arrangement]):
    """`column=licensesSold`, with a minus in front from the largest down, and `page=2`. No widget holds it.

    Which columns and pages there are only the table can tell.
    """

    @property
    def default(self) -> Arrangement:
        return Arrangement()

    @property
    def names(self) -> tuple[str, ...]:
        return ("column", "page")

    def read(self, link: Link) -> Reading[Arrangement]:
        columns, pages = (link.get(name, []) for name in self.names)
        column = columns[-1][:_LONGEST] if columns else ""
        numbers = {page: int(page) for page in pages if page.isascii() and page.isdecimal() and len(page) < _DIGITS}
        known = [number for number in numbers.values() if number]
        unknown = {self.names[1]: [page for page in pages if page and not numbers.get(page)]}
        page = known[-1] if known else 1
        return Reading(Arrangement(column.removeprefix("-"), column.startswith("-"), page), unknown)

    def write(self, value: Arrangement) -> Link:
        column = f"{'-' if value.descending else ''}{value.column}" if value.column else ""
        return {"column": [column] if column else [], "page": [str(value.page)] if value.page > 1 else []}

    def of(self, held: Mapping[str, Any], before: Arrangement) -> Arrangement:  # noqa: ARG002 - there is no widget
        return before
