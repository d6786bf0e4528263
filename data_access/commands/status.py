"""`status`: what is in the history, how old per service, which calls failed last and why."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
from typing import Any

from data_access import history
from data_access.commands import terminal
from data_access.history.history import History
from data_access.history.run_log import Standing
from data_access.partner_center.catalog import COLLECTIONS
from data_access.settings import load

HELP = "say what is in the history, how old it is, and what failed last"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> bytes:
    settings = load()
    history.prepare_sample(settings)
    kept = history.open(settings)
    for notice in kept.notices:
        terminal.say(notice)
    now = datetime.now(UTC)
    if options.format == "json":
        return f"{json.dumps(as_json(kept, now), ensure_ascii=False, indent=2)}\n".encode()
    return "".join(f"{line}\n" for line in as_text(kept, now)).encode()


def as_json(kept: History, now: datetime) -> dict[str, Any]:
    """The same for programs: instants in ISO 8601 UTC, ages in whole days."""
    standing = kept.standing()
    return {
        "source": kept.source,
        "history": kept.store.name,
        "collections": {
            name: {
                "snapshots": len(snapshots := kept.snapshots(name)),
                "oldest": _iso(min((one.fetched_at for one in snapshots), default=None)),
                "lastSuccess": _iso(standing[name].last_success),
                "failing": standing[name].failing,
                "lastFailure": _failure(standing[name]),
                "services": {
                    code: {"processedDateTime": _iso(processed), "ageDays": _days(processed, now)}
                    for code, processed in _newest(kept, name).items()
                },
            }
            for name in COLLECTIONS
            if name in standing
        },
    }


def as_text(kept: History, now: datetime) -> list[str]:
    """A paragraph on the collections and a table of services, for people."""
    standing = kept.standing()
    names = [name for name in COLLECTIONS if name in standing]
    found = [f"{kept.source}, in {kept.store.name}"]
    if not names:
        return [*found, "There is no history yet: run collect."]
    for name in names:
        snapshots, about = kept.snapshots(name), standing[name]
        first = f" since {min(one.fetched_at for one in snapshots):%Y-%m-%d}" if snapshots else ""
        read = f"last read {about.last_success:%Y-%m-%d %H:%M} UTC" if about.last_success else "never read"
        number = "1 snapshot" if len(snapshots) == 1 else f"{len(snapshots):,} snapshots"
        found.append(f"{name}: {number}{first}, {read}")
        if about.failure:
            facts = {
                "HTTP status": about.failure.status,
                "Code": about.failure.code,
                "MS-RequestId": about.failure.request_id,
                "MS-CorrelationId": about.failure.correlation_id,
            }
            known = ", ".join(f"{label} {fact}" for label, fact in facts.items() if fact is not None)
            found.append(
                f"  {'failing, last' if about.failing else 'failed last'} {about.last_failure:%Y-%m-%d %H:%M} UTC:"
                f" {about.failure.message} {about.failure.advice}{f' ({known})' if known else ''}"
            )
    newest = {name: ages for name in names if (ages := _newest(kept, name))}
    services = sorted({code for ages in newest.values() for code in ages}, key=str.casefold)
    if services:
        rows = [["service", *newest]]
        rows += [[terminal.plain(code), *(_cell(ages, code, now) for ages in newest.values())] for code in services]
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        found += ["", "Processed by Microsoft, and how many days ago:"]
        found += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
    return found


def _newest(kept: History, name: str) -> dict[str, datetime | None]:
    newest = kept.newest(name)
    return dict(newest.as_of) if newest else {}


def _cell(ages: dict[str, datetime | None], code: str, now: datetime) -> str:
    processed = ages.get(code)
    return f"{processed:%Y-%m-%d} ({_days(processed, now)})" if processed else "–"


def _days(processed: datetime | None, now: datetime) -> int | None:
    return (now.date() - processed.date()).days if processed else None


def _iso(instant: datetime | date | None) -> str | None:
    return instant.isoformat().replace("+00:00", "Z") if instant else None


def _failure(standing: Standing) -> dict[str, Any] | None:
    if standing.failure is None:
        return None
    return {"at": _iso(standing.last_failure), **standing.failure.model_dump(exclude_none=True)}
