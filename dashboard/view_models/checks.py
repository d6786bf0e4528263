"""How far the figures can be trusted, ready to show: what was looked at, and what was found. Plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import pandas as pd

from dashboard import formats
from dashboard.tables.health import BEHIND, CHECKS_FILE
from data_access import COLLECTIONS, NotPermitted, Snapshot, Standing, titles
from data_access.measures.health import Timing

#: Percent points between Microsoft's percentage and its counts that rounding does not explain.
CONTRADICTION = 1.0
#: A history to which nobody has added anything for so long is no longer looked after.
NEGLECTED = timedelta(days=8)
_NAMED = 3  # of a list in a sentence
#: What each check asks, by its key.
QUESTIONS = {
    "late": "Are services processed as often as usual?",
    "collected": "Was everything collected the last time?",
    "read": "Was every row read that Microsoft announced?",
    "absent": "Are all customers of last time still there?",
    "over": "Is anything deployed beyond what was sold?",
    "fit": "Do Microsoft's percentages fit its counts?",
    "files": "Is every file of the history sound?",
}
#: What the verdict says of a check that is well.
_CLAIMS = {"late": "services are on time", "read": "what was announced was read"}


class Mark(StrEnum):
    """What a check came to, worst first."""

    BAD = "not well"
    UNKNOWN = "cannot be told"
    NOTE = "worth knowing"
    GOOD = "well"


@dataclass(frozen=True, eq=False)
class Check:
    """One thing that was looked at: what it came to, in a sentence, and the rows that it is about."""

    key: str
    mark: Mark
    finding: str
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def question(self) -> str:
        return QUESTIONS[self.key]


def verdict(checks: Sequence[Check]) -> tuple[Mark, str]:
    """The page's question answered in a sentence, which claims only what is known."""
    bad = [check.finding for check in checks if check.mark is Mark.BAD]
    notes = [check for check in checks if check.mark in (Mark.NOTE, Mark.UNKNOWN)]
    further = f" {formats.number(len(notes), 'thing')} worth knowing below." if notes else ""
    if not bad:
        unknown = any(check.mark is Mark.UNKNOWN for check in checks)
        claims = ", and ".join(
            _CLAIMS[check.key] for check in checks if check.mark is Mark.GOOD and check.key in _CLAIMS
        )
        claimed = f" {claims[0].upper()}{claims[1:]}." if claims else ""
        if unknown:
            return Mark.UNKNOWN, f"**Nothing is known to be wrong.**{claimed}{further}"
        return Mark.GOOD, f"**All is well.**{claimed}{further}"
    if len(bad) == 1:
        return Mark.BAD, f"**Not all is well.** {bad[0]}{further}"
    listed = "".join(f"\n- {finding}" for finding in bad)
    return Mark.BAD, f"**Not all is well: {len(bad):,} things to see to.**{further}\n{listed}"


def timing(found: Mapping[str, pd.DataFrame], last_read: Mapping[str, datetime | None]) -> Check:
    """Whether services are processed as often as usual.

    `found`: services (see `health.services`) by collection, first of the one that pages stand on; `last_read` likewise.
    Of another one it is told who is late, and not of whom there are too few dates.
    """
    first, *others = found
    services = found[first]
    rows = pd.concat([table.assign(collection=_title(name)) for name, table in found.items()], ignore_index=True)
    rows.insert(0, "collection", rows.pop("collection"))
    late = {name: one for name, table in found.items() if len(one := table[table["timing"] == Timing.LATE])}
    if late:
        named = "; ".join(
            f"{_listed(table['service'])} {'is' if len(table) == 1 else 'are'} late"
            + (f" in *{_title(name)}*" if name != first else "")
            for name, table in late.items()
        )
        said = f"{named}: longer without a new processing date than usual."
        unseen = [
            read for name, table in late.items() if (read := last_read.get(name)) and (table["expectedBy"] > read).any()
        ]
        if unseen:
            said += f" But nobody has looked since {formats.day(min(unseen))}: run `collect`."
        return Check("late", Mark.BAD, said, rows)
    if services.empty:
        return Check("late", Mark.UNKNOWN, "Microsoft gave no processing dates.")
    unknown = services[services["timing"] == Timing.UNKNOWN]
    on_time = len(services) - len(unknown)
    said = f"{on_time} of {formats.number(len(services), 'service')} {'is' if on_time == 1 else 'are'} on time."
    if len(unknown):
        said += f" Of {_listed(unknown['service'])} there are too few dates to tell."
    if others:
        said += f" None is late in {_and([f'*{_title(name)}*' for name in others])}."
    return Check("late", Mark.UNKNOWN if len(unknown) else Mark.GOOD, said, rows)


def collecting(standing: Mapping[str, Standing], now: datetime, *, has_job: bool = True) -> Check:
    """Whether the last try of each collection went well, and is not long ago where there is a job that collects."""
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
        columns=[*BEHIND["collected"].names],
    ).astype({"lastRead": "datetime64[us, UTC]", "lastFailure": "datetime64[us, UTC]", "status": "Int64"})
    failing = [name for name in COLLECTIONS if name in standing and standing[name].failing]
    faults = [name for name in failing if not _excused(name, standing)]
    said = " ".join(_failing(name, standing[name]) for name in faults or failing)
    if faults:
        return Check("collected", Mark.BAD, said, rows)
    newest = max((one.last_success for one in standing.values() if one.last_success), default=None)
    if has_job and (newest is None or now - newest > NEGLECTED):
        ago = formats.age(now - newest) if newest else "never"
        return Check("collected", Mark.BAD, f"The last run of `collect` was {ago}.", rows)
    if failing:
        return Check("collected", Mark.NOTE, said, rows)
    if newest is None:
        return Check("collected", Mark.UNKNOWN, "Nothing was collected yet.")
    said = f"{formats.number(len(standing), 'collection')}, the last of them {formats.age(now - newest)}."
    return Check("collected", Mark.GOOD, said, rows)


def reading(readings: pd.DataFrame, newest: Iterable[Snapshot]) -> Check:
    """Whether what was announced was read. `readings`: see `health.readings`; `newest`: the snapshots it is of."""
    rows = readings.assign(collection=readings["collection"].map(_title))
    if readings.empty:
        return Check("read", Mark.UNKNOWN, "No collection was read as a whole.")
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
        return Check("read", Mark.BAD, " ".join(said), rows)
    silent = readings["announced"].isna().sum()
    read, collections = int(readings["rows"].sum()), formats.number(len(readings), "collection")
    told = f"{read:,} rows in {collections}, none missing, none set aside."
    if silent:
        told += f" {formats.number(int(silent), 'collection')} came without a total to compare with."
    return Check("read", Mark.GOOD, told, rows)


def absent(gone: pd.DataFrame, days: tuple[datetime, datetime]) -> Check:
    """Whether customers went missing between the two newest fetches. `gone`: see `health.absent`."""
    if gone.empty:
        return Check("absent", Mark.GOOD, f"Nobody of {formats.day(days[0])} is missing on {formats.day(days[1])}.")
    sold = formats.count(gone["licensesSold"].sum())
    return Check(
        "absent",
        Mark.BAD,
        f"{formats.number(len(gone), 'customer')} with {sold} licenses sold, there on {formats.day(days[0])},"
        f" {'is' if len(gone) == 1 else 'are'} absent on {formats.day(days[1])}.",
        gone,
    )


def over_deployed(rows: pd.DataFrame) -> Check:
    """Where more is deployed than sold. `rows`: see `health.over_deployed`, by customer and product."""
    if rows.empty:
        return Check("over", Mark.GOOD, "Nothing.")
    customers = rows["customerTenantId"].nunique()
    return Check(
        "over",
        Mark.NOTE,
        f"{formats.number(len(rows), 'product')} at {formats.number(customers, 'customer')}:"
        f" {formats.count(rows['overDeployed'].sum())} licenses beyond those sold, so percentages above 100 are real.",
        rows,
    )


def contradictions(rows: pd.DataFrame) -> Check:
    """Whether percentages fit the counts. `rows`: see `health.percent_against_counts`."""
    apart = rows[rows["difference"].abs() > CONTRADICTION]
    if rows.empty:
        return Check("fit", Mark.UNKNOWN, "There is nothing that has both.")
    if apart.empty:
        most = float(rows["difference"].abs().max())
        said = f"In {formats.number(len(rows), 'place')} of service and channel, at most {most:.3f} points apart."
        return Check("fit", Mark.GOOD, said, rows)
    said = (
        f"In {len(apart):,} of {formats.number(len(rows), 'place')} they are more than {CONTRADICTION:g} point apart,"
        f" most for {_listed(apart['service'].head(1))}. Pages by service and by customer will differ."
    )
    return Check("fit", Mark.BAD, said, rows)


def left_out(notices: Sequence[str]) -> Check:
    """Whether every file of the history could be used."""
    if not notices:
        return Check("files", Mark.GOOD, "Every file that was opened is what was written.")
    said = f"{formats.number(len(notices), 'file')} had to be left out; `verify` says more."
    return Check("files", Mark.BAD, said, pd.DataFrame({"notice": list(notices)}))


def not_at_hand(key: str, why: str) -> Check:
    """A check that could not be made."""
    return Check(key, Mark.UNKNOWN, why)


def table(checks: Sequence[Check]) -> pd.DataFrame:
    """The checks as rows: check, question, result, finding."""
    rows = [(check.key, check.question, str(check.mark), formats.bare(check.finding)) for check in checks]
    return pd.DataFrame(rows, columns=[*CHECKS_FILE.names]).astype("str")


def _excused(name: str, standing: Mapping[str, Standing]) -> bool:
    """Whether a failure is nothing to see to.

    That is what the account may not read where it can read something else, as `collect` counts it too, and what not
    every run asks for.
    """
    why = standing[name].failure
    forbidden = why is not None and why.exit_code == NotPermitted.exit_code
    something_read = any(one.last_success and not one.failing for one in standing.values())
    return COLLECTIONS[name].per_customer or (forbidden and something_read)


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
    services = [formats.plain(titles.service_title(str(code))) for code in codes]
    more = len(services) - _NAMED
    if more > 0:
        return f"{', '.join(services[:_NAMED])} and {more} more"
    return _and(services)


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _title(collection: str) -> str:
    return COLLECTIONS[collection].title
