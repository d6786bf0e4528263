"""Middleware before every answer: people who have not signed in get the page that asks for it, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import audit, metrics
from dashboard.security import exposure, refusals, roles
from dashboard.security.exposure import SignIn, parts_of
from dashboard.security.roles import Denied, Ended, Person, Role, Rules
from dashboard.security.streamlit_internals import (
    CALLBACK,
    CORE,
    FILE,
    LARGEST_HEADER,
    LARGEST_MESSAGE,
    LARGEST_OF_STRANGERS,
    LOGIN,
    LOGOUT,
    MEDIA,
    MESSAGES_FOR_ALL,
    MESSAGES_FOR_SIGNED_IN,
    METRICS,
    MOST_VALUES,
    PUBLIC,
    RERUN,
    USER_COOKIE,
    claims_of,
    explain_files,
    file_id,
    message_kind,
    of_known_fragment,
    sign_in_failures,
)
from dashboard.seldom import Seldom
from data_access import PartnerCenterError, Settings, SettingsError, load_settings

log = logging.getLogger(__name__)

#: Cookies of some minutes in a person's own browser: the link to return to after signing in, and why a sign-in failed.
RETURN_LINK, REFUSAL = "_asked_for", "_sign_in_refused"
_MINUTES = 10
_FONTS = "fonts/"  # our own, which the page that asks to sign in is written in
_MOST_FILES = 1_000
#: Bytes of all cookies after a sign-in, which leaves an eighth of what a server takes to what comes to them later.
_MOST_COOKIES = LARGEST_HEADER * 7 // 8
_TOO_MANY_COOKIES = "The cookies of this page are too large. Delete them in the browser's settings, then open it again."
_LARGE_HEADER = f"A request was refused: its cookies, or another header, are larger than {LARGEST_HEADER} bytes."
_TOO_MANY_VALUES = (
    f"This link has more than {MOST_VALUES:,} values. None of them would be applied, the day and the book included:"
    " open it with fewer."
)
_FOREIGN = (
    "A page was refused its socket: its address is neither the one that it asked (Host) nor PUBLIC_URL or redirect_uri."
    " Either another site tried, or a proxy changes Host: set PUBLIC_URL."
)
#: One line for all refusals that an address alone says, and anybody may write.
_WITHOUT_SIGN_IN = "refused by the provider's page"
#: Why a socket is closed (RFC 6455 and its registry): the other end is gone, a message too big, no room.
_GONE, _TOO_BIG, _TRY_LATER = 1006, 1009, 1013
_MOST_PAGES = 1_000
_DENIAL = "websocket.http.response"  # what a server of sockets offers that can refuse one with any answer
_NOT_MADE_HERE = (
    "A file was asked for that this process does not have: it was made before a restart, or long ago, or a proxy leads"
    " a visitor to changing processes of the dashboard."
)
#: The same for the person who asked, and what stands at a file's button where nobody foresaw why it is not made.
_PAGE_IS_OLD = "The dashboard has started anew since this page was drawn. Reload the page."
#: What stands in place of a file; of a foreign one as of none, so that nobody learns that it is there.
_NOT_YOURS = "This file is not there, or not for you. Reload the page, and take it again."
_UNFORESEEN = "This file could not be made. The log tells the operator why."
_IN_QUERIES = "%=&+-_.~:@/?!$'()*,;"

#: The sign-ins that people ended in this process. One for all: the middleware sees a person sign out, and that person's
#: open pages, each in a thread of its own, have to learn of it.
ENDED = Ended()

#: The persons who may fetch a file, by the file's id, each with what says whether that person still may; the oldest
#: files are forgotten first, and closed to all. One for all: pages make files, in threads of their own, and the
#: middleware hands them out.
_download_owners: OrderedDict[str, dict[tuple[str, str], Callable[[], bool]]] = OrderedDict()


def person_of(claims: roles.Claims, settings: Settings, sign_in: SignIn, ended: Ended) -> Person:
    """The person behind a sign-in that has not ended. Raises Denied."""
    if claims in ended:
        raise Denied("You have signed out.", "Sign in again to go on where you were.")
    _, provider = sign_in.provider
    audience = str(provider.get("client_id", ""))
    return roles.judge(claims, Rules.of(settings, audience), datetime.now(UTC))


def largest_message(cookies: Mapping[str, str], sign_in: SignIn) -> int:
    """How many bytes a message may have of who sends these cookies; half of one may be kept for each open page."""
    return LARGEST_MESSAGE if not sign_in.is_configured or claims_of(cookies) else LARGEST_OF_STRANGERS


def register_download_owner(
    content: bytes, mimetype: str, name: str, person: Person, still: Callable[[], bool] = lambda: True
) -> None:
    """Let this person fetch a file, as long as `still` says so; others cannot, even if they know its address."""
    key = file_id(content, mimetype, name)
    _download_owners.setdefault(key, {})[person.identity] = still
    _download_owners.move_to_end(key)
    while len(_download_owners) > _MOST_FILES:
        _download_owners.popitem(last=False)


class Gate:
    """The middleware.

    `pages` are the addresses of the pages: each serves the empty page around everything. `sign_in` says whether and how
    people sign in, `ended` which sign-ins are over. With `most_pages` open, no further one is: each takes files of the
    process, and without any left those who are in would be cut off too.
    """

    def __init__(
        self, app: ASGIApp, pages: Iterable[str], sign_in: SignIn, ended: Ended, most_pages: int = _MOST_PAGES
    ) -> None:
        self._app = app
        self._pages = frozenset(pages)
        self._sign_in = sign_in
        self._ended = ended
        self._most_pages, self._open_pages = most_pages, 0
        self._seldom = Seldom()
        explain_files(self._why_no_file)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        if any(len(value) > LARGEST_HEADER for value in request.headers.values()):
            self._tell(_LARGE_HEADER)
            await _refuse(431, _TOO_MANY_COOKIES, scope, receive, send)
            return
        if request.scope["query_string"].count(b"&") >= MOST_VALUES:
            await _refuse(414, _TOO_MANY_VALUES, scope, receive, send)
            return
        try:
            self._check(request)
        except SettingsError as error:
            await _refuse(403, str(error), scope, receive, send)
            return
        if scope["type"] == "websocket" and not self._comes_from_us(request):
            self._tell(_FOREIGN)
            await _refuse(403, _FOREIGN, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._with_page(request, receive, send)
        elif self._sign_in.is_configured:
            await self._with_sign_in(request, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _with_page(self, request: HTTPConnection, receive: Receive, send: Send) -> None:
        if self._open_pages >= self._most_pages:
            self._tell(f"No further page is opened: there are {self._open_pages}.")
            await send({"type": "websocket.close", "code": _TRY_LATER})
            return
        self._open_pages += 1
        metrics.SESSIONS.inc()
        try:
            await self._app(request.scope, *self._filter_messages(request, receive, send))
        finally:
            self._open_pages -= 1
            metrics.SESSIONS.dec()

    def _tell(self, line: str) -> None:
        """Write a line into the log, unless it was written a moment ago."""
        if self._seldom.may_write(line):
            log.warning(line)

    def _why_no_file(self, error: BaseException | None) -> str:
        """Why a file is not made that a page asks for, and what to do; None: this process did not draw its button."""
        if error is None:
            self._tell(_NOT_MADE_HERE)
            return _PAGE_IS_OLD
        if isinstance(error, Denied):
            return f"{error.message} Reload the page."  # which says the rest, and has the button to sign in
        if isinstance(error, PartnerCenterError):
            log.warning("A file could not be made: %s, %s", type(error).__name__, error.details.for_log())
            return str(error)
        log.error("A file could not be made: unexpected error", exc_info=error)
        return _UNFORESEEN

    def _check(self, request: HTTPConnection) -> None:
        self._sign_in.check()
        address, port = request.scope.get("server") or ("", 0)
        # Without a port the server listens to a socket file.
        exposure.check_call("localhost" if port is None else address, request.headers, self._sign_in)

    async def _with_sign_in(self, request: HTTPConnection, receive: Receive, send: Send) -> None:
        path = _below_base(request.scope["path"])
        if not self._is_public(path) and (why := await self._why_closed(path, request)):
            # From a deep link Streamlit looks for its server below the page too, and goes on where that is a 404.
            status = 401 if path.startswith((MEDIA, CORE)) else 404
            await _refuse(status, why, request.scope, receive, send)
            return
        if path == LOGOUT:
            if not self._comes_from_a_page(request):
                await _refuse(403, "Sign out with the button of a page.", request.scope, receive, send)
                return
            claims = claims_of(request.cookies)
            self._ended.add(claims, datetime.now(UTC))
            _note(audit.SIGNED_OUT, claims)

        async def send_secured(message: Message) -> None:
            is_https = str(self._sign_in.table.get("redirect_uri", "")).startswith("https://")
            if message["type"] == "http.response.start":
                if is_https:
                    _make_cookies_secure(message)
                if path.startswith(MEDIA) and message["status"] == 404:
                    self._tell(_NOT_MADE_HERE)
            await send(message)

        if path in (LOGIN, CALLBACK):
            await self._sign_person_in(path, request, receive, send_secured)
        else:
            await self._app(request.scope, receive, send_secured)

    async def _sign_person_in(self, path: str, request: HTTPConnection, receive: Receive, send: Send) -> None:
        """Lead a person to the provider's page, or from there to the link that was kept.

        Where that fails, it leads back to that link too, with the reason; a line in the log names the cause.
        """
        is_answered = False

        async def send_led(message: Message) -> None:
            nonlocal is_answered
            if failures and path == LOGIN:
                return  # two words on an empty page
            is_answered = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if path == CALLBACK:
                    link = unquote(request.cookies.get(RETURN_LINK, ""))
                    refusal = self._outcome(request, headers, failures)
                    if not refusal:
                        _note(audit.SIGNED_IN, claims_of(_cookies_after(request, headers)))
                    _lead_back(headers, link, refusal)
                elif link := _link_of(request):
                    _set_cookie(headers, RETURN_LINK, link)  # Streamlit would forget it
            await send(message)

        with sign_in_failures() as failures:
            try:
                await self._app(request.scope, receive, send_led)
            except Exception as error:
                if is_answered:
                    raise
                failures.append(error)
        if not failures:
            return
        code = refusals.of_failure(failures[0])
        self._tell_refusal(code, code, failures[0])
        if not is_answered:
            response = RedirectResponse(f"/{_base()}", 302)
            link = _link_of(request) if path == LOGIN else unquote(request.cookies.get(RETURN_LINK, ""))
            _lead_back(response.headers, link, code)
            await response(request.scope, receive, send)

    def _outcome(self, request: HTTPConnection, headers: MutableHeaders, failures: list[BaseException]) -> str:
        """The code of why a sign-in failed; empty where it did not. One that would not last is taken back.

        What is no error of Streamlit's is written into the log.
        """
        if refused := refusals.of_answer(request.query_params):
            self._tell_refusal(refused, _WITHOUT_SIGN_IN)
            return refused
        if failures:
            return refusals.of_failure(failures[0])
        cookies = _cookies_after(request, headers)
        if "code" in request.query_params and not cookies.get(USER_COOKIE):
            self._tell_refusal(refusals.NOT_COMPLETED, refusals.NOT_COMPLETED)
            return refusals.NOT_COMPLETED
        size = sum(len(name) + len(value) + len("=; ") for name, value in cookies.items())
        claims = claims_of(cookies)
        is_new = claims != claims_of(request.cookies)
        wrong = refusals.of_time(claims, datetime.now(UTC).timestamp()) if is_new else ""
        if size > _MOST_COOKIES:
            wrong = refusals.TOO_LARGE
        if wrong:
            self._tell_refusal(wrong, wrong)
            signed_in = [cookie for cookie in headers.getlist("set-cookie") if cookie.startswith(USER_COOKIE)]
            headers.raw[:] = [(name, value) for name, value in headers.raw if value.decode("latin-1") not in signed_in]
        return wrong

    def _tell_refusal(self, code: str, line: str, error: BaseException | None = None) -> None:
        """Say in the log why a person could not sign in, unless such a `line` was written a moment ago.

        In our words, with the error's class, as its own may quote tokens.
        """
        if self._seldom.may_write(line):
            refusal = refusals.of(code)
            cause = f", {type(error).__module__}.{type(error).__qualname__}" if error else ""
            log.warning("A person's sign-in failed (%s%s): %s %s", code, cause, refusal.message, refusal.advice)

    def _comes_from_us(self, request: HTTPConnection) -> bool:
        """Whether a page of ours opens a socket, or a program that is no browser and says nothing."""
        origin = request.headers.get("origin")
        return origin is None or self._is_own(request, origin)

    def _is_own(self, request: HTTPConnection, address: str) -> bool:
        return exposure.is_own_origin(address, request.headers.get("host", ""), self._sign_in)

    def _comes_from_a_page(self, request: HTTPConnection) -> bool:
        """Whether a page of ours made a request, and no picture in it, as far as the browser says."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin" and request.headers.get("sec-fetch-dest", "document") == "document"
        return self._is_own(request, request.headers.get("referer", ""))

    def _is_public(self, path: str) -> bool:
        is_open = path in self._pages or path.startswith(_FONTS) or PUBLIC.fullmatch(path)
        return bool(is_open) and ".." not in path and "\\" not in path

    async def _why_closed(self, path: str, request: HTTPConnection) -> str:
        """Why the person of a request may not have what is not public; empty where this person may."""
        try:
            person = self._person_of(claims_of(request.cookies))
        except (Denied, SettingsError):
            return "Sign-in required."
        if path == METRICS:
            return "" if person.role >= Role.OPERATOR else "This is for operators."
        if path.startswith(MEDIA):
            key = path.removeprefix(MEDIA).partition(".")[0]
            if key not in _download_owners:
                self._tell(_NOT_MADE_HERE)
            still = _download_owners.get(key, {}).get(person.identity)
            if still is None or not await asyncio.to_thread(still):  # it may look at a file far away
                return _NOT_YOURS
        return ""

    def _person_of(self, claims: roles.Claims) -> Person:
        return person_of(claims, load_settings(), self._sign_in, self._ended)

    def _filter_messages(self, request: HTTPConnection, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """A page's socket, without the messages that no page needs or this person may no longer send.

        A rerun always passes: it shows people who are not let in the page that says so. So does the wish for a file of
        who has signed in: at its button stands why it is not made. A message larger than any of a page closes the
        socket.
        """
        is_gone = has_asked = False
        claims = claims_of(request.cookies) if self._sign_in.is_configured else None
        largest = largest_message(request.cookies, self._sign_in)

        def passes(message: Message) -> bool:
            kind = message_kind(message.get("bytes") or b"")
            try:
                self._check(request)
                if kind in MESSAGES_FOR_SIGNED_IN and claims is not None:
                    self._person_of(claims)
            except Denied:
                return kind == FILE and bool(claims)
            except SettingsError:
                return False
            return kind in MESSAGES_FOR_ALL | MESSAGES_FOR_SIGNED_IN

        async def receive_filtered() -> Message:
            nonlocal is_gone, has_asked
            while not is_gone:
                message = await receive()
                if message["type"] != "websocket.receive":
                    is_gone = message["type"] == "websocket.disconnect"
                    return message
                if len(message.get("bytes") or message.get("text") or b"") > largest:
                    await send({"type": "websocket.close", "code": _TOO_BIG})
                    is_gone = True
                    break
                if passes(message):
                    content = message.get("bytes") or b""
                    is_first, has_asked = not has_asked, has_asked or message_kind(content) == RERUN
                    return {**message, "bytes": of_known_fragment(content, is_first=is_first)}
            return {"type": "websocket.disconnect", "code": _GONE}

        async def send_while_there(message: Message) -> None:
            # Streamlit closes a socket once more where it hears of the end from here, with a traceback in the log: it
            # hears of it when it next asks what came.
            nonlocal is_gone
            if not is_gone:
                try:
                    await send(message)
                except OSError:
                    is_gone = True

        return receive_filtered, send_while_there


async def _refuse(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and _DENIAL not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})  # which the server answers with 403
    else:
        await PlainTextResponse(why, status)(scope, receive, send)


def _link_of(request: HTTPConnection) -> str:
    """The link of the page from which a person goes to sign in; empty where that is another site's."""
    page = parts_of(request.headers.get("referer", ""))
    if page.netloc != request.headers.get("host"):
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


def _cookies_after(request: HTTPConnection, headers: MutableHeaders) -> dict[str, str]:
    """The cookies that the browser has after an answer with these headers."""
    cookies = dict(request.cookies)
    for cookie in headers.getlist("set-cookie"):
        name, _, value = cookie.partition(";")[0].partition("=")
        cookies[name] = value.strip('"')
    return cookies


def _note(action: str, claims: roles.Claims) -> None:
    """Note for the audit that the person of these claims signed in or out."""
    if claims:
        name = str(claims.get("preferred_username") or claims.get("email") or claims.get("name") or "")
        audit.note(action, name, f"{claims.get('tid', '')}/{claims.get('oid', '')}")


def _lead_back(headers: MutableHeaders, link: str, refusal: str) -> None:
    """Lead to a link of ours, and keep why the sign-in failed if it did."""
    _set_cookie(headers, REFUSAL, refusal)
    parts = parts_of(link)
    if parts.path and headers.get("location", "").strip("/") == _base():
        _set_cookie(headers, RETURN_LINK, "")
        # Two slashes at the start, or one backwards, would lead to another host.
        path, query = quote("/" + parts.path.lstrip("/\\"), safe="/%"), quote(parts.query, safe=_IN_QUERIES)
        headers["location"] = f"{path}?{query}" if query else path


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
