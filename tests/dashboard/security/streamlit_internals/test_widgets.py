"""Values that no browser sends, for widgets and components."""

import ast
import json
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.state.session_state import WStates
from streamlit.testing.v1 import AppTest

from dashboard.security.streamlit_internals import component_script, forgive_widgets, register_component
from tests.dashboard.security.streamlit_internals.pages import opened

ROOT = Path(__file__).parents[4]


WIDGETS = f"""
from pathlib import Path

import streamlit as st
from dashboard.security.streamlit_internals import component

chart = component("chart", Path({str(ROOT)!r}, "dashboard/browser"), "chart.js", "<div></div>")
chart(key="g", data=dict(spec=1), on_clicked_change=lambda: None)

values = [
    st.button("a"),
    st.number_input("b", 0, 100, 7),
    st.multiselect("c", ["x", "y"], key="c"),
    st.pills("d", ["x", "y"], key="d"),
    st.text_input("e"),
    st.date_input("f", "2026-01-02").isoformat(),
]
st.text(repr(values))
"""


@pytest.mark.parametrize(
    "forged",
    [
        {"bool_value": True},
        {"double_value": float("nan")},
        {"int_value": -1},
        {"json_value": "{"},
        {"json_value": "[1]"},
        {"json_value": '"{"'},
        {"json_trigger_value": "{"},
        {"json_trigger_value": "5"},
        {"json_trigger_value": '[5, {"event": ["clicked"]}, {"event": "clicked"}]'},
        {"string_value": "{"},
        {"bytes_value": b"x"},
        {},
    ],
    ids=str,
)
def test_forgive_widgets(streamlit, tmp_path, monkeypatch, capfd, forged):
    for name in ("__getitem__", "set_widget_from_proto"):
        monkeypatch.setattr(WStates, name, getattr(WStates, name))  # put back after the test
    forgive_widgets()
    with streamlit() as browser:
        (tmp_path / "page.py").write_text(WIDGETS, encoding="utf-8")
        with opened(browser) as page:
            sent = page.elements["text"].body
            ids = [element.id for kind, element in page.elements.items() if kind != "text"]
            message = BackMsg()
            for number in ("", "c", "$$ID-x-None", "$$ID-x-c", *ids):
                for identity in (number, f"$$STREAMLIT_INTERNAL_KEY_{number}__events"):
                    message.rerun_script.widget_states.widgets.add(id=identity, **forged)
            page.send(message, "script_finished")
            assert "exception" not in page.elements
            # What is of a widget's own kind is the person's to choose.
            seen = ast.literal_eval(page.elements["text"].body)
    assert "Traceback" not in capfd.readouterr().err
    assert ast.literal_eval(sent) == [False, 7, [], None, "", "2026-01-02"]
    assert seen[2:4] == [[], None]


def test_a_component_has_its_script_in_a_file_and_its_id_from_its_key(tmp_path):
    (tmp_path / "browser").mkdir()
    (tmp_path / "browser" / "gauge.js").write_text("export default function () {}")

    def page(folder):
        import streamlit as st  # noqa: PLC0415 - Streamlit takes the function's source alone

        from dashboard.security.streamlit_internals import component  # noqa: PLC0415 - likewise

        gauge = component("gauge", folder, "gauge.js", "<div></div>")
        gauge(key="speed", data={"speed": st.session_state.setdefault("speed_now", 1)}, height=100)

    app = AppTest.from_function(page, args=(tmp_path / "browser",))
    drawn = []
    for speed in (1, 2):
        app.session_state["speed_now"] = speed
        app.run()
        assert not app.exception
        drawn.append(app.get("bidi_component")[0].proto)
    assert [json.loads(one.json) for one in drawn] == [{"speed": 1}, {"speed": 2}]
    assert drawn[0].id == drawn[1].id, "so that the browser keeps the component, and gives it the new data"
    assert (drawn[0].js_source_path, drawn[0].js_content) == ("gauge.js", "")


def test_the_script_of_a_component_is_at_its_address_before_any_page_is_drawn(streamlit, tmp_path):
    (tmp_path / "browser").mkdir()
    (tmp_path / "browser" / "gauge.js").write_text("export default function () {}")
    with streamlit() as browser:
        register_component("gauge", tmp_path / "browser")
        answer = browser.get("/" + component_script("gauge", "gauge.js"))
    assert (answer.status_code, answer.text) == (200, "export default function () {}")
