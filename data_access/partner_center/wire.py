"""Row types, one per collection, and the reader that checks each row as it arrives.

A row is read leniently where Microsoft's own spellings vary (numbers as strings, dates with and without a zone), and
set aside where reading it would be a guess. Sources: the Partner Center page "Analytics resources", the pages named in
`catalog`, and recorded answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
from data_access.partner_center import instants, renewal

_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*", re.ASCII)
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


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _flag(value: Any) -> bool | None:
    # pydantic would take 1 and "yes" for true.
    if value is None or isinstance(value, bool):
        return value
    try:
        return {"true": True, "false": False, "": None}[texts.key(value)]
    except (KeyError, AttributeError):
        raise PydanticCustomError("flag", "is neither true nor false") from None


def _percent_of_something(row: dict[str, Any]) -> dict[str, Any]:
    # Without a percent the row would count as sold and not deployed, and lower every total unnoticed.
    if row["licensesSold"] and row.get("proratedDeploymentPercent") is None:
        raise PydanticCustomError("percent_missing", "proratedDeploymentPercent is missing")
    return row


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
Instant = Annotated[datetime | None, PlainValidator(instants.instant)]
# What the calls about customers send may be absent from any row; dates stay as they were sent.
Units = Annotated[Count | None, BeforeValidator(_empty_is_none)]
Difference = Annotated[
    Annotated[int, BeforeValidator(_plain_number), Field(gt=-MOST_LICENSES, lt=MOST_LICENSES)] | None,
    BeforeValidator(_empty_is_none),
]
Flag = Annotated[bool | None, PlainValidator(_flag)]
Date = Annotated[str | None, PlainValidator(instants.sent)]

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


@_as_it_arrives
class Customer(TypedDict):
    customerTenantId: Code
    customerName: NotRequired[Name]
    domain: NotRequired[Name]
    relationshipToPartner: NotRequired[Name]


@_as_it_arrives
class Subscription(TypedDict):
    customerTenantId: NotRequired[Name]
    customerName: NotRequired[Name]
    id: Code
    parentSubscriptionId: NotRequired[Name]
    offerId: NotRequired[Name]
    offerName: NotRequired[Name]
    productId: NotRequired[Name]
    quantity: NotRequired[Units]
    status: NotRequired[Name]
    isTrial: NotRequired[Flag]
    autoRenewEnabled: NotRequired[Flag]
    termDuration: NotRequired[Name]
    billingCycle: NotRequired[Name]
    effectiveStartDate: NotRequired[Date]
    commitmentEndDate: NotRequired[Date]
    commitmentEndDateTime: NotRequired[Date]
    cancellationAllowedUntilDate: NotRequired[Date]
    scheduledActions: NotRequired[Any]
    renewalOutcome: NotRequired[Name]


@_as_it_arrives
class Seats(TypedDict):
    customerTenantId: NotRequired[Name]
    customerName: NotRequired[Name]
    productId: NotRequired[Name]
    productName: NotRequired[Name]
    skuPartNumber: NotRequired[Name]
    targetType: NotRequired[Name]
    capabilityStatus: NotRequired[Name]
    activeUnits: NotRequired[Units]
    consumedUnits: NotRequired[Units]
    availableUnits: NotRequired[Difference]  # less than none where more are assigned than there are
    warningUnits: NotRequired[Units]
    suspendedUnits: NotRequired[Units]
    totalUnits: NotRequired[Units]


@cache
def grouped(row: type, fields: tuple[str, ...]) -> type:
    """The row type of a commercial collection with `groupby`: the fields grouped by, and the two counts."""
    kinds = get_type_hints(row, include_extras=True)
    counts = {name: kind for name, kind in kinds.items() if name.startswith("licenses")}
    fields_of_it = dict.fromkeys(fields, Name) | counts
    made: type = _as_it_arrives(
        TypedDict(f"{row.__name__}Grouped", fields_of_it)  # type: ignore[operator]  # they depend on the query
    )
    return made


_WHOLE_ROW_RULES: dict[type, AfterValidator] = {PartnerDeployment: AfterValidator(_percent_of_something)}

#: Fields that are no columns of ours and are known all the same: what they say is read by these names.
_FURTHER = {
    Customer: ("id", "companyProfile", "attributes"),
    Subscription: ("productType", "billingType", "scheduledNextTermInstructions", "links", "attributes"),
    Seats: ("productSku", "attributes"),
}

#: On the page "Get licenses usage information" the sample spells this field differently from the table above it.
_OTHER_NAMES = {"licenseActive": "licensesActive"}


def _in_capitals(row: dict[str, Any], name: str) -> dict[str, Any]:
    sent = row.get(name)
    return row | {name: texts.identifier(sent)} if isinstance(sent, str) else row


def _subscription(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "renewalOutcome": renewal.outcome(row),
        "scheduledActions": texts.written(row.get("scheduledActions")),
    }


@dataclass(frozen=True, slots=True)
class _Shape:
    """The columns of a row that Microsoft does not send as they are.

    `lifted` come out of objects, the first one that has it; `ours` are worked out or taken from elsewhere. `finished`
    is what is made of a row once it has been read.
    """

    lifted: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    ours: tuple[str, ...] = ()
    finished: Callable[[dict[str, Any]], dict[str, Any]] = dict

    def of(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with these columns; a field of Microsoft's under the name of one of them gets another name."""
        found = {
            name: value for name, paths in self.lifted.items() if (value := _first(row, paths)) is not None
        } | dict.fromkeys(self.ours)
        if found.keys().isdisjoint(row):
            return row | found
        renames = texts.apart((name for name in row if name in found), row)
        return {renames.get(name, name): value for name, value in row.items()} | found


def _first(row: Mapping[str, Any], paths: Iterable[tuple[str, ...]]) -> Any:
    """The value at the first of these paths through objects that leads to one; None where none does."""
    for path in paths:
        value: Any = row
        for step in path:
            value = texts.field(value, step) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


_SHAPES: dict[type, _Shape] = {
    Customer: _Shape(
        {
            "customerTenantId": (("companyProfile", "tenantId"), ("id",)),
            "customerName": (("companyProfile", "companyName"),),
            "domain": (("companyProfile", "domain"),),
        },
        finished=lambda row: _in_capitals(row, "customerTenantId"),
    ),
    Subscription: _Shape(
        ours=("customerTenantId", "customerName", "productId", "renewalOutcome"), finished=_subscription
    ),
    Seats: _Shape(
        {
            "productId": (("productSku", "id"),),
            "productName": (("productSku", "name"),),
            "skuPartNumber": (("productSku", "skuPartNumber"),),
            "targetType": (("productSku", "targetType"),),
        },
        ours=("customerTenantId", "customerName"),
        finished=lambda row: _in_capitals(row, "productId"),
    ),
}


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that could not be read. `position` counts from 1 over the whole answer.

    `identity`: what tells the row apart, as far as that could be read: our names of columns, each with its text as it
    was sent; and the name of the customer, where the customer is known.
    """

    position: int
    reason: str
    identity: tuple[tuple[str, str], ...] = ()


_TELL_APART = ("channel", "customerTenantId", "productId", "productName")


@cache
def _reader(row: type) -> TypeAdapter[dict[str, Any]]:
    rule = _WHOLE_ROW_RULES.get(row)
    annotated: Any = Annotated[row, rule] if rule else row
    return TypeAdapter(annotated)


@cache
def _names(row: type) -> dict[str, str]:
    """The fields of a row, by what all spellings of their names have in common."""
    names = {texts.key(old): new for old, new in _OTHER_NAMES.items() if new in row.__annotations__}
    return names | {texts.key(name): name for name in (*row.__annotations__, *_FURTHER.get(row, ()))}


@lru_cache(maxsize=256)
def _renames(row: type, sent: tuple[str, ...]) -> dict[str, str]:
    """The fields of one row that are spelled otherwise than ours, each with the name that it means."""
    names, found, taken = _names(row), dict[str, str](), set(sent)
    for spelled in sent:
        name = names.get(texts.key(spelled), spelled)
        if name not in taken:
            found[spelled] = name
            taken.add(name)
    return found


#: Fields of all rows of a page that are not ours, or spelled otherwise. Each becomes a column.
MOST_UNKNOWN = 500
_TOO_MANY = f"would make more than {MOST_UNKNOWN} columns of fields that are not known"


def read(row: type, arrived: Iterable[object]) -> tuple[list[dict[str, Any]], list[SetAside]]:
    """Read rows of one collection; `row` is one of the types above.

    Returns the readable rows (known fields typed, unknown ones untouched), and the others with their reasons.
    A field whose name differs in capitals alone is the one that we know, unless the row has both.
    """
    validate, known, shape = _reader(row).validate_python, row.__annotations__.keys(), _SHAPES.get(row)
    readable: list[dict[str, Any]] = []
    set_aside: list[SetAside] = []
    unknown = frozenset[str]()
    for position, raw in enumerate(arrived, start=1):
        sent = raw
        try:
            if isinstance(raw, dict) and not raw.keys() <= known:
                fields = unknown | (raw.keys() - known)
                if len(fields) > MOST_UNKNOWN:
                    set_aside.append(SetAside(position, _TOO_MANY, _identity(row, sent)))
                    continue
                unknown = fields
                if renames := _renames(row, tuple(raw)):
                    sent = {renames.get(name, name): value for name, value in raw.items()}
            if shape and isinstance(sent, dict):
                readable.append(shape.finished(validate(shape.of(sent))))
            else:
                readable.append(validate(sent))
        except ValidationError as error:
            set_aside.append(SetAside(position, _reason(error), _identity(row, sent)))
    return readable, set_aside


def _identity(row: type, sent: object) -> tuple[tuple[str, str], ...]:
    """What tells a row apart, of what could be read of it."""
    if not isinstance(sent, dict):
        return ()
    fields = {name: name for name in _TELL_APART if name in row.__annotations__}
    fields["service"] = "serviceCode" if "serviceCode" in row.__annotations__ else "serviceName"
    found = {name: sent.get(field) for name, field in fields.items()}
    if isinstance(found.get("customerTenantId"), str):
        found["customerName"] = sent.get("customerName")
    return tuple(
        (name, text)
        for name, text in found.items()
        if isinstance(text, str) and texts.key(text) and texts.is_whole(text)
    )


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
