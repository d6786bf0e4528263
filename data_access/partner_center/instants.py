"""Dates as Microsoft writes them: ISO 8601, with and without a zone, with up to seven digits after the second."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)", re.ASCII)
_SPACES = re.compile(r"(?<=[-T:.])\s+|\s+(?=[-T:.Z])")  # Microsoft's samples have "2026-12-14T 23:59:59Z"
_FURTHER = re.compile(r"\.\d{6}(\d*[1-9])", re.ASCII)  # the digits after the sixth, which a datetime has no room for
#: .NET's smallest and largest date, which stand for none; sibling calls send 0001-01-01T00:00:00, and a subscription
#: without an end has one in the year 9999.
_FIRST_YEAR, _LAST_YEAR = 1, 9999


def _iso_date(value: Any) -> Any:
    # pydantic would take a bare number for seconds since 1970.
    if value is not None and not (isinstance(value, str) and _ISO_DATE.match(value)):
        raise PydanticCustomError("iso_date", "is not an ISO 8601 date")
    return value


def _utc(value: datetime | None) -> datetime | None:
    # The commercial calls send no offset; "Analytics resources" gives all dates as UTC.
    if value is None or value.year == _FIRST_YEAR:
        return None
    if value.tzinfo is None or value.year == _LAST_YEAR:
        return value.replace(tzinfo=UTC)
    return value.astimezone(UTC)


def _none_in_the_last_year(value: datetime | None) -> datetime | None:
    return None if value is None or is_never(value) else value


def _without_spaces(value: str) -> str:
    return _SPACES.sub("", value.strip())


_Utc = Annotated[datetime | None, BeforeValidator(_iso_date), AfterValidator(_utc)]
_read_instant = TypeAdapter(Annotated[_Utc, AfterValidator(_none_in_the_last_year)]).validate_python
_read_known_instant = lru_cache(maxsize=4096)(_read_instant)
_read_moment = lru_cache(maxsize=4096)(TypeAdapter(_Utc).validate_python)


def instant(value: Any) -> datetime | None:
    """A date as UTC; None for .NET's smallest and largest, and for no text. Raises pydantic's errors for no date."""
    if not isinstance(value, str):
        return _read_instant(value)
    # Many thousand rows share a handful of dates.
    return _read_known_instant(value) if value.strip() else None


def sent(value: Any) -> Any:
    """A date as it was sent, looked at and found to be one; an empty text is none, and so is .NET's smallest date.

    Raises pydantic's errors.
    """
    if isinstance(value, str):
        return value if value.strip() and _read_moment(_without_spaces(value)) else None
    return _read_instant(value)


def moment(value: Any) -> datetime | None:
    """A date as UTC, one in the year 9999 included; None where there is none, or none that can be read."""
    try:
        return _read_moment(_without_spaces(value)) if isinstance(value, str) else None
    except ValidationError:
        return None


def stated(value: Any) -> datetime | None:
    """A date as UTC; None where there is none, none that can be read, or one that stands for none."""
    return _none_in_the_last_year(moment(value))


def exact(value: Any) -> tuple[datetime, str] | None:
    """What orders dates by all of their digits: what is `stated`, and what follows the microseconds; None likewise."""
    at = stated(value)
    if at is None:
        return None
    found = _FURTHER.search(value)
    return at, found[1] if found else ""


def is_never(value: datetime) -> bool:
    """Whether a date stands for none: a term that ends then does not end."""
    return value.year == _LAST_YEAR
