"""What stands on a customer's call sheet, worked out from what was collected of the customer.

All dates are those of the figures, and no clock is read: the same figures give the same sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pandas as pd

from data_access import formats, measures, mutes
from data_access.call_sheet import figures, sections, together
from data_access.call_sheet.customer import Customer, Records
from data_access.call_sheet.sheet import CallSheet, Line, percent
from data_access.datasets.renewals import OfOne
from data_access.measures import call_list, muted, no_rows, parts, spare
from data_access.measures.free_products import PRODUCT
from data_access.measures.trends import AS_OF
from data_access.partner_center.catalog import SEATS, SUBSCRIPTIONS

_YEAR = timedelta(days=366)
_MOST_STEPS = 3


def sheets(
    several: Sequence[Records], *, target: float = measures.DEFAULT_TARGET, root: str | None = None
) -> list[CallSheet]:
    """The sheet of each customer of records that were read together, in their order.

    `target`: the percentage to reach. `root`: the address of the dashboard, below which each customer has a page.
    """
    known = together.customers_of(several)
    called = together.call_lists(known)
    made = [_sheet(records, *called(records.tenant)) for records in known]
    return [
        replace(
            sheet,
            line=sheet.line and replace(sheet.line, target=target),
            address=f"{root}/customers?{urlencode({'customer': sheet.tenant})}" if root else "",
        )
        for sheet in made
    ]


def _sheet(records: Customer, called: pd.DataFrame, said: Sequence[str]) -> CallSheet:
    """The sheet of one customer: with its row of the call list, none where nothing is said of it, and what is said."""
    change = records.change
    lost = records.lost(change.since) if change else records.line[:0]
    steps, aside = _steps(records, called, said)
    tables = [
        sections.products(records),
        sections.ends(records),
        sections.changed(records),
        sections.use(records),
    ]
    return CallSheet(
        customer=records.name or records.tenant,
        tenant=records.tenant,
        source=records.source,
        dates=_dates(records),
        mark="Sample data" if records.is_sample else "",
        figures=figures.figures(records, change if lost.empty else None),
        steps=steps,
        aside=aside,
        muted=_muted(records, lost),
        sections=tuple(table for table in tables if table),
        line=_line(records),
        definitions=" ".join(
            f"{measures.MEASURES[name].label}: {measures.MEASURES[name].definition}"
            for name in ("licensesDeployed", "undeployed")
        ),
    )


def _muted(records: Customer, lost: pd.DataFrame) -> tuple[str, ...]:
    """What the steps do not speak of: of how many lines, until when and why."""
    lines = mutes.counted(muted.of_one(records.mutes, records.tenant, _products_of(records, lost)))
    return (*lines, mutes.IN_SUMS) if lines else ()


def _dates(records: Customer) -> str:
    line = records.line
    newest = records.now.frame["processedDateTime"].max()
    stands_at = newest
    if len(line) and (pd.isna(newest) or line["processedDateTime"].iloc[-1] == newest):
        stands_at = line[AS_OF].iloc[-1]  # else the figures are newer than the history
    known = [] if pd.isna(stands_at) else [f"Figures of {_dates_of(records, _dated(newest, stands_at))}"]
    if records.absence:
        known = [f"{records.absence.said()}; last figures of {formats.day(stands_at)}"]
    if records.empty_since:
        known = [no_rows.said(records.empty_since).removesuffix("."), *known]
    of_what = "of these figures" if records.empty_since else "of the newest answer"
    unread = [f"{of_what}, {said}"] if (said := records.unread.in_words) else []
    return "; ".join([*known, *unread, *_no_use(records), *(_read(records.live) if records.live else ())])


def _no_use(records: Records) -> list[str]:
    """Since when there are no figures of use, and of when those are that stand."""
    if records.use is None or records.no_use_since is None:
        return []
    last = records.use["processedDateTime"].max()
    of_when = "" if pd.isna(last) else f", the last are of {formats.day(last)}"
    return [f"no figures of use since {formats.day(records.no_use_since)}{of_when}"]


def _dates_of(records: Customer, newest: str) -> str:
    """Of when the figures are that stand on a sheet: a product that was not processed anew has an older date."""
    dates = records.now.frame["processedDateTime"].dropna()
    is_one = dates.empty or dates.min().date() == dates.max().date()
    return newest if is_one else f"{formats.day(dates.min())} to {newest}"


def _dated(processed: datetime, stands_at: datetime) -> str:
    """The date of figures; where Microsoft went back in time, also which answer has them: it came after all others."""
    if pd.isna(processed) or processed.date() == stands_at.date():
        return formats.day(stands_at)
    return f"{formats.day(processed)}, in the answer of {formats.day(stands_at)}"


def _read(live: OfOne) -> list[str]:
    """Of when the subscriptions and the live seats are, as far as they could be read, and which cannot be read now."""
    named: dict[str, list[str]] = {}
    for collection, rows in ((SUBSCRIPTIONS, live.subscriptions), (SEATS, live.seats)):
        if rows is not None:
            at = live.read_of(collection)
            is_earlier = any(one.collection == collection.name and one.last_read for one in live.unread)
            when = f"{formats.day(at)}, {formats.clock(at)}{', not read since' if is_earlier else ''}"
            named.setdefault(when, []).append(collection.name)
    return [f"{' and '.join(names)} of {said}" for said, names in named.items()]


def _steps(records: Customer, called: pd.DataFrame, said: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """What to say, by the rules of the call list: the first sentences that have a reason; and what is said aside."""
    if called.empty:
        return (), ""
    seats_read_at = records.live.read_of(SEATS) if records.live else None
    kept = spare.said(records.spares, records.now.frame)
    aside = call_list.aside(called, records.now, records.unassigned, seats_read_at)
    return tuple(said[:_MOST_STEPS]), " ".join(filter(None, (aside, kept)))


def _products_of(records: Customer, lost: pd.DataFrame) -> set[str]:
    """The ids of all products of which the sheet knows something."""
    tables = (records.now.frame, lost, records.subscriptions, records.seats)
    known = [table[PRODUCT].dropna() for table in tables if table is not None and PRODUCT in table]
    return {str(product) for column in known for product in column}


def _line(records: Customer) -> Line | None:
    line = records.line
    shown = line[line["deploymentPercent"].notna()]
    if shown.empty:
        return None
    shown = shown[shown[AS_OF] >= shown[AS_OF].iloc[-1] - _YEAR]
    pairs = zip(shown[AS_OF], shown["deploymentPercent"], strict=True)
    points = tuple((moment.date(), float(value)) for moment, value in pairs)
    (first, was), (_, is_now) = points[0], points[-1]
    processed = shown["processedDateTime"].iloc[-1]
    now = f"{percent(is_now)} on {_dated(processed, shown[AS_OF].iloc[-1])}."
    if len(points) == 1:
        return Line(points, now)
    missed = records.lost(shown[AS_OF].iloc[0])
    if len(missed):
        what = _missed(muted.without(records.mutes, missed))
        return Line(points, f"{what}: the sum cannot be compared with the dates before. What is left: {now}")
    return Line(points, f"From {percent(was)} on {formats.day(first)} to {now}")


def _missed(products: pd.DataFrame) -> str:
    """What the newest answer has no more or was not read of it, of what is not muted: the first, for its reason."""
    if products.empty:
        return "Not in the newest answer: what is muted"
    first = products.iloc[0]
    more = int((products[parts.WHY] == first[parts.WHY]).sum()) - 1
    return call_list.missed(str(first[parts.TITLE]), first["licensesSold"], first[AS_OF], more, str(first[parts.WHY]))
