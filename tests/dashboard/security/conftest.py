"""A browser before the gate."""

import pytest

from tests.dashboard import visit
from tests.dashboard.security.doors import answer_of_ours, gate


@pytest.fixture
def configured(configure, monkeypatch):
    """Sign-in is configured as given."""
    monkeypatch.setenv("ACCESS_TENANTS", visit.TENANT)
    configure()
    return configure


@pytest.fixture
def browser():
    return gate(answer_of_ours)
