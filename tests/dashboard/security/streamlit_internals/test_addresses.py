"""What Streamlit serves, at which addresses: pages, scripts, files."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from streamlit.commands.page_config import _get_favicon_string

from dashboard.security.streamlit_internals import (
    CALLBACK,
    CORE,
    FILES_OF_APP,
    INDEX_PAGE,
    LOGIN,
    LOGOUT,
    MEDIA,
    METRICS,
    PUBLIC,
    STATIC,
    file_id,
    inline_scripts,
    scripts_of,
)
from tests.dashboard.security.streamlit_internals.pages import CONTENT, SCRIPT, opened

#: What Streamlit serves, and whether it is open to people who have not signed in.
SERVED = {
    "/_stcore/health": True,
    "/_stcore/host-config": True,
    "/_stcore/stream": True,
    "/_stcore/bidi-components/{path:path}": True,
    "/component/{path:path}": True,
    f"/{LOGIN}": True,
    f"/{LOGOUT}": True,
    f"/{CALLBACK}": True,
    f"/{METRICS}": False,
    f"/{MEDIA}{{file_id:path}}": False,
    "/_stcore/upload_file/{session_id}/{file_id}": False,
    "/_stcore/agent/interact": False,
    "/_stcore/agent/openapi.json": False,
    "/_stcore/agent/mcp": False,
}


def test_addresses(streamlit):
    """An address that is new has to be judged, and to be put on the list above."""
    with streamlit() as browser:
        *routes, assets = browser.app._starlette_app.routes
        page, script = browser.get("/"), browser.get(f"/{_first_script(INDEX_PAGE)}")
        assert {route.path for route in routes} == SERVED.keys()
        assert assets.name == "static-assets"
        assert "javascript" in script.headers["content-type"]
        for address in ("manifest.json", "favicon.png"):
            assert PUBLIC.fullmatch(address)
            assert browser.get(f"/{address}").content != page.content
        assert browser.get("/_stcore/health").text == "ok"
        assert browser.get(f"/{METRICS}").text.endswith("# EOF\n")
        assert browser.get("/a-page").content == page.content
        # From a deep link Streamlit looks for its server below the page, and has to be told to go on.
        assert browser.get(f"/a-page/{CORE}health").status_code == 404
    assert {path: bool(PUBLIC.fullmatch(path.strip("/"))) for path in SERVED} == SERVED
    assert PUBLIC.fullmatch(_first_script(INDEX_PAGE))


def test_an_icon_among_the_files_of_an_app_has_a_page_ask_where_its_server_is():
    address = f"{FILES_OF_APP}icon.svg"
    assert _get_favicon_string(address) == address, "it reaches the page as it is"
    script = (STATIC / _first_script(INDEX_PAGE)).read_text()
    asks = r"buildMediaURL\(\w\)\{[^}]*startsWith\((\w+)\)\?\w+\(this\.requireServerUri\(\),\w\):\w\}"
    assert (found := re.search(asks, script))
    assert f"{found[1]}=`{FILES_OF_APP}`" in script
    assert re.search(r"buildBidiComponentURL\(\w,\w\)\{return \w+\(this\.requireServerUri\(\)", script)
    assert "throw Error(`not connected to a server!`)" in script


class _Scripts(HTMLParser):
    """The scripts of a page as a browser finds them: the addresses, and the texts of those without one."""

    def __init__(self, page):
        super().__init__()
        self.addresses, self.texts, self.handlers, self._is_inline = [], [], [], False
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag == "script":
            self._is_inline = "src" not in dict(attrs)
            self.addresses += [value for name, value in attrs if name == "src"]

    def handle_endtag(self, _tag):
        self._is_inline = False

    def handle_data(self, data):
        if self._is_inline:
            self.texts.append(data)


def _first_script(file):
    return _Scripts(file.read_bytes()).addresses[0].removeprefix("./")


def test_index_page(streamlit):
    with streamlit() as browser:
        page = browser.get("/").content
    assert page == INDEX_PAGE.read_bytes()
    scripts = _Scripts(page)
    assert [script.decode() for script in inline_scripts(page)] == scripts.texts
    assert scripts.texts
    assert not scripts.handlers  # which no hash would let in


def test_the_scripts_of_an_element_are_found_in_streamlits_index():
    scripts = scripts_of(["PlotlyChart", "DataFrame", "NoSuchElement"])
    assert {"PlotlyChart", "DataFrame", "arrowFormatUtils"} <= {Path(script).name.split(".")[0] for script in scripts}
    assert len(scripts) == len(set(scripts))
    assert all((STATIC / script).is_file() for script in scripts)
    assert not any(script in INDEX_PAGE.read_text(encoding="utf-8") for script in scripts), "the page loads these"


@pytest.mark.parametrize("size", [len(CONTENT), 3_000_000], ids=["small", "of which Streamlit reads samples"])
def test_file_id(streamlit, tmp_path, size):
    with streamlit() as browser:
        content = CONTENT * (size // len(CONTENT))
        script = tmp_path / "page.py"
        script.write_text(SCRIPT.replace(repr(CONTENT), f"{CONTENT!r} * {size // len(CONTENT)}"), encoding="utf-8")
        with opened(browser) as page:
            address = page.file()
        assert address == f"/{MEDIA}{file_id(content, 'text/csv', 'Größe.csv')}.csv"
        assert browser.get(address).content == content
