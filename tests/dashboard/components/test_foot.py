"""The foot of every page."""

from data_access.version import VERSION
from tests.dashboard import visit as visits


def test_each_page_says_which_version_drew_it(visit):
    for page in ("", "status"):
        assert f"Partner License Insights {VERSION}" in visits.text(visit(page=page))
