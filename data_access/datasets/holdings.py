"""What the history holds, in the few numbers that tell the operator whether it is kept up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from data_access import history
from data_access.history.run_log import Job
from data_access.partner_center.answers import Progress, Step
from data_access.settings import Settings


@dataclass(frozen=True, slots=True)
class Holdings:
    """By collection: when it was last read (UTC) and how many snapshots there are. `jobs` by name, `size` in bytes."""

    last_read: Mapping[str, datetime]
    snapshots: Mapping[str, int]
    jobs: Mapping[str, Job]
    size: int


def take_stock(settings: Settings, progress: Progress) -> Holdings:
    """Open the account's history and count. Raises HistoryError where it cannot be read."""
    progress(Step("Counting what the history holds"))
    account = history.open(settings)
    standings = account.standing()
    return Holdings(
        {name: standing.last_success for name, standing in standings.items() if standing.last_success},
        {name: len(account.snapshots(name)) for name in standings},
        account.jobs(),
        account.size,
    )
