"""DIGEST_FILE, read once for a round of digests, and again for pages when it changes."""

from __future__ import annotations

from pathlib import Path

from data_access.datasets.operator_file import SECONDS, Failure, OperatorFile
from data_access.digest import plan
from data_access.digest.plan import Plan
from data_access.errors import FileUnanswered, SettingsError
from data_access.settings import Settings

_LARGEST = 2**20  # bytes: a thousand people and some thousand rules
_CHECK = "Check the path, and whether this account may read it."

_Said = tuple[Plan, SettingsError | None]


def read(settings: Settings) -> Plan:
    """What DIGEST_FILE says; nothing where it is not set. Raises SettingsError."""
    found, error = PlanFile(settings.digest_file).now()
    if error:
        raise error
    return found


class PlanFile:
    """DIGEST_FILE as pages follow it, for any number of threads. It is given up after so many `seconds`."""

    def __init__(self, file: Path | None, seconds: float = SECONDS) -> None:
        first: _Said = Plan(), None
        self._file = (
            OperatorFile(str(file), _parsed, _failed, first, largest=_LARGEST, seconds=seconds) if file else None
        )

    def now(self) -> _Said:
        """What the file says now. Where it cannot be used it says nothing, and the error says why.

        Where it does not answer, it says what it said before, and the error is FileUnanswered.
        """
        return self._file.now() if self._file else (Plan(), None)


def _parsed(content: bytes) -> _Said:
    try:
        return plan.parse(content), None
    except SettingsError as error:
        return Plan(), error


def _failed(before: _Said, failure: Failure) -> _Said:
    family = FileUnanswered if failure.unanswered else SettingsError
    return before[0] if failure.unanswered else Plan(), family(f"DIGEST_FILE {failure.words}.", _CHECK)
