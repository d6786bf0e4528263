"""Whether the figures can be trusted: how late services are, what is missing, and where two sources contradict."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

import pandas as pd

from data_access import formats, texts, titles
from data_access.measures import changes, customers, parts
from data_access.measures.parts import Part
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.partner_center import frames

#: The usual cadence and delay come from the newest gaps between processing dates, at most this many.
USUAL = 10
#: A collection that lost a smaller share than this since the answer before is as well as ever.
LOSS_FLOOR = 0.10
_FEWEST = 3  # processing dates; between them are two gaps
_SERVICE_AND_CHANNEL = ["service", "channel"]
_DAY = pd.Timedelta(days=1)
_ABSENT = (customers.CUSTOMER, "customerName", "licensesSold", "licensesDeployed", "processedDateTime", "snapshot")


class Timing(StrEnum):
    """Whether the next processing date of a service is overdue, in the words of the page."""

    ON_TIME = "on time"
    LATE = "late"
    UNKNOWN = "too few dates to tell"
    UNDATED = "no processing date"
    GONE = "not in the newest answer"
    UNREAD = "could not be read in the newest answer"
    UNCERTAIN = "not among the rows of the newest answer that could be read"


#: The timing of what has no row in the newest answer that could be read, by why.
OF_ABSENT = {Absence.GONE: Timing.GONE, Absence.UNREAD: Timing.UNREAD, Absence.UNCERTAIN: Timing.UNCERTAIN}
ABSENT = (*OF_ABSENT.values(),)


class Fetch(Protocol):
    """What a snapshot of the history says of itself."""

    @property
    def collection(self) -> str: ...
    @property
    def fetched_at(self) -> datetime: ...
    @property
    def announced(self) -> int | None: ...
    @property
    def rows(self) -> int: ...
    @property
    def set_aside(self) -> int: ...
    @property
    def missing(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much an answer held; None where it has no such number, or that is not known.

    Customers without licenses sold or deployed do not count, as in `changes.Status`, where it tells of licenses.
    """

    rows: int
    licenses: int | None = None
    customers: int | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """What the newest answer of a collection lost against one before, which was fetched `since` (UTC)."""

    since: datetime
    before: Amounts
    after: Amounts
    is_first: bool = False  # whether there was one answer with rows before, so that nothing is known to be usual
    gone: tuple[str, ...] = ()  # the services, by code, that were in the one before and are not in this one
    of_channels: tuple[Part, ...] = ()  # what went of services that are left: those in a channel that they had
    in_doubt: tuple[tuple[Absence, Part], ...] = ()  # what may be there all the same; a whole service has no channel
    unread: str = ""  # how many rows of the answer could not be read or did not come, in words
    refusing: int = 0  # customers that refuse in one of the two answers, and are in neither of the numbers

    @property
    def without_customers(self) -> Loss:
        """The same without how many customers there were and are."""
        before, after = (replace(amounts, customers=None) for amounts in (self.before, self.after))
        return replace(self, before=before, after=after, refusing=0)

    @property
    def named(self) -> list[tuple[str, list[str]]]:
        """What is gone or in doubt, in words and in their order; nothing where nothing is left, since that says it all.

        Each with what to say of it, and the names.
        """
        if not self.after.rows:
            return []
        gone = ((Absence.GONE, part) for part in (*(Part(code, "") for code in self.gone), *self.of_channels))
        found: dict[Absence, list[str]] = {why: [] for why in Absence}
        for why, part in (*gone, *self.in_doubt):
            title = titles.service_title(part.name)
            found[why].append(titles.through(title, part.channel) if part.channel else title)
        return [(str(why), sorted(names, key=texts.order)) for why, names in found.items() if names]

    def more(self, listed: Callable[[list[str]], str]) -> str:
        """What there is to say after the numbers: what was not read, and what is gone. `listed` joins names."""
        refusing = (
            f"without {formats.number(self.refusing, 'customer')} that {'refuses' if self.refusing == 1 else 'refuse'}"
            if self.refusing
            else ""
        )
        told = (refusing, self.unread, *(f"{what}: {listed(of)}" for what, of in self.named))
        return "".join(f"; {said}" for said in told if said)

    @property
    def finding(self) -> str:
        """What happened, to follow the collection's name."""
        if not self.after.rows:
            return "has no rows any more"
        return "shrank" if self.is_first else "shrank by more than ever before"

    @property
    def numbers(self) -> str:
        """Then and now, of what is less: `from 8 to 0 customers, from 800 to 0 licenses, from 8 to 0 rows`."""
        pairs = {
            name: (getattr(self.before, name), getattr(self.after, name)) for name in ("customers", "licenses", "rows")
        }
        return ", ".join(
            f"from {then:,} to {now:,} {name}"
            for name, (then, now) in pairs.items()
            if then is not None and now is not None and then > now
        )


def age_in_days(processed: datetime, now: datetime) -> int:
    """From the one date to the other (UTC), as people count days, whatever the time of day."""
    return (now.astimezone(UTC).date() - processed.astimezone(UTC).date()).days


def lost_since(
    answers: Sequence[Amounts], comparable: Callable[[int, int], tuple[Amounts, Amounts]] | None = None
) -> int | None:
    """The position of the answer against which the newest one lost more than is usual; None where it did not.

    `answers` of one collection, oldest first. Those without rows are compared with nothing, since an outage tells
    nothing of what is usual. The newest lost more than is usual where it has no rows, or where the share of its rows or
    licenses that went since the last answer with rows is `LOSS_FLOOR` or more and larger than every share before.
    `comparable` gives what two of the answers, by position, tell of the customers that both could be read of; without
    it both are compared as they are.
    """
    *earlier, newest = answers or [Amounts(0)]
    there = [position for position, answer in enumerate(earlier) if answer.rows]
    if not there:
        return None
    of_both = comparable or (lambda then, now: (answers[then], answers[now]))
    before, after = of_both(there[-1], len(earlier))
    if not newest.rows:
        return there[-1] if before.rows else None
    for name in ("rows", "licenses"):
        lost = _share_lost(before, after, name)
        if lost < LOSS_FLOOR:
            continue
        is_usual = any(
            _share_lost(answers[then], answers[now], name) >= lost and _share_lost(*of_both(then, now), name) >= lost
            for then, now in itertools.pairwise(there)
        )
        if not is_usual:
            return there[-1]
    return None


def services(
    rows: pd.DataFrame, now: datetime, newest: str | None = None, unread: UnreadRows = ALL_READ
) -> pd.DataFrame:
    """One row per service: its date, its age, how often it is usually processed, and whether the next date is late.

    `rows`: the frame of `trends.rows`; `newest`: the id of the newest answer, where it is known; `unread`: what that
    one does not tell. Columns:

        service (str)
        processedDateTime (UTC)  that of the newest answer, else the newest; NaT where there is none
        ageDays (float64)        since then, see `age_in_days`
        dates (int64)            how many different ones there are; with fewer than three, the rest is NaN or NaT
        cadenceDays (float64)    the median gap between the newest dates
        delayDays (float64)      the median time from a date to the fetch that first brought it: Microsoft's and ours
        expectedBy (UTC)         newest date + cadence + delay
        lateAfter (UTC)          expectedBy + cadence: when it counts as late
        timing (Timing)          late when it is later than that; gone, unread or uncertain when it has no row in
                                 the newest answer; undated when its rows there, or all its rows, have no date
    """
    dated = rows.dropna(subset=["processedDateTime"]).groupby(["service", "snapshot"], observed=True)
    fetches = dated.agg(processedDateTime=("processedDateTime", "max"), fetchedAt=("fetchedAt", "max"))
    fetches = frames.plain(fetches.reset_index()).sort_values(["service", "snapshot"])
    table = [_service(str(code), fetch, now, newest) for code, fetch in fetches.groupby("service")]
    now_rows = rows[rows["snapshot"] == newest]
    there = {*now_rows["service"]}
    without = sorted({*rows["service"].dropna()} - {str(row[0]) for row in table})
    table += [(code, None, None, 0, None, None, None, None, Timing.UNDATED) for code in without]
    columns = {
        "service": "str",
        "processedDateTime": frames.INSTANT,
        "ageDays": "float64",
        "dates": "int64",
        "cadenceDays": "float64",
        "delayDays": "float64",
        "expectedBy": frames.INSTANT,
        "lateAfter": frames.INSTANT,
        "timing": "str",
    }
    found = pd.DataFrame(table, columns=list(columns)).astype(columns)
    undated = there - {*now_rows.dropna(subset=["processedDateTime"])["service"]}
    found.loc[found["service"].isin(undated), "timing"] = Timing.UNDATED
    if newest is not None:
        is_absent = ~found["service"].isin(there)
        why = parts.why(found[is_absent], ["service"], unread)
        found.loc[is_absent, "timing"] = [OF_ABSENT[each] for each in why]
    return found


def readings(fetches: Iterable[Fetch]) -> pd.DataFrame:
    """The newest reading of each collection: what was announced against what came.

    Columns: collection (str), fetchedAt (UTC), announced (Int64, missing where the service did not say), rows,
    setAside, missing (int64: announced and not come), complete (bool: nothing set aside, nothing missing).
    """
    newest: dict[str, Fetch] = {}
    for fetch in fetches:
        if fetch.collection not in newest or fetch.fetched_at > newest[fetch.collection].fetched_at:
            newest[fetch.collection] = fetch
    rows = [
        (fetch.collection, fetch.fetched_at, fetch.announced, fetch.rows, fetch.set_aside, fetch.missing)
        for fetch in newest.values()
    ]
    names_of_columns = ["collection", "fetchedAt", "announced", "rows", "setAside", "missing"]
    table = pd.DataFrame(rows, columns=names_of_columns).astype(
        {"collection": "str", "fetchedAt": frames.INSTANT, "announced": "Int64"}
        | dict.fromkeys(["rows", "setAside", "missing"], "int64")
    )
    table["complete"] = (table["setAside"] == 0) & (table["missing"] == 0)
    return table.sort_values("collection", ignore_index=True)


def absent(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The customers that had licenses in former answers and have none now, those with most licenses first.

    `before`, `after`: tables of `measures.grouped` by customer, with customerName, the first one by snapshot too.
    Columns: customerTenantId, customerName (str), licensesSold (int64), licensesDeployed (float64), processedDateTime
    (UTC) and snapshot (str) of the last of these answers in which each had some.
    """
    had, has = (table[changes.is_there(table)] for table in (before, after))
    gone = had[~texts.keys(had[customers.CUSTOMER]).isin(texts.keys(has[customers.CUSTOMER]))]
    return last_had(gone.reindex(columns=[*_ABSENT]))


def last_had(gone: pd.DataFrame) -> pd.DataFrame:
    """Rows of `absent`, each customer once, as the last answer of them has it."""
    last = gone.sort_values("snapshot", kind="stable").drop_duplicates(customers.CUSTOMER, keep="last")
    return last.sort_values(["licensesSold", customers.CUSTOMER], ascending=[False, True], ignore_index=True)


def over_deployed(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of any table of measures that have more deployed than sold somewhere, the largest surplus first."""
    table = table[table["overDeployed"] > 0]
    return table.sort_values("overDeployed", ascending=False, kind="stable", ignore_index=True)


def percent_against_counts(sent: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """Where Microsoft sends a percentage and counts: what each of them says, the largest contradiction first.

    `sent`, `counted`: tables of `measures.grouped` by service and channel, of partner deployment and of the commercial
    counts. One row where both have licenses sold. Columns: service, channel (str), deploymentPercentSent,
    deploymentPercentCounted, difference (float64, percent points: sent − counted), licensesSoldSent,
    licensesSoldCounted (int64), processedDateTimeSent, processedDateTimeCounted (UTC): they may be of different days.
    """
    sent, counted = changes.alike(sent, counted, _SERVICE_AND_CHANNEL)
    figures = ["deploymentPercent", "licensesSold", "processedDateTime"]
    table = sent[[*_SERVICE_AND_CHANNEL, *figures]].merge(
        counted[[*_SERVICE_AND_CHANNEL, *figures]], on=_SERVICE_AND_CHANNEL, suffixes=("Sent", "Counted")
    )
    table = table.dropna(subset=["deploymentPercentSent", "deploymentPercentCounted"])
    table.insert(4, "difference", table["deploymentPercentSent"] - table["deploymentPercentCounted"])
    order = table["difference"].abs().sort_values(ascending=False, kind="stable").index
    both = [f"{name}{which}" for name in figures for which in ("Sent", "Counted")]
    return table.loc[order, [*_SERVICE_AND_CHANNEL, *both[:2], "difference", *both[2:]]].reset_index(drop=True)


def _share_lost(before: Amounts, after: Amounts, name: str) -> float:
    then, now = getattr(before, name), getattr(after, name)
    return (then - now) / then if then and now is not None else 0


def _service(code: str, fetches: pd.DataFrame, now: datetime, answer: str | None) -> tuple[object, ...]:
    """One row of `services`; `fetches` of one service, in the order of keeping; `answer` is the newest one."""
    dates = fetches["processedDateTime"].drop_duplicates().sort_values()
    of_now = fetches.loc[fetches["snapshot"] == answer, "processedDateTime"]
    newest: pd.Timestamp = of_now.iloc[-1] if len(of_now) else dates.iloc[-1]
    age = age_in_days(newest, now)
    if len(dates) < _FEWEST:
        return code, newest, age, len(dates), None, None, None, None, Timing.UNKNOWN
    cadence = pd.Timedelta(dates.diff().dropna().tail(USUAL).median())
    # A back-fill brings dates older than those that were there: they do not tell how late new ones usually come.
    news = fetches[fetches["processedDateTime"] > fetches["processedDateTime"].cummax().shift()]
    news = pd.concat([fetches.head(1), news]).tail(USUAL)
    delay = pd.Timedelta((news["fetchedAt"] - news["processedDateTime"]).median())
    expected = newest + cadence + delay
    late_after = expected + cadence
    timing = Timing.LATE if now > late_after else Timing.ON_TIME
    return code, newest, age, len(dates), cadence / _DAY, delay / _DAY, expected, late_after, timing
