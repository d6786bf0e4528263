"""What the deployment pages stand on: the partner's own collection, or the commercial counts where it is empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from data_access import measures
from data_access.books import CUSTOMER, Customers
from data_access.errors import PartnerCenterError
from data_access.measures import Facts, unread_rows
from data_access.measures.unread_rows import UnreadRows
from data_access.partner_center import catalog
from data_access.partner_center.answers import Answer, Answers, Progress, Step
from data_access.partner_center.wire import SetAside
from data_access.texts import AS_SENT

_NAMING = (CUSTOMER, "customerName")
_OTHERS = ""  # whose a row is that is none of some customers


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """What is to be said of figures that are live seats, and no analytics."""

    read_at: datetime | None
    left_out: int  # products at customers, free or on trial
    unread: int  # customers that could not be read now
    earlier: int  # those of them for whom an earlier reading stands


@dataclass(frozen=True, eq=False)
class Deployment:
    """Facts and the answer that they come from.

    `stands_in` says that Microsoft returned no rows for partner deployment and these are the commercial counts;
    `trouble` is what kept those from being read, where the partner deployment was empty. `live` says that there were no
    rows of either, and these are live seats.
    """

    answer: Answer
    facts: Facts
    stands_in: bool = False
    trouble: PartnerCenterError | None = None
    live: LiveFigures | None = None

    @property
    def estimated(self) -> bool:
        return self.facts.estimated

    @property
    def noun(self) -> str:
        """What stands in the place of a service: live seats know products alone."""
        return "product" if self.live else "service"

    @property
    def fetched_at(self) -> datetime:
        return self.answer.fetched_at

    @cached_property
    def unread(self) -> UnreadRows:
        """What the answer does not tell; of some customers, nothing is missing in rows that are of others."""
        found = unread_rows.of(self.answer.set_aside, self.answer.missing)
        return found.within(CUSTOMER, _OTHERS.__ne__) if self.answer.is_part else found

    @cached_property
    def channels(self) -> list[str]:
        return sorted(self.facts.frame["channel"].unique())

    @cached_property
    def services(self) -> list[str]:
        """The codes of the services."""
        return sorted(self.facts.frame["service"].unique())

    @cached_property
    def processed(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest processing date; they differ per service. (None, None) where none is known."""
        dates = self.facts.frame["processedDateTime"].dropna()
        return (dates.min(), dates.max()) if len(dates) and not self.live else (None, None)

    @property
    def is_empty(self) -> bool:
        """Whether Microsoft answered that there is nothing: no rows of this collection, nor of one in its place."""
        return not len(self.facts) and self.trouble is None

    @property
    def read_at(self) -> datetime | None:
        """When live seats were read, which the history may have kept since; None of analytics."""
        return self.live.read_at if self.live else None

    @property
    def newest(self) -> datetime | None:
        """The newest date of the figures: of processing, or of live seats when they were read."""
        return self.live.read_at if self.live else self.processed[1]


def of_customers(deployment: Deployment, customers: Customers) -> Deployment:
    """The commercial counts of some customers, without a trace of another one."""
    if customers.is_everybody:
        return deployment
    answer = deployment.answer.part(customers.rows(deployment.answer.frame))
    answer = replace(answer, set_aside=_without_others(answer.set_aside, customers))
    return Deployment(answer, deployment.facts.of(customers.rows(deployment.facts.frame)))


def _without_others(set_aside: Iterable[SetAside], customers: Customers) -> tuple[SetAside, ...]:
    """The rows that could not be read, of those of other customers no more than that they are of others."""
    others = ((CUSTOMER, _OTHERS),)
    return tuple(
        replace(row, identity=others) if (whose := dict(row.identity).get(CUSTOMER)) and whose not in customers else row
        for row in set_aside
    )


def without_customers(deployment: Deployment) -> Deployment:
    """The same figures, row by row, without what says whose they are: for those who see the company's figures alone.

    Of the commercial counts only the columns that we know are kept, since a field of tomorrow may name a customer.
    """
    if CUSTOMER not in deployment.answer.frame:
        return deployment
    facts = deployment.facts
    known = [name for name in deployment.answer.collection.columns if name not in _NAMING]
    kept = [str(name) for name in facts.frame if name not in facts.sent or name in known]
    kept = [name for name in kept if name.removesuffix(AS_SENT) not in _NAMING]
    sent = tuple(name for name in facts.sent if name in known)
    set_aside = tuple(
        replace(row, identity=tuple(pair for pair in row.identity if pair[0] not in _NAMING))
        for row in deployment.answer.set_aside
    )
    answer = replace(deployment.answer, frame=deployment.answer.frame[[*sent]], set_aside=set_aside, pages=None)
    return replace(deployment, answer=answer, facts=replace(facts, frame=facts.frame[kept], sent=sent))


def fetch_commercial(client: Answers, progress: Progress) -> Deployment:
    """Fetch the commercial counts, by customer and product.

    Raises one of the family in `errors`.
    """
    answer = client.fetch(catalog.COMMERCIAL_DEPLOYMENT, progress=progress)
    return Deployment(answer, measures.facts(answer.collection, answer.frame))


def fetch(client: Answers, progress: Progress) -> Deployment:
    """Fetch partner deployment; where Microsoft returns no rows for it, the commercial counts.

    Raises one of the family in `errors` where the partner deployment cannot be read.
    """
    answer = client.fetch(catalog.DEPLOYMENT, progress=progress)
    trouble = None
    if answer.frame.empty:
        progress(Step("No partner rows: reading the commercial counts"))
        try:
            counts = client.fetch(catalog.COMMERCIAL_DEPLOYMENT, progress=progress)
        except PartnerCenterError as error:
            trouble = error
        else:
            if not counts.frame.empty:
                return Deployment(counts, measures.facts(counts.collection, counts.frame), stands_in=True)
    return Deployment(answer, measures.facts(answer.collection, answer.frame), trouble=trouble)
