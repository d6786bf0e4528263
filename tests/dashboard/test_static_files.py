"""Streamlit's scripts leave compressed where the browser can read that, and are announced on the page."""

import re
from pathlib import Path

import plotly
import pyarrow as pa
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard import static_files
from dashboard.static_files import PLOTLY, PLOTLY_FILE, StaticFiles, in_folder

SCRIPT = b"export const figure = 42;\n" * 100
PAGE = "<html><head><title>page</title></head><body>" + "x" * 100_000 + "</body></html>"
ELSEWHERE = "as Streamlit sends it"


@pytest.fixture
def browser(tmp_path):
    (tmp_path / "static" / "js").mkdir(parents=True)
    (tmp_path / "static" / "js" / "chart.js").write_bytes(SCRIPT)
    (tmp_path / "static" / "js" / "small.js").write_bytes(b"1")
    (tmp_path / "static" / "font.woff2").write_bytes(SCRIPT)
    (tmp_path.parent / "secrets.js").write_bytes(SCRIPT)
    link = "<./static/js/chart.js>; rel=modulepreload"
    middleware = Middleware(
        StaticFiles,
        files=in_folder(tmp_path),
        address="/app/",
        later=[link, "<./other.js>"],
        head="<style>p { color: red }</style>",
    )
    (tmp_path / "page.html").write_text(PAGE)
    routes = [
        Route("/app/", lambda _: FileResponse(tmp_path / "page.html")),
        Route("/{path:path}", lambda _: PlainTextResponse(ELSEWHERE)),
    ]
    return TestClient(Starlette(routes=routes, middleware=[middleware, Middleware(GZipMiddleware)]))


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("BR;q=1.0", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
    ],
)
def test_a_script_is_compressed_in_the_best_way_that_the_browser_accepts(browser, accepted, encoding):
    with browser.stream("GET", "/app/static/js/chart.js", headers={"Accept-Encoding": accepted}) as answer:
        content = b"".join(answer.iter_raw())
    assert answer.headers["Content-Encoding"] == encoding
    assert int(answer.headers["Content-Length"]) == len(content) < len(SCRIPT)
    codec = {"br": "brotli"}.get(encoding, encoding)
    assert pa.decompress(content, decompressed_size=len(SCRIPT), codec=codec, asbytes=True) == SCRIPT
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["", "identity", "zstd", "gzip;q=0"])
def test_who_cannot_read_that_gets_the_script_as_it_is(browser, accepted):
    answer = browser.get("/app/static/js/chart.js", headers={"Accept-Encoding": accepted})
    assert (answer.content, answer.headers.get("Content-Encoding")) == (SCRIPT, None)


@pytest.mark.parametrize(
    "path",
    [
        "/app/static/font.woff2",  # is compressed as it is
        "/app/static/js/small.js",  # one packet either way
        "/app/static/js/other.js",
        "/static/js/chart.js",  # below another path than the page's
        "/app/../secrets.js",
        "/app/%2e%2e/secrets.js",
    ],
)
def test_all_other_addresses_are_streamlits(browser, path):
    assert browser.get(path, headers={"Accept-Encoding": "br"}).text == ELSEWHERE


def test_the_copy_is_made_once(browser, tmp_path):
    first = browser.get("/app/static/js/chart.js", headers={"Accept-Encoding": "gzip"})
    (tmp_path / "static" / "js" / "chart.js").unlink()
    again = browser.get("/app/static/js/chart.js", headers={"Accept-Encoding": "gzip"})
    assert first.content == again.content == SCRIPT


def version(script):
    found = re.search(rb"plotly\.js .*v([\d.]+)", script.read_bytes()[:300])
    assert found
    return found[1].decode()


def test_the_script_of_charts_is_of_the_version_that_the_installed_plotly_writes_for():
    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    assert version(PLOTLY_FILE) == version(whole), "take the npm package plotly.js-basic-dist-min of that version"
    assert f"plotly-basic-{version(whole)}.min.js" == PLOTLY  # browsers keep it for good


def test_the_script_of_charts_can_draw_what_charts_are_made_of():
    charts = Path(static_files.__file__).parent / "charts"
    sources = "".join(file.read_text(encoding="utf-8") for file in charts.glob("*.py"))
    axes_and_shapes = {"date", "linear", "category", "line", "path"}
    kinds = {*re.findall(r'"type": "(\w+)"', sources)} - axes_and_shapes
    assert kinds <= {"bar", "scatter", "pie"}, "the smaller edition of plotly has no others"


def test_a_head_has_no_body(browser):
    answer = browser.head("/app/static/js/chart.js", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Encoding"], answer.content) == ("gzip", b"")


def test_the_page_announces_the_scripts_that_it_will_need(browser):
    link = browser.get("/app/").headers["Link"]
    assert link == "<./static/js/chart.js>; rel=modulepreload, <./other.js>"
    assert "Link" not in browser.get("/app/figures").headers


@pytest.mark.parametrize("asked", [{}, {"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}])
def test_a_page_has_our_styles_from_the_beginning_whatever_the_browser_kept_of_it(browser, asked):
    answer = browser.get("/app/", headers={"Accept": "text/html,*/*", **asked})
    assert answer.text == PAGE.replace("</head>", "<style>p { color: red }</style></head>")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert "ETag" not in answer.headers  # that of the page without them
    assert "Last-Modified" not in answer.headers
