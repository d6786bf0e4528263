"""The yardstick: the same page as most people would write it first. Cached download, two px charts, eager CSV."""

import json
import os

import pandas as pd
import plotly.express as px
import requests
import streamlit as st

st.set_page_config(layout="wide")


@st.cache_data
def load() -> pd.DataFrame:
    answer = requests.get(
        f"{os.environ['PARTNER_CENTER_BASE_URL']}/v1/analytics/licenses/deployment",
        headers={
            "Authorization": f"Bearer {os.environ['PARTNER_CENTER_ACCESS_TOKEN']}",
            "Accept": "application/json",
        },
        timeout=60,
    )
    return pd.DataFrame(json.loads(answer.content)["items"])


df = load()
channels = st.pills("Channel", sorted(df["channel"].unique()), selection_mode="multi", key="channel")
services = st.multiselect("Service", sorted(df["serviceName"].unique()), key="service")
if channels:
    df = df[df["channel"].isin(channels)]
if services:
    df = df[df["serviceName"].isin(services)]
df["licensesDeployed"] = df["licensesSold"] * df["proratedDeploymentPercent"] / 100
df["undeployed"] = (df["licensesSold"] - df["licensesDeployed"]).clip(lower=0)
sold, deployed = df["licensesSold"].sum(), df["licensesDeployed"].sum()
tiles = st.columns(4)
tiles[0].metric("Licenses sold", f"{sold:,}")
tiles[1].metric("Licenses deployed", f"{deployed:,.0f}")
tiles[2].metric("Deployment %", f"{deployed / sold:.2%}" if sold else "–")
tiles[3].metric("Undeployed", f"{df['undeployed'].sum():,.0f}")
grouped = df.groupby("serviceName", as_index=False)[["licensesSold", "licensesDeployed", "undeployed"]].sum()
grouped["deploymentPercent"] = grouped["licensesDeployed"] / grouped["licensesSold"] * 100
grouped = grouped.sort_values("undeployed")
left, right = st.columns(2)
left.plotly_chart(px.bar(grouped, x="deploymentPercent", y="serviceName", orientation="h", text_auto=".2f"))
with right.container(key="services_chart"):
    st.plotly_chart(px.bar(grouped, x=["licensesDeployed", "undeployed"], y="serviceName", orientation="h"))
st.dataframe(df)
st.download_button("CSV", df.to_csv(index=False), "deployment.csv")
