"""What the Renewals page stands on: the subscriptions, with what is not assigned of their products.

Live seats come before the commercial counts: they are true now, and the counts some days old. The counts fill in where
a customer's seats cannot be read, and say which service and channel a product is of. This order holds wherever both
could give a figure; see docs/decisions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial

import pandas as pd

from data_access import history, measures
from data_access.books import Customers
from data_access.datasets import live
from data_access.datasets.live import Live
from data_access.errors import DamagedHistory, HistoryError, NotPermitted, PartnerCenterError
from data_access.history.history import History
from data_access.history.live import known as kept_products
from data_access.history.live import last_readings
from data_access.history.live import rows as kept_rows
from data_access.history.snapshot import Snapshot
from data_access.measures import free_products, outcomes, renewals, unread_rows
from data_access.measures.unread_rows import ALL_READ, UnreadRows
from data_access.partner_center import frames
from data_access.partner_center.answers import Answer, OfCustomers, Progress
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS, SEATS, SUBSCRIPTIONS, Collection
from data_access.partner_center.client import Client
from data_access.partner_center.sku_catalogue import Known
from data_access.settings import Settings

#: A reading is shown for so long without a new one, which takes a call or two for each customer.
FRESH = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Unread:
    """A customer of whom a collection could not be read: it refused, has left, or did not answer.

    `last_read` is when (UTC) the reading was made that stands for it; None where there is none.
    """

    tenant: str
    name: str | None
    collection: str
    refused: bool
    last_read: datetime | None = None
    left: bool = False


@dataclass(frozen=True, eq=False)
class Renewals:
    """The subscriptions as `renewals.judged` gives them, with service and channel where they are known.

    `seats_read_at` is None where no live seats could be read, `counts_as_of` likewise of the commercial counts. Why is
    in `troubles`, by the name of the collection. `answers` are what this was made of, the list of customers first.
    `counts_unread`: what the commercial counts do not tell.
    """

    subscriptions: pd.DataFrame
    read_at: datetime
    seats_read_at: datetime | None = None
    counts_as_of: datetime | None = None
    customers: int = 0
    unread: tuple[Unread, ...] = ()
    troubles: Mapping[str, PartnerCenterError] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    counts_unread: UnreadRows = ALL_READ

    @property
    def processed(self) -> tuple[datetime | None, datetime | None]:
        """None: these are no analytics, which Microsoft processes; they are true when they are read."""
        return None, None

    @cached_property
    def channels(self) -> list[str]:
        return sorted(self.subscriptions["channel"].dropna().unique())

    @cached_property
    def services(self) -> list[str]:
        """The codes of the services."""
        return sorted(self.subscriptions["service"].dropna().unique())

    def answer(self, collection: Collection) -> Answer | None:
        """What was read of a collection; None where it could not be."""
        return next((answer for answer in self.answers if answer.collection is collection), None)

    def rows(self, collection: Collection) -> pd.DataFrame | None:
        """The rows of what was read of a collection; None where it could not be."""
        answer = self.answer(collection)
        return answer.frame if answer else None

    def names(self, collection: str, *, with_reading: bool | None = None) -> list[str]:
        """The customers of whom a collection could not be read, by name, or by tenant id where it is unknown.

        `with_reading`: those for whom an earlier reading stands alone, or those without one.
        """
        return [
            one.name or one.tenant
            for one in self.unread
            if one.collection == collection and with_reading in (None, one.last_read is not None)
        ]

    @property
    def left(self) -> list[str]:
        """The customers who are listed and whom Microsoft does not know any more when it is asked, by name or id."""
        return [*dict.fromkeys(one.name or one.tenant for one in self.unread if one.left)]


def current(
    settings: Settings,
    client: Client,
    progress: Progress,
    last: Renewals | None = None,
    *,
    newer_than: datetime | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Renewals:
    """The newest reading that is at hand: the history's or the `last` one, while it is `FRESH`, or else a new one.

    With `newer_than`, such as when a visitor asked for a new one, only what was read after that is at hand. Raises what
    `fetch` does.
    """
    known, account = Known(country=settings.partner_center_country), None
    with contextlib.suppress(HistoryError, DamagedHistory):  # without a history everything is asked anew
        account = history.open(settings)
        oldest = clock() - FRESH
        read_at, since = _read_at(account), max(oldest, newer_than or oldest)
        if read_at and read_at > max(since, last.read_at if last else since):
            return kept(account)
        if last and last.read_at > since:
            return last
        known = kept_products(account, settings.partner_center_country)
    return fetch(client, progress, known, partial(_earlier, account, last))


def is_kept(account: History, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> bool:
    """Whether the history has a reading that `current` would take: it costs no call.

    Raises HistoryError where the history cannot be read.
    """
    read_at = _read_at(account)
    return read_at is not None and read_at > clock() - FRESH


def _read_at(account: History) -> datetime | None:
    standing = account.standing().get(SUBSCRIPTIONS.name)
    return standing.last_success if standing else None


def fetch(
    client: Client,
    progress: Progress,
    known: Known | None = None,
    earlier: Callable[[Collection], Answer | None] = lambda _: None,
) -> Renewals:
    """Read the commercial counts, and customers, seats and subscriptions, one customer after the other.

    `earlier` gives the reading before this one, which stands for customers that cannot be read now, and for commercial
    counts without a row. Raises one of the family in `errors` where the customers cannot be listed, or neither could
    be read of any of them.
    """
    known, counts, facts, troubles = known or Known(), None, None, {}
    try:
        counts = client.fetch(COMMERCIAL_DEPLOYMENT, progress=live.step_of(COMMERCIAL_DEPLOYMENT, progress))
        facts = measures.facts(counts.collection, counts.frame).frame
        before = None if len(facts) else earlier(COMMERCIAL_DEPLOYMENT)
        if before and len(before.frame):
            counts, facts = before, before.frame  # of the history, which keeps the facts, or of this page
        counts = replace(counts, frame=facts)
        known = known.seen_in([facts])
    except PartnerCenterError as error:
        troubles[COMMERCIAL_DEPLOYMENT.name] = error
    found = live.fetch(client, progress, known)
    if found.subscriptions is None and found.seats is None:
        raise found.troubles[SUBSCRIPTIONS.name]
    seats, before = found.seats, None if found.seats else earlier(SEATS)
    if before:
        refuse = isinstance(found.troubles.get(SEATS.name), NotPermitted)
        seats = _of_nobody(found.customers, before, refuse=refuse)
    seats, subscriptions = (answer and _completed(answer, earlier) for answer in (seats, found.subscriptions))
    found = replace(found, seats=seats, subscriptions=subscriptions, troubles={**troubles, **found.troubles})
    unread = unread_rows.of(counts.set_aside, counts.missing) if counts else ALL_READ
    return replace(put_together(found, counts, facts), counts_unread=unread)


def kept(account: History) -> Renewals:
    """The newest reading in the history; each collection is of when it was last found to be so.

    Raises DamagedHistory where there is none, or a file is not what was written.
    """
    customers, subscriptions, seats, counts = (
        _kept(account, collection) for collection in (CUSTOMERS, SUBSCRIPTIONS, SEATS, COMMERCIAL_DEPLOYMENT)
    )
    if customers is None or subscriptions is None:
        raise DamagedHistory("The history has no subscriptions.", "Run collect.")
    # The history keeps the commercial counts with the facts that are made of them.
    facts = counts.frame if counts else None
    # An answer may be older than the list of customers: of who is not in it any more, nothing counts.
    seats, subscriptions = seats and _of_listed(seats, customers), _of_listed(subscriptions, customers)
    newest = account.standing().get(SEATS.name)
    if seats and newest and newest.failing and newest.last_success != newest.last_failure:  # of nobody, the last time
        refuse = newest.failure is not None and newest.failure.exit_code == NotPermitted.exit_code
        before = seats
        seats = _completed(_of_nobody(customers, before, refuse=refuse), lambda _: before)
    last, _ = account.last_figures(COMMERCIAL_DEPLOYMENT)
    unread = account.unread(last) if last else ALL_READ
    return replace(put_together(Live(customers, seats, subscriptions, {}), counts, facts), counts_unread=unread)


def _kept(account: History, collection: Collection) -> Answer | None:
    """What the history holds of a collection as an answer; None where there is nothing.

    Of a customer that could not be read the last reading counts, and it stays named as not read.
    """
    # Counts without a row take away none that the history has.
    is_counts = collection is COMMERCIAL_DEPLOYMENT
    newest = account.last_figures(collection)[0] if is_counts else account.newest(collection)
    if newest is None:
        return None
    whose, titles = OfCustomers(), account.skus.titles() if collection is SUBSCRIPTIONS else {}
    if collection in (SUBSCRIPTIONS, SEATS):
        rows, made = last_readings(account, newest)
        whose = replace(account.of_customers(newest), earlier=made)
    else:
        rows = kept_rows(account, newest)
    read_at = _last_found(account, newest)
    return Answer(collection, rows, (), None, read_at, newest.correlation_id, of_customers=whose, titles=titles)


def _last_found(account: History, snapshot: Snapshot) -> datetime:
    return account.last_found(snapshot.collection).get(snapshot.id, snapshot.fetched_at)


def _of_listed(answer: Answer, customers: Answer) -> Answer:
    """The answer about the customers that are listed alone."""
    is_listed = answer.frame["customerTenantId"].isin(customers.frame["customerTenantId"])
    return replace(answer, frame=answer.frame[is_listed].reset_index(drop=True))


def _earlier(account: History | None, last: Renewals | None, collection: Collection) -> Answer | None:
    """The newest reading of a collection that is at hand; None where there is none.

    Commercial counts without a row are none.
    """
    shown = last.answer(collection) if last else None
    if shown and collection is COMMERCIAL_DEPLOYMENT and shown.frame.empty:
        shown = None
    with contextlib.suppress(HistoryError, DamagedHistory):
        newest = account.newest(collection) if account else None
        if account and newest and (shown is None or _last_found(account, newest) > shown.fetched_at):
            return _kept(account, collection)
    return shown


def _of_nobody(customers: Answer, before: Answer, *, refuse: bool) -> Answer:
    """What stands for the live seats where not one customer's could be read now: an answer without rows."""
    tenants = tuple(sorted({*customers.frame["customerTenantId"]}))
    whose = OfCustomers(refused=tenants) if refuse else OfCustomers(failed=tenants)
    return replace(before, frame=before.frame.head(0), set_aside=(), announced=None, of_customers=whose)


def _completed(answer: Answer, earlier: Callable[[Collection], Answer | None]) -> Answer:
    """The answer with the rows of the reading before of the customers that could not be read; not of one that left."""
    whose = answer.of_customers
    missing = {*whose.refused, *whose.failed}
    before = earlier(answer.collection) if missing else None
    if before is None:
        return answer
    then, rows = before.of_customers, before.frame[before.frame["customerTenantId"].isin(missing)]
    known = missing & {*rows["customerTenantId"], *then.empty, *then.earlier}
    return replace(
        answer,
        frame=frames.joined(answer.collection, [answer.frame, rows]),
        announced=None if answer.announced is None else answer.announced + len(rows),
        of_customers=replace(
            whose, earlier={tenant: then.earlier.get(tenant, before.fetched_at) for tenant in sorted(known)}
        ),
    )


def of_customers(data: Renewals, customers: Customers) -> Renewals:
    """The same of some customers, without a trace of another one."""
    if customers.is_everybody:
        return data
    answers = tuple(
        replace(answer.part(customers.rows(answer.frame)), of_customers=OfCustomers()) for answer in data.answers
    )
    return replace(
        data,
        subscriptions=customers.rows(data.subscriptions),
        customers=len(answers[0].frame),
        unread=tuple(one for one in data.unread if one.tenant in customers),
        answers=answers,
        counts_unread=data.counts_unread.within("customerTenantId", customers.__contains__),
    )


@dataclass(frozen=True, eq=False)
class OfOne:
    """What is known of one customer: None where it could not be read, and never was.

    `subscriptions`: as `renewals.at` gives them; `seats`: the live seats that somebody pays for. `read_at` is when
    subscriptions were last read, `seats_read_at` likewise, None for the same time; `unread` says whether those of this
    customer were not, and since when.
    """

    subscriptions: pd.DataFrame | None
    seats: pd.DataFrame | None
    read_at: datetime
    unread: tuple[Unread, ...] = ()
    seats_read_at: datetime | None = None

    def read_of(self, collection: Collection) -> datetime:
        """When a collection of this customer was last read, if it ever was."""
        mine = (one.last_read for one in self.unread if one.collection == collection.name)
        return next(mine, None) or (self.seats_read_at if collection is SEATS else None) or self.read_at


def of_one(data: Renewals, tenant: str, counts: pd.DataFrame) -> OfOne:
    """The subscriptions and live seats of one customer; `counts` are its rows of the commercial deployment."""
    unread = (*unread_of(data, tenant), *_unlisted(data, tenant))

    def own(collection: Collection, rows: pd.DataFrame) -> pd.DataFrame | None:
        is_unknown = data.answer(collection) is None or never_read(unread, collection) is not None
        return None if is_unknown else rows[rows["customerTenantId"] == tenant]

    subscriptions = own(SUBSCRIPTIONS, data.subscriptions)
    answer = data.answer(SEATS)
    seats = own(SEATS, answer.frame) if answer else None
    return OfOne(
        None if subscriptions is None else renewals.at(subscriptions, data.read_at),
        None if seats is None else seats[~free_products.is_free(seats, subscriptions, counts)],
        data.read_at,
        unread,
        data.seats_read_at,
    )


def _unlisted(data: Renewals, tenant: str) -> tuple[Unread, ...]:
    """What was not asked of a customer who is in the list of customers no more: it is unknown, and not zero."""
    listed, mine = data.rows(CUSTOMERS), "customerTenantId"
    if listed is None or (listed[mine] == tenant).any():
        return ()
    return tuple(
        Unread(tenant, None, collection.name, refused=False, left=True)
        for collection in (SUBSCRIPTIONS, SEATS)
        if (rows := data.rows(collection)) is not None and not (rows[mine] == tenant).any()
    )


def paid_seats(data: Renewals, tenants: Iterable[str] | None = None) -> pd.DataFrame:
    """The live seats of the products that are not free, of which some are enabled; of these customers, or of all."""
    seats = data.rows(SEATS)
    if seats is None:
        return frames.frame(SEATS, [])
    free = free_products.is_free(seats, data.rows(SUBSCRIPTIONS), data.rows(COMMERCIAL_DEPLOYMENT))
    paid = seats[~free & (seats["activeUnits"].fillna(0) > 0)]
    return paid if tenants is None else paid[paid["customerTenantId"].isin([*tenants])]


def of_customer(data: Renewals, tenant: str, seats: Answer | None = None) -> Renewals:
    """The same of one customer; `seats`, its live seats alone, take the place of the others where they were read since.

    Its subscriptions are judged by them.
    """
    own = of_customers(data, Customers(frozenset({tenant})))
    unread = next((one for one in own.unread if one.collection == SEATS.name), None)
    last = unread.last_read if unread else own.seats_read_at
    if seats is None or (last and seats.fetched_at <= last):
        return own
    read, table = own.answer(SUBSCRIPTIONS), own.subscriptions
    if read:
        again = renewals.judged(read.frame, seats.frame, own.rows(COMMERCIAL_DEPLOYMENT), read.titles)
        figures = ("assigned", "notAssigned", "notAssignedFrom", "seatsAtRisk")
        table = table.assign(**{name: again[name].array for name in figures})
    return replace(
        own,
        subscriptions=table,
        seats_read_at=seats.fetched_at,
        unread=tuple(one for one in own.unread if one.collection != SEATS.name),
        troubles={name: error for name, error in own.troubles.items() if name != SEATS.name},
        answers=(*(answer for answer in own.answers if answer.collection is not SEATS), seats),
    )


def unread_of(data: Renewals, tenant: str) -> tuple[Unread, ...]:
    """What of a customer could not be read, be it of this customer alone or of all."""
    of_all = (
        Unread(tenant, None, collection.name, isinstance(error, NotPermitted))
        for collection in (SUBSCRIPTIONS, SEATS)
        if data.answer(collection) is None and (error := data.troubles.get(collection.name))
    )
    return (*(one for one in data.unread if one.tenant == tenant), *of_all)


def read_of_each(data: Renewals, tenants: pd.Series) -> pd.Series:
    """When the subscriptions of each of these customers were last read, `datetime64[us, UTC]`; missing if never.

    Of a customer who is not listed nobody asks for them.
    """
    if SUBSCRIPTIONS.name in data.troubles:
        return pd.Series(pd.NaT, tenants.index, dtype="datetime64[us, UTC]")
    listed = data.rows(CUSTOMERS)
    is_asked = tenants.isin(tenants if listed is None else listed["customerTenantId"])
    unread = {one.tenant: one.last_read for one in data.unread if one.collection == SUBSCRIPTIONS.name}
    read = [
        unread.get(tenant, data.read_at) if asked else None for tenant, asked in zip(tenants, is_asked, strict=True)
    ]
    return pd.Series(read, tenants.index, dtype="datetime64[us, UTC]")


def earlier_of_each(data: Renewals, tenants: pd.Series) -> pd.Series:
    """Whether the subscriptions of each of these customers are those of an earlier reading: they cannot be read now."""
    stand = {one.tenant for one in data.unread if one.collection == SUBSCRIPTIONS.name and one.last_read}
    return tenants.isin(stand)


def never_read(unread: Iterable[Unread], collection: Collection) -> Unread | None:
    """The customer among these of whom there is no reading of a collection, not even an old one."""
    return next((one for one in unread if one.collection == collection.name and one.last_read is None), None)


def not_read(unread: Unread, when: str = "") -> str:
    """Why there is nothing of a customer; `when`, such as *now*, where there is something that was read before."""
    why = "it refuses" if unread.refused else "it gave no usable answer"
    if unread.left:
        why = "it has left, and Microsoft does not know it any more"
    return f"The {unread.collection} of this customer could not be read{when and f' {when}'}: {why}."


def put_together(found: Live, counts: Answer | None, facts: pd.DataFrame | None) -> Renewals:
    """Everything the page needs, worked out once for each reading; `facts` are those of the commercial counts.

    None stands for what could not be read.
    """
    customers, subscriptions, seats = found.customers, found.subscriptions, found.seats
    read = subscriptions.frame if subscriptions else frames.frame(SUBSCRIPTIONS, [])
    at_hand = _read_now(seats) if seats and SEATS.name not in found.troubles else None
    table = renewals.judged(read, at_hand, facts, subscriptions.titles if subscriptions else outcomes.NO_TITLES)
    return Renewals(
        renewals.with_service(table, facts),
        (subscriptions or customers).fetched_at,
        seats.fetched_at if seats else None,
        facts["processedDateTime"].max() if facts is not None and len(facts) else None,
        len(customers.frame),
        _unread(customers.frame, subscriptions, seats),
        found.troubles,
        tuple(answer for answer in (customers, subscriptions, seats, counts) if answer),
    )


def _read_now(seats: Answer) -> pd.DataFrame:
    """The live seats without those of customers that refuse: commercial counts are newer than a role that is gone."""
    return seats.frame[~seats.frame["customerTenantId"].isin(seats.of_customers.refused)]


def _unread(customers: pd.DataFrame, subscriptions: Answer | None, seats: Answer | None) -> tuple[Unread, ...]:
    names = dict(zip(customers["customerTenantId"], customers["customerName"], strict=True))

    def of(answer: Answer | None, collection: str) -> Sequence[Unread]:
        if answer is None:
            return ()
        refused = set(answer.of_customers.refused)
        return [
            Unread(
                tenant,
                names.get(tenant) or None,
                collection,
                tenant in refused,
                answer.of_customers.earlier.get(tenant),
                tenant in answer.of_customers.gone,
            )
            for tenant in answer.of_customers.unread
            if tenant in names
        ]

    return (*of(subscriptions, SUBSCRIPTIONS.name), *of(seats, SEATS.name))
