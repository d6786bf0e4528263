"""The scripts and styles of pages: sent compressed or in the page itself, and asked for before it has to wait.

Streamlit leaves the compression of its own to a proxy, and sends 9 MB for the first page where there is none.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.security import streamlit_internals

#: Our own scripts and styles.
BROWSER = Path(__file__).parent / "browser"
#: The script that draws charts: its file, and its address below the path of the pages. It is plotly's own edition for
#: lines and bars, of the npm package plotly.js-basic-dist-min; the one in the wheel is four times as large.
(PLOTLY_FILE,) = (Path(__file__).parent / "plotly").glob("plotly-basic-*.min.js")
PLOTLY = PLOTLY_FILE.name
#: The icon of pages: its address below theirs, and its file.
ICON_FILE = BROWSER / "icon.svg"
ICON = f"{streamlit_internals.FILES_OF_APP}icon-{zlib.crc32(ICON_FILE.read_bytes()):08x}.svg"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
_END = b"</head>"
_CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
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
    its first figures; `head` is HTML that they have at the end of their head. Compressed copies are made when they are
    first asked for, and kept in memory.
    """

    def __init__(
        self, app: ASGIApp, files: Mapping[str, Path], address: str, later: Iterable[str], head: str = ""
    ) -> None:
        self._app, self._files, self._address = app, files, address
        self._head = head.encode()
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
            await self._app(_as_it_is(scope), receive, self._announcing(send))

    async def _answer(self, name: str, encoding: str) -> Response:
        path = self._files[name]
        headers, media_type = {"Vary": "Accept-Encoding", "Cache-Control": _FOREVER}, _MEDIA_TYPES[path.suffix]
        if not encoding:
            return FileResponse(path, media_type=media_type, headers=headers)
        if (name, encoding) not in self._copies:
            copy = asyncio.create_task(asyncio.to_thread(_compressed, path, encoding))
            self._copies[name, encoding] = copy
        content = await asyncio.shield(self._copies[name, encoding])  # others that wait for it must get it
        return Response(content, media_type=media_type, headers=headers | {"Content-Encoding": encoding})

    def _announcing(self, send: Send) -> Send:
        start: Message | None = None  # of a page, held back until its length is known
        content = b""

        async def announce(message: Message) -> None:
            nonlocal start, content
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start and message["type"] == "http.response.body":
                content += message.get("body", b"")
                if not message.get("more_body"):
                    content = self._amended(MutableHeaders(scope=start), content)
                    await send(start)
                    await send({"type": "http.response.body", "body": content})
            else:
                await send(message)

        return announce

    def _amended(self, headers: MutableHeaders, content: bytes) -> bytes:
        """A page with our head and announcements. What names the page without them goes out of its headers."""
        headers.append("Link", self._link)
        if _END in content:
            content = content.replace(_END, self._head + _END, 1)
            headers["Content-Length"] = str(len(content))
            del headers["ETag"], headers["Last-Modified"]
        return content


def _is_page(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("Content-Type", "").startswith("text/html")


def _as_it_is(scope: Scope) -> Scope:
    """A request for a page, whatever the browser has of it already: as text, and as a whole."""
    headers = Headers(scope=scope)
    if not headers.get("Accept", "").startswith("text/html"):
        return scope
    return {**scope, "headers": [(name, value) for name, value in headers.raw if name.lower() not in _CONDITIONS]}


def _encoding(accepted: str) -> str:
    """The best way to compress that a client accepts; empty for none. `accepted`: its header `Accept-Encoding`."""
    parts = [part.replace(" ", "").lower().partition(";") for part in accepted.split(",")]
    names = {name for name, _, weight in parts if weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")}
    return next((encoding for encoding in _LEVELS if encoding in names), "")


def _compressed(file: Path, encoding: str) -> bytes:
    codec, level = _LEVELS[encoding]
    copy: bytes = pa.Codec(codec, compression_level=level).compress(file.read_bytes(), asbytes=True)
    return copy
