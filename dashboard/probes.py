"""What programs ask the server: whether it lives, whether it is ready."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.readiness import WATCH, Readiness
from data_access.version import VERSION

_UNCACHED = {"Cache-Control": "no-store"}


class Probes:
    """Answers `/livez` and `/readyz`, at the root and below `base`, the path of the pages.

    It stands before the gate: what it says is about nobody. `readiness` tells what was found last, without waiting.
    """

    def __init__(
        self, app: ASGIApp, base: str = "/", readiness: Callable[[], Readiness] = lambda: WATCH.readiness
    ) -> None:
        self._app, self._readiness = app, readiness
        answers = {"livez": self._livez, "readyz": self._readyz}
        self._answers = {f"{root}{name}": answer for root in ("/", base) for name, answer in answers.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answers.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            await self._app(scope, receive, send)
            return
        is_read = scope["method"] in ("GET", "HEAD")
        response = answer(Request(scope)) if is_read else PlainTextResponse("Only GET is answered here.", 405)
        response.headers.update(_UNCACHED)
        await response(scope, receive, send)

    def _livez(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    def _readyz(self, _: Request) -> Response:
        readiness = self._readiness()
        answer: dict[str, object] = {"ready": readiness.is_ready, "version": VERSION}
        if not readiness.is_ready:
            answer["reason"] = readiness.reason
        return JSONResponse(answer, 200 if readiness.is_ready else 503)
