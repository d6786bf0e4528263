"""The run log: the outcome of each run of a job, above all of `collect`: a call that fails leaves no snapshot behind.

    runs/<id>-<checksum>.json

No snapshot depends on these files: a damaged one is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from data_access.errors import HistoryError
from data_access.history import layout, store
from data_access.history.store import Damaged, Store

FOLDER = layout.RUNS
COLLECT = "collect"
_READ = 200  # the newest runs; older ones are no news
_LOOSE = 64  # files beside each other before a run puts them together
_NOT_PERMITTED = 4  # a collection that the account may not read does not fail a run


class Failure(BaseModel):
    """Why a call failed, without the service's own words, which may name a customer."""

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
    """The outcome of one collection in one run."""

    model_config = ConfigDict(frozen=True)

    at: datetime  # UTC
    snapshot: str | None = None  # the id of the one that was kept, or that had the same rows already
    again: bool = False  # whether the same rows were kept before
    failure: Failure | None = None


class Run(BaseModel):
    """One run of a job; one of `collect` with the outcome of each collection that it tried.

    Earlier programs recorded `collect` alone, and neither its end nor its exit code.
    """

    model_config = ConfigDict(frozen=True)

    started: datetime
    outcomes: Mapping[str, Tried] = {}
    job: str = COLLECT
    ended: datetime | None = None
    exit_code: int | None = None

    @property
    def succeeded(self) -> bool:
        if self.exit_code is not None:
            return self.exit_code == 0
        failures = (tried.failure for tried in self.outcomes.values() if tried.failure)
        return all(failure.exit_code == _NOT_PERMITTED for failure in failures)


_LIST = TypeAdapter(list[Run])


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of one collection: when it was last read, and when and why a call for it last failed."""

    last_success: datetime | None = None
    last_failure: datetime | None = None
    failure: Failure | None = None
    failing: bool = False  # whether the newest try failed

    def after(self, tried: Tried) -> Standing:
        """The standing after one more try."""
        if tried.failure:  # with a snapshot, of a part of the customers
            read = tried.at if tried.snapshot else self.last_success
            return replace(self, last_success=read, last_failure=tried.at, failure=tried.failure, failing=True)
        return replace(self, last_success=tried.at, failing=False)


@dataclass(frozen=True, slots=True)
class Job:
    """When a job last began, when one that succeeded did so last, and whether the last one failed."""

    last_run: datetime
    last_success: datetime | None
    failing: bool


def jobs(runs: Iterable[Run]) -> dict[str, Job]:
    """Where each job stands after these runs, oldest first."""
    found: dict[str, Job] = {}
    for run in runs:
        before = found[run.job].last_success if run.job in found else None
        found[run.job] = Job(run.started, run.started if run.succeeded else before, not run.succeeded)
    return found


class Runs:
    """The records of runs in a store."""

    def __init__(self, folder: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = folder, clock

    def add(self, run: Run) -> None:
        """Write the record of a run. Raises HistoryError where that cannot be written."""
        listed = self._listed()
        self._put([run], listed)
        if len(listed) >= _LOOSE:
            with contextlib.suppress(HistoryError):  # the record is there, and the next run tries it again
                self.compact()

    def newest(self) -> list[Run]:
        """The last runs, oldest first."""
        return _last(self._store.read_all(self._listed()[-_READ:], self._read))

    def compact(self) -> None:
        """Put the last runs into one file and remove the others, older runs included; damaged files stay."""
        listed = self._listed()
        read = dict(zip(listed[-_READ:], self._store.read_all(listed[-_READ:], self._read), strict=True))
        replaced = [path for path in listed if read.get(path) != []]
        if len(replaced) > 1:
            self._put(_last(read.values()), listed)
            for path in replaced:
                self._store.delete(path)

    def _listed(self) -> list[str]:
        return [file.path for file in self._store.finished(FOLDER)]

    def _read(self, path: str) -> list[Run]:
        """The runs in a file; none where it is damaged or gone."""
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


def _last(files: Iterable[list[Run]]) -> list[Run]:
    """The last runs in these files, and each job's last success however old it is.

    Each is there once: a `compact` that was killed leaves some in two files.
    """
    runs = list({run.model_dump_json(): run for runs in files for run in runs}.values())
    last = {run.job: run for run in runs if run.succeeded}
    return [run for run in runs[:-_READ] if last.get(run.job) is run] + runs[-_READ:]
