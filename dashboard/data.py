"""Cached reads: the one place that remembers something between visitors."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from dashboard import charts, tables, theme
from dashboard.filters import View
from data_access import (
    Client,
    Deployment,
    Feed,
    Progress,
    Settings,
    client,
    fetch_deployment,
    load_settings,
    measures,
    names,
    source_title,
)


@dataclass(frozen=True, eq=False)
class Picture:
    """One view of one answer, ready to show."""

    total: measures.Total
    number_of_services: int
    below_target: int  # services
    largest_gap: tuple[str, float]  # title and undeployed licenses of the service that has it
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
def _deployment_feed(scope: tuple[object, ...], _settings: Settings) -> Feed[Deployment]:  # noqa: ARG001 - the cache key
    return Feed(
        partial(_fetch, client(_settings)),
        refresh_after=timedelta(minutes=_settings.partner_center_refresh_minutes),
    )


def _fetch(service: Client, progress: Progress) -> Deployment:
    found = fetch_deployment(service, progress)
    picture.cache_clear()  # what it holds is of older answers
    _settle_memory()
    return found


# Not one of Streamlit's caches: those hash their arguments anew on every look, which costs more than all else here.
@lru_cache(maxsize=256)
def picture(deployment: Deployment, view: View, dark: bool) -> Picture:
    """The view's numbers and its chart; worked out once for everybody who looks at the same."""
    found = view.selection.apply(deployment.facts)
    columns, ascending = charts.SORTING[view.sort]
    table = measures.by(found, ["service"])
    table.insert(1, "title", table["service"].map(names.service_title))
    table = table.sort_values(columns, ascending=ascending, ignore_index=True)
    gaps = table.set_index("title")["undeployed"]
    shown = table.head(charts.MOST_SERVICES)
    rows = tables.on_screen(tables.rows(deployment, view.selection), table)
    drawn = Picture(
        measures.total(found),
        len(table),
        int((table["deploymentPercent"] < view.target).sum()),
        (str(gaps.idxmax()), float(gaps.max())) if len(gaps) else ("", 0.0),
        charts.services(shown, view.target, deployment.estimated, theme.palette(dark)),
        charts.in_words(shown, view.target),
        pa.Table.from_pandas(rows, preserve_index=False),
        tables.columns(rows),
    )
    _settle_memory()
    return drawn


def _settle_memory() -> None:
    # Streamlit collects garbage after every run, and walks through all that lives long unless it is told not to.
    gc.collect()
    gc.freeze()
