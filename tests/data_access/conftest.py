"""What the tests of the data side share."""

import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest

from data_access.emulator import Emulator
from data_access.emulator.sample import partner
from data_access.history.engines import DuckDB
from tests.data_access.digest.office import Mailbox, Office, smtp
from tests.engines import Pandas


@pytest.fixture(params=[Pandas, DuckDB], scope="session")
def engine(request):
    """Each engine that needs nothing beside this process; tests/spark has the other."""
    return request.param()


@pytest.fixture
def emulator():
    """The service, for a partner with few customers and products."""
    return Emulator(partner(as_of=date(2026, 3, 31), customers=6, products=3))


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def office(tmp_path, monkeypatch, capsys, mailbox):
    """A partner's office that gets its digests into this mailbox."""
    with smtp(mailbox) as server:
        yield Office(tmp_path, monkeypatch, capsys, f"{server.host}:{server.port}", mailbox)


@pytest.fixture
def shared_folder():
    """A folder that any account may enter, which those of pytest are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)
