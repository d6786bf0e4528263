"""The lines of the Trends page: what each was on each date, how it moved, what its parts lacked, and its pace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import pandas as pd

from dashboard import formats
from dashboard.charts.lines import WITHOUT
from data_access.measures import Facts, parts, trends
from data_access.measures.parts import Part
from data_access.measures.trends import AS_OF, Between, Change, Projection, Refusal, Velocity
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows

ALL = "all together"
WITHOUT_AS_SENT = "withoutAsSent"
ESTIMATES = ("licensesDeployed", "undeployed")  # where Microsoft sends a percentage and no count
_YEAR = timedelta(days=365)
_CLEARLY = timedelta(weeks=4)
_NAMED = 3  # parts at a point


@dataclass(frozen=True, slots=True)
class Lost:
    """What the newest answer does not have, such as a service: the licenses sold on its last date, and why."""

    title: str
    sold: float
    on: pd.Timestamp
    why: Absence = Absence.GONE


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """One line: its points in the range (columns of `trends.lines`), and what is to be said of it.

    `points` have two further columns: WITHOUT, which parts were missing on a date, in words, and WITHOUT_AS_SENT, the
    same for files. Such a point is not compared, and nothing is measured on it.
    """

    key: str
    title: str
    points: pd.DataFrame
    change: Change | None  # over the range; None where its last point is not whole
    lately: Change | None  # over the last `trends.WEEKS`, where the range is clearly longer
    year: Change | None  # over the last twelve months, where the range is clearly shorter
    turned: datetime | None  # since when it has gone the way it goes now; None where it always has, or does not move
    pace: Velocity | Refusal
    goal: Projection | Refusal
    absent: Refusal | None  # why it has no figures now; None where it has
    lost: tuple[Lost, ...] = ()  # its parts that have none, so that it is not the sum that it was
    new_since: datetime | None = None  # the day of the first answer of the range, where it was never there before
    came: tuple[str, ...] = ()  # its parts at the end of `change` that were never there at its beginning
    measured: pd.DataFrame | None = None  # the points that its goal stands on; None where a target makes no difference

    def towards(self, target: float) -> Line:
        """The same line with its goal for another target (percent points)."""
        return self if self.measured is None else replace(self, goal=trends.projection(self.measured, target))

    @property
    def is_whole(self) -> bool:
        """Whether the last point in the range is of all parts."""
        return not len(self.points) or not self.points[WITHOUT].iloc[-1]

    @property
    def whole(self) -> pd.DataFrame:
        """The points in the range that are of all parts."""
        return self.points[self.points[WITHOUT] == ""]

    def moved(self, change: Change) -> float:
        """By how many percent points up to the newest point, see `points_moved`."""
        return points_moved(self.points, change)

    def what(self, by: str) -> str:
        """What a row of a file is about: all together, or one part."""
        return by if self.key else ALL


@dataclass(frozen=True, eq=False)
class Parts:
    """What a line is the sum of, see `measures.parts`."""

    facts: Facts  # of all dates
    now: pd.DataFrame  # the rows of the newest answer
    lines: pd.DataFrame  # those of the parts, see `of_parts`
    unread: UnreadRows = ALL_READ  # what the newest answer does not tell

    @cached_property
    def columns(self) -> tuple[str, str]:
        return parts.columns(self.facts)

    @cached_property
    def _absent(self) -> pd.DataFrame:
        return parts.absent(self.lines, self.now, self.columns, self.unread)

    @cached_property
    def _presence(self) -> parts.Presence:
        return parts.presence(self.facts, self.columns)

    @cached_property
    def _now(self) -> list[Part]:
        return parts.of(self.now, self.columns)

    def gone(self, compared: pd.DataFrame | None = None) -> pd.DataFrame:
        """The last points of those that the newest answer does not have and that are missed, as `parts` has it."""
        return parts.missed(self._absent, self.lines, compared)

    def half_read(self, gone: pd.DataFrame) -> list[Part]:
        """Those of which the newest answer has a row that could not be read, and that are not `gone`."""
        return parts.half_read(self.unread, gone, self.lines, self.columns)

    def lacking(self, gone: pd.DataFrame) -> dict[str, str]:
        """Which were missing on a date, in words, by snapshot; those that are `gone` are missing ever since."""
        return {snapshot: _named(titles) for snapshot, titles in self._presence.missing(self._end(gone)).items()}

    def lacking_as_sent(self, gone: pd.DataFrame) -> dict[str, str]:
        """The same for files: all of them, as Microsoft spells them, in JSON."""
        return {
            snapshot: json.dumps(
                [{name: text for name, text in zip(self.columns, part, strict=True) if text} for part in lacked],
                ensure_ascii=False,
            )
            for snapshot, lacked in self._presence.lacking(self._end(gone)).items()
        }

    def _end(self, gone: pd.DataFrame) -> list[Part]:
        return [*self._now, *parts.of(gone, self.columns)] if len(gone) else self._now

    def came(self, compared: pd.DataFrame) -> tuple[str, ...]:
        """The titles of those that the last of these points has, with licenses sold, and the first does not."""
        return tuple(self._presence.new(compared["snapshot"].iloc[0], compared["snapshot"].iloc[-1]))


def of_parts(facts: Facts) -> pd.DataFrame:
    """The lines of the parts of which these facts are the sum, by service, added up once for all that is asked."""
    return trends.lines(facts, [*dict.fromkeys(("service", *parts.columns(facts)))])


def points_moved(points: pd.DataFrame, change: Change) -> float:
    """By how many percent points, as *Changes* prints it: the difference of both figures as they are printed.

    `points`: those of a line, up to the one at which `change` ends.
    """
    newest = float(points["deploymentPercent"].iloc[-1])
    return formats.points_between(newest - (change.percent or 0.0), newest)


def lost(gone: pd.DataFrame) -> tuple[Lost, ...]:
    """What is gone, from the last points of its parts."""
    rows = parts.together(gone)
    columns = zip(rows[parts.TITLE], rows["licensesSold"], rows[AS_OF], rows[parts.WHY], strict=True)
    return tuple(Lost(title, sold, on, Absence(why)) for title, sold, on, why in columns)


def line_of(
    key: str,
    title: str,
    points: pd.DataFrame,
    shown: pd.DataFrame,
    target: float,
    *,
    between: Between | None,
    absent: Refusal | None,
    made_of: Parts,
) -> Line:
    """One line within a range, from its `points` of all dates and those `shown`, which are in the range.

    `between`: the range; None where there is no second day. `made_of`: what it is the sum of.
    """
    recent, gone = made_of.gone(), made_of.gone(shown)
    measured, lacking = points[~points["snapshot"].isin([*made_of.lacking(recent)])], made_of.lacking(gone)
    as_sent = made_of.lacking_as_sent(gone)
    half_read = [] if absent or points.empty else made_of.half_read(gone)
    if half_read:  # as on Changes: what the newest answer does not tell as a whole has not risen, nor fallen
        newest, words = points["snapshot"].iloc[-1], [parts.of_unread(part, made_of.columns) for part in half_read]
        lacking[newest] = ", ".join([*filter(None, [lacking.get(newest)]), _named(words)])
        told = [{name: text for name, text in zip(made_of.columns, part, strict=True) if text} for part in half_read]
        as_sent[newest] = json.dumps([*json.loads(as_sent.get(newest, "[]")), *told], ensure_ascii=False)
    refused = absent or (Refusal.NOT_WHOLE if len(recent) else Refusal.HALF_READ if half_read else None)
    points, shown = (
        table.assign(
            **{
                name: [lacked.get(snapshot, "") for snapshot in table["snapshot"]]
                for name, lacked in ((WITHOUT, lacking), (WITHOUT_AS_SENT, as_sent))
            }
        )
        for table in (points, shown)
    )
    is_known = between is None or between.first in {*shown["snapshot"]}
    within, compared = _compared(points, shown, is_known)
    known = measured[measured[AS_OF] <= within[AS_OF].max()].reset_index(drop=True)
    is_new = len(within) > 0 and not is_known and len(within) == len(shown)  # or it begins with an earlier point
    new_since = between.since if between and is_new else None
    change, lately = trends.change(compared), trends.change(compared, trends.WEEKS * 7)
    if is_new:
        change, lately = None, None
    elif change and between and compared["snapshot"].iloc[0] == between.first:
        change = replace(change, since=between.since)  # what was known on that day
    year, turned = (_year(known, made_of), trends.turn(known)) if len(compared) else (None, None)
    return Line(
        key=key,
        title=title,
        points=within,
        change=change,
        lately=lately if lately and change and lately.since - change.since > _CLEARLY else None,
        year=year if year and change and change.since - year.since > _CLEARLY else None,
        turned=turned if turned and turned > known[AS_OF].iloc[0] else None,
        pace=refused or trends.velocity(measured),
        goal=refused or trends.projection(measured, target),
        absent=absent,
        lost=() if absent else lost(gone),
        new_since=new_since,
        came=made_of.came(compared) if change else (),
        measured=None if refused else measured,
    )


def _compared(points: pd.DataFrame, shown: pd.DataFrame, is_known: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The points of a range, and those of them that are of all parts; none of these where the last one is not.

    Where nothing was known when it began (not `is_known`), or a part was missing then, it begins with the last point
    before that is whole, if there is one.
    """
    if len(shown) and (not is_known or shown[WITHOUT].iloc[0]):
        before = points[points[AS_OF] < shown[AS_OF].iloc[0]]
        whole = before[before[WITHOUT] == ""][AS_OF].tail(1)
        shown = pd.concat([before[before[AS_OF] >= whole.max()], shown], ignore_index=True)
    whole = shown[shown[WITHOUT] == ""]
    return shown, whole[:0] if len(shown) and shown[WITHOUT].iloc[-1] else whole


def _year(known: pd.DataFrame, made_of: Parts) -> Change | None:
    """The change over twelve months; None where a part is gone that was there in them."""
    year = trends.change(known, _YEAR.days)
    if year and len(made_of.gone(known[known[AS_OF] >= year.since])):
        return None
    return year


def _named(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - _NAMED:,} more" if len(titles) > _NAMED else ""
    return f"{', '.join(titles[:_NAMED])}{more}"
