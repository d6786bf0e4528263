"""A filter by channel and service, as a value: it becomes a link, a mask over rows, or a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Selection:
    """Channels and services to show; empty means all of them. Codes are kept in alphabetical order, once each."""

    channels: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @classmethod
    def of(cls, channels: Iterable[str] = (), services: Iterable[str] = ()) -> Selection:
        return cls(tuple(sorted(set(channels))), tuple(sorted(set(services))))

    def apply(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows (columns `channel`, `service`) of these channels and services; capitals make no difference."""
        for column, wanted in (("channel", self.channels), ("service", self.services)):
            if wanted:
                folded = {code.casefold() for code in wanted}
                meant = [code for code in rows[column].dropna().unique() if code.casefold() in folded]
                rows = rows[rows[column].isin(meant)]
        return rows

    def sentence(self) -> str:
        """The filter in words that can be read back: `channel = direct, reseller; service = o365`."""
        parts = (("channel", self.channels), ("service", self.services))
        return "; ".join(f"{name} = {', '.join(codes)}" for name, codes in parts if codes) or "none"
