"""What a browser shows already is not sent to it again.

A click draws a part of a page anew, and Streamlit sends all of that part, since a browser takes off its screen what
does not come. Where everything stands in the same place as before, what did not change need not come, if only the
browser is told to keep it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

Message = TypeVar("Message")
#: Where an element is on the page: its number in the container around it, after the numbers of that one.
Place = tuple[int, ...]

_PAGE = ""  # stands for the page as a whole, in a set of parts


@dataclass(frozen=True, slots=True)
class Element:
    """An element or a container on its way to a browser.

    `identity` is its kind and id: one of another identity takes the place of the one before. `content` is a checksum of
    all there is to it. `part` is the id of the part of the page that draws it. `acts`: its coming does something, as
    when a widget is told another value.
    """

    place: Place
    identity: str
    content: str
    part: str = ""
    acts: bool = False


class Screen(Generic[Message]):
    """What one browser shows, and so which messages of a run it needs.

    A run begins, its elements come, and it ends. Messages are held back while it may turn out that nothing left its
    place; else they follow before the end, and the browser clears its screen as usual.
    """

    def __init__(self) -> None:
        self._shown: dict[Place, Element] = {}
        self._doubtful = {_PAGE}  # the parts of which it is not known what the browser shows
        self._parts: frozenset[str] = frozenset()  # that this run draws; none: the whole page
        self._came: set[Place] = set()
        self._held: dict[Place, Message] | None = None  # None: all of this run is sent

    def begin(self, parts: Collection[str]) -> None:
        """A run of these parts, or of the whole page."""
        self._held = {} if parts and not self._doubtful else None
        self._parts, self._came = frozenset(parts), set()
        self._doubtful |= self._parts or {_PAGE}  # until it has ended

    def take(self, element: Element, message: Message) -> list[Message]:
        """What is to be sent where an element comes in a message."""
        before = self._shown.get(element.place)
        self._shown[element.place] = element
        self._came.add(element.place)
        if self._held is None:
            return [message]
        if before == element and not element.acts:
            self._held[element.place] = message
            return []
        self._held.pop(element.place, None)
        if before and before.identity != element.identity:
            return [*self.all_of_it(), message]  # the browser keeps the one before at hand until it clears its screen
        return [message]

    def all_of_it(self) -> list[Message]:
        """What is to be sent where all of this run is needed after all: what was held back."""
        held, self._held = self._held or {}, None
        return list(held.values())

    def end(self, *, done: bool) -> tuple[list[Message], bool]:
        """What is to be sent before a run's end, and whether the browser has to keep what did not come.

        Not `done`: the run was cut short, after which a browser clears nothing.
        """
        if not done:
            self._held = None
            return [], False
        gone = [place for place in self._shown if place not in self._came and self._is_cleared(place)]
        if gone:
            last = self.all_of_it()
            for place in gone:
                del self._shown[place]
        else:
            last = []
        self._doubtful -= {self._shown[place].part for place in self._came} | self._parts
        if not self._parts:
            self._doubtful = set()
        keeps, self._held = bool(self._held), None
        return last, keeps

    def _is_cleared(self, place: Place) -> bool:
        """Whether the browser clears this place after this run, if nothing came there."""
        if not self._parts:
            return True
        around = (self._shown.get(place[:length]) for length in range(1, len(place) + 1))
        return any(element.part in self._parts for element in around if element)
