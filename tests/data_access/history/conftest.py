"""A run of `collect`, as several files of tests look at it."""

import pytest

from data_access.history import collect
from data_access.partner_center.retry import RetryPolicy
from tests.lakes import NOW, lake

PATIENCE = RetryPolicy(tries=2, budget=5, timeout=2, first_wait=0.02)


@pytest.fixture
def run(emulator, connect, tmp_path):
    """Collect once, into the history of this test."""
    client = connect(emulator, PATIENCE)
    return lambda **options: collect.run(
        client, lake(tmp_path), lambda _: None, **{"clock": lambda: NOW, "customers_calls": False, **options}
    )
