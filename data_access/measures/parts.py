"""Parts: the finest rows of which a sum is made, which of them it has lost, and which it lacked on a date.

A sum of a company is made of services in channels, that of a customer of products in channels. Single customers come
and go, and are no parts: what is missing when one leaves is what that one had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from data_access import texts, titles
from data_access.measures import core
from data_access.measures.core import Facts
from data_access.measures.customers import CUSTOMER
from data_access.measures.trends import AS_OF, WEEKS, answers
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows

#: The columns that tell the parts of a sum apart: what is sold, and the channel through which it is.
OF_COMPANY = ("service", "channel")
OF_CUSTOMER = ("productName", "channel")
#: The column of what a part is called.
TITLE = "part"
#: The column of why it is not there, an `Absence`.
WHY = "why"
_NO_NAME = "(no name)"
_DAY = "day"


Matrix = np.ndarray[tuple[int, int], np.dtype[np.bool_]]
Row = np.ndarray[tuple[int], np.dtype[np.bool_]]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]


class Part(NamedTuple):
    """A part, as it is spelled: the code of a service or the name of a product, and the channel."""

    name: str
    channel: str

    @property
    def key(self) -> Part:
        """What all spellings of the same part have in common."""
        return Part(texts.key(self.name), texts.key(self.channel))


def columns(facts: Facts) -> tuple[str, str]:
    """The columns of the parts of a sum of facts over time: those of one customer have its products."""
    return OF_CUSTOMER if OF_CUSTOMER[0] in facts.frame else OF_COMPANY


def of(rows: pd.DataFrame, columns: Sequence[str]) -> list[Part]:
    """The parts that rows have, each spelling once; a row without a name is of none."""
    if rows.empty:
        return []
    return _factorized(_named(rows, columns), columns)[1]


def lost(
    then: pd.DataFrame,
    now: pd.DataFrame,
    columns: Sequence[str],
    within: Sequence[str] = (),
    unread: UnreadRows = ALL_READ,
) -> pd.DataFrame:
    """The rows of `then` with licenses sold whose parts the rows of `now` do not have, with their `TITLE` and `WHY`.

    `within`: the columns of what has parts of its own, such as customers. `then` has one row for each part of these.
    `unread`: what the answer of `now` does not tell.
    A part is the same however it is spelled. It is called by its name alone where nothing of that name is there now,
    for one reason, and where the figures of all that bears it are of one day.
    """
    of_then, of_now = (_keyed(rows, columns, within) for rows in (then, now))
    is_there, is_left = (
        pd.MultiIndex.from_frame(of_then[keys]).isin(pd.MultiIndex.from_frame(of_now[keys].drop_duplicates()))
        for keys in ([*within, *columns], [*within, columns[0]])
    )
    is_lost = ~is_there & (then["licensesSold"] > 0).to_numpy()
    keys = of_then[is_lost].assign(**{name: texts.keys(of_then[is_lost][name]) for name in within})
    why = unread.why(keys)
    same = keys.assign(**{WHY: why, _DAY: _days(then[is_lost])}).groupby([*within, columns[0]])[[WHY, _DAY]]
    differs = (same.transform("nunique") > 1).any(axis=1)
    by_channel = is_left[is_lost] | differs.to_numpy(dtype="bool")
    named = zip(*(then[is_lost][name].astype("str").fillna("") for name in columns), by_channel, strict=True)
    called = [_title(Part(name, channel), columns, is_left=left) for name, channel, left in named]
    added = {TITLE: called, WHY: why}
    return then[is_lost].assign(
        **{name: pd.Series(values, index=then.index[is_lost], dtype="str") for name, values in added.items()}
    )


def _days(rows: pd.DataFrame) -> pd.Series | None:
    """The day of which the figures of rows are; None where they do not say."""
    dated = next((name for name in (AS_OF, "processedDateTime") if name in rows), None)
    return rows[dated].dt.normalize() if dated else None


def why(rows: pd.DataFrame, columns: Sequence[str], unread: UnreadRows) -> list[Absence]:
    """Why what these columns of the rows tell apart is not in an answer, with all that it has."""
    return unread.why(keyed(rows, columns)) if len(rows) else []


def not_listed(book: Iterable[str], known: frozenset[str], unread: UnreadRows) -> dict[Absence, int]:
    """How many customers of a book are none of those `known`, by why."""
    there = pd.DataFrame({CUSTOMER: sorted({*book} - known)}, dtype="str")
    return dict(Counter(why(there, [CUSTOMER], unread)))


def keyed(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """These columns of the rows in one spelling of each text."""
    return pd.DataFrame({name: texts.keys(rows[name].astype("str")).fillna("") for name in columns}, index=rows.index)


def together(lost: pd.DataFrame, within: Sequence[str] = ()) -> pd.DataFrame:
    """What is `lost`, one row for each title and why, with the sum of licenses sold; those with most licenses first."""
    if lost.empty:
        return lost
    rows = lost.sort_values("licensesSold", ascending=False, kind="stable")
    keys = [*within, TITLE, WHY]
    first = rows.assign(licensesSold=rows.groupby(keys, observed=True, sort=False)["licensesSold"].transform("sum"))
    return first.drop_duplicates(keys).sort_values(["licensesSold", *keys], ascending=[False, *[True] * len(keys)])


def absent(
    lines: pd.DataFrame, now: pd.DataFrame, columns: Sequence[str], unread: UnreadRows = ALL_READ
) -> pd.DataFrame:
    """The last points of the parts that the newest answer does not have, however old, as `lost` has them.

    `lines`: those of the parts (see `trends.lines`). `now`: the rows of the newest answer; without any part it lacks
    none.
    """
    named = _named(lines, columns)
    place, spelled = _factorized(named, columns)
    keys = [part.key for part in spelled]
    there = {part.key for part in of(now, columns)}
    if not there or there.issuperset(keys):  # nearly always, and there is a line of each service
        return lines[:0].assign(**dict.fromkeys((TITLE, WHY), pd.Series(dtype="str")))
    number = {key: each for each, key in enumerate(dict.fromkeys(keys))}
    ordered = named.assign(_part=np.array([number[key] for key in keys])[place]).sort_values(AS_OF, kind="stable")
    last = ordered.drop_duplicates("_part", keep="last").drop(columns="_part")
    return lost(last, now, columns, unread=unread)


def missed(absent: pd.DataFrame, lines: pd.DataFrame, compared: pd.DataFrame | None = None) -> pd.DataFrame:
    """Those of the parts that are `absent` of which a sum has to say so: it had them in the last `WEEKS`.

    `compared`: the points of the sum that are compared, the oldest first; a part that any of them has is missed too.
    """
    if absent.empty:
        return absent
    is_missed = absent[AS_OF] >= lines[AS_OF].max() - timedelta(weeks=WEEKS)
    if compared is not None and len(compared):
        # What is not processed again is in answers of later dates than its own.
        is_missed |= (absent[AS_OF] >= compared[AS_OF].iloc[0]) | absent["snapshot"].isin(compared["snapshot"])
    return pd.DataFrame(absent[is_missed])


def half_read(unread: UnreadRows, gone: pd.DataFrame, known: pd.DataFrame, columns: Sequence[str]) -> list[Part]:
    """The parts of which a row of the newest answer could not be read, each once; not those that are `gone` with it.

    They are spelled as in `known`, rows of any answer, or else as they were sent. One whose channel could not be read
    has none. Of one customer, a row that does not tell whose it is counts where `known` has its part: it would stop
    everybody's figures otherwise.
    """
    if not unread.rows:  # nearly always, and there is a line of each service, customer or product
        return []
    name, channel = columns
    lost = {part.key for part in of(gone, columns)}
    spelled: dict[str, str] = {}
    for column in columns:
        there = known[column].dropna().astype("str").unique()
        spelled |= {
            texts.key(text): text for text in (*core.IDENTITIES[column](unread.texts_sent(column)).values(), *there)
        }
    had = {part.key for part in of(known, columns)}
    had |= {part._replace(channel="") for part in had}
    found: dict[Part, Part] = {}
    for row in unread.rows:
        key = Part(row.get(name, ""), row.get(channel, ""))
        if name == OF_CUSTOMER[0] and CUSTOMER not in row and key not in had:
            continue
        is_lost = key in lost if key.channel else any(part.name == key.name for part in lost)
        if key.name and not is_lost:
            found[key] = Part(*(spelled.get(text, text) for text in key))
    return list(found.values())


def of_unread(part: Part, columns: Sequence[str]) -> str:
    """What a sum lacks of a part that is `half_read`, in words."""
    return f"a row of {_title(part, columns, is_left=True)} that could not be read"


@dataclass(frozen=True, eq=False)
class Presence:
    """Which answers had which parts: a row for each snapshot in order, a column for each of `keys`."""

    columns: Sequence[str]
    snapshots: Sequence[str]
    keys: Sequence[Part]
    spelled: Mapping[Part, Part]
    there: Matrix
    sold: Matrix  # with licenses sold

    def missing(self, now: Iterable[Part]) -> dict[str, list[str]]:
        """What the sum of all lacked, by snapshot, in words; see `lacking`."""
        return {snapshot: self._titles(lacked) for snapshot, lacked in self.lacking(now).items()}

    def lacking(self, now: Iterable[Part]) -> dict[str, list[Part]]:
        """What the sum of all lacked, by snapshot: points are comparable where they are of the same parts.

        A part without a channel stands for a name of which nothing was there.

        What earlier and later answers have, with licenses sold, is missing in between; what comes first later is new.
        `now` are the parts that count as there in the end, such as those of the newest answer.
        """
        before = np.maximum.accumulate(self.sold, axis=0)
        at_the_end = {part.key for part in now}
        ends = np.array([key in at_the_end for key in self.keys], dtype=bool)
        after = np.maximum.accumulate(self.sold[::-1], axis=0)[::-1] | ends
        lacks = before & after & ~self.there
        return {
            self.snapshots[row]: self._named(lacks[row], self.there[row])
            for row in np.flatnonzero(lacks.any(axis=1)).tolist()
        }

    def new(self, since: str, until: str) -> list[str]:
        """What one snapshot has, with licenses sold, and an earlier one does not, in words and in their order."""
        if not {since, until} <= {*self.snapshots}:
            return []
        before, after = (self.sold[self.snapshots.index(snapshot)] for snapshot in (since, until))
        return sorted(self._titles(self._named(after & ~before, before)), key=texts.order)

    def _named(self, named: Row, left: Row) -> list[Part]:
        """The parts of these columns, each name once of which nothing is there; `left`: what is."""
        names = {self.keys[column].name for column in np.flatnonzero(left).tolist()}
        found: dict[Part, Part] = {}
        for column in np.flatnonzero(named).tolist():
            key = self.keys[column]
            spelled = self.spelled[key]
            if key.name in names:
                found[key] = spelled
            else:
                found.setdefault(key._replace(channel=""), spelled._replace(channel=""))
        return list(found.values())

    def _titles(self, named: Iterable[Part]) -> list[str]:
        return list(dict.fromkeys(_title(part, self.columns, is_left=True) for part in named))


def presence(facts: Facts, columns: Sequence[str]) -> Presence:
    """Which whole answers had which parts, however they are spelled."""
    rows = answers(facts).dropna(subset=[columns[0]])
    # A crosstab of pandas would take a hundred milliseconds of a year of days.
    at, snapshots = pd.factorize(rows["snapshot"], sort=True)
    place, spelled = _factorized(rows, columns)
    names = {part.key: part for part in spelled}
    keys = sorted(names)
    column_of = {key: column for column, key in enumerate(keys)}
    cells = at * len(keys) + np.array([column_of[part.key] for part in spelled], dtype="int64")[place]
    shape = (len(snapshots), len(keys))
    licenses = rows["licensesSold"].to_numpy(dtype="float64", na_value=0.0)
    there, sold = (np.bincount(cells, each, shape[0] * shape[1]).reshape(shape) > 0 for each in (None, licenses))
    return Presence(columns, [*map(str, snapshots)], keys, names, there, sold)


def _title(part: Part, columns: Sequence[str], *, is_left: bool) -> str:
    named = titles.product_title(part.name) if columns[0] == OF_CUSTOMER[0] else titles.service_title(part.name)
    named = named or _NO_NAME
    return titles.through(named, part.channel) if is_left and part.channel else named


def _keyed(rows: pd.DataFrame, columns: Sequence[str], within: Sequence[str]) -> pd.DataFrame:
    """What tells the parts of rows apart, in one spelling."""
    return rows[[*within]].astype("str").join(keyed(rows, columns))


def _named(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The rows that have a name."""
    has_name = rows[columns[0]].notna()
    return rows if has_name.all() else rows[has_name]


def _factorized(rows: pd.DataFrame, columns: Sequence[str]) -> tuple[Places, list[Part]]:
    """The place of each row's part among the distinct ones, and these."""
    (name, names), (channel, channels) = (pd.factorize(rows[column], use_na_sentinel=False) for column in columns)
    place, pairs = pd.factorize(name * len(channels) + channel)
    return place, [
        Part(str(names[pair // len(channels)]), str(channels[pair % len(channels)])) for pair in pairs.tolist()
    ]
