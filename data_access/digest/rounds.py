"""One round of digests: who is due, what each hears, and that each is sent once."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from data_access import titles
from data_access.books import Customers
from data_access.digest import looks, news
from data_access.digest.looks import Looks
from data_access.digest.message import Attachment, Message, Part, subject_of
from data_access.digest.plan import Person, Plan
from data_access.errors import PartnerCenterError, Uncertain
from data_access.history.sent_log import Entry, Past, SentLog, State
from data_access.mutes import IN_SUMS

MAIL, TEAMS = "mail", "teams"
_DAYS = {"day": 1, "week": 7}


Carrier = Callable[[Person, Message, str], None]
"""Hands a message over by one channel, under the digest's name. Raises NotSent, Uncertain, or another one of the family
in `errors`.
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that a person should get by these channels, and the entries that go on from what was looked at last."""

    person: Person
    message: Message
    entries: tuple[tuple[Entry, Entry | None], ...]  # each with the last step that it was worked out from


@dataclass(slots=True)
class Result:
    """What became of a round."""

    sent: int = 0
    nothing: int = 0
    overtaken: int = 0  # another program sends it
    failures: list[tuple[Person, PartnerCenterError]] = field(default_factory=list)


@dataclass(frozen=True, eq=False, kw_only=True)
class Round:
    """What all digests of a round have in common. `book` gives a person's customers, `link` a page's address."""

    plan: Plan
    looks: Looks
    past: Mapping[tuple[str, str], Past]
    now: datetime
    book: Callable[[Person], Customers]
    link: news.Link
    foot: str
    health: tuple[Part, ...] = ()  # findings of Data health
    operates: Callable[[Person], bool] = lambda _: False  # who hears of them
    sheets: Callable[[Sequence[str]], bytes]  # the call sheets of these customers, by tenant id, as one PDF

    def due(
        self, people: Iterable[Person], channels: Callable[[Person], list[str]], *, everybody: bool
    ) -> Iterator[Due]:
        """The messages of those who are due; of all of these people where that is asked for."""
        marks, run = self.looks.marks(self.now), secrets.token_hex(8)
        for person in people:
            steps = {channel: self.past.get((person.name, channel), Past()).last for channel in channels(person)}
            for last in {step and step.digest: step for step in steps.values()}.values():
                if not everybody and not _is_due(person, last, self.now):
                    continue
                message = self.message(person, last.looked_at if last else None, marks)
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
                                channel=channel,
                                state=State.BEGUN,
                                at=self.now,
                                looked_at=marks,
                            ),
                            step,
                        )
                        for channel, step in steps.items()
                        if (step and step.digest) == (last and last.digest)
                    ),
                )

    def message(self, person: Person, since: Mapping[str, str] | None, marks: Mapping[str, str]) -> Message:
        """What a person hears who heard last what was known at `since`; it may be empty."""
        customers = self.book(person)
        before = self.looks.before(since, self.now, customers)
        now = self.looks.look(marks, customers)
        parts = news.parts(before, now, self.plan, person.name, self.link)
        if self.operates(person):
            parts += self.health
        foot = (
            f"{self.foot}. {titles.PRODUCT} sends this once a {person.every} at most, and only where something is new."
        )
        foot = " ".join([foot, *self.looks.unread(customers)])
        if any(part.note for part in parts):
            foot += f" {IN_SUMS}"
        return Message(subject_of(parts), parts, foot, self._attached(parts) if person.call_sheets else ())

    def _attached(self, parts: tuple[Part, ...]) -> tuple[Attachment, ...]:
        """The call sheets of the customers to call."""
        to_call = [line.customer for part in parts if part.heading == news.TO_CALL for line in part.lines]
        return (Attachment("call-sheets.pdf", self.sheets(to_call)),) if to_call else ()


def send(due: Iterable[Due], log: SentLog, carriers: Mapping[str, Carrier]) -> Result:
    """Hand each message over once by each of its channels; what fails is told in the result, and the rest goes on."""
    result = Result()
    for each in due:
        for entry, last in each.entries:
            if each.message.is_empty:
                log.conclude(entry, State.NOTHING)
                result.nothing += 1
            elif not log.begin(entry, last):
                result.overtaken += 1
            else:
                _hand_over(each, entry, log, carriers[entry.channel], result)
    return result


def _hand_over(due: Due, entry: Entry, log: SentLog, carrier: Carrier, result: Result) -> None:
    try:
        carrier(due.person, due.message, entry.digest)
    except PartnerCenterError as error:
        result.failures.append((due.person, error))
        if not isinstance(error, Uncertain):
            log.conclude(entry, State.WITHDRAWN)
        return
    log.conclude(entry, State.SENT)
    result.sent += 1


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
    known = [person.name, last.digest if last else "", {name: mark for name, mark in marks.items() if name != looks.AT}]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:24]
