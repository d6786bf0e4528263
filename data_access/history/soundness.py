"""Soundness: whether a file of the history is what was written, by its size and its checksum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pyarrow import fs

from data_access.history.snapshot import File
from data_access.history.store import NO_FILE, Damaged, Store, Wrong

#: The files whose checksum this process has compared, each with the time it was written.
_SOUND: set[tuple[str, int]] = set()


#: The problem of a file that is not there.
GONE = "is gone"


class Inspected(NamedTuple):
    """A file that was read: its size in bytes, and its problem with its kind, empty where there is none."""

    path: str
    size: int
    problem: str
    wrong: Wrong = Wrong.DAMAGED


def problems(folder: Store, files: Sequence[File]) -> list[str]:
    """The problem of each file, in words that follow "its file"; empty where there is none.

    Sizes are compared each time, checksums once in the life of the process and only in a folder: an object store checks
    its objects itself.
    """
    infos = folder.infos([file.path for file in files])
    return [_problem(folder, file, info) for file, info in zip(files, infos, strict=True)]


def inspect(folder: Store, path: str, known: File | None = None) -> Inspected:
    """Read a file and compare its checksum with its name, and with what a record knows of it."""
    try:
        content = folder.read_sound(path, *((known.checksum, known.size) if known else ()))
    except FileNotFoundError:
        return Inspected(path, 0, GONE)
    except Damaged as error:
        return Inspected(path, 0, str(error), error.wrong)
    return Inspected(path, content.size, "")


def _problem(folder: Store, file: File, info: Any) -> str:
    if not info.is_file:
        return GONE if info.type == fs.FileType.NotFound else NO_FILE
    if info.size != file.size:
        return f"has {info.size:,} bytes and not {file.size:,}"
    compared = (info.path, info.mtime_ns)
    if folder.is_local and compared not in _SOUND:
        if problem := inspect(folder, file.path, file).problem:
            return problem
        _SOUND.add(compared)
    return ""
