"""The access log, which is a part of the log in JSON: one event for each request, without its query."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data_access import logs

log = logging.getLogger("dashboard.access")

_HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_PATH = 200
#: A file's name in its address is all that it takes to fetch it where people do not sign in.
_FILE = re.compile(r"(/media/).*", re.DOTALL)
#: Asked for by the dozen, or by programs every few seconds.
_USUAL = re.compile(r".*/(livez|readyz|metrics|_stcore/health|(static|fonts|component)/.*)", re.DOTALL)


class AccessLog:
    """Gives each request an id, or keeps that of a proxy, and writes what became of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        if logs.is_json():
            log.setLevel(logging.INFO)
            log.addHandler(logging.StreamHandler())
            log.propagate = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not logs.is_json():
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(_HEADER, "")
        identity = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        status, begun = 0, time.monotonic()

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = identity
            elif message["type"] in ("websocket.accept", "websocket.close"):
                status = 101 if message["type"] == "websocket.accept" else message.get("code", 1000)
            await send(message)

        with logs.bound(request=identity):
            try:
                await self._app(scope, receive, send_marked)
            finally:
                if not _USUAL.fullmatch(scope["path"]):
                    fields = {
                        "method": scope.get("method", "WEBSOCKET"),
                        "path": _FILE.sub(r"\1…", scope["path"])[:_LONGEST_PATH],
                        "status": status,
                        "seconds": round(time.monotonic() - begun, 3),
                    }
                    log.info("request", extra={logs.FIELDS: fields})
