"""Puts `Entra` behind HTTPS on loopback: its endpoints, its few pages, and the troubles that befall answers."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.entra.directory import App, Tenant, first_resource
from tests.entra.emulator import Asked, Entra
from tests.entra.grants import Grant, Session
from tests.entra.refusals import Refusal
from tests.waiting import until

_COOKIE = "ESTSAUTHPERSISTENT"
_Answer = Callable[[Request], Awaitable[Response]]


@contextmanager
def serving(entra: Entra, port: int = 0) -> Iterator[Entra]:
    """Serve in a thread for as long as the block lasts. Port 0 is any free one."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", port)) as listener:
        entra.ca_bundle, own = Path(folder, "ca.pem"), Path(folder, "localhost.pem")
        entra.address = f"https://localhost:{listener.getsockname()[1]}"
        authority.cert_pem.write_to_path(str(entra.ca_bundle))
        certificate.private_key_and_cert_chain_pem.write_to_path(str(own))
        config = uvicorn.Config(
            _application(entra), http=_Protocol, ws="none", lifespan="off", log_config=None, ssl_certfile=own
        )
        # Otherwise the end of an answer waits 40 ms for the client to acknowledge its beginning.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = _Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            yield entra
        finally:
            server.stopping.set()
            thread.join()


class _Server(uvicorn.Server):
    """Starts and stops in milliseconds where uvicorn's own looks ten times a second, as every test has one."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = threading.Event()

    async def main_loop(self) -> None:
        await asyncio.to_thread(self.stopping.wait)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's name
        for server in self.servers:
            server.close()
        while self.server_state.connections or self.server_state.tasks:
            for connection in list(self.server_state.connections):
                connection.shutdown()
            await asyncio.sleep(0.001)


class _Protocol(H11Protocol):
    """Hands the connection to the application, which otherwise could not break it. Stopped means stopped."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        self.transport.abort()  # a polite end of TLS would wait for the client's


def _application(entra: Entra) -> Starlette:
    site = _Site(entra)
    service = "/{tenant}/oauth2/v2.0"
    routes = [
        Route("/common/discovery/instance", site.instance),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", site.metadata),
        Route("/{tenant}/discovery/v2.0/keys", site.keys),
        Route(f"{service}/authorize", site.authorize, methods=["GET", "POST"]),
        Route(f"{service}/token", site.token, methods=["POST"]),
        Route(f"{service}/devicecode", site.device_code, methods=["POST"]),
        Route(f"{service}/logout", site.logout, methods=["GET", "POST"]),
        Route("/devicelogin", site.device_login, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=site.answer)])


class Wish(NamedTuple):
    """What an app of a tenant asks for."""

    tenant: Tenant
    app: App
    scopes: Sequence[str]


class _Site:
    def __init__(self, entra: Entra) -> None:
        self.entra = entra

    async def answer(self, request: Request, right: _Answer) -> Response:
        """Remember what was asked, and let the trouble that is ordered befall the answer."""
        entra = self.entra
        await request.body()  # kept, so that it can be read here and again behind
        form = {name: str(value) for name, value in (await request.form()).items()}
        path, query, headers = request.url.path, dict(request.query_params), dict(request.headers)
        asked = Asked(request.method, path, query, form, headers, entra.clock.now())
        entra.requests[:] = [*entra.requests[-999:], asked]
        trouble = entra.ordered(path)
        if trouble:
            await _wait(request, trouble.delay)
        if trouble and trouble.reset:
            request.scope["state"]["transport"].abort()
            await _wait(request, 1)
            return Response()
        if trouble and trouble.page:
            return Response(trouble.page, trouble.status or 200, media_type="text/html")
        if trouble and trouble.cut:
            whole = await right(request)
            return Response(bytes(whole.body)[: -trouble.cut], whole.status_code, media_type="application/json")
        if trouble and trouble.status:
            body = trouble.body or Refusal(90033).body(entra.clock.now(), entra.address)
            return JSONResponse(body, trouble.status, dict(trouble.headers))
        return await right(request)

    # Documents and tokens

    async def instance(self, request: Request) -> Response:
        """Instance discovery, for those who can be told to ask here rather than `login.microsoftonline.com`."""
        place = urlsplit(request.query_params.get("authorization_endpoint", ""))
        host = urlsplit(self.entra.address).hostname
        if place.hostname not in (host, "127.0.0.1"):
            return self._refused(request, Refusal(50049))
        tenant = place.path.split("/")[1]
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{self.entra.address}/{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    async def metadata(self, request: Request) -> Response:
        try:
            return JSONResponse(self.entra.metadata(self._tenant(request)))
        except Refusal as refusal:
            return self._refused(request, Refusal(refusal.code, error="invalid_tenant", **request.path_params))

    async def keys(self, request: Request) -> Response:
        return self._json(request, lambda: self.entra.keys(self._tenant(request)))

    async def token(self, request: Request) -> Response:
        form, authorization = await _form(request), request.headers.get("authorization", "")
        return self._json(request, lambda: self.entra.token(self._tenant(request), form, authorization))

    async def device_code(self, request: Request) -> Response:
        form = await _form(request)
        return self._json(request, lambda: self.entra.device_code(self._tenant(request), form))

    def _tenant(self, request: Request) -> Tenant:
        return self.entra.tenant(request.path_params["tenant"])

    def _json(self, request: Request, value: Callable[[], Mapping[str, Any]]) -> Response:
        try:
            return JSONResponse(value(), headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})
        except Refusal as refusal:
            return self._refused(request, refusal)

    def _refused(self, request: Request, refusal: Refusal) -> Response:
        body = self._body(request, refusal)
        return JSONResponse(body, refusal.status, {"x-ms-request-id": body["trace_id"], "Cache-Control": "no-store"})

    def _body(self, request: Request, refusal: Refusal) -> dict[str, Any]:
        return refusal.body(self.entra.clock.now(), self.entra.address, request.headers.get("client-request-id"))

    # Signing in

    async def authorize(self, request: Request) -> Response:
        """Answer the redirect URI once it is known to be the app's; before that, with a page of our own."""
        asked = request.query_params
        try:
            tenant = self._tenant(request)
            app = self.entra.app(tenant, asked.get("client_id"))
        except Refusal as refusal:
            return self._sorry(request, refusal)
        uri = asked.get("redirect_uri", "")
        if not app.redirects_to(uri):
            return self._sorry(request, Refusal(50011, uri=uri, app=app.client_id))
        try:
            chosen = self._sign_in(request, await _form(request), tenant, app)
            if isinstance(chosen, Response):
                return chosen
            answer = {"code": self._code(request, app, chosen), "session_state": secrets.token_hex(16)}
        except Refusal as refusal:
            body = self._body(request, refusal)
            chosen, answer = None, {name: body[name] for name in ("error", "error_description", "error_uri")}
        state = {"state": asked["state"]} if "state" in asked else {}
        response = _back(uri, asked.get("response_mode"), {**answer, **state})
        if chosen:
            self.entra.sessions[key := secrets.token_urlsafe()] = chosen
            response.set_cookie(_COOKIE, key, secure=True, httponly=True, samesite="none")
        return response

    def _code(self, request: Request, app: App, session: Session) -> str:
        asked, now = request.query_params, self.entra.clock.now()
        grant = Grant(session, app, asked["scope"].split(), now, asked.get("nonce"))
        challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
        return self.entra.code(grant, asked["redirect_uri"], challenge, method)

    def _sign_in(self, request: Request, form: Mapping[str, str], tenant: Tenant, app: App) -> Session | Response:
        asked = request.query_params
        if asked.get("response_type") != "code":
            raise Refusal(70005)
        if not (scopes := asked.get("scope", "").split()):
            raise Refusal(900144, parameter="scope")
        if "code_challenge" in asked and not 43 <= len(asked["code_challenge"]) <= 128:
            raise Refusal(501491)
        session = self._session(request, tenant, app, scopes)
        if session is None and "person" not in form and asked.get("prompt") == "none":
            raise Refusal(50058, error=self.entra.nobody_signed_in)
        return self._chosen(request, form, Wish(tenant, app, scopes), session)

    def _session(self, request: Request, tenant: Tenant, app: App, scopes: Sequence[str]) -> Session | None:
        """Find the session that will do without asking anybody anything."""
        asked = request.query_params
        prompt, hint = asked.get("prompt"), asked.get("login_hint")
        session = self.entra.sessions.get(request.cookies.get(_COOKIE, ""))
        if prompt in ("login", "select_account") or session is None or session.tenant is not tenant:
            return None
        if hint not in (None, session.person.username) or session.person.disabled:
            return None
        resource = first_resource(scopes)
        if self.entra.needs_mfa(session, resource):
            if prompt == "none":
                raise Refusal(50076, resource=resource)
            return None
        if prompt == "none" and self.entra.unconsented(app, scopes):
            raise Refusal(65001, error="consent_required", app=app.client_id, name=app.name)
        return session

    def _chosen(
        self, request: Request, form: Mapping[str, str], wish: Wish, session: Session | None = None
    ) -> Session | Response:
        """Ask who it is, then for consent where it is missing; return the session once both are known."""
        entra, (tenant, app, scopes) = self.entra, wish
        kept = {name: form[name] for name in ("user_code", "person") if name in form}
        if "cancel" in form:
            raise Refusal(65004)
        if "person" in form:
            person = next((person for person in tenant.people if person.oid == form["person"]), None)
            try:
                session = entra.sign_in(tenant, person, first_resource(scopes)) if person else None
            except Refusal as refusal:
                return self._sorry(request, refusal)
        if session is None:
            people = [("person", person.oid, person.name, person.username) for person in tenant.people]
            return _page("Sign in", f"to {app.name} ({tenant.domain})", kept, [*people, ("cancel", "1", "Cancel", "")])
        missing = entra.unconsented(app, scopes)
        asks = missing or request.query_params.get("prompt") == "consent"
        if asks and "accept" not in form:
            kept["person"] = session.person.oid
            buttons = [("accept", "1", "Accept", ""), ("cancel", "1", "Cancel", "")]
            return _page("Permissions requested", f"{app.name} asks for: {', '.join(missing)}", kept, buttons)
        if any(scope.endswith("/.default") for scope in missing):
            raise Refusal(65001, error="consent_required", app=app.client_id, name=app.name)
        app.consented.update(missing)
        return session

    async def device_login(self, request: Request) -> Response:
        """The page where somebody enters the code that a device shows, and signs in for it."""
        form = await _form(request)
        if "user_code" not in form:
            field = '<p><label>Code <input name="user_code" autocomplete="off" autofocus required></label></p>'
            return _page("Enter code", "that your device shows", {}, [("next", "1", "Next", "")], field)
        try:
            device = self.entra.waiting(form["user_code"])
            if "cancel" in form:
                self.entra.decline(form["user_code"])
                return _page("Sign-in was cancelled", "You can close this window.", {}, [])
            chosen = self._chosen(request, form, Wish(device.tenant, device.app, device.scopes))
            if isinstance(chosen, Response):
                return chosen
            device.grant = Grant(chosen, device.app, device.scopes, self.entra.clock.now())
        except Refusal as refusal:
            return self._sorry(request, refusal)
        return _page("You have signed in", f"to {device.app.name} on your device. You can close this window.", {}, [])

    async def logout(self, request: Request) -> Response:
        """End the session; go on to where the app asked only if it is one of its redirect URIs, as documented."""
        asked = {**request.query_params, **await _form(request)}
        try:
            tenant = self._tenant(request)
            apps = [self.entra.app(tenant, asked["client_id"])] if "client_id" in asked else tenant.apps
        except Refusal as refusal:
            return self._sorry(request, refusal)
        self.entra.sessions.pop(request.cookies.get(_COOKIE, ""), None)
        uri = asked.get("post_logout_redirect_uri", "")
        if any(app.redirects_to(uri) for app in apps):
            response = _back(uri, "query", {"state": asked["state"]} if "state" in asked else {})
        else:
            response = _page("You signed out of your account", "It is a good idea to close all windows.", {}, [])
        response.delete_cookie(_COOKIE, secure=True, httponly=True, samesite="none")
        return response

    def _sorry(self, request: Request, refusal: Refusal) -> Response:
        body = self._body(request, refusal)
        return _page("Sorry, but we are having trouble signing you in.", body["error_description"], {}, [], status=400)


async def _form(request: Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


async def _wait(request: Request, seconds: float) -> None:
    """Wait, but no longer than somebody does for the answer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not await request.is_disconnected():
        await asyncio.sleep(0.01)


def _back(uri: str, mode: str | None, answer: Mapping[str, str]) -> Response:
    """Hand the answer to the app in the way it asked for; the query is the default for codes."""
    parts = urlsplit(uri)
    if mode == "form_post":
        script = "<script>document.forms[0].submit()</script>"
        return _page("Working...", "", answer, [("", "", "Continue", "")], action=uri, after=script)
    if mode == "fragment":
        return RedirectResponse(parts._replace(fragment=urlencode(answer)).geturl(), 302)
    query = [*parse_qsl(parts.query), *answer.items()]
    return RedirectResponse(parts._replace(query=urlencode(query)).geturl(), 302)


def _page(
    title: str,
    text: str,
    kept: Mapping[str, str],
    buttons: Sequence[tuple[str, str, str, str]],
    field: str = "",
    *,
    action: str = "",
    after: str = "",
    status: int = 200,
) -> Response:
    """Write a page of one form: hidden fields, and buttons of a name, a value, their words and a remark."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in kept.items()
    )
    shown = "".join(_button(*button) for button in buttons)
    form = f'<form method="post" action="{escape(action)}">{hidden}{field}{shown}</form>' if buttons else ""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><main><h1>{escape(title)}</h1><p>{escape(text)}</p>{form}</main>{after}</body></html>",
        status,
    )


def _button(name: str, value: str, words: str, remark: str) -> str:
    attributes = f' name="{escape(name)}" value="{escape(value)}"' if name else ""
    return f"<p><button{attributes}>{escape(words)} <small>{escape(remark)}</small></button></p>"
