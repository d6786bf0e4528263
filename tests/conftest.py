"""What many tests share: an emulator that is served for the length of a test."""

import gc
from contextlib import ExitStack

import hypothesis
import pytest

from data_access import Client, Settings, connection
from data_access.auth.credentials import Ready
from data_access.emulator import DEMO_TOKEN, serving
from tests.examples import EVERY_DAY

CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")  # of the machine that runs the tests

# A busy machine is no failure, and a red run is the change's doing: the examples are the same each time.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, max_examples=EVERY_DAY)
# For those who look for more: `pytest --hypothesis-profile searching`.
hypothesis.settings.register_profile("searching", deadline=None, max_examples=1_000)
hypothesis.settings.load_profile("steady")


gc.disable()  # while tests are collected, see `settled_memory`


@pytest.fixture(autouse=True, scope="session")
def settled_memory():
    """As in the server: what was imported lasts as long as the run, so that nobody need look through it for garbage."""
    gc.freeze()
    usual = gc.get_threshold()
    gc.set_threshold(20 * usual[0], *usual[1:])  # a test leaves little behind
    gc.enable()
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()


@pytest.fixture
def serve():
    """Serve an emulator until the test ends; returns its address."""
    with ExitStack() as stack:
        yield lambda emulator: stack.enter_context(serving(emulator))


@pytest.fixture
def connect(serve):
    """A client of a served emulator."""
    with ExitStack() as stack:
        yield lambda emulator, patience=None, **more: stack.enter_context(
            Client(serve(emulator), Ready(DEMO_TOKEN), patience, **more)
        )


@pytest.fixture(autouse=True, scope="session")
def no_settings():
    """No test sees what the person who runs it has configured."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*(field.upper() for field in Settings.model_fields), *CERTIFICATES):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True)
def nothing_of_others(monkeypatch, tmp_path_factory):
    """No test sees that person's history, nor waits for what another test's service, at the same port, has asked."""
    monkeypatch.setenv("HISTORY_URL", str(tmp_path_factory.getbasetemp() / "history"))
    monkeypatch.setattr(connection, "PACES", {})  # a process has one for each address
