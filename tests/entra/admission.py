"""Partner Center's side of a sign-in: which of Entra's tokens it lets in, for the Partner Center emulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.emulator.service import TokenKind
from tests.entra.emulator import Entra, NotAccepted

Who = Mapping[str, Any]


class Admission(dict[str, TokenKind]):
    """Stands in for an emulator's table of tokens: each one is looked at, and remembered with whose it was."""

    def __init__(self, entra: Entra) -> None:
        super().__init__()
        self._entra = entra
        self.seen: list[str] = []
        self.withdrawn: set[str] = set()
        """Tokens that are valid by all appearances and turned down all the same."""

    def get(self, token: str, default: Any = "unknown") -> Any:
        self.seen.append(token)
        if token in self.withdrawn:
            return "unknown"
        try:
            who = self._entra.who(token)
        except NotAccepted:
            return default
        if "scp" not in who:
            return "app-only"
        return "fine" if "mfa" in who["amr"] else "no-mfa"

    @property
    def people(self) -> list[str]:
        """Whose tokens have come, by name, in order."""
        return [self._entra.who(token)["name"] for token in self.seen]


def partner_center(entra: Entra, source: Partner | None = None) -> tuple[Emulator, Admission]:
    """A Partner Center that accepts nothing but Entra's tokens for it."""
    admission = Admission(entra)
    emulator = Emulator(tokens=admission) if source is None else Emulator(source, tokens=admission)
    return emulator, admission


class PerPerson(Emulator):
    """A Partner Center in which everyone sees a partner of their own."""

    def __init__(self, entra: Entra, partner_of: Callable[[str], Partner]) -> None:
        self.admission = Admission(entra)
        super().__init__(Partner(), tokens=self.admission)
        self._partner_of = partner_of

    def _admit(self, given: Mapping[str, str], *, alone: bool) -> None:
        super()._admit(given, alone=alone)
        self.source = self._partner_of(self.admission.people[-1])
