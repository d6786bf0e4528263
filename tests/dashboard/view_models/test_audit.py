"""Which entries of the audit fit, in which order, and what the page says of them."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.view_models import audit
from data_access.history.audit import LOOKED, TOOK, Audit, Entry
from data_access.history.store import Store

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ANN, BOB = "ann@contoso.example", "Bob@Contoso.example"


@pytest.fixture
def noted(tmp_path):
    """These entries, a minute apart, as the history gives them back."""

    def noted(*entries):
        kept = Audit(Store(str(tmp_path)), lambda: NOW)
        kept.append(
            Entry(NOW + timedelta(minutes=minute), action, **texts) for minute, (action, texts) in enumerate(entries)
        )
        return kept.read(NOW.date())

    return noted


@pytest.fixture
def week(noted):
    return noted(
        (LOOKED, {"person": ANN, "page": "trends", "filters": "service=o365"}),
        (TOOK, {"person": BOB, "page": "customers", "file": "license-customers.csv"}),
        (LOOKED, {"page": "overview"}),
    )


@pytest.mark.parametrize(
    ("actions", "search", "pages"),
    [
        ([], "", ["overview", "customers", "trends"]),  # the newest first
        ([LOOKED], "", ["overview", "trends"]),
        ([LOOKED, TOOK], "contoso", ["customers", "trends"]),
        ([TOOK], "ann", []),
        ([], "BOB csv", ["customers"]),  # each word somewhere, in any of the texts and in any case
        ([], "o365", ["trends"]),  # the code that files have
        ([], "service: microsoft", ["trends"]),  # and the page's words for it
        ([], "this machine", ["overview"]),
        ([], ".*", []),  # no pattern
    ],
)
def test_an_entry_fits_by_its_action_and_by_every_word_of_the_search(week, actions, search, pages):
    assert list(audit.fitting(week, actions, search)["page"]) == pages


def test_what_fits_keeps_the_codes_for_the_file(week):
    assert list(audit.fitting(week, [], "trends")["filters"]) == ["service=o365"]


def test_nothing_fits_where_nothing_was_noted(noted):
    none = noted()
    assert audit.fitting(none, [LOOKED], "ann").empty
    assert audit.on_screen(none).empty


def test_the_page_tells_codes_in_its_words(noted):
    shown = audit.on_screen(
        noted(
            (LOOKED, {"person": ANN, "page": "health"}),
            (LOOKED, {"personId": "tenant/object", "page": "gone"}),
            ("dance", {"page": "trends", "filters": "range=3m&column=-licensesSold"}),
        )
    )
    assert list(shown["person"]) == [ANN, "tenant/object", "this machine"]
    assert list(shown["page"]) == ["Data health", "gone", "Trends"]  # a page of another version keeps its name
    assert list(shown["action"]) == ["looked at a page", "looked at a page", "dance"]
    assert list(shown["filters"]) == ["", "", "Range: 3 months"]  # not which rows of the table were on screen


def test_the_answer_counts_lines_accounts_and_files(week):
    assert audit.answer(week, "today") == "**3 lines** of 2 accounts, 1 file taken, today."
    assert audit.answer(week.head(1), "today") == "**1 line** of 1 account, 0 files taken, today."
    assert audit.answer(week.tail(1), "today") == "**1 line** of this machine, 0 files taken, today."
