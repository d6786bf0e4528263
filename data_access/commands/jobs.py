"""The jobs whose runs the history remembers, so that the operator sees that they still run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

from data_access.errors import HistoryError, PartnerCenterError
from data_access.history.history import History
from data_access.history.run_log import Run


@contextlib.contextmanager
def recorded(history: History, job: str) -> Iterator[None]:
    """Remember this run of a job, whatever becomes of it; a record that cannot be written changes nothing of that."""
    started, exit_code = datetime.now(UTC), PartnerCenterError.exit_code
    try:
        yield
        exit_code = 0
    except PartnerCenterError as error:
        exit_code = error.exit_code
        raise
    finally:
        with contextlib.suppress(HistoryError):
            history.record(Run(started=started, job=job, ended=datetime.now(UTC), exit_code=exit_code))
