"""Answers: what a call for a collection gave, how far it has come, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import pandas as pd

from data_access.errors import Details, PartnerCenterError, Unreadable
from data_access.partner_center import raw_pages, wire
from data_access.partner_center.catalog import Collection


@dataclass(frozen=True, slots=True)
class Step:
    """How far a fetch has come, with a text for the user; `total` is None where it is unknown."""

    text: str
    rows: int = 0
    total: int | None = None


Progress = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class OfCustomers:
    """The customers that an answer has no rows of, or no new ones, by why; their tenant ids in capitals, sorted."""

    empty: tuple[str, ...] = ()  # read, and without a row
    refused: tuple[str, ...] = ()  # 403: the account has no role there
    gone: tuple[str, ...] = ()  # the service does not know them any more
    failed: tuple[str, ...] = ()  # no answer, a second time, or not tried any more
    failure: PartnerCenterError | None = None  # why the first of these failed
    earlier: Mapping[str, datetime] = field(default_factory=dict)  # not read now; the rows are those of that time (UTC)

    @classmethod
    def named_by(cls, error: PartnerCenterError) -> OfCustomers:
        """Those whom an error befell that stands for many."""
        return cls(**{why: error.unread.get(why, ()) for why in ("refused", "gone", "failed")})  # type: ignore[arg-type]

    @property
    def unread(self) -> tuple[str, ...]:
        """Those whose figures are not known, and are not zero."""
        return (*self.refused, *self.gone, *self.failed)


@dataclass(frozen=True, eq=False)
class Answer:
    """One collection as fetched: the readable rows as a frame, the others with their positions and reasons."""

    collection: Collection
    frame: pd.DataFrame
    set_aside: tuple[wire.SetAside, ...]
    announced: int | None  # the number of rows by the service's own count
    fetched_at: datetime  # UTC
    correlation_id: str
    pages: raw_pages.Pages | None = None  # the pages as they arrived, where the caller asked for them
    twice: int = 0  # rows that came on two pages and were counted once
    of_customers: OfCustomers = OfCustomers()  # about many customers: who was read without a row, and who was not read
    titles: Mapping[str, str] = field(default_factory=dict)  # of subscriptions: of SKUs, as the catalogue has them
    is_part: bool = False  # whether the rows are those of some customers, out of a larger answer

    @property
    def missing(self) -> int:
        """The number of rows that were announced and did not come."""
        return max(0, (self.announced or 0) - len(self.frame) - len(self.set_aside))

    def part(self, frame: pd.DataFrame) -> Answer:
        """The answer with these of its rows alone; as many rows are missing, of which nobody knows whose they are."""
        announced = self.missing + len(frame) + len(self.set_aside)
        return replace(self, frame=frame, announced=announced, pages=None, is_part=True)


def refuse_unreadable(set_aside: Sequence[wire.SetAside], rows: int, correlation_id: str) -> None:
    """Raise Unreadable where not one of the rows that came could be read."""
    if set_aside and len(set_aside) == rows:
        raise Unreadable(
            f"None of the {rows:,} rows can be read; the first: {set_aside[0].reason}.",
            "The service may have changed its format; look for a newer version of this program.",
            Details(correlation_id=correlation_id),
        )


class Answers(Protocol):
    """Whatever answers for a whole collection: a client, or a history."""

    def fetch(self, collection: Collection, *, progress: Progress) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last call for a collection ended: with `rows` rows, or with an error."""

    at: datetime  # UTC, when it began
    seconds: float
    correlation_id: str
    rows: int | None
    error: PartnerCenterError | None = None
    is_of_customer: bool = False  # the error is one customer's refusal, or that it has left: no word on the others

    @property
    def failed(self) -> bool:
        """Whether the collection could not be read, as far as this call tells."""
        return self.error is not None and not self.is_of_customer
