"""Middleware before every answer: people who have not signed in get the page that asks for it, and nothing else."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, unquote, urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.security import exposure, roles
from dashboard.security.exposure import SignIn
from dashboard.security.roles import Denied, Ended, Person, Role, Rules
from dashboard.security.streamlit_internals import (
    CALLBACK,
    CORE,
    LOGIN,
    LOGOUT,
    MEDIA,
    MESSAGES_FOR_ALL,
    MESSAGES_FOR_SIGNED_IN,
    METRICS,
    PUBLIC,
    claims_of,
    file_id,
    message_kind,
)
from data_access import Settings, SettingsError, load_settings

#: Cookies of some minutes in a person's own browser: the link to return to after signing in, and why a sign-in failed.
RETURN_LINK, REFUSAL = "_asked_for", "_sign_in_refused"
_MINUTES = 10
_FONTS = "fonts/"  # our own, which the page that asks to sign in is written in
_MOST_FILES = 1_000
_IN_QUERIES = "%=&+-_.~:@/?!$'()*,;"

#: The sign-ins that people ended in this process. One for all: the middleware sees a person sign out, and that person's
#: open pages, each in a thread of its own, have to learn of it.
ENDED = Ended()

#: The persons who may fetch a file, by the file's id; the oldest files are forgotten first, and closed to all. One for
#: all: pages make files, in threads of their own, and the middleware hands them out.
_download_owners: OrderedDict[str, set[tuple[str, str]]] = OrderedDict()


def person_of(claims: roles.Claims, settings: Settings, sign_in: SignIn, ended: Ended) -> Person:
    """The person behind a sign-in that has not ended. Raises Denied."""
    if claims in ended:
        raise Denied("You have signed out.", "Sign in again to go on where you were.")
    _, provider = sign_in.provider
    audience = str(provider.get("client_id", ""))
    return roles.judge(claims, Rules.of(settings, audience), datetime.now(UTC))


def register_download_owner(content: bytes, mimetype: str, name: str, person: Person) -> None:
    """Let this person fetch a file; others cannot, even if they know its address."""
    key = file_id(content, mimetype, name)
    _download_owners.setdefault(key, set()).add(person.identity)
    _download_owners.move_to_end(key)
    while len(_download_owners) > _MOST_FILES:
        _download_owners.popitem(last=False)


class Gate:
    """The middleware.

    `pages` are the addresses of the pages: each serves the empty page around everything. `sign_in` says whether and how
    people sign in, `ended` which sign-ins are over.
    """

    def __init__(self, app: ASGIApp, pages: Iterable[str], sign_in: SignIn, ended: Ended) -> None:
        self._app = app
        self._pages = frozenset(pages)
        self._sign_in = sign_in
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        try:
            self._check(request)
        except SettingsError as error:
            await _refuse(403, str(error), scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, self._filter_messages(request, receive), send)
        elif self._sign_in.is_configured:
            await self._with_sign_in(request, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, request: HTTPConnection) -> None:
        self._sign_in.check()
        address, port = request.scope.get("server") or ("", 0)
        # Without a port the server listens to a socket file.
        exposure.check_call("localhost" if port is None else address, request.headers, self._sign_in)

    async def _with_sign_in(self, request: HTTPConnection, receive: Receive, send: Send) -> None:
        path = _below_base(request.scope["path"])
        if not self._is_public(path) and not self._may_fetch(path, request):
            # From a deep link Streamlit looks for its server below the page too, and goes on where that is a 404.
            status = 401 if path.startswith((MEDIA, CORE)) else 404
            await _refuse(status, "Sign-in required.", request.scope, receive, send)
            return
        if path == LOGOUT:
            self._ended.add(claims_of(request.cookies), datetime.now(UTC))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if path == LOGIN:
                    _remember_link(request, headers)
                if path == CALLBACK:
                    _lead_back(request, headers)
                if str(self._sign_in.table.get("redirect_uri", "")).startswith("https://"):
                    _make_cookies_secure(message)
            await send(message)

        await self._app(request.scope, receive, send_guarded)

    def _is_public(self, path: str) -> bool:
        is_open = path in self._pages or path.startswith(_FONTS) or PUBLIC.fullmatch(path)
        return bool(is_open) and ".." not in path and "\\" not in path

    def _may_fetch(self, path: str, request: HTTPConnection) -> bool:
        """Whether the person of a request may have what is not public."""
        try:
            person = self._person_of(claims_of(request.cookies))
        except (Denied, SettingsError):
            return False
        if path == METRICS:
            return person.role >= Role.OPERATOR
        if path.startswith(MEDIA):
            key = path.removeprefix(MEDIA).partition(".")[0]
            return person.identity in _download_owners.get(key, ())
        return True

    def _person_of(self, claims: roles.Claims) -> Person:
        return person_of(claims, load_settings(), self._sign_in, self._ended)

    def _filter_messages(self, request: HTTPConnection, receive: Receive) -> Receive:
        """Receive from a page's socket, without the messages that no page needs or this person may no longer send.

        A rerun always passes: it shows people who are not let in the page that says so.
        """
        claims = claims_of(request.cookies) if self._sign_in.is_configured else None

        def passes(message: Message) -> bool:
            try:
                self._check(request)
                kind = message_kind(message.get("bytes") or b"")
                if kind in MESSAGES_FOR_SIGNED_IN and claims is not None:
                    self._person_of(claims)
            except (Denied, SettingsError):
                return False
            return kind in MESSAGES_FOR_ALL | MESSAGES_FOR_SIGNED_IN

        async def receive_filtered() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or passes(message):
                    return message

        return receive_filtered


async def _refuse(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(why, status)(scope, receive, send)


def _remember_link(request: HTTPConnection, headers: MutableHeaders) -> None:
    """Keep the link of the page from which a person goes to sign in; Streamlit would forget it."""
    page = _parts(request.headers.get("referer", ""))
    if page.netloc == request.headers.get("host"):
        _set_cookie(headers, RETURN_LINK, page.path + (f"?{page.query}" if page.query else ""))


def _lead_back(request: HTTPConnection, headers: MutableHeaders) -> None:
    """Lead from the sign-in to the link that was kept, and keep why the sign-in failed if it did."""
    _set_cookie(headers, REFUSAL, _refusal_code_of(request.query_params))
    link = _parts(unquote(request.cookies.get(RETURN_LINK, "")))
    if link.path and headers.get("location", "").strip("/") == _base():
        _set_cookie(headers, RETURN_LINK, "")
        # Two slashes at the start, or one backwards, would lead to another host.
        path, query = quote("/" + link.path.lstrip("/\\"), safe="/%"), quote(link.query, safe=_IN_QUERIES)
        headers["location"] = f"{path}?{query}" if query else path


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # brackets where no address has any
        return urlsplit("")


def _refusal_code_of(query: Mapping[str, str]) -> str:
    """The most exact code that the provider gives for a refusal; empty where it gives none."""
    entra_code = re.search(r"AADSTS[0-9]{4,8}", query.get("error_description", ""))
    return entra_code[0] if entra_code else refusal_code(query.get("error", ""))


def refusal_code(text: str) -> str:
    """The text if it can be the code of a refusal; empty otherwise, since anyone may have written the cookie."""
    return text if re.fullmatch(r"AADSTS[0-9]{4,8}|[a-z_]{1,40}", text) else ""


def _set_cookie(headers: MutableHeaders, name: str, value: str) -> None:
    """Set a cookie of ours, or delete it where the value is empty."""
    response = Response()
    age = _MINUTES * 60 if value else 0
    response.set_cookie(name, quote(value), max_age=age, path=f"/{_base()}", httponly=True, samesite="lax")
    headers.append("set-cookie", response.headers["set-cookie"])


def _make_cookies_secure(message: Message) -> None:
    """Let no cookie travel unprotected where people come over https; Streamlit leaves that to us."""
    message["headers"] = [
        (name, value + b"; Secure" if name.lower() == b"set-cookie" and b"; secure" not in value.lower() else value)
        for name, value in Headers(raw=message["headers"]).raw
    ]


def _below_base(path: str) -> str:
    return path.strip("/") if not _base() else path.strip("/").removeprefix(_base()).strip("/")


def _base() -> str:
    return str(st.get_option("server.baseUrlPath")).strip("/")
