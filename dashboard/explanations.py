"""What stands behind a tile's question mark: its formula with today's figures in it, and where these come from.

The numbers are those of the view models, the definitions those of the measures. The texts are Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from dashboard import formats
from dashboard.cache import remembered
from dashboard.charts import contributions
from dashboard.exports import NO_FILTER
from dashboard.view_models import paces
from dashboard.view_models.changes import ChangesView
from dashboard.view_models.deployment import Summed
from dashboard.view_models.renewals import RenewalsView
from dashboard.view_models.trends import TrendsView
from dashboard.view_models.usage import UsageView
from data_access import Answer, Deployment, Renewals, Selection, Timeline, Usage
from data_access.datasets import usage as uses
from data_access.datasets.deployment import LiveFigures
from data_access.datasets.usage import Source
from data_access.measures import MEASURES
from data_access.measures.trends import AS_OF, Projection, Velocity
from data_access.partner_center.catalog import SUBSCRIPTIONS

_TWO_DECIMALS = "Shown with two decimals; the files have more."
_WHOLE_LICENSES = "Shown in whole licenses; the files have the decimals."

#: What is behind the tiles of a page, by their measures' names.
Explanations = Mapping[str, str]


class Use(NamedTuple):
    """Licenses used beside those that could be; None where Microsoft's figures are not at hand."""

    active: float | None
    qualified: float | None
    used: float | None
    sold: float | None


def of_deployment(
    model: Summed, deployment: Deployment, usage: Usage | None, filtered: str, target: float | None = None
) -> Explanations:
    """For the tiles of the Overview and of customers.

    `filtered` is the filter in words. `usage` gives the ratios of use, where it is at hand for the same customers.
    `target` is what the percentage is judged by.
    """
    total, basis, estimated = model.total, model.basis, deployment.estimated
    sold, rows = formats.count(total.sold), formats.number(basis.rows, "row")
    deployed, undeployed, over = (
        _licenses(number, estimated) for number in (total.deployed, total.undeployed, total.over_deployed)
    )
    share = formats.percent(total.percent, as_sent=estimated, target=target)
    bought, each, name = "licenses sold", "licenses deployed", "licensesDeployed"
    where = f"{_source(deployment.answer, rows, basis.processed)}{_left_out([deployment.answer], filtered)}"
    if estimated:
        each, name = "deployment % × licenses sold ÷ 100", "licensesDeployedEstimated"
    if deployment.live:
        bought, each = "seats that are enabled", "seats that are assigned"
        where = _live(deployment.live, filtered)
    rounded = f"{where} {_WHOLE_LICENSES}" if estimated else where
    return {
        "licensesSold": _behind(
            "licensesSold", f"**{sold}** = the sum of {bought} in {rows}", where, definition=not deployment.live
        ),
        name: _behind(name, f"**{deployed}** = the sum of {each} in {rows}", rounded),
        "deploymentPercent": _behind(
            "deploymentPercent",
            f"**{share}** = {deployed} deployed ÷ {sold} sold × 100",
            f"{where} {_TWO_DECIMALS}",
            _ratios((total.deployed, total.sold), use_of(usage, basis.selection) if usage else None, usage),
        ),
        "undeployed": _behind("undeployed", f"**{undeployed}** = {_missing(sold, deployed, over)}", rounded),
    }


def of_usage(model: UsageView, usage: Usage, filtered: str, target: float | None = None) -> Explanations:
    """For the tiles of the Usage page."""
    total = model.total
    use = Use(total.active, total.qualified, _used(total), total.sold)
    sold, deployed, undeployed, over, unused, unknown, used, active, qualified = map(
        _licenses,
        (
            *(total.sold, total.deployed, total.undeployed, total.over_deployed),
            *(total.unused, total.no_figures, use.used, use.active, use.qualified),
        ),
    )
    share = formats.percent(total.percent, as_sent=False, target=target)
    sources = dict(_sources(usage))
    of_licenses, of_counts = ([each.answer] if each.answer else [] for each in (usage.deployment, usage.counts))
    bought, used_end, end = (
        _left_out(answers, filtered) for answers in (of_licenses, of_counts, [*of_licenses, *of_counts])
    )
    licenses, counts = sources[usage.deployment.collection.name], sources[usage.counts.collection.name]
    not_used = f"{deployed} deployed − {used} used − {unknown} without usage figures"
    return {
        "licensesSold": _behind("licensesSold", f"**{sold}** = the sum of licenses sold", f"{licenses}{bought}"),
        "undeployed": _behind(
            "undeployed", f"**{undeployed}** = {_missing(sold, deployed, over)}", f"{licenses}{bought}"
        ),
        "unused": _behind("unused", f"**{unused}** = {not_used}", f"{licenses} {counts}{end}"),
        "usagePercent": _behind(
            "usagePercent",
            f"**{share}** = {active} active ÷ {qualified} qualified × 100",
            f"{counts}{used_end} {_TWO_DECIMALS}",
            _ratios((total.deployed, total.sold), use, usage),
        ),
    }


def of_renewals(model: RenewalsView, data: Renewals, filtered: str) -> Explanations:
    """For the tiles of the Renewals page."""
    totals = model.totals
    parts = (
        *((totals.on_trial, "trial", ""), (totals.suspended, "suspended subscription", "")),
        (totals.not_licenses, "subscription", " not billed by licenses"),
        (model.unplaced, "subscription", " of unknown channel or service"),
    )
    left_out = [formats.number(number, noun) + what for number, noun, what in parts if number]
    subscriptions = data.answer(SUBSCRIPTIONS)
    source = f"From *{SUBSCRIPTIONS.title}* (`GET {SUBSCRIPTIONS.paths[0]}`)" if subscriptions else "From subscriptions"
    read = f"{formats.day(data.read_at)}, {formats.clock(data.read_at)}"
    source = f"{source}, one call per customer, read {read}."
    in_no_sum = f" In no sum of what ends until {model.until}: {', '.join(left_out)}." if left_out else ""
    where = source + in_no_sum + _but_for((), filtered)
    seats, until = "the sum of seats of the subscriptions", f"{model.until}, to the end of that day in UTC"
    if model.act_until:
        seats += f" with a last day to act until {model.act_until}"
    renewing, at_risk = formats.count(totals.renewing), formats.count(totals.at_risk)
    share = formats.percent(totals.at_risk / totals.known * 100 if totals.known else None, as_sent=False)
    spare = f"**{at_risk}** = the seats of these that are not assigned; {at_risk} ÷ {formats.count(totals.known)} that"
    spare += f" renew{' and of which that is known' if totals.unknown else ''} × 100 = {share}"
    if totals.renewing and not totals.known:
        spare = f"**{formats.NOTHING}**: of none of these seats is known whether it is assigned"
    for number, what in (
        (totals.not_matched, "of no product that can be matched"),
        (totals.without_figure, "of products of which nobody says what is assigned"),
    ):
        if number:
            spare += f"; {formats.count(number)} {formats.are(number)} {what}: not in this figure"
    elsewhere = ""
    if number := totals.reducible_elsewhere:
        elsewhere = (
            f": {formats.number(number, 'seat')} of it are of subscriptions that end later, never, or have ended"
        )
        elsewhere += ", and are not in the table"
    assigned = f"Assigned is as of {_seats_of(data)}."
    return {
        "seatsRenewing": _behind("seatsRenewing", f"**{renewing}** = {seats} that renew until {until}", where),
        "seatsAtRisk": _behind("seatsAtRisk", spare, f"{where} {assigned} {_TWO_DECIMALS}"),
        "seatsUndecided": _behind(
            "seatsUndecided",
            f"**{formats.count(totals.undecided)}** = {seats} that end until {until} and are undecided, or in the"
            " extended service term",
            where,
        ),
        "seatsReducible": _behind(
            "seatsReducible",
            f"**{formats.count(totals.reducible)}** = {seats} whose day to reduce lies ahead",
            f"{source} The horizon does not hold for this figure{elsewhere}.{_but_for((), filtered)}",
        ),
    }


def of_trends(model: TrendsView, timeline: Timeline, filtered: str, target: float) -> Explanations:
    """For the tiles of the Trends page, which has at least one point."""
    line, estimated, collection = model.whole, timeline.estimated, timeline.collection
    newest, pace, goal = line.points.iloc[-1], line.pace, line.goal
    oldest, latest = (formats.day(line.points[AS_OF].iloc[place]) for place in (0, -1))
    end = _but_for([model.unread.in_words], filtered)
    source = f"From *{collection.title}* (`GET {collection.paths[0]}`), as collected"
    percent = formats.percent(newest["deploymentPercent"], target=target)
    sums = f"{_licenses(newest['licensesDeployed'], estimated)} deployed ÷ {formats.count(newest['licensesSold'])} sold"
    if isinstance(pace, Velocity):
        days = f"{formats.number(pace.points, 'date')} from {formats.day(pace.since)} to {formats.day(pace.until)}"
        deployed, sold = formats.change(pace.deployed, estimated, paces.decimals(pace)), formats.change(pace.sold)
        of_pace = [f"**{number}** a week = the median slope over {days}" for number in (deployed, sold)]
    else:
        of_pace = [f"**{formats.NOTHING}**: {pace.value}"] * 2
    if isinstance(goal, Projection):
        earliest, last = paces.ends(goal)
        missing = formats.to_target(newest["deploymentPercent"], target)
        reached = f"**{formats.day(goal.on)}**: on {latest} {percent}, {missing}; not before {earliest}"
        reached += f", likely by {last}" if last else ""
    else:
        reached = f"**{formats.NOTHING}**: {goal.value}"
    where = f"{source}: {oldest} to {latest}.{end}"
    share = (
        f"**{formats.NOTHING}**: {line.absent.value}" if line.absent else f"**{percent}** = {sums} × 100, on {latest}"
    )
    return {
        "deploymentPercent": _behind("deploymentPercent", share, f"{where} {_TWO_DECIMALS}"),
        "velocity": _behind("velocity", of_pace[0], where),
        "soldPerWeek": _behind("soldPerWeek", of_pace[1], where),
        "projection": _behind("projection", reached, where),
    }


def of_changes(model: ChangesView, basis: str) -> Explanations:
    """For the tiles of the Changes page; `basis` says what is compared."""
    found = {}
    for name, sums in model.sums.items():
        estimated = model.estimated and name != "licensesSold"
        change = formats.between(sums.before, sums.after, estimated)
        both = f"{_licenses(sums.after, estimated)} − {_licenses(sums.before, estimated)}"
        figure = "Nothing here could be read on both dates" if model.nothing_read else f"**{change}** = {both}"
        found[name] = _behind(name, figure, basis)
    why = model.why
    before, after = (formats.percent(number, as_sent=False) for number in (why.before, why.after))
    moved = (None, None, None) if why.change is None else contributions.printed(why)
    change, deployed, sold = map(formats.points, moved)
    parts = f"{deployed} from licenses deployed, {sold} from licenses sold"
    change = f"**{change} points** = {after} − {before}: {parts}"
    found["deploymentPercent"] = _behind("deploymentPercent", change, f"{basis} · {_TWO_DECIMALS}")
    return found


@remembered
def use_of(usage: Usage, selection: Selection) -> Use:
    """The figures of use for everything selected."""
    sums = selection.apply(_sums(usage)).sum(numeric_only=True, min_count=1)

    def figure(name: str, known: bool) -> float | None:
        return float(sums[name]) if known and pd.notna(sums[name]) else None

    counted, deployed = usage.counts.has_rows, usage.deployment.has_rows
    return Use(
        figure("licensesActive", counted),
        figure("licensesQualified", counted),
        figure("used", counted and deployed),
        figure("licensesSold", deployed),
    )


@remembered
def _sums(usage: Usage) -> pd.DataFrame:
    """A row per service and channel, so that a click need not add up every customer's products."""
    keys, added = ["service", "channel"], ["licensesSold", "used"]
    known = usage.licenses.assign(used=usage.licenses["used"].where(usage.licenses["licensesActive"].notna()))
    licenses = known.groupby(keys, observed=True)[added].sum(min_count=1)
    workloads = usage.workloads.groupby(keys, observed=True)[["licensesActive", "licensesQualified"]].sum()
    return pd.concat([licenses.reset_index(), workloads.reset_index()], ignore_index=True)


@remembered
def _sources(usage: Usage) -> tuple[tuple[str, str], ...]:
    """Where the figures are from, by the names of the collections."""
    return tuple(
        (
            source.collection.name,
            _source(source.answer, formats.number(len(source.frame), "row"), _span(source)) if source.answer else "",
        )
        for source in usage.sources
    )


def _behind(measure: str, formula: str, where: str, ratios: str = "", *, definition: bool = True) -> str:
    """Not with `definition`: the measure's own is not that of this figure."""
    means = MEASURES[measure].explanation if definition else ""
    return "\n\n".join(part for part in (formula, ratios, means, where) if part)


def _seats_of(data: Renewals) -> str:
    """Which figures say what is assigned, and of when they are."""
    parts = (
        ("live seats", data.seats_read_at, True),
        ("the commercial counts", data.counts_as_of, False),
    )
    known = [
        f"{name} of {formats.day(at)}{f', {formats.clock(at)}' if has_clock else ''}"
        for name, at, has_clock in parts
        if at
    ]
    return ", else ".join(known) or "no figures at hand"


def _missing(sold: str, deployed: str, over: str) -> str:
    return f"{sold} sold − {deployed} deployed + {over} assigned beyond those sold"


def _licenses(number: float | None, estimated: bool = False) -> str:
    if number is None:
        return formats.NOTHING
    return formats.about(f"{number:,.2f}") if estimated else formats.count(number)


def _source(answer: Answer, rows: str, processed: tuple[datetime | None, datetime | None]) -> str:
    oldest, newest = map(formats.day, processed)
    if newest == formats.NOTHING:
        dates = "without processing dates"
    else:
        dates = f"processed {newest if oldest == newest else f'{oldest} to {newest}'}"
    collection = answer.collection
    return f"From *{collection.title}* (`GET {collection.paths[0]}`): {rows}, {dates}."


def _live(figures: LiveFigures, filtered: str) -> str:
    read = (
        f"{formats.day(figures.read_at)}, {formats.clock(figures.read_at)}" if figures.read_at else "at no known time"
    )
    without, left_out = figures.unread - figures.earlier, figures.left_out
    parts = (
        f"{formats.number(left_out, 'product')} that {formats.are(left_out)} free or on trial" if left_out else "",
        f"{formats.number(without, 'customer')} who could not be read" if without else "",
    )
    if figures.earlier:
        read += f", and {formats.number(figures.earlier, 'customer')} before"
    return f"From live seats, read {read}.{_but_for(parts, filtered)}"


def _left_out(answers: Sequence[Answer], filtered: str) -> str:
    unread, missing = sum(len(answer.set_aside) for answer in answers), sum(answer.missing for answer in answers)
    parts = (
        f"{formats.number(unread, 'row')} that could not be read" if unread else "",
        f"{formats.number(missing, 'row')} that did not come" if missing else "",
        "customers of other books" if any(answer.is_part for answer in answers) else "",
    )
    return _but_for(parts, filtered)


def _but_for(left_out: Iterable[str], filtered: str) -> str:
    """What is left out and by what was filtered, as sentences that follow others; nothing where neither is."""
    parts = ", ".join(filter(None, left_out))
    said = f" Left out: {parts}." if parts else ""
    return f"{said} Filter: {formats.plain(filtered)}." if filtered != NO_FILTER else said


def _ratios(assigned: tuple[float | None, float | None], use: Use | None, usage: Usage | None) -> str:
    """The three ratios side by side, with where those of use are from; these only where they are at hand."""
    first = f"Assigned ÷ sold **{_percent(*assigned)}**"
    if use is None or usage is None:
        return f"{first}. The page *Usage* has active ÷ qualified and active ÷ sold."
    qualified, sold = _percent(use.active, use.qualified), _percent(use.used, use.sold)
    return (
        f"{first} · active ÷ qualified **{qualified}** · active ÷ sold at least **{sold}**, by the most active workload"
        f" of each product.{_of_use(usage)}"
    )


def _of_use(usage: Usage) -> str:
    """Where the ratios of use are from, since they may be of other totals and days than the one beside them."""
    sources = dict(_sources(usage))
    parts = (("Active and qualified", usage.counts), ("what is sold of the last", usage.deployment))
    said = [
        f"{what}: {source.removeprefix('From ').removesuffix('.')}"
        for what, each in parts
        if (source := sources[each.collection.name])
    ]
    return f" {'; '.join(said)}." if said else ""


def _percent(part: float | None, whole: float | None) -> str:
    return formats.percent(part / whole * 100 if part is not None and whole else None, as_sent=False)


def _used(total: uses.Total) -> float | None:
    """Licenses deployed and used, see the measure `used`."""
    if total.with_figures is None or total.unused is None:
        return None
    return total.with_figures - total.unused


def _span(source: Source) -> tuple[datetime | None, datetime | None]:
    return uses.span(source.frame["processedDateTime"])
