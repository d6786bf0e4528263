"""The checks of *Data health*, for its page and for digests: they judge the history's figures, and give a verdict.

Findings are Markdown, as `formats.plain` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import pandas as pd

from data_access import formats, titles
from data_access.datasets.lately import MONTHS
from data_access.errors import NotPermitted
from data_access.history.run_log import Standing
from data_access.history.snapshot import Snapshot
from data_access.measures import health
from data_access.measures.health import LOSS_FLOOR, Loss, Timing
from data_access.partner_center.catalog import COLLECTIONS, CUSTOMERS, PER_CUSTOMER, SEATS, SUBSCRIPTIONS

#: Percent points between Microsoft's percentage and its counts that rounding does not explain.
CONTRADICTION = 1.0
#: A history without a successful run of `collect` for longer is neglected.
NEGLECTED = timedelta(days=8)
_NO_CHANNELS: Mapping[Timing, Sequence[str]] = {}
_COLLECTED = (
    *("collection", "lastRead", "state", "lastFailure"),
    *("failure", "status", "code", "requestId", "correlationId"),
)
_LOST = (
    *("collection", "since", "customersBefore", "customersAfter"),
    *("licensesBefore", "licensesAfter", "rowsBefore", "rowsAfter"),
)
_NAMED = 3  # services or reasons named in a sentence
NO_DATES = "Microsoft gave no processing dates."
NO_ROWS = "Microsoft returned no rows, so there are no services."
#: How a verdict on what does not stop anything begins, here and on Status.
NOT_ALL_WELL = "Not all is well"
#: The question of each check, by its key.
QUESTIONS = {
    "late": "Are services processed as often as usual?",
    "collected": "Was everything collected the last time?",
    "read": "Was every row read that Microsoft announced?",
    "customers": "Could every customer be read?",
    "lost": "Did anything shrink since the last time?",
    "absent": "Are all customers still there?",
    "over": "Are more licenses assigned than were sold?",
    "fit": "Do Microsoft's percentages agree with its counts?",
    "files": "Is every file of the history undamaged?",
}
#: What to do where a check is not well, by its key.
ADVICE = {
    "late": "Wait for Microsoft, and quote these services with their date. If it lasts a week more, ask its support.",
    "collected": "The operator finds the cause on *Status*. If it lasts, Microsoft's support asks for the ids below.",
    "read": "Totals are too low by these rows. Press *Refresh* once; if it lasts, give the operator the rows.",
    "customers": "Ask these customers for a role in their tenant (GDAP). What broke off is tried again by `collect`.",
    "lost": "Quote no sums before the next `collect`: an answer may lack rows. If it lasts, look in Partner Center.",
    "absent": "Look in Partner Center whether these customers left, or buy from somebody else now.",
    "over": "Ask these customers: they need more licenses, or have users left that do not need theirs.",
    "fit": "Quote one page alone and name it: the *Overview* for services, *Customers* for customers.",
    "files": "The operator runs `verify`, which names each file. A backup brings them back.",
}
_NOTES_WITH_ADVICE = ("absent", "over")
_NEGLECTED_CASE = "neglected"
_NEGLECTED_ADVICE = "The operator runs `collect`, and looks at the job that should run it."
#: The claims of the verdict for checks that are well, by key.
_CLAIMS = {"late": "services are on time", "read": "every announced row was read"}


class Mark(StrEnum):
    """The result of a check, worst first."""

    BAD = "not well"
    UNKNOWN = "cannot be told"
    NOTE = "worth knowing"
    GOOD = "well"


@dataclass(frozen=True, eq=False)
class Check:
    """One check: its result, its finding as a sentence, and the rows behind it."""

    key: str
    mark: Mark
    finding: str
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    lasting: str = ""  # the finding without what a day alone changes, where that differs

    @property
    def question(self) -> str:
        return QUESTIONS[self.key]

    @property
    def advice(self) -> str:
        """What to do about it, in Markdown; nothing where all is well, cannot be told, or needs nothing."""
        if self.mark is Mark.BAD or (self.mark is Mark.NOTE and self.key in _NOTES_WITH_ADVICE):
            return _NEGLECTED_ADVICE if self.lasting == _NEGLECTED_CASE else ADVICE[self.key]
        return ""

    @property
    def case(self) -> str:
        """What makes the finding news again: it changes with what was found, and not with the day."""
        return f"{self.key}: {self.lasting or self.finding}"


def verdict(checks: Sequence[Check], *, is_part: bool = False) -> tuple[Mark, str]:
    """The page's question answered in a sentence, which claims only what is known; `is_part`: of some customers."""
    problems = [check.finding for check in bad(checks)]
    notes = [check for check in checks if check.mark in (Mark.NOTE, Mark.UNKNOWN)]
    further = f" {formats.number(len(notes), 'thing')} to know below." if notes else ""
    if not problems:
        unknown = any(check.mark is Mark.UNKNOWN for check in checks)
        claims = ", and ".join(
            _CLAIMS[check.key] for check in checks if check.mark is Mark.GOOD and check.key in _CLAIMS
        )
        claimed = f" {claims[0].upper()}{claims[1:]}." if claims else ""
        if unknown:
            return Mark.UNKNOWN, f"**Nothing is known to be wrong.**{claimed}{further}"
        well = "**All is well**, as far as these customers show." if is_part else "**All is well.**"
        return Mark.GOOD, f"{well}{claimed}{further}"
    if len(problems) == 1:
        return Mark.BAD, f"**{NOT_ALL_WELL}.** {problems[0]}{further}"
    listed = "".join(f"\n- {finding}" for finding in problems)
    return Mark.BAD, f"**{NOT_ALL_WELL}: {len(problems):,} problems.**{further}\n{listed}"


def bad(checks: Iterable[Check]) -> list[Check]:
    """The problems: what the `verdict` says is not well."""
    return [check for check in checks if check.mark is Mark.BAD]


def passed(checks: Sequence[Check]) -> int:
    """How many checks are well: with the problems and the things to know of the `verdict` these are all."""
    return sum(check.mark is Mark.GOOD for check in checks)


def timing(
    ages: Mapping[str, pd.DataFrame],
    last_read: Mapping[str, datetime | None],
    of_channels: Mapping[Timing, Sequence[str]] = _NO_CHANNELS,
) -> Check:
    """Whether services are processed as often as usual.

    `ages`: services (see `health.services`) by collection, the pages' own collection first; `last_read`: the last
    successful read of each. The finding names late services of every collection, and of the first alone those that are
    unknown, undated or not in the newest answer, with what is not there of others (`of_channels`, by name).
    """
    first, *others = ages
    services = ages[first]
    rows = pd.concat([table.assign(collection=_title(name)) for name, table in ages.items()], ignore_index=True)
    rows.insert(0, "collection", rows.pop("collection"))
    late = {name: table[table["timing"] == Timing.LATE] for name, table in ages.items()}
    late = {name: table for name, table in late.items() if len(table)}
    if late:
        named = "; ".join(
            f"{_listed(table['service'])} {formats.are(len(table))} late"
            + (f" in *{_title(name)}*" if name != first else "")
            for name, table in late.items()
        )
        finding = f"{named}: longer without a new processing date than usual."
        unseen = [
            read for name, table in late.items() if (read := last_read.get(name)) and (table["expectedBy"] > read).any()
        ]
        if unseen:
            finding += f" But nothing was collected since {formats.day(min(unseen))}: run `collect`."
        return Check("late", Mark.BAD, f"{finding}{_gone(services, of_channels)}", rows)
    if services.empty:
        return Check("late", Mark.UNKNOWN, NO_ROWS)
    unknown = services[services["timing"] == Timing.UNKNOWN]
    undated = services[services["timing"] == Timing.UNDATED]
    there = services[~services["timing"].isin(health.ABSENT)]
    if there.empty:
        finding = f"The newest answer has no service that was there before: {_listed(services['service'])}."
        return Check("late", Mark.NOTE, finding, rows)
    if len(undated) == len(services):
        return Check("late", Mark.UNKNOWN, NO_DATES, rows)
    on_time = len(there) - len(unknown) - len(undated)
    finding = f"{formats.part(on_time, len(there), 'service')} on time."
    gone = _gone(services, of_channels)
    finding += gone
    if len(unknown):
        finding += f" Too few dates to tell for {_listed(unknown['service'])}."
    if len(undated):
        finding += f" Microsoft gave no processing date for {_listed(undated['service'])}."
    if others:
        finding += f" None is late in {_and([f'*{_title(name)}*' for name in others])}."
    mark = Mark.UNKNOWN if len(unknown) + len(undated) else Mark.NOTE if gone else Mark.GOOD
    return Check("late", mark, finding, rows)


def collecting(standing: Mapping[str, Standing], now: datetime, *, has_job: bool = True) -> Check:
    """Whether the last read of each collection succeeded, and is recent where a job collects (`has_job`)."""
    rows = pd.DataFrame(
        [
            (
                COLLECTIONS[name].title,
                state.last_success,
                "failing" if state.failing else "read",
                state.last_failure,
                f"{state.failure.message} {state.failure.advice}" if state.failure else None,
                state.failure.status if state.failure else None,
                state.failure.code if state.failure else None,
                state.failure.request_id if state.failure else None,
                state.failure.correlation_id if state.failure else None,
            )
            for name in COLLECTIONS
            if (state := standing.get(name))
        ],
        columns=[*_COLLECTED],
    ).astype({"lastRead": "datetime64[us, UTC]", "lastFailure": "datetime64[us, UTC]", "status": "Int64"})
    failing = [name for name in COLLECTIONS if name in standing and standing[name].failing]
    faults = [name for name in failing if not _excused(name, standing)]
    finding = " ".join(_failing(name, standing[name]) for name in faults or failing)
    if faults:
        reasons = " ".join(f"{name}{_why(standing[name])}" for name in faults)
        return Check("collected", Mark.BAD, finding, rows, reasons)
    newest = max((state.last_success for state in standing.values() if state.last_success), default=None)
    if has_job and (newest is None or now - newest > NEGLECTED):
        ran = f"The last run of `collect` was {formats.age(now - newest)}." if newest else "`collect` has never run."
        return Check("collected", Mark.BAD, ran, rows, _NEGLECTED_CASE)
    if failing:
        return Check("collected", Mark.NOTE, finding, rows)
    if newest is None:
        return Check("collected", Mark.UNKNOWN, "Nothing was collected yet.")
    finding = f"{formats.number(len(standing), 'collection')}, the last of them {formats.age(now - newest)}."
    return Check("collected", Mark.GOOD, finding, rows)


def reading(readings: pd.DataFrame, newest: Sequence[Snapshot]) -> Check:
    """Whether every announced row was read. `readings`: see `health.readings`; `newest`: the snapshots read."""
    rows = readings.assign(collection=readings["collection"].map(_title))
    if readings.empty:
        return Check("read", Mark.UNKNOWN, "No collection was read as a whole.")
    aside, missing = int(readings["setAside"].sum()), int(readings["missing"].sum())
    reasons = [
        (_title(snapshot.collection), reason, number)
        for snapshot in newest
        for reason, number in snapshot.reasons.items()
    ]
    findings = []
    if missing:
        findings.append(f"Announced but not sent: {formats.number(missing, 'row')}.")
    if aside:
        named = "; ".join(
            f"{formats.plain(formats.shortened(reason, 80))} ({number:,})" for _, reason, number in reasons[:_NAMED]
        )
        others = aside - sum(number for *_, number in reasons[:_NAMED])
        more = f"; {formats.number(others, 'row')} for other reasons" if others > 0 else ""
        findings.append(f"Not readable and in no figure: {formats.number(aside, 'row')}: {named}{more}.")
    if findings:
        by_reason = pd.DataFrame(reasons, columns=["collection", "reason", "setAside"])
        rows = pd.concat([rows, by_reason], ignore_index=True) if len(by_reason) else rows
        return Check("read", Mark.BAD, " ".join(findings), rows)
    silent = readings["announced"].isna().sum()
    read, collections = int(readings["rows"].sum()), formats.number(len(readings), "collection")
    finding = f"{formats.number(read, 'row')} in {collections}, none missing, none set aside."
    if silent:
        finding += f" {formats.number(int(silent), 'collection')} came without a total to compare with."
    if empty := [f"*{title}*" for title in rows.loc[rows["rows"] == 0, "collection"]]:
        finding += f" Microsoft returned no rows for {_and(empty)}."
    return Check("read", Mark.GOOD, finding, rows)


def read_customers(newest: Sequence[Snapshot], unread: Sequence[str], unnamed: int = 0, *, is_part: bool) -> Check:
    """Whether every customer could be read, where each is asked for; `newest`: the snapshots read.

    `unread`: the customers whose subscriptions or live seats could not be read, by name, each once; `unnamed`: how many
    more there are whose names are not for this reader. Of others per customer nobody
    keeps who they are, so they are counted where the visitor sees all (not `is_part`).
    """
    findings = []
    if unread or unnamed:
        number = formats.number(len(unread) + unnamed, "customer")
        named = f": {formats.listed(unread)}" if unread else ""
        findings.append(f"{number} could not be read{named}.")
        findings += [] if is_part else _by_cause(newest)
    findings += [
        f"*{_title(snapshot.collection)}* lacks {formats.number(snapshot.unread_customers, 'customer')}."
        for snapshot in newest
        if snapshot.unread_customers and COLLECTIONS[snapshot.collection] in PER_CUSTOMER and not is_part
    ]
    if findings:
        rows = pd.DataFrame({"customerName": [*unread]}, dtype="str")
        return Check("customers", Mark.BAD, " ".join(findings), rows)
    return Check("customers", Mark.GOOD, f"No answer lacks {'one of these customers' if is_part else 'a customer'}.")


def _by_cause(newest: Sequence[Snapshot]) -> list[str]:
    """How many customers each live collection lacks, those that break off apart from those that refuse."""
    listed = next((snapshot.rows for snapshot in newest if snapshot.collection == CUSTOMERS.name), None)
    said = []
    for snapshot in newest:
        if snapshot.collection in (SUBSCRIPTIONS.name, SEATS.name) and snapshot.unread_customers:
            lacking = f"{snapshot.unread_customers:,}{f' of {listed:,}' if listed else ''}"
            refused = snapshot.unread_customers - snapshot.failed_customers
            causes = (
                (refused, f"refused or {'has' if refused == 1 else 'have'} left"),
                (snapshot.failed_customers, "broke off or gave no usable answer"),
            )
            why = ", ".join(f"{number:,} {cause}" for number, cause in causes if number)
            said.append(f"*{_title(snapshot.collection)}* lacks {lacking}: {why}.")
    return said


def lost(losses: Mapping[str, Loss], *, is_part: bool = False) -> Check:
    """Whether collections came with no rows, or with much less than before. `losses`: see `health.lost_since`.

    Answers are about the whole company: who sees some customers alone (`is_part`) is told so, and not of how many.
    """
    if is_part:
        losses = {name: loss.without_customers for name, loss in losses.items()}
    if not losses:
        return Check(
            "lost",
            Mark.GOOD,
            f"No collection became unusually smaller, by {LOSS_FLOOR * 100:.0f} % or more.",
        )
    findings = [
        f"*{_title(name)}* {loss.finding}: {loss.numbers} since the answer of {formats.day(loss.since)}"
        f"{loss.more(_and_more)}."
        for name, loss in losses.items()
    ]
    findings += ["These are figures of the whole company."] if is_part else []
    amounts = ("customers", "licenses", "rows")
    rows = pd.DataFrame(
        [
            (
                _title(name),
                loss.since,
                *(getattr(part, amount) for amount in amounts for part in (loss.before, loss.after)),
            )
            for name, loss in losses.items()
        ],
        columns=[*_LOST],
    ).astype({"since": "datetime64[us, UTC]"} | dict.fromkeys(_LOST[2:], "Int64"))
    return Check("lost", Mark.BAD, " ".join(findings), rows)


def absent(news: pd.DataFrame, longer: pd.DataFrame, days: tuple[datetime, datetime], unread: str = "") -> Check:
    """Whether customers went missing: since the answer before the newest (`news`), or before (`longer`).

    `news`, `longer`: see `health.absent`. `days`: of the two newest fetches. `unread`: how many rows of the newer one
    are not known, so that they may be of these customers.
    """
    before, now = map(formats.day, days)
    if news.empty and longer.empty:
        return Check("absent", Mark.GOOD, f"All customers of the last {MONTHS} months are still there.")
    findings = []
    if len(news):
        findings.append(f"{_with_licenses(news)}, there on {before}, {formats.are(len(news))} absent on {now}.")
    if len(longer):
        have = "has" if len(longer) == 1 else "have"
        of_then = f"{_with_licenses(longer)}, there in the last {MONTHS} months"
        findings.append(f"{of_then}, {have} been absent since {before} or longer.")
    if unread:
        findings.append(f"But {unread} on {now}: they need not be gone.")
    rows = pd.concat([news, longer], ignore_index=True)
    return Check("absent", Mark.BAD if len(news) else Mark.NOTE, " ".join(findings), rows)


def _with_licenses(customers: pd.DataFrame) -> str:
    sold = formats.number(int(customers["licensesSold"].sum()), "license")
    return f"{formats.number(len(customers), 'customer')} with {sold} sold"


def over_deployed(rows: pd.DataFrame) -> Check:
    """Whether more is deployed than sold anywhere. `rows`: see `health.over_deployed`, by customer and product."""
    if rows.empty:
        return Check("over", Mark.GOOD, "No product of any customer has more, by Microsoft's commercial counts.")
    customers, products = (rows[name].nunique(dropna=False) for name in ("customerTenantId", "productName"))
    over = round(rows["overDeployed"].sum())
    return Check(
        "over",
        Mark.NOTE,
        f"{formats.number(products, 'product')} at {formats.number(customers, 'customer')}: {over:,} more"
        f" {formats.are(over)} assigned than {'was' if over == 1 else 'were'} sold, so percentages above 100 are real.",
        rows,
    )


def contradictions(rows: pd.DataFrame) -> Check:
    """Whether percentages fit the counts. `rows`: see `health.percent_against_counts`."""
    apart = rows[rows["difference"].abs() > CONTRADICTION]
    if rows.empty:
        return Check("fit", Mark.UNKNOWN, "No service has both.")
    if apart.empty:
        most = float(rows["difference"].abs().max())
        finding = f"For {formats.number(len(rows), 'pair')} of service and channel, at most {most:.3f} points apart."
        return Check("fit", Mark.GOOD, finding, rows)
    finding = (
        f"For {len(apart):,} of {formats.number(len(rows), 'pair')} of service and channel they are more than"
        f" {CONTRADICTION:g} point apart,"
        f" most for {_listed(apart['service'].head(1))}. Pages by service and by customer will differ."
    )
    return Check("fit", Mark.BAD, finding, rows)


def left_out(notices: Sequence[str]) -> Check:
    """Whether every file of the history could be used."""
    if not notices:
        return Check("files", Mark.GOOD, "Every file that was opened is as it was written.")
    finding = f"{formats.number(len(notices), 'file')} cannot be used; `verify` says more."
    return Check("files", Mark.BAD, finding, pd.DataFrame({"notice": list(notices)}))


def not_at_hand(key: str, why: str) -> Check:
    """A check without a result; `why` it could not be made is its finding."""
    return Check(key, Mark.UNKNOWN, why)


def table(checks: Sequence[Check]) -> pd.DataFrame:
    """The checks as rows: check, question, result, finding, advice."""
    rows = [
        (check.key, check.question, str(check.mark), formats.bare(check.finding), formats.bare(check.advice))
        for check in checks
    ]
    return pd.DataFrame(rows, columns=["check", "question", "result", "finding", "advice"]).astype("str")


def _excused(name: str, standing: Mapping[str, Standing]) -> bool:
    """Whether a failure needs no action.

    This holds for a collection that the account may not read while it can read another one, as in `collect`, and for a
    collection that not every run asks for.
    """
    why = standing[name].failure
    forbidden = why is not None and why.exit_code == NotPermitted.exit_code
    something_read = any(other.last_success and not other.failing for other in standing.values())
    return COLLECTIONS[name] in PER_CUSTOMER or (forbidden and something_read)


def _failing(name: str, standing: Standing) -> str:
    """When and why a collection could not be read, or not of all customers, and the day of its newest figures."""
    day = formats.day(standing.last_failure)
    if standing.last_success and standing.last_success == standing.last_failure:  # a snapshot was kept all the same
        return f"*{_title(name)}* could not be read of some customers on {day}{_why(standing)} The others were read."
    newest = (
        f"Its newest figures were read on {formats.day(standing.last_success)}."
        if standing.last_success
        else "It was never read before."
    )
    return f"*{_title(name)}* could not be read on {day}{_why(standing)} {newest}"


def _why(standing: Standing) -> str:
    return f": {formats.plain(standing.failure.message)}" if standing.failure else "."


def _listed(codes: Iterable[str]) -> str:
    """Services for a sentence: the first ones by name, and the number of the others."""
    return _and_more([titles.service_title(str(code)) for code in codes])


def _and_more(named: Sequence[str]) -> str:
    named = [*map(formats.plain, named)]
    more = len(named) - _NAMED
    if more > 0:
        return f"{', '.join(named[:_NAMED])} and {more} more"
    return _and(named)


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _gone(services: pd.DataFrame, of_channels: Mapping[Timing, Sequence[str]]) -> str:
    """What is not in the newest answer, a sentence for each why after another one; nothing where all is."""
    said = ""
    for why in health.ABSENT:
        named = [*map(titles.service_title, services.loc[services["timing"] == why, "service"])]
        named += of_channels.get(why, ())
        if named:
            said += f" {_and_more(named)} {'' if why is Timing.UNREAD else f'{formats.are(len(named))} '}{why}."
    return said


def _title(collection: str) -> str:
    return COLLECTIONS[collection].title
