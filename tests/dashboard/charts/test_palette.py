"""The charts' colours and the page's colours are two spellings of one theme, and legible."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from tests.dashboard.charts.legible import PALETTES, contrast

ROOT = Path(__file__).parents[3]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


@pytest.mark.parametrize("name", PALETTES)
def test_the_charts_stand_on_the_pages_background(name):
    page, palette = CONFIG["theme"][name], PALETTES[name]
    assert palette.background == page["backgroundColor"]
    assert palette.text == page["textColor"]
    assert palette.deployed == page["primaryColor"]


@pytest.mark.parametrize("colour", ["bar", "distance"])
def test_the_bars_of_tables_have_the_colours_of_the_charts(colour):
    light, dark = (getattr(PALETTES[name], colour).lower() for name in ("light", "dark"))
    assert f"--{colour}: light-dark({light}, {dark});" in (ROOT / "dashboard/browser/page.css").read_text()


def test_paper_is_printed_in_the_colour_of_light_text():
    sheet = (ROOT / "dashboard/browser/print.css").read_text()
    printed = re.findall(r"(?:color|fill): (#[0-9a-f]{6}) !important", sheet)
    (line,) = re.findall(
        r"--frame-line: light-dark\((#[0-9a-f]{6}),", (ROOT / "dashboard/browser/page.css").read_text()
    )
    assert {*printed} == {PALETTES["light"].text.lower(), line}


@pytest.mark.parametrize("name", PALETTES)
def test_text_and_bars_are_legible(name):
    palette = PALETTES[name]
    for colour in (palette.text, palette.muted):
        assert contrast(colour, palette.background) >= 4.5
    for colour in (palette.better, palette.worse):
        assert contrast(colour, palette.background) >= 4.5, "they colour text, too"
    for colour in (palette.deployed, palette.bar, palette.action, palette.target):
        assert contrast(colour, palette.background) >= 3


@pytest.mark.parametrize("name", PALETTES)
def test_no_two_meanings_share_a_colour(name):
    palette = PALETTES[name]
    meanings = [each.name for each in fields(palette) if each.name not in ("text", "target")]
    assert len({getattr(palette, meaning) for meaning in meanings}) == len(meanings)
    for part, beside in (
        ("bar", "undeployed"),
        ("bar", "action"),
        ("unused", "undeployed"),
        ("undeployed", "action"),
        ("ended", "otherwise"),
        ("extended", "otherwise"),
        ("extended", "action"),
    ):
        assert contrast(getattr(palette, part), getattr(palette, beside)) >= 1.3, (part, beside)


@pytest.mark.parametrize("name", PALETTES)
def test_what_is_settled_goes_from_light_to_dark_in_both_themes(name):
    palette = PALETTES[name]
    black = "#000000"
    assert contrast(palette.ended, black) > contrast(palette.otherwise, black)


@pytest.mark.parametrize("name", PALETTES)
def test_the_pages_own_colours_are_legible(name):
    page = CONFIG["theme"][name]
    for text in ("textColor", "grayTextColor", "linkColor"):
        for ground in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(page[text], page[ground]) >= 4.5
