"""Files to take away: what is in them, what they are called, and what they say of themselves."""

from __future__ import annotations

import hashlib
import re

import pandas as pd

from dashboard import tables
from data_access import Deployment, Selection, files

_SLUG_LENGTH = 48


def table(deployment: Deployment, selection: Selection, source: str) -> pd.DataFrame:
    """The rows on screen, each with the source it comes from and the filter it passed."""
    return tables.rows(deployment, selection).assign(source=source, filter=selection.sentence())


def for_excel(deployment: Deployment, selection: Selection, source: str) -> bytes:
    return files.excel(table(deployment, selection, source))


def for_machines(deployment: Deployment, selection: Selection, source: str) -> bytes:
    return files.exact(table(deployment, selection, source)).encode("utf-8")


def name(deployment: Deployment, selection: Selection, is_sample: bool, kind: str = "") -> str:
    """A file name made of content, newest processing date and filter, for example
    `license-deployment_2026-10-13_channel-direct.csv`.
    """
    _, newest = deployment.processed
    parts = [
        f"license-{deployment.answer.collection.name}",
        f"{newest:%Y-%m-%d}" if newest else "undated",
        _slug(selection),
        "sample" if is_sample else "",
        kind,
    ]
    return "_".join(part for part in parts if part) + ".csv"


def _slug(selection: Selection) -> str:
    if selection == Selection():
        return "all"
    sentence = selection.sentence()
    slug = re.sub(r"[^a-z0-9]+", "-", sentence.lower()).strip("-")
    if len(slug) > _SLUG_LENGTH or not sentence.isascii():
        slug = f"{slug[:_SLUG_LENGTH].rstrip('-')}-{hashlib.sha256(sentence.encode()).hexdigest()[:8]}"
    return slug
