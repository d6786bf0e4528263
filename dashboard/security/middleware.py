"""Stands before every answer of the server: strangers get the page that asks them to sign in, and nothing else."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from google.protobuf.message import DecodeError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg

# Not public, but the one place that knows how the cookie is signed and split; pinned, and tried by the browser tests.
from streamlit.runtime.memory_media_file_storage import _calculate_file_id as file_id
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks as signed_cookie

from dashboard.security import exposure, roles
from dashboard.security.roles import Denied, Ended, Person, Role, Rules
from data_access import Settings, SettingsError, load_settings

#: Where people go back to after signing in, and why a sign-in failed. Both live for some minutes in their own browser.
ASKED, REFUSED = "_asked_for", "_sign_in_refused"
_MINUTES = 10
_LOGIN, _LOGOUT, _CALLBACK = "auth/login", "auth/logout", "oauth2callback"
_MEDIA, _METRICS = "media/", "_stcore/metrics"
#: Without these nobody could be asked to sign in; none of them holds a figure or a name.
_PUBLIC = re.compile(
    r"(static|fonts|component)/.*|favicon\.(png|ico|svg)|manifest\.json"
    r"|_stcore/(health|host-config|stream|bidi-components/.*)"
    rf"|{_LOGIN}|{_LOGOUT}|{_CALLBACK}"
)
#: What a page says to its server; the rest (clearing caches for everybody, for one) no page of ours says.
_FOR_ALL = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
_FOR_PEOPLE = frozenset({"file_urls_request", "backend_operation_request"})
_FILES_KNOWN = 1_000
_IN_QUERIES = "%=&+-_.~:@/?!$'()*,;"

#: Sign-ins that were ended in this process.
ended = Ended()
_owners: OrderedDict[str, set[tuple[str, str]]] = OrderedDict()


def person_of(claims: roles.Claims, settings: Settings) -> Person:
    """The person behind a sign-in that is not over. Raises Denied."""
    if claims in ended:
        raise Denied("You have signed out.", "Sign in again to go on where you were.")
    _, who = exposure.provider(exposure.section())
    audience = str(who.get("client_id", ""))
    return roles.judge(claims, Rules.of(settings, audience), datetime.now(UTC))


def belongs(content: bytes, mimetype: str, name: str, person: Person) -> bytes:
    """Note that a file is for this person; nobody else can fetch it, even with its address."""
    key = file_id(content, mimetype, name)
    _owners.setdefault(key, set()).add(person.identity)
    _owners.move_to_end(key)
    while len(_owners) > _FILES_KNOWN:
        _owners.popitem(last=False)
    return content


class Gate:
    """The middleware. `pages` are the addresses of the pages: each serves the empty page around everything."""

    def __init__(self, app: ASGIApp, pages: Iterable[str]) -> None:
        self._app = app
        self._pages = frozenset(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        try:
            _check(request)
        except SettingsError as error:
            await _refuse(403, str(error), scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, _sieve(request, receive), send)
        elif exposure.sign_in_is_configured():
            await self._with_sign_in(request, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        is_open = path in self._pages or _PUBLIC.fullmatch(path)
        return bool(is_open) and ".." not in path and "\\" not in path

    async def _with_sign_in(self, request: HTTPConnection, receive: Receive, send: Send) -> None:
        path = _below_base(request.scope["path"])
        if not self._is_public(path) and not _may(path, request):
            # Deep links have Streamlit look for its server below the page too, and 404 is what tells it to go on.
            status = 401 if path.startswith((_MEDIA, "_stcore/")) else 404
            await _refuse(status, "Nothing here for strangers.", request.scope, receive, send)
            return
        if path == _LOGOUT:
            ended.add(_claims(request), datetime.now(UTC))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if path == _LOGIN:
                    _remember(request, headers)
                if path == _CALLBACK:
                    _lead_back(request, headers)
                _secure(message)
            await send(message)

        await self._app(request.scope, receive, guarded)


def _check(request: HTTPConnection) -> None:
    exposure.check_sign_in()
    address, port = request.scope.get("server") or ("", 0)
    exposure.check_call("localhost" if port is None else address, request.headers)  # without a port: a socket file


async def _refuse(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(why, status)(scope, receive, send)


def _sieve(request: HTTPConnection, receive: Receive) -> Receive:
    """What arrives on a page's socket, less what nobody needs or this person may not ask for any more.

    A rerun always passes: it shows the door to those who are not let in.
    """
    claims = _claims(request) if exposure.sign_in_is_configured() else None

    def passes(message: Message) -> bool:
        try:
            _check(request)
            kind = BackMsg.FromString(message.get("bytes") or b"").WhichOneof("type")
            if kind in _FOR_PEOPLE and claims is not None:
                person_of(claims, load_settings())
        except (DecodeError, Denied, SettingsError):
            return False
        return kind in _FOR_ALL or kind in _FOR_PEOPLE

    async def sifted() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or passes(message):
                return message

    return sifted


def _may(path: str, request: HTTPConnection) -> bool:
    """Whether the person of a request may have what is not public."""
    try:
        person = person_of(_claims(request), load_settings())
    except (Denied, SettingsError):
        return False
    if path == _METRICS:
        return person.role >= Role.OPERATOR
    if path.startswith(_MEDIA):
        key = path.removeprefix(_MEDIA).partition(".")[0]
        return person.identity in _owners.get(key, ())
    return True


def _claims(request: HTTPConnection) -> dict[str, Any]:
    """What the cookie of a request says of its person; nothing where it is missing or forged."""
    cookie = signed_cookie(dict(request.cookies), USER_COOKIE_NAME)
    try:
        claims = json.loads(cookie) if cookie else {}
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _remember(request: HTTPConnection, headers: MutableHeaders) -> None:
    """Keep the link on which somebody pressed the button; Streamlit would forget it."""
    came_from = _parts(request.headers.get("referer", ""))
    if came_from.netloc == request.headers.get("host"):
        asked = came_from.path + (f"?{came_from.query}" if came_from.query else "")
        _set(headers, ASKED, asked)


def _lead_back(request: HTTPConnection, headers: MutableHeaders) -> None:
    """Lead from the sign-in to the link that was asked for, along with what went wrong."""
    _set(headers, REFUSED, _refusal(request.query_params.get("error", ""), request.query_params))
    asked = _parts(unquote(request.cookies.get(ASKED, "")))
    if asked.path and headers.get("location", "").strip("/") == _base():
        _set(headers, ASKED, "")
        # Two slashes at the start, or one backwards, would lead to another host.
        path, query = quote("/" + asked.path.lstrip("/\\"), safe="/%"), quote(asked.query, safe=_IN_QUERIES)
        headers["location"] = f"{path}?{query}" if query else path


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # brackets where no address has any
        return urlsplit("")


def _refusal(error: str, said: Mapping[str, str]) -> str:
    found = re.search(r"AADSTS[0-9]{4,8}", said.get("error_description", ""))
    return found[0] if found else refusal_code(error)


def refusal_code(text: str) -> str:
    """The text if it can be the code of a refusal; nothing otherwise, since anybody may have written the cookie."""
    return text if re.fullmatch(r"AADSTS[0-9]{4,8}|[a-z_]{1,40}", text) else ""


def _set(headers: MutableHeaders, name: str, value: str) -> None:
    carrier = Response()
    age = _MINUTES * 60 if value else 0
    carrier.set_cookie(name, quote(value), max_age=age, path=f"/{_base()}", httponly=True, samesite="lax")
    headers.append("set-cookie", carrier.headers["set-cookie"])


def _secure(message: Message) -> None:
    """Let no cookie travel unprotected where people come over https; Streamlit leaves that to us."""
    if not str(exposure.section().get("redirect_uri", "")).startswith("https://"):
        return
    message["headers"] = [
        (name, value + b"; Secure" if name.lower() == b"set-cookie" and b"; secure" not in value.lower() else value)
        for name, value in Headers(raw=message["headers"]).raw
    ]


def _below_base(path: str) -> str:
    return path.strip("/") if not _base() else path.strip("/").removeprefix(_base()).strip("/")


def _base() -> str:
    return str(config.get_option("server.baseUrlPath")).strip("/")
