"""Row types, one per collection, and the reader that checks each row as it arrives.

A row is read leniently where Microsoft's own spellings vary (numbers as strings, dates with and without a zone), and
set aside where reading it would be a guess. Sources: the Partner Center page "Analytics resources", the six pages named
in `catalog`, and recorded answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Annotated, Any, NotRequired, get_type_hints

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from data_access import texts

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*", re.ASCII)
#: .NET's smallest and largest date, which stand for none; sibling calls send 0001-01-01T00:00:00.
_YEARS_OF_NO_DATE = (1, 9999)
#: What .NET writes for a number that is none, such as a part of nothing; with a sign or without.
_NO_NUMBERS = frozenset({"nan", "infinity"})
#: Beyond these a row is set aside.
MOST_LICENSES = 10**12  # in one row; a sum of them stays within 64 bits
HIGHEST_PERCENT = 10**6  # percent points


def _plain_number(value: Any) -> Any:
    # pydantic would take true for 1 and "1_000" for 1000; neither is a number that Microsoft sends.
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        raise PydanticCustomError("plain_number", "is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "is not a finite number")
    return value


def _number_or_none(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lstrip("+-").casefold() in _NO_NUMBERS:
        return None
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _iso_date(value: Any) -> Any:
    # pydantic would take a bare number for seconds since 1970.
    if value is not None and not (isinstance(value, str) and _ISO_DATE.match(value)):
        raise PydanticCustomError("iso_date", "is not an ISO 8601 date")
    return value


def _utc(value: datetime | None) -> datetime | None:
    # The commercial calls send no offset; "Analytics resources" gives all dates as UTC.
    if value is None or value.year in _YEARS_OF_NO_DATE:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _percent_of_something(row: dict[str, Any]) -> dict[str, Any]:
    # Without a percent the row would count as sold and not deployed, and lower every total unnoticed.
    if row["licensesSold"] and row.get("proratedDeploymentPercent") is None:
        raise PydanticCustomError("percent_missing", "proratedDeploymentPercent is missing")
    return row


_read_instant = TypeAdapter(
    Annotated[datetime | None, BeforeValidator(_iso_date), AfterValidator(_utc)]
).validate_python
_read_known_instant = lru_cache(maxsize=4096)(_read_instant)


def _instant(value: Any) -> datetime | None:
    # Many thousand rows share a handful of dates.
    return _read_known_instant(value) if isinstance(value, str) else _read_instant(value)


_A_COUNT = Field(ge=0, lt=MOST_LICENSES)

# Texts stay as they were sent, white space included.
Code = Annotated[str, Field(pattern=r"\S")]
Name = Annotated[str, Field(min_length=0)] | None  # looked at, and so found where it holds half a character
# A number as documented is read without a detour through Python; every other spelling takes the lenient way.
Count = Annotated[
    Annotated[int, Field(strict=True), _A_COUNT] | Annotated[int, BeforeValidator(_plain_number), _A_COUNT],
    Field(union_mode="left_to_right"),
]
Percent = Annotated[
    Annotated[float, BeforeValidator(_plain_number), Field(ge=0, le=HIGHEST_PERCENT)] | None,
    BeforeValidator(_number_or_none),
]
Instant = Annotated[datetime | None, PlainValidator(_instant)]

_as_it_arrives = with_config(ConfigDict(extra="allow", hide_input_in_errors=True))


@_as_it_arrives
class PartnerDeployment(TypedDict):
    serviceName: Code
    channel: Code
    licensesSold: Count
    proratedDeploymentPercent: NotRequired[Percent]
    processedDateTime: NotRequired[Instant]


@_as_it_arrives
class PartnerUsage(TypedDict):
    serviceName: Code
    workloadName: Code
    channel: Code
    proratedLicensesUsagePercent: NotRequired[Percent]
    processedDateTime: NotRequired[Instant]


@_as_it_arrives
class CustomerDeployment(TypedDict):
    customerName: NotRequired[Name]
    productName: Code
    serviceName: Code
    channel: Code
    licensesDeployed: Count
    licensesSold: Count
    deploymentPercent: NotRequired[Percent]
    processedDateTime: NotRequired[Instant]


@_as_it_arrives
class CustomerUsage(TypedDict):
    customerName: NotRequired[Name]
    productName: Code
    workloadName: Code
    serviceName: Code
    channel: Code
    licensesActive: Count
    licensesQualified: Count
    usagePercent: NotRequired[Percent]
    processedDateTime: NotRequired[Instant]


@_as_it_arrives
class CommercialDeployment(TypedDict):
    processedDateTime: NotRequired[Instant]
    serviceCode: Code
    serviceName: NotRequired[Name]
    channel: Code
    customerTenantId: Code
    customerName: NotRequired[Name]
    productId: NotRequired[Name]
    productName: NotRequired[Name]
    licensesDeployed: Count
    licensesSold: Count


@_as_it_arrives
class CommercialUsage(TypedDict):
    processedDateTime: NotRequired[Instant]
    workloadCode: NotRequired[Name]
    workloadName: NotRequired[Name]
    serviceCode: Code
    serviceName: NotRequired[Name]
    channel: Code
    customerTenantId: Code
    customerName: NotRequired[Name]
    productId: NotRequired[Name]
    productName: NotRequired[Name]
    licensesActive: Count
    licensesQualified: Count


@cache
def grouped(row: type, fields: tuple[str, ...]) -> type:
    """The row type of a commercial collection with `groupby`: the fields grouped by, and the two counts."""
    kinds = get_type_hints(row, include_extras=True)
    counts = {name: kind for name, kind in kinds.items() if name.startswith("licenses")}
    # mypy follows literal names and fields alone; these depend on the query.
    made: type = _as_it_arrives(TypedDict(f"{row.__name__}Grouped", dict.fromkeys(fields, Name) | counts))  # type: ignore[operator]
    return made


_WHOLE_ROW_RULES: dict[type, AfterValidator] = {PartnerDeployment: AfterValidator(_percent_of_something)}

#: On the page "Get licenses usage information" the sample spells this field differently from the table above it.
_OTHER_NAMES = {"licenseActive": "licensesActive"}


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that could not be read. `position` counts from 1 over the whole answer."""

    position: int
    reason: str


@cache
def _reader(row: type) -> TypeAdapter[dict[str, Any]]:
    rule = _WHOLE_ROW_RULES.get(row)
    annotated: Any = Annotated[row, rule] if rule else row
    return TypeAdapter(annotated)


@cache
def _names(row: type) -> dict[str, str]:
    """The fields of a row, by what all spellings of their names have in common."""
    names = {texts.key(old): new for old, new in _OTHER_NAMES.items() if new in row.__annotations__}
    return names | {texts.key(name): name for name in row.__annotations__}


@lru_cache(maxsize=256)
def _renames(row: type, sent: tuple[str, ...]) -> dict[str, str]:
    """The fields of one row that are spelled otherwise than ours, each with the name that it means."""
    names, found = _names(row), dict[str, str]()
    for field in sent:
        name = names.get(texts.key(field), field)
        if name not in sent and name not in found.values():
            found[field] = name
    return found


def read(row: type, arrived: Iterable[object]) -> tuple[list[dict[str, Any]], list[SetAside]]:
    """Read rows of one collection; `row` is one of the types above.

    Returns the readable rows (known fields typed, unknown ones untouched), and the others with their reasons.
    A field whose name differs in capitals alone is the one that we know, unless the row has both.
    """
    validate, known = _reader(row).validate_python, row.__annotations__.keys()
    readable: list[dict[str, Any]] = []
    set_aside: list[SetAside] = []
    for position, raw in enumerate(arrived, start=1):
        try:
            if isinstance(raw, dict) and not raw.keys() <= known and (renames := _renames(row, tuple(raw))):
                readable.append(validate({renames.get(field, field): value for field, value in raw.items()}))
            else:
                readable.append(validate(raw))
        except ValidationError as error:
            set_aside.append(SetAside(position, _reason(error)))
    return readable, set_aside


def _reason(error: ValidationError) -> str:
    """The fields at fault and what is wrong with each, never a value: it may be a customer's name."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    last = {problem["loc"][:1]: problem for problem in problems}  # of several ways to read a field, the lenient one
    return "; ".join(
        " ".join([*(str(part) for part in where), _WORDS.get(problem["type"], problem["msg"])])
        for where, problem in last.items()
    )


_WORDS = {
    "missing": "is missing",
    "string_type": "is not text",
    "string_pattern_mismatch": "is empty",
    "string_unicode": "holds broken characters",
    "int_type": "is not a number",
    "int_from_float": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_parsing_size": "is too large",
    "float_type": "is not a number",
    "float_parsing": "is not a number",
    "finite_number": "is not a finite number",
    "greater_than_equal": "is negative",
    "less_than": "is too large",
    "less_than_equal": "is too large",
    "dict_type": "row is not an object",
}
