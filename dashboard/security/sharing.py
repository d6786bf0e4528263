"""Sharing ended sign-ins between the processes of the dashboard, in the background, by way of the history."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from dashboard.security.roles import Ended
from data_access import HistoryError, SettingsError, history, load_settings
from data_access.history.ended import EndedSignIns

log = logging.getLogger(__name__)

_EVERY = 2.0  # seconds; so long another process may still let an ended sign-in in
_PATIENCE = 5.0  # seconds for each operation of the store


def _open() -> EndedSignIns:
    return history.open_ended(load_settings(), history.Patience(_PATIENCE))


class Sharing:
    """Tells what ended here, and learns what ended elsewhere, again and again until the server ends."""

    def __init__(self, ended: Ended, open_: Callable[[], EndedSignIns] = _open, every: float = _EVERY) -> None:
        self._ended, self._open, self._every = ended, open_, every
        self._place: EndedSignIns | None = None
        self._over = threading.Event()
        self._is_failing = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="sign-ins", daemon=True).start()

    def end(self) -> None:
        self._over.set()

    def share(self) -> None:
        """Tell and learn once. What cannot be told waits for the next time; the log says so once."""
        fresh = self._ended.take_fresh()
        try:
            self._place = self._place or self._open()
            if fresh:
                self._place.tell(fresh)
                fresh = {}
            self._ended.learn(self._place.learn())
        except (HistoryError, SettingsError) as error:
            if not self._is_failing:
                log.error("Signing out ends a sign-in in this process alone for now: %s", error)  # noqa: TRY400
            self._is_failing = True
        else:
            self._is_failing = False
        finally:
            self._ended.keep_fresh(fresh)

    def _run(self) -> None:
        while True:
            self.share()
            if self._over.wait(self._every):
                return
