"""Saved views: each person has the own ones, by names that tell them apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import formats
from data_access.history.store import Store
from data_access.history.views import LONGEST_NAME, MOST_VIEWS, Views, first
from tests.examples import examples
from tests.lakes import files

ANN, BEN = "tenant/ann", "tenant/ben"
LINK = {"service": ["o365", "crm"], "book": ["mine"]}


@pytest.fixture
def kept(tmp_path):
    return Views(Store(str(tmp_path)))


def names(kept, owner=ANN):
    return [view.name for view in kept.of(owner)]


def test_a_view_is_its_page_and_its_link(kept):
    assert kept.save(ANN, " My\nview ", "customers", LINK) == ""
    (view,) = kept.of(ANN)
    assert (view.name, view.page) == ("My view", "customers")
    assert {name: [*values] for name, values in view.link.items()} == LINK


def test_each_person_has_the_own_views_in_the_order_of_their_names(kept):
    for owner, name in ((ANN, "b"), (BEN, "theirs"), (ANN, "A"), ("", "of this machine")):
        kept.save(owner, name, "trends", {})
    assert names(kept) == ["A", "b"]
    assert names(kept, BEN) == ["theirs"]
    assert names(kept, "") == ["of this machine"]


def test_a_name_says_which_view_is_meant(kept):
    kept.save(ANN, "Straße", "trends", {})
    assert "name already" in kept.save(ANN, "STRASSE ", "trends", {})
    assert "Give the view a name" in kept.save(ANN, " \u202e\n", "trends", {})
    assert "more than 60" in kept.save(ANN, "x" * (LONGEST_NAME + 1), "trends", {})
    assert kept.save(BEN, "Straße", "trends", {}) == ""
    assert names(kept) == ["Straße"]


def test_what_is_kept_has_bounds(kept):
    assert "too many filters" in kept.save(ANN, "long", "trends", {"search": ["x" * 9_000]})
    for number in range(MOST_VIEWS):
        assert kept.save(ANN, f"{number}", "trends", {}) == ""
    assert "50 views already" in kept.save(ANN, "one more", "trends", {})


def test_a_view_gets_another_name_and_keeps_the_rest(kept):
    kept.save(ANN, "old", "customers", LINK)
    kept.save(ANN, "other", "trends", {})
    key = kept.of(ANN)[0].key
    assert kept.rename(ANN, key, "OLD") == ""
    assert "name already" in kept.rename(ANN, key, "Other")
    assert kept.of(ANN)[0].page == "customers"
    assert names(kept) == ["OLD", "other"]


def test_nobody_changes_a_view_of_somebody_else(kept):
    kept.save(ANN, "hers", "customers", LINK)
    key = kept.of(ANN)[0].key
    assert "deleted" in kept.rename(BEN, key, "his")
    assert "deleted" in kept.open_first(BEN, key, opens=True)
    kept.delete(BEN, key)
    assert names(kept) == ["hers"]


def test_a_deleted_view_leaves_nothing_and_does_not_come_back(kept, tmp_path):
    kept.save(ANN, "old", "customers", LINK)
    key = kept.of(ANN)[0].key
    kept.rename(ANN, key, "new")
    kept.delete(ANN, key)
    assert files(tmp_path) == []
    assert "deleted meanwhile" in kept.rename(ANN, key, "again")
    assert files(tmp_path) == []


def test_the_view_that_was_chosen_last_opens_first(kept):
    for name in "ab":
        kept.save(ANN, name, "trends", {})
    assert first(kept.of(ANN)) is None
    a, b = (view.key for view in kept.of(ANN))
    for key in (a, b, a):
        kept.open_first(ANN, key, opens=True)
    assert first(kept.of(ANN)) == kept.of(ANN)[0]
    kept.open_first(ANN, a, opens=False)
    assert first(kept.of(ANN)) == kept.of(ANN)[1]


@examples(20)
@given(name=st.text(max_size=80))
def test_any_name_is_kept_as_text_or_refused_in_words(name, tmp_path_factory):
    kept = Views(Store(str(tmp_path_factory.mktemp("views"))))
    refused = kept.save(ANN, name, "trends", {})
    assert bool(refused) is not bool(names(kept))
    assert all(kept_name == formats.on_one_line(kept_name) for kept_name in names(kept))
