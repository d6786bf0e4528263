"""The levels at which two dates are compared, in the words of the page. Nothing here draws."""

from __future__ import annotations

from dataclasses import dataclass

from data_access.measures import customers
from data_access.measures.changes import LEVELS


@dataclass(frozen=True, slots=True)
class Level:
    """What a level is called, what one of its rows is, and what a search looks through, if anything.

    A product has a row for each service and channel.
    """

    title: str
    noun: str
    searched: str = ""


#: By the level's name in `changes.LEVELS`, which says what its rows are told apart by.
WORDS = {
    "service": Level("Services", "service"),
    "customer": Level("Customers", "customer", "Name or tenant id"),
    "product": Level("Products", "row", "Name of a product"),
    "customer and product": Level("Customers × products", "row", "Customer, tenant id or product"),
}


def code(level: str) -> str:
    """A level as it stands in links and in files."""
    return level.replace(" ", "-")


def names_customers(level: str) -> bool:
    return customers.CUSTOMER in LEVELS[level]


def open_to(customers: bool) -> dict[str, str]:
    """The levels that a user may see, by code; `customers` says whether those that name customers are among them."""
    return {code(level): level for level in LEVELS if customers or not names_customers(level)}


def closed_to(customers: bool) -> frozenset[str]:
    """The codes of the levels that such a user may not see."""
    return frozenset(open_to(customers=True).keys() - open_to(customers).keys())


#: What each level is called, by code.
TITLES = {code: WORDS[level].title for code, level in open_to(customers=True).items()}
