"""The files that users download: their content, their names, and their provenance."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.cache import Cache
from data_access import Selection, csv_files

_SLUG_LENGTH = 48
_NO_FILTER = Selection().sentence()
#: The files of the last minutes; of many, the largest one alone may be a hundred megabytes.
FILES = Cache(budget=256 * 2**20, unseen=300)
#: One file is made at a time: ten at once would take ten times the memory, and their clicks from everybody else.
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class File:
    """A file to download: the key and the words of its button, and the function that makes its bytes on a click."""

    key: str
    label: str
    explanation: str
    icon: str
    name: str
    content: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a file's rows, for its name and for each row.

    `content` is the beginning of the name, `newest` the newest processing date.
    """

    content: str
    newest: datetime | None
    filter: str
    source: str
    is_sample: bool

    def name(self, kind: str = "") -> str:
        """For example `license-deployment_2026-10-13_channel-direct.csv`."""
        parts = [
            f"license-{self.content}",
            f"{self.newest:%Y-%m-%d}" if self.newest else "undated",
            _slug(self.filter),
            "sample" if self.is_sample else "",
            kind,
        ]
        return "_".join(part for part in parts if part) + ".csv"

    def stamped(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows, each with its source and the filter that it passed."""
        return table.assign(source=self.source, filter=self.filter)


def sentence(selection: Selection, **more: str) -> str:
    """The filter in words: `channel = direct; service = o365; search = nord`."""
    parts = [selection.sentence()] if selection != Selection() else []
    parts += [f"{name} = {value}" for name, value in more.items() if value]
    return "; ".join(parts) or _NO_FILTER


def for_people_and_programs(
    rows: Callable[[], pd.DataFrame], of: tuple[object, ...], provenance: Provenance, key: str = "export_csv"
) -> tuple[File, File]:
    """The same rows as two files: one that Excel opens safely, one with the exact values. `key`: the first button's.

    `of` are the data and values that determine the rows: people who ask for equal files get the same one.
    """
    return (
        File(
            key,
            "CSV for Excel",
            "Opens with accents right and no formula executed.",
            ":material/download:",
            provenance.name(),
            _made_once(csv_files.excel, rows, of, provenance),
        ),
        for_programs(f"{key}_exact", "CSV for machines", rows, of, provenance),
    )


def for_programs(
    key: str, label: str, rows: Callable[[], pd.DataFrame], of: tuple[object, ...], provenance: Provenance
) -> File:
    """One file with the exact values; `of` as for `for_people_and_programs`."""
    return File(
        key,
        label,
        "Exact values, no byte order mark, nothing disarmed.",
        ":material/data_object:",
        provenance.name("exact"),
        _made_once(csv_files.exact, rows, of, provenance),
    )


def _made_once(
    write: Callable[[pd.DataFrame], bytes],
    rows: Callable[[], pd.DataFrame],
    of: tuple[object, ...],
    provenance: Provenance,
) -> Callable[[], bytes]:
    """What makes a file, or finds the same one that somebody else has just taken."""

    def make() -> bytes:
        with _making:
            return write(provenance.stamped(rows()))

    return lambda: FILES.kept(write.__name__, (provenance, *of), make)


def _slug(filter_sentence: str) -> str:
    if filter_sentence == _NO_FILTER:
        return "all"
    slug = re.sub(r"[^a-z0-9]+", "-", filter_sentence.lower()).strip("-")
    if len(slug) > _SLUG_LENGTH or not filter_sentence.isascii():
        slug = f"{slug[:_SLUG_LENGTH].rstrip('-')}-{hashlib.sha256(filter_sentence.encode()).hexdigest()[:8]}"
    return slug
