"""Microsoft's rows at the finest grain, as files hold them."""

from __future__ import annotations

import pandas as pd

from dashboard.tables.common import DEPLOYED, OVER_DEPLOYED, UNDEPLOYED
from data_access import Deployment, measures
from data_access.measures import Facts, plain


def own_rows(facts: Facts, *, as_sent: bool = True) -> pd.DataFrame:
    """The rows with Microsoft's own columns first, what is derived after them.

    Every text is as it was sent; or else what tells rows apart is in the one spelling that pages show.
    """
    rows = facts.frame
    if as_sent:
        sent = {name: rows[measures.as_sent(name)] for name in facts.sent if measures.as_sent(name) in rows}
        rows = rows.assign(**sent)
    else:
        rows = rows.assign(**{"serviceName" if facts.estimated else "serviceCode": rows["service"]})
    rows = rows.rename(columns={DEPLOYED.name: DEPLOYED.where(facts.estimated).name})
    derived = [column.where(facts.estimated).name for column in (DEPLOYED, UNDEPLOYED, OVER_DEPLOYED)]
    return plain(rows[[*facts.sent, *(name for name in derived if name not in facts.sent)]])


def unknown(deployment: Deployment) -> frozenset[str]:
    """The columns that Microsoft sent and we do not know, whatever they are called."""
    return frozenset(deployment.facts.sent).difference(deployment.answer.collection.columns)
