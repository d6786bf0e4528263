"""What many tests share: an emulator that is served for the length of a test."""

from contextlib import ExitStack

import hypothesis
import pytest

from data_access import Client, Settings
from data_access.emulator import DEMO_TOKEN, serving
from data_access.signin import Ready

hypothesis.settings.register_profile("steady", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("steady")


@pytest.fixture
def serve():
    """Serve an emulator until the test ends; returns its address."""
    with ExitStack() as stack:
        yield lambda emulator: stack.enter_context(serving(emulator))


@pytest.fixture
def connect(serve):
    """A client of a served emulator."""
    with ExitStack() as stack:
        yield lambda emulator, patience=None: stack.enter_context(Client(serve(emulator), Ready(DEMO_TOKEN), patience))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """No test sees what the person who runs it has configured."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
