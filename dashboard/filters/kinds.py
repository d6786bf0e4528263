"""The kinds of link parameters: how each is read from a link, written into one, and held by its widgets.

Nothing here draws: `widgets` has the widget of each kind, and `link` binds both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from dashboard import formats
from data_access import texts

T = TypeVar("T")

#: The parameters of a link; each may stand there several times.
Link = dict[str, list[str]]


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What a link says of one parameter: the `value` that a page follows, and what it cannot follow."""

    value: T
    unknown: Link = field(default_factory=dict)  # texts that are no value of the parameter
    closed: bool = False  # whether a value was asked for that exists and is not for this user


@dataclass(frozen=True)
class Parameter(ABC, Generic[T]):
    """One parameter of the link. `name` is also the key of its widget, and so a part of the page's `st-key-…` classes.

    What only the data or the user's role can say of it, a page adds with `dataclasses.replace`.
    """

    name: str
    label: str
    #: Names of other parameters that go out of the link when a user chooses a value of this one.
    displaces: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    @abstractmethod
    def default(self) -> T:
        """The value of a link that says nothing."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the link, which are also the keys of the widgets."""
        return (self.name,)

    @abstractmethod
    def read(self, link: Link) -> Reading[T]:
        """What a link says; of a parameter with one value the last text counts that can be followed."""

    @abstractmethod
    def write(self, value: T) -> Link:
        """The link's part for a value, with every one of `names`; what is as by default has no texts."""

    def told(self, text: str) -> str:
        """A text of the link in the words of its widget; as it is where it has no others."""
        return text

    def held(self, value: T) -> dict[str, Any]:
        """What the widgets hold that show a value, by key."""
        return {self.name: value}

    @abstractmethod
    def of(self, held: Mapping[str, Any], before: T) -> T:
        """The value that the widgets hold, where `before` is the link's."""

    def shows(self, held: Mapping[str, Any], value: T) -> bool:
        """Whether widgets that hold this show the value already."""
        return bool(self.of(held, value) == value)

    def renamed(self, value: T, before: Parameter[T]) -> bool:  # noqa: ARG002 - most words never change
        """Whether a value has other words than `before`: the words are what a browser holds in place of a value."""
        return False


@dataclass(frozen=True)
class Choice(Parameter[str]):
    """One of a few values. `options` has the words for each; the first that is not `closed` is the default."""

    options: Mapping[str, str]
    closed: Collection[str] = ()
    usual: str = ""  # the default, where it is not the first one

    @property
    def open(self) -> list[str]:
        """The options that this user has."""
        return [option for option in self.options if option not in self.closed]

    @property
    def default(self) -> str:
        return self.usual or self.open[0]

    def read(self, link: Link) -> Reading[str]:
        known, unknown = _matched(link.get(self.name, []), self.options)
        allowed = [option for option in known if option not in self.closed]
        value = allowed[-1] if allowed else self.default
        return Reading(value, {self.name: unknown}, closed=len(allowed) < len(known))

    def write(self, value: str) -> Link:
        return {self.name: [value] if value != self.default else []}

    def told(self, text: str) -> str:
        return self.options.get(text, text)

    def of(self, held: Mapping[str, Any], before: str) -> str:
        value = held[self.name]
        return value if value in self.open else before

    def shows(self, held: Mapping[str, Any], value: str) -> bool:
        return bool(held[self.name] == value)


@dataclass(frozen=True)
class Several(Parameter[tuple[str, ...]]):
    """Any number of values, in the order of `options`; none of them means all."""

    options: Sequence[str] = ()
    words: Callable[[str], str] = str
    widget: Literal["pills", "list"] = "pills"
    placeholder: str = ""  # of a list in which nothing is chosen
    has_heading: bool = True
    wraps: bool = True  # pills onto further lines, where there is no room on one
    known_by_code: bool = False  # whether people look for an option by its code, too

    def offering(self, options: Iterable[str]) -> Several:
        """The same with these options, in the order in which people look for their words."""
        return replace(self, options=sorted(options, key=lambda option: (texts.order(self.words(option)), option)))

    @property
    def default(self) -> tuple[str, ...]:
        return ()

    def read(self, link: Link) -> Reading[tuple[str, ...]]:
        known, unknown = _matched(link.get(self.name, []), self.options)
        return Reading(self._in_order(known), {self.name: unknown})

    def write(self, value: tuple[str, ...]) -> Link:
        return {self.name: list(value)}

    def told(self, text: str) -> str:
        return self.words(text) if text in self.options or not self.options else text

    def held(self, value: tuple[str, ...]) -> dict[str, Any]:
        return {self.name: list(value)}

    def of(self, held: Mapping[str, Any], before: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG002 - not in need of it
        return self._in_order(held[self.name])

    def shows(self, held: Mapping[str, Any], value: tuple[str, ...]) -> bool:
        # In whichever order the user chose them: to set the widget anew could undo a click that is on its way.
        return set(held[self.name]) == set(value)

    def renamed(self, value: tuple[str, ...], before: Parameter[tuple[str, ...]]) -> bool:
        return isinstance(before, Several) and any(before.labels.get(option) != self.labels[option] for option in value)

    @cached_property
    def labels(self) -> dict[str, str]:
        """The words for each option, on one line; with the code where several have the same, or people look for it."""
        titles = {option: self.words(option) for option in self.options}
        number = Counter(titles.values())

        def has_code(option: str, title: str) -> bool:
            return number[title] > 1 or (self.known_by_code and not _says(title, option))

        # Streamlit tells options apart by their labels, and looks for what is typed in nothing else; and no user can
        # type a line break into a search.
        return {
            option: " ".join((f"{title} ({option})" if has_code(option, title) else title).split())
            for option, title in titles.items()
        }

    def _in_order(self, values: Collection[str]) -> tuple[str, ...]:
        return tuple(option for option in self.options if option in values) if values else ()


@dataclass(frozen=True)
class Number(Parameter[float]):
    """A number between two others, both included."""

    usual: float
    least: float
    most: float
    step: float

    @property
    def default(self) -> float:
        return self.usual

    def read(self, link: Link) -> Reading[float]:
        number, unknown = _between(link, self.name, self.least, self.most)
        return Reading(self.usual if number is None else number, {self.name: unknown})

    def write(self, value: float) -> Link:
        return {self.name: [written(value)] if value != self.usual else []}

    def of(self, held: Mapping[str, Any], before: float) -> float:
        value = held[self.name]
        return before if value is None else float(value)


@dataclass(frozen=True)
class Limit(Parameter[float | None]):
    """A number between two others, both included, or none: nothing is limited then."""

    least: float
    most: float
    step: float

    @property
    def default(self) -> None:
        return None

    def read(self, link: Link) -> Reading[float | None]:
        number, unknown = _between(link, self.name, self.least, self.most)
        return Reading(number, {self.name: unknown})

    def write(self, value: float | None) -> Link:
        return {self.name: [] if value is None else [written(value)]}

    def of(self, held: Mapping[str, Any], before: float | None) -> float | None:  # noqa: ARG002 - not in need of it
        value = held[self.name]
        return None if value is None else float(value)


def written(value: float) -> str:
    """A number as links have it."""
    return repr(float(value)).removesuffix(".0")


@dataclass(frozen=True)
class Text(Parameter[str]):
    """Any text, without spaces around it; what is beyond `longest` characters is cut off."""

    longest: int
    placeholder: str = ""  # what a search looks through

    @property
    def default(self) -> str:
        return ""

    def read(self, link: Link) -> Reading[str]:
        given = _given(link, self.name)
        return Reading(self._cut(given[-1]) if given else "")

    def write(self, value: str) -> Link:
        return {self.name: [value] if value else []}

    def of(self, held: Mapping[str, Any], before: str) -> str:  # noqa: ARG002 - not in need of it
        return self._cut(held[self.name] or "")

    def _cut(self, text: str) -> str:
        return formats.seen(text).strip()[: self.longest].strip()


def _says(title: str, code: str) -> bool:
    """Whether a title has its code in it, as one of its words or as all of them together."""
    whole = texts.key(title)
    return texts.key(code) in (whole, whole.replace(" ", ""), *whole.split())


def _given(link: Link, name: str) -> list[str]:
    return [text for text in link.get(name, []) if text]


def _once(given: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(given))


def _matched(given: Iterable[str], options: Iterable[str]) -> tuple[list[str], list[str]]:
    """Split texts into the options that they mean, however spelled, and those that mean none."""
    given = [text for text in given if text]
    spelled = {texts.key(option): option for option in options} if given else {}
    known = [spelled[key] for text in given if (key := texts.key(text)) in spelled]
    return known, _once(text for text in given if texts.key(text) not in spelled)


def _between(link: Link, name: str, least: float, most: float) -> tuple[float | None, list[str]]:
    """The last number of a parameter that lies between these two, and the texts that are none."""
    number, unknown = None, []
    for text in _given(link, name):
        given = _number(text)
        if given is not None and least <= given <= most:
            number = given
        else:
            unknown.append(text)
    return number, _once(unknown)


def _number(text: str) -> float | None:
    try:
        return float(text) + 0.0  # no −0
    except ValueError:
        return None
