"""The files that users download: their content, their names, and their provenance."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard import formats
from dashboard.cache import Cache
from dashboard.tables.columns import Describe, in_whole_numbers
from dashboard.workbooks import book
from dashboard.workbooks.book import Fact, Origin
from data_access import Selection, csv_files

_CSV, _XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_SLUG_LENGTH = 48
NO_FILTER = Selection().sentence()
#: Seconds for which a file is kept after a visitor took it, and bytes of all; one alone may be a hundred megabytes.
KEPT, BUDGET = 300, 256 * 2**20
FILES = Cache(budget=BUDGET, unseen=KEPT)
#: One file is made at a time: ten at once would take ten times the memory, and their clicks from everybody else.
_making = threading.Lock()


class Content(bytes):
    """The bytes of a file, and how many rows it has."""

    rows: int


@dataclass(frozen=True, slots=True)
class File:
    """A file to download: the key and the words of its button, and the function that makes its bytes on a click."""

    key: str
    label: str
    explanation: str
    icon: str
    name: str
    mimetype: str
    content: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture of a chart says beside it: its title and the lines below; and the file's name without its end."""

    title: str
    about: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a file's rows, for its name and for what it says of itself.

    `content` is the beginning of the name, `newest` the newest processing date, `link` the address of the same view.
    `is_live`: they are no analytics, which Microsoft processes, and `newest` is when they were read.
    """

    content: str
    newest: datetime | None
    filter: str
    source: str
    is_sample: bool
    link: str = ""
    is_live: bool = False

    def name(self, kind: str = "", ending: str = "csv") -> str:
        """For example `license-deployment_2026-10-13_channel-direct.csv`."""
        parts = [
            f"license-{self.content}",
            f"{self.newest:%Y-%m-%d}" if self.newest else "undated",
            _slug(self.filter),
            "sample" if self.is_sample else "",
            kind,
        ]
        return f"{'_'.join(part for part in parts if part)}.{ending}".removesuffix(".")

    def stamped(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows, each with its source and the filter that it passed."""
        return table.assign(source=self.source, filter=self.filter)

    def picture(self, title: str, key: str) -> Picture:
        """For a picture of a chart; `key` tells it from the page's other ones."""
        of = "read" if self.is_live else "newest figures of"
        date = f"{of} {formats.day(self.newest)}" if self.newest else "undated"
        about = " · ".join((self.source, *(["invented figures"] if self.is_sample else []), date))
        name = self.name(key.replace("_", "-"), "")
        return Picture(formats.on_one_line(title), (about, f"Filter: {formats.on_one_line(self.filter)}"), name)

    @property
    def origin(self) -> Origin:
        """The same for a workbook, which says it once."""
        facts: dict[str, Fact] = {"Source": self.source}
        if self.is_sample:
            facts["Sample data"] = "These figures are invented."
        dated = "Read from Microsoft (UTC)" if self.is_live else "Newest processing date"
        facts |= {"Filter": self.filter, dated: self.newest, "The same view": self.link}
        return Origin(self.content.replace("-", " ").capitalize(), facts, self.newest)


def sentence(selection: Selection, **more: str) -> str:
    """The filter in words: `channel = direct; service = o365; search = nord`."""
    parts = [selection.sentence()] if selection != Selection() else []
    parts += [f"{name} = {value}" for name, value in more.items() if value]
    return "; ".join(parts) or NO_FILTER


def for_people_and_programs(
    rows: Callable[[], pd.DataFrame],
    columns: Describe,
    of: tuple[object, ...],
    provenance: Provenance,
    key: str = "export_csv",
) -> tuple[File, File, File]:
    """The same rows as three files: a workbook, a CSV file that Excel opens safely, and one with the exact values.

    `columns` describes the columns of the rows by their names. `of` are the data and values that determine the rows:
    people who ask for equal files get the same one. `key`: the second button's; the others' are made from it.
    """
    return (
        workbook(f"{key.removesuffix('_csv')}_xlsx", "Excel workbook", rows, columns, of=of, provenance=provenance),
        File(
            key,
            "CSV for Excel",
            "Opens directly in Excel.",
            ":material/download:",
            provenance.name(),
            _CSV,
            _made_once(
                "excel",
                lambda table: csv_files.excel(provenance.stamped(table)),
                _as_filed(rows, columns),
                of,
                provenance,
            ),
        ),
        for_programs(f"{key}_exact", "CSV for machines", rows, columns, of=of, provenance=provenance),
    )


def workbook(
    key: str,
    label: str,
    rows: Callable[[], pd.DataFrame],
    columns: Describe,
    *,
    of: tuple[object, ...],
    provenance: Provenance,
) -> File:
    """One file for Excel; arguments as for `for_people_and_programs`."""

    def write(table: pd.DataFrame) -> bytes:
        return book.workbook(table, columns(table.columns), provenance.origin)

    return File(
        key,
        label,
        "With formats and filters, and a sheet that explains the columns.",
        ":material/table:",
        provenance.name(ending="xlsx"),
        _XLSX,
        _made_once("workbook", write, _as_filed(rows, columns), of, provenance),
    )


def for_programs(
    key: str,
    label: str,
    rows: Callable[[], pd.DataFrame],
    columns: Describe,
    *,
    of: tuple[object, ...],
    provenance: Provenance,
) -> File:
    """One file with the exact values; arguments as for `for_people_and_programs`."""
    return File(
        key,
        label,
        "Exact values, no byte order mark, nothing disarmed.",
        ":material/data_object:",
        provenance.name("exact"),
        _CSV,
        _made_once(
            "exact", lambda table: csv_files.exact(provenance.stamped(table)), _as_filed(rows, columns), of, provenance
        ),
    )


def _as_filed(rows: Callable[[], pd.DataFrame], columns: Describe) -> Callable[[], pd.DataFrame]:
    def filed() -> pd.DataFrame:
        table = rows()
        return in_whole_numbers(table, columns(table.columns))

    return filed


def counted(content: bytes, rows: int) -> Content:
    """A file's bytes with how many rows it has."""
    made = Content(content)
    made.rows = rows
    return made


def _made_once(
    what: str,
    write: Callable[[pd.DataFrame], bytes],
    rows: Callable[[], pd.DataFrame],
    of: tuple[object, ...],
    provenance: Provenance,
) -> Callable[[], bytes]:
    """What makes a file, or finds the same one that another visitor has just taken."""

    def make() -> bytes:
        with _making:
            table = rows()
            return counted(write(table), len(table))

    return lambda: FILES.kept(what, (provenance, *of), make)


def _slug(filter_sentence: str) -> str:
    if filter_sentence == NO_FILTER:
        return "all"
    slug = re.sub(r"[^a-z0-9]+", "-", filter_sentence.lower()).strip("-")
    if len(slug) > _SLUG_LENGTH or not filter_sentence.isascii():
        slug = f"{slug[:_SLUG_LENGTH].rstrip('-')}-{hashlib.sha256(filter_sentence.encode()).hexdigest()[:8]}"
    return slug
