"""The tables of a call sheet: the products, what changed, what ends soon, and what is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from data_access import formats, titles
from data_access.call_sheet.customer import HORIZON, NAME, Customer, Ending
from data_access.call_sheet.sheet import Column, Section, percent
from data_access.datasets.renewals import not_read
from data_access.measures import changes, customers, parts
from data_access.measures.free_products import PRODUCT
from data_access.measures.unread_rows import Absence
from data_access.partner_center.catalog import SUBSCRIPTIONS

_NO_SUM = "trials, usage and what is suspended do not count"
_ONCE = "as above"  # what a tenant has free of a product, beside a further row of the product
_MOST_ROWS, _MOST_NARROW = 8, 6  # of one table, and of one beside another: an ordinary sheet has one page
_TELL_APART = (customers.CUSTOMER, *customers.PRODUCT)
_TEXT, _END = Column("Product", is_number=False), Column("Ends (UTC)", is_number=False)


def products(records: Customer) -> Section:
    """The products by what is not deployed, each with the seats that are free to assign, where those are known."""
    if records.now.frame.empty and records.seats is not None:
        return _today(records.seats)
    table = records.products.sort_values(["undeployed", NAME], ascending=[False, True])
    ids = records.now.frame.drop_duplicates(NAME).set_index(NAME).get(PRODUCT)
    free = None if records.seats is None or ids is None else _free_to_assign(table[NAME].map(ids), records.free())
    rows = [
        (
            name,
            formats.count(row["licensesSold"]),
            formats.count(row["licensesDeployed"]),
            formats.count(row["undeployed"]),
            percent(row["deploymentPercent"]),
            *(free[place : place + 1] if free else ()),
        )
        for place, (name, (_, row)) in enumerate(zip(_named(table), table.iterrows(), strict=True))
    ]
    nothing = f"The newest answer has no product{' that could be read' if records.unread else ''}."
    columns = (_TEXT, *map(Column, ("Sold", "Deployed", "Not deployed", "Deployed %")))
    if free is not None:
        columns = (*columns, Column("Free to assign"))
    return _section("Products by what is not deployed", columns, rows, "product", nothing)


def _named(table: pd.DataFrame) -> list[str]:
    """The title of each product, with its channel where the customer bought it through several."""
    names = table[NAME].astype("str").map(titles.product_title)
    several = names.duplicated(keep=False)
    channels = table["channel"].astype("str").map(titles.channel_title)
    return [*names.where(~several, names + ", " + channels)]


def _free_to_assign(ids: pd.Series, free: Mapping[object, int]) -> list[str]:
    """The seats that are free of each product; the tenant has them once, however many rows the product has."""
    again = ids.notna() & ids.duplicated()
    return [_ONCE if is_again else _number(free.get(product)) for product, is_again in zip(ids, again, strict=True)]


def _today(seats: pd.DataFrame) -> Section:
    """The products by live seats, where the analytics have none."""
    table = seats.assign(free=(seats["activeUnits"] - seats["consumedUnits"]).clip(lower=0))
    table = table.sort_values(["free", NAME], ascending=[False, True])
    rows = [
        (
            titles.product_title(str(row[NAME])),
            *(_number(row[name]) for name in ("activeUnits", "consumedUnits", "free")),
        )
        for _, row in table.iterrows()
    ]
    columns = (_TEXT, *map(Column, ("Enabled", "Assigned", "Free to assign")))
    return _section("Live seats by what is not assigned", columns, rows, "product", "No seats are enabled.")


def changed(records: Customer) -> Section | None:
    """The products whose licenses moved since the date with which the figures are compared."""
    if (change := records.change) is None:
        return None
    table = records.moves
    is_there = table["status"] != changes.Status.GONE
    gone = table[~is_there].assign(customerTenantId=records.tenant)
    why = pd.Series(parts.why(gone, _TELL_APART, records.unread), gone.index, dtype="str")
    status = table["status"].where(is_there, why)
    moves = ["licensesSoldChange", "licensesDeployedChange", "undeployedChange"]
    is_known = is_there | (status == Absence.GONE)
    table = table.assign(title=_named(table), said=status, **table[moves].where(is_known))  # as in that of all products
    table = table[table["status"] != changes.Status.SAME]
    table = table.sort_values("undeployedChange", key=lambda change: -change.abs(), kind="stable")
    rows = [
        (
            _with_status(row["title"], row["said"]),
            *(formats.NOTHING if pd.isna(row[name]) else formats.change(row[name]) for name in moves),
        )
        for _, row in table.iterrows()
    ]
    columns = (_TEXT, *map(Column, ("Sold", "Deployed", "Not deployed")))
    heading = f"What changed since {formats.day(records.answered(change.since))}"
    return _section(heading, columns, rows, "product", "No product changed.", is_narrow=True)


def _with_status(product: str, status: str) -> str:
    return product if status == changes.Status.CHANGED else f"{product} ({status})"


def _why_less(ending: Ending) -> str:
    """Why the figure of the seats at risk is less than its column adds up to; nothing where it is not."""
    seats, every, renewing = ending.subscriptions["seatsAtRisk"], ending.at_risk, ending.renewing
    added_up, of_counted = (int(some.sum()) for some in (seats, seats[ending.is_counted]))
    if renewing == added_up:
        return ""
    reasons = [
        *(["seats of a product count once"] if every < of_counted else []),
        *([_NO_SUM] if of_counted < added_up else []),
    ]
    together = f", together they are {formats.count(every)}, since {' and '.join(reasons)}" if reasons else ""
    of_what = f"; of what renews {formats.count(renewing)}" if renewing != every else ""
    return f"At risk: the rows add up to {formats.count(added_up)}{together}{of_what}"


def ends(records: Customer) -> Section | None:
    """The subscriptions that end soon, and what becomes of them."""
    heading, ending = f"What ends in the next {HORIZON} days", records.ending
    if ending is None:
        unread = records.never_read(SUBSCRIPTIONS)
        return Section(heading, note=not_read(unread)) if unread else None
    rows = [
        (
            str(row["offerName"]),
            _number(row["quantity"]),
            _number(row["seatsAtRisk"]),
            _day(row["end"], is_before=pd.isna(row["commitmentEndDateTime"])),
            becomes,
            _day(row["actBy"], is_before=row["isBefore"]),
        )
        for (_, row), becomes in zip(ending.subscriptions.iterrows(), ending.becomes, strict=True)
    ]
    columns = (
        Column("Subscription", is_number=False),
        Column("Seats"),
        Column("At risk"),
        _END,
        Column("Outcome", is_number=False),
        Column("Last day to act (UTC)", is_number=False),
    )
    section = _section(heading, columns, rows, "subscription", "No subscription ends.")
    return replace(section, note=". ".join(filter(None, (section.note, _why_less(ending)))))


def _day(instant: datetime, *, is_before: bool) -> str:
    """A day; the older kind of end is the first day that is no longer paid."""
    return f"{'before ' if is_before else ''}{formats.day(instant)}"


def use(records: Customer) -> Section | None:
    """How much of each workload is used."""
    if records.uses is None:
        return None
    table = records.uses.sort_values(["licensesQualified", "workloadName"], ascending=[False, True])
    rows = [
        (
            str(row["workloadName"]),
            formats.count(row["licensesActive"]),
            formats.count(row["licensesQualified"]),
            percent(row["usagePercent"]),
        )
        for _, row in table.iterrows()
    ]
    columns = (Column("Workload", is_number=False), *map(Column, ("Active", "Qualified", "Usage %")))
    return _section("Use within 28 days", columns, rows, "workload", "Microsoft sent no usage figures.", is_narrow=True)


def _section(
    heading: str,
    columns: tuple[Column, ...],
    rows: Sequence[tuple[str, ...]],
    noun: str,
    nothing: str,
    *,
    is_narrow: bool = False,
) -> Section:
    most = _MOST_NARROW if is_narrow else _MOST_ROWS
    more = len(rows) - most
    note = f"and {formats.more(more, noun)}" if more > 0 else "" if rows else nothing
    return Section(heading, columns, tuple(rows[:most]), note, is_narrow)


def _number(value: Any) -> str:
    return formats.NOTHING if pd.isna(value) else formats.count(float(value))
