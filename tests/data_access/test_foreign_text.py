"""Text that others wrote: what counts as an id, and what of it is printed."""

import pytest

from data_access.foreign_text import identifier, is_guid, printable, printable_id

TENANT = "05bbed59-1f63-4ee2-bdfc-0411a0252cd9"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (TENANT, True),
        (TENANT.upper(), True),
        ("", False),
        ("manager", False),
        (TENANT.replace("-", ""), False),
        (f"{{{TENANT}}}", False),
        (f"{TENANT}\n", False),
        (TENANT.replace("0", "\u0660"), False),
        (TENANT.replace("b", "g"), False),
    ],
    ids=["small", "capitals", "empty", "a word", "no hyphens", "braces", "a line break", "other digits", "no hex"],
)
def test_a_guid_is_32_hex_digits_with_hyphens(text, is_one):
    assert is_guid(text) is is_one


@pytest.mark.parametrize("text", ["900420", "AADSTS50076", TENANT, "a_b.c-d", "x" * 64])
def test_a_code_or_an_id_is_taken_as_it_is(text):
    assert identifier(text) == text


@pytest.mark.parametrize("text", ["", "two words", "<b>", "line\nbreak", "é", "x" * 65, "../etc"])
def test_no_other_text_is_taken_for_one(text):
    assert identifier(text) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Contoso Ltd", "Contoso Ltd"),
        ("Ünïcode 青空", "Ünïcode 青空"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred\x07", " [31mred "),
        ("turned \u202e around", "turned   around"),
    ],
    ids=["plain", "accents", "lines", "terminal", "direction"],
)
def test_what_a_terminal_would_obey_is_not_printed(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TENANT, TENANT),
        ("x" * 64, "x" * 64),
        ("x" * 100_000, f"{'x' * 63}…"),
        ("../a\nb\x1b[31m", "../a b [31m"),
        ("", ""),
    ],
    ids=["an id", "the longest", "too long", "no id", "empty"],
)
def test_whatever_was_sent_as_an_id_is_printed_on_one_line_and_no_longer_than_one(text, shown):
    assert printable_id(text) == shown
