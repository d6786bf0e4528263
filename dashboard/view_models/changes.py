"""View model of the Changes page, cached for all visitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date

import pandas as pd

from dashboard import formats, page_turns
from dashboard.cache import remembered
from dashboard.charts import contributions, palette
from dashboard.charts.base import Finished
from dashboard.feeds import Feeds
from dashboard.filters import levels
from dashboard.tables import changes as changes_tables
from dashboard.tables.columns import OnScreen, Total
from dashboard.view_models import lines
from dashboard.view_models.lines import Lost
from data_access import Selection, Timeline, texts, titles
from data_access.datasets import comparison
from data_access.datasets.comparison import Comparison, Differences
from data_access.measures import changes, customers, parts
from data_access.measures.changes import Status, Why
from data_access.measures.trends import AS_OF
from data_access.measures.unread_rows import Absence
from data_access.partner_center import catalog

_TITLE_LENGTH, _CUSTOMER_LENGTH, _PRODUCT_LENGTH, _CHANNEL_LENGTH = 30, 14, 22, 12  # characters, in the margin
_SEARCHED = ("customerName", customers.CUSTOMER, "productName")


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """One measure at both dates."""

    before: float
    after: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ChangesView:
    """The content of the Changes page. `number` counts all rows within the search, of every status.

    What could not be read in the later answer, or not as a whole, is in `counts` and in `table`, and in nothing else.
    """

    why: Why
    sums: Mapping[str, BeforeAndAfter]  # licensesSold, licensesDeployed, undeployed
    counts: Mapping[str, int]  # number of rows by status
    number: int
    known: int  # how many of them could be read
    products: int | None  # how many different ones these are, where a row is of no more than one
    up: tuple[str, float]  # title and percent points of the row that lifted the percentage most; 0.0 where none did
    down: tuple[str, float]
    estimated: bool
    figure: Finished
    words: str
    table: pd.DataFrame  # the rows of `changes.compare`, those that moved the percentage most first
    total: Total  # of all rows that are known
    missing: tuple[Lost, ...] = ()  # parts that were there before the earlier answer, which does not have them
    lacking: str = ""  # how many rows of the later answer there are none of, where `lost` does not name all of them
    gaps: tuple[str, ...] = ()  # rows of which the later answer does not tell all, and which `lost` does not name
    lost: tuple[Lost, ...] = ()  # what the later answer does not have any more, those with most licenses first

    @property
    def nothing_read(self) -> bool:
        """Whether there are rows and none of them could be read: a sum of these is not zero."""
        return self.number > 0 and not self.known

    def with_status(self, statuses: tuple[str, ...]) -> pd.DataFrame:
        """The rows that have one of these statuses."""
        return self.table[self.table["status"].isin(statuses)]

    def file(self, statuses: tuple[str, ...]) -> pd.DataFrame:
        """The rows that have one of these statuses, as a file holds them."""
        return changes_tables.CHANGES_FILE.select(self.with_status(statuses), estimated=self.estimated)


@remembered
def changes_view(
    feeds: Feeds, past: Timeline, compared: Comparison, selection: Selection, *, search: str, dark: bool
) -> ChangesView:
    """The comparison of both dates at one level; `search` applies to levels that can be searched.

    Raises a PartnerCenterError if the history's files cannot be read.
    """
    differences = _differences(feeds, past, compared, selection)
    table, estimated = differences.table, differences.estimated
    searched = [name for name in _SEARCHED if name in table]
    if search and searched:
        table = changes.among(customers.matching(table, search, searched))
    gaps = _gaps(table, differences)
    table = contributions.in_order(table)
    net, known = contributions.net_effect(table), changes.known(table)
    key = customers.CUSTOMER if customers.CUSTOMER in table else "service"
    drawn = contributions.bars(known, _titled(known.head(contributions.number_drawn(known))), key=key)
    why = changes.why(table)
    moved = (0.0, 0.0, 0.0) if why.change is None else contributions.printed(why)
    return ChangesView(
        why=why,
        sums={
            name: BeforeAndAfter(float(known[f"{name}Before"].sum()), float(known[f"{name}After"].sum()))
            for name in ("licensesSold", "licensesDeployed", "undeployed")
        },
        counts={status: int((table["status"] == status).sum()) for status in Status},
        number=len(table),
        known=len(known),
        products=table["productName"].nunique(dropna=False) if key == "service" and "productName" in table else None,
        up=_first(table, net, net > 0),
        down=_first(table, net, net < 0),
        estimated=estimated,
        figure=contributions.figure(drawn, estimated, palette.of(dark), key=key),
        words=contributions.in_words(drawn, f"{compared.level}s"),
        table=table,
        total=changes_tables.total(known, why, moved, levels.WORDS[compared.level].noun, estimated),
        missing=_missing(past, differences, selection, compared),
        lost=_lost(table, differences, compared.since, _processed(past, compared)),
        lacking=(differences.unread if gaps else differences.untold).in_words,
        gaps=gaps,
    )


def codes_with_unread(past: Timeline, codes: tuple[list[str], list[str]]) -> tuple[list[str], list[str]]:
    """Channels and services by which the page can filter: those of the data, and of rows that could not be read.

    The page has a line of these as well. Asked are the newest answers, which are compared unless dates are chosen.
    """
    compared = {past.collection.name, catalog.COMMERCIAL_DEPLOYMENT.name}
    unread = [past.unread_of(past.history.newest(collection)) for collection in compared]
    channels, services = (
        [*known, *(sent for rows in unread for sent in rows.texts_sent(column) if not texts.same([sent], known))]
        for column, known in zip(("channel", "service"), codes, strict=True)
    )
    return sorted({*titles.spellings(channels).values()}), sorted({*titles.spellings(services).values()})


@remembered
def on_screen(model: ChangesView, statuses: tuple[str, ...]) -> OnScreen:
    """The table below the chart: the rows that have one of these statuses."""
    rows = contributions.parts_printed(model.with_status(statuses))
    return changes_tables.on_screen(rows, model.estimated, model.total)


@remembered
def _differences(feeds: Feeds, past: Timeline, compared: Comparison, selection: Selection) -> Differences:
    with page_turns.paused():
        return comparison.compare(past, lambda: feeds.engine(past), compared, selection)


def _processed(past: Timeline, compared: Comparison) -> pd.Series:
    """The processing date that each part had in the earlier answer, by service and channel, as far as it is known."""
    counted = past.by(comparison.collection_of(past, compared.level))
    rows = counted.facts.frame if counted else past.facts.frame[:0]
    rows = rows[rows["snapshot"] == comparison.pair(past, compared).before.id]
    return rows.groupby([*parts.OF_COMPANY], observed=True)["processedDateTime"].max()


def _lost(table: pd.DataFrame, differences: Differences, since: date, processed: pd.Series) -> tuple[Lost, ...]:
    """What is gone or unread: of the parts, where rows do not tell them apart, and of the rows, where they tell more.

    Each has the processing date of its figures, of parts `processed`, as on other pages; what has none the answer's.
    """
    found: list[tuple[str, float, pd.Timestamp, Absence]] = []
    of_answer = pd.Timestamp(since, tz=UTC)
    if "productName" not in table:
        then, now = (differences.sold(when) for when in ("Before", "After"))
        dates = [processed.get((row.service, row.channel), of_answer) for row in then.itertuples()]
        then = then.assign(processedDateTime=pd.to_datetime(pd.Series(dates, then.index), utc=True))
        gone = parts.together(parts.lost(then, now, parts.OF_COMPANY, unread=differences.unread))
        columns = (gone[parts.TITLE], gone["licensesSold"], gone["processedDateTime"], map(Absence, gone[parts.WHY]))
        found += zip(*columns, strict=True)
    if "service" not in table or "productName" in table:
        is_nothing = (table["status"] == Status.GONE) | table["licensesSoldAfter"].isna()
        gone = table[is_nothing & (table["licensesSoldBefore"] > 0)]
        gone = gone.sort_values("licensesSoldBefore", ascending=False, kind="stable")
        why = parts.why(gone, [name for name in comparison.TELL_APART if name in gone], differences.unread)
        keys = [name for name in differences.processed if name in gone]
        on = gone[keys].merge(differences.processed, on=keys, how="left")["processedDateTime"]
        found += zip(_titled(gone)["title"], gone["licensesSoldBefore"], on, why, strict=True)
    if differences.of_customers is not None:
        found += _of_customers(table, differences.of_customers)
    return tuple(Lost(str(title), float(sold), of_answer if pd.isna(on) else on, why) for title, sold, on, why in found)


def _gaps(table: pd.DataFrame, differences: Differences) -> tuple[str, ...]:
    """The titles of `Differences.gaps`, as far as they are in the table, those with most licenses first."""
    rows = table[table.index.isin(differences.gaps)]
    return tuple(_titled(rows.sort_values("licensesSoldBefore", ascending=False, kind="stable"))["title"])


def _of_customers(table: pd.DataFrame, unread: pd.DataFrame) -> list[tuple[str, float, pd.Timestamp, Absence]]:
    """What the later answer does not tell of the customers of a table, each with the customer's name."""
    known = table[table[customers.CUSTOMER].isin(unread[customers.CUSTOMER])]
    rows = parts.together(unread[unread[customers.CUSTOMER].isin(known[customers.CUSTOMER])], [customers.CUSTOMER])
    names = _titled(known).set_index(customers.CUSTOMER)["title"]
    named = zip(rows[customers.CUSTOMER].map(names), rows[parts.TITLE], strict=True)
    columns = zip(named, rows["licensesSold"], rows["processedDateTime"], rows[parts.WHY], strict=True)
    return [(f"{name} · {part}", sold, on, Absence(why)) for (name, part), sold, on, why in columns]


def _missing(past: Timeline, differences: Differences, selection: Selection, compared: Comparison) -> tuple[Lost, ...]:
    """The parts that count as new although an answer before the earlier one had them, where that can be told."""
    if comparison.collection_of(past, compared.level) is not past.collection:
        return ()
    until = pd.Timestamp(compared.since, tz=UTC) + pd.Timedelta(days=1)
    known = lines.of_parts(past.facts.selected(selection))
    last = known[known[AS_OF] < until].sort_values(AS_OF, kind="stable")
    last = last.drop_duplicates([*parts.OF_COMPANY], keep="last").dropna(subset=["service"])
    then, now = (differences.sold(when) for when in ("Before", "After"))
    never = parts.lost(parts.lost(last, then, parts.OF_COMPANY), now, parts.OF_COMPANY)
    # One channel of two that is back is named: its licenses are not those of the service.
    return lines.lost(parts.lost(last, pd.concat([then, never[[*parts.OF_COMPANY]]]), parts.OF_COMPANY))


def _titled(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with `title`, and with `label`, the title short enough for the margin."""
    parts: list[tuple[pd.Series, int]] = []
    if customers.CUSTOMER in table:
        parts.append((table["customerName"].fillna(table[customers.CUSTOMER]), _CUSTOMER_LENGTH))
    if "productName" in table:
        parts.append((table["productName"].fillna("(no name)").map(titles.product_title), _PRODUCT_LENGTH))
        if len(parts) == 1:
            parts.append((table["channel"].map(titles.channel_title).str.lower(), _CHANNEL_LENGTH))
    if not parts:
        parts.append((table["service"].map(titles.service_title), _TITLE_LENGTH))
    elif len(parts) == 1:
        parts = [(parts[0][0], _TITLE_LENGTH)]
    whole = [text for text, _ in parts]
    short = [text.map(lambda title, length=length: formats.shortened(title, length)) for text, length in parts]
    return table.assign(title=_joined(whole), label=_joined(short))


def _joined(parts: list[pd.Series]) -> pd.Series:
    return pd.Series([" · ".join(row) for row in zip(*parts, strict=True)], index=parts[0].index, dtype="str")


def _first(table: pd.DataFrame, net: pd.Series, mask: pd.Series) -> tuple[str, float]:
    """The title and the net effect of the first row of which `mask` is true; "" and 0.0 without one."""
    if not mask.any():
        return "", 0.0
    place = int(mask.to_numpy().argmax())
    return str(_titled(table.iloc[[place]])["title"].iloc[0]), float(net.iloc[place])
