"""What the server does beyond drawing pages: headers that keep foreign hosts out, our own fonts, a warm start."""

from __future__ import annotations

import atexit
import base64
import gc
import hashlib
import logging
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from dashboard import sitemap
from dashboard.security import exposure
from dashboard.security.middleware import Gate
from data_access import PartnerCenterError, SettingsError, history, load_settings

log = logging.getLogger(__name__)

FONTS = Path(__file__).parent / "fonts"
_STREAMLIT_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def content_security_policy(page: bytes) -> str:
    """The policy under which Streamlit's page runs: nothing from elsewhere, and no inline script but its own."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(page)
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
            "Content-Security-Policy": content_security_policy(_STREAMLIT_PAGE.read_bytes()),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Refuse what must not be served, and import what pages need before the first visitor waits for it."""
    _refuse_to_expose()
    _prepare_sample()
    import_module("dashboard.components.notices")
    import_module("dashboard.feeds")
    _settle_memory()
    yield


def _refuse_to_expose() -> None:
    """End the program where it would show real figures to people whom nobody asks who they are."""
    try:
        exposure.check_sign_in()
        exposure.check_address(config.get_option("server.address"))
    except SettingsError as error:
        print(f"{error.title}: {error}", file=sys.stderr, flush=True)
        os._exit(error.exit_code)  # raised in here, it would come out as a traceback of the server's


def _prepare_sample() -> None:
    """Write the sample's history, where the sample is shown, before the first visitor would have to wait for it."""
    try:
        history.prepare_sample(load_settings())
    except PartnerCenterError as error:
        log.warning("%s: %s", error.title, error)  # pages say so too


def _settle_memory() -> None:
    """Have the garbage collector pass over what the imports have made, which lasts as long as the program.

    Streamlit's own collection after every run is off (`runner.postScriptGC`): each would look at all there is.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # or DuckDB, at the end, complains of every type that is still held


def _base_path() -> list[str]:
    return [part for part in str(config.get_option("server.baseUrlPath")).split("/") if part]


MIDDLEWARE = [Middleware(SecurityHeaders), Middleware(Gate, pages=[place.address for place in sitemap.PLACES])]
# The theme names the fonts relative to the page, and the page may live below a path.
ROUTES = [Mount("/".join(("", *_base_path(), "fonts")), StaticFiles(directory=FONTS))]
