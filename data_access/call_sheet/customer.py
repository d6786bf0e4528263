"""What is known of the customer of a call sheet, and what follows from it for several parts of the sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import pandas as pd

from data_access import measures
from data_access.datasets.renewals import OfOne, Unread, never_read
from data_access.measures import Facts, Total, parts, trends
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
    where there is none. `use`: rows of the newest commercial usage that has rows, None where none was collected;
    `no_use_since`: as `empty_since`, of that.
    `live`: its subscriptions and live seats, None where customers were never read.
    `unread`: what the answer of `now` does not tell, as far as it may be of this customer.
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
    no_use_since: date | None = None
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


@dataclass(frozen=True, eq=False)
class Ending:
    """The subscriptions of one customer that end within `HORIZON`, in order.

    `becomes`: what becomes of each. `is_counted`: whether sums take it in; `renews`: whether it renews, too, where
    nobody does anything. `at_risk`: the seats at risk of those that are counted, `renewing` of those that renew.
    """

    subscriptions: pd.DataFrame
    becomes: Sequence[str]
    is_counted: pd.Series
    renews: pd.Series
    at_risk: int
    renewing: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Customer(Records):
    """The records of one customer, and what `together` works out for several of them at once.

    `line`: how the customer as a whole went, `lines` each product through each channel, as `trends.lines` gives them.
    `change`: with what the figures are compared, None where there is nothing. `total`, `products`: what is now, in all
    and as `customers.by_product` gives it; `moves`: how the products went in the change, by `changes.compare`.
    `ending`: None where subscriptions were never read. `unassigned`: what of its live seats is not assigned, as
    `renewals.not_assigned` gives it; None where they were not read. `uses`: how its workloads are used, as
    `measures.activity_by` gives it; None where no usage was collected.
    """

    line: pd.DataFrame
    lines: pd.DataFrame
    change: trends.Change | None
    total: Total
    products: pd.DataFrame
    moves: pd.DataFrame
    ending: Ending | None
    unassigned: pd.DataFrame | None
    uses: pd.DataFrame | None

    @property
    def last(self) -> Total:
        """The figures of now, or those of the last answer with the customer, where the newest one has none."""
        if not self.absence:
            return self.total
        frame = self.deployment.frame
        return measures.total(self.deployment.of(frame[frame["snapshot"] == self.line["snapshot"].iloc[-1]]))

    def answered(self, moment: datetime) -> datetime:
        """When the answer was fetched that stands at a moment of the line: pages name what they compare with by it."""
        return pd.Timestamp(self.line.loc[self.line[AS_OF] == moment, "fetchedAt"].iloc[-1]).to_pydatetime()

    def lost(self, since: datetime) -> pd.DataFrame:
        """The products that it has no more, of which the line had some on this date or later, with their ids."""
        if self._absent.empty:
            return self._absent
        return parts.together(parts.missed(self._absent, self.lines, self.line[self.line[AS_OF] >= since]))

    @cached_property
    def _absent(self) -> pd.DataFrame:
        """Those of the products through a channel that are not there any more, with their ids."""
        absent = parts.absent(self.lines, self.now.frame, parts.OF_CUSTOMER, self.unread)
        ids = self.deployment.frame.drop_duplicates(NAME).set_index(NAME)[PRODUCT]
        return absent.assign(customerTenantId=self.tenant, productId=absent[NAME].map(ids))

    def free(self) -> dict[object, int]:
        """How many of the live seats of each product are not assigned, by productId; none where they were not read."""
        if self.unassigned is None:
            return {}
        return dict(zip(self.unassigned[PRODUCT], self.unassigned["notAssigned"], strict=True))
