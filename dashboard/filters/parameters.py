"""Every link parameter, described once; and what each page is asked to show, as a frozen value of its own.

A page's filters are a dataclass whose fields are its parameters. A class for each page rather than one for all: what is
worked out is remembered by these values, so a page is worked out anew for its own choices alone. Nothing here draws.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from dashboard import audit
from dashboard.filters import levels
from dashboard.filters.dates import RANGES, USUAL, Dates, Range, TwoDates
from dashboard.filters.kinds import Choice, Limit, Number, Parameter, Several, Text
from dashboard.filters.rows import Rows
from data_access import Selection, measures, titles
from data_access.measures import outcomes, reach, renewals
from data_access.measures.changes import Status

CHANNEL = Several("channel", "Channel", words=titles.channel_title, wraps=False)
SERVICE = Several(
    "service",
    "Service",
    words=titles.service_title,
    widget="list",
    placeholder="All services",
    known_by_code=True,
)
SORT = Choice(
    "sort", "Sort by", {"gap": "Most not deployed", "percent": "Lowest %", "sold": "Most sold", "name": "Name"}
)
#: The same on Usage, whose gap is between what is deployed and what is used.
USAGE_SORT = replace(SORT, options={**SORT.options, "gap": "Most not used"})
USAGE_TARGET = Number(
    "usagetarget", "Usage target %", usual=measures.DEFAULT_USAGE_TARGET, least=0.0, most=1000.0, step=5.0
)
TARGET = Number("target", "Target %", usual=measures.DEFAULT_TARGET, least=0.0, most=1000.0, step=5.0)
BELOW = Limit("below", "Deployed below %", least=0.0, most=1000.0, step=5.0)
ATLEAST = Limit("atleast", "Not deployed at least", least=0.0, most=1e12, step=10.0)
BAND = Choice("band", "Band", {"all": "All", "out": "Out of the band"})
SEARCH = Text("search", "Search", longest=200)
RANGE = Range("range", "Range", RANGES, usual=USUAL)
MEASURE = Choice(
    "measure", "Show", {"percent": "Deployment %", "sold": "Sold", "deployed": "Deployed", "undeployed": "Not deployed"}
)
BY = Choice("by", "By", {"service": "Service", "channel": "Channel"})
ORDER = Choice("order", "First", {"gap": "Most not deployed", "falling": "Falling most", "name": "Name"})
LEVEL = Choice("level", "Compare", levels.TITLES, closed=levels.closed_to(customers=False))
DATES = TwoDates("dates", "Dates")
STATUS = Several("status", "What became of them", [status.value for status in Status], has_heading=False)
HORIZON = Choice("horizon", "Ends within", {f"{days}": f"{days} days" for days in renewals.HORIZONS})
ACT = Choice("act", "Last day to act", {"all": "Any", f"{reach.DAYS}": f"Within {reach.DAYS} days"})
OUTCOME = Several("outcome", "Outcome", outcomes.OUTCOMES, words=outcomes.TITLES.__getitem__)
#: Which customer a page is about; set by a click and not by a widget.
CUSTOMER = Text("customer", "Customer", longest=64)
#: Which rows of its table a page shows; set by a click in the table. Nothing is worked out by it.
ROWS = Rows("rows", "Rows")

#: The day (ISO 8601, UTC) whose figures are on screen, as they were known at its end; nothing for the newest ones.
ASOF = Text("asof", "As known on", longest=40)
#: Whose customers are on screen; `security.sight` says what becomes of it.
BOOK = Text("book", "Book", longest=200)

DAYS = Choice(
    "days",
    "Since",
    {"1": "Today", "7": "Last 7 days", "30": "Last 30 days", "365": "Last 365 days"},
    usual="7",
)
ACTION = Several(
    "action", "What", [audit.SIGNED_IN, audit.SIGNED_OUT, audit.LOOKED, audit.REFUSED, audit.TOOK, audit.MUTED]
)

#: What the bar of each page draws of these, in its order.
BAR: tuple[Parameter[Any], ...] = (CHANNEL, SERVICE, TARGET)
#: What *Clear* takes out of a link.
CLEARED: tuple[Parameter[Any], ...] = (*BAR, SEARCH, BELOW, ATLEAST, BAND, ACT, STATUS, ACTION)
#: What goes along from one page to the next.
SHARED: tuple[Parameter[Any], ...] = (BOOK, ASOF, CHANNEL, SERVICE, SORT, TARGET, RANGE, DATES)

T = TypeVar("T")
_PARAMETER = "parameter"


def _field(parameter: Parameter[T]) -> T:
    """The field of a page's filters for a parameter; it bears the parameter's name."""
    return field(default=parameter.default, metadata={_PARAMETER: parameter})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What can be chosen on every page that has filters."""

    channel: tuple[str, ...] = _field(CHANNEL)
    service: tuple[str, ...] = _field(SERVICE)

    @property
    def selection(self) -> Selection:
        return Selection.of(self.channel, self.service)

    def to(self, page: type[F]) -> F:
        """The filters of another page, the same as far as both have them."""
        return page(**{name: getattr(self, name) for name in declared(page).keys() & declared(type(self)).keys()})


F = TypeVar("F", bound=Filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsFilters(Filters):
    """What decides on a chart of bars, and the table behind it."""

    sort: str = _field(SORT)
    target: float = _field(TARGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewFilters(BarsFilters):
    """The Overview's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilters(Filters):
    """Those of the Usage page, which has a target of its own."""

    sort: str = _field(USAGE_SORT)
    usagetarget: float = _field(USAGE_TARGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersFilters(BarsFilters):
    """Those of the Customers page, for all customers."""

    search: str = _field(SEARCH)
    below: float | None = _field(BELOW)
    atleast: float | None = _field(ATLEAST)
    band: str = _field(BAND)

    @property
    def narrows(self) -> bool:
        """Whether the list may lack some customers of the selection."""
        return bool(self.search) or (self.below, self.atleast) != (None, None) or self.band != BAND.default


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFilters(BarsFilters):
    """Those of the Customers page, for one of them."""

    range: str = _field(RANGE)
    dates: Dates = _field(DATES)
    measure: str = _field(MEASURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendsFilters(Filters):
    """Those of the Trends page."""

    target: float = _field(TARGET)
    range: str = _field(RANGE)
    dates: Dates = _field(DATES)
    measure: str = _field(MEASURE)
    by: str = _field(BY)
    order: str = _field(ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesFilters(Filters):
    """Those of the Changes page."""

    search: str = _field(SEARCH)
    level: str = _field(LEVEL)
    range: str = _field(RANGE)
    dates: Dates = _field(DATES)
    status: tuple[str, ...] = _field(STATUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters(Filters):
    """Those of the Audit page."""

    days: str = _field(DAYS)
    action: tuple[str, ...] = _field(ACTION)
    search: str = _field(SEARCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalsFilters(Filters):
    """Those of the Renewals page."""

    search: str = _field(SEARCH)
    horizon: str = _field(HORIZON)
    act: str = _field(ACT)
    outcome: tuple[str, ...] = _field(OUTCOME)


#: Every parameter of any page.
EVERY: tuple[Parameter[Any], ...] = (
    *(*BAR, USAGE_TARGET, SORT, SEARCH, BELOW, ATLEAST, BAND, RANGE, DATES, MEASURE, BY, ORDER, LEVEL, STATUS),
    *(HORIZON, ACT, OUTCOME, CUSTOMER, ROWS, ASOF, BOOK, DAYS, ACTION),
)


def declared(page: type[Filters]) -> dict[str, Parameter[Any]]:
    """The parameters of a page by name, in the order of its fields."""
    return {each.name: each.metadata[_PARAMETER] for each in fields(page)}
