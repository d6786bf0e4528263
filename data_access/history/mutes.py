"""Mutes that people set on pages, beside those of DIGEST_FILE; those that are over go with the next one that is set.

Each is a record of `cabinet` in the folder `mutes`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ConfigDict

from data_access.history import layout
from data_access.history.cabinet import Cabinet, Record
from data_access.history.store import Store
from data_access.mutes import Mute

FOLDER = layout.MUTES


class SetMute(Mute, Record):
    """A mute of a customer, with the sign-in name of who set it; it is empty for a machine without sign-in."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

    by: str = ""


class Mutes:
    """The mutes in one account's folder. Each method raises HistoryError where it cannot read or write them."""

    def __init__(self, folder: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._kept, self._clock = Cabinet(folder, FOLDER, SetMute, clock), clock

    def all(self) -> tuple[SetMute, ...]:
        """The mutes that hold now: one of each line, the newest where two programs set one at the same moment."""
        now = self._clock()
        return tuple({_line(mute): mute for mute in self._kept.all().values() if mute.holds(now)}.values())

    def set(self, mute: Mute, by: str) -> None:
        """Keep a mute; it takes the place of those of the same line."""
        now, known = self._clock(), self._kept.all().values()
        same = [each.key for each in known if _line(each) == _line(mute)]
        key = same[-1] if same else secrets.token_hex(8)
        self._kept.put(SetMute(**mute.model_dump(include={*Mute.model_fields}), key=key, at=now, by=by))
        for before in known:
            if before.key != key and (before.key in same or not before.holds(now)):
                self._kept.remove(before.key)

    def end(self, mute: Mute) -> None:
        """Take back what mutes the line of this one."""
        for each in self._kept.all().values():
            if _line(each) == _line(mute):
                self._kept.remove(each.key)


def _line(mute: Mute) -> tuple[str | None, str | None]:
    return mute.customer, mute.product
