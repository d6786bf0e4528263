"""One run: fetch all that the account can read, keep it, and say what became of each collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from data_access.errors import BadRequest, HistoryError, NotPermitted, PartnerCenterError, SignInError, Unreadable
from data_access.history.history import History, Kept
from data_access.history.run_log import Failure, Run, Tried
from data_access.partner_center import frames, raw_pages
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, PER_CUSTOMER, WITHOUT_CUSTOMER, Collection
from data_access.partner_center.client import Answer, Client, Progress, Step
from data_access.partner_center.protocol import Query
from data_access.partner_center.wire import SetAside

#: So many days in a row without figures of their own end a back-fill: Microsoft does not say how far back it goes.
BARREN_DAYS = 31
#: Likewise where the service sends other days' figures, all of them each time.
OTHER_DAYS = 3
_TOLD = 100  # customers between two lines of progress
#: The failures that go away least by themselves first; the first one that happened gives a run its exit code.
_WORST_FIRST = (SignInError, Unreadable, BadRequest, NotPermitted, PartnerCenterError)


@dataclass(frozen=True, slots=True)
class BackFill:
    """What an earlier date gave of one collection: how many days were kept, and why it ended before the first one."""

    days: int
    ended: str = ""
    error: PartnerCenterError | None = None


@dataclass(frozen=True)
class Report:
    """What became of each collection that was tried."""

    kept: dict[str, Kept] = field(default_factory=dict)
    errors: dict[str, PartnerCenterError] = field(default_factory=dict)
    back_fills: dict[str, BackFill] = field(default_factory=dict)

    @property
    def failure(self) -> PartnerCenterError | None:
        """The worst error; None where all was read that the account may read."""
        excused = NotPermitted if self.kept else ()
        errors = [*self.errors.values(), *(done.error for done in self.back_fills.values() if done.error)]
        errors = [error for error in errors if not isinstance(error, excused)]
        return min(errors, key=_rank, default=None)


def run(
    client: Client,
    history: History,
    progress: Progress,
    *,
    customers: bool = False,
    since: date | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Collect once.

    `customers` asks for the two collections per customer too, which takes two calls for each; `since` asks for the
    commercial figures of earlier processing dates. Raises HistoryError where nothing can be kept any more; what was
    kept before that stays.
    """
    report, outcomes, started = Report(), dict[str, Tried](), clock()

    def keep(collection: Collection, answer: Callable[[Progress], Answer]) -> Answer | None:
        try:
            read = answer(_telling(progress, collection))
            report.kept[collection.name] = kept = history.append(read)
        except HistoryError:
            raise
        except PartnerCenterError as error:
            report.errors[collection.name] = error
            outcomes[collection.name] = Tried(at=clock(), failure=_failure(error))
            return None
        outcomes[collection.name] = Tried(at=clock(), snapshot=kept.snapshot.id, again=kept.again)
        return read

    try:
        read = {one.name: keep(one, _whole(client, one)) for one in WITHOUT_CUSTOMER}
        if customers:
            known = read[COMMERCIAL_DEPLOYMENT.name]
            for collection in PER_CUSTOMER:
                keep(collection, _each(client, collection, known, report.errors.get(COMMERCIAL_DEPLOYMENT.name)))
        if since is not None:
            for collection in (one for one in WITHOUT_CUSTOMER if one.paged and one.name in report.kept):
                report.back_fills[collection.name] = _back_fill(
                    client, history, collection, _telling(progress, collection), since=since, today=started.date()
                )
    finally:
        if outcomes:
            history.record(Run(started=started, outcomes=outcomes))
    history.sweep()
    return report


def _whole(client: Client, collection: Collection) -> Callable[[Progress], Answer]:
    return lambda tell: client.fetch(collection, progress=tell, keep_raw=True)


def _each(
    client: Client, collection: Collection, known: Answer | None, trouble: PartnerCenterError | None
) -> Callable[[Progress], Answer]:
    """A collection of each customer that the commercial deployment names, as one answer."""

    def fetch(tell: Progress) -> Answer:
        if known is None:
            raise trouble or Unreadable("The customers are not known.", "Read commercial-deployment first.")
        ids = sorted(known.frame["customerTenantId"].str.upper().unique())

        def one(customer: str) -> Answer | PartnerCenterError:
            try:
                answer = client.fetch(collection, Query(customer), keep_raw=True)
            except (NotPermitted, BadRequest) as error:
                return error  # counted; the others can be read all the same
            return replace(answer, frame=frames.of_customer(answer.frame, customer))

        answers: list[Answer] = []
        errors: list[PartnerCenterError] = []
        with ThreadPoolExecutor(client.parallel, thread_name_prefix="customer") as pool:
            for number, result in enumerate(pool.map(one, ids), start=1):
                if number % _TOLD == 0 or number == len(ids):
                    tell(Step(f"{number:,} of {len(ids):,} customers"))
                if isinstance(result, Answer):
                    answers.append(result)
                else:
                    errors.append(result)
        if errors and not answers:
            raise errors[0]
        return _together(collection, answers, unread=len(errors))

    return fetch


def _together(collection: Collection, answers: Sequence[Answer], unread: int) -> Answer:
    """The answers about each customer as one."""
    set_aside: list[SetAside] = []
    before = 0
    for answer in answers:
        set_aside += [SetAside(before + row.position, row.reason) for row in answer.set_aside]
        before += len(answer.frame) + len(answer.set_aside)
    none = frames.of_customer(frames.frame(collection, []), "")
    return Answer(
        collection,
        frames.joined(collection, [answer.frame for answer in answers] or [none]),
        tuple(set_aside),
        sum(answer.announced or 0 for answer in answers),
        datetime.now(UTC),
        answers[0].correlation_id if answers else "",
        raw_pages.joined(answer.pages for answer in answers if answer.pages),
        unread,
    )


def _back_fill(
    client: Client, history: History, collection: Collection, tell: Progress, *, since: date, today: date
) -> BackFill:
    """Ask for the figures of earlier processing dates, the newest first, until the service has no more of them.

    What is sent for a day and is of other days is not kept: it would be figures under a wrong date.
    """
    there = {one.asked for one in history.snapshots(collection)}
    kept = barren = others = 0
    for back in range(1, (today - since).days + 1):
        day = today - timedelta(days=back)
        if day in there:
            continue
        tell(Step(f"figures processed on {day}"))
        try:
            answer = client.fetch(collection, Query(processed=day), keep_raw=True)
        except BadRequest:
            dates: set[date] = set()  # a day that the service does not accept is one without figures
        except PartnerCenterError as error:
            return BackFill(kept, f"it failed at {day}", error)
        else:
            dates = set(answer.frame["processedDateTime"].dt.date)
        if dates == {day}:
            history.append(answer, asked=day)
            kept, barren, others = kept + 1, 0, 0
            continue
        barren, others = barren + 1, others + bool(dates)
        if others == OTHER_DAYS:
            return BackFill(kept, f"asked for {day}, Microsoft sent figures of other days, which were not kept")
        if barren == BARREN_DAYS:
            return BackFill(kept, f"Microsoft had no figures for {barren} days in a row, down to {day}")
    return BackFill(kept)


def _telling(progress: Progress, collection: Collection) -> Progress:
    return lambda step: progress(replace(step, text=f"{collection.title}: {step.text}"))


def _rank(error: PartnerCenterError) -> int:
    return next(place for place, kind in enumerate(_WORST_FIRST) if isinstance(error, kind))


def _failure(error: PartnerCenterError) -> Failure:
    facts = error.facts
    return Failure(
        title=error.title,
        message=error.message,
        advice=error.advice,
        exit_code=error.exit_code,
        status=facts.status,
        code=facts.code,
        request_id=facts.request_id,
        correlation_id=facts.correlation_id,
    )
