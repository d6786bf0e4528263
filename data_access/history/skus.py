"""What the catalogue of products said: the id of each SKU's product, which hardly changes and is asked for once.

    skus/<id>-<checksum>.json

A file that is damaged is left out: its SKUs are asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from data_access.history import layout, store
from data_access.history.store import Damaged, Store

FOLDER = layout.SKUS
#: After so long a SKU without a product is asked for again.
AGAIN = timedelta(days=30)
_LOOSE = 20  # files that may stand side by side


class Sku(BaseModel):
    """One SKU by its key, `product:sku`; `product` is Entra's id, empty where the catalogue gives none."""

    model_config = ConfigDict(frozen=True)

    sku: str
    product: str
    at: datetime  # UTC, when it was said


_LIST = TypeAdapter(list[Sku])


class Skus:
    """The answers of the catalogue in a store."""

    def __init__(self, folder: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = folder, clock

    def known(self) -> dict[str, str]:
        """The products by SKU, those without one included as long as they need not be asked for again.

        Raises HistoryError where they cannot be listed.
        """
        since = self._clock() - AGAIN
        return {one.sku: one.product for one in self._newest(self._listed()).values() if one.product or one.at > since}

    def add(self, found: Mapping[str, str]) -> None:
        """Remember what the catalogue said. Raises HistoryError where that cannot be written."""
        if found:
            now = self._clock()
            self._put([Sku(sku=sku, product=product, at=now) for sku, product in sorted(found.items())])
            if len(self._listed()) > _LOOSE:
                self.compact()

    def compact(self) -> None:
        """Put all into one file; damaged files stay."""
        listed = self._listed()
        read = dict(zip(listed, self._store.read_all(listed, self._read), strict=True))
        replaced = [path for path in listed if read[path]]
        if len(replaced) > 1:
            self._put(list(_newest(read.values()).values()))
            for path in replaced:
                self._store.delete(path)

    def _newest(self, listed: list[str]) -> dict[str, Sku]:
        return _newest(self._store.read_all(listed, self._read))

    def _listed(self) -> list[str]:
        return [file.path for file in self._store.finished(FOLDER)]

    def _read(self, path: str) -> list[Sku]:
        try:
            content = self._store.read(path)
            store.check(path, content)
            return _LIST.validate_json(content.to_pybytes())
        except (FileNotFoundError, Damaged, ValidationError):
            return []

    def _put(self, skus: list[Sku]) -> None:
        content = pa.py_buffer(_LIST.dump_json(skus))
        name = store.new_id(self._listed(), self._clock())
        self._store.put(f"{FOLDER}/{store.sealed(name, 'json', content)}", content)


def _newest(files: Iterable[list[Sku]]) -> dict[str, Sku]:
    """What was said last of each SKU."""
    return {one.sku: one for one in sorted((one for skus in files for one in skus), key=lambda one: one.at)}
