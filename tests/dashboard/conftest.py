"""Visits to the dashboard."""

import pytest

from tests.dashboard import visit as visits


@pytest.fixture
def visit(serve, monkeypatch):
    """Open a page on an emulator, or on the sample where there is none."""

    def visit(emulator=None, link=None, page="", **settings):
        if emulator is not None:
            settings |= visits.live(serve(emulator))
        return visits.opened(settings, link or {}, page, monkeypatch)

    return visit
