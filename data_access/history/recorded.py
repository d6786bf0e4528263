"""A history in the place of a client: the answers that were the newest ones when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from data_access.errors import DamagedHistory, NotKept
from data_access.history.history import History
from data_access.history.store import Damaged
from data_access.partner_center.answers import Answer, Progress, Step
from data_access.partner_center.catalog import Collection


class Recorded:
    """Answers for a collection as Partner Center did last, before a history ends: see `History.until`.

    `confirmed`: when each collection was last found to be as it is kept, by name; else it is as old as its snapshot.
    """

    def __init__(self, history: History, confirmed: Mapping[str, datetime] | None = None) -> None:
        self._history, self._confirmed = history, confirmed or {}

    def fetch(self, collection: Collection, *, progress: Progress) -> Answer:
        """The newest answer that was kept, read again from its bytes.

        Raises NotKept where none was kept, DamagedHistory where its file is not what was written, and one of the
        family in `errors` where it cannot be understood any more.
        """
        snapshot = self._history.newest(collection)
        if snapshot is None:
            raise NotKept(
                f"The history has nothing of {collection.title} that far back.",
                "Choose a later day, or look at the newest figures.",
            )
        progress(Step("Reading what was known then"))
        try:
            reread = self._history.reread(snapshot)
        except (FileNotFoundError, Damaged):
            raise DamagedHistory(
                f"The answer of {snapshot.day:%Y-%m-%d} cannot be read: its file is not what was written.",
                "Choose another day, or run verify to see what is damaged.",
            ) from None
        return Answer(
            collection,
            reread.frame,
            reread.set_aside,
            snapshot.announced,
            self._confirmed.get(collection.name, snapshot.fetched_at),
            snapshot.correlation_id,
            twice=snapshot.twice,
        )
