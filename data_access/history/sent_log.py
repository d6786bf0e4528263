"""The sent log: which digest was handed over to whom, written before and after, so that none is sent twice.

    sent/<id>-<checksum>.json

A digest that was begun and neither sent nor withdrawn may have been sent: a program was killed in between, or the
connection broke. It counts as sent, and the next run says so, once. Of two programs that begin the same one, at most
one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain

from pydantic import BaseModel, ConfigDict

from data_access import books
from data_access.errors import DamagedHistory
from data_access.history import layout, record_files
from data_access.history.record_files import RecordFiles
from data_access.history.store import Store
from data_access.mutes import Mute

FOLDER = layout.SENT
_LOOSE = 64  # files beside each other before a program puts them together


class State(StrEnum):
    """What became of a digest."""

    BEGUN = "begun"  # a channel is about to be handed the message
    SENT = "sent"
    NOTHING = "nothing"  # there was nothing to say
    WITHDRAWN = "withdrawn"  # certainly not sent; the next run tries it again


class Entry(BaseModel):
    """One step of one digest: `digest` names it, `run` the run of the program that hands it over, `channel` the way it
    goes (mail or Teams), `to` the one address of a mail; without it, it went to all of the person's addresses at once,
    as those of earlier programs did. The next one goes on from what was told: `looked_at` by names that the digest
    gives, the customers in the person's book (None: everybody), the mutes that held, the rules that spoke to the
    person, and the findings of Data health, both by names that the digest gives.

    `is_known`: that it may have been sent has been said.
    """

    model_config = ConfigDict(frozen=True)

    digest: str
    run: str
    person: str
    channel: str
    to: str = ""
    state: State
    at: datetime  # UTC
    looked_at: dict[str, str] = {}
    book: tuple[str, ...] | None = None  # tenant ids
    mutes: tuple[Mute, ...] = ()
    rules: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What was sent to one person by one channel: the last step that counts, and the digests of which it is not known
    whether they arrived, which nobody has been told yet.
    """

    last: Entry | None = None
    uncertain: tuple[Entry, ...] = ()


#: A person's name, a channel, and an address of that person, where two are the same as `books.known_as` has it.
_Key = tuple[str, str, str]


class SentLog:
    """The entries in a store. Raises HistoryError where they cannot be read or written, DamagedHistory where a file is
    not what was written: without it, a digest might be sent twice.
    """

    def __init__(self, folder: Store, clock: Callable[[], datetime]) -> None:
        self._files = RecordFiles(folder, FOLDER, record_files.json(list[Entry]), clock, damaged=_damaged)
        self._clock = clock

    def past(self) -> dict[_Key, Past]:
        """What was sent so far, by person, channel and address."""
        found: dict[_Key, list[Entry]] = {}
        for entry in _steps(self._all()):
            if entry.state is not State.WITHDRAWN:
                found.setdefault(_key(entry), []).append(entry)
        return {key: Past(steps[-1], tuple(filter(_is_news, steps))) for key, steps in found.items()}

    def begin(self, entry: Entry, after: Entry | None) -> bool:
        """Note that a digest is about to be handed over, worked out from the last step `after`, if there was one.

        False where another run has begun one meanwhile, or sent one.
        """
        self._files.put([entry])
        others = [step for step in _steps(self._all()) if _key(step) == _key(entry) and step.run != entry.run]
        own = [after] if after and _key(after) == _key(entry) else []
        if [step for step in others if step.state is not State.WITHDRAWN][-1:] == own:
            return True
        self.conclude(entry, State.WITHDRAWN)
        return False

    def conclude(self, entry: Entry, state: State) -> None:
        """Note what became of a digest."""
        self._files.put([entry.model_copy(update={"state": state, "at": self._clock()})])
        if len(self._files.paths()) >= _LOOSE:
            self.compact()

    def say(self, uncertain: Iterable[Entry]) -> None:
        """Note that it has been said of these that they may have been sent."""
        if said := [entry.model_copy(update={"is_known": True}) for entry in uncertain]:
            self._files.put(said)

    def compact(self) -> None:
        """Put the entries into one file, without those that later ones have overtaken."""
        files = self._files.read(self._files.paths())
        if len(files) > 1:
            self._files.replace(files, _still_needed(chain.from_iterable(files.values())))

    def _all(self) -> Iterable[Entry]:
        return chain.from_iterable(self._files.read(self._files.paths()).values())


def _damaged(path: str) -> DamagedHistory:
    return DamagedHistory(
        f"{path} is not what was written, so it is not known what was sent.",
        "Restore it from a backup, or remove it; without it a digest may be sent twice.",
    )


def _key(entry: Entry) -> _Key:
    return books.known_as(entry.person), entry.channel, books.known_as(entry.to)


def _steps(entries: Iterable[Entry]) -> list[Entry]:
    """The last step of each run of each digest, oldest first."""
    last = {(entry.digest, entry.run, *_key(entry)): entry for entry in sorted(entries, key=_order)}
    return sorted(last.values(), key=_order)


def _order(entry: Entry) -> tuple[datetime, bool, bool]:
    return entry.at, entry.state is not State.BEGUN, entry.is_known


def _is_news(step: Entry) -> bool:
    return step.state is State.BEGUN and not step.is_known


def _still_needed(entries: Iterable[Entry]) -> list[Entry]:
    """For each person and channel the last step that counts, and all of which is still to be said that nobody knows."""
    steps = _steps(entries)
    last = {_key(step): step for step in steps if step.state is not State.WITHDRAWN}
    return [step for step in steps if step is last.get(_key(step)) or _is_news(step)]
