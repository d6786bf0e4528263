"""What the tests of the data side share."""

from datetime import date

import pytest

from data_access.emulator import Emulator
from data_access.emulator.sample import partner
from data_access.history.engines import DuckDB
from tests.engines import Pandas


@pytest.fixture(params=[Pandas, DuckDB], scope="session")
def engine(request):
    """Each engine that needs nothing beside this process; tests/spark has the other."""
    return request.param()


@pytest.fixture
def emulator():
    """The service, for a partner with few customers and products."""
    return Emulator(partner(as_of=date(2026, 3, 31), customers=6, products=3))
