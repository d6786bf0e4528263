"""What is sent to a page again, and what a run begins with."""

import re

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import app_session
from streamlit.runtime.app_session import AppSession

from dashboard.security.streamlit_internals import INDEX_PAGE, STATIC, read_theme_once, send_changes
from tests.dashboard.security.streamlit_internals.pages import opened

PARTS = """
import streamlit as st

@st.fragment
def part():
    clicks = st.session_state.setdefault("clicks", 0)
    st.session_state["clicks"] += 1
    st.header("As it was")
    st.text(f"clicked {clicks} times")
    if clicks == 1:
        st.session_state["number"] = 5
    st.number_input("Number", key="number")
    st.text("large " * 5000)
    with st.container():
        st.button("Again")
        if clicks != 3:
            st.text("there unless clicked three times")

part()
"""


@pytest.fixture
def theirs(monkeypatch):
    """Have what is replaced stand there again after the test."""
    monkeypatch.setattr(AppSession, "flush_browser_queue", AppSession.flush_browser_queue)
    monkeypatch.setattr(app_session, "_populate_theme_msg", app_session._populate_theme_msg)


def draw_part(page, known=()):
    """What comes where the part is asked for again, and whether the browser is to clear its screen after it.

    `known` are checksums of large elements that the browser has kept.
    """
    message = BackMsg()
    message.rerun_script.fragment_id = page.fragment
    message.rerun_script.cached_message_hashes.extend(known)
    answers = page.send(message, "script_finished")
    elements = [each for each in page.came if each.WhichOneof("type") in ("delta", "ref_hash")]
    kinds = [
        each.delta.new_element.WhichOneof("type") or each.delta.WhichOneof("type") or "ref_hash" for each in elements
    ]
    begun, ended = (answers[kind].metadata.run.script_run_id for kind in ("new_session", "script_finished"))
    return kinds, begun == ended


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize("is_kept", [False, True])
def test_send_changes(streamlit, tmp_path, is_kept):
    send_changes()
    with streamlit() as browser:
        (tmp_path / "page.py").write_text(PARTS, encoding="utf-8")
        with opened(browser) as page:
            large = [each.hash for each in page.came if each.metadata.cacheable]
            assert len(large) == 1
            known = large if is_kept else []
            assert draw_part(page, known) == (["text", "number_input"], False), "a widget is told its value"
            assert draw_part(page, known) == (["text", "number_input"], False), "it is told nothing any more"
            kinds, clears = draw_part(page, known)
            assert clears, "a text is gone"
            all_of_it = ["add_block", "heading", "text", "number_input", "ref_hash" if is_kept else "text"]
            assert sorted(kinds) == sorted([*all_of_it, "add_block", "button"])
            assert draw_part(page, known) == (["text", "text"], False), "the text is there again"
            assert draw_part(page, known) == (["text"], False)


def test_the_browser_clears_by_the_id_of_the_run():
    """What `send_changes` rests on in Streamlit's own script: nothing is cleared of another run than the last."""
    index = re.search(r'src="\./(static/js/index[^"]+)"', INDEX_PAGE.read_text(encoding="utf-8"))
    assert index
    script = (STATIC / index[1]).read_text(encoding="utf-8")
    assert "clearStaleNodes(n.scriptRunId,n.fragmentIds)" in script
    assert "fragmentIdsThisRun.includes(t.fragmentId)&&t.scriptRunId===this.currentScriptRunId" in script


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
