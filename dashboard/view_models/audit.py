"""What the Audit page shows: the entries of some days that fit its filters, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from urllib.parse import parse_qsl

import pandas as pd

from dashboard import formats, sitemap
from dashboard.audit import LOOKED, MUTED, REFUSED, SIGNED_IN, SIGNED_OUT, TOOK
from dashboard.filters.parameters import EVERY, ROWS
from data_access import texts

#: What people do, in the page's words.
WORDS = {
    SIGNED_IN: "signed in",
    SIGNED_OUT: "signed out",
    LOOKED: "looked at a page",
    REFUSED: "was refused a page",
    TOOK: "took a file",
    MUTED: "muted",
}
_SEARCHED = ("person", "personId", "page", "filters", "file", "detail")
_PARAMETERS = {name: parameter for parameter in EVERY for name in parameter.names}
_UNSEEN = frozenset(ROWS.names)  # which rows of a table were on screen


def fitting(entries: pd.DataFrame, actions: Collection[str], search: str) -> pd.DataFrame:
    """The entries of these actions (none: of all) with every word of the search in one of their texts."""
    if actions:
        entries = entries[entries["action"].isin(actions)]
    said = on_screen(entries)
    keys = [column.map(texts.key) for table in (entries, said) for column in (table[name] for name in _SEARCHED)]
    for word in texts.key(search).split():
        hits = [key[entries.index].str.contains(word, regex=False) for key in keys]
        entries = entries[pd.concat(hits, axis="columns").any(axis="columns")]
    return entries.iloc[::-1]


def on_screen(entries: pd.DataFrame) -> pd.DataFrame:
    """The entries in the page's words; files have the codes."""
    who = entries["person"].where(entries["person"] != "", entries["personId"])
    return entries.assign(
        action=_told(entries["action"], lambda action: WORDS.get(action, action)),
        person=who.where(who != "", "this machine"),
        page=_told(entries["page"], page_title),
        filters=_told(entries["filters"], in_words),
    )


def _told(codes: pd.Series, words: Callable[[str], str]) -> pd.Series:
    """The words for each code; each distinct one is put into words once."""
    return codes.map({code: words(code) for code in codes.unique()}).astype("str")


def page_title(name: str) -> str:
    page = sitemap.named(name)
    return page.title if page else name


def in_words(filters: str) -> str:
    """The parameters of a link as the page of the link calls them, without which rows of its table were on screen."""
    said: dict[str, list[str]] = {}
    for name, value in parse_qsl(filters):
        if name not in _UNSEEN:
            parameter = _PARAMETERS.get(name)
            label = f"{name.capitalize()}" if parameter is None or len(parameter.names) > 1 else parameter.label
            said.setdefault(label, []).append(parameter.told(value) if parameter else value)
    return "; ".join(f"{label}: {', '.join(values)}" for label, values in said.items())


def answer(entries: pd.DataFrame, days: str) -> str:
    """The page's question answered in a sentence."""
    people = entries.loc[entries["person"] != "", "person"].nunique()
    files = int((entries["action"] == TOOK).sum())
    who = formats.number(people, "account") if people else "this machine"
    return f"**{formats.number(len(entries), 'line')}** of {who}, {formats.number(files, 'file')} taken, {days}."
