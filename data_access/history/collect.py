"""A run of `collect`: fetch all that the account can read, keep it, and report the outcome of each collection."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from data_access import formats, texts
from data_access.clouds import COUNTRY
from data_access.errors import (
    BadRequest,
    HistoryError,
    NotPermitted,
    PartnerCenterError,
    SettingsError,
    SignInError,
    Unavailable,
    Unreadable,
)
from data_access.history import live
from data_access.history.history import History
from data_access.history.results import Kept
from data_access.history.run_log import Failure, Run, Standing, Tried
from data_access.measures.health import Loss
from data_access.partner_center import each_customer, frames, raw_pages, unread
from data_access.partner_center.answers import Answer, OfCustomers, Progress, Step
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    CUSTOMERS,
    PER_CUSTOMER,
    SEATS,
    SUBSCRIPTIONS,
    WITHOUT_CUSTOMER,
    Collection,
)
from data_access.partner_center.client import Client
from data_access.partner_center.protocol import Query
from data_access.partner_center.wire import SetAside

log = logging.getLogger(__name__)

#: So many days in a row without figures end a back-fill: Microsoft does not say how far back it goes.
BARREN_DAYS = 31
#: So many days for which the service sends figures of other days end it too: it sends all of them each time.
OTHER_DAYS = 3
_CUSTOMERS_PER_STEP = 100  # between two lines of progress
#: The failures that go away least by themselves first; a run has the exit code of the first kind that happened.
_WORST_FIRST = (SignInError, Unreadable, BadRequest, NotPermitted, PartnerCenterError)


@dataclass(frozen=True, slots=True)
class BackFill:
    """The back-fill of one collection: how many days were kept, and why it ended before the first day requested."""

    days: int
    ended: str = ""
    error: PartnerCenterError | None = None


@dataclass(frozen=True)
class Report:
    """The outcome of each collection that was tried."""

    kept: dict[str, Kept] = field(default_factory=dict)
    errors: dict[str, PartnerCenterError] = field(default_factory=dict)
    back_fills: dict[str, BackFill] = field(default_factory=dict)
    #: What came with much less than the last time. That is no failure: it was read as Microsoft sent it.
    losses: dict[str, Loss] = field(default_factory=dict)
    #: The customers that a live collection was kept without.
    of_customers: dict[str, OfCustomers] = field(default_factory=dict)
    #: Answers of the history that no record names, by path.
    unclaimed: list[str] = field(default_factory=list)

    @property
    def failure(self) -> PartnerCenterError | None:
        """The worst error; None where all was read that the account may read."""
        errors = [
            *(error for name, error in self.errors.items() if not self._is_excused(name, error)),
            *(back_fill.error for back_fill in self.back_fills.values() if back_fill.error),
            *(one.failure for one in self.of_customers.values() if one.failure),
        ]
        return min(errors, key=_rank, default=None)

    def _is_excused(self, name: str, error: PartnerCenterError) -> bool:
        """Whether an error is none: the account may not read this, or the service has no list of customers at all.

        That every single customer refuses is one, since the account lacks the role that it was to have.
        """
        if not self.kept or name in (SEATS.name, SUBSCRIPTIONS.name):
            return False
        unknown = name == CUSTOMERS.name and error.is_unknown
        return unknown or isinstance(error, NotPermitted)


def run(
    client: Client,
    history: History,
    progress: Progress,
    *,
    customers: bool = False,
    customers_calls: bool = True,
    country: str = COUNTRY,
    since: date | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Collect once.

    `customers_calls`: the list of customers and, with a call for each, their seats and subscriptions, whose products
    the catalogue of this `country` names. `customers` adds the two collections per customer, which take two calls for
    each; `since` adds the commercial figures of earlier processing dates. Raises HistoryError where nothing can be kept
    any more; what was kept before that stays.
    """
    report, outcomes, started = Report(), dict[str, Tried](), clock()
    before = _standing(history)

    def keep(collection: Collection, fetch: Callable[[Progress], Answer]) -> Answer | None:
        try:
            with _in_words(collection):
                answer = fetch(_progress_of(collection, progress))
                report.kept[collection.name] = kept = history.append(answer)
                known = before.get(collection.name, Standing()).found_again
                again = [(kept.snapshot.id, clock())] if kept.again else []
                if loss := history.loss(collection, [*known, *again]):
                    report.losses[collection.name] = loss
        except HistoryError:
            raise
        except PartnerCenterError as error:
            report.errors[collection.name] = error
            outcomes[collection.name] = Tried(at=clock(), failure=_failure(error))
            return None
        failure = answer.of_customers.failure
        report.of_customers[collection.name] = answer.of_customers
        outcomes[collection.name] = Tried(
            at=clock(), snapshot=kept.snapshot.id, again=kept.again, failure=_failure(failure) if failure else None
        )
        return answer

    def record(exit_code: int) -> None:
        if outcomes:
            history.record(Run(started=started, outcomes=outcomes, ended=clock(), exit_code=exit_code))

    try:
        answers = {collection.name: keep(collection, _whole(client, collection)) for collection in WITHOUT_CUSTOMER}
        listed: Answer | None = None
        if customers_calls:
            reading = live.Reading(client, history, country, clock)
            listed = keep(CUSTOMERS, _whole(client, CUSTOMERS))
            if listed is not None:
                counts = answers[COMMERCIAL_DEPLOYMENT.name]
                for collection in (SEATS, SUBSCRIPTIONS):  # products' names in the seats help to match subscriptions
                    keep(collection, reading.of_each(collection, listed, counts))
                reading.end()
        if customers:
            asked = _asked([*answers.values(), listed], history, progress)
            for collection in PER_CUSTOMER:
                keep(collection, _each(client, collection, asked, report.errors))
        if since is not None:
            for collection in WITHOUT_CUSTOMER:
                if collection.paged and collection.name in report.kept:
                    tell = _progress_of(collection, progress)
                    report.back_fills[collection.name] = _back_fill(
                        client, history, collection, tell, since=since, today=started.date()
                    )
    except PartnerCenterError as error:
        record(error.exit_code)
        raise
    except BaseException:
        record(PartnerCenterError.exit_code)
        raise
    record(report.failure.exit_code if report.failure else 0)
    report.unclaimed.extend(history.leftovers.sweep().unclaimed)
    return report


def _standing(history: History) -> dict[str, Standing]:
    """Where the collections stood; empty where that cannot be read, since a run can do without."""
    with contextlib.suppress(HistoryError):
        return history.standing()
    return {}


@contextlib.contextmanager
def _in_words(collection: Collection) -> Iterator[None]:
    """Make an error that nobody foresaw one of this collection alone: the others are to be kept."""
    try:
        yield
    except PartnerCenterError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever an answer that nobody has seen yet can cause
        # Not its message, which may hold a row.
        log.warning("%s could not be read or kept: %s", collection.name, type(error).__name__)
        log.debug("Raised by:\n%s", "".join(traceback.format_tb(error.__traceback__)))
        raise Unreadable(
            f"The program met something unforeseen in the answer ({type(error).__name__}).",
            "Install the newest version; if it goes on, report it with what the log says.",
        ) from None


def _whole(client: Client, collection: Collection) -> Callable[[Progress], Answer]:
    return lambda tell: client.fetch(collection, progress=tell, keep_raw=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The customers that the collections per customer are read of, by tenant id, sorted.

    `is_whole`: whether these are all that there are, by a list of customers, be it an earlier one.
    """

    tenants: tuple[str, ...]
    is_whole: bool


def _asked(answers: Sequence[Answer | None], history: History, progress: Progress) -> _Asked:
    """All whom these answers know, with the list of customers in the history where none of them is such a list.

    `progress` hears of it where that may not be all.
    """
    there = [answer for answer in answers if answer is not None]
    is_listed = any(answer.collection is CUSTOMERS for answer in there)
    earlier = set[str]() if is_listed else live.tenants(history)
    columns = [answer.frame["customerTenantId"] for answer in there if "customerTenantId" in answer.frame]
    found = earlier.union(*(column.unique() for column in columns))
    asked = _Asked(tuple(sorted({texts.identifier(tenant) for tenant in found})), is_listed or bool(earlier))
    if not asked.is_whole:
        who = f"only the {len(asked.tenants):,} in the commercial collections are" if asked.tenants else "nobody is"
        progress(Step(f"No list of customers was read, now or before: {who} asked about"))
    return asked


def _each(
    client: Client, collection: Collection, asked: _Asked, before: Mapping[str, PartnerCenterError]
) -> Callable[[Progress], Answer]:
    """A collection of each of these customers as one answer. `before`: why others of the run could not be read."""

    def fetch(tell: Progress) -> Answer:
        if not asked.tenants and not asked.is_whole:
            raise (
                before.get(CUSTOMERS.name)
                or before.get(COMMERCIAL_DEPLOYMENT.name)
                or SettingsError(
                    "No customer is known to ask about.",
                    "Run it without --without-customers-calls, with an account that may read the list of customers.",
                )
            )
        found: dict[str, Answer | PartnerCenterError] = {}
        _ask(client, collection, asked.tenants, found, tell)
        errors = {one: result for one, result in found.items() if isinstance(result, PartnerCenterError)}
        if again := [one for one, error in errors.items() if unread.has_failed(error)]:
            tell(Step(f"reading {formats.number(len(again), 'customer')} again: no usable answer at the first try"))
            _ask(client, collection, again, found, tell)
        read = {one: result for one, result in found.items() if isinstance(result, Answer)}
        errors = {one: result for one, result in found.items() if isinstance(result, PartnerCenterError)}
        if errors and not read:
            raise unread.none_read(errors)
        answer = _joined(collection, [read[one] for one in asked.tenants if one in read])
        return replace(answer, of_customers=unread.of_customers(errors))

    return fetch


def _ask(
    client: Client,
    collection: Collection,
    tenants: Sequence[str],
    found: dict[str, Answer | PartnerCenterError],
    tell: Progress,
) -> None:
    """Put into `found` what comes of asking about each of these customers, several at a time.

    Raises what every customer would be answered with, also where so many in a row break off that the service is down.
    """

    def of(customer: str) -> Answer | PartnerCenterError:
        try:
            answer = client.fetch(collection, Query(customer), keep_raw=True)
        except PartnerCenterError as error:
            return error  # counted; the other customers can be read all the same
        return replace(answer, frame=frames.of_customer(answer.frame, customer))

    in_a_row = 0
    with ThreadPoolExecutor(client.parallel, thread_name_prefix="customer") as pool:
        results = pool.map(of, tenants)
        try:
            for number, (customer, result) in enumerate(zip(tenants, results, strict=True), start=1):
                if number % _CUSTOMERS_PER_STEP == 0 or number == len(tenants):
                    tell(Step(f"{number:,} of {formats.number(len(tenants), 'customer')}"))
                found[customer] = result
                breaks_off = isinstance(result, Unavailable | Unreadable)
                in_a_row = in_a_row + 1 if breaks_off else 0
                if isinstance(result, PartnerCenterError) and (
                    unread.ends_all(result) or in_a_row == each_customer.MOST_FAILURES
                ):
                    raise result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _joined(collection: Collection, answers: Sequence[Answer]) -> Answer:
    """The answers about each customer as one answer."""
    set_aside: list[SetAside] = []
    before = 0
    for answer in answers:
        set_aside += [replace(row, position=before + row.position) for row in answer.set_aside]
        before += len(answer.frame) + len(answer.set_aside)
    no_rows = frames.of_customer(frames.frame(collection, []), "")
    return Answer(
        collection,
        frames.joined(collection, [answer.frame for answer in answers] or [no_rows]),
        tuple(set_aside),
        sum(answer.announced or 0 for answer in answers),
        datetime.now(UTC),
        answers[0].correlation_id if answers else "",
        raw_pages.joined(answer.pages for answer in answers if answer.pages),
    )


def _back_fill(
    client: Client, history: History, collection: Collection, tell: Progress, *, since: date, today: date
) -> BackFill:
    """Ask for the figures of earlier processing dates, the newest first, until the service has no more of them.

    Figures of other days than the one requested are not kept: they would stand under a wrong date.
    """
    known = {snapshot.backfill_date for snapshot in history.snapshots(collection)}
    kept_days = barren = others = 0
    for back in range(1, (today - since).days + 1):
        day = today - timedelta(days=back)
        if day in known:
            continue
        tell(Step(f"figures processed on {day}"))
        try:
            with _in_words(collection):
                answer = client.fetch(collection, Query(processed=day), keep_raw=True)
                dates = set(answer.frame["processedDateTime"].dt.date)
                if dates == {day}:
                    history.append(answer, backfill_date=day)
        except BadRequest:
            dates = set()  # a day that the service does not accept is one without figures
        except HistoryError:
            raise
        except PartnerCenterError as error:
            return BackFill(kept_days, f"it failed at {day}", error)
        if dates == {day}:
            kept_days, barren, others = kept_days + 1, 0, 0
            continue
        barren, others = barren + 1, others + bool(dates)
        if others == OTHER_DAYS:
            return BackFill(kept_days, f"asked for {day}, Microsoft sent figures of other days, which were not kept")
        if barren == BARREN_DAYS:
            return BackFill(kept_days, f"Microsoft had no figures for {barren} days in a row, down to {day}")
    return BackFill(kept_days)


def _progress_of(collection: Collection, progress: Progress) -> Progress:
    return lambda step: progress(replace(step, text=f"{collection.title}: {step.text}"))


def _rank(error: PartnerCenterError) -> int:
    return next(rank for rank, kind in enumerate(_WORST_FIRST) if isinstance(error, kind))


def _failure(error: PartnerCenterError) -> Failure:
    details = error.details
    return Failure(
        title=error.title,
        message=error.message,
        advice=error.advice,
        exit_code=error.exit_code,
        status=details.status,
        code=details.code,
        request_id=details.request_id,
        correlation_id=details.correlation_id,
    )
