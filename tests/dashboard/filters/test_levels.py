"""The levels of the Changes page: each has its words, and none that names customers is open to readers."""

import pytest

from dashboard.filters import levels
from data_access.measures import customers
from data_access.measures.changes import LEVELS


def test_every_level_has_its_words_and_a_code_of_its_own():
    assert [*levels.WORDS] == [*LEVELS]
    assert [*levels.open_to(customers=True).values()] == [*LEVELS]


def test_levels_without_customers_are_open_to_all():
    assert [*levels.open_to(customers=False).values()] == ["service", "product"]


@pytest.mark.parametrize(
    ("keys", "open_to_readers"), [(["channel"], True), ([customers.CUSTOMER, "channel"], False)], ids=["none", "named"]
)
def test_a_new_level_is_open_to_readers_only_where_it_names_no_customers(keys, open_to_readers, monkeypatch):
    monkeypatch.setitem(LEVELS, "channel by whom", keys)
    assert ("channel-by-whom" in levels.open_to(customers=False)) is open_to_readers
    assert "channel-by-whom" in levels.open_to(customers=True)


def test_what_has_many_rows_can_be_searched():
    assert {name for name, words in levels.WORDS.items() if words.searched} == {*LEVELS} - {"service"}
