"""Numbers, dates and foreign text as a page shows them."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import formats

#: Unicode's classes of characters that order others.
_REORDERING = ("LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (26.16, "26.16 %"),
        (0.0, "0.00 %"),
        (1.0, "1.00 %"),
        (33.3333, "33.3333 %"),
        (131.25, "131.25 %"),
        (1234.5, "1,234.50 %"),
        (72.20657, "72.21 %"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_percent_points_are_shown_as_sent(value, shown):
    assert formats.percent(value).replace("\u00a0", " ") == shown


@given(st.integers(0, 200_000))
def test_two_decimals_are_never_changed(hundredths):
    shown = formats.percent(hundredths / 100)
    assert float(shown.replace(",", "").split("\u00a0")[0]) == hundredths / 100


def test_estimates_are_marked():
    assert formats.count(1234.4) == "1,234"
    assert formats.count(1234.4, estimated=True) == "≈\u00a01,234"


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_age(span, shown):
    assert formats.age(span) == shown


def test_days():
    assert formats.day(datetime(2026, 10, 9, tzinfo=UTC)) == "9 Oct 2026"
    assert formats.day(None) == "–"


@pytest.mark.parametrize(
    ("percent", "said"),
    [
        (72.2, "7.8 points missing"),
        (0.0, "80.0 points missing"),
        (78.99, "1.0 points missing"),
        (79.001, "1.0 points missing"),
        (79.5, "0.50 points missing"),
        (79.96, "0.04 points missing"),
        (79.994, "0.01 points missing"),
        (79.9999, "less than 0.01 points missing"),
        (80.0, "target reached"),
        (131.25, "target reached"),
        (None, "nothing sold"),
    ],
)
def test_the_way_to_the_target(percent, said):
    assert formats.to_target(percent, 80) == said


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_what_is_missing_is_never_nothing(percent, target):
    said = formats.to_target(percent, target)
    assert (said == "target reached") == (percent >= target)
    assert all(float(number) for number in re.findall(r"[\d.]+", said))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("**b**", r"\*\*b\*\*"),
        ("![x](y)", r"\!\[x\]\(y\)"),
        (":red[x]", "\\:\u2060red\\[x\\]"),
        ("[a](b)", r"\[a\]\(b\)"),
        ("`c`", r"\`c\`"),
        ("$x$", r"\$x\$"),
        ("# h", r"\# h"),
        ("<b>", r"\<b\>"),
        ("a_b_", r"a\_b\_"),
        ("~x~", r"\~x\~"),
        ("\\", r"\\"),
    ],
)
def test_markdown_is_escaped(text, escaped):
    assert formats.plain(text) == escaped


@pytest.mark.parametrize("text", ["http://evil.example", "www.evil.example", "a@evil.example"])
def test_what_would_become_a_link_is_held_apart(text):
    assert text not in formats.plain(text).replace("\\", "")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"])))
def test_nothing_visible_is_lost(text):
    shown = formats.plain(text).strip(formats.ISOLATE + formats.POP).replace("\u2060", "")
    assert shown.replace("\\", "") == text.replace("\\", "")


@pytest.mark.parametrize(
    "name", ["\u202eEvil", "\u2069\u202e Contoso", "\u2066\u2067\u2069\u2069 x \u202e rtl", "a\u200fb\u061c"]
)
def test_no_name_turns_the_figures_beside_it_round(name):
    for shown in (formats.plain(name), formats.shortened(name)):
        assert not any(unicodedata.bidirectional(sign) in _REORDERING for sign in shown)
    assert formats.plain("שלום") == "\u2068שלום\u2069", "and a name from right to left is isolated"
    assert formats.bare(formats.plain("שלום (1)")) == "שלום (1)"
