"""Cached reads: the one place that remembers something between visitors."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from dashboard import charts, tables, theme
from dashboard.filters import View
from data_access import (
    Client,
    Deployment,
    Feed,
    Selection,
    Settings,
    client,
    fetch_deployment,
    load_settings,
    measures,
    names,
)
from data_access.client import Progress
from data_access.source import title as source_title


@dataclass(frozen=True, eq=False)
class Picture:
    """One view of one answer, ready to show."""

    total: measures.Total
    services: pd.DataFrame  # one row per service, in the order of the view
    figure: go.Figure
    words: str
    rows: pa.Table  # what the table shows; as Arrow, since that is how it travels to the browser
    columns: dict[str, Any]


def settings() -> Settings:
    return load_settings()


def source(found: Settings) -> str:
    return source_title(found)


def deployment_feed(found: Settings) -> Feed[Deployment]:
    """The feed that serves everyone who may see what these settings give access to."""
    return _deployment_feed(found.scope, found)


@st.cache_resource(max_entries=16, show_spinner=False)
def _deployment_feed(scope: tuple[str, ...], _settings: Settings) -> Feed[Deployment]:
    return Feed(
        partial(_fetch, client(_settings)),
        refresh_after=timedelta(minutes=_settings.partner_center_refresh_minutes),
    )


def _fetch(service: Client, progress: Progress) -> Deployment:
    found = fetch_deployment(service, progress)
    # Streamlit collects garbage after every run, and walks through all that lives long unless it is told not to.
    gc.collect()
    gc.freeze()
    return found


def picture(deployment: Deployment, view: View, dark: bool) -> Picture:
    """The view's numbers and its chart; worked out once for everybody who looks at the same."""
    return _picture(deployment.answer.correlation_id, view.selection.channels, view.selection.services, view.sort,
                    view.target, dark, deployment)


@st.cache_resource(max_entries=256, show_spinner=False)
def _picture(
    version: str, channels: tuple[str, ...], services: tuple[str, ...], sort: str, target: float, dark: bool,
    _deployment: Deployment,
) -> Picture:
    selection = Selection(channels, services)
    found = selection.apply(_deployment.facts)
    columns, ascending = charts.SORTING[sort]
    table = measures.by(found, ["service"])
    table.insert(1, "title", table["service"].map(names.service_title))
    table = table.sort_values(columns, ascending=ascending, ignore_index=True)
    shown = table.head(charts.MOST_SERVICES)
    rows = tables.on_screen(tables.rows(_deployment, selection), table)
    return Picture(
        measures.total(found),
        table,
        charts.services(shown, target, _deployment.estimated, theme.palette(dark)),
        charts.in_words(shown, target),
        pa.Table.from_pandas(rows, preserve_index=False),
        tables.columns(rows),
    )


def options(deployment: Deployment) -> tuple[list[str], list[str]]:
    """The channels and the services that there are, in alphabetical order."""
    return _options(deployment.answer.correlation_id, deployment)


@st.cache_resource(max_entries=16, show_spinner=False)
def _options(version: str, _deployment: Deployment) -> tuple[list[str], list[str]]:
    facts: Any = _deployment.facts
    return sorted(facts["channel"].unique()), sorted(facts["service"].unique())
