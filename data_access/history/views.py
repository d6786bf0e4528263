"""Saved views: what a person keeps under a name, as a link; what it may show is decided when it is opened.

Each is a record of `cabinet` in the folder `views`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from data_access import formats, texts
from data_access.history import layout
from data_access.history.cabinet import Cabinet, Record
from data_access.history.store import Store

FOLDER = layout.VIEWS
MOST_VIEWS: Final = 50  # of one person
LONGEST_NAME: Final = 60  # characters
_LONGEST_LINK = 8_000  # characters of its values; browsers take no longer addresses everywhere

Link = Mapping[str, Sequence[str]]


class SavedView(Record):
    """One view: `page` is the name of the page's file, `link` its parameters. `owner` is the empty text for a machine.

    `opens_since`: since when it opens instead of the first page, in UTC; of several views, the last one does.
    """

    owner: str
    name: str
    page: str
    link: Mapping[str, tuple[str, ...]]
    opens_since: datetime | None = None


class Views:
    """The saved views in one account's folder. Each method raises HistoryError where it cannot read or write them."""

    def __init__(self, folder: Store) -> None:
        self._kept = Cabinet(folder, FOLDER, SavedView)

    def all(self) -> dict[str, tuple[SavedView, ...]]:
        """The views of each owner, by name."""
        found: dict[str, list[SavedView]] = {}
        for view in self._kept.all().values():
            found.setdefault(view.owner, []).append(view)
        return {owner: tuple(sorted(views, key=lambda view: texts.order(view.name))) for owner, views in found.items()}

    def of(self, owner: str) -> tuple[SavedView, ...]:
        """One owner's views, by name."""
        return self.all().get(owner, ())

    def save(self, owner: str, name: str, page: str, link: Link) -> str:
        """Keep what is on screen; why not, in words, where it cannot be."""
        own = self.of(owner)
        if problem := _problem(name, own) or _too_much(own, link):
            return problem
        self._kept.put(
            SavedView(
                key=secrets.token_hex(8),
                at=datetime.now(UTC),
                owner=owner,
                name=_clean(name),
                page=page,
                link={parameter: tuple(values) for parameter, values in link.items()},
            )
        )
        return ""

    def rename(self, owner: str, key: str, name: str) -> str:
        """Give a view another name; why not, in words, where it cannot have it."""
        own = self.of(owner)
        others = [view for view in own if view.key != key]
        return _problem(name, others) or self._change(own, key, name=_clean(name))

    def open_first(self, owner: str, key: str, *, opens: bool) -> str:
        """Let a view open instead of the first page, or no longer; why not, in words, where it is gone."""
        return self._change(self.of(owner), key, opens_since=datetime.now(UTC) if opens else None)

    def delete(self, owner: str, key: str) -> None:
        """Remove a view for good."""
        if any(view.key == key for view in self.of(owner)):
            self._kept.remove(key)

    def _change(self, own: Sequence[SavedView], key: str, **changes: object) -> str:
        for view in own:
            if view.key == key:
                self._kept.put(view.model_copy(update={**changes, "at": datetime.now(UTC)}))
                return ""
        return "This view was deleted meanwhile."


def first(views: Sequence[SavedView]) -> SavedView | None:
    """The view that opens instead of the first page."""
    opening = [view for view in views if view.opens_since is not None]
    return max(opening, key=lambda view: view.opens_since or view.at, default=None)


def _clean(name: str) -> str:
    return formats.on_one_line(name.encode("utf-8", "replace").decode())


def _problem(name: str, others: Sequence[SavedView]) -> str:
    """Why a view cannot have this name, in words."""
    cleaned = _clean(name)
    if not cleaned:
        return "Give the view a name."
    if len(cleaned) > LONGEST_NAME:
        return f"The name has more than {LONGEST_NAME} characters."
    if any(texts.key(view.name) == texts.key(cleaned) for view in others):
        return "You have a view with this name already."
    return ""


def _too_much(own: Sequence[SavedView], link: Link) -> str:
    if len(own) >= MOST_VIEWS:
        return f"You have {MOST_VIEWS} views already. Delete one first."
    if sum(len(name) + len(value) for name, values in link.items() for value in values) > _LONGEST_LINK:
        return "This view has too many filters to be kept."
    return ""
