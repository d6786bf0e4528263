"""What programs ask the server: whether it lives, whether it is ready, and how it is doing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import metrics
from dashboard.readiness import WATCH, Readiness
from dashboard.security import exposure
from data_access import SettingsError, load_settings
from data_access.version import VERSION

_UNCACHED = {"Cache-Control": "no-store"}


class Probes:
    """Answers `/livez`, `/readyz` and `/metrics`, at the root and below `base`, the path of the pages.

    It stands before the gate: what it says is about nobody, and who may read the metrics is a rule of its own.
    `readiness` tells what was found last, without waiting.
    """

    def __init__(
        self, app: ASGIApp, base: str = "/", readiness: Callable[[], Readiness] = lambda: WATCH.readiness
    ) -> None:
        self._app, self._readiness = app, readiness
        answers = {"livez": self._livez, "readyz": self._readyz, "metrics": self._metrics}
        self._answers = {f"{root}{name}": answer for root in ("/", base) for name, answer in answers.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answers.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            await self._app(scope, receive, send)
            return
        is_read = scope["method"] in ("GET", "HEAD")
        response = await answer(Request(scope)) if is_read else PlainTextResponse("Only GET is answered here.", 405)
        response.headers.update(_UNCACHED)
        await response(scope, receive, send)

    async def _livez(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def _readyz(self, _: Request) -> Response:
        readiness = self._readiness()
        answer: dict[str, object] = {"ready": readiness.is_ready, "version": VERSION}
        if not readiness.is_ready:
            answer["reason"] = readiness.reason
        return JSONResponse(answer, 200 if readiness.is_ready else 503)

    async def _metrics(self, request: Request) -> Response:
        try:
            token = load_settings().metrics_token
        except SettingsError as error:
            return PlainTextResponse(str(error), 503)
        if token is not None and not _bears(request, token.get_secret_value()):
            needed = {"WWW-Authenticate": "Bearer"}
            return PlainTextResponse("The metrics need the token of METRICS_TOKEN.", 401, needed)
        if token is None and not exposure.is_from_this_machine(request):
            return PlainTextResponse("Set METRICS_TOKEN to read the metrics from elsewhere.", 403)
        metrics.READY.set(self._readiness().is_ready)
        return Response(await asyncio.to_thread(metrics.text), headers={"Content-Type": metrics.CONTENT_TYPE})


def _bears(request: Request, token: str) -> bool:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), token.encode())
