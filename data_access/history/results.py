"""What the operations of a history return."""

from __future__ import annotations

from dataclasses import dataclass

from data_access.history.index import Finding
from data_access.history.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Kept:
    """The result of `History.append`: the snapshot that holds the rows, and whether it was there before."""

    snapshot: Snapshot
    again: bool


@dataclass(frozen=True, slots=True)
class Paths:
    """Sound files to read, as `History.files` takes them, and a notice for each file that is left out."""

    paths: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of `History.verify`: how many files and bytes were read, and which files are not what was written.

    `outgrown` counts the answers that an earlier program read, and that would give other rows today. `unclaimed` are
    the paths of files that belong to no snapshot, nor to a run that is going on.
    """

    files: int
    bytes: int
    findings: tuple[Finding, ...]
    outgrown: int = 0
    unclaimed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compacted:
    """The result of `History.compact`.

    `before` and `after` count the summary files and the records of runs, `months` the months put into one file.
    """

    before: int
    after: int
    months: int


@dataclass(frozen=True, slots=True)
class Swept:
    """The result of `Leftovers.sweep`: how many files were removed, and the answers that stay although none names them.

    A killed run left these, or a record below `small/` is lost.
    """

    removed: int
    unclaimed: tuple[str, ...]
