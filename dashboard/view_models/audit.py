"""What the Audit page shows: the entries of some days that fit its filters, the newest first."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from dashboard import formats
from data_access import texts

#: What people do, in the page's words.
WORDS = {
    "sign-in": "signed in",
    "sign-out": "signed out",
    "look": "looked at a page",
    "refused": "was refused a page",
    "file": "took a file",
    "mute": "muted",
}
_SEARCHED = ("person", "personId", "page", "filters", "file", "detail")


def fitting(entries: pd.DataFrame, actions: Collection[str], search: str) -> pd.DataFrame:
    """The entries of these actions (none: of all) with every word of the search in one of their texts."""
    if actions:
        entries = entries[entries["action"].isin(actions)]
    for word in texts.key(search).split():
        hits = [entries[name].map(texts.key).str.contains(word, regex=False) for name in _SEARCHED]
        entries = entries[pd.concat(hits, axis="columns").any(axis="columns")]
    return entries.iloc[::-1]


def on_screen(entries: pd.DataFrame) -> pd.DataFrame:
    """The entries with the page's words."""
    return entries.assign(
        action=entries["action"].map(lambda action: WORDS.get(action, action)).astype("str"),
        person=entries["person"].where(entries["person"] != "", "this machine"),
    )


def answer(entries: pd.DataFrame, days: str) -> str:
    """The page's question answered in a sentence."""
    people = entries.loc[entries["person"] != "", "person"].nunique()
    files = int((entries["action"] == "file").sum())
    who = formats.number(people, "account") if people else "this machine"
    return f"**{formats.number(len(entries), 'line')}** of {who}, {formats.number(files, 'file')} taken, {days}."
