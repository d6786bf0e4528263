"""What the tests of the data side share."""

import pytest

from data_access.history.engines import DuckDB
from data_access.partner_center import retry
from tests.engines import Pandas


@pytest.fixture(params=[Pandas, DuckDB], scope="session")
def engine(request):
    """Each engine that needs nothing beside this process; tests/spark has the other."""
    return request.param()


@pytest.fixture
def soon(monkeypatch):
    """Calls are repeated soon where the service does not say when; how long they really wait is in test_protocol."""
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.02)
