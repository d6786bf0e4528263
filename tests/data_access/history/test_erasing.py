"""Erasing a person as the manual's page of upkeep says: whole files, found by the name in them."""

from datetime import UTC, datetime, timedelta

from data_access.history.mutes import Mutes
from data_access.history.sent_log import Entry, SentLog, State
from data_access.history.store import Store
from data_access.history.views import Views
from data_access.mutes import Mute
from tests.data_access.history.keeping import keep
from tests.lakes import lake

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
ANN, BEN = "ann@partner.example", "ben@partner.example"
TENANT, CUSTOMER = "0112a436-b14e-4888-967b-ca4bb2cf1234", "0112A436-B14E-4888-967B-CA4BB2CF0001"


def naming(account, folder, name):
    """The files that hold a name, as grep finds them."""
    return [path for path in (account / folder).iterdir() if name in path.read_text(encoding="utf-8")]


def test_files_that_hold_a_name_can_be_removed_and_that_is_no_damage(tmp_path):
    keep(tmp_path)
    store = Store(str(tmp_path))
    views, mutes, sent = Views(store), Mutes(store), SentLog(store, lambda: NOW)
    for person in ("its-object-id", "another-id"):
        views.save(f"{TENANT}/{person}", "Mine", "overview", {"channel": ["direct"]})
    mutes.set(Mute(customer=CUSTOMER, reason="migration", until=datetime.now(UTC).date() + timedelta(days=9)), ANN)
    for person in (ANN, BEN):
        entry = Entry(digest=person, run="1", person=person, channel="mail", to=person, state=State.BEGUN, at=NOW)
        assert sent.begin(entry, None)
        sent.conclude(entry, State.SENT)
    for folder, name in (("views", "its-object-id"), ("mutes", ANN), ("sent", ANN)):
        found = naming(tmp_path, folder, name)
        assert found, folder
        for path in found:
            path.unlink()
    assert [*Views(store).all()] == [f"{TENANT}/another-id"]
    assert not Mutes(store).all()
    assert {person for person, *_ in SentLog(store, lambda: NOW).past()} == {BEN}
    assert not lake(tmp_path).verify().findings
