"""One round of digests: who is due, what each hears, and that each is sent once."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from data_access import books, formats, titles
from data_access.books import Customers
from data_access.digest import looks, news
from data_access.digest.looks import Looks
from data_access.digest.message import Attachment, Message, News, Part, subject_of
from data_access.digest.news import Look
from data_access.digest.plan import Person, Plan
from data_access.errors import HistoryError, PartnerCenterError, Uncertain
from data_access.history.sent_log import Entry, Past, SentLog, State
from data_access.mutes import IN_SUMS

MAIL, TEAMS = "mail", "teams"
_DAYS = {"day": 1, "week": 7}


class Way(NamedTuple):
    """How a digest goes: a mail to each address by itself, so that who can be reached gets it once and nobody twice."""

    channel: str
    to: str = ""  # of a mail


Carrier = Callable[[Person, Message, Entry, Callable[[], None]], None]
"""Hands a message over by one channel, as the entry has it. It calls the last argument when all is ready and the
message goes next: what ends before that certainly was not sent. Raises NotSent, Uncertain, or another one of the
family in `errors`.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of *Data health*. It is news again when its `case` is another one."""

    case: str
    line: News


@dataclass(frozen=True, slots=True)
class Due:
    """A message that a person should get in these ways, and the entries that go on from what was looked at last."""

    person: Person
    message: Message
    entries: tuple[tuple[Entry, Entry | None], ...]  # each with the last step that it was worked out from


@dataclass(slots=True)
class Result:
    """What became of a round."""

    sent: int = 0
    nothing: int = 0
    overtaken: int = 0  # another program sends it
    failures: list[tuple[Entry, PartnerCenterError]] = field(default_factory=list)
    uncertain: list[Entry] = field(default_factory=list)  # of those failures: it may have been sent


@dataclass(frozen=True, eq=False, kw_only=True)
class Round:
    """What all digests of a round have in common. `book` gives a person's customers, `link` a page's address.

    `foot`: where the figures are from.
    """

    plan: Plan
    looks: Looks
    past: Mapping[tuple[str, str, str], Past]
    now: datetime
    book: Callable[[Person], Customers]
    link: news.Link
    foot: str
    health: tuple[Finding, ...] = ()  # of which operators hear
    sheets: Callable[[Sequence[str]], bytes]  # the call sheets of these customers, by tenant id, as one PDF

    def due(self, people: Iterable[Person], ways: Callable[[Person], list[Way]], *, everybody: bool) -> Iterator[Due]:
        """The messages of those who are due; of all of these people where that is asked for."""
        marks, run, holding = self.looks.marks(self.now), secrets.token_hex(8), self.plan.holding(self.now)
        reached = [(person, ways(person)) for person in people]  # all, before anybody hears anything
        for person, by in reached:
            known_as, customers = books.known_as(person.name), self.book(person)
            steps = {way: self._last(known_as, way) for way in by}
            for last in {step and step.digest: step for step in steps.values()}.values():
                if not everybody and not _is_due(person, last, self.now):
                    continue
                message = self.message(person, customers, last, marks)
                digest = _identity(person, last, marks)
                yield Due(
                    person,
                    message,
                    tuple(
                        (
                            Entry(
                                digest=digest,
                                run=run,
                                person=person.name,
                                channel=way.channel,
                                to=way.to,
                                state=State.BEGUN,
                                at=self.now,
                                looked_at=marks,
                                book=None if customers.is_everybody else tuple(sorted(customers.ids)),
                                mutes=tuple(
                                    each for each in holding if not each.customer or each.customer in customers
                                ),
                                rules=tuple(rule.case for rule in self.plan.rules_of(person.name)),
                                findings=self._findings(person),
                            ),
                            step,
                        )
                        for way, step in steps.items()
                        if (step and step.digest) == (last and last.digest)
                    ),
                )

    def _last(self, known_as: str, way: Way) -> Entry | None:
        """The last step by this way; at first that of the mails that went to all addresses at once."""
        past = (
            self.past.get((known_as, way.channel, books.known_as(way.to)))
            or self.past.get((known_as, way.channel, ""))
            or Past()
        )
        return past.last

    def message(self, person: Person, customers: Customers, last: Entry | None, marks: Mapping[str, str]) -> Message:
        """What a person hears of these customers who heard last what `last` says; it may be empty."""
        before = self.looks.before(last, self.now, customers)
        now = self.looks.look(marks, customers)
        before = replace(before, earlier=self.looks.earlier(before, now))
        parts = news.parts(before, now, self.plan, person.name, self.link)
        findings, known = self._findings(person), last.findings if last else ()
        if {*findings}.difference(known) or any(part.lines for part in parts):  # one that stays is no news by itself
            parts += (Part("Data health", tuple(each.line for each in self.health)),) if findings else ()
        rhythm = f"{titles.PRODUCT} sends this once a {person.every} at most, and only where something is new."
        foot = f"{self.foot}{_figures_of(now)}. {rhythm}"
        foot = " ".join([foot, *self.looks.unread(customers)])
        if any(part.note for part in parts):
            foot += f" {IN_SUMS}"
        return Message(subject_of(parts), parts, foot, self._attached(parts) if person.call_sheets else ())

    def _findings(self, person: Person) -> tuple[str, ...]:
        """The findings of Data health that a person hears of, as they are known by."""
        return tuple(each.case for each in self.health) if person.operator else ()

    def _attached(self, parts: tuple[Part, ...]) -> tuple[Attachment, ...]:
        """The call sheets of the customers to call."""
        to_call = [line.customer for part in parts if part.heading == news.TO_CALL for line in part.lines]
        return (Attachment("call-sheets.pdf", self.sheets(to_call)),) if to_call else ()


def send(due: Iterable[Due], log: SentLog, carriers: Mapping[str, Carrier]) -> Result:
    """Hand each message over once in each of its ways; what fails is told in the result, and the rest goes on."""
    result = Result()
    for each in due:
        for steps in each.entries:
            entry, _ = steps
            if each.message.is_empty:
                log.conclude(entry, State.NOTHING)
                result.nothing += 1
            else:
                _hand_over(each, steps, log, carriers[entry.channel], result)
    return result


class _Overtaken(Exception):
    pass


def _hand_over(due: Due, steps: tuple[Entry, Entry | None], log: SentLog, carrier: Carrier, result: Result) -> None:
    entry, last = steps
    begun = False

    def begin() -> None:
        nonlocal begun
        if not (begun or log.begin(entry, last)):
            raise _Overtaken
        begun = True

    try:
        carrier(due.person, due.message, entry, begin)
    except _Overtaken:
        result.overtaken += 1
    except HistoryError:
        raise  # it cannot be noted what is sent, so nobody else is sent anything
    except PartnerCenterError as error:
        result.failures.append((entry, error))
        if isinstance(error, Uncertain):
            result.uncertain.append(entry)
        elif begun:
            log.conclude(entry, State.WITHDRAWN)
    else:
        log.conclude(entry, State.SENT)
        result.sent += 1


def _figures_of(look: Look) -> str:
    """Of when the figures of a person's customers are, oldest to newest; nothing where there are none."""
    dates = look.facts.frame["processedDateTime"].dropna()
    return f", figures of {formats.days(dates.min(), dates.max())}" if len(dates) else ""


def _is_due(person: Person, last: Entry | None, now: datetime) -> bool:
    """By days and not by hours: a job that runs each Monday begins some seconds earlier or later."""
    return last is None or now.date() >= _next_day(last.at.date(), person.every)


def _next_day(last: date, every: str) -> date:
    if every in _DAYS:
        return last + timedelta(days=_DAYS[every])
    following = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = (following + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return following.replace(day=min(last.day, end.day))


def _identity(person: Person, last: Entry | None, marks: Mapping[str, str]) -> str:
    """The name of a digest: the same for the same person, going on from the same look."""
    known = [
        books.known_as(person.name),
        last.digest if last else "",
        {name: mark for name, mark in marks.items() if name != looks.AT},
    ]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:24]
