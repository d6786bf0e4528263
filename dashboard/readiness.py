"""Readiness: whether pages can be served, looked at in the background, so that a probe never waits for the history."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from data_access import HistoryError, PartnerCenterError, history, load_settings

log = logging.getLogger(__name__)

_EVERY, _PATIENCE = 2.0, 5.0  # seconds between two looks, and for each operation of one
#: Looks that were given up and may still wait for the store: an object store ends each by itself after a while.
_MOST_GIVEN_UP = 8


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether pages can be served; `reason` says why not, in words that name no place and no person."""

    reason: str = ""

    @property
    def is_ready(self) -> bool:
        return not self.reason


STARTING = Readiness("The dashboard is starting.")
NO_HISTORY = Readiness("The history cannot be read. Status and the log say why.")
BAD_SETTINGS = Readiness("The settings need attention. The log says which.")
BROKEN = Readiness("The history could not be looked at. The log says why.")


def reaching(seconds: float = _PATIENCE) -> Callable[[], None]:
    """What reads the settings and reaches the history at each call, each operation in so many seconds.

    It raises one of the family in `errors`, also where a history was there at an earlier call and is not any more: a
    disk that is gone leaves an empty folder behind.
    """
    patience, seen = history.Patience(seconds, _MOST_GIVEN_UP), set[str]()

    def reach() -> None:
        settings = load_settings()
        if history.reach(settings, patience):
            seen.add(settings.history_url)
        elif settings.history_url in seen:
            raise HistoryError(
                "The history was there and is gone.",
                "Check whether the disk of HISTORY_URL is there. If it was removed on purpose, run `collect`.",
            )

    return reach


class Watch:
    """Looks at the history again and again in a thread of its own, which ends with the process."""

    def __init__(self, look: Callable[[], None] | None = None, every: float = _EVERY) -> None:
        self._look, self._every = look or reaching(), every
        self._ended = threading.Event()
        self._readiness = STARTING

    @property
    def readiness(self) -> Readiness:
        """What the last look found."""
        return self._readiness

    def start(self) -> None:
        threading.Thread(target=self._run, name="readiness", daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def look(self) -> None:
        """Look once; a change is written to the log."""
        found, why = self._found()
        before, self._readiness = self._readiness, found
        if found == before:
            return
        if not found.is_ready:
            log.error("Not ready: %s", why)
        elif before is not STARTING:
            log.warning("Ready again.")

    def _found(self) -> tuple[Readiness, str]:
        try:
            self._look()
        except HistoryError as error:
            return NO_HISTORY, str(error)
        except PartnerCenterError as error:
            return BAD_SETTINGS, str(error)
        except Exception as error:  # noqa: BLE001 - the watch goes on, whatever it is
            return BROKEN, type(error).__name__
        return Readiness(), ""

    def _run(self) -> None:
        while not self._ended.is_set():
            self.look()
            self._ended.wait(self._every)


#: The watch of this process.
WATCH = Watch()
