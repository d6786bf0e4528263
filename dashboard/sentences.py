"""What a line over time says, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from dashboard import formats
from dashboard.cache import remembered
from dashboard.charts.lines import WITHOUT
from dashboard.view_models import paces
from dashboard.view_models.lines import Line, Lost
from dashboard.view_models.trends import TrendsView
from data_access.datasets import usage as uses
from data_access.measures import MEASURES, no_rows
from data_access.measures.renewals import Totals
from data_access.measures.trends import AS_OF, BEYOND, Change, Projection, Refusal
from data_access.measures.unread_rows import Absence
from data_access.partner_center.catalog import COMMERCIAL_USAGE, Collection

_NAMED = 3  # lines in a sentence
_NAMES_OF_MONTHS = 330  # days, for which the name of a month alone is clear


def direction(line: Line, answered: datetime | None, target: float | None = None) -> str:
    """Where it stands, and whether that is more or less than before; `line` has at least one point.

    `answered`: when the newest answer was fetched. `target`: what the percentage is judged by.
    """
    newest = line.points.iloc[-1]
    percent = formats.percent(newest["deploymentPercent"], target=target)
    if line.absent:
        if line.absent is Refusal.NO_ROWS:
            last = newest[AS_OF], int(newest["licensesSold"]), newest["deploymentPercent"]
            return f"**{no_rows.said(answered, *last)}**"
        is_gone = line.absent is Refusal.NOT_THERE
        said = f"What is shown here is {f'not in {_newest(answered)}' if is_gone else line.absent.value}."
        return f"**{said}** The last figure is of {formats.day(newest[AS_OF])}: {percent} of the licenses sold."
    if line.lost and not line.is_whole:
        return f"{lost(line.lost)} What is left is deployed to **{percent}** on {formats.day(newest[AS_OF])}."
    if not line.is_whole:
        return (
            f"**{percent}** of the licenses sold are deployed on {formats.day(newest[AS_OF])}, without"
            f" {formats.plain(newest[WITHOUT])}: that cannot be compared with dates that have it."
        )
    if line.new_since:
        return (
            f"**{percent}** of the licenses sold are deployed on {formats.day(newest[AS_OF])}. On"
            f" {formats.day(line.new_since)} there are no figures of this to compare with."
        )
    if not line.change and len(line.points) > 1:
        return f"**{percent}** of the licenses sold are deployed on {formats.day(newest[AS_OF])}. {not_compared(line)}"
    if not line.change:
        return (
            f"**{percent}** of the licenses sold are deployed on {formats.day(newest[AS_OF])}. That is"
            f" the only {'date' if pd.isna(newest['processedDateTime']) else 'processing date'} here so far;"
            " from the second one on there is something to compare."
        )
    change, lately = line.change, line.lately or line.change
    if change.percent is None or lately.percent is None:
        nothing = "Nothing was sold on one of the two dates, so there is no percentage to compare."
        return " ".join(filter(None, (nothing, not_compared(line))))
    points, span = formats.points(line.moved(lately)), f"since {formats.day(lately.since)}"
    if points[0] == formats.STILL:
        said = f"**No change {span}: {percent}.**"
    else:
        word = "Improving" if lately.percent > 0 else "Falling"
        said = f"**{word}{_since(line)}: {points} points {span}, to {percent}.**"
    if line.lately:
        said += f" Since {formats.day(change.since)}: {formats.points(line.moved(change))} points."
    elif (year := line.year) and year.percent is not None:
        said += f" Since {formats.day(year.since)}: {formats.points(line.moved(year))} points."
    return " ".join(filter(None, (said, new_parts(line, change), not_compared(line))))


def without_rows(answered: datetime | None) -> str:
    """That nothing is there now; `answered` as for `direction`."""
    return no_rows.said(answered)


def _newest(answered: datetime | None) -> str:
    return f"the newest answer that was collected, of {formats.day(answered)}"


def of_trends(trend: TrendsView, target: float) -> str:
    """The answer of the Trends page, which has at least one point."""
    whole = trend.whole
    answer = direction(whole, trend.answered, target)
    return f"{answer} {goal(whole, target)}" if whole.change or not whole.is_whole else answer


@remembered
def where(trend: TrendsView, noun: str) -> str:
    """How many lines rose and fell, and which ones most. Remembered: it looks at every line."""
    moved, there = trend.moved(), trend.there
    if len(there) < 2 or not any(line.change for line in there):
        return ""
    rose = sum(points > 0 for _, points in moved)
    ends = [f"{rose} of {formats.number(len(there), noun)} rose, {len(moved) - rose} fell."]
    if moved and moved[-1][1] > 0:
        ends.append(f"Largest rise: {formats.plain(moved[-1][0])} ({formats.points(moved[-1][1])} points).")
    if moved and moved[0][1] < 0:
        ends.append(f"Largest fall: {formats.plain(moved[0][0])} ({formats.points(moved[0][1])} points).")
    return " ".join(ends)


def new_parts(line: Line, change: Change) -> str:
    """Which parts came after the beginning of a comparison, as by a purchase; nothing where none did."""
    if not line.came:
        return ""
    return (
        f"{_listed(line.came)} {'was' if len(line.came) == 1 else 'were'} not there yet on {formats.day(change.since)}."
    )


def not_compared(line: Line) -> str:
    """Which dates in the range lack a part of the sum, and so are not compared; nothing where all are whole."""
    lacking = line.points[line.points[WITHOUT] != ""]
    if lacking.empty:
        return ""
    days = zip(lacking[AS_OF], lacking[WITHOUT], strict=True)
    named = [f"{formats.day(day)} was without {formats.plain(parts)}" for day, parts in days][:_NAMED]
    more = f"; so were {len(lacking) - _NAMED:,} more dates" if len(lacking) > _NAMED else ""
    return f"Not compared: {', '.join(named)}{more}."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{formats.plain(', '.join(names[:_NAMED]))}{more}"


def lost(services: Sequence[Lost]) -> str:
    """What is not in the newest answer, how much it was, and what that means for a sum; nothing where all is there."""
    if not services:
        return ""
    them = "it" if len(services) == 1 else "them"
    return f"{not_there(services)} Without {them} the sum cannot be compared with the dates before."


def of_picture(title: str, line: Line) -> str:
    """The title of a picture, which stands alone, with what is not in the newest answer."""
    for why, services in _by_why(line.lost):
        more = f" and {len(services) - _NAMED:,} more" if len(services) > _NAMED else ""
        said = why.said()
        title += f"; {said[:1].lower()}{said[1:]}: {', '.join(one.title for one in services[:_NAMED])}{more}"
    return title


def not_there(services: Sequence[Lost], answer: str = "the newest answer") -> str:
    """What is not in an answer, or could not be read in it, and how much it was before."""
    return " ".join(f"**{why.said(answer)}: {_with_licenses(those)}.**" for why, those in _by_why(services))


def lacking(rows: str, gaps: Sequence[str], answer: str) -> str:
    """How many rows an answer lacks, in words, and what is therefore not known: `gaps`, or nothing by name."""
    if gaps:
        return f"**In {answer}, {rows}.** So it does not tell all of {_listed(gaps)}: what became of that is not known."
    return f"**In {answer}, {rows}.** Nobody can tell what these are of: any figure here may lack them."


def no_use(services: Sequence[Lost], collection: Collection) -> str:
    """What the newest answer of a collection of use does not have, and what that means for the sum of the counts."""
    answer = f"the newest answer of *{collection.title}*"
    said = [
        f"**{why.said(answer)}: {_first(those, [f'last on {formats.day(one.on)}' for one in those])}.**"
        for why, those in _by_why(services)
    ]
    if collection is COMMERCIAL_USAGE:
        said.append(f"{MEASURES['usagePercent'].label} is that of what is left.")
    return " ".join(said)


def _by_why(services: Sequence[Lost]) -> list[tuple[Absence, list[Lost]]]:
    of_each = ((why, [one for one in services if one.why is why]) for why in Absence)
    return [(why, those) for why, those in of_each if those]


def _with_licenses(services: Sequence[Lost]) -> str:
    sold = [f"{formats.number(round(one.sold), 'license')} sold on {formats.day(one.on)}" for one in services]
    return _first(services, sold)


def _first(services: Sequence[Lost], said: Sequence[str]) -> str:
    """The first of these, each with what is said of it, and how many more there are."""
    pairs = zip(services[:_NAMED], said, strict=False)
    named = [f"{formats.plain(one.title)} ({about})" for one, about in pairs]
    more = f" and {len(services) - _NAMED:,} more" if len(services) > _NAMED else ""
    return f"{', '.join(named)}{more}"


def _since(line: Line) -> str:
    """The month since when it goes this way; nothing where it always has."""
    if line.turned is None:
        return ""
    year = "" if (line.points[AS_OF].iloc[-1] - line.turned).days < _NAMES_OF_MONTHS else f" {line.turned:%Y}"
    return f" since {line.turned:%B}{year}"


def gone(lines: Sequence[Line], answered: datetime | None) -> str:
    """Which of these lines the newest answer does not have, or not so that they could be read; nothing where all."""
    words = {Refusal.UNREAD: Absence.UNREAD, Refusal.UNCERTAIN: Absence.UNCERTAIN}
    named: dict[Absence, list[str]] = {}
    for line in lines:
        if line.absent:
            named.setdefault(words.get(line.absent, Absence.GONE), []).append(line.title)
    answer = f"the newest answer, of {formats.day(answered)}"
    return " ".join(
        f"{why.said(f'{answer},' if why is Absence.UNCERTAIN else answer)}: {_listed(those)}."
        for why, those in named.items()
    )


def went_back(line: Line) -> str:
    """Which points do not stand at their processing date; nothing where all do."""
    processed = line.points["processedDateTime"]
    undated = int(processed.isna().sum())
    number = int((line.points[AS_OF] != processed).sum()) - undated
    reasons = []
    if undated:
        reasons.append(
            f"Microsoft gave no processing date for {'one answer' if undated == 1 else f'{undated:,} answers'}."
        )
    if number:
        answers = "One answer was" if number == 1 else f"{number:,} answers were"
        reasons.append(f"{answers} of an older processing date than the answer before.")
    if reasons:
        reasons.append("The newest answer counts, so each stands at the day on which it was fetched.")
    return " ".join(reasons)


def goal(line: Line, target: float) -> str:
    """When the target is reached, or why there is no date."""
    if isinstance(line.goal, Projection):
        earliest, latest = paces.ends(line.goal)
        if not latest:
            return f"**{target:g}\u00a0% is not expected before {earliest}**. It may take {BEYOND}."
        if paces.is_far(line):
            return f"**{target:g}\u00a0% is not expected before {earliest}**; most likely it is reached by {latest}."
        if earliest == latest:
            return f"At this pace **{target:g}\u00a0% is reached in {earliest}**."
        about = f"{line.goal.on:%b %Y}"
        return (
            f"At this pace **{target:g}\u00a0% is reached about {about}**, most likely between {earliest} and {latest}."
        )
    if line.goal is Refusal.REACHED:
        return f"**The target of {target:g}\u00a0% is reached.**"
    return f"**No date for {target:g}\u00a0%**: {line.goal.value}."


def used(total: uses.Total) -> str:
    """How much of what is deployed is used; nothing where Microsoft sent no figures of it."""
    if total.unused is None or not round(total.with_figures or 0):
        return ""
    return (
        f"Up to {not_used(total)} were not used in 28 days, by the most active workload of each product."
        f"{without_figures(total)}"
    )


def not_used(total: uses.Total) -> str:
    """How many of the deployed licenses are not used, of those of which that is known."""
    unused, known = formats.count(total.unused or 0.0), formats.count(total.with_figures or 0.0)
    only = " with figures of use" if round(total.no_figures or 0.0) else ""
    return f"**{unused}** of **{known}** deployed licenses{only}"


def without_figures(total: uses.Total) -> str:
    """How many of the deployed licenses are of no product with figures of use; nothing where none is."""
    without = round(total.no_figures or 0.0)
    return f" **{without:,}** more {formats.are(without)} deployed without such figures." if without else ""


def renewing(totals: Totals, number: int) -> str:
    """Of how much the term ends, and what of it asks for something."""
    said = f"The term of {formats.number(number, 'subscription')} ends."
    if totals.renewing:
        said += f" {renew(totals)}."
    if totals.undecided:
        said += f" {seats(totals.undecided, 'need')} a decision."
    return said


def seats(number: int, verb: str) -> str:
    """A number of seats, and what they do, such as 1 seat renews and 2 seats renew."""
    noun, ending = ("seat", "s") if number == 1 else ("seats", "")
    return f"**{formats.count(number)}** {noun} {verb}{ending}"


def renew(totals: Totals) -> str:
    """How many seats renew, and how many of them are not assigned, as far as that is known."""
    said = seats(totals.renewing, "renew")
    if not totals.known:
        return f"{said}; whether {'it is' if totals.renewing == 1 else 'they are'} assigned is not known"
    said += f", **{formats.count(totals.at_risk)}** of them {formats.are(totals.at_risk)} not assigned"
    return f"{said}; of **{formats.count(totals.unknown)}** that is not known" if totals.unknown else said


def beside(number: int, ended: int, reducible: int, until: str) -> str:
    """What a list of terms that end does not have: a `number` of subscriptions, and those that have `ended`.

    `reducible`: how many of their seats can be reduced until an instant, the first of several. Nothing where the list
    has all.
    """
    said = []
    if number:
        said.append(f"{formats.more(number, 'subscription')} {'ends' if number == 1 else 'end'} later or never.")
    if ended:
        said.append(has_ended(ended))
    if said and reducible:
        of_them = "it" if number + ended == 1 else "them"
        said.append(f"{formats.number(reducible, 'seat')} of {of_them} can be reduced until {until}.")
    return " ".join(said)


def has_ended(number: int) -> str:
    """Of how many subscriptions the term is over, without a word of Microsoft's on what came after it."""
    them = "it" if number == 1 else "them"
    return f"The term of {formats.number(number, 'subscription')} has ended; no answer says yet what became of {them}."
