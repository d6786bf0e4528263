"""Visits to the dashboard."""

import pytest

from data_access import catalog, sample
from tests import lakes
from tests.dashboard import visit as visits


@pytest.fixture(scope="session")
def young_sample(tmp_path_factory):
    """A history of the sample partner that begins now: its year would take seconds to make."""
    folder = tmp_path_factory.mktemp("young")
    partner, now = sample.partner(as_of=lakes.today()), lakes.now()
    for collection in catalog.WITHOUT_CUSTOMER:
        lakes.lake(folder / "sample").append(lakes.fetched_from(partner, collection, now))
    return folder


@pytest.fixture
def visit(serve, monkeypatch, tmp_path, young_sample):
    """Open a page on an emulator, or on the sample where there is none; `past` are answers collected before."""

    def visit(emulator=None, link=None, page="", past=(), **settings):
        kept = tmp_path / "history"
        if emulator is not None:
            settings |= visits.live(serve(emulator))
        elif not settings:
            kept = young_sample
        settings = {"HISTORY_URL": str(kept)} | settings
        lakes.keep(settings, past)
        return visits.opened(settings, link or {}, page, monkeypatch)

    return visit
