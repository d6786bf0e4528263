"""When two texts are the same thing, and which spelling stands for all."""

import sys
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import texts

WITHOUT = ("Cn", "Co", "Cs")
WORDS = st.lists(st.sampled_from(["Teams", "TEAMS", " teams", "te  ams", "te ams", "Exchange", ""]), max_size=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mu\u0308ller", "Müller"),
        ("STRASSE", "straße"),
        ("Visio  Plan\t2", " visio plan 2 "),
        ("Visio\u00a0Plan 2", "Visio Plan 2"),
        ("Ｏ３６５", "o365"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("oﬃce", "OFFICE"),
        ("o\u200b365\ufeff", "o365"),
        ("\u2060", " "),
    ],
)
def test_capitals_white_space_and_unicode_forms_make_no_difference(one, other):
    assert texts.key(one) == texts.key(other)


@pytest.mark.parametrize(("one", "other"), [("E3", "E5"), ("Muller", "Müller"), ("a b", "ab"), ("o365", "0365")])
def test_all_else_does(one, other):
    assert texts.key(one) != texts.key(other)


def test_no_character_changes_a_second_time_and_each_is_the_same_in_small_letters():
    # Those without a meaning (unassigned, private, halves of a pair) have no other form.
    for one in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(one) not in WITHOUT:
            key = texts.key(one)
            assert key == texts.key(key)
            assert all(key == texts.key(small) for small in {one.casefold(), one.lower()} - {one})


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_a_text_is_the_same_in_every_unicode_form(text, form):
    assert texts.key(unicodedata.normalize(form, text)) == texts.key(text) == texts.key(texts.key(text))


@given(WORDS)
def test_one_of_the_spellings_that_were_sent_stands_for_all_in_any_order(sent):
    chosen = texts.spellings(sent)
    assert chosen == texts.spellings(reversed(sent))
    assert set(chosen) == set(sent) >= set(chosen.values())
    assert len(set(chosen.values())) == len({texts.key(text) for text in sent})
    assert all(texts.key(text) == texts.key(spelling) for text, spelling in chosen.items())


@pytest.mark.parametrize(
    ("sent", "chosen"),
    [
        (["STRASSE", "straße"], "straße"),
        (["Mu\u0308ller", "Müller"], "Müller"),
        (["TEAMS", "Teams"], "Teams"),
        (["E  3", "E 3", " E 3"], "E 3"),
    ],
)
def test_the_one_that_reads_best_is_chosen(sent, chosen):
    assert set(texts.spellings(sent).values()) == {chosen}


def test_a_preferred_spelling_stands_for_all_even_if_nobody_sent_it():
    assert texts.spellings(["O365", "EXO"], {"o365"}) == {"O365": "o365", "EXO": "EXO"}


@given(WORDS, WORDS)
def test_columns_become_alike_row_by_row(first, second):
    columns = [pd.Series(values, dtype="str", index=range(5, 5 + len(values))) for values in (first, second)]
    alike = texts.alike(*columns)
    assert alike[0].dtype == alike[1].dtype
    assert list(alike[0].cat.categories) == sorted(alike[0].cat.categories)
    for column, made in zip(columns, alike, strict=True):
        assert list(made.index) == list(column.index)
        keys = [texts.key(text) or None for text in column]
        assert [None if pd.isna(text) else texts.key(text) for text in made] == keys


def test_no_text_and_an_empty_one_are_none():
    (made,) = texts.alike(pd.Series(["a", None, "", " ", "\u200b", "A"], dtype="str"))
    assert made.isna().tolist() == [False, True, True, True, True, False]


def test_keys_of_a_column():
    found = texts.keys(pd.Series(["Straße", None, "STRASSE"], dtype="str", index=[7, 8, 9]))
    assert (list(found.index), found[7], found[9], found.isna().tolist()) == (
        [7, 8, 9],
        "strasse",
        "strasse",
        [False, True, False],
    )
    assert texts.keys(pd.Series([], dtype="str")).empty


def test_an_id_stands_in_capitals():
    assert texts.identifiers([" 0112a436 ", "0112A436"]) == {" 0112a436 ": "0112A436", "0112A436": "0112A436"}


def test_people_find_names_in_the_order_of_letters():
    names = ["Zebra GmbH", "adesso SE", "Ärztehaus Nord", "Mu\u0308ller B", "Müller A", "Muller", "0815"]
    assert sorted(names, key=texts.order) == [
        "0815",
        "adesso SE",
        "Ärztehaus Nord",
        "Muller",
        "Müller A",
        "Mu\u0308ller B",
        "Zebra GmbH",
    ]


def test_names_that_are_taken_get_another_one():
    assert texts.apart(["Snapshot", "note", "Note", "NOTE"], ["snapshot"]) == {
        "Snapshot": "Snapshot (as sent)",
        "Note": "Note (as sent)",
        "NOTE": "NOTE (as sent) (as sent)",
    }
    assert texts.apart(["a", "b"], ["c"]) == {}


def test_of_many_names_that_are_the_same_each_is_tried_once(monkeypatch):
    asked: list[str] = []
    key = texts.key

    def counted(text):
        asked.append(text)
        return key(text)

    monkeypatch.setattr(texts, "key", counted)  # counts the calls
    names = [f"{' ' * number}note" for number in range(300)]
    renames = texts.apart(names, ["note"])
    assert [renames[name].count("(as sent)") for name in names] == list(range(1, 301))
    assert len(asked) < 5 * len(names)


@given(WORDS)
def test_no_two_names_are_the_same_afterwards(names):
    names = list(dict.fromkeys(names))
    renames = texts.apart(names, ["Teams"])
    after = [texts.key(renames.get(name, name)) for name in names]
    assert len({*after, "teams"}) == len(names) + 1
