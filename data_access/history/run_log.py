"""What each run of `collect` tried and got, beside the snapshots: what went wrong leaves no snapshot behind.

    runs/<id>-<checksum>.json

Nothing hangs on these files: one that is damaged is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from data_access.history import store
from data_access.history.store import Damaged, Store

FOLDER = "runs"
_READ = 200  # the newest; what is older is no news


class Failure(BaseModel):
    """Why a call failed: what the service said about it, without its own words, which may name a customer."""

    model_config = ConfigDict(frozen=True)

    title: str
    message: str
    advice: str
    exit_code: int
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    correlation_id: str | None = None


class Tried(BaseModel):
    """What became of one collection in one run."""

    model_config = ConfigDict(frozen=True)

    at: datetime  # UTC
    snapshot: str | None = None  # that was kept, or that had the same rows already
    again: bool = False  # whether the same rows were kept before
    failure: Failure | None = None


class Run(BaseModel):
    """One run of `collect`: what became of each collection that it tried."""

    model_config = ConfigDict(frozen=True)

    started: datetime
    outcomes: Mapping[str, Tried]


_LIST = TypeAdapter(list[Run])


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one collection stands: when it was last read, and what went wrong last."""

    last_success: datetime | None = None
    last_failure: datetime | None = None
    failure: Failure | None = None

    failing: bool = False  # whether the newest try failed

    def after(self, tried: Tried) -> Standing:
        """Where it stands after one more try."""
        if tried.failure:
            return replace(self, last_failure=tried.at, failure=tried.failure, failing=True)
        return replace(self, last_success=tried.at, failing=False)


class Runs:
    """The records of runs in a store."""

    def __init__(self, place: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = place, clock

    def add(self, run: Run) -> None:
        """Remember a run. Raises HistoryError where that cannot be written."""
        self._put([run], self._listed())

    def newest(self) -> list[Run]:
        """The last runs, oldest first."""
        runs = [run for found in self._store.read_all(self._listed()[-_READ:], self._read) for run in found]
        return runs[-_READ:]

    def compact(self) -> None:
        """Put the last runs into one file and remove the others; nobody looks at what is older."""
        listed, runs = self._listed(), self.newest()
        if len(listed) > 1 and runs:
            self._put(runs, listed)
            for path in listed:
                self._store.delete(path)

    def _listed(self) -> list[str]:
        return [found.path for found in self._store.finished(FOLDER)]

    def _read(self, path: str) -> list[Run]:
        try:
            content = self._store.read(path)
            store.check(path, content)
            return _LIST.validate_json(content.to_pybytes())
        except (FileNotFoundError, Damaged, ValidationError):
            return []

    def _put(self, runs: list[Run], listed: list[str]) -> None:
        content = pa.py_buffer(_LIST.dump_json(runs, exclude_none=True))
        name = store.new_id(listed, self._clock())
        self._store.put(f"{FOLDER}/{store.sealed(name, 'json', content)}", content)
