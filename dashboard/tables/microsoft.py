"""Microsoft's rows at the finest grain, as files hold them."""

from __future__ import annotations

import pandas as pd

from dashboard.tables.common import DEPLOYED, OVER_DEPLOYED, UNDEPLOYED
from data_access import Deployment
from data_access.measures import Facts, plain


def own_rows(facts: Facts) -> pd.DataFrame:
    """The rows with Microsoft's own columns first, what is derived after them."""
    rows = facts.frame.rename(columns={DEPLOYED.name: DEPLOYED.where(facts.estimated).name})
    derived = [column.where(facts.estimated).name for column in (DEPLOYED, UNDEPLOYED, OVER_DEPLOYED)]
    return plain(rows[[*facts.sent, *(name for name in derived if name not in facts.sent)]])


def unknown(deployment: Deployment) -> frozenset[str]:
    """The columns that Microsoft sent and we do not know, whatever they are called."""
    return frozenset(deployment.facts.sent).difference(deployment.answer.collection.columns)
