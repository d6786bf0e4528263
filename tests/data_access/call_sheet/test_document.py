"""The PDF of a call sheet, read again with another library."""

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from data_access.call_sheet import document
from data_access.call_sheet.sheet import CallSheet, Column, Figure, Line, Section
from tests.examples import examples

DAY = date(2026, 11, 28)
ROCKET = "\N{ROCKET}"
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}"
HOSTILE = ["=cmd|' /C calc'!A0", "<b>bold</b>", "#eval(1) $x$ *b* _i_ @ref `raw` //", "![x](http://evil.example)", "\\"]

SHEET = CallSheet(
    customer="Nordwind GmbH",
    tenant="0112A436-B14E-4888-967B-CA4BB2CF1234",
    source="Microsoft Partner Center",
    dates="Figures of 28 Nov 2026",
    mark="",
    figures=(Figure("Licenses sold", "1,204", "+40 in 30 days"), Figure("Deployed", "72.12\u00a0%")),
    steps=("114 seats of Office 365 E5 are not assigned.",),
    aside="",
    muted=("1 muted, until 31 Jan 2027: migration",),
    sections=(Section("Products", (Column("Product", is_number=False), Column("Sold")), (("Office 365 E5", "200"),)),),
    line=Line(((DAY - timedelta(days=30), 70.0), (DAY, 72.12)), "From 70.00 % to 72.12 %."),
    definitions="Deployed: licenses assigned to users.",
)


def read(*sheets: CallSheet) -> PdfReader:
    return PdfReader(io.BytesIO(document.pdf(sheets)))


def text(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_everything_stands_on_one_page():
    reader = read(SHEET)
    assert len(reader.pages) == 1
    words = text(reader)
    for part in (
        "Nordwind GmbH",
        SHEET.tenant,
        "1,204",
        "+40 in 30 days",
        "72.12 %",
        *SHEET.steps,
        "Office 365 E5 200",
    ):
        assert part in words
    assert "Sample" not in words
    assert "Sample data" in text(read(replace(SHEET, mark="Sample data")))


def test_the_same_sheet_is_the_same_bytes():
    first = document.pdf([SHEET])
    assert first == document.pdf([replace(SHEET)])
    assert first != document.pdf([replace(SHEET, mark="Sample data")])


def test_a_screen_reader_finds_title_language_structure_and_the_lines_words():
    reader = read(SHEET)
    root = cast(dict[str, Any], reader.trailer["/Root"])
    structure = [*tree(root["/StructTreeRoot"])]
    assert reader.metadata
    assert reader.metadata.title == "Nordwind GmbH"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/L", "/Figure"} <= {str(part.get("/S")) for part in structure}
    assert "From 70.00 % to 72.12 %." in [str(part.get("/Alt")) for part in structure]


def test_several_customers_make_one_file_and_each_begins_on_a_page():
    reader = read(SHEET, replace(SHEET, customer="Südwind AG"))
    assert [page.extract_text().split("\n")[1] for page in reader.pages] == ["Nordwind GmbH", "Südwind AG"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_text(name):
    sheet = replace(SHEET, customer=name, steps=(name,), sections=(replace(SHEET.sections[0], rows=((name, "1"),)),))
    assert text(read(sheet)).count(name) >= 3, "as heading, step and cell"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ελληνική Εταιρεία", "Ελληνική Εταιρεία"),
        ("ООО Ромашка", "ООО Ромашка"),
        ("Łódź Žižkov Đà Nẵng", "Łódź Žižkov Đà Nẵng"),
        ("株式会社", "ZhuShiHuiShe"),
        ("شركة أحمد", "shrkh 'hmd"),
        ("क्या", "kya"),
        (f"{ROCKET} Acme {FAMILY}{FLAG}", f"{ROCKET} Acme {FAMILY}{FLAG}"),
        (f"{ROCKET}" * 300, f"{ROCKET}" * 159 + "…"),
        ("\N{MATHEMATICAL BOLD CAPITAL A}", "A"),
        ("\N{BLACK STAR} \N{SNOWMAN}", "* \N{SNOWMAN}"),
        ("\N{ETHIOPIC TONAL MARK YIZET}x", ":ethiopic tonal mark yizet:x"),
        ("\N{ARABIC LETTER ALEF}", ":arabic letter alef:"),
        ("שלום", "slvm"),
        ("e\N{COMBINING ACUTE ACCENT}", "e\N{COMBINING ACUTE ACCENT}"),
        ("क\N{ZERO WIDTH JOINER}ष", "k\N{ZERO WIDTH JOINER}s"),
        ("\u202eevil", "evil"),
        ("\U0010fffdx", "[U+10FFFD]x"),
        ("a\nb\tc", "a b c"),
        ("\ud800", "[U+D800]"),
        ("a\N{FUNCTION APPLICATION}b", "ab"),
        ("", ""),
    ],
)
def test_no_script_is_lost(name, shown):
    assert document.printed(name) == shown
    assert "".join(shown.split()) in "".join(text(read(replace(SHEET, customer=name))).split())


def test_every_picture_that_is_printed_as_it_is_can_be_copied_from_the_page():
    signs = map(chr, range(0x1F300, 0x1FAFF))
    pictures = [sign for sign in signs if unicodedata.category(sign) == "So" and document.printed(sign) == sign]
    rows = tuple((" ".join(pictures[place : place + 30]), "1") for place in range(0, len(pictures), 30))
    there = {*text(read(replace(SHEET, sections=(replace(SHEET.sections[0], rows=rows),))))}
    assert len(pictures) > 1000
    assert {*pictures} - there == set()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("株式会社\x00\ud800", "株式会社"),
        ("Ahorn \ud800 GmbH", "Ahorn GmbH"),
        ("Ahorn\n\x9bGmbH\uffff", "Ahorn GmbH"),
    ],
)
def test_the_title_of_the_file_is_the_name_as_it_was_sent_on_one_line(name, title):
    metadata = read(replace(SHEET, customer=name)).metadata
    assert metadata
    assert metadata.title == title


@examples(15)
@given(st.text(max_size=400))
def test_no_name_is_fatal(name):
    sheet = replace(SHEET, customer=name, tenant=name, steps=(name,) * 3)
    assert len(read(sheet).pages) <= 2


def table_of(name, rows, columns=5, *, is_narrow=False):
    heads = (Column("Product", is_number=False), *(Column(f"Number {number}") for number in range(1, columns)))
    cells = ((name, *["10,204"] * (columns - 1)),) * rows
    return Section(f"Part of {rows}", heads, cells, "and 12 products more", is_narrow)


def full(name, step):
    """A sheet with as many lines of each part as there can be."""
    sections = (
        table_of(name, 8, columns=6),
        table_of(name, 8, columns=6),
        table_of(name, 6, columns=4, is_narrow=True),
        table_of(name, 6, columns=4, is_narrow=True),
    )
    return replace(SHEET, figures=SHEET.figures * 2, steps=(step,) * 3, sections=sections)


def test_a_sheet_with_all_of_its_lines_has_one_page_and_room_for_notes():
    name, step = "Dynamics 365 Customer Service", "In a month 18 seats of Exchange Online Kiosk renew: how many then?"
    reader = read(full(name, step))
    assert len(reader.pages) == 1
    assert " of 1" not in text(reader)
    assert text(reader).count("10,204") == 8 * 5 * 2 + 6 * 3 * 2


def test_the_longest_sheet_has_two_pages_that_are_counted():
    long = "株" * 300
    reader = read(replace(full(long, long), customer=long, tenant=long), replace(SHEET, customer="Südwind AG"))
    assert len(reader.pages) == 3
    assert [f"{number} of 2" in page.extract_text() for number, page in zip((1, 2, 1), reader.pages, strict=True)] == [
        True,
        True,
        False,
    ]


def test_source_and_dates_stand_at_the_foot_and_a_sample_is_marked():
    sheet = replace(SHEET, source="Sample data", mark="Sample data")
    words = text(read(sheet))
    assert "Nordwind GmbH · Sample data · Figures of 28 Nov 2026" in words
    assert words.startswith("Call sheet Sample data Nordwind GmbH")


def test_sentences_below_a_table_and_at_the_foot_are_whole():
    note = (
        "and 2 subscriptions more. At risk: the rows add up to 1,200, together they are 1,160, since seats of a product"
        " count once and trials, usage and what is suspended do not count; of what renews 1,140"
    )
    dates = (
        "Microsoft's newest answers have no rows since 24 Nov 2026; Figures of 20 Nov 2026, in the answer of 23 Nov"
        " 2026; subscriptions of 28 Nov 2026, 06:30 UTC; live seats of 27 Nov 2026, 06:30 UTC"
    )
    reader = read(replace(SHEET, dates=dates, sections=(replace(SHEET.sections[0], note=note),)))
    assert len(reader.pages) == 1
    assert note in text(reader)
    assert dates in text(reader)


def test_a_long_word_breaks_where_the_page_ends():
    name = "W" * 110
    lines = read(replace(SHEET, customer=name)).pages[0].extract_text().split("\n")
    assert max(len(line) for line in lines) < 110
    assert name in "".join(lines)


def test_one_point_is_a_line_too():
    assert "70 %" in text(read(replace(SHEET, line=Line(((DAY, 70.0),), "70.00 % on 28 Nov 2026."))))


def tree(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    below = node.get("/K", [])
    for part in below if isinstance(below, list) else [below]:
        child = part.get_object() if hasattr(part, "get_object") else part
        if isinstance(child, dict):
            yield child
            yield from tree(child)


def test_the_line_has_its_target_beside_it():
    assert SHEET.line
    words = text(read(replace(SHEET, line=replace(SHEET.line, target=80.0))))
    assert "target 80 %" in words
    assert "70 %" in words  # where the line begins, and above it there is room for the target
    assert "target" not in text(read(SHEET))


def test_a_target_below_the_line_is_within_the_picture_too():
    assert SHEET.line
    words = text(read(replace(SHEET, line=replace(SHEET.line, target=40.0))))
    assert "target 40 %" in words
    assert " 40 %" in words.replace("target 40 %", "")


def test_the_customers_page_can_be_opened_from_the_sheet():
    address = f"https://insights.partner.example/customers?customer={SHEET.tenant}"
    reader = read(replace(SHEET, address=address))
    notes = cast(list[Any], reader.pages[0]["/Annots"])
    links = [note.get_object()["/A"]["/URI"] for note in notes]
    assert links == [address]
    assert "Open the page of this customer" in text(reader)
    assert "Open the page" not in text(read(SHEET))
