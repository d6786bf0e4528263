"""Starts the dashboard: `streamlit run` finds this file by its name."""

from pathlib import Path

import streamlit as st

from data_access import logs, settings

logs.start(settings.log_format())  # before what follows writes anything

from dashboard import server  # noqa: E402

app = st.App(
    Path(__file__).parent / "dashboard" / "app.py",
    lifespan=server.lifespan,
    middleware=server.MIDDLEWARE,
    routes=server.ROUTES,
)
