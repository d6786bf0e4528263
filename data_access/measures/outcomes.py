"""What becomes of a subscription at its end, in words: its outcome, and what changes with the next term.

The outcome itself is worked out as a subscription is read, see `partner_center.renewal`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from data_access import formats, titles
from data_access.partner_center import renewal
from data_access.partner_center.renewal import Action, NextTerm

RENEWS, EXTENDED, UNDECIDED, OTHER = "renews", "extendedServiceTerm", "undecided", "other"
#: The outcomes of what has an end ahead, in the order in which people should see them, and what each is called.
TITLES = {
    UNDECIDED: "Undecided",
    EXTENDED: "Extended service term",
    RENEWS: "Renews",
    "ends": "Ends",
    "expires": "Expires",
    OTHER: "Something else",
}
OUTCOMES = tuple(TITLES)
#: What every outcome is called, also of what is over or has no end.
ALL_TITLES = TITLES | {"none": "Over", "noEnd": "No end"}
TERMS = {"P1M": "1 month", "P1Y": "1 year", "P3Y": "3 years"}
#: What becomes at its end of a subscription for which nobody has decided, or that rolls into the extended service term.
PAID_MONTHLY = "paid monthly at about +3\u00a0%"
#: The outcomes for which somebody can decide otherwise until the end, and has to, or it costs more.
TO_DECIDE = (UNDECIDED, EXTENDED)
#: The outcomes after which there is a term of which Microsoft may have been told.
_WITH_NEXT_TERM = (RENEWS, OTHER)
#: Nothing is known of what the catalogue calls its SKUs.
NO_TITLES: Mapping[str, str] = MappingProxyType({})
#: What is scheduled next for each subscription, see there.
next_actions = renewal.next_actions


def next_products(table: pd.DataFrame, called: Mapping[str, str]) -> pd.Series:
    """The product that each subscription becomes at its end, where that is another one than its own, else missing.

    It is called as in the catalogue, or else as other subscriptions of it are, or else by the ids of its product and
    SKU.
    """
    found = pd.Series(None, index=table.index, dtype="str")
    cells = [name for name in ("scheduledActions", "scheduledNextTermInstructions") if name in table]
    told = table[table[cells].notna().any(axis=1) & table["renewalOutcome"].isin(_WITH_NEXT_TERM)]
    if told.empty or "offerId" not in table:
        return found
    offers = table["offerId"].map(_sku, na_action="ignore")
    is_named = table["offerName"].fillna("").str.strip() != ""
    names = {**dict(zip(offers[is_named], table.loc[is_named, "offerName"], strict=True)), **called}
    for index, action in zip(told.index, next_actions(told), strict=True):
        product, own = action.next_term.product, offers[index]
        if product and not (isinstance(own, str) and _is_of(own, product.upper())):
            found[index] = names.get(product.upper(), product)
    return found


def _sku(offer: str) -> str:
    """The ids of product and SKU with which the id of an offer begins, in capitals."""
    return ":".join(offer.split(":")[:2]).strip().upper()


def _is_of(own: str, product: str) -> bool:
    """Whether a SKU is of a product that may be named without one."""
    return own == product or own.startswith(f"{product}:")


def in_next_term(table: pd.DataFrame, actions: Sequence[Action]) -> list[str]:
    """What of each subscription of `judged` changes at its end, such as " as Visio Plan 2 with 7 seats for 3 years".

    `actions`: as `next_actions` gives them. Nothing where nothing changes, or there is no next term.
    """
    cycles = table.get("billingCycle", pd.Series(None, table.index, dtype="object"))
    is_told = np.array([action.next_term != NextTerm() for action in actions], dtype=bool)
    places = np.flatnonzero(is_told & table["renewalOutcome"].isin(_WITH_NEXT_TERM).to_numpy()).tolist()
    said = [""] * len(table)
    rows = table.assign(billingCycle=cycles).iloc[places]
    now = zip(*(rows[name] for name in ("nextProduct", "quantity", "termDuration", "billingCycle")), strict=True)
    for place, values in zip(places, now, strict=True):
        said[place] = _changes(actions[place].next_term, *values)
    return said


def _changes(then: NextTerm, product: Any, quantity: Any, term: Any, cycle: Any) -> str:
    said = f" as {titles.product_title(product)}" if isinstance(product, str) else ""
    if then.quantity is not None and (pd.isna(quantity) or then.quantity != quantity):
        said += f" with {formats.number(then.quantity, 'seat')}"
    if then.duration and then.duration != term:
        said += f" for {TERMS.get(then.duration, then.duration)}"
    if then.billing and _evened(then.billing) != _evened(cycle):
        said += f", {billing(then.billing)} billing"
    if then.end:
        said += f", until {formats.day(then.end)}"
    return said


def billing(cycle: str) -> str:
    """How a subscription is billed, in words: Microsoft writes `monthly`, `Annual` and `One_Time`."""
    return re.sub("_+", " ", cycle).lower()


def _evened(cycle: Any) -> str:
    return re.sub(r"[_\s]+", "", cycle).lower() if isinstance(cycle, str) else ""


def becomes(table: pd.DataFrame) -> list[str]:
    """What becomes of each subscription of `judged`, in some words; Microsoft's own where it is not known to us."""
    actions = next_actions(table)
    changes = in_next_term(table, actions)
    return [
        (in_microsofts_word(action) if outcome == OTHER else TITLES.get(outcome, outcome)) + change
        for outcome, action, change in zip(table["renewalOutcome"].astype("str"), actions, changes, strict=True)
    ]


def in_microsofts_word(action: Action) -> str:
    """What is scheduled, where its word is not known to us."""
    if not action.word.strip():
        return "Something is scheduled; Microsoft does not say what"
    return f"Microsoft says: {action.word}"
