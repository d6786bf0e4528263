"""What is known of the customer of a call sheet, and what follows from it for several parts of the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import pandas as pd

from data_access.datasets.renewals import OfOne, Unread, never_read
from data_access.measures import Facts, parts, renewals, trends
from data_access.measures.customers import CUSTOMER
from data_access.measures.free_products import PRODUCT
from data_access.measures.trends import AS_OF
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.mutes import Mute, Spare
from data_access.partner_center.catalog import Collection

#: How far ahead renewals are shown, in days.
HORIZON = 120
NAME = "productName"


@dataclass(frozen=True, eq=False, kw_only=True)
class Records:
    """What the history has of one customer. `tenant` is the id in capitals.

    `deployment`: rows of its products with the snapshot that they are of, of the whole history, as
    `timeline.of_customer` gives them.
    `now`: the facts of the newest answer that has rows. `empty_since`: since when later ones have none, of anybody;
    None where it is the newest. `then`: those with which the call list compares, and the day of their answer; None
    where there is none. `use`: rows of the newest commercial usage, None where none was collected.
    `live`: its subscriptions and live seats, None where customers were never read.
    `unread`: what the newest answer does not tell, as far as it may be of this customer.
    `mutes`: those that hold when the sheet is made, of this customer or any; of what they are about no step speaks, nor
    of the licenses that may be spare by `spares`.
    """

    tenant: str
    name: str
    source: str
    is_sample: bool
    deployment: Facts
    now: Facts
    then: tuple[date, Facts] | None = None
    empty_since: date | None = None
    use: pd.DataFrame | None = None
    live: OfOne | None = None
    mutes: tuple[Mute, ...] = ()
    spares: tuple[Spare, ...] = ()
    unread: UnreadRows = ALL_READ

    @property
    def absence(self) -> Absence | None:
        """Why the newest answer has nothing of it, where one before had; else None."""
        if len(self.now.frame) or self.deployment.frame.empty:
            return None
        (why,) = parts.why(pd.DataFrame({CUSTOMER: [self.tenant]}), [CUSTOMER], self.unread)
        return why

    @property
    def subscriptions(self) -> pd.DataFrame | None:
        return self.live.subscriptions if self.live else None

    @property
    def seats(self) -> pd.DataFrame | None:
        return self.live.seats if self.live else None

    def never_read(self, collection: Collection) -> Unread | None:
        """Why there is nothing of a live collection, where the customer could not be read now or before."""
        return never_read(self.live.unread, collection) if self.live else None

    @cached_property
    def line(self) -> pd.DataFrame:
        """How the customer as a whole went, as `trends.lines` gives it."""
        return trends.lines(self.deployment, [])

    @cached_property
    def ending(self) -> pd.DataFrame | None:
        """The subscriptions that end within `HORIZON`, in order; None where they were never read."""
        if self.subscriptions is None or self.live is None:
            return None
        return renewals.in_order(renewals.within(self.subscriptions, self.live.read_at, HORIZON))

    @property
    def last(self) -> Facts:
        """The figures of now, or those of the last answer with the customer, where the newest one has none."""
        return self.of_snapshot(self.line["snapshot"].iloc[-1]) if self.absence else self.now

    def at(self, moment: datetime) -> Facts:
        """The figures that stand at a moment of the line."""
        return self.of_snapshot(self.line.loc[self.line[AS_OF] == moment, "snapshot"].iloc[-1])

    def of_snapshot(self, snapshot: str) -> Facts:
        """The figures of one answer."""
        frame = self.deployment.frame
        return self.deployment.of(frame[frame["snapshot"] == snapshot])

    def answered(self, moment: datetime) -> datetime:
        """When the answer was fetched that stands at a moment of the line: pages name what they compare with by it."""
        return pd.Timestamp(self.line.loc[self.line[AS_OF] == moment, "fetchedAt"].iloc[-1]).to_pydatetime()

    def lost(self, since: datetime) -> pd.DataFrame:
        """The products that it has no more, of which the line had some on this date or later, with their ids."""
        lines, absent = self._parts
        gone = parts.together(parts.missed(absent, lines, self.line[self.line[AS_OF] >= since]))
        ids = self.deployment.frame.drop_duplicates(NAME).set_index(NAME)[PRODUCT]
        return gone.assign(customerTenantId=self.tenant, productId=gone[NAME].map(ids))

    @cached_property
    def _parts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """How each product went through each channel, and those of them that are not there any more."""
        lines = trends.lines(self.deployment, parts.OF_CUSTOMER)
        return lines, parts.absent(lines, self.now.frame, parts.OF_CUSTOMER, self.unread)

    def free(self) -> dict[object, int]:
        """How many of the live seats of each product are not assigned, by productId; none where they were not read."""
        if self.seats is None:
            return {}
        table = renewals.not_assigned(self.seats, None)
        return dict(zip(table[PRODUCT], table["notAssigned"], strict=True))


def renew_by_themselves(ending: pd.DataFrame) -> pd.DataFrame:
    """The subscriptions that count, and that renew where nobody does anything."""
    return ending[renewals.counted(ending) & (ending["renewalOutcome"] == renewals.RENEWS)]
