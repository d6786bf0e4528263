"""Mutes: of what nothing is said until a day, and why; and seats that may be spare. Totals never change by either.

What is muted is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from data_access import formats, texts
from data_access.foreign_text import is_guid

#: Beside the number of lines that are muted, wherever sums are told.
IN_SUMS: Final = "Sums include what is muted."
LONGEST_REASON: Final = 200  # characters of a reason that is given on a page
MOST_DAYS: Final = 366  # for which a page mutes


def _guid(text: str) -> str:
    if not is_guid(text):
        raise ValueError("is no GUID")
    return text.upper()


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Guid = Annotated[Text, AfterValidator(_guid)]


class Mute(BaseModel):
    """A customer, a product, or a product at a customer, of which nothing is said before 00:00 UTC of `until`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    customer: Guid | None = None
    product: Guid | None = None
    reason: Text
    until: date

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if self.customer is None and self.product is None:
            raise ValueError("names neither a customer nor a product")
        if isinstance(self.until, datetime):
            raise ValueError("until is a day such as 2027-01-31, without a time")  # noqa: TRY004 - see pydantic
        return self

    def holds(self, at: datetime) -> bool:
        """Whether it has not ended at an instant."""
        return at < datetime(self.until.year, self.until.month, self.until.day, tzinfo=UTC)

    def covers(self, customer: str, product: str | None) -> bool:
        """Whether it is about this customer, and this product of the customer's; ids without regard to case."""
        return (self.customer is None or self.customer == texts.identifier(customer)) and (
            self.product is None or (product is not None and self.product == texts.identifier(product))
        )


class Spare(BaseModel):
    """So many seats of a product at a customer may stay unassigned: they are no reason to call."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    customer: Guid
    product: Guid
    seats: Annotated[int, Field(ge=0)]


def of(mutes: Iterable[Mute], customer: str, product: str | None) -> Mute | None:
    """The mute of a line, the one that ends last; None where none is about it."""
    return max((mute for mute in mutes if mute.covers(customer, product)), key=lambda mute: mute.until, default=None)


def said(mute: Mute) -> str:
    """Until when something is muted, and why."""
    return f"Muted until {formats.day(mute.until)}: {formats.on_one_line(mute.reason)}"


def counted(muted: Sequence[Mute]) -> list[str]:
    """How many lines are muted, until when and why, for the mute of each line."""
    lines = Counter((mute.until, formats.on_one_line(mute.reason)) for mute in muted)
    return [f"{count} muted, until {formats.day(until)}: {reason}" for (until, reason), count in lines.items()]


def problem(reason: str, until: date | None, today: date) -> str:
    """Why a page cannot mute like that, in words; `today` is the day in UTC."""
    if not formats.on_one_line(reason):
        return "Give a reason."
    if len(reason) > LONGEST_REASON:
        return f"The reason has more than {LONGEST_REASON} characters."
    if until is None:
        return "Choose the day on which the mute ends."
    if until <= today:
        return "The mute ends on a day after today (UTC)."
    if until > today + timedelta(days=MOST_DAYS):
        return f"A mute lasts {MOST_DAYS} days at most."
    return ""
