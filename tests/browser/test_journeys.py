"""What people do with the dashboard, done in a real browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

from data_access.emulator import gateway
from tests.browser import app
from tests.browser.partners import EVIL, HOSTILE_NAMES

NO_EXCEPTION = "[data-testid=stException]"

# Elements that a page draws and draws again are new each time.
COUNT_DRAWINGS = """() => {
    window.drawings = 0;
    const chart = document.querySelector('.st-key-services_chart .js-plotly-plot');
    chart.on('plotly_afterplot', () => { window.drawings += 1 });
}"""


def link(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def rows_of(content: bytes, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline="")))


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


# A filter is a link


def test_a_filter_is_a_link_that_shows_everyone_the_same(sample, visitors):
    page = visitors.open(sample)
    everything = app.figures(page)
    app.click_pill(page, "Reseller")
    filtered, rows = app.figures(page), app.labels(page)
    assert link(page) == {"channel": ["reseller"]}
    assert filtered != everything

    colleague = visitors.open(page.url, who="colleague")
    assert app.figures(colleague) == filtered
    assert app.labels(colleague) == rows

    page.reload()
    app.wait_for_chart(page)
    app.settle(page)
    assert app.figures(page) == filtered


def test_back_returns_to_the_former_figures(sample, visitors):
    page = visitors.open(sample)
    everything = app.figures(page)
    app.click_pill(page, "Direct")
    direct = app.figures(page)
    app.click_pill(page, "Reseller")

    for address, figures in (("/?channel=direct", direct), ("/", everything)):
        page.go_back()
        expect(page).to_have_url(sample + address)
        expect(page.locator(".st-key-kpi_licenses_sold p").nth(1)).to_have_text(figures["kpi_licenses_sold"].split()[2])
        assert app.figures(page) == figures


def test_order_and_target_travel_in_the_link(sample, visitors):
    page = visitors.open(sample)
    before = app.labels(page)
    page.locator(".st-key-sort").get_by_text("Lowest %").click()
    expect(page).to_have_url(re.compile("sort=percent"))
    app.wait_for_other_labels(page, before)
    target = page.locator(".st-key-target input")
    target.fill("50")
    target.press("Enter")
    expect(page).to_have_url(re.compile("target=50"))
    app.settle(page)

    rows, figures = app.labels(page), app.figures(page)
    visitors.open(page.url)
    assert (app.labels(page), app.figures(page)) == (rows, figures)


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ("channel=&service=&sort=&target=&utm=%00%ff", []),  # which asks for nothing
        (f"service={'x' * 3_000}&channel={quote('<script>alert(1)</script>')}", ["<script>alert(1)</script>", "xxx"]),
    ],
    ids=["empty", "attack"],
)
def test_a_bad_link_is_harmless_and_says_what_it_left_out(query, left_out, sample, visitors):
    page = visitors.open(f"{sample}/?{query}")
    expect(page.locator(NO_EXCEPTION)).to_have_count(0)
    told = " ".join(page.get_by_text("Ignored from the link").all_inner_texts()).translate(app.INVISIBLE)
    assert [part for part in left_out if part not in told] == []
    assert bool(told) is bool(left_out)


# The chart


def test_a_click_on_a_bar_shows_one_service_and_a_second_click_all(sample, visitors):
    page = visitors.open(sample)
    everything = app.labels(page)
    app.click_bar(page, 0)
    expect(page).to_have_url(re.compile("service="))
    app.settle(page)
    assert app.labels(page) == everything[:1]
    assert len(link(page)["service"]) == 1

    app.click_bar(page, 0)
    expect(page).not_to_have_url(re.compile("service="))
    app.settle(page)
    assert app.labels(page) == everything


def test_a_click_draws_the_chart_once(sample, visitors):
    page = visitors.open(sample)
    page.evaluate(COUNT_DRAWINGS)
    app.click_pill(page, "Direct")
    assert page.evaluate("window.drawings") == 1


def test_the_chart_is_as_wide_as_its_frame(sample, visitors):
    page = visitors.open(sample)
    app.click_pill(page, "Direct")
    for width in (1366, 900):
        page.set_viewport_size({"width": width, "height": 900})
        frame = page.locator(".st-key-services_chart_bars")
        drawing = page.locator(".st-key-services_chart .main-svg").first
        page.wait_for_function(
            "([one, other]) => Math.abs(one.clientWidth - other.clientWidth) < 2",
            arg=[frame.element_handle(), drawing.element_handle()],
        )


# Files


def test_the_files_hold_what_the_tiles_say_and_the_same_view_gives_the_same_bytes(sample, visitors):
    page = visitors.open(f"{sample}/?channel=reseller")
    sold, undeployed = (number(app.figure(page, f"kpi_{tile}")) for tile in ("licenses_sold", "undeployed"))
    files = [app.download(page, key) for key in ("export_csv", "export_csv_exact")]
    (for_excel, content), (for_machines, exact) = files

    rows = rows_of(content)
    assert re.fullmatch(r"license-deployment_\d{4}-\d\d-\d\d_channel-reseller_sample\.csv", for_excel)
    assert content.startswith(b"\xef\xbb\xbf")
    assert sum(int(row["licensesSold"]) for row in rows) == sold
    assert round(sum(float(row["undeployed"]) for row in rows)) == undeployed
    assert {row["channel"] for row in rows} == {"reseller"}
    assert {row["source"] for row in rows} == {"Sample data"}
    assert {row["filter"] for row in rows} == {"channel = reseller"}

    rows = rows_of(exact, "utf-8")
    assert for_machines.endswith("_channel-reseller_sample_exact.csv")
    assert not exact.startswith(b"\xef\xbb\xbf")
    first_columns = ["serviceName", "channel", "licensesSold", "proratedDeploymentPercent", "processedDateTime"]
    assert list(rows[0])[:5] == first_columns
    assert sum(int(row["licensesSold"]) for row in rows) == sold
    assert [row for row in rows if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", row["processedDateTime"])] == []

    visitors.open(page.url)
    assert [app.download(page, key) for key in ("export_csv", "export_csv_exact")] == files


# Hostile text is text


def shown(texts: Iterable[str]) -> list[str]:
    """Texts as they are seen: on one line each, in alphabetical order."""
    return sorted(" ".join(text.translate(app.INVISIBLE).split()) for text in texts)


def test_hostile_names_stay_text(hostile, visitors):
    page = visitors.open(hostile)
    names = shown(HOSTILE_NAMES)
    assert shown(page.locator(".st-key-channel button").all_inner_texts()) == names
    short = [name if len(name) <= 30 else name[:29] + "…" for name in names]
    assert shown(label.rsplit("   ", 1)[0] for label in app.labels(page)) == sorted(short)

    for name in names:
        page.get_by_role("combobox", name="Service").fill(name.split()[0][:40])
        expect(page.get_by_role("option").get_by_text(name, exact=True)).to_be_visible()

    page.keyboard.press("Escape")
    for row in range(len(names)):
        app.bar(page, row).hover(force=True)
    assert page.evaluate("[...document.images].map(image => image.src)") == []
    links = "[...document.querySelectorAll('a')].map(a => a.getAttribute('href') || a.getAttribute('xlink:href'))"
    assert not [target for target in page.evaluate(links) if EVIL in (target or "")]


def test_hostile_names_can_be_filtered_and_linked(hostile, visitors):
    page = visitors.open(hostile)
    everything = app.figures(page)
    query = urlencode({"channel": HOSTILE_NAMES, "service": HOSTILE_NAMES}, doseq=True)
    page = visitors.open(f"{hostile}/?{query}")
    expect(page.get_by_text("Ignored from the link")).to_have_count(0)
    assert app.figures(page) == everything


def test_no_cell_of_a_hostile_file_is_a_formula(hostile, visitors):
    page = visitors.open(hostile)
    _, content = app.download(page, "export_csv")
    cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]
    assert len(cells) > len(HOSTILE_NAMES)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    _, exact = app.download(page, "export_csv_exact")
    assert {row["serviceName"] for row in rows_of(exact, "utf-8")} == set(HOSTILE_NAMES)


# Nothing from elsewhere


def test_a_full_visit_asks_no_other_host(sample, visitors):
    page = visitors.open(sample)
    app.click_pill(page, "Direct")
    app.click_bar(page, 0)
    app.settle(page)
    app.download(page, "export_csv")
    page.get_by_role("button", name="Refresh").click()
    app.settle(page)
    asked = [url for witness in visitors.witnesses for url in witness.requests]
    fonts = [url for url in asked if "inter" in url and url.endswith(".woff2")]
    assert fonts
    assert all(url.startswith(f"{sample}/fonts/") for url in fonts)
    policy = page.request.get(sample).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'sha256-" in policy


def test_no_other_host_may_steer_the_page(sample):
    assert requests.get(f"{sample}/_stcore/host-config", timeout=5).json()["allowedOrigins"] == []


# For everyone


def focus_by_tab(page: Page, key: str) -> None:
    """Press Tab until something in the element with this key has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"!!document.activeElement.closest('.st-key-{key}')"):
            return
    raise AssertionError(f"Tab does not reach {key}")


def test_the_keyboard_reaches_everything(sample, visitors):
    page = visitors.open(sample)
    focus_by_tab(page, "channel")
    for key, channels in (("Enter", 1), ("Space", 2)):
        page.keyboard.press(key)
        page.wait_for_function("n => new URLSearchParams(location.search).getAll('channel').length === n", arg=channels)
        app.settle(page)
        page.keyboard.press("ArrowRight")
    focus_by_tab(page, "service")
    focus_by_tab(page, "sort")
    focus_by_tab(page, "export_csv")
    with page.expect_download():
        page.keyboard.press("Enter")


#: What axe-core passes over: parts, not rules, so that the rules go on watching everything else.
STREAMLITS_OWN = {
    # Streamlit writes the chosen options in white on the primary colour. On a dark page no colour can carry white text
    # and stand out from the background as well, both at 4.5 : 1; the selected pills need the latter.
    "color-contrast": ".st-key-service [data-testid=stMultiSelectTagsContainer] span",
}


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(…)`, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_chart_is_dark_in_the_dark_and_legible_in_both(sample, visitors):
    backgrounds = []
    for scheme in ("light", "dark"):
        page = visitors.open(sample, color_scheme=scheme)
        chart = page.locator(".st-key-services_chart .main-svg").first
        backgrounds.append(chart.evaluate("svg => getComputedStyle(svg).backgroundColor"))
        # The squares of the key have the colours of what they stand for.
        texts = page.locator(".st-key-services_chart .js-plotly-plot :is(text, tspan)").evaluate_all(
            "texts => texts.filter(t => t.textContent.trim().replace('■', '')).map(t => getComputedStyle(t).fill)"
        )
        assert min(contrast(colour, backgrounds[-1]) for colour in texts) >= 4.5
    assert backgrounds[0] != backgrounds[1]


# Trouble


def test_the_last_good_figures_stay_while_the_service_is_down(live, visitors):
    page = visitors.open(live.address)
    good = app.figures(page)
    refresh = page.get_by_role("button", name="Refresh")
    warning = page.get_by_text("These are the last good figures, fetched")

    live.service.always(gateway(503))
    refresh.click()
    expect(warning).to_be_visible(timeout=10_000)
    expect(warning).to_contain_text(re.compile("just now|ago"))
    assert app.figures(page) == good

    live.service.heal()
    refresh.click()
    expect(warning).to_have_count(0, timeout=10_000)
    assert app.figures(page) == good
