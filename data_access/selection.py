"""A filter by channel and service, as a value: it becomes a link, a mask over rows, or a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from data_access import texts


@dataclass(frozen=True, slots=True)
class Selection:
    """Channels and services to show; empty means all of them. Codes are kept in alphabetical order, once each."""

    channels: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @classmethod
    def of(cls, channels: Iterable[str] = (), services: Iterable[str] = ()) -> Selection:
        return cls(tuple(sorted(set(channels))), tuple(sorted(set(services))))

    @property
    def wanted(self) -> dict[str, tuple[str, ...]]:
        """The codes by column; only of what is selected from."""
        columns = {"channel": self.channels, "service": self.services}
        return {name: codes for name, codes in columns.items() if codes}

    def apply(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows (columns `channel`, `service`) of these channels and services, however spelled."""
        for column, wanted in self.wanted.items():
            rows = rows[rows[column].isin(texts.same(rows[column].dropna().unique(), wanted))]
        return rows

    def sentence(self) -> str:
        """The filter in words that can be read back: `channel = direct, reseller; service = o365`."""
        return "; ".join(f"{name} = {', '.join(codes)}" for name, codes in self.wanted.items()) or "none"
