"""Books: which person looks after which customers on a day, as the lines of BOOKS_FILE say it.

Everything that cannot be understood gives nobody anything: a line alone, or the file as a whole.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import islice

import pandas as pd

from data_access import texts
from data_access.foreign_text import is_guid

#: The column of a customer, here and in Microsoft's rows.
CUSTOMER = "customerTenantId"
_PERSON, _FROM, _UNTIL = "person", "from", "until"
_HEADER = (CUSTOMER, _PERSON, _FROM, _UNTIL)
_DELIMITERS = (",", ";")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # `fromisoformat` takes weeks and dates without hyphens too
#: A line that was cut off may have lost a date, and would hold too early or too long.
_SHORT = "has fewer cells than the first line"
_SEVERAL = re.compile("[,;]")  # between people in one cell
#: A guest's sign-in name as Entra ID keeps it, such as `ann_contoso.com#EXT#@partner.onmicrosoft.com`. No domain has an
#: underscore, so the last one stands for the @ of the address with which the guest signs in.
_GUEST = re.compile(r"(.+)_([^_]+)#ext#@.+")


@dataclass(frozen=True, slots=True)
class Customers:
    """Some customers by tenant id in capitals: these, or with `others` all but these."""

    ids: frozenset[str] = frozenset()
    others: bool = False

    @property
    def is_everybody(self) -> bool:
        return self.others and not self.ids

    @property
    def is_nobody(self) -> bool:
        return not self.others and not self.ids

    def __contains__(self, tenant: str) -> bool:
        return (texts.identifier(tenant) in self.ids) is not self.others

    def rows(self, table: pd.DataFrame, column: str = CUSTOMER) -> pd.DataFrame:
        """The rows of these customers, without a trace of another one; a row without a customer is of no book.

        A column of categories would carry along the texts of the rows that were taken away.
        """
        if self.is_everybody:
            return table
        ids = table[column].astype("category")
        known = [code for code, tenant in enumerate(ids.cat.categories) if str(tenant) in self]
        mask = ids.cat.codes.isin([*known, *([-1] if self.others else [])])
        kept = table[mask].reset_index(drop=True)
        categories = kept.select_dtypes("category")
        return kept.assign(**{str(name): each.cat.remove_unused_categories() for name, each in categories.items()})


EVERYBODY = Customers(others=True)
NOBODY = Customers()


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be used: it holds from `since` up to, not including, `until`, both at 00:00 UTC."""

    customer: str  # tenant id in capitals
    person: str  # as `known_as` gives it
    since: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be used, by its number in the file, and why; `people`, as `known_as` gives them, are those
    whom it names, whose whole books are not known then.
    """

    line: int
    reason: str
    people: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Books:
    """The books of all people. `failure` says why the file as a whole cannot be used; then there are no lines."""

    lines: tuple[Line, ...] = ()
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    _days: dict[date, tuple[Mapping[str, frozenset[str]], Customers]] = field(default_factory=dict, repr=False)

    def of(self, names: Iterable[str], at: datetime) -> frozenset[str]:
        """The customers of the person with these sign-in names or ids: all that any line gives at that instant."""
        people = self.people(at)
        return frozenset().union(*(people.get(known_as(name), frozenset()) for name in names))

    def people(self, at: datetime) -> Mapping[str, frozenset[str]]:
        """The customers of each person who has any at that instant, by the person's name as `known_as` gives it."""
        return self._on(at)[0]

    def names(self, person: str) -> bool:
        """Whether any line names this person (as `known_as` gives it), of any day, and also one that cannot be used."""
        return person in self._in_problems or any(line.person == person for line in self.lines)

    def is_in_part(self, names: Iterable[str]) -> bool:
        """Whether a line that cannot be used names the person with these sign-in names or ids.

        Then customers may be missing in that person's book, or all of them.
        """
        return any(known_as(name) in self._in_problems for name in names)

    @cached_property
    def _in_problems(self) -> frozenset[str]:
        return frozenset(person for problem in self.problems for person in problem.people)

    def unassigned(self, at: datetime) -> Customers:
        """The customers of nobody: all but those in anybody's book at that instant."""
        return self._on(at)[1]

    def _on(self, at: datetime) -> tuple[Mapping[str, frozenset[str]], Customers]:
        """Each person's customers and those of nobody; worked out once a day, since each run of a page asks."""
        day = at.astimezone(UTC).date()
        if (known := self._days.get(day)) is not None:
            return known
        people: dict[str, set[str]] = {}
        for line in self.lines:
            if line.holds(day):
                people.setdefault(line.person, set()).add(line.customer)
        books = {person: frozenset(people[person]) for person in sorted(people, key=texts.order)}
        self._days.clear()  # one day at a time
        found = self._days[day] = books, Customers(frozenset().union(*books.values()), others=True)
        return found


def known_as(name: str) -> str:
    """The form of a sign-in name or an object id in which two that mean the same person are equal.

    Capitals make no difference, nor do the two ways to write a guest. Nothing else is evened out: where two people's
    names were taken for one, each would see the other's customers.
    """
    lowered = unicodedata.normalize("NFC", name).strip().lower()
    guest = _GUEST.fullmatch(lowered)
    return f"{guest[1]}@{guest[2]}" if guest else lowered


def mark(name: str) -> str:
    """A short mark of a person for logs, which have no addresses: eight digits, which do not give the name."""
    return hashlib.sha256(known_as(name).encode()).hexdigest()[:8]


def parse(content: bytes) -> Books:
    """The books of a file's content. What cannot be used is said in `problems`, or in `failure`; nothing is raised."""
    try:
        text = content.decode("utf-8-sig")
        return _parse(text, max(_DELIMITERS, key=lambda delimiter: _fit(text, delimiter)))
    except UnicodeDecodeError:
        return Books(failure="is not UTF-8 text; save it as CSV UTF-8")
    except csv.Error:
        return Books(failure="is no CSV; perhaps a quotation mark is left open")


def _fit(text: str, delimiter: str) -> int:
    """How many of our columns the first line has with this delimiter; a quoted cell makes sense with one alone."""
    try:
        return len(_columns(text, delimiter))
    except csv.Error:
        return 0


def _parse(text: str, delimiter: str) -> Books:
    places = _columns(text, delimiter)
    for name in _HEADER:
        if len(places.get(name, ())) != 1:
            many = "more than one column" if name in places else "no column"
            return Books(failure=f"has {many} {name} in its first line")
    lines, problems = [], []
    for number, cells in islice(_records(text, delimiter), 1, None):
        ours = [cells[places[name][0]] for name in _HEADER if places[name][0] < len(cells)]
        line = _line(*ours) if len(ours) == len(_HEADER) else _SHORT
        if isinstance(line, Line):
            lines.append(line)
        elif any(cells):
            person = places[_PERSON][0]
            named = _SEVERAL.split(cells[person]) if person < len(cells) else []
            problems.append(Problem(number, line, tuple(known_as(name) for name in named if name)))
    return Books(tuple(lines), tuple(problems))


def _columns(text: str, delimiter: str) -> dict[str, list[int]]:
    """The places of our columns in the first line, however their names are spelled."""
    _, header = next(_records(text, delimiter), (1, []))
    places = {name: [place for place, cell in enumerate(header) if cell.lower() == name.lower()] for name in _HEADER}
    return {name: found for name, found in places.items() if found}


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row, and the number of the line on which it begins. Raises csv.Error."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begun = 1
    for row in reader:
        yield begun, [cell.strip() for cell in row]
        begun = reader.line_num + 1


def _line(customer: str, person: str, since: str, until: str) -> Line | str:
    """The line with these cells, or why it cannot be used."""
    if not person:
        return "no person"
    if _SEVERAL.search(person) or person.count("@") > 1:
        return "names more than one person; write a line for each"
    if not person.isprintable():
        return "the person's name holds a line break or a control character"
    if not is_guid(customer):
        return "customerTenantId is no GUID"
    first, end = _day(since), _day(until)
    if since and first is None:
        return "from is no date such as 2026-12-31"
    if until and end is None:
        return "until is no date such as 2026-12-31"
    if first and end and end <= first:
        return "until is not after from"
    return Line(customer.upper(), known_as(person), first, end)


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
    except ValueError:
        return None
