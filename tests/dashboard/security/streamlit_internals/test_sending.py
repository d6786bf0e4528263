"""What a run begins with."""

import pytest
from streamlit.runtime import app_session

from dashboard.security.streamlit_internals import read_theme_once
from tests.dashboard.security.streamlit_internals.pages import opened


@pytest.fixture
def theirs(monkeypatch):
    """Have what is replaced stand there again after the test."""
    monkeypatch.setattr(app_session, "_populate_theme_msg", app_session._populate_theme_msg)  # put back after the test


@pytest.mark.usefixtures("theirs")
def test_read_theme_once(streamlit, option):
    def theme():
        with streamlit() as browser, opened(browser) as page:
            return page.run()["new_session"].new_session.custom_theme

    read = theme()
    assert read.ByteSize() > 0
    read_theme_once()
    assert theme() == read
    option("theme.primaryColor", "#123456")
    assert theme() == read
