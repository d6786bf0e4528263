"""What people do, noted for the audit at once, and written in the background, so that no page waits for a disk."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from dashboard import metrics
from data_access import HistoryError, PartnerCenterError, SettingsError, history, load_settings
from data_access.history.audit import LOOKED, MUTED, REFUSED, SIGNED_IN, SIGNED_OUT, TOOK, Audit, Entry, first_day

__all__ = [
    "LOOKED",
    "MUTED",
    "RECORDER",
    "REFUSED",
    "SIGNED_IN",
    "SIGNED_OUT",
    "TOOK",
    "Recorder",
    "Standing",
    "entries",
    "note",
]

log = logging.getLogger(__name__)

_EVERY = 2.0  # seconds between two writes, and so what a kill can lose
_AT_THE_END = 5.0  # seconds that the end of the server may wait for the last write
_MOST = 10_000  # entries that wait; beyond them the oldest are lost, and counted
_LONGEST = 1_000  # signs of one text

_opened: tuple[tuple[str, str], Audit] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many entries wait to be written, how many were lost, and why and since when none could be written (UTC)."""

    waiting: int = 0
    lost: int = 0
    error: PartnerCenterError | None = None
    since: datetime | None = None


def _write(entries: Sequence[Entry]) -> None:
    """Append entries to the audit of the account that the settings name now."""
    global _opened  # noqa: PLW0603 - the one writer of this process puts its own files together
    settings = load_settings()
    place = (settings.history_url, history.account(settings))
    if _opened is None or _opened[0] != place:
        _opened = (place, history.open_audit(settings))
    _opened[1].append(entries)


class Recorder:
    """Takes entries down for any number of threads, and hands them to `write` in one of its own, some at a time."""

    def __init__(
        self, write: Callable[[Sequence[Entry]], None] = _write, every: float = _EVERY, most: int = _MOST
    ) -> None:
        self._write, self._every = write, every
        self._waiting: deque[Entry] = deque(maxlen=most)
        self._lock = threading.Lock()
        self._begun: threading.Thread | None = None
        self._ended = threading.Event()
        self._lost = 0
        self._error: PartnerCenterError | None = None
        self._since: datetime | None = None

    def note(self, entry: Entry) -> None:
        """Take an entry down; it takes microseconds, and no disk."""
        with self._lock:
            if len(self._waiting) == self._waiting.maxlen:
                self._lose(1)
            self._waiting.append(entry)
            metrics.AUDIT_WAITING.set(len(self._waiting))
            if self._begun is None and not self._ended.is_set():
                self._begun = threading.Thread(target=self._run, name="audit", daemon=True)
                self._begun.start()

    @property
    def standing(self) -> Standing:
        with self._lock:
            return Standing(len(self._waiting), self._lost, self._error, self._since)

    def end(self) -> None:
        """Write what waits, unless that takes long. Call it when the server ends."""
        self._ended.set()
        if self._begun:
            self._begun.join(_AT_THE_END)

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            entries = list(self._waiting)
            self._waiting.clear()
            metrics.AUDIT_WAITING.set(0)
        if not entries:
            return
        try:
            self._write(entries)
        except (HistoryError, SettingsError) as error:
            self._keep(entries, error)
        except Exception as error:  # noqa: BLE001 - the next ones are taken down all the same
            log.error("Entries of the audit cannot be written: %s", type(error).__name__)  # noqa: TRY400
            unforeseen = HistoryError("Entries of the audit were kept from being written.", "See the log.")
            self._keep(entries, unforeseen)
        else:
            if self._error:
                log.warning("The audit is written again.")
            self._error = self._since = None

    def _lose(self, number: int) -> None:
        self._lost += number
        metrics.AUDIT_LOST.inc(number)

    def _keep(self, entries: list[Entry], error: PartnerCenterError) -> None:
        """Have entries wait for the next time, as far as there is room."""
        with self._lock:
            room = (self._waiting.maxlen or 0) - len(self._waiting)
            kept = entries[max(0, len(entries) - room) :] if room else []
            self._lose(len(entries) - len(kept))
            self._waiting.extendleft(reversed(kept))
            metrics.AUDIT_WAITING.set(len(self._waiting))
        if self._error is None:
            log.error("The audit cannot be written: %s", error)
            self._since = datetime.now(UTC)
        self._error = error


#: The recorder of this process.
RECORDER = Recorder()


def note(action: str, person: str = "", person_id: str = "", **more: str | int | None) -> None:
    """Note what a person did now; `more` are other fields of `Entry`. A text that is very long is cut."""
    fields = {"person": person, "personId": person_id, **more}
    kept: dict[str, Any] = {
        name: value.encode("utf-8", "replace").decode()[:_LONGEST] if isinstance(value, str) else value
        for name, value in fields.items()
    }
    RECORDER.note(Entry(datetime.now(UTC), action, **kept))


def entries(days: int) -> pd.DataFrame:
    """What was noted in so many days, today included, but no longer ago than the audit is kept.

    See `history.audit` for the columns. Raises HistoryError where it cannot be read.
    """
    settings = load_settings()
    since = first_day(datetime.now(UTC).date(), min(days, settings.audit_days) - 1)
    return history.open_audit(settings).read(since)
