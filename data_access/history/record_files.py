"""Record files: what programs note beside the snapshots, some records to a file, for any number of programs.

    <folder>/<id>-<checksum>.<suffix>

A file is there whole or not at all and never changes. Files are put together by one that holds what they held; it is
written before they are removed, so that a kill between leaves records in two files, and loses none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import pyarrow as pa
from pydantic import TypeAdapter

from data_access.history import store
from data_access.history.store import Damaged, Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Format(Generic[T]):
    """How content becomes bytes, and bytes content; `load` raises ValueError where it cannot read them."""

    suffix: str
    dump: Callable[[T], pa.Buffer]
    load: Callable[[pa.Buffer], T]


def json(kind: type[T], *, exclude_none: bool = False) -> Format[T]:
    """JSON of this type, as pydantic writes and reads it; with `exclude_none` without the fields that are None."""
    adapter = TypeAdapter(kind)

    def dump(value: T) -> pa.Buffer:
        return pa.py_buffer(adapter.dump_json(value, exclude_none=exclude_none))

    return Format("json", dump, lambda read: adapter.validate_json(read.to_pybytes()))


class RecordFiles(Generic[T]):
    """The files in one folder of an account, each with one content."""

    def __init__(
        self,
        folder: Store,
        path: str,
        form: Format[T],
        clock: Callable[[], datetime],
        *,
        damaged: Callable[[str], Exception] | None = None,
    ) -> None:
        """`path` is the folder's, below the account's; `damaged` makes the error to raise for the path of a file that
        is not what was written. Without it, such a file is left out; `History.verify` names it.
        """
        self._store, self._path, self._form, self._clock, self._damaged = folder, path, form, clock, damaged

    def paths(self) -> list[str]:
        """The paths of the files, the oldest first. Raises HistoryError where they cannot be listed."""
        return [file.path for file in self._store.finished(self._path)]

    def read(self, paths: Sequence[str]) -> dict[str, T]:
        """The content of these files by path, in their order; those that are gone or damaged are left out.

        Raises HistoryError where the folder does not answer.
        """
        contents = zip(paths, self._store.read_all(paths, self._read), strict=True)
        return {path: content for path, content in contents if content is not None}

    def put(self, content: T, taken: Iterable[str] | None = None) -> str:
        """Write a file that comes after those `taken`, by default all that are there; returns its path.

        Raises HistoryError where it cannot be written.
        """
        dumped = self._form.dump(content)
        name = store.new_id(self.paths() if taken is None else taken, self._clock())
        path = f"{self._path}/{store.sealed(name, self._form.suffix, dumped)}"
        self._store.put(path, dumped)
        return path

    def replace(self, replaced: Iterable[str], content: T) -> str:
        """Write a file in place of these; returns its path. Raises HistoryError where it cannot be written."""
        replaced = list(replaced)
        path = self.put(content, replaced)
        for old in replaced:
            self.delete(old)
        return path

    def delete(self, path: str) -> bool:
        """Remove a file; whether it is gone now. Raises HistoryError where the folder refuses."""
        return self._store.delete(path)

    def _read(self, path: str) -> T | None:
        try:
            return self._form.load(self._store.read_sound(path))
        except FileNotFoundError:  # another program has removed it
            return None
        except (Damaged, ValueError):
            if self._damaged:
                raise self._damaged(path) from None
            return None
