"""What a person may see of the customers, and whose book is on screen: decided anew in every run, before anything else.

Nothing here draws or reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto

from dashboard.security.roles import Person, Role
from data_access import EVERYBODY, NOBODY, Books, Customers
from data_access.books import known_as

#: The values of the link parameter `book` that are no person.
MINE, ALL, UNASSIGNED = "mine", "all", "unassigned"


class NotTold(Enum):
    """Why books do not say whose customers these are, or do not say it of all."""

    UNUSABLE = auto()  # the file as a whole: nobody knows who looks after whom, or after nobody
    UNNAMED = auto()  # no line names this person
    IN_PART = auto()  # a line that names this person cannot be used: customers may be missing, or all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is on screen: the figures of some customers, or of the whole company, and the names of some customers.

    Where these differ, pages show company figures without customers; those that are about customers show the ones that
    may be named.
    """

    book: str  # what is on screen: `mine`, `all`, `unassigned` or a person
    figures: Customers
    names: Customers
    is_unlimited: bool = False  # whether this person may see every customer, whatever is on screen
    owner: str = ""  # whose book is on screen; empty where it is everybody's figures
    names_owner: str = ""  # likewise, of the customers that may be named beside everybody's figures
    not_told: NotTold | None = None
    choices: tuple[str, ...] = field(default=(), compare=False)  # the books that this person may choose

    @property
    def is_book(self) -> bool:
        """Whether the figures are those of a book."""
        return not self.figures.is_everybody


def decide(person: Person, books: Books, asked: str, at: datetime, *, restricts: bool) -> Sight:
    """What a person sees who asks for a book (`asked`, empty for the usual one) at an instant.

    `restricts` says whether managers see the customers of their own books alone. What cannot be understood shows
    nothing more than before.
    """
    if person.role < Role.MANAGER:
        return Sight(book=ALL, figures=EVERYBODY, names=NOBODY)
    own = Customers(books.of(person.known_as, at))
    if person.role < Role.LEAD:
        return _of_manager(person, own, books, asked) if restricts else _of_everybody(())
    return _of_lead(person, own, books, asked, at)


def _of_manager(person: Person, own: Customers, books: Books, asked: str) -> Sight:
    not_told = _not_told(books, person.known_as)
    mine = Sight(book=MINE, figures=own, names=own, owner=_name(person), not_told=not_told, choices=(MINE, ALL))
    asked = known_as(asked)
    if asked and asked != MINE and not _is_own(asked, person):
        return replace(mine, book=ALL, figures=EVERYBODY, owner="", names_owner=mine.owner)
    return mine


def _of_lead(person: Person, own: Customers, books: Books, asked: str, at: datetime) -> Sight:
    people = books.people(at)
    asked = known_as(asked) or (ALL if own.is_nobody else MINE)
    if _is_own(asked, person) and not own.is_nobody:
        asked = MINE  # all that any line gives, by the sign-in name or the object id
    named = [] if own.is_nobody and asked != MINE else [MINE]
    others = [name for name in people if not _is_own(name, person)]
    choices = (ALL, *named, UNASSIGNED, *others) if people or asked != ALL else ()
    if asked == ALL:
        return _of_everybody(choices)
    if asked == UNASSIGNED:
        not_told = _not_told(books)
        figures, owner = NOBODY if not_told else books.unassigned(at), UNASSIGNED
    elif asked == MINE:
        figures, owner, not_told = own, _name(person), _not_told(books, person.known_as)
    else:
        figures, owner, not_told = Customers(people.get(asked, frozenset())), asked, _not_told(books, (asked,))
        if not (not_told or figures.ids or books.names(asked)):
            not_told = NotTold.UNNAMED
    return Sight(
        book=asked,
        figures=figures,
        names=figures,
        is_unlimited=True,
        owner=owner,
        not_told=not_told,
        choices=choices,
    )


def _not_told(books: Books, whose: Sequence[str] = ()) -> NotTold | None:
    if books.failure:
        return NotTold.UNUSABLE
    return NotTold.IN_PART if books.is_in_part(whose) else None


def _of_everybody(choices: tuple[str, ...]) -> Sight:
    return Sight(book=ALL, figures=EVERYBODY, names=EVERYBODY, is_unlimited=True, choices=choices)


def _is_own(asked: str, person: Person) -> bool:
    """Whether a book goes by a name of this person's: a link that was made for the person is about the own book."""
    return asked not in {ALL, UNASSIGNED} and asked in map(known_as, person.known_as)


def _name(person: Person) -> str:
    return known_as(next(iter(person.known_as), MINE))
