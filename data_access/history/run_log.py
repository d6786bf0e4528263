"""The run log: the outcome of each run of a job, above all of `collect`: a call that fails leaves no snapshot behind.

    runs/<id>-<checksum>.json

No snapshot depends on these files: a damaged one is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from pydantic import BaseModel, ConfigDict

from data_access.errors import HistoryError, NotPermitted
from data_access.history import layout, record_files
from data_access.history.record_files import RecordFiles
from data_access.history.store import Store

FOLDER = layout.RUNS
COLLECT = "collect"
_NEWEST = 200  # runs; older ones are no news
_LOOSE_FILES = 64  # beside each other before a run puts them together


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
        # A collection that the account may not read does not fail a run.
        failures = (tried.failure for tried in self.outcomes.values() if tried.failure)
        return all(failure.exit_code == NotPermitted.exit_code for failure in failures)


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of one collection: when it was last read, and when and why a call for it last failed.

    `found_again`: the snapshots, by id, of which a later answer had the same rows and is therefore not kept; and when
    the last one came.
    """

    last_success: datetime | None = None
    last_failure: datetime | None = None
    failure: Failure | None = None
    failing: bool = False  # whether the newest try failed
    found_again: frozenset[tuple[str, datetime]] = frozenset()

    def after(self, tried: Tried) -> Standing:
        """The standing after one more try."""
        again = self.found_again
        if tried.again and tried.snapshot:
            again = frozenset((dict(again) | {tried.snapshot: tried.at}).items())
        if tried.failure:  # with a snapshot, of a part of the customers
            read, failure = tried.at if tried.snapshot else self.last_success, tried.failure
            return Standing(read, tried.at, failure, failing=True, found_again=again)
        return replace(self, last_success=tried.at, failing=False, found_again=again)


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

    def __init__(
        self, folder: Store, clock: Callable[[], datetime], *, loose_files: int = _LOOSE_FILES, newest: int = _NEWEST
    ) -> None:
        self._files = RecordFiles(folder, FOLDER, record_files.json(list[Run], exclude_none=True), clock)
        self._loose_files, self._newest = loose_files, newest

    def add(self, run: Run) -> None:
        """Write the record of a run. Raises HistoryError where that cannot be written."""
        before = self._files.paths()
        self._files.put([run], before)
        if len(before) >= self._loose_files:
            with contextlib.suppress(HistoryError):  # the record is there, and the next run tries it again
                self.compact()

    def newest(self) -> list[Run]:
        """The last runs, oldest first."""
        return self._last(self._files.read(self._files.paths()[-self._newest :]).values())

    def compact(self) -> None:
        """Put the last runs into one file and remove the others, older runs included; damaged files stay."""
        paths = self._files.paths()
        newest = self._files.read(paths[-self._newest :])
        replaced = [*paths[: -self._newest], *newest]
        if len(replaced) > 1:
            self._files.replace(replaced, self._last(newest.values()))

    def _last(self, files: Iterable[list[Run]]) -> list[Run]:
        """The last runs in these files, and each job's last success however old it is.

        Each is there once: a `compact` that was killed leaves some in two files.
        """
        runs = list({run.model_dump_json(): run for run in chain.from_iterable(files)}.values())
        success = {run.job: run for run in runs if run.succeeded}
        older = [run for run in runs[: -self._newest] if success.get(run.job) is run]
        return older + runs[-self._newest :]
