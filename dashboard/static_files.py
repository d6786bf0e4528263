"""The scripts and styles of pages: sent compressed, and asked for before the page has to wait for them.

Streamlit leaves the compression of its own to a proxy, and sends 9 MB for the first page where there is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

import plotly
import pyarrow as pa
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The script that draws charts: its address below the path of the pages, and its file.
PLOTLY = f"plotly-{plotly.__version__}.js"
PLOTLY_FILE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
_LEAST = 512  # bytes; a smaller file takes one packet either way
#: The ways to compress, the best one first, each with its level: one more would take thrice the time for some per cent.
_LEVELS = {"br": ("brotli", 5), "gzip": ("gzip", 6)}
_FOREVER = "public, immutable, max-age=31536000"  # a file's name holds a checksum or a version of it


def in_folder(folder: Path) -> dict[str, Path]:
    """The files in a folder that are worth compressing, by their paths below it."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.suffix in _MEDIA_TYPES and path.is_file() and path.stat().st_size >= _LEAST
    }


class StaticFiles:
    """Answers requests for these files itself, and tells the browser at once which ones a page will need.

    `files` by their names below `address`, the path of the pages, such as `/`. The browser keeps them for good, so each
    name stands for one content. `later` are values of the header `Link` of HTML pages, for what a page asks for after
    its first figures. Compressed copies are made when they are first asked for, and kept in memory.
    """

    def __init__(self, app: ASGIApp, files: Mapping[str, Path], address: str, later: Iterable[str]) -> None:
        self._app, self._files, self._address = app, files, address
        self._link = ", ".join(later)
        self._copies: dict[tuple[str, str], asyncio.Task[bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        name = scope["path"].removeprefix(self._address)
        if name != scope["path"] and name in self._files:
            response = await self._answer(name, _encoding(Headers(scope=scope).get("Accept-Encoding", "")))
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, self._announcing(send))

    async def _answer(self, name: str, encoding: str) -> Response:
        path = self._files[name]
        headers, media_type = {"Vary": "Accept-Encoding", "Cache-Control": _FOREVER}, _MEDIA_TYPES[path.suffix]
        if not encoding:
            return FileResponse(path, media_type=media_type, headers=headers)
        if (name, encoding) not in self._copies:
            copy = asyncio.create_task(asyncio.to_thread(_compressed, path, encoding))
            self._copies[name, encoding] = copy
        content = await asyncio.shield(self._copies[name, encoding])  # whoever else waits for it must get it
        return Response(content, media_type=media_type, headers=headers | {"Content-Encoding": encoding})

    def _announcing(self, send: Send) -> Send:
        async def announce(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("Content-Type", "").startswith("text/html"):
                    headers.append("Link", self._link)
            await send(message)

        return announce


def _encoding(accepted: str) -> str:
    """The best way to compress that a client accepts; empty for none. `accepted`: its header `Accept-Encoding`."""
    parts = [part.replace(" ", "").lower().partition(";") for part in accepted.split(",")]
    names = {name for name, _, weight in parts if weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")}
    return next((encoding for encoding in _LEVELS if encoding in names), "")


def _compressed(file: Path, encoding: str) -> bytes:
    codec, level = _LEVELS[encoding]
    copy: bytes = pa.Codec(codec, compression_level=level).compress(file.read_bytes(), asbytes=True)
    return copy
