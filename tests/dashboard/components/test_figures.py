"""What a click in a chart is about."""

import pytest
import streamlit as st

from dashboard.components import figures


@pytest.mark.parametrize(
    ("state", "key"),
    [
        ({"clicked": "o365"}, "o365"),
        ({"clicked": None}, ""),
        ({"clicked": ["o365"]}, ""),
        ({"clicked": {"key": "o365"}}, ""),
        ({"selection": {"points": [{"customdata": "o365"}]}}, ""),
        ("o365", ""),
        (None, ""),
    ],
)
def test_a_click_is_about_the_key_of_its_point(state, key, monkeypatch):
    monkeypatch.setattr(st, "session_state", {"chart": state})  # outside a run there is none
    assert figures.clicked_key("chart") == key
