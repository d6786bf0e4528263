"""The yardstick of the benchmark: the Overview as a plain first script.

The download is cached, as in the tutorials; the charts and files are made on every run.
"""

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
st.title("How much of what we sold is deployed?")
st.caption(f"Processed {df['processedDateTime'].min()} to {df['processedDateTime'].max()}")
channels = st.pills("Channel", sorted(df["channel"].unique()), selection_mode="multi", key="channel")
services = st.multiselect("Service", sorted(df["serviceName"].unique()), key="service")
if channels:
    df = df[df["channel"].isin(channels)]
if services:
    df = df[df["serviceName"].isin(services)]
df["licensesDeployed"] = df["licensesSold"] * df["proratedDeploymentPercent"] / 100
df["undeployed"] = (df["licensesSold"] - df["licensesDeployed"]).clip(lower=0)
sold, deployed, undeployed = df["licensesSold"].sum(), df["licensesDeployed"].sum(), df["undeployed"].sum()
st.markdown(f"**{deployed / sold:.2%}** of **{sold:,}** licenses sold are deployed; **{undeployed:,.0f}** are not.")
tiles = st.columns(4)
tiles[0].metric("Licenses sold", f"{sold:,}", help="Sum of the licenses sold.", border=True)
tiles[1].metric("Licenses deployed", f"{deployed:,.0f}", help="Percent times licenses sold.", border=True)
tiles[2].metric("Deployment %", f"{deployed / sold:.2%}", help="Deployed by sold.", border=True)
tiles[3].metric("Undeployed", f"{undeployed:,.0f}", help="Sold and not deployed.", border=True)
grouped = df.groupby("serviceName", as_index=False)[["licensesSold", "licensesDeployed", "undeployed"]].sum()
grouped["deploymentPercent"] = grouped["licensesDeployed"] / grouped["licensesSold"] * 100
st.subheader("Where is the gap?")
sort = st.segmented_control("Sort by", ["undeployed", "deploymentPercent", "licensesSold"], default="undeployed")
target = st.number_input("Target %", 0.0, 1000.0, 80.0, step=5.0)
grouped = grouped.sort_values(sort or "undeployed")
left, right = st.columns(2)
percents = px.bar(grouped, x="deploymentPercent", y="serviceName", orientation="h", text_auto=".2f", height=650)
percents.add_vline(target)
left.plotly_chart(percents)
with right.container(key="services_chart"):
    st.plotly_chart(px.bar(grouped, x=["licensesDeployed", "undeployed"], y="serviceName", orientation="h", height=650))
st.subheader("The figures behind it")
st.download_button("CSV for Excel", df.to_csv(index=False).encode("utf-8-sig"), "deployment.csv")
st.download_button("CSV for machines", df.to_csv(index=False), "deployment-exact.csv")
st.dataframe(df, hide_index=True)
