"""The table behind the chart: which columns, under which names and formats."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data_access import Deployment, Selection, catalog, measures

_LABELS = {
    "service": "Service",
    "serviceName": "Service",
    "serviceCode": "Service",
    "channel": "Channel",
    "licensesSold": "Sold",
    "licensesDeployed": "Deployed",
    "licensesDeployedEstimated": "≈ Deployed",
    "proratedDeploymentPercent": "Deployment %",
    "deploymentPercent": "Deployment %",
    "undeployed": "Undeployed",
    "overDeployed": "Over-deployed",
    "processedDateTime": "As of (UTC)",
}


def rows(deployment: Deployment, selection: Selection) -> pd.DataFrame:
    """The rows behind the chart, by service and channel; the page shows them and the files hold them.

    Partner deployment: Microsoft's rows with their own columns first, what is derived after them. Commercial counts:
    added up to the same grain.
    """
    found = selection.apply(deployment.facts)
    if deployment.answer.collection is catalog.DEPLOYMENT:
        own = list(deployment.answer.frame.columns)
        derived = found.rename(columns={"licensesDeployed": "licensesDeployedEstimated"})
        table = derived[[*own, "licensesDeployedEstimated", "undeployed", "overDeployed"]]
        return table.sort_values(["serviceName", "channel"], kind="stable", ignore_index=True)
    return measures.by(found, ["service", "channel"]).rename(columns={"service": "serviceCode"})


def columns(table: pd.DataFrame) -> dict[str, Any]:
    """How `st.dataframe` shows each column; those that are not known to us keep their own name."""
    config = st.column_config
    found: dict[str, Any] = {}
    for name in table.columns:
        label = _LABELS.get(name, name)
        if name.endswith("Percent"):
            top = max(100.0, float(table[name].max(skipna=True))) if len(table) else 100.0
            found[name] = config.ProgressColumn(label, format="%.2f %%", min_value=0, max_value=top)
        elif name in ("licensesSold", "licensesDeployed"):
            found[name] = config.NumberColumn(label, format="localized")
        elif name in ("licensesDeployedEstimated", "undeployed", "overDeployed"):
            found[name] = config.NumberColumn(label, format="%,.0f")
        elif name == "processedDateTime":
            found[name] = config.DatetimeColumn(label, format="D MMM YYYY, HH:mm", timezone="UTC")
        else:
            found[name] = config.TextColumn(label)
    return found
