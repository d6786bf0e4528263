"""The layout: which paths below the account's folder are files of the history, by the places and names that it gives.

All else that lies there is somebody else's: it is not read, is no damage, and is never deleted.
"""

from __future__ import annotations

import re
from datetime import date

from data_access.partner_center.catalog import COLLECTIONS

#: The folders of the kinds of file.
FACTS, RAW, MONTHS, SMALL, RUNS, SENT = "facts", "raw", "months", "small", "runs", "sent"
AUDIT, ENDED = "audit", "ended"
PARTS, SKUS = "parts", "skus"
VIEWS, MUTES = "views", "mutes"
#: An answer, as its rows and as it arrived.
ANSWERS = (FACTS, RAW)
#: What a snapshot names, or a run that is going on.
OF_SNAPSHOTS = (*ANSWERS, MONTHS, PARTS)
#: Records, each file by itself.
WITH_RECORDS = (SMALL, RUNS, SENT, AUDIT, SKUS, ENDED, VIEWS, MUTES)
#: All of them.
FOLDERS = (*OF_SNAPSHOTS, *WITH_RECORDS)
#: Before the names of summary files that hold more than one snapshot.
PACK = "pack-"

_ID = r"\d{8}-\d{8}T\d{6}Z-[0-9a-f]{8}"
_CHECKSUM = "[0-9a-f]{16}"
_COLLECTION = f"(?:{'|'.join(map(re.escape, COLLECTIONS))})"
_DAY, _MONTH = r"date=\d{4}-\d{2}-\d{2}", r"month=\d{4}-\d{2}"
_FOLDERS = {
    FACTS: f"{_COLLECTION}/{_DAY}/",
    RAW: f"{_COLLECTION}/{_DAY}/",
    MONTHS: f"{_COLLECTION}/{_MONTH}/",
    SMALL: f"{_COLLECTION}/",
    RUNS: "",
    SENT: "",
    ENDED: "",
    AUDIT: f"{_DAY}/",
    PARTS: f"{_COLLECTION}/{_DAY}/",
    SKUS: "",
    VIEWS: "",
    MUTES: "",
}
_NAMES = dict.fromkeys(_FOLDERS, rf"{_ID}-{_CHECKSUM}\.parquet") | {
    SMALL: rf"(?:{PACK})?{_ID}-{_CHECKSUM}\.parquet",
    RUNS: rf"{_ID}-{_CHECKSUM}\.json",
    SENT: rf"{_ID}-{_CHECKSUM}\.json",
    ENDED: rf"{_ID}-{_CHECKSUM}\.json",
    SKUS: rf"{_ID}-{_CHECKSUM}\.json",
    VIEWS: rf"{_ID}-{_CHECKSUM}\.json",
    MUTES: rf"{_ID}-{_CHECKSUM}\.json",
}
_FOLDER = re.compile(rf"[a-z]+/{_COLLECTION}(?:/{_DAY}|/{_MONTH})?|{AUDIT}/{_DAY}")
_FINISHED = {kind: re.compile(f"{kind}/{folder}{_NAMES[kind]}") for kind, folder in _FOLDERS.items()}
_HALF_WRITTEN = {
    kind: re.compile(rf"{kind}/{folder}\.{_NAMES[kind]}\.[0-9a-f]{{8}}\.tmp") for kind, folder in _FOLDERS.items()
}


def is_folder(path: str) -> bool:
    """Whether a folder below that of a kind can hold files of the history."""
    return _FOLDER.fullmatch(path) is not None


def is_finished(path: str) -> bool:
    """Whether this is the path of a finished file."""
    return _matches(_FINISHED, path)


def is_half_written(path: str) -> bool:
    """Whether this is the path of a file that a program began to write; it gets another name when it is whole."""
    return _matches(_HALF_WRITTEN, path)


def is_of(path: str, kind: str, collection: str) -> bool:
    """Whether this is the path of a finished file of this kind and collection."""
    return path.startswith(f"{kind}/{collection}/") and is_finished(path)


def is_answer(path: str) -> bool:
    """Whether a finished file is one of an answer."""
    return path.partition("/")[0] in ANSWERS


def collection(path: str) -> str:
    """The collection in the path of a file of OF_SNAPSHOTS, or of a summary file."""
    return path.split("/")[1]


def day(path: str) -> date:
    """The day in the path of an answer."""
    return date.fromisoformat(path.split("/")[2].removeprefix("date="))


def _matches(patterns: dict[str, re.Pattern[str]], path: str) -> bool:
    pattern = patterns.get(path.partition("/")[0])
    return pattern is not None and pattern.fullmatch(path) is not None
