"""What stands on a customer's call sheet, worked out from what was collected of the customer.

All dates are those of the figures, and no clock is read: the same figures give the same sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from data_access import formats, measures, mutes, texts, titles
from data_access.call_sheet.sheet import CallSheet, Column, Figure, Line, Section
from data_access.datasets import lately, usage
from data_access.datasets.renewals import OfOne, Unread, never_read, not_read
from data_access.measures import Facts, call_list, changes, customers, muted, no_rows, parts, renewals, spare, trends
from data_access.measures.free_products import PRODUCT
from data_access.measures.trends import AS_OF
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.mutes import Mute, Spare
from data_access.partner_center.catalog import SEATS, SUBSCRIPTIONS, Collection

#: How far ahead renewals are shown, in days.
HORIZON = 120
_YEAR = timedelta(days=366)
_NAME = "productName"
_LATELY = round(lately.MONTHS * 365 / 12)  # days: as long as the call list looks back
_MOST_STEPS = 3
_AT_RISK, _NOT_READ = "Seats at risk", "could not be read"
_NO_SUM = "trials, usage and what is suspended do not count"
_ONCE = "as above"  # what a tenant has free of a product, beside a further row of the product
_MOST_ROWS, _MOST_NARROW = 8, 6  # of one table, and of one beside another: an ordinary sheet has one page
_TELL_APART = (customers.CUSTOMER, *customers.PRODUCT)
_TEXT, _END = Column("Product", is_number=False), Column("Ends (UTC)", is_number=False)
#: All percentages of a sheet have as many decimals.
_percent = partial(formats.percent, as_sent=False)


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
        (why,) = parts.why(pd.DataFrame({customers.CUSTOMER: [self.tenant]}), [customers.CUSTOMER], self.unread)
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


def sheet(records: Records) -> CallSheet:
    """The sheet of one customer."""
    line = trends.lines(records.deployment, [])
    change = None if records.absence else trends.change(line, trends.USUAL_DAYS)
    is_whole = change is None or _lost(records, line, change.since).empty
    ending = _ending(records)
    steps, aside = _steps(records, line)
    parts = [_products(records), _renewing(records, ending), _changed(records, change), _use(records)]
    return CallSheet(
        customer=records.name or records.tenant,
        tenant=records.tenant,
        source=records.source,
        dates=_dates(records, line),
        mark="Sample data" if records.is_sample else "",
        figures=_figures(records, line, change if is_whole else None, ending),
        steps=steps,
        aside=aside,
        muted=_muted(records, _lost(records, line, change.since) if change else line[:0]),
        sections=tuple(part for part in parts if part),
        line=_line(records, line),
        definitions=" ".join(
            f"{measures.MEASURES[name].label}: {measures.MEASURES[name].definition}"
            for name in ("licensesDeployed", "undeployed")
        ),
    )


def _muted(records: Records, lost: pd.DataFrame) -> tuple[str, ...]:
    """What the steps do not speak of: of how many lines, until when and why."""
    lines = mutes.counted(muted.of_one(records.mutes, records.tenant, _products_of(records, lost)))
    return (*lines, mutes.IN_SUMS) if lines else ()


def _dates(records: Records, line: pd.DataFrame) -> str:
    newest = records.now.frame["processedDateTime"].max()
    stands_at = newest
    if len(line) and (pd.isna(newest) or line["processedDateTime"].iloc[-1] == newest):
        stands_at = line[AS_OF].iloc[-1]  # else the figures are newer than the history
    known = [] if pd.isna(stands_at) else [f"Figures of {_dated(newest, stands_at)}"]
    if records.absence:
        known = [f"{records.absence.said()}; last figures of {formats.day(stands_at)}"]
    if records.empty_since:
        known = [no_rows.said(records.empty_since).removesuffix("."), *known]
    unread = [f"of the newest answer, {said}"] if (said := records.unread.in_words) else []
    return "; ".join([*known, *unread, *(_read(records.live) if records.live else ())])


def _dated(processed: datetime, stands_at: datetime) -> str:
    """The date of figures; where Microsoft went back in time, also which answer has them: it came after all others."""
    if pd.isna(processed) or processed.date() == stands_at.date():
        return formats.day(stands_at)
    return f"{formats.day(processed)}, in the answer of {formats.day(stands_at)}"


def _read(live: OfOne) -> list[str]:
    """Of when the subscriptions and the live seats are, as far as they could be read."""
    named: dict[datetime, list[str]] = {}
    for collection, rows in ((SUBSCRIPTIONS, live.subscriptions), (SEATS, live.seats)):
        if rows is not None:
            named.setdefault(live.read_of(collection), []).append(collection.name)
    return [f"{' and '.join(names)} of {formats.day(at)}, {formats.clock(at)}" for at, names in named.items()]


def _steps(records: Records, line: pd.DataFrame) -> tuple[tuple[str, ...], str]:
    """What to say, by the rules of the call list: the first sentences that have a reason; and what is said aside."""
    if records.now.frame.empty or muted.customers(records.mutes, [records.tenant]):
        return (), ""
    renewing, missed = None, None
    if change := trends.change(line, _LATELY):
        missed = _lost(records, line, change.since)
    read_at = records.live.read_at if records.live else None
    if records.subscriptions is not None and read_at is not None:
        spoken = muted.without(records.mutes, records.subscriptions)
        renewing = renewals.next_renewals(spoken, read_at, call_list.RENEWS_WITHIN, records.spares)
    table = call_list.prepared(
        records.now,
        _moved(records),
        lost=missed,
        unused=None if records.use is None else usage.unused_of(records.now, records.use),
        ending=renewing,
        at=read_at,
        mutes=records.mutes,
        spares=records.spares,
    )
    steps = tuple(call_list.said(table)[0][:_MOST_STEPS])
    seats_read_at = records.live.read_of(SEATS) if records.live else None
    kept = spare.said(records.spares, records.now.frame)
    aside = call_list.aside(table, records.now, records.seats, seats_read_at)
    return steps, " ".join(filter(None, (aside, kept)))


def _moved(records: Records) -> pd.DataFrame | None:
    """How the customer moved, as `call_list.prepared` takes it, since the answer that the call list compares with."""
    if records.then is None:
        return None
    day, then = records.then
    was, is_now = measures.total(then), measures.total(records.now)
    percents = [float("nan") if total.percent is None else total.percent for total in (was, is_now)]
    moves = {
        "since": pd.Timestamp(day),
        "licensesSoldChange": float(is_now.sold - was.sold),
        "licensesDeployedChange": is_now.deployed - was.deployed,
        "deploymentPercentChange": percents[1] - percents[0],
    }
    return pd.DataFrame([moves], index=pd.Index([records.tenant]))


def _answered(line: pd.DataFrame, moment: datetime) -> datetime:
    """When the answer was fetched that stands at a moment of a line: by that day pages name what they compare with."""
    return pd.Timestamp(line.loc[line[AS_OF] == moment, "fetchedAt"].iloc[-1]).to_pydatetime()


def _lost(records: Records, line: pd.DataFrame, since: datetime) -> pd.DataFrame:
    """The products that the customer has no more, of which the line had some on this date or later, with their ids."""
    lines = trends.lines(records.deployment, parts.OF_CUSTOMER)
    absent = parts.absent(lines, records.now.frame, parts.OF_CUSTOMER, records.unread)
    gone = parts.together(parts.missed(absent, lines, line[line[AS_OF] >= since]))
    ids = records.deployment.frame.drop_duplicates(_NAME).set_index(_NAME)[PRODUCT]
    return gone.assign(customerTenantId=records.tenant, productId=gone[_NAME].map(ids))


def _products_of(records: Records, lost: pd.DataFrame) -> set[str]:
    """The ids of all products of which the sheet knows something."""
    tables = (records.now.frame, lost, records.subscriptions, records.seats)
    known = [table[PRODUCT].dropna() for table in tables if table is not None and PRODUCT in table]
    return {str(product) for column in known for product in column}


def _figures(
    records: Records, line: pd.DataFrame, change: trends.Change | None, ending: pd.DataFrame | None
) -> tuple[Figure, ...]:
    seats = records.seats if records.now.frame.empty else None
    if records.now.frame.empty and records.never_read(SEATS):
        figures: tuple[Figure, ...] = (Figure("Live seats enabled", formats.NOTHING, _NOT_READ),)
    else:
        figures = _of_seats(seats) if seats is not None else _of_counts(_last(records, line), line, change)
        if records.absence and seats is None:
            why = records.absence.said()
            figures = tuple(replace(figure, change=f"{why[0].lower()}{why[1:]}") for figure in figures)
    if ending is None:
        unread = records.never_read(SUBSCRIPTIONS)
        return (*figures, Figure(_AT_RISK, formats.NOTHING, _NOT_READ)) if unread else figures
    return (*figures, _at_risk(_renew_by_themselves(ending)))


def _last(records: Records, line: pd.DataFrame) -> Facts:
    """The figures of now, or those of the last answer with the customer, where the newest one has none."""
    if not records.absence:
        return records.now
    frame = records.deployment.frame
    return records.deployment.of(frame[frame["snapshot"] == line["snapshot"].iloc[-1]])


def _at_risk(renewing: pd.DataFrame) -> Figure:
    of_what, unknown = f"of what renews within {HORIZON} days", renewals.seats_unknown(renewing)
    if unknown and renewing["seatsAtRisk"].isna().all():
        return Figure(_AT_RISK, formats.NOTHING, f"not known {of_what}")
    if unknown:
        of_what += f"; of {formats.number(unknown, 'seat')} not known"
    return Figure(_AT_RISK, formats.count(renewals.seats_at_risk(renewing)), of_what)


def _of_counts(now: Facts, line: pd.DataFrame, change: trends.Change | None) -> tuple[Figure, ...]:
    total = measures.total(now)
    since = f" since {formats.day(_answered(line, change.since))}" if change else ""
    return (
        Figure("Licenses sold", formats.count(total.sold), formats.change(change.sold) + since if change else ""),
        Figure(
            "Deployed",
            _percent(total.percent),
            f"{_points(total.percent, change)} points{since}" if change else "",
        ),
        Figure(
            "Not deployed",
            formats.count(total.undeployed),
            formats.change(change.undeployed) + since if change else "",
        ),
    )


def _of_seats(seats: pd.DataFrame) -> tuple[Figure, ...]:
    enabled, assigned = int(seats["activeUnits"].sum()), int(seats["consumedUnits"].sum())
    return (
        Figure("Live seats enabled", formats.count(enabled)),
        Figure("Assigned", _percent(assigned * 100 / enabled if enabled else None)),
        Figure("Free to assign", formats.count(sum(_free(seats).values()))),
    )


def _points(percent: float | None, change: trends.Change) -> str:
    """By how many points the percentage moved, such that both ends of the line and the change add up."""
    if percent is None or change.percent is None:
        return formats.NOTHING
    return formats.points(formats.points_between(percent - change.percent, percent))


def _products(records: Records) -> Section:
    """The products by what is not deployed, each with the seats that are free to assign, where those are known."""
    if records.now.frame.empty and records.seats is not None:
        return _today(records.seats)
    table = customers.by_product(records.now).sort_values(["undeployed", _NAME], ascending=[False, True])
    ids = records.now.frame.drop_duplicates(_NAME).set_index(_NAME).get(PRODUCT)
    free = None if records.seats is None or ids is None else _free_to_assign(table[_NAME].map(ids), records.seats)
    rows = [
        (
            name,
            formats.count(row["licensesSold"]),
            formats.count(row["licensesDeployed"]),
            formats.count(row["undeployed"]),
            _percent(row["deploymentPercent"]),
            *(free[place : place + 1] if free else ()),
        )
        for place, (name, (_, row)) in enumerate(zip(_named(table), table.iterrows(), strict=True))
    ]
    nothing = f"The newest answer has no product{' that could be read' if records.unread else ''}."
    columns = (_TEXT, *map(Column, ("Sold", "Deployed", "Not deployed", "Deployed %")))
    if free is not None:
        columns = (*columns, Column("Free to assign today"))
    return _section("Products by what is not deployed", columns, rows, "product", nothing)


def _named(table: pd.DataFrame) -> list[str]:
    """The title of each product, with its channel where the customer bought it through several."""
    names = table[_NAME].astype("str").map(titles.product_title)
    several = names.duplicated(keep=False)
    channels = table["channel"].astype("str").map(titles.channel_title)
    return [*names.where(~several, names + ", " + channels)]


def _free_to_assign(products: pd.Series, seats: pd.DataFrame) -> list[str]:
    """The seats that are free of each product; the tenant has them once, however many rows the product has."""
    free, again = _free(seats), products.notna() & products.duplicated()
    return [
        _ONCE if is_again else _number(free.get(product)) for product, is_again in zip(products, again, strict=True)
    ]


def _free(seats: pd.DataFrame) -> dict[object, int]:
    """How many live seats of each product are not assigned, by productId."""
    table = renewals.not_assigned(seats, None)
    return dict(zip(table[PRODUCT], table["notAssigned"], strict=True))


def _today(seats: pd.DataFrame) -> Section:
    """The products by live seats, where the analytics have none."""
    table = seats.assign(free=(seats["activeUnits"] - seats["consumedUnits"]).clip(lower=0))
    table = table.sort_values(["free", _NAME], ascending=[False, True])
    rows = [
        (
            titles.product_title(str(row[_NAME])),
            *(_number(row[name]) for name in ("activeUnits", "consumedUnits", "free")),
        )
        for _, row in table.iterrows()
    ]
    columns = (_TEXT, *map(Column, ("Enabled", "Assigned", "Free to assign")))
    return _section("Live seats by what is not assigned", columns, rows, "product", "No seats are enabled.")


def _changed(records: Records, change: trends.Change | None) -> Section | None:
    """The products whose licenses moved since the date with which the figures are compared."""
    if change is None:
        return None
    frame = records.deployment.frame
    before = frame[frame["snapshot"] == _snapshot_at(records.deployment, change.since)]
    table = changes.compare(
        customers.by_product(records.deployment.of(before)), customers.by_product(records.now), customers.PRODUCT
    )
    why = parts.why(table.assign(customerTenantId=records.tenant), _TELL_APART, records.unread)
    is_there = table["status"] != changes.Status.GONE
    status = table["status"].where(is_there, pd.Series(why, table.index, dtype="str"))
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
    heading = f"What changed since {formats.day(_answered(trends.lines(records.deployment, []), change.since))}"
    return _section(heading, columns, rows, "product", "No product changed.", is_narrow=True)


def _with_status(product: str, status: str) -> str:
    return product if status == changes.Status.CHANGED else f"{product} ({status})"


def _snapshot_at(deployment: Facts, moment: datetime) -> str:
    """The snapshot whose figures stand at a moment of the customer's line."""
    line = trends.lines(deployment, [])
    return str(line.loc[line[AS_OF] == moment, "snapshot"].iloc[-1])


def _ending(records: Records) -> pd.DataFrame | None:
    if records.subscriptions is None or records.live is None:
        return None
    return renewals.in_order(renewals.within(records.subscriptions, records.live.read_at, HORIZON))


def _renew_by_themselves(ending: pd.DataFrame) -> pd.DataFrame:
    return ending[renewals.counted(ending) & (ending["renewalOutcome"] == renewals.RENEWS)]


def _why_less(ending: pd.DataFrame) -> str:
    """Why the figure of the seats at risk is less than its column adds up to; nothing where it is not."""
    counted = ending[renewals.counted(ending)]
    added_up, of_counted = (int(rows["seatsAtRisk"].sum()) for rows in (ending, counted))
    every, renewing = (renewals.seats_at_risk(part) for part in (counted, _renew_by_themselves(ending)))
    if renewing == added_up:
        return ""
    reasons = [
        *(["seats of a product count once"] if every < of_counted else []),
        *([_NO_SUM] if of_counted < added_up else []),
    ]
    together = f", together they are {formats.count(every)}, since {' and '.join(reasons)}" if reasons else ""
    of_what = f"; of what renews {formats.count(renewing)}" if renewing != every else ""
    return f"At risk: the rows add up to {formats.count(added_up)}{together}{of_what}"


def _renewing(records: Records, ending: pd.DataFrame | None) -> Section | None:
    heading = f"What ends in the next {HORIZON} days"
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
        for (_, row), becomes in zip(ending.iterrows(), renewals.becomes(ending), strict=True)
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


def _use(records: Records) -> Section | None:
    if records.use is None:
        return None
    (workloads,) = texts.alike(usage.workload_titles(records.use))  # one row however it is spelled, as on Usage
    table = measures.activity_by(records.use.assign(workloadName=workloads), ["workloadName"])
    table = table.sort_values(["licensesQualified", "workloadName"], ascending=[False, True])
    rows = [
        (
            str(row["workloadName"]),
            formats.count(row["licensesActive"]),
            formats.count(row["licensesQualified"]),
            _percent(row["usagePercent"]),
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


def _line(records: Records, line: pd.DataFrame) -> Line | None:
    shown = line[line["deploymentPercent"].notna()]
    if shown.empty:
        return None
    shown = shown[shown[AS_OF] >= shown[AS_OF].iloc[-1] - _YEAR]
    pairs = zip(shown[AS_OF], shown["deploymentPercent"], strict=True)
    points = tuple((moment.date(), float(percent)) for moment, percent in pairs)
    (first, was), (_, is_now) = points[0], points[-1]
    processed = shown["processedDateTime"].iloc[-1]
    now = f"{_percent(is_now)} on {_dated(processed, shown[AS_OF].iloc[-1])}."
    if len(points) == 1:
        return Line(points, now)
    missed = _lost(records, line, shown[AS_OF].iloc[0])
    if len(missed):
        what = _missed(muted.without(records.mutes, missed))
        return Line(points, f"{what}: the sum cannot be compared with the dates before. What is left: {now}")
    return Line(points, f"From {_percent(was)} on {formats.day(first)} to {now}")


def _missed(products: pd.DataFrame) -> str:
    """What the newest answer has no more or was not read of it, of what is not muted: the first, for its reason."""
    if products.empty:
        return "Not in the newest answer: what is muted"
    first = products.iloc[0]
    more = int((products[parts.WHY] == first[parts.WHY]).sum()) - 1
    return call_list.missed(str(first[parts.TITLE]), first["licensesSold"], first[AS_OF], more, str(first[parts.WHY]))


def _number(value: Any) -> str:
    return formats.NOTHING if pd.isna(value) else formats.count(float(value))
