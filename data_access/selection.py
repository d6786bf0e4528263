"""What is asked for: a value that can become a link, a mask over rows, and a sentence."""

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

    def apply(self, facts: pd.DataFrame) -> pd.DataFrame:
        """The rows of `facts` (columns `channel`, `service`) that were asked for; capitals make no difference."""
        for column, wanted in (("channel", self.channels), ("service", self.services)):
            if wanted:
                folded = {code.casefold() for code in wanted}
                meant = [code for code in facts[column].dropna().unique() if code.casefold() in folded]
                facts = facts[facts[column].isin(meant)]
        return facts

    def sentence(self) -> str:
        """The filter in words that can be read back: `channel = direct, reseller; service = o365`."""
        parts = (("channel", self.channels), ("service", self.services))
        return "; ".join(f"{name} = {', '.join(wanted)}" for name, wanted in parts if wanted) or "none"
