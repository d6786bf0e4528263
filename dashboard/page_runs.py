"""Page runs: each time that a page, or a part of one, is worked out for a visitor, timed and named in the log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from dashboard import metrics, page_turns
from data_access import logs

NO_PAGE = "none"  # of a run that ended before it was known
_PAGE = "_run_page"
_is_running: ContextVar[bool] = ContextVar("is_running", default=False)


def of(page: str) -> None:
    """Say which page this run shows, by its name in the site."""
    st.session_state[_PAGE] = page
    logs.bind(page=page)


@contextmanager
def run() -> Iterator[None]:
    """Work out a page or a part of one in its turn; a part within a run belongs to it."""
    if _is_running.get():
        yield
        return
    before, begun, has_failed = _is_running.set(True), time.perf_counter(), False
    try:
        with logs.bound(page=page()), page_turns.turn():
            yield
    except Exception:
        has_failed = True
        raise
    finally:
        _is_running.reset(before)
        metrics.observe(page(), time.perf_counter() - begun, has_failed=has_failed)


def page() -> str:
    """The page that this session shows, by its name in the site."""
    known: str = st.session_state.get(_PAGE, NO_PAGE)
    return known
