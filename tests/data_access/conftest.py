"""What the tests of the data side share."""

import pytest

from data_access.history.engines import DuckDB
from tests.engines import Pandas


@pytest.fixture(params=[Pandas, DuckDB], scope="session")
def engine(request):
    """Each engine that needs nothing beside this process; tests/spark has the other."""
    return request.param()
