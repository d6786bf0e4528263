"""Streamlit's own scripts and styles: sent compressed, and asked for before the page has to wait for them.

Streamlit leaves compression to a proxy, and sends 9 MB for the first page where there is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
_LEAST = 512  # bytes; a smaller file takes one packet either way
#: The ways to compress, the best one first, each with its level: one more would take thrice the time for some per cent.
_LEVELS = {"br": ("brotli", 5), "gzip": ("gzip", 6)}
_FOREVER = "public, immutable, max-age=31536000"  # as Streamlit says: a file's name holds a checksum of it


class Compressed:
    """The compressed copies of the files in a folder, each made when it is first asked for, and kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.suffix in _MEDIA_TYPES and path.is_file() and path.stat().st_size >= _LEAST
        }
        self._copies: dict[tuple[str, str], asyncio.Task[bytes]] = {}

    def has(self, name: str) -> bool:
        """Whether it has copies of the file with this path below the folder."""
        return name in self._files

    async def answer(self, name: str, encoding: str) -> Response:
        """The copy of a file that it has."""
        key = name, encoding
        if key not in self._copies:
            self._copies[key] = asyncio.create_task(asyncio.to_thread(_compressed, self._files[name], encoding))
        content = await asyncio.shield(self._copies[key])  # whoever else waits for it must get it
        headers = {"Content-Encoding": encoding, "Vary": "Accept-Encoding", "Cache-Control": _FOREVER}
        return Response(content, media_type=_MEDIA_TYPES[self._files[name].suffix], headers=headers)


class StaticFiles:
    """Answers requests for the compressed files itself; adds to the HTML page which scripts it will need.

    `address` is that of the files, such as `/static/`. `later` are names of scripts that the page asks for only once
    its first figures have come: with them in the header `Link`, the browser fetches them beside the others.
    """

    def __init__(self, app: ASGIApp, files: Compressed, address: str, later: Iterable[str]) -> None:
        self._app, self._files, self._address = app, files, address
        self._link = ", ".join(f"<./{name}>; rel=modulepreload; crossorigin; fetchpriority=low" for name in later)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        name = scope["path"].removeprefix(self._address)
        encoding = _encoding(Headers(scope=scope).get("Accept-Encoding", ""))
        if encoding and name != scope["path"] and self._files.has(name):
            response = await self._files.answer(name, encoding)
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, self._announcing(send))

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
