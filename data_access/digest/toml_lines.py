"""Where things stand in a TOML file: the library that reads it does not tell the lines of what it has read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

#: A table, its so-manieth entry from 0 on, and a key in it, which is empty for the entry itself.
Place = tuple[str, int, str]


def places(text: str) -> dict[Place, int]:
    """The line, from 1 on, on which each entry of each table begins, and each key in it. `text` can be read as TOML."""
    found: dict[Place, int] = {}
    for place, line in _places(text.replace("\r\n", "\n")):
        found.setdefault(place, line)
    return found


def _places(text: str) -> Iterator[tuple[Place, int]]:
    entries: dict[str, int] = {}
    inside: tuple[str, int] | None = None  # the entry whose keys follow
    is_top = True
    for line, statement in _statements(text):
        ((name, stands),) = tomllib.loads(statement).items()
        if statement.lstrip().startswith("["):
            is_top, inside = False, None
            if isinstance(stands, list):
                entries[name] = entries.get(name, -1) + 1
            number = entries.get(name, 0)
            key = next(iter(stands), "") if isinstance(stands, dict) else ""
            yield (name, number, key), line
            inside = None if key else (name, number)
        elif is_top:
            yield (name, 0, ""), line
            if isinstance(stands, list):
                yield from (((name, number, ""), line + below) for number, below in _elements(statement))
        elif inside:
            yield (*inside, name), line


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each head of a table, and each key with its value, with the line on which it begins."""
    begun = 1
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        lines.append(line)
        statement = "\n".join(lines)
        stands = _read(statement)
        if stands is None:
            continue  # it goes on
        if stands:
            yield begun, statement
        begun, lines = number + 1, []


def _elements(statement: str) -> Iterator[tuple[int, int]]:
    """The number of each element of an array, and how many lines below the array's first one it ends."""
    lines, known = statement.split("\n"), 0
    for below in range(len(lines)):
        so_far = _read("\n".join([*lines[: below + 1], "]"])) or _read("\n".join(lines[: below + 1])) or {}
        for read in filter(lambda value: isinstance(value, list), so_far.values()):
            yield from ((number, below) for number in range(known, len(read)))
            known = max(known, len(read))


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
