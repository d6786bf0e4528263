"""How the figures of the Overview's tiles have moved, and which parts of them are lost since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pandas as pd

from dashboard import formats
from dashboard.cache import remembered
from dashboard.charts import palette
from dashboard.charts.sparkline import sparkline
from dashboard.view_models import lines
from dashboard.view_models.lines import ESTIMATES, Lost, Parts
from data_access import Answer, Deployment, Selection, Timeline, measures
from data_access.measures import no_rows, parts, trends
from data_access.measures.trends import AS_OF
from data_access.partner_center.catalog import Collection

_RECENT = pd.Timedelta(weeks=trends.WEEKS)


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much one figure has moved, in words; the kind of news that is; and its line as a picture.

    `since`: when the answer was fetched with which it is compared, as on Trends and Changes.
    """

    said: str
    since: datetime
    arrow: Literal["up", "down", "off"]
    kind: Literal["good", "bad", "neither"]
    line: str  # the address of the picture


@remembered
def moved(timeline: Timeline, deployment: Deployment, selection: Selection, dark: bool) -> dict[str, Moved]:
    """How the figures of a selection have moved in some `trends.USUAL_DAYS`, by measure; empty without an earlier date.

    Empty as well where a part is gone: then it is not the same sum.

    Estimates are compared with estimates and counts with counts.
    """
    past = timeline.by(deployment.answer.collection)
    line = _until(past, deployment, selection) if past else None
    if line is None or lost(timeline, deployment, selection):
        return {}
    change = trends.change(line, trends.USUAL_DAYS)
    if change is None:
        return {}
    since = line.loc[line[AS_OF] == change.since, "fetchedAt"].iloc[-1]
    recent = line[line[AS_OF] >= line[AS_OF].iloc[-1] - _RECENT]

    def of(column: str, by: float | None, good: int) -> dict[str, Moved]:
        if by is None:
            return {}
        estimated = deployment.estimated and column in ESTIMATES
        said = f"{formats.points(by)} points" if column == "deploymentPercent" else formats.change(by, estimated)
        still = said[0] == formats.STILL
        arrow: Literal["up", "down", "off"] = "off" if still else "up" if by > 0 else "down"
        kind: Literal["good", "bad", "neither"] = "neither" if still or not good else "good" if by * good > 0 else "bad"
        picture = sparkline(recent[AS_OF], recent[column], palette.of(dark))
        return {column: Moved(said, since, arrow, kind, picture)}

    return {
        **of("licensesSold", change.sold, 0),
        **of("licensesDeployed", change.deployed, 1),
        **of("deploymentPercent", None if change.percent is None else lines.points_moved(line, change), 1),
        **of("undeployed", change.undeployed, -1),
    }


@remembered
def lost(timeline: Timeline, deployment: Deployment, selection: Selection) -> tuple[Lost, ...]:
    """The parts that the history has lately, or on the date compared with, and an answer does not.

    None where they cannot be compared.
    """
    past = timeline.by(deployment.answer.collection)
    line = _until(past, deployment, selection) if past else None
    if past is None or line is None:
        return ()
    change = trends.change(line, trends.USUAL_DAYS)
    compared = line[line[AS_OF] >= change.since] if change else None
    kept = past.facts.selected(selection)
    now = deployment.facts.selected(selection).frame
    return lines.lost(Parts(kept, now, lines.of_parts(kept), deployment.unread).gone(compared))


def emptied(timeline: Timeline, answer: Answer, collection: Collection | None = None) -> str:
    """Since when Microsoft's answers have no rows, and what the last ones had; empty where none ever had any.

    `answer`: one without rows, or live seats in its place, which may be newer than the history. `collection`: of which
    collection, where that is not the answer's.
    """
    past = timeline.by(collection or answer.collection) or timeline
    last, since = past.history.last_figures(past.collection)
    kept = past.facts.of(past.facts.frame[past.facts.frame["snapshot"] == (last and last.id)])
    if last is None or not len(kept) or (answer.is_part and since is None):
        return ""
    total = measures.total(kept)
    newest = max(answer.fetched_at, last.fetched_at)  # seats may have been read before the last figures
    return no_rows.said(since or newest, last.processed[1] or last.day, total.sold, total.percent)


def empty_since(timeline: Timeline, answer: Answer) -> str:
    """Since when answers of a collection have no rows, as `emptied`, whatever it counts."""
    last, since = timeline.history.last_figures(answer.collection)
    if last is None or not last.rows or (answer.is_part and since is None):
        return ""
    return no_rows.said(since or answer.fetched_at)


def _until(past: Timeline, deployment: Deployment, selection: Selection) -> pd.DataFrame | None:
    """The line of all together up to the figures on screen, which may be newer than the history of their collection.

    Without dates on which a part was missing. None where there are no figures now.
    """
    facts = deployment.facts.selected(selection)
    if not len(facts):
        return None
    kept = past.facts.selected(selection)
    columns = parts.columns(kept)
    lacking = parts.presence(kept, columns).missing(parts.of(facts.frame, columns))
    line = trends.lines(kept, [])
    total = measures.total(facts)
    as_of = trends.next_as_of(
        line,
        facts.frame["processedDateTime"].max(),
        deployment.answer.fetched_at,
        went_back=trends.has_gone_back(kept, facts.frame),
    )
    now = {
        "licensesSold": total.sold,
        "licensesDeployed": total.deployed,
        "deploymentPercent": total.percent,
        "undeployed": total.undeployed,
        AS_OF: as_of,
        "snapshot": "",  # it may not be kept
        "fetchedAt": deployment.answer.fetched_at,
    }
    line = line[(line[AS_OF] < as_of) & ~line["snapshot"].isin([*lacking])]
    newest = pd.DataFrame([now]).astype({"deploymentPercent": "float64"})  # which is missing where nothing is sold
    return pd.concat([line[[*now]], newest], ignore_index=True)
