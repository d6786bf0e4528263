"""Text that others wrote: whether it is an id, and how it is printed."""

from __future__ import annotations

import re

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_LONGEST = 64  # characters of a code or an id
_IDENTIFIER = re.compile(rf"[\w.-]{{1,{_LONGEST}}}", re.ASCII)


def is_guid(text: str) -> bool:
    """Whether a text is a GUID in the form in which Microsoft writes the ids of tenants, people and groups."""
    return _GUID.fullmatch(text) is not None


def identifier(text: str) -> str | None:
    """The text if it looks like a code or an id, which may be shown and logged as it is."""
    return text if _IDENTIFIER.fullmatch(text) else None


def printable(text: str) -> str:
    """The text on one line, without what a terminal would obey or a page could not show."""
    return "".join(character if character.isprintable() else " " for character in text)


def printable_id(text: str) -> str:
    """What was sent as an id, on one line and no longer than an id may be, whatever it is."""
    shown = printable(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
