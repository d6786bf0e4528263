"""What people take away: a workbook that other programs read, and charts as pictures that say what they are."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from playwright.sync_api import Download, Page, expect
from pypdf import PdfReader

from tests.browser import app
from tests.browser.partners import HOSTILE_NAMES
from tests.browser.test_journeys import number

WHITE, DARK = "rgb(255, 255, 255)", "#10151D"


def picture(page: Page, kind: str) -> Download:
    with page.expect_download() as arriving:
        page.get_by_role("button", name=f"Save this chart as {kind}").first.click()
    return arriving.value


def workbook(page: Page) -> tuple[str, openpyxl.Workbook]:
    name, content = app.download(page, "export_xlsx")
    return name, openpyxl.load_workbook(io.BytesIO(content))


def test_the_workbook_holds_what_the_tiles_say_and_the_link_that_leads_back(sample, visitors):
    page = visitors.open(f"{sample}/?channel=reseller")
    name, book = workbook(page)
    assert re.fullmatch(r"license-deployment_\d{4}-\d\d-\d\d_channel-reseller_sample\.xlsx", name)
    sheet, about = book.worksheets
    header, *rows = sheet.iter_rows(values_only=True)
    sold = header.index("Sold")
    assert sum(row[sold] for row in rows) == number(app.figure(page, "kpi_licenses_sold"))
    facts = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
    assert (facts["Source"], facts["Filter"]) == ("Sample data", "channel = reseller")
    assert facts["The same view"] == f"{sample}/?channel=reseller"


def test_hostile_names_are_texts_in_the_workbook(hostile, visitors):
    _, book = workbook(visitors.open(hostile))
    cells = [cell for row in book.worksheets[0].iter_rows(min_row=2) for cell in row]
    assert set(HOSTILE_NAMES) <= {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chart_is_taken_along_on_white_with_its_title_date_and_source(scheme, sample, visitors):
    page = visitors.open(f"{sample}/?service=o365", color_scheme=scheme)
    saved = picture(page, "SVG")
    name = r"license-deployment_\d{4}-\d\d-\d\d_service-o365_sample_services-chart\.svg"
    assert re.fullmatch(name, saved.suggested_filename)
    svg = Path(saved.path()).read_text(encoding="utf-8")
    said = " ".join("".join(ElementTree.fromstring(svg).itertext()).split())
    for words in ("Where are licenses not deployed?", "Sample data", "newest figures of", "Filter: service = o365"):
        assert words in said
    assert WHITE in svg
    assert DARK not in svg


def test_a_picture_can_be_taken_by_keyboard(sample, visitors):
    page = visitors.open(sample)
    button = page.get_by_role("button", name="Save this chart as PNG").first
    button.focus()
    with page.expect_download() as arriving:
        page.keyboard.press("Enter")
    content = Path(arriving.value.path()).read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    assert width == 2200
    assert height > 800


@pytest.mark.parametrize("width", [1366, 390])
def test_what_is_behind_a_tile_is_read_by_keyboard(width, sample, visitors):
    page = visitors.open(sample)
    page.set_viewport_size({"width": width, "height": 844})
    page.get_by_role("button", name="Help for Deployment %").focus()
    behind = page.locator("[role=tooltip]:popover-open")
    expect(behind).to_contain_text("deployed ÷")
    said = " ".join(behind.inner_text().split())
    percent, sold = app.figure(page, "kpi_deployment_percent"), app.figure(page, "kpi_licenses_sold")
    assert said.startswith(f"{percent} = ")
    assert f"÷ {sold} sold × 100" in said
    assert "Assigned ÷ sold" in said
    box = behind.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.keyboard.press("Escape")
    expect(behind).to_have_count(0)
    page.set_viewport_size({"width": 1366, "height": 900})


def test_on_paper_a_table_of_some_pages_is_whole_and_on_screen_as_before(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    rows = page.locator(".st-key-customers_table tbody tr")
    expect(rows).to_have_count(50)
    sheets = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages]
    assert len(re.findall(r"\d\d\.\d\d\s%", " ".join(sheets))) > 120  # a percentage of each customer
    assert len(sheets) < 20
    expect(rows).to_have_count(50)
    page.goto(f"{sample}/renewals?horizon=365")
    page.locator(".st-key-renewals_table tbody tr").first.wait_for()
    words = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages)
    assert re.search(r"1–50 of [\d,]+ rows; the files have all\.", words)


def test_on_paper_a_page_has_its_figures_and_whole_charts_and_nothing_to_click(sample, visitors):
    page = visitors.open(sample)
    expect(page.locator(".st-key-services_chart .js-plotly-plot")).to_be_visible()
    words = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages)
    assert app.figure(page, "kpi_licenses_sold").strip() in words
    assert "Where are licenses not deployed?" in words
    assert "Copy link" not in words
    assert "CSV for" not in words
    drawing = page.locator(".st-key-services_chart .js-plotly-plot .main-svg").first
    before, printed, after = drawing.evaluate(
        """drawing => {
            const width = () => drawing.getBoundingClientRect().width
            const then = kind => (kind && dispatchEvent(new Event(kind)), width())
            return [then(), then("beforeprint"), then("afterprint")]
        }"""
    )
    assert before == after > 1000 >= printed
