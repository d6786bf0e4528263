"""What a person may see of the customers, and whose book is on screen: decided anew in every run, before anything else.

Nothing here draws or reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dashboard.security.roles import Person, Role
from data_access import EVERYBODY, NOBODY, Books, Customers
from data_access.books import known_as

#: The values of the link parameter `book` that are no person.
MINE, ALL, UNASSIGNED = "mine", "all", "unassigned"


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
        return _of_manager(person, own, asked) if restricts else _of_everybody(())
    return _of_lead(person, own, books, asked, at)


def _of_manager(person: Person, own: Customers, asked: str) -> Sight:
    if asked and known_as(asked) != MINE:
        return Sight(book=ALL, figures=EVERYBODY, names=own, names_owner=_name(person), choices=(MINE, ALL))
    return Sight(book=MINE, figures=own, names=own, owner=_name(person), choices=(MINE, ALL))


def _of_lead(person: Person, own: Customers, books: Books, asked: str, at: datetime) -> Sight:
    people = books.people(at)
    asked = known_as(asked) or (ALL if own.is_nobody else MINE)
    named = [] if own.is_nobody and asked != MINE else [MINE]
    choices = (ALL, *named, UNASSIGNED, *people) if people or asked != ALL else ()
    if asked == ALL:
        return _of_everybody(choices)
    if asked == UNASSIGNED:
        figures, owner = books.unassigned(at), UNASSIGNED
    elif asked == MINE:
        figures, owner = own, _name(person)
    else:
        figures, owner = Customers(people.get(asked, frozenset())), asked
    return Sight(book=asked, figures=figures, names=figures, is_unlimited=True, owner=owner, choices=choices)


def _of_everybody(choices: tuple[str, ...]) -> Sight:
    return Sight(book=ALL, figures=EVERYBODY, names=EVERYBODY, is_unlimited=True, choices=choices)


def _name(person: Person) -> str:
    return known_as(next(iter(person.known_as), MINE))
