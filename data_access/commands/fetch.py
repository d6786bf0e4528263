"""`fetch`: one collection from the configured source."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from data_access import connection, csv_files, formats, history, measures
from data_access.commands import arguments, terminal
from data_access.datasets import live
from data_access.errors import HistoryError, PartnerCenterError
from data_access.partner_center import frames
from data_access.partner_center.answers import Answer, OfCustomers, Progress
from data_access.partner_center.catalog import COLLECTIONS, PER_CUSTOMER, SUBSCRIPTIONS, Collection
from data_access.partner_center.client import Client
from data_access.partner_center.each_customer import Customer
from data_access.partner_center.protocol import Query
from data_access.partner_center.sku_catalogue import Known
from data_access.settings import Settings, load

HELP = "print one collection"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("collection", choices=COLLECTIONS, metavar="COLLECTION", help=", ".join(COLLECTIONS))
    command.add_argument(
        "--customer",
        type=arguments.tenant,
        metavar="ID",
        help="tenant id of one customer; subscriptions and seats are of all without it",
    )
    command.add_argument("--format", choices=("csv", "json"), default="csv")
    commercial = command.add_argument_group("for the commercial collections alone")
    commercial.add_argument("--filter", metavar="TEXT", help="such as: channel eq 'direct' and serviceCode ne 'crm'")
    commercial.add_argument("--groupby", metavar="FIELDS", help="add the counts up, for example by channel,serviceCode")
    commercial.add_argument(
        "--processed", type=arguments.day, metavar="DATE", help="the figures as processed on that day: YYYY-MM-DD"
    )


def run(options: argparse.Namespace) -> bytes:
    collection = COLLECTIONS[options.collection]
    query = _query(collection, options)
    settings = load()
    if settings.is_sample:
        terminal.say(connection.SAMPLE_NOTICE)
    if notice := connection.lapse_notice(settings):
        terminal.say(notice)
    with connection.connect(settings) as client, terminal.progress() as progress:
        if collection.live and collection.per_customer:
            customers = live.listed(client, query.customer, progress)
            known = _known(settings) if collection is SUBSCRIPTIONS else Known()
            answer = _of_each(client, collection, customers, progress, known)
        else:
            answer = client.fetch(collection, query, progress)
    for line in terminal.unread(answer.of_customers):
        terminal.say(line)
    if failure := answer.of_customers.failure:
        failure.title = terminal.title_of_failure(answer.of_customers)
        raise failure
    for row in answer.set_aside:
        terminal.say(f"Row {row.position} set aside: {row.reason}.")
    if answer.twice:
        rows = formats.number(answer.twice, "row")
        terminal.say(f"{rows} came on two pages and {formats.are(answer.twice)} counted once.")
    if answer.missing:
        announced, were = formats.number(answer.announced or 0, "row"), "was" if answer.announced == 1 else "were"
        terminal.say(f"{announced} {were} announced, {answer.missing:,} of them did not come.")
    if answer.frame.empty and not answer.set_aside and not answer.missing:
        terminal.say("Microsoft returned no rows.")
    # To most programs `LicensesSold` would be one column with ours.
    table = answer.frame.rename(columns=measures.clashes(answer.frame, answer.collection.columns, ours=()))
    if options.format == "csv":
        return csv_files.exact(table)
    return f"{json.dumps(frames.records(table), ensure_ascii=False, indent=2)}\n".encode()


def _of_each(
    client: Client, collection: Collection, customers: Sequence[Customer], progress: Progress, known: Known
) -> Answer:
    """Read a live collection of these customers; where not one can be read, say first of each of them why."""
    try:
        return live.fetch_of(client, collection, customers, progress, known)
    except PartnerCenterError as error:
        terminal.say_each(terminal.unread(OfCustomers.named_by(error)))
        raise


def _known(settings: Settings) -> Known:
    """What the history knows of products, where there is one that can be read."""
    try:
        return history.known_products(history.open(settings), settings.partner_center_country)
    except HistoryError as error:
        terminal.say(f"The history is not used to tell products: {error.message}")
        return Known(country=settings.partner_center_country)


def _query(collection: Collection, options: argparse.Namespace) -> Query:
    """The query in the options; ends the program with code 2 where the collection does not take it."""
    if collection in PER_CUSTOMER and options.customer is None:
        options.complain(f"{collection.name} needs --customer ID")
    if not (collection.per_customer or collection.paged) and options.customer is not None:
        options.complain(f"{collection.name} is about the whole partner and takes no --customer")
    for name in ("filter", "groupby", "processed"):
        if getattr(options, name) is not None and not collection.paged:
            options.complain(f"{collection.name} takes no --{name}; the commercial collections do")
    groupby = tuple(field.strip() for field in (options.groupby or "").split(",") if field.strip())
    if unknown := [field for field in groupby if field not in collection.groupable]:
        options.complain(f"--groupby takes {', '.join(collection.groupable)}, and not {', '.join(unknown)}")
    return Query(options.customer, options.filter or "", groupby, options.processed)
