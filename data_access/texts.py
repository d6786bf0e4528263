"""When two texts are the same thing, and which of their spellings stands for all.

Codes, names of products, ids and names of fields are open sets, and Microsoft spells some of them in several ways.
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

#: What is added to the name of a column that would be taken for another one, or that holds what was sent.
AS_SENT = " (as sent)"
#: White space that takes no room: zero width space, word joiner, and the mark of byte order.
_NO_WIDTH = dict.fromkeys((0x200B, 0x2060, 0xFEFF))

Spelling = Callable[[Iterable[str]], Mapping[str, str]]


def key(text: str) -> str:
    """What all texts have in common that differ in capitals, in white space or in Unicode form alone.

    `STRASSE`, `straße` and ` Strasse` have the same one. It is the compatibility caseless match of the Unicode
    Standard (definition D146), with white space collapsed, and without what of it takes no room.
    """
    if not text.isascii():
        text = text.translate(_NO_WIDTH)
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.casefold().split())


def field(fields: Mapping[str, Any], name: str) -> Any:
    """The value of a field whose name is the same as this one; None where there is none."""
    if name in fields:
        return fields[name]
    wanted = key(name)
    return next((value for other, value in fields.items() if key(other) == wanted), None)


def is_whole(text: str) -> bool:
    """Whether a text holds no half of a surrogate pair, which JSON can carry, and no file and no address."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def written(value: object) -> str | None:
    """What any value of JSON is as the text of a cell: a text as it is, all else as JSON, None for null."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")  # JSON can carry half a surrogate pair, which no file can


def keys(texts: pd.Series) -> pd.Series:
    """The key of each text (`str`), missing where there is none; each distinct text is looked at once."""
    folded = texts.astype("category")
    found = pd.Series([key(text) for text in folded.cat.categories], dtype="str")
    return found.reindex(folded.cat.codes).set_axis(texts.index)


def same(texts: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Those of the texts that are the same as one that is wanted, in their order."""
    meant = {key(text) for text in wanted}
    return [text for text in texts if key(text) in meant]


def identifier(text: str) -> str:
    """An id of a tenant or a product as it stands in tables: in capitals, as the commercial calls have them."""
    return key(text).upper()


def identifiers(texts: Iterable[str]) -> dict[str, str]:
    """The `identifier` of each text."""
    return {text: identifier(text) for text in texts}


def order(text: str) -> str:
    """By what texts are sorted for people: `Ärztehaus` stands before `Zebra`, and capitals make no difference."""
    folded = key(text)
    letters = "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))
    return f"{letters}\0{folded}"


def spellings(texts: Iterable[str], preferred: Collection[str] = ()) -> dict[str, str]:
    """For each text the spelling that stands for all that are the same: one of theirs, the same in any order.

    It is the shortest one, and of several the last in the order of code points: small letters, single spaces, a letter
    and its mark in one character. A key among the `preferred` stands for all its spellings, sent or not.
    """
    variants: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        variants[key(text)].add(text)
    return {
        text: common if common in preferred else max(same, key=lambda one: (-len(one), one))
        for common, same in variants.items()
        for text in same
    }


def alike(*columns: pd.Series, spelling: Spelling = spellings) -> list[pd.Series]:
    """The columns as categories of one kind, in their order, where texts that are the same have one spelling.

    `spelling` gives it for each distinct text of all columns. An empty text is none.
    """
    folded = [column.astype("category") for column in columns]
    together = pd.api.types.union_categoricals(folded) if len(folded) > 1 else folded[0].array
    spelled = spelling(together.categories)
    chosen = sorted({one for text, one in spelled.items() if key(text)})
    places = {one: place for place, one in enumerate(chosen)}
    code_of = [places[spelled[text]] if key(text) else -1 for text in together.categories]
    codes = np.array([*code_of, -1], dtype="int64")[together.codes]  # the last one is that of no text
    kind = pd.CategoricalDtype(pd.Index(chosen, dtype="str"))
    ends = np.cumsum([len(column) for column in columns])
    return [
        pd.Series(pd.Categorical.from_codes(codes[end - len(column) : end], dtype=kind), index=column.index)
        for column, end in zip(columns, ends, strict=True)
    ]


def apart(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """New names for those of `names` that are the same as one that is `taken` or that came before.

    Engines take `Snapshot` and `snapshot` for one column.
    """
    used = {key(name) for name in taken}
    renames, added = {}, dict[str, str]()  # to the last name with the same key
    for name in names:
        common = key(name)
        free = name + added.get(common, "")
        while key(free) in used:
            free += AS_SENT
        added[common] = free[len(name) :]
        used.add(key(free))
        if free != name:
            renames[name] = free
    return renames
