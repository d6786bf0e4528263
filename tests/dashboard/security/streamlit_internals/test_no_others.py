"""Hidden options of Streamlit do what they are set for; there are no others, and no module takes another part of it."""

import ast
import gc
import threading
import tomllib
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config

from tests.dashboard.security.streamlit_internals.pages import opened, wait_for_scripts

ROOT = Path(__file__).parents[4]


def parts_of_streamlit(file):
    """What a module takes of Streamlit beside its public `st`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names if name.name.startswith("streamlit."))
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == "streamlit":
                yield module
            case ast.Attribute(ast.Name("st" | "streamlit"), name) if name.startswith("_"):
                yield name


def test_no_other_module_takes_a_part_of_streamlit():
    takers = [file.name for file in (ROOT / "dashboard").rglob("*.py") if list(parts_of_streamlit(file))]
    assert takers == ["streamlit_internals.py"]


def test_no_other_hidden_option_is_set():
    options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    known = config.get_config_options()
    set_here = {f"{section}.{name}" for section, values in options.items() for name in values} & known.keys()
    assert {name for name in set_here if known[name].visibility == "hidden"} == {
        "client.allowedOrigins",
        "logger.hideWelcomeMessage",  # tried by tests/dashboard/test_starting.py
        "runner.postScriptGC",
    }


@pytest.mark.parametrize("collects", [True, False])
def test_post_script_gc(streamlit, option, collects):
    assert st.get_option("runner.postScriptGC") is False
    option("runner.postScriptGC", collects)
    full = []

    def note(phase, facts):
        if phase == "start" and facts["generation"] == 2 and "scriptThread" in threading.current_thread().name:
            full.append(phase)

    gc.disable()
    gc.callbacks.append(note)
    try:
        with streamlit() as browser, opened(browser):
            wait_for_scripts()
    finally:
        gc.callbacks.remove(note)
        gc.enable()
    assert bool(full) is collects


def test_allowed_origins(streamlit, option):
    with streamlit() as browser:
        for origins in (st.get_option("client.allowedOrigins"), ["https://portal.example"], []):
            option("client.allowedOrigins", origins)
            assert browser.get("/_stcore/host-config").json()["allowedOrigins"] == origins
