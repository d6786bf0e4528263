"""The yardstick of the benchmark: the Overview in Dash, as somebody would write it who uses Dash.

A sentence, four tiles with lines, the one figure of two panels, a table and two buttons. Start it with a port.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import requests
from dash import Dash, Input, Output, State, dash_table, dcc, html
from plotly.subplots import make_subplots

TILES = {
    "licensesSold": "Licenses sold",
    "licensesDeployed": "Licenses deployed",
    "deploymentPercent": "Deployment %",
    "undeployed": "Undeployed",
}


def load() -> pd.DataFrame:
    answer = requests.get(
        f"{os.environ['PARTNER_CENTER_BASE_URL']}/v1/analytics/licenses/deployment",
        headers={
            "Authorization": f"Bearer {os.environ['PARTNER_CENTER_ACCESS_TOKEN']}",
            "Accept": "application/json",
        },
        timeout=60,
    )
    rows = pd.DataFrame(json.loads(answer.content.decode("utf-8-sig"))["items"])
    rows["licensesDeployed"] = rows["licensesSold"] * rows["proratedDeploymentPercent"] / 100
    rows["undeployed"] = (rows["licensesSold"] - rows["licensesDeployed"]).clip(lower=0)
    return rows


df = load()
weeks = pd.date_range(end=df["processedDateTime"].max()[:10], periods=13, freq="7D")
app = Dash(__name__)


def tile(name: str) -> html.Div:
    return html.Div(
        [
            html.Div(TILES[name]),
            html.Div(id=name, style={"fontSize": 28, "fontWeight": 600}),
            dcc.Graph(id=f"{name}-line", config={"displayModeBar": False}, style={"height": 40}),
        ],
        style={"flex": 1, "border": "1px solid #ddd", "borderRadius": 8, "padding": 12},
    )


app.layout = html.Div(
    [
        html.H1("How much of what we sold is deployed?"),
        dcc.Checklist(sorted(df["channel"].unique()), [], id="channel", inline=True, className="st-key-channel"),
        dcc.Dropdown(sorted(df["serviceName"].unique()), [], multi=True, id="service"),
        html.P(id="sentence"),
        html.Div([tile(name) for name in TILES], style={"display": "flex", "gap": 16}),
        html.H2("Where is the gap?"),
        dcc.Dropdown(["undeployed", "deploymentPercent", "licensesSold"], "undeployed", id="sort", clearable=False),
        dcc.Input(80, type="number", id="target"),
        html.Div(dcc.Graph(id="services", config={"displayModeBar": False}), className="st-key-services_chart"),
        html.H2("The figures behind it"),
        html.Button("CSV for Excel", id="excel"),
        html.Button("CSV for machines", id="exact"),
        dcc.Download(id="file"),
        dash_table.DataTable(
            columns=[{"name": name, "id": name} for name in df.columns],
            id="table",
            page_action="none",
            fixed_rows={"headers": True},
            style_table={"height": 400, "overflowY": "auto"},
        ),
    ],
    style={"fontFamily": "Inter, sans-serif", "margin": 32},
)


def selected(channels: list[str], services: list[str]) -> pd.DataFrame:
    rows = df[df["channel"].isin(channels)] if channels else df
    return rows[rows["serviceName"].isin(services)] if services else rows


def line(now: float) -> go.Figure:
    figure = go.Figure(go.Scatter(x=weeks, y=[now * (0.9 + week / 130) for week in range(len(weeks))], mode="lines"))
    figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, xaxis_visible=False, yaxis_visible=False)
    return figure


def bars(rows: pd.DataFrame, sort: str, target: float) -> go.Figure:
    table = rows.groupby("serviceName", as_index=False)[["licensesSold", "licensesDeployed", "undeployed"]].sum()
    table["deploymentPercent"] = table["licensesDeployed"] / table["licensesSold"] * 100
    table = table.sort_values(sort)
    figure = make_subplots(1, 2, shared_yaxes=True, subplot_titles=("Deployment %", "Licenses sold"))
    colours = (table["deploymentPercent"] < target).map({True: "#b3541e", False: "#1f5fa8"})
    bar: dict[str, Any] = {"y": table["serviceName"], "orientation": "h", "row": 1}
    percents = table["deploymentPercent"]
    figure.add_bar(x=percents, text=percents.round(2), marker_color=colours, col=1, **bar)
    figure.add_bar(x=table["licensesDeployed"], name="deployed", col=2, **bar)
    figure.add_bar(x=table["undeployed"], name="undeployed", col=2, **bar)
    figure.add_vline(target, row=1, col=1)
    figure.update_layout(barmode="stack", height=88 + 30 * len(table), showlegend=False)
    return figure


@app.callback(  # type: ignore[untyped-decorator, unused-ignore]  # Dash need not be installed
    Output("sentence", "children"),
    *(Output(name, "children") for name in TILES),
    *(Output(f"{name}-line", "figure") for name in TILES),
    Output("services", "figure"),
    Output("table", "data"),
    Input("channel", "value"),
    Input("service", "value"),
    Input("sort", "value"),
    Input("target", "value"),
)
def update(channels: list[str], services: list[str], sort: str, target: float) -> tuple[object, ...]:
    rows = selected(channels, services)
    sold, deployed, gap = (float(rows[name].sum()) for name in ("licensesSold", "licensesDeployed", "undeployed"))
    percent = deployed / sold * 100
    return (
        f"{percent:.2f} % of {sold:,.0f} licenses sold are deployed; {gap:,.0f} are not.",
        *(f"{sold:,.0f}", f"{deployed:,.0f}", f"{percent:.2f} %", f"{gap:,.0f}"),
        *map(line, (sold, deployed, percent, gap)),
        bars(rows, sort, target),
        rows.to_dict("records"),
    )


@app.callback(  # type: ignore[untyped-decorator, unused-ignore]  # Dash need not be installed
    Output("file", "data"),
    Input("excel", "n_clicks"),
    Input("exact", "n_clicks"),
    State("channel", "value"),
    State("service", "value"),
    prevent_initial_call=True,
)
def download(_excel: int, _exact: int, channels: list[str], services: list[str]) -> dict[str, object]:
    sent: dict[str, object] = dcc.send_data_frame(selected(channels, services).to_csv, "deployment.csv", index=False)
    return sent


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
