"""One browser and one office for all that is tried with several replicas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import object_store
from tests.browser import app
from tests.replicas import office
from tests.replicas.office import Office


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with app.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two replicas of the dashboard."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in object_store.KEYS.items():
            environment.setenv(name, value)
        with office.opened(tmp_path_factory.mktemp("office")) as opened:
            yield opened
