"""`status`: print what is in the history, how old it is per service, which calls failed last and why."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from data_access import formats, history, texts, titles
from data_access.commands import terminal
from data_access.foreign_text import printable_id
from data_access.history.history import History
from data_access.history.run_log import Standing
from data_access.history.store import Damaged
from data_access.measures.health import Loss, age_in_days
from data_access.partner_center.answers import OfCustomers
from data_access.partner_center.catalog import COLLECTIONS
from data_access.settings import load

HELP = "say what is in the history, how old it is, and what failed last"

_NAMED = 10  # services that are gone, of one collection


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> bytes:
    settings = load()
    history.prepare_sample(settings)
    account_history = history.open(settings)
    terminal.say_each(account_history.notices)
    now = datetime.now(UTC)
    if options.format == "json":
        return f"{json.dumps(as_json(account_history, now), ensure_ascii=False, indent=2)}\n".encode()
    return "".join(f"{line}\n" for line in as_text(account_history, now)).encode()


def as_json(account_history: History, now: datetime) -> dict[str, Any]:
    """The status for programs: instants in ISO 8601 UTC, ages in whole days."""
    without_snapshot = [file.path for file in account_history.leftovers.unclaimed()]
    standings = account_history.standing()
    return {
        "source": account_history.source,
        "history": account_history.store.name,
        "collections": {
            name: {
                "snapshots": len(snapshots := account_history.snapshots(name)),
                "oldest": _iso(min((snapshot.fetched_at for snapshot in snapshots), default=None)),
                "lastSuccess": _iso(standings[name].last_success),
                "failing": standings[name].failing,
                "lastFailure": _failure(standings[name]),
                **_loss(account_history.loss(name, standings[name].found_again)),
                **_unread(_of_customers(account_history, name)),
                "services": {
                    code: {"processedDateTime": _iso(processed), "ageDays": _days(processed, now)}
                    for code, processed in _newest(account_history, name).items()
                },
            }
            for name in COLLECTIONS
            if name in standings
        },
        **({"filesNotReadable": not_readable} if (not_readable := account_history.store.denied()) else {}),
        **({"filesWithoutSnapshot": without_snapshot} if without_snapshot else {}),
    }


def as_text(account_history: History, now: datetime) -> list[str]:
    """The status for people: a paragraph on the collections and a table of services, line by line."""
    without_snapshot = [file.path for file in account_history.leftovers.unclaimed()]
    standings = account_history.standing()
    names = [name for name in COLLECTIONS if name in standings]
    lines = [f"{account_history.source}, in {account_history.store.name}"]
    if denied := account_history.denied:
        lines.append(denied)
    if without_snapshot:
        lines.append(terminal.unclaimed(without_snapshot))
    if not names:
        return [*lines, "There is no history yet: run collect."]
    for name in names:
        snapshots, standing = account_history.snapshots(name), standings[name]
        first = f" since {min(snapshot.fetched_at for snapshot in snapshots):%Y-%m-%d}" if snapshots else ""
        read = f"last read {standing.last_success:%Y-%m-%d %H:%M} UTC" if standing.last_success else "never read"
        number = formats.number(len(snapshots), "snapshot")
        lines.append(f"{name}: {number}{first}, {read}")
        if loss := account_history.loss(name, standing.found_again):
            lines.append(f"  {in_words(loss)}")
        lines += [f"  {line}" for line in terminal.unread(_of_customers(account_history, name))]
        if failure := standing.failure:
            details = {
                "HTTP status": failure.status,
                "Code": failure.code,
                "MS-RequestId": failure.request_id,
                "MS-CorrelationId": failure.correlation_id,
            }
            known = ", ".join(f"{label} {detail}" for label, detail in details.items() if detail is not None)
            when = f"{standing.last_failure:%Y-%m-%d %H:%M} UTC"
            lines.append(
                f"  {'failing, last' if standing.failing else 'failed last'} {when}: {failure.message} {failure.advice}"
                f"{f' ({known})' if known else ''}"
            )
    newest = {name: ages for name in names if (ages := _newest(account_history, name))}
    spelled = titles.spellings(code for ages in newest.values() for code in ages)
    newest = {name: {spelled[code]: processed for code, processed in ages.items()} for name, ages in newest.items()}
    services = sorted({*spelled.values()}, key=texts.order)
    if services:
        rows = [["service", *newest]]
        rows += [[printable_id(code), *(_cell(ages, code, now) for ages in newest.values())] for code in services]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines += ["", "Processed by Microsoft, and how many days ago:"]
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
    return lines


def in_words(loss: Loss) -> str:
    """What a collection lost, with the numbers then and now, what was not read, and what is gone of services."""
    text = f"not well: it {loss.finding}: {loss.numbers} since the answer of {loss.since:%Y-%m-%d %H:%M} UTC"
    return text + loss.more(_listed)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(map(printable_id, names[:_NAMED]))}{more}"


def _newest(account_history: History, name: str) -> dict[str, datetime | None]:
    newest = account_history.newest(name)
    return dict(newest.as_of) if newest else {}


def _cell(ages: dict[str, datetime | None], code: str, now: datetime) -> str:
    processed = ages.get(code)
    return f"{processed:%Y-%m-%d} ({_days(processed, now)})" if processed else "–"


def _days(processed: datetime | None, now: datetime) -> int | None:
    return age_in_days(processed, now) if processed else None


def _iso(instant: datetime | date | None) -> str | None:
    return instant.isoformat().replace("+00:00", "Z") if instant else None


def _of_customers(account_history: History, name: str) -> OfCustomers:
    """Who is not in the newest answer of a live collection; nobody where its file cannot be read."""
    newest = account_history.newest(name)
    if newest is None or not COLLECTIONS[name].live:
        return OfCustomers()
    try:
        return account_history.of_customers(newest)
    except (FileNotFoundError, Damaged):
        return OfCustomers()


def _unread(whose: OfCustomers) -> dict[str, Any]:
    """The customers that were not read, by why."""
    kinds = {"refused": whose.refused, "gone": whose.gone, "failed": whose.failed}
    return {"customersNotRead": kinds} if whose.unread else {}


def _loss(loss: Loss | None) -> dict[str, Any]:
    if loss is None:
        return {}
    return {
        "loss": {
            "since": _iso(loss.since),
            "before": asdict(loss.before),
            "after": asdict(loss.after),
            "servicesGone": [*loss.gone],
            "channelsGone": [{"service": service, "channel": channel} for service, channel in loss.of_channels],
            **({"customersRefusing": loss.refusing} if loss.refusing else {}),
        }
    }


def _failure(standing: Standing) -> dict[str, Any] | None:
    if standing.failure is None:
        return None
    return {"at": _iso(standing.last_failure), **standing.failure.model_dump(exclude_none=True)}
