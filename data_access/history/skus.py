"""What the catalogue of products said: the id of each SKU's product and its title, which hardly change.

    skus/<id>-<checksum>.json

A file that is damaged is left out: its SKUs are asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain

from pydantic import BaseModel, ConfigDict

from data_access.history import layout, record_files
from data_access.history.record_files import RecordFiles
from data_access.history.store import Store
from data_access.partner_center.products import Entry

FOLDER = layout.SKUS
#: After so long a SKU without a product is asked for again.
AGAIN = timedelta(days=30)
_LOOSE = 20  # files that may stand side by side


class Sku(BaseModel):
    """One SKU by its key, `product:sku`; `product` is Entra's id, empty where the catalogue gives none.

    The title is None where an earlier version did not keep it.
    """

    model_config = ConfigDict(frozen=True)

    sku: str
    product: str
    title: str | None = None
    at: datetime  # UTC, when it was said


class Skus:
    """The answers of the catalogue in a store."""

    def __init__(self, folder: Store, clock: Callable[[], datetime]) -> None:
        self._files = RecordFiles(folder, FOLDER, record_files.json(list[Sku]), clock)
        self._clock = clock

    def known(self) -> dict[str, Entry]:
        """What was said by SKU, of those without a product as long as they need not be asked for again.

        Raises HistoryError where they cannot be listed.
        """
        since = self._clock() - AGAIN
        return {one.sku: Entry(one.product, one.title) for one in self._all() if one.product or one.at > since}

    def titles(self) -> dict[str, str]:
        """The titles by SKU, however long ago they were said. Raises HistoryError where they cannot be listed."""
        return {one.sku: one.title for one in self._all() if one.title}

    def add(self, found: Mapping[str, Entry]) -> None:
        """Remember what the catalogue said. Raises HistoryError where that cannot be written."""
        if found:
            now = self._clock()
            self._files.put([Sku(sku=sku, at=now, **said._asdict()) for sku, said in sorted(found.items())])
            if len(self._files.paths()) > _LOOSE:
                self.compact()

    def compact(self) -> None:
        """Put all into one file; damaged files stay."""
        read = self._files.read(self._files.paths())
        if len(read) > 1:
            self._files.replace(read, list(_newest(read.values()).values()))

    def _all(self) -> Iterable[Sku]:
        return _newest(self._files.read(self._files.paths()).values()).values()


def _newest(files: Iterable[list[Sku]]) -> dict[str, Sku]:
    """What was said last of each SKU."""
    return {said.sku: said for said in sorted(chain.from_iterable(files), key=lambda said: said.at)}
