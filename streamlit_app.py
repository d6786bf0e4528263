"""Starts the dashboard: `streamlit run` finds this file by its name."""

from pathlib import Path

import streamlit as st

from dashboard import server

app = st.App(
    Path(__file__).parent / "dashboard" / "app.py",
    lifespan=server.lifespan,
    middleware=server.MIDDLEWARE,
    routes=server.ROUTES,
)
