"""Lines of DIGEST_FILE that can be read and do nothing: they speak of nobody or nothing that there is.

A name may be mistyped. What cannot be read at all is no plan: see `plan.parse`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import NamedTuple

import pandas as pd

from data_access.books import Books, known_as
from data_access.digest import bands
from data_access.digest.plan import Plan
from data_access.measures import Facts, muted
from data_access.measures.customers import CUSTOMER
from data_access.measures.free_products import PRODUCT
from data_access.mutes import Mute


class Mistake(NamedTuple):
    """A line, from 1 on, and why it does nothing."""

    line: int
    reason: str


def unreachable(plan: Plan) -> Iterator[Mistake]:
    """The people to whom nothing can be sent."""
    for number, person in enumerate(plan.people):
        if not (person.addresses or person.teams):
            yield Mistake(
                plan.lines["person", number], f"{person.name} has no address and is left out; give one with `to`."
            )


def matching_nothing(
    plan: Plan, books: Books | None, facts: Facts, named: Callable[[str], str] = str
) -> Iterator[Mistake]:
    """The people who are in no book, and the rules that are for nobody or speak of nothing.

    `books`: None where everybody hears of every customer. `facts` are the newest answer of everybody, empty where it is
    not known. `named` is how a person is called: a log has no addresses.
    """
    in_books = {line.person for line in books.lines} if books else set()
    for number, person in enumerate(plan.people if books else ()):
        if not person.operator and known_as(person.name) not in in_books:
            yield Mistake(
                plan.lines["person", number],
                f"{named(person.name)} is in no line of BOOKS_FILE and no operator, so there is nothing to tell.",
            )
    there = in_books.union(known_as(person.name) for person in plan.people)
    for number, rule in enumerate(plan.rules):
        if there and rule.person is not None and known_as(rule.person) not in there:
            yield Mistake(
                plan.lines["rule", number],
                f"this rule is for {named(rule.person)}, who is in no [[person]] and no line of BOOKS_FILE.",
            )
        elif len(facts) and not len(bands.covered(rule, facts)):
            yield Mistake(plan.lines["rule", number], "this rule speaks of nothing in the newest answer.")


def about_nothing(plan: Plan, facts: Facts, subscriptions: pd.DataFrame | None, at: datetime) -> Iterator[Mistake]:
    """The mutes that hold at an instant, and the allowances of spare seats, for whom or what there is not.

    `facts` are the newest answer of everybody. `subscriptions`: those of all customers (customerTenantId, productId);
    where they are not known, nobody can tell.
    """
    if subscriptions is None or not len(facts):
        return
    key = [CUSTOMER, PRODUCT]
    there = pd.concat([table[key].astype("str") for table in (facts.frame, subscriptions)]).drop_duplicates()
    holding = [(number, "mute", mute) for number, mute in enumerate(plan.mutes) if mute.holds(at)]
    spare = [
        (number, "spare", Mute(customer=each.customer, product=each.product, reason="spare", until=date.max))
        for number, each in enumerate(plan.spares)
    ]
    for number, entry, mute in (*holding, *spare):
        if not muted.rows([mute], there).any():
            what = "mute" if entry == "mute" else "allowance"
            yield Mistake(
                plan.lines[entry, number], f"this {what} is about nothing in the newest answers; look at its ids."
            )
