"""Which day a link pins, and why another one is shown."""

from datetime import date

import pytest

from dashboard.pinned import NOW, Pinned, decide

TODAY, FIRST = date(2026, 11, 28), date(2026, 1, 5)


@pytest.mark.parametrize("asked", ["2026-11-28", "2026-01-05", "2026-06-01"])
def test_a_day_of_the_history_is_shown(asked):
    assert decide(asked, TODAY, FIRST) == Pinned(date.fromisoformat(asked))


def test_a_link_without_a_day_shows_now():
    assert decide("", TODAY, FIRST) == NOW


@pytest.mark.parametrize(
    ("asked", "first", "missing", "said"),
    [
        ("2026-11-29", FIRST, "", "29 Nov 2026 lies in the future"),
        ("2026-01-04", FIRST, "", "The history begins on 5 Jan 2026, after 4 Jan 2026"),
        ("yesterday", FIRST, "", '"yesterday" is no day'),
        ("2026-02-30", FIRST, "", "is no day"),
        ("<b>![x](http://x)", FIRST, "", "is no day"),
        ("2026-11-28", None, "", "28 Nov 2026 cannot be shown"),
        ("2026-11-28", None, "There is no history for you here.", "There is no history for you here. So 28 Nov 2026"),
    ],
)
def test_a_day_that_cannot_be_shown_is_named_and_now_is_shown(asked, first, missing, said):
    pinned = decide(asked, TODAY, first, missing)
    assert pinned.day is None
    assert said in pinned.note
    assert "the newest figures" in pinned.note
    assert "![x]" not in pinned.note
