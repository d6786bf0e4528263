"""The files that users download: their content, their names, and their provenance."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from data_access import Selection, csv_files

_SLUG_LENGTH = 48
_NO_FILTER = Selection().sentence()


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
    rows: Callable[[], pd.DataFrame], provenance: Provenance, key: str = "export_csv"
) -> tuple[File, File]:
    """The same rows as two files: one that Excel opens safely, one with the exact values. `key`: the first button's."""
    return (
        File(
            key,
            "CSV for Excel",
            "Opens with accents right and no formula executed.",
            ":material/download:",
            provenance.name(),
            lambda: csv_files.excel(provenance.stamped(rows())),
        ),
        for_programs(f"{key}_exact", "CSV for machines", rows, provenance),
    )


def for_programs(key: str, label: str, rows: Callable[[], pd.DataFrame], provenance: Provenance) -> File:
    """One file with the exact values."""
    return File(
        key,
        label,
        "Exact values, no byte order mark, nothing disarmed.",
        ":material/data_object:",
        provenance.name("exact"),
        lambda: csv_files.exact(provenance.stamped(rows())),
    )


def _slug(filter_sentence: str) -> str:
    if filter_sentence == _NO_FILTER:
        return "all"
    slug = re.sub(r"[^a-z0-9]+", "-", filter_sentence.lower()).strip("-")
    if len(slug) > _SLUG_LENGTH or not filter_sentence.isascii():
        slug = f"{slug[:_SLUG_LENGTH].rstrip('-')}-{hashlib.sha256(filter_sentence.encode()).hexdigest()[:8]}"
    return slug
