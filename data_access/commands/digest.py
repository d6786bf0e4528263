"""`digest`: work out what each person should hear, and send it."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import urlencode

import msal
import pandas as pd

from data_access import books, clouds, connection, formats, history, mail_url
from data_access.auth import credentials
from data_access.books import Customers
from data_access.call_sheet import content, document, records
from data_access.commands import jobs, terminal
from data_access.datasets import books_file, checks, health, timeline
from data_access.datasets.timeline import Timeline
from data_access.digest import delivery, message, mistakes, plan_file, rounds
from data_access.digest.looks import Looks
from data_access.digest.message import Message, News
from data_access.digest.news import Link
from data_access.digest.plan import Person, Plan
from data_access.digest.rounds import MAIL, TEAMS, Carrier, Due, Finding, Result, Round, Way
from data_access.errors import PartnerCenterError, SettingsError
from data_access.history import audit, engines
from data_access.history.audit import MUTED, Audit
from data_access.history.history import History
from data_access.history.mutes import Mutes
from data_access.history.sent_log import Entry, SentLog, State
from data_access.mail_url import SmtpServer
from data_access.mutes import Mute
from data_access.settings import Settings, load

_PROBLEMS_NAMED = 5

HELP = "work out what each person should hear, and send it"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    whom = command.add_mutually_exclusive_group()
    whom.add_argument("--person", metavar="NAME", help="this one alone, whatever is due: a name, or the mark in a log")
    whom.add_argument(
        "--test", metavar="NAME", help="send a test message to this person, or address; nothing of it is recorded"
    )
    whom.add_argument("--all", action="store_true", help="everybody, whatever is due")
    command.add_argument("--dry-run", action="store_true", help="print each message, send and record nothing")


def run(options: argparse.Namespace) -> bytes:
    settings = load()
    read = plan_file.read(settings)
    keeper = books_file.keeper(settings)
    found = keeper.books()
    if options.test is not None:
        return _test(settings, _one(read, found, options.test), dry_run=options.dry_run)
    if found.failure:
        raise SettingsError(
            f"BOOKS_FILE {found.failure}. It is not known whose customers are whose, so nothing was sent or recorded.",
            "Correct the file, then run it again.",
        )
    unusable = _unusable(found)
    people = [person for person in _people(read, found, options.person) if not found.is_in_part([person.name])]
    account, now = history.open_begun(settings), datetime.now(UTC)
    plan = replace(read, mutes=(*read.mutes, *Mutes(account.store).all()))
    log = SentLog(account.store, lambda: datetime.now(UTC))

    def book(person: Person) -> Customers:
        if not (settings.books_file or settings.is_sample):
            return books.EVERYBODY
        return Customers(found.of([person.name], now))

    link, looks = _links(settings), Looks(account)
    look = looks.look(looks.marks(now), books.EVERYBODY)
    for line, reason in sorted(
        [
            *mistakes.matching_nothing(read, found if settings.books_file else None, look.facts, masked),
            *mistakes.about_nothing(read, look.facts, look.subscriptions, now),
        ]
    ):
        terminal.say(f"DIGEST_FILE, line {line}: {reason}")
    whole = Round(
        plan=plan,
        looks=looks,
        past=log.past(),
        now=now,
        book=book,
        link=link,
        foot=connection.title(settings),
        health=_health(settings, account, now, link) if any(person.operator for person in people) else (),
        sheets=_sheets(settings, plan, now),
    )
    ways = _ways(settings, dry_run=options.dry_run)
    due = whole.due(people, ways, everybody=options.all or options.person is not None)
    if options.dry_run and unusable:
        raise unusable
    if options.dry_run:
        printed = [_printed(each) for each in due if not each.message.is_empty]
        if not printed:
            terminal.say("Nothing is new for anybody who is due: no message would go out.")
        return "\n".join(printed).encode("utf-8", "replace")
    with jobs.recorded(account, "digest"):
        _note_mutes(account.audit, read.mutes, now)
        result = rounds.send(due, log, _carriers(settings, now))
        uncertain = [entry for each in log.past().values() for entry in each.uncertain]
        _say(result, uncertain)
        log.say(uncertain)
        errors = [*(error for _, error in result.failures), *([unusable] if unusable else [])]
        if unusable and result.failures:
            terminal.say(str(unusable))
        if errors:
            raise max(errors, key=lambda error: error.exit_code)
    return b""


def _one(read: Plan, found: books.Books, name: str) -> Person:
    """Whom a test message is for: a person by name or mark, or any address. Raises SettingsError."""
    is_known = books.known_as(name) in {books.known_as(each.name) for each in _everybody(read, found)}
    if mail_url.is_address(name) and not is_known:
        return Person(name=name)
    for person in _people(read, found, name):
        return person
    raise SettingsError("So no test message can be sent to that person.", "Name an address in place of the person.")


def _test(settings: Settings, person: Person, *, dry_run: bool) -> bytes:
    """Send a test message by each way that the person's digests take, and record nothing.

    Raises the error that goes away least by itself, where it does not go by one of them.
    """
    made, now = message.trial(settings.public_url or "", connection.title(settings)), datetime.now(UTC)
    ways, carriers, failures = (
        _ways(settings, dry_run=dry_run)(person),
        _carriers(settings, now),
        list[PartnerCenterError](),
    )
    identity = secrets.token_hex(16)
    entries = [
        Entry(digest=identity, run=identity, person=person.name, channel=channel, to=to, state=State.BEGUN, at=now)
        for channel, to in ways
    ]
    if dry_run:
        return _printed(Due(person, made, tuple((entry, None) for entry in entries))).encode("utf-8", "replace")
    for entry in entries:
        try:
            carriers[entry.channel](person, made, entry, lambda: None)
            terminal.say(f"{_masked(entry)}: a test message went by {entry.channel}.")
        except PartnerCenterError as error:
            terminal.say(f"{_masked(entry)}, by {entry.channel}: {error}")
            failures.append(error)
    if failures:
        raise max(failures, key=lambda error: error.exit_code)
    return b""


def _unusable(found: books.Books) -> SettingsError | None:
    """The lines of the books that cannot be used; what is new of the customers in them would be lost in silence."""
    if not found.problems:
        return None
    named = "; ".join(f"line {problem.line}: {problem.reason}" for problem in found.problems[:_PROBLEMS_NAMED])
    more = len(found.problems) - _PROBLEMS_NAMED
    return SettingsError(
        f"{formats.number(len(found.problems), 'line')} of BOOKS_FILE cannot be used: {named}"
        f"{f'; and {more:,} more' if more > 0 else ''}. Whom they name gets no digest before that is corrected.",
        "Correct the file, then run it again; nothing is lost for them.",
    )


def _note_mutes(kept: Audit, mutes: Sequence[Mute], now: datetime) -> None:
    """Note each mute for the audit when it is met first: the file says what is muted, and not since when."""
    known = kept.read(date.min)
    noted = set(zip(known["filters"], known["detail"], strict=True))
    entries = []
    for mute in mutes:
        about = {"customer": mute.customer, "product": mute.product}
        filters = urlencode({name: value for name, value in about.items() if value})
        detail = f"until {mute.until}: {mute.reason}"
        if (filters, detail) not in noted:
            entries.append(audit.Entry(now, MUTED, filters=filters, detail=detail))
    kept.append(entries)


def _people(read: Plan, found: books.Books, name: str | None) -> list[Person]:
    """Whom the round is about."""
    people = _everybody(read, found)
    if name is not None:
        wanted = books.known_as(name)
        people = [person for person in people if wanted in (books.known_as(person.name), books.mark(person.name))]
        if not people:
            raise SettingsError(
                "Nobody with that name gets a digest.",
                "Name a person of DIGEST_FILE or of BOOKS_FILE, as it stands there.",
            )
    for person in people:
        if not (person.addresses or person.teams):
            called = books.mark(person.name) if "@" in person.name else person.name  # the log has no addresses
            terminal.say(f"{called} has no address for mail, and is left out; give one with `to` in DIGEST_FILE.")
    return [person for person in people if person.addresses or person.teams]


def _everybody(read: Plan, found: books.Books) -> list[Person]:
    """Who gets digests. Without a `[[person]]`, everybody in BOOKS_FILE."""
    return list(read.people) or [Person(name=each) for each in found.people(datetime.now(UTC))]


def _ways(settings: Settings, *, dry_run: bool) -> Callable[[Person], list[Way]]:
    if settings.mail_url and not dry_run:
        mail_url.parse(settings.mail_url.get_secret_value())  # before the first message goes, by whatever channel

    def ways(person: Person) -> list[Way]:
        mail = [Way(MAIL, to) for to in dict.fromkeys(person.addresses)] if dry_run or settings.mail_url else []
        if not mail and not person.teams:
            raise SettingsError("MAIL_URL is not set, so no mail can be sent.", "Set it, or print with --dry-run.")
        return [*mail, *([Way(TEAMS)] if person.teams else [])]

    return ways


def _links(settings: Settings) -> Link:
    root = settings.public_url

    def link(page: str, **parameters: str) -> str:
        question = f"?{urlencode(parameters)}" if parameters else ""
        return f"{root}/{page}{question}" if root else ""

    return link


class _Company:
    """Whose findings those of a digest are: the whole company's, in which no customer is named."""

    is_book = False

    def __init__(self, settings: Settings) -> None:
        self._settings, self.is_sample = settings, settings.is_sample

    def may_name(self, _: str) -> bool:
        return False

    def grouped(self, past: Timeline, paths: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
        engine = engines.connect(self._settings, past.history.files)
        return engine.grouped(paths, keys, labels=["customerName"])


def _health(settings: Settings, account: History, now: datetime, link: Link) -> tuple[Finding, ...]:
    """What is not well by the page of Data health."""
    found = health.findings(_Company(settings), timeline.of(account), now)
    shown = link("health", book="all")  # who operates may have a book of their own
    return tuple(Finding(check.case, News(formats.bare(check.finding), shown)) for check in checks.bad(found))


def _sheets(settings: Settings, plan: Plan, now: datetime) -> Callable[[Sequence[str]], bytes]:
    def sheets(tenants: Sequence[str]) -> bytes:
        past = timeline.fetch(settings, None, lambda _: None)
        engine = engines.connect(settings, past.history.files)
        live, mutes = records.live_of(past.history), plan.holding(now)
        found = records.of_customers(settings, past, engine, tenants, live=live, mutes=mutes, spares=plan.spares)
        return document.pdf(content.sheets([*found], root=settings.public_url))

    return sheets


def _carriers(settings: Settings, now: datetime) -> dict[str, Carrier]:
    def mail(_: Person, made: Message, entry: Entry, begins: Callable[[], None]) -> None:
        url = settings.mail_url.get_secret_value() if settings.mail_url else ""
        server = mail_url.parse(url)
        letter = message.mail(made, server.sender, entry.to, entry.digest, now)
        if isinstance(server, SmtpServer):
            delivery.by_smtp(server, letter, entry.to, begins=begins)
        else:
            graph = clouds.CLOUDS[settings.partner_center_cloud].graph
            delivery.by_graph(lambda: _graph_token(settings, graph), graph, server.sender, letter, begins=begins)

    def teams(person: Person, made: Message, _: Entry, begins: Callable[[], None]) -> None:  # a card has no name
        delivery.by_workflow(person.teams or "", message.card(made), begins=begins)

    return {MAIL: mail, TEAMS: teams}


def _graph_token(settings: Settings, graph: str) -> str:
    """A token for Microsoft Graph, for the application itself. Raises SignInRefused or NoSignInService."""
    with credentials.translated_errors():
        app = credentials.confidential_client(settings.registration, msal.TokenCache(), credentials.REQUEST_TIMEOUT)
        answer = credentials.require_token(dict(app.acquire_token_for_client([f"{graph}/.default"])))
    return str(answer["access_token"])


def _printed(due: Due) -> str:
    to = ", ".join(entry.to for entry, _ in due.entries if entry.to) or "Teams"
    return f"To: {to}\nSubject: {message.subject(due.message)}\n\n{message.text(due.message)}"


def _say(result: Result, uncertain: Sequence[Entry]) -> None:
    """Say what became of the round. The log has no addresses: people have marks there."""
    terminal.say(f"{formats.number(result.sent, 'digest')} sent, nothing new for {result.nothing}.")
    if result.overtaken:
        terminal.say(f"{formats.number(result.overtaken, 'digest')} left to another run that began before.")
    own = {entry.run for entry in result.uncertain}
    for entry in uncertain:
        if entry.run not in own:  # whose failures follow
            terminal.say(
                f"The digest for {_masked(entry)} by {entry.channel} of {entry.at:%Y-%m-%d %H:%M} UTC may have"
                " been sent, or not: the run that handed it over was ended, or is still at it. It is not sent again."
            )
    for entry, error in result.failures:
        terminal.say(f"{_masked(entry)}: {error}")


def _masked(entry: Entry) -> str:
    """Whom a digest is for, and at which of that person's addresses where it is not the name."""
    is_named = not entry.to or books.known_as(entry.to) == books.known_as(entry.person)
    return masked(entry.person) if is_named else f"{masked(entry.person)}, at {masked(entry.to)}"


def masked(name: str) -> str:
    """A person's name as a log may have it: without what would be an address, and different for each person."""
    local, at, domain = name.partition("@")
    return f"{local[:1]}…{at}{domain} ({books.mark(name)})" if at else name
