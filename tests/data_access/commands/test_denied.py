"""Commands on a history in which another user has written, as root does."""

import json

import pytest

from tests.others import unreadable

pytestmark = pytest.mark.program


@pytest.fixture
def written(command, shared_folder, monkeypatch):
    """The folder of an account with one answer to each question."""
    monkeypatch.setenv("HISTORY_URL", str(shared_folder))
    assert command("collect")[0] == 0
    assert command("verify")[0] == 0
    (account,) = shared_folder.iterdir()
    return account


def test_what_may_not_be_read_is_no_damage_and_each_command_names_it(command, written, shared_folder):
    (raw,) = written.glob("raw/deployment/*/*.parquet")
    path = raw.relative_to(written).as_posix()
    with unreadable(shared_folder, raw):
        code, output, notes = command("verify")
        assert (code, output) == (2, "")
        assert f"{path}: may not be read: it belongs to " in notes
        assert "The history cannot be used: 1 of " in notes
        assert "chown --recursive " in notes
        assert "damaged" not in notes
        assert "backup" not in notes
        code, output, _ = command("status")
        assert code == 0
        assert f"may not be read as a whole: {path} belongs to " in output
        assert json.loads(command("status", "--format", "json")[1])["filesNotReadable"] == [path]
        code, _, notes = command("collect")
        assert code == 0
        assert f"may not be read as a whole: {path} belongs to " in notes


def test_damage_beside_it_is_damage(command, written, shared_folder):
    (raw,) = written.glob("raw/deployment/*/*.parquet")
    (other,) = written.glob("raw/usage/*/*.parquet")
    other.write_bytes(other.read_bytes()[:-1])
    with unreadable(shared_folder, raw):
        code, _, notes = command("verify")
    assert code == 6
    assert "are not what was written or may not be read." in notes
    assert "chown --recursive " in notes
