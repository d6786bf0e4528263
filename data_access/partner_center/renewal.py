"""What becomes of a subscription at the end of its term, by its row alone and never by the clock.

Sources: the Partner Center page "Extended service terms" (the model of 4 May 2026) and published answers. Since then
`autoRenewEnabled` alone does not tell: a subscription that is neither renewed nor cancelled goes on, month by month.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import pandas as pd

from data_access import texts
from data_access.partner_center import instants

_OVER = frozenset({"expired", "disabled", "deleted"})
_BY_ACTION = {"cancel": "ends", "renewtoextendedserviceterm": "extendedServiceTerm", "renewtonewterm": "renews"}
_NEW_COMMERCE = "onlineservicesnce"
_LAST = datetime.max.replace(tzinfo=UTC), ""
#: The extended service term is for what was bought or renewed, and ends, from these days on.
_FIRST_START, _FIRST_END = datetime(2025, 4, 1, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC)


class NextTerm(NamedTuple):
    """What Microsoft was told of a subscription's next term; None where nothing.

    Its seats, its duration, its product (the ids of product and SKU, as an `offerId` begins), how it is billed, and an
    end of its own (UTC).
    """

    quantity: int | None = None
    duration: str | None = None
    product: str | None = None
    billing: str | None = None
    end: datetime | None = None

    def or_else(self, other: NextTerm) -> NextTerm:
        """The same, and what it does not say by another one."""
        return other._replace(**{name: value for name, value in self._asdict().items() if value is not None})


class Action(NamedTuple):
    """What is scheduled for a subscription, in Microsoft's word, and when (UTC), where that was sent."""

    word: str
    at: datetime | None
    next_term: NextTerm = NextTerm()


def outcome(row: Mapping[str, Any]) -> str:
    """The outcome of a subscription with these fields of Microsoft's: the first line of the contract's table that fits.

    `none`, `noEnd`, `ends`, `extendedServiceTerm`, `renews`, `other`, `expires` or `undecided`. Words that differ in
    capitals or spaces are the same; a date without a zone is UTC; one that cannot be read was not sent.
    """
    if _word(row.get("status")) in _OVER:
        return "none"
    stated = end_of_term(row)
    end = instants.moment(stated)
    if end is None or instants.is_never(end):
        return "noEnd"
    if action := next_action(row.get("scheduledActions"), stated):
        return _BY_ACTION.get(_word(action.word), "other")
    if _is_true(row.get("autoRenewEnabled")):
        return "renews"
    return "expires" if _is_too_early(row, end) else "undecided"


def next_action(scheduled: Any, end: Any) -> Action | None:
    """The next of `scheduledActions`, as they were sent or as a cell holds them (JSON); None where there is none.

    One without a date happens at the end of the term, a date as it was sent; of several at one time, to the last digit,
    the one that was sent first is next.
    """
    at_the_end = instants.exact(end) or _LAST
    actions = [
        (instants.exact(texts.field(sent, "effectiveDate")), sent)
        for sent in _listed(_of_cell(scheduled) if isinstance(scheduled, str) else scheduled)
        if isinstance(sent, Mapping)
    ]
    if not actions:
        return None
    at, sent = min(actions, key=lambda action: action[0] or at_the_end)
    word = str(texts.field(sent, "actionType") or "")
    return Action(word, at[0] if at else None, next_term(texts.field(sent, "instructions")))


def next_actions(table: pd.DataFrame) -> list[Action]:
    """What is scheduled next for each subscription of a table; without a word where nothing is.

    Of the next term, the table's `scheduledNextTermInstructions` say what the action does not.
    """
    ends = table["commitmentEndDateTime"].fillna(table["commitmentEndDate"])
    cells = table[["scheduledActions"]].assign(
        end=ends, further=table.get("scheduledNextTermInstructions", pd.Series(None, table.index, dtype="object"))
    )
    is_told = cells[["scheduledActions", "further"]].notna().any(axis=1).to_numpy()
    told = iter([_next_action(*each) for each in cells[is_told].itertuples(index=False, name=None)])
    return [next(told) if is_one else _NOTHING for is_one in is_told]


_NOTHING = Action("", None)


@lru_cache(maxsize=4096)  # most subscriptions of a day have the same
def _next_action(cell: str | None, end: str | None, instructions: str | None) -> Action:
    told = next_term(instructions)
    action = next_action(cell, end) or _NOTHING
    return action._replace(next_term=action.next_term.or_else(told))


def next_term(instructions: Any) -> NextTerm:
    """The next term by an action's `instructions`, or `scheduledNextTermInstructions`, as sent or as in a cell (JSON).

    Documents and answers differ in where things stand: in the instructions, or in their product.
    """
    told = _of_cell(instructions) if isinstance(instructions, str) else instructions
    if not isinstance(told, Mapping):
        return NextTerm()
    product, quantity = texts.field(told, "product"), texts.field(told, "quantity")
    places = [each for each in (told, product) if isinstance(each, Mapping)]

    def text(name: str) -> str | None:
        found = (texts.field(place, name) for place in places)
        return next((value.strip() for value in found if isinstance(value, str) and value.strip()), None)

    ids = (text("productId"), text("skuId"))
    return NextTerm(
        quantity if isinstance(quantity, int) and not isinstance(quantity, bool) else None,
        text("termDuration"),
        ":".join(filter(None, ids)) if ids[0] else None,
        text("billingCycle"),
        instants.stated(text("customTermEndDate")),
    )


def end_of_term(row: Mapping[str, Any]) -> Any:
    """The end of the term as it was sent: `commitmentEndDateTime`, or else `commitmentEndDate`; None without either."""
    sent = (row.get("commitmentEndDateTime"), row.get("commitmentEndDate"))
    return next((date for date in sent if instants.moment(date)), None)


def _is_too_early(row: Mapping[str, Any], end: datetime) -> bool:
    """Whether a subscription ends as before the extended service term: it is none of those that have one."""
    started = instants.moment(row.get("effectiveStartDate"))
    return (
        _is_true(row.get("isTrial"))
        or _word(_product_type(row)) != _NEW_COMMERCE
        or (started is not None and started < _FIRST_START)
        or end < _FIRST_END
    )


def _product_type(row: Mapping[str, Any]) -> Any:
    kind = texts.field(row, "productType")
    return texts.field(kind, "id") if isinstance(kind, Mapping) else kind


def _of_cell(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _word(value: Any) -> str:
    """What the spellings of one word have in common: Microsoft's differ in capitals and spaces."""
    return texts.key(value).replace(" ", "") if isinstance(value, str) else ""


def _is_true(value: Any) -> bool:
    return value is True or _word(value) == "true"
