"""DIGEST_FILE as a value: who gets what how often, which bands figures should stay in, and what is muted until when."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from data_access import books, mutes, texts
from data_access.digest import toml_lines
from data_access.errors import SettingsError
from data_access.foreign_text import printable
from data_access.loopback import is_loopback
from data_access.mail_url import is_address
from data_access.mutes import Guid, Mute, Spare, Text

#: What a rule may call its threshold, and the percent points below which, or between which, figures should be.
PRESETS: dict[str, tuple[float | None, float | None]] = {
    "designation": (40.0, None),
    "usual": (80.0, None),
    "non-profit": (85.0, None),
    "band": (85.0, 95.0),
}
_ADVICE = "Correct the file, then try again."


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("is no mail address")
    return text


def _workflow(text: str) -> str:
    """An address of a workflow: who has it may post, so it travels in the clear to this machine alone."""
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not is_safe or not parts.hostname or not re.fullmatch(r"[!-~]+", text):
        raise ValueError("is not an address that starts with https://")
    return text


Percent = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Person(_Table):
    """One `[[person]]`: who hears, where, and how often; an `operator` hears of Data health, too."""

    name: Text
    to: Annotated[tuple[Annotated[Text, AfterValidator(_address)], ...], Field(strict=False)] = ()
    every: Literal["day", "week", "month"] = "week"
    teams: Annotated[Text, AfterValidator(_workflow)] | None = Field(None, repr=False)  # who has it, may post
    call_sheets: bool = False
    operator: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where mail goes: `to`, else the name where it is an address; else nowhere."""
        return self.to or ((self.name,) if is_address(self.name) else ())


class Rule(_Table):
    """One `[[rule]]`: the band in which deployment % should be; where no service, product, customer or person is named,
    everywhere.
    """

    below: Percent | None = None
    above: Percent | None = None
    preset: str | None = None
    service: Text | None = None
    product: Text | None = None
    customer: Guid | None = None
    person: Text | None = None

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Self:
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"preset is none of {', '.join(PRESETS)}")
        if self.preset is not None and (self.below, self.above) != (None, None):
            raise ValueError("has a preset and a threshold of its own; keep one of them")
        low, high = self.band
        if low is None and high is None:
            raise ValueError("has no threshold: below, above or preset")
        if low is not None and high is not None and low > high:
            raise ValueError("has no room between below and above")
        return self

    @property
    def band(self) -> tuple[float | None, float | None]:
        """Percent points below which, and above which, a figure is news."""
        return PRESETS[self.preset] if self.preset is not None else (self.below, self.above)

    @property
    def case(self) -> str:
        """What a rule is known by among those of a person: its band, and of what it speaks."""
        about = [text and texts.key(text) for text in (self.service, self.product, self.customer)]
        return json.dumps([*self.band, *about])


@dataclass(frozen=True, slots=True)
class Plan:
    """All that DIGEST_FILE says; an empty one where there is none.

    `lines`: the line, from 1 on, of each entry of a table by its number from 0 on.
    """

    people: tuple[Person, ...] = ()
    rules: tuple[Rule, ...] = ()
    spares: tuple[Spare, ...] = ()
    mutes: tuple[Mute, ...] = ()
    lines: Mapping[tuple[str, int], int] = field(default_factory=dict, compare=False)

    def rules_of(self, person: str) -> tuple[Rule, ...]:
        """The rules that are for a person, in their order."""
        own = books.known_as(person)
        return tuple(rule for rule in self.rules if rule.person is None or books.known_as(rule.person) == own)

    def holding(self, at: datetime) -> tuple[Mute, ...]:
        """The mutes that hold at an instant."""
        return tuple(mute for mute in self.mutes if mute.holds(at))

    def muted(self, customer: str, product: str | None, at: datetime) -> Mute | None:
        """The mute that holds at this instant, the one that ends last; None where there is none."""
        return mutes.of(self.holding(at), customer, product)


_TABLES: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "person": ("people", TypeAdapter(Person)),
    "rule": ("rules", TypeAdapter(Rule)),
    "spare": ("spares", TypeAdapter(Spare)),
    "mute": ("mutes", TypeAdapter(Mute)),
}


def parse(content: bytes) -> Plan:
    """The plan in a file's content. Raises SettingsError, which names the line and never what stands in it."""
    try:
        text = content.decode("utf-8-sig")
        tables = tomllib.loads(text)
    except UnicodeDecodeError:
        raise SettingsError("DIGEST_FILE is not UTF-8 text.", _ADVICE) from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        place = re.search(r"line (\d+)", str(error))
        where = f"DIGEST_FILE, line {place[1]}," if place else "DIGEST_FILE"
        raise SettingsError(f"{where} cannot be read as TOML.", _ADVICE) from None
    for name, table in tables.items():
        if name not in _TABLES:
            raise _at(_line(text, name), f"{name} is none of {', '.join(_TABLES)}.")
        if not isinstance(table, list):
            raise _at(_line(text, name), f"{name} is written as [[{name}]].")
    read: dict[str, Any] = {
        field: tuple(_read(adapter, name, number, row, text) for number, row in enumerate(tables.get(name, [])))
        for name, (field, adapter) in _TABLES.items()
    }
    people: list[str] = [books.known_as(person.name) for person in read["people"]]
    for number, person in enumerate(people):
        if person in people[:number]:
            raise _at(_line(text, "person", number, "name"), "name: this person stands above, too.")
    lines = {(name, number): _line(text, name, number) for name in tables for number in range(len(tables[name]))}
    return Plan(**read, lines=lines)


def _read(adapter: TypeAdapter[Any], name: str, number: int, row: object, text: str) -> object:
    try:
        return adapter.validate_python(row)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = str(problem["loc"][0]) if problem["loc"] else ""
        line = _line(text, name, number, "" if problem["type"] == "missing" else key)
        if problem["type"] == "extra_forbidden":
            raise _at(line, f"{key} is no key of [[{name}]].") from None
        if problem["type"] == "missing":
            raise _at(line, f"[[{name}]] needs {key}.") from None
        words = "is a list, in brackets" if problem["type"] == "tuple_type" else problem["msg"]
        words = words.removeprefix("Value error, ")
        raise _at(line, f"{f'{key}: ' if key else f'[[{name}]] '}{words[0].lower()}{words[1:]}.") from None


def _line(text: str, table: str, number: int = 0, key: str = "") -> int:
    """The line, from 1 on, of a key of a table's so-manieth entry, else that of the entry."""
    found = toml_lines.places(text)
    return found.get((table, number, key)) or found.get((table, number, "")) or found.get((table, 0, ""), 1)


def _at(line: int, problem: str) -> SettingsError:
    return SettingsError(f"DIGEST_FILE, line {line}: {printable(problem)}", _ADVICE)
