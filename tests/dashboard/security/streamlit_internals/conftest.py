"""Streamlit's own server, and its options."""

from contextlib import contextmanager

import pytest
import streamlit as st
from starlette.testclient import TestClient
from streamlit import config
from streamlit.runtime import Runtime

from tests.dashboard.security.streamlit_internals.pages import SCRIPT, stop, wait_for_scripts


@pytest.fixture
def streamlit(monkeypatch, tmp_path):
    """Start Streamlit's own server with a page of ours, behind the middleware or not, and open it like a browser."""
    script = tmp_path / "page.py"
    script.write_text(SCRIPT, encoding="utf-8")

    @contextmanager
    def started(*middleware):
        monkeypatch.setattr(Runtime, "_instance", None)  # there is one for each process
        app = st.App(script, middleware=middleware)
        with TestClient(app, "http://localhost", follow_redirects=False) as browser:
            try:
                yield browser
            finally:
                wait_for_scripts()
                assert browser.portal
                browser.portal.call(stop, Runtime.instance())

    return started


@pytest.fixture
def option():
    """Set an option of Streamlit's for the length of a test."""
    before: dict[str, tuple[object, str]] = {}

    def set_option(name, value):
        before.setdefault(name, (st.get_option(name), config.get_where_defined(name)))
        config.set_option(name, value)

    yield set_option
    for name, (value, where) in before.items():
        config.set_option(name, value, where)
