"""The figures at the head of a call sheet."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from data_access import formats
from data_access.call_sheet.customer import HORIZON, Customer, Ending
from data_access.call_sheet.sheet import Figure, percent
from data_access.measures import renewals, trends
from data_access.partner_center.catalog import SEATS, SUBSCRIPTIONS

_AT_RISK, _NOT_READ = "Seats at risk", "could not be read"


def figures(records: Customer, change: trends.Change | None) -> tuple[Figure, ...]:
    """The figures at the head of a sheet, with how they moved where that is known."""
    seats = records.seats if records.now.frame.empty else None
    if records.now.frame.empty and records.never_read(SEATS) and not records.absence:
        shown: tuple[Figure, ...] = (Figure("Live seats enabled", formats.NOTHING, _NOT_READ),)
    else:
        shown = _of_counts(records, change) if seats is None else _of_seats(records, seats)
        if records.absence and seats is None:
            why = records.absence.said()
            shown = tuple(replace(figure, change=f"{why[0].lower()}{why[1:]}") for figure in shown)
    if records.ending is None:
        unread = records.never_read(SUBSCRIPTIONS)
        return (*shown, Figure(_AT_RISK, formats.NOTHING, _NOT_READ)) if unread else shown
    return (*shown, _at_risk(records.ending))


def _at_risk(ending: Ending) -> Figure:
    renewing = ending.subscriptions[ending.renews]
    of_what, unknown = f"of what renews within {HORIZON} days", renewals.seats_unknown(renewing)
    if unknown and renewing["seatsAtRisk"].isna().all():
        return Figure(_AT_RISK, formats.NOTHING, f"not known {of_what}")
    if unknown:
        of_what += f"; of {formats.number(unknown, 'seat')} not known"
    return Figure(_AT_RISK, formats.count(ending.renewing), of_what)


def _of_counts(records: Customer, change: trends.Change | None) -> tuple[Figure, ...]:
    total = records.last
    since = f" since {formats.day(records.answered(change.since))}" if change else ""
    return (
        Figure("Licenses sold", formats.count(total.sold), formats.change(change.sold) + since if change else ""),
        Figure(
            "Deployed",
            percent(total.percent),
            f"{_points(total.percent, change)} points{since}" if change else "",
        ),
        Figure(
            "Not deployed",
            formats.count(total.undeployed),
            formats.change(change.undeployed) + since if change else "",
        ),
    )


def _of_seats(records: Customer, seats: pd.DataFrame) -> tuple[Figure, ...]:
    enabled, assigned = int(seats["activeUnits"].sum()), int(seats["consumedUnits"].sum())
    return (
        Figure("Live seats enabled", formats.count(enabled)),
        Figure("Assigned", percent(assigned * 100 / enabled if enabled else None)),
        Figure("Free to assign", formats.count(sum(records.free().values()))),
    )


def _points(percent: float | None, change: trends.Change) -> str:
    """By how many points the percentage moved, such that both ends of the line and the change add up."""
    if percent is None or change.percent is None:
        return formats.NOTHING
    return formats.points(formats.points_between(percent - change.percent, percent))
