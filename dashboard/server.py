"""What the server does beside Streamlit: security headers, the sign-in middleware, our own fonts, and a warm start."""

from __future__ import annotations

import asyncio
import atexit
import base64
import gc
import hashlib
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment, unused-ignore]  # Windows has no such module
import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import (
    access_log,
    audit,
    cache,
    exports,
    metrics,
    mutes_and_bands,
    page_runs,
    probes,
    seldom,
    sitemap,
    static_files,
)
from dashboard.readiness import WATCH
from dashboard.security import exposure, middleware, sharing, streamlit_internals
from data_access import PartnerCenterError, SettingsError, history, load_settings, logs, loopback, titles
from data_access.datasets import books_file

log = logging.getLogger(__name__)

FONTS = Path(__file__).parent / "fonts"
_STYLES, _ARRIVING = ("page.css", "frame.css", "chart.css", "tiles.css", "print.css"), "arriving.css"
_TIDY_EVERY = 60  # seconds
#: New objects before a look at them, such looks before one at those that stayed, and those before one at all there are.
#: With Python's own (700) these looks were 4 to 8 % of the processor time of a page.
_COLLECT_AFTER = 7_000, 10, 10
_MOST_FILES, _FILES_OF_WINDOWS = 65_536, 8_192
#: Files that are open besides those of pages; and files of each open page: its socket, and what Streamlit runs it with.
_OTHER_FILES, _FILES_OF_A_PAGE = 640, 5
_FEWEST_PAGES = 20  # where files are few


def content_security_policy(page: bytes) -> str:
    """The policy under which Streamlit's page runs: nothing from elsewhere, and no inline script but its own."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in streamlit_internals.inline_scripts(page)
    )
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}".strip(),
            "style-src 'self' 'unsafe-inline'",  # Streamlit's components write styles at run time
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "object-src 'none'",
        )
    )


class SecurityHeaders:
    """Adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_security_policy(streamlit_internals.INDEX_PAGE.read_bytes()),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Refuse what must not be served; then prepare what the first visitor would otherwise wait for."""
    loopback.keep_from_proxies(os.environ)
    streamlit_internals.limit_sockets(lambda cookies: middleware.largest_message(cookies, exposure.SIGN_IN))
    streamlit_internals.tell_of_messages(seldom.Seldom().may_write)
    streamlit_internals.judge_origins(lambda origin: exposure.is_own_origin(origin, "", exposure.SIGN_IN))
    streamlit_internals.forgive_widgets()
    streamlit_internals.send_together()
    streamlit_internals.read_theme_once()
    drop_old_files = streamlit_internals.keep_made_files(exports.KEPT, exports.BUDGET)
    _refuse_to_expose()
    prepare_sample_history()
    import_module("dashboard.components.notices")
    import_module("dashboard.feeds")
    for component in _COMPONENTS:
        streamlit_internals.register_component(component, static_files.BROWSER)  # pages announce their scripts
    _settle_memory()
    metrics.expect([page_runs.NO_PAGE, *(page.name for page in sitemap.PAGES)])
    WATCH.start()
    shared = sharing.Sharing(middleware.ENDED)
    if exposure.SIGN_IN.is_configured:
        shared.start()
    threading.Thread(target=_tell_of_files, name="operator-files", daemon=True).start()  # a share may hang
    _tell_the_address()
    tidying = asyncio.create_task(_tidy_up(cache.VIEWS.tidy, exports.FILES.tidy, drop_old_files))
    yield
    tidying.cancel()
    WATCH.end()
    shared.end()
    await asyncio.to_thread(audit.RECORDER.end)


async def _tidy_up(*tidy: Callable[[], None]) -> None:
    """Drop what no visitor has looked at for long, also while none clicks."""
    while True:
        await asyncio.sleep(_TIDY_EVERY)
        for drop in tidy:
            drop()


def raise_limit_of_files() -> int:
    """Let this process open as many files as the system allows it at most; returns how many."""
    if resource is None:
        return _FILES_OF_WINDOWS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # a system may have a lower limit than it says
            return soft
    return max(soft, wanted)


def _refuse_to_expose() -> None:
    """End the program where it would show figures of real customers to people who are not asked to sign in.

    Likewise where a setting cannot be meant: a probe could not tell it from a page that says so.
    """
    try:
        load_settings()
        exposure.SIGN_IN.check()
        exposure.check_address(st.get_option("server.address"), exposure.SIGN_IN)
    except SettingsError as error:
        logs.event(f"{error.title}: {error}", "critical")
        os._exit(error.exit_code)  # an exception would come out as a traceback of the server's


def _tell_of_files() -> None:
    """Say in the log what BOOKS_FILE and DIGEST_FILE cannot be used for, before the first page needs them."""
    settings = load_settings()
    if settings.books_file:
        books_file.keeper(settings).books()  # it says so itself
    if error := mutes_and_bands.unusable(settings):
        log.warning("%s %s", error.message, error.advice)


def _tell_the_address() -> None:
    """Say on stdout where the dashboard is, in place of Streamlit, which says it before the settings are checked."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    place = f"{st.get_option('browser.serverAddress')}:{st.get_option('browser.serverPort')}"
    said = f"\n  You can now view {titles.PRODUCT} in your browser: {scheme}://{place}{_PAGE_PATH}\n\n"
    sys.stdout.write(said)
    sys.stdout.flush()


def prepare_sample_history() -> None:
    """Make the sample's history where the sample is the source, so that no visitor waits for it."""
    try:
        history.prepare_sample(load_settings())
    except PartnerCenterError as error:
        log.warning("%s: %s", error.title, error)  # pages say so too


def _settle_memory() -> None:
    """Have the garbage collector leave out what the imports have made, which lasts as long as the program.

    And have it look less often: a page makes some thousand objects, and leaves few of them behind.
    """
    gc.collect()
    gc.set_threshold(*_COLLECT_AFTER)
    gc.freeze()
    atexit.register(gc.unfreeze)  # otherwise DuckDB complains at the end of every type that is still held


def _base_path() -> list[str]:
    return [part for part in str(st.get_option("server.baseUrlPath")).split("/") if part]


def _styles() -> str:
    """Our own CSS, with the backgrounds of both themes; apart from it what holds only while parts of a page come."""
    pages = (f"--page-{theme}: {st.get_option(f'theme.{theme}.backgroundColor')}" for theme in ("light", "dark"))
    own = "\n".join(map(_sheet, _STYLES))
    return f"<style>:root {{ {'; '.join(pages)} }}\n{own}</style><style data-arriving>{_sheet(_ARRIVING)}</style>"


def _sheet(name: str) -> str:
    return (static_files.BROWSER / name).read_text(encoding="utf-8")


_PAGE_PATH = "/".join(("", *_base_path(), ""))
#: The elements of Streamlit's on most pages, by the names of their scripts.
_ELEMENTS = (
    *("PageLink", "Button", "ButtonGroup", "Multiselect", "NumberInput", "Selectbox"),
    *("BidiComponent", "DownloadButton"),
)
#: The components of our own on most pages, with their scripts.
_COMPONENTS = {
    "frame": ["frame.js", "arriving.js", "lead.js"],
    "tiles": ["tiles.js", "markdown.js"],
    "chart": ["chart.js", "lead.js", "parts.js", "picture.js"],
    "table": ["table.js", "lead.js"],
}
_SCRIPTS = {
    # Not those beside that folder: their names stand for other contents after an upgrade.
    **{f"static/{name}": file for name, file in static_files.in_folder(streamlit_internals.STATIC / "static").items()},
    static_files.PLOTLY: static_files.PLOTLY_FILE,
    static_files.ICON.lstrip("/"): static_files.ICON_FILE,
}
_LATER = [
    f"<./{script}>; rel=modulepreload; crossorigin; fetchpriority=low"
    for script in (
        *streamlit_internals.scripts_of(_ELEMENTS),
        *(streamlit_internals.component_script(name, file) for name, files in _COMPONENTS.items() for file in files),
    )
]
#: Charts need it; a script that the page has from the beginning is read while it waits for its figures.
_PLOTLY = f'<script async data-plotly fetchpriority="low" src="./{static_files.PLOTLY}"></script>'
MIDDLEWARE = [
    Middleware(access_log.AccessLog),
    Middleware(SecurityHeaders),
    Middleware(probes.Probes, base=_PAGE_PATH),
    Middleware(static_files.StaticFiles, files=_SCRIPTS, address=_PAGE_PATH, later=_LATER, head=_styles() + _PLOTLY),
    Middleware(
        middleware.Gate,
        pages=[page.address for page in sitemap.PAGES],
        sign_in=exposure.SIGN_IN,
        ended=middleware.ENDED,
        most_pages=max(_FEWEST_PAGES, (raise_limit_of_files() - _OTHER_FILES) // _FILES_OF_A_PAGE),
    ),
]
# The theme names the fonts relative to the page, and the page may live below a path.
ROUTES = [Mount(f"{_PAGE_PATH}fonts", StaticFiles(directory=FONTS))]
