"""The command line: results on stdout, everything else on stderr; exit codes as in `errors`."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import date

from tqdm import tqdm

from data_access import emulator, files, frames, source
from data_access.catalog import COLLECTIONS, Collection
from data_access.client import Progress, Step
from data_access.errors import PartnerCenterError, SettingsError
from data_access.protocol import Query
from data_access.settings import load

INTERRUPTED = 130  # as shells have it


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        output: bytes = options.run(options)
    except PartnerCenterError as error:
        _say(f"{error.title}: {error}")
        for label, fact in error.facts.labelled().items():
            _say(f"  {label}: {fact}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED
    try:
        # In one piece and only now, so that a failure leaves stdout empty.
        sys.stdout.buffer.write(output)  # as bytes, since Windows would write its own code page, and \n as \r\n
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _say(f"The result cannot be written: {error.strerror}.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SettingsError.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data_access", description="Licence analytics from Microsoft Partner Center."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    fetch = commands.add_parser("fetch", help="print one collection")
    fetch.add_argument("collection", choices=COLLECTIONS, metavar="COLLECTION", help=", ".join(COLLECTIONS))
    fetch.add_argument("--customer", metavar="ID", help="tenant id of one customer")
    fetch.add_argument("--format", choices=("csv", "json"), default="csv")
    commercial = fetch.add_argument_group("for the commercial collections alone")
    commercial.add_argument("--filter", metavar="TEXT", help="such as: channel eq 'direct' and serviceCode ne 'crm'")
    commercial.add_argument("--groupby", metavar="FIELDS", help="add the counts up, for example by channel,serviceCode")
    commercial.add_argument("--processed", metavar="DATE", help="the figures as processed on that day: YYYY-MM-DD")
    fetch.set_defaults(run=_fetch, complain=fetch.error)

    emulate = commands.add_parser("emulate", help="serve the sample partner as Partner Center would")
    emulate.add_argument("--port", type=int, required=True)
    emulate.set_defaults(run=_emulate)
    return parser


def _fetch(options: argparse.Namespace) -> bytes:
    collection = COLLECTIONS[options.collection]
    query = _query(collection, options)
    settings = load()
    if settings.is_sample:
        _say(f"{source.SAMPLE}: neither a token nor an app registration is set.")
    with source.connect(settings) as client, _progress() as progress:
        answer = client.fetch(collection, query, progress)
    for row in answer.set_aside:
        _say(f"Row {row.position} set aside: {row.reason}.")
    if answer.missing:
        _say(f"{answer.announced:,} rows were announced, {answer.missing:,} of them did not come.")
    if options.format == "csv":
        return files.exact(answer.frame)
    return f"{json.dumps(frames.records(answer.frame), ensure_ascii=False, indent=2)}\n".encode()


def _query(collection: Collection, options: argparse.Namespace) -> Query:
    """What is asked for, checked; ends the program with code 2 where it does not go with the collection."""
    if collection.per_customer and options.customer is None:
        options.complain(f"{collection.name} needs --customer ID")
    if not (collection.per_customer or collection.paged) and options.customer is not None:
        options.complain(f"{collection.name} is about the whole partner and takes no --customer")
    for name in ("filter", "groupby", "processed"):
        if getattr(options, name) is not None and not collection.paged:
            options.complain(f"{collection.name} takes no --{name}; the commercial collections do")
    groupby = tuple(field.strip() for field in (options.groupby or "").split(",") if field.strip())
    if unknown := [field for field in groupby if field not in collection.groupable]:
        options.complain(f"--groupby takes {', '.join(collection.groupable)}, and not {', '.join(unknown)}")
    try:
        customer = None if options.customer is None else str(uuid.UUID(options.customer))
    except ValueError:
        options.complain("--customer takes a tenant id such as 0112a436-b14e-4888-967b-ca4bb2cf1234")
    try:
        processed = None if options.processed is None else date.fromisoformat(options.processed)
    except ValueError:
        options.complain("--processed takes a date such as 2026-10-14")
    return Query(customer, options.filter or "", groupby, processed)


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """A bar where someone is looking, else lines for a log."""
    if not sys.stderr.isatty():
        yield lambda step: _say(step.text)
        return
    with tqdm(unit=" rows", unit_scale=True, leave=False, file=sys.stderr) as bar:

        def show(step: Step) -> None:
            bar.total = step.total
            bar.set_description_str("" if step.rows else step.text, refresh=False)
            bar.update(step.rows - bar.n)

        yield show


def _emulate(options: argparse.Namespace) -> bytes:
    try:
        with emulator.serving(emulator.demonstration(), options.port) as address:
            _say(f"Partner Center, emulated, on {address}; Ctrl-C ends it. To look at it, set")
            _say(f"  PARTNER_CENTER_BASE_URL={address}")
            _say(f"  PARTNER_CENTER_ACCESS_TOKEN={emulator.DEMO_TOKEN}")
            _say("Any token will do; expired, no-mfa, no-role and app-only show what the service says to such tokens.")
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    except (OSError, OverflowError):
        raise SettingsError(f"Port {options.port} cannot be used.", "Choose another one with --port.") from None
    return b""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    exit_code = main()
    if exit_code:
        os._exit(exit_code)  # requests under way may wait for the network much longer than a person does
    sys.exit(exit_code)
