"""Parts of a page that a callback has drawn."""

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.dashboard.security.streamlit_internals.pages import Page, opened

PARTS = """
import streamlit as st
from dashboard.security.streamlit_internals import draw_part

@st.fragment(key="content")
def content():
    st.text("below")

@st.fragment(key="page")
def page():
    st.button("a", on_click=lambda: draw_part("content"))
    content()

page()
"""


def click(page: Page, fragment: str):
    """The kinds of elements that come after a click on the button, in a run of this fragment or of the whole page."""
    message = BackMsg()
    message.rerun_script.widget_states.widgets.add(id=page.elements["button"].id, trigger_value=True)
    message.rerun_script.fragment_id = fragment
    page.elements.clear()
    page.send(message, "script_finished")
    return {*page.elements}


@pytest.mark.parametrize(("is_part", "drawn"), [(True, {"text"}), (False, {"button", "text"})])
def test_draw_part(streamlit, tmp_path, is_part, drawn):
    (tmp_path / "page.py").write_text(PARTS, encoding="utf-8")
    with streamlit() as browser, opened(browser) as page:
        assert {*page.elements} == {"button", "text"}
        assert click(page, page.fragments["button"] if is_part else "") == drawn
