"""Foreign text as a page shows it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import formats

#: Unicode's classes of characters that order others.
_REORDERING = ("LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


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
