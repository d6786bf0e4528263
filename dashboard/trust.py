"""How far the figures can be trusted, ready to show: what was looked at, and what was found. Plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import pandas as pd

from dashboard import formats
from data_access import COLLECTIONS, Snapshot, Standing, names
from data_access.health import Timing

#: Percent points between Microsoft's percentage and its counts that rounding does not explain.
CONTRADICTION = 1.0
#: A history to which nobody has added anything for so long is no longer looked after.
NEGLECTED = timedelta(days=8)
_NAMED = 3  # of a list in a sentence


class Mark(StrEnum):
    """What a check came to, worst first."""

    BAD = "not well"
    UNKNOWN = "cannot be told"
    NOTE = "worth knowing"
    GOOD = "well"


@dataclass(frozen=True, eq=False)
class Check:
    """One thing that was looked at: the question, what it came to, in a sentence, and the rows that it is about."""

    key: str
    question: str
    mark: Mark
    finding: str
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)


def verdict(checks: Sequence[Check]) -> tuple[Mark, str]:
    """The page's question answered in a sentence."""
    bad = [check.finding for check in checks if check.mark is Mark.BAD]
    notes = [check for check in checks if check.mark in (Mark.NOTE, Mark.UNKNOWN)]
    further = f" {formats.number(len(notes), 'thing')} worth knowing below." if notes else ""
    if not bad:
        return Mark.GOOD, f"**All is well.** Services are on time, and what was announced was read.{further}"
    if len(bad) == 1:
        return Mark.BAD, f"**Not all is well.** {bad[0]}{further}"
    listed = "".join(f"\n- {finding}" for finding in bad)
    return Mark.BAD, f"**Not all is well: {len(bad):,} things to see to.**{further}\n{listed}"


def timing(services: pd.DataFrame, last_read: datetime | None) -> Check:
    """Whether services are processed as often as usual. `services`: see `health.services`."""
    late = services[services["timing"] == Timing.LATE]
    unknown = services[services["timing"] == Timing.UNKNOWN]
    question = "Are services processed as often as usual?"
    if len(late):
        said = (
            f"{_listed(late['service'])} {'is' if len(late) == 1 else 'are'} late: longer without a new processing date"
            " than usual."
        )
        if last_read is not None and (late["expectedBy"] > last_read).any():
            said += f" But nobody has looked since {formats.day(last_read)}: run `collect`."
        return Check("late", question, Mark.BAD, said)
    on_time = len(services) - len(unknown)
    said = f"{on_time} of {formats.number(len(services), 'service')} {'is' if on_time == 1 else 'are'} on time."
    if len(unknown):
        said += f" Of {_listed(unknown['service'])} there are too few dates to tell."
    return Check("late", question, Mark.UNKNOWN if len(unknown) else Mark.GOOD, said)


def collecting(standing: Mapping[str, Standing], now: datetime) -> Check:
    """Whether the last try of each collection went well, and is not long ago."""
    rows = pd.DataFrame(
        [
            (
                COLLECTIONS[name].title,
                one.last_success,
                "failing" if one.failing else "read",
                one.last_failure,
                f"{one.failure.message} {one.failure.advice}" if one.failure else None,
                one.failure.status if one.failure else None,
                one.failure.code if one.failure else None,
                one.failure.request_id if one.failure else None,
                one.failure.correlation_id if one.failure else None,
            )
            for name in COLLECTIONS
            if (one := standing.get(name))
        ],
        columns=[
            "collection",
            "lastRead",
            "state",
            "lastFailure",
            "failure",
            "status",
            "code",
            "requestId",
            "correlationId",
        ],
    ).astype({"lastRead": "datetime64[us, UTC]", "lastFailure": "datetime64[us, UTC]", "status": "Int64"})
    question = "Was everything collected the last time?"
    failing = [name for name in COLLECTIONS if name in standing and standing[name].failing]
    if failing:
        said = " ".join(_failing(name, standing[name]) for name in failing)
        return Check("collected", question, Mark.BAD, said, rows)
    newest = max((one.last_success for one in standing.values() if one.last_success), default=None)
    if newest is None or now - newest > NEGLECTED:
        ago = formats.age(now - newest) if newest else "never"
        return Check("collected", question, Mark.BAD, f"The last run of `collect` was {ago}.", rows)
    said = f"{formats.number(len(standing), 'collection')}, the last of them {formats.age(now - newest)}."
    return Check("collected", question, Mark.GOOD, said, rows)


def reading(readings: pd.DataFrame, newest: Iterable[Snapshot]) -> Check:
    """Whether what was announced was read. `readings`: see `health.readings`; `newest`: the snapshots it is of."""
    rows = readings.assign(collection=readings["collection"].map(_title))
    question = "Was every row read that Microsoft announced?"
    aside, missing = int(readings["setAside"].sum()), int(readings["missing"].sum())
    reasons = [(_title(one.collection), reason, number) for one in newest for reason, number in one.reasons.items()]
    unread = sum(one.unread_customers for one in newest)
    said = []
    if missing:
        said.append(f"Announced and not come: {formats.number(missing, 'row')}.")
    if aside:
        named = "; ".join(
            f"{formats.plain(formats.shortened(reason, 80))} ({number:,})" for _, reason, number in reasons[:_NAMED]
        )
        said.append(f"Set aside and in no figure: {formats.number(aside, 'row')}: {named}.")
    if unread:
        said.append(f"The account may not read {formats.number(unread, 'customer')}.")
    if said:
        each = pd.DataFrame(reasons, columns=["collection", "reason", "setAside"])
        rows = pd.concat([rows, each], ignore_index=True) if len(each) else rows
        return Check("read", question, Mark.BAD, " ".join(said), rows)
    silent = readings["announced"].isna().sum()
    read, collections = int(readings["rows"].sum()), formats.number(len(readings), "collection")
    told = f"{read:,} rows in {collections}, none missing, none set aside."
    if silent:
        told += f" {formats.number(int(silent), 'collection')} came without a total to compare with."
    return Check("read", question, Mark.GOOD, told, rows)


def absent(gone: pd.DataFrame, days: tuple[datetime, datetime]) -> Check:
    """Whether customers went missing between the two newest fetches. `gone`: see `health.absent`."""
    question = "Are all customers of last time still there?"
    if gone.empty:
        return Check(
            "absent", question, Mark.GOOD, f"Nobody of {formats.day(days[0])} is missing on {formats.day(days[1])}."
        )
    sold = formats.count(gone["licensesSold"].sum())
    return Check(
        "absent",
        question,
        Mark.BAD,
        f"{formats.number(len(gone), 'customer')} with {sold} licenses sold, there on {formats.day(days[0])},"
        f" {'is' if len(gone) == 1 else 'are'} absent on {formats.day(days[1])}.",
        gone,
    )


def over_deployed(rows: pd.DataFrame) -> Check:
    """Where more is deployed than sold. `rows`: see `health.over_deployed`, by customer and product."""
    question = "Is anything deployed beyond what was sold?"
    if rows.empty:
        return Check("over", question, Mark.GOOD, "Nothing.")
    customers = rows["customerTenantId"].nunique()
    return Check(
        "over",
        question,
        Mark.NOTE,
        f"{formats.number(len(rows), 'product')} at {formats.number(customers, 'customer')}:"
        f" {formats.count(rows['overDeployed'].sum())} licenses beyond those sold, so percentages above 100 are real.",
        rows,
    )


def contradictions(rows: pd.DataFrame) -> Check:
    """Whether percentages fit the counts. `rows`: see `health.percent_against_counts`."""
    question = "Do Microsoft's percentages fit its counts?"
    apart = rows[rows["difference"].abs() > CONTRADICTION]
    if rows.empty:
        return Check("fit", question, Mark.UNKNOWN, "There is nothing that has both.")
    if apart.empty:
        most = float(rows["difference"].abs().max())
        said = f"In {formats.number(len(rows), 'place')} of service and channel, at most {most:.3f} points apart."
        return Check("fit", question, Mark.GOOD, said, rows)
    said = (
        f"In {len(apart):,} of {formats.number(len(rows), 'place')} they are more than {CONTRADICTION:g} point apart,"
        f" most for {names.service_title(str(apart['service'].iloc[0]))}. Pages by service and by customer will differ."
    )
    return Check("fit", question, Mark.BAD, said, rows)


def left_out(notices: Sequence[str]) -> Check:
    """Whether every file of the history could be used."""
    question = "Is every file of the history sound?"
    if not notices:
        return Check("files", question, Mark.GOOD, "Every file that was opened is what was written.")
    said = f"{formats.number(len(notices), 'file')} had to be left out; `verify` says more."
    return Check("files", question, Mark.BAD, said, pd.DataFrame({"notice": list(notices)}))


def not_at_hand(key: str, question: str, why: str) -> Check:
    """A check that could not be made."""
    return Check(key, question, Mark.UNKNOWN, why)


def table(checks: Sequence[Check]) -> pd.DataFrame:
    """The checks as rows: check, question, result, finding."""
    rows = [(check.key, check.question, str(check.mark), formats.bare(check.finding)) for check in checks]
    return pd.DataFrame(rows, columns=["check", "question", "result", "finding"]).astype("str")


def _failing(name: str, one: Standing) -> str:
    """When and why a collection could not be read, and of when its newest figures are."""
    why = f": {formats.plain(one.failure.message)}" if one.failure else "."
    newest = (
        f"Its newest figures were read on {formats.day(one.last_success)}."
        if one.last_success
        else "It was never read before."
    )
    return f"*{_title(name)}* could not be read on {formats.day(one.last_failure)}{why} {newest}"


def _listed(codes: Iterable[str]) -> str:
    """Services in a sentence: the first ones by name, and how many more."""
    titles = [formats.plain(names.service_title(str(code))) for code in codes]
    more = len(titles) - _NAMED
    if more > 0:
        return f"{', '.join(titles[:_NAMED])} and {more} more"
    return " and ".join(filter(None, (", ".join(titles[:-1]), titles[-1])))


def _title(collection: str) -> str:
    return COLLECTIONS[collection].title
