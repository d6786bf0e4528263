"""The Audit page: who looked at what, with filters and a file; and what the audit itself suffers from."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import audit
from data_access import HistoryError, history, load_settings
from data_access.history.audit import Entry
from tests.dashboard import visit as visits

NOW = datetime.now(UTC).replace(microsecond=0)
ANN, BOB = "ann@contoso.example", "bob@contoso.example"


@pytest.fixture
def look(visit, monkeypatch, tmp_path):
    """Open the page over these entries."""

    def look(*entries, link=None):
        monkeypatch.setenv("HISTORY_URL", str(tmp_path))
        monkeypatch.setattr("data_access.history.sample_history.bring_up_to", lambda *_: None)  # its year takes seconds
        history.open_audit(load_settings()).append(entries)
        return visit(link=link or {}, page="audit")

    return look


def shown(app, *columns):
    table = visits.tables(app)["audit_table"]
    return [tuple(row) for row in table[list(columns)].itertuples(index=False)]


ENTRIES = (
    Entry(NOW - timedelta(days=3), "sign-in", ANN),
    Entry(NOW - timedelta(minutes=3), "look", ANN, page="trends", filters="service=o365"),
    Entry(NOW - timedelta(minutes=2), "file", BOB, page="customers", file="license-customers.csv", rows=12),
    Entry(NOW - timedelta(minutes=1), "look", page="overview"),
)


def test_the_newest_stands_first_in_the_pages_words(look):
    app = look(*ENTRIES)
    assert shown(app, "person", "action") == [
        ("this machine", "looked at a page"),
        (BOB, "took a file"),
        (ANN, "looked at a page"),
        (ANN, "signed in"),
    ]
    assert "**4 lines** of 2 accounts, 1 file taken, last 7 days." in visits.text(app)


@pytest.mark.parametrize(
    ("link", "pages"),
    [
        ({"days": ["1"], "action": ["look"]}, ["Overview", "Trends"]),
        ({"action": ["file", "sign-in"]}, ["Customers", "–"]),
        ({"search": ["BOB license"]}, ["Customers"]),
        ({"search": ["o365"]}, ["Trends"]),
        ({"search": ["microsoft 365 trends"]}, ["Trends"]),
        ({"search": ["nobody"]}, []),
    ],
)
def test_filters_are_a_link(look, link, pages):
    app = look(*ENTRIES, link=link)
    assert [page for (page,) in shown(app, "page")] == pages
    assert ("No entry fits" in visits.text(app)) is not bool(pages)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ("service=o365&channel=direct&channel=reseller", "Service: Microsoft 365; Channel: Direct, Reseller"),
        ("range=3m&target=75&by=channel", "Range: 3 months; Target %: 75; By: Channel"),
        ("since=2026-10-01&outcome=undecided", "Since: 2026-10-01; Outcome: Undecided"),
        ("column=-licensesSold&page=2", "–"),
        ("range=forever&tomorrow=1", "Range: forever; Tomorrow: 1"),
    ],
)
def test_filters_are_told_as_their_page_tells_them(look, filters, words):
    app = look(*ENTRIES, Entry(NOW, "look", ANN, page="health", filters=filters))
    assert shown(app, "page", "filters")[0] == ("Data health", words)


def test_who_has_an_id_alone_is_not_taken_for_this_machine(look):
    app = look(Entry(NOW, "look", "", personId="tenant/object", page="overview"))
    assert shown(app, "person") == [("tenant/object",)]
    assert "personId" not in visits.headings(app, "audit_table")


def test_what_no_entry_has_is_no_column(look):
    assert [*visits.headings(look(ENTRIES[0]), "audit_table")] == ["time", "person", "action"]


def test_a_file_has_what_fits_and_has_the_codes(look, monkeypatch):
    files = visits.taken_away(look(*ENTRIES, link={"action": ["file"]}), monkeypatch)
    exact = next(table for name, table in files.items() if name.endswith("exact.csv"))
    assert exact[["person", "action", "page", "rows"]].to_numpy().tolist() == [[BOB, "file", "customers", 12]]


def test_older_entries_than_are_kept_are_not_shown(look, monkeypatch):
    monkeypatch.setenv("AUDIT_DAYS", "2")
    assert len(shown(look(*ENTRIES), "page")) == 3


@pytest.mark.parametrize("page", ["audit", "status"])
def test_a_full_disk_is_said(visit, noted, page, monkeypatch):
    error = HistoryError("The history at /x cannot be used: No space left on device.", "Make room.")
    monkeypatch.setattr(type(noted), "standing", audit.Standing(12, 3, error, NOW))  # as after a write that failed
    said = visits.text(visit(page=page))
    assert "The audit cannot be written since" in said
    assert "12 lines of it waiting in memory" in said
    assert "No space left on device" in said
    assert "Lost since the start: 3 lines" in said


def test_an_audit_that_cannot_be_read_says_why(visit, tmp_path):
    (tmp_path / "file").touch()
    assert "cannot be used" in visits.text(visit(page="audit", HISTORY_URL=str(tmp_path / "file")))
