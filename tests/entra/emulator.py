"""`Entra` decides what is granted, and signs the tokens. It touches no network; `web.serving` puts it behind HTTPS."""

from __future__ import annotations

import base64
import hmac
import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from joserfc.errors import ExpiredTokenError, JoseError

from tests.entra import documents, token_claims
from tests.entra.directory import (
    PARTNER_CENTER,
    App,
    Clock,
    Person,
    Tenant,
    first_resource,
    of_resources,
    split_scope,
)
from tests.entra.forms import credentials, proves, required
from tests.entra.grants import Code, Device, Grant, RefreshToken, Session
from tests.entra.refusals import Refusal, SlowDown
from tests.entra.troubles import Trouble

CODE_LIFE = 10 * 60
"""Seconds that an authorization code lives: "about 10 minutes" on the page of the flow."""

DEVICE_CODE_LIFE = 15 * 60
"""Seconds that a device code lives, as on the page of the flow."""

_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789"


class NotAccepted(ValueError):
    """A token that is not one of ours for the audience at this time."""


@dataclass(frozen=True)
class Asked:
    """One request as it came, and when, by the emulator's clock."""

    method: str
    path: str
    query: Mapping[str, str] = field(repr=False)  # a hint at sign-out is a token
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    at: float


@dataclass(eq=False, repr=False)
class Entra:
    """The service: its tenants, of which the first is home, and what it has granted.

    Everything may be changed between two requests.
    """

    tenants: list[Tenant]
    _: KW_ONLY
    access_token_life: int = 3600
    refresh_token_life: int = 90 * 24 * 3600
    """Seconds without use; a new refresh token begins anew."""
    superseded_life: int | None = 10 * 60
    """Seconds that a refresh token is still honoured after it was used. Microsoft documents that the old one is not
    revoked (None here), and asks to discard it; who relies on it should learn so in a test."""
    device_interval: int = 5
    """Seconds between two questions for a device code. At 0 MSAL asks without pause, and cannot be stopped."""
    nobody_signed_in: Literal["interaction_required", "login_required"] = "interaction_required"
    """The error for `prompt=none` without a session: the flow's page has it both ways."""
    advertises_pkce: bool = False
    """Whether the metadata lists `code_challenge_methods_supported`, which Entra's own, where published, does not;
    Streamlit uses PKCE only where it is listed."""
    clock: Clock = field(default_factory=Clock)
    address: str = field(default="", init=False)
    """Scheme, host and port, once served."""
    ca_bundle: Path = field(default=Path(), init=False)
    """The file of certificates to trust, once served."""
    requests: list[Asked] = field(default_factory=list, init=False)
    """The last thousand things asked."""

    def __post_init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.devices: dict[str, Device] = {}
        self._codes: dict[str, Code] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._queue: list[tuple[Trouble, str]] = []
        self._standing: list[tuple[Trouble, str]] = []

    @property
    def home(self) -> Tenant:
        return self.tenants[0]

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables by which requests and httpx trust this server."""
        return {"REQUESTS_CA_BUNDLE": str(self.ca_bundle), "SSL_CERT_FILE": str(self.ca_bundle)}

    def authority(self, tenant: Tenant | None = None) -> str:
        return f"{self.address}/{(tenant or self.home).id}"

    def issuer(self, tenant: Tenant | None = None) -> str:
        return f"{self.authority(tenant)}/v2.0"

    # Troubles

    def next(self, trouble: Trouble, times: int = 1, where: str = "/token") -> Entra:
        """Spoil so many answers, after those already ordered, to requests whose path contains `where`."""
        self._queue += [(trouble, where)] * times
        return self

    def always(self, trouble: Trouble, where: str = "/token") -> Entra:
        """Spoil every answer that the queue leaves alone; of two orders that fit, the later counts."""
        self._standing.insert(0, (trouble, where))
        return self

    def heal(self) -> Entra:
        """Take back all orders."""
        self._queue.clear()
        self._standing.clear()
        return self

    def ordered(self, path: str) -> Trouble | None:
        """Take the trouble that is ordered for a request."""
        for place, (trouble, where) in enumerate(self._queue):
            if where in path:
                del self._queue[place]
                return trouble
        return next((trouble for trouble, where in self._standing if where in path), None)

    # The directory

    def tenant(self, name: str) -> Tenant:
        for tenant in self.tenants:
            if tenant.answers_to(name):
                return tenant
        raise Refusal(90002, tenant=name)

    def app(self, tenant: Tenant, client_id: str | None) -> App:
        if not client_id:
            raise Refusal(900144, parameter="client_id")
        app = next((app for app in tenant.apps if app.client_id == client_id), None)
        if app is None:
            raise Refusal(700016, app=client_id, tenant=tenant.domain)
        if app.disabled:
            raise Refusal(7000112, app=client_id, name=app.name)
        return app

    def revoke(self, person: Person) -> None:
        """Void what a person has granted so far, and end the person's sessions, as an administrator does.

        Access tokens already given live on until they expire.
        """
        person.tokens_valid_from = self.clock.now()
        for key in [key for key, session in self.sessions.items() if session.person is person]:
            del self.sessions[key]

    # Public documents

    def metadata(self, tenant: Tenant) -> dict[str, Any]:
        """The OpenID configuration document; names and values are those of the published ones."""
        return documents.metadata(self.authority(tenant), self.issuer(tenant), with_pkce=self.advertises_pkce)

    def keys(self, tenant: Tenant) -> dict[str, Any]:
        """The signing keys as JWKS; like Microsoft's, they name their issuer and no algorithm."""
        published = tenant.published.as_dict(private=False)["keys"]
        return {"keys": [{**key, "issuer": self.issuer(tenant)} for key in published]}

    # Tokens

    def access_token(
        self,
        app: App,
        person: Person | None,
        resource: str = PARTNER_CENTER,
        names: Sequence[str] = ("user_impersonation",),
        *,
        tenant: Tenant | None = None,
        amr: Sequence[str] | None = None,
        **claims: Any,
    ) -> str:
        """Sign an access token for a person, or for the app itself; `claims` are put on top, None takes one away.

        The audience is the resource as it was named (as in version 1.0 tokens), for the tenant's own apps their
        client id (as in 2.0). `amr` is documented for 1.0 tokens only and given in all of these, as Partner Center
        looks for it.
        """
        tenant = tenant or self.home
        known = next((known for known in tenant.apps if resource in known.names), None)
        content = self._claims(tenant, known.client_id if known else resource)
        content |= {"azp": app.client_id, "azpacr": "1" if app.secret else "0"}
        if person is None:
            content |= token_claims.of_an_app(app, tenant, resource)
        else:
            content |= token_claims.of_a_person(person, tenant, content["aud"], own_app=known is not None)
            content |= {"scp": " ".join(names), "amr": list(_methods(person) if amr is None else amr)}
        return token_claims.signed(tenant, content | claims)

    def id_token(self, grant: Grant, scopes: Sequence[str], **claims: Any) -> str:
        """Sign an ID token; who somebody is belongs to the scope `profile` (*ID token claims reference*)."""
        tenant, person = grant.session.tenant, grant.session.person
        content = self._claims(tenant, grant.app.client_id)
        content |= token_claims.of_a_person(person, tenant, grant.app.client_id, own_app=True)
        if "profile" not in scopes:
            for name in ("name", "preferred_username", "oid"):
                del content[name]
        content |= {"email": person.username} if "email" in scopes else {}
        content |= {"nonce": grant.nonce} if grant.nonce else {}
        return token_claims.signed(tenant, content | claims)

    def who(self, token: str, audience: str = PARTNER_CENTER, tenant: Tenant | None = None) -> dict[str, Any]:
        """Return the claims of a token that is signed by a published key of the tenant, for the audience, and current.

        Anything else is `NotAccepted`. Whether the claims suffice, `amr` and `scp` above all, is the caller's matter.
        """
        tenant = tenant or self.home
        try:
            return self._verified(token, tenant, audience)
        except (JoseError, ValueError, TypeError) as error:
            raise NotAccepted(f"Not a token of {tenant.domain} for {audience}: {type(error).__name__}") from None

    def _claims(self, tenant: Tenant, audience: str) -> dict[str, Any]:
        now, life = int(self.clock.now()), self.access_token_life
        return token_claims.of_a_token(tenant, self.issuer(tenant), audience, now, life)

    def _verified(self, token: str, tenant: Tenant, audience: str | None = None) -> dict[str, Any]:
        return token_claims.verified(token, tenant, self.issuer(tenant), int(self.clock.now()), audience)

    # Signing in

    def sign_in(self, tenant: Tenant, person: Person, resource: str) -> Session:
        """Sign somebody in for a resource, as on the page of the service."""
        if person.disabled:
            raise Refusal(50057)
        if resource in tenant.mfa_for and not person.mfa:
            raise Refusal(50072, resource=resource)
        return Session(tenant, person, _methods(person))

    def needs_mfa(self, session: Session, resource: str) -> bool:
        return resource in session.tenant.mfa_for and "mfa" not in session.amr

    def unconsented(self, app: App, scopes: Sequence[str]) -> list[str]:
        return [scope for scope in of_resources(scopes) if not app.granted(*_alone(scope))]

    def code(self, grant: Grant, redirect_uri: str, challenge: str | None = None, method: str | None = None) -> str:
        """Give out an authorization code; without a method the challenge is plain, as documented."""
        code = f"1.A{secrets.token_urlsafe(48)}"
        self._codes[code] = Code(grant, redirect_uri, challenge, method or "plain")
        return code

    def device_code(self, tenant: Tenant, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer the device authorization request."""
        app = self.app(tenant, form.get("client_id"))
        code, user_code = secrets.token_urlsafe(48), "".join(secrets.choice(_ALPHABET) for _ in range(9))
        expires = self.clock.now() + DEVICE_CODE_LIFE
        self.devices[code] = Device(tenant, app, required(form, "scope").split(), user_code, expires)
        page = f"{self.address}/devicelogin"
        return {
            "user_code": user_code,
            "device_code": code,
            "verification_uri": page,
            "expires_in": DEVICE_CODE_LIFE,
            "interval": self.device_interval,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to "
            "authenticate.",
        }

    def waiting(self, user_code: str) -> Device:
        """Return the device that shows a code, if it still waits."""
        for device in self.devices.values():
            pending = not (device.grant or device.declined) and self.clock.now() < device.expires
            if pending and device.user_code == user_code.strip().upper():
                return device
        raise Refusal(70018)

    def approve(self, user_code: str, person: Person) -> None:
        """Sign somebody in for a waiting device, as on its page."""
        device = self.waiting(user_code)
        session = self.sign_in(device.tenant, person, first_resource(device.scopes))
        device.grant = Grant(session, device.app, device.scopes, self.clock.now())

    def decline(self, user_code: str) -> None:
        self.waiting(user_code).declined = True

    # The token endpoint

    def token(self, tenant: Tenant, form: Mapping[str, str], authorization: str = "") -> dict[str, Any]:
        """Answer a token request, given the fields of its body and its Authorization header."""
        grants = {
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh_token,
            "urn:ietf:params:oauth:grant-type:device_code": self._by_device_code,
            "urn:ietf:params:oauth:grant-type:jwt-bearer": self._on_behalf_of,
            "client_credentials": self._by_client_credentials,
        }
        kind = required(form, "grant_type")
        if kind not in grants:
            raise Refusal(70003, grant=kind)
        client_id, secret = credentials(form, authorization)
        app = self.app(tenant, client_id)
        self._authenticate(app, secret, public=kind not in list(grants)[3:])
        return grants[kind](tenant, app, form)

    def _authenticate(self, app: App, secret: str | None, *, public: bool) -> None:
        if not secret:
            if public and app.public_flows:
                return
            raise Refusal(7000218)
        if app.secret is None:
            raise Refusal(700025)
        if not hmac.compare_digest(secret.encode(), app.secret.encode()):
            raise Refusal(7000215, app=app.client_id)
        if app.secret_expires is not None and app.secret_expires <= self.clock.now():
            raise Refusal(7000222, app=app.client_id)

    def _by_code(self, tenant: Tenant, app: App, form: Mapping[str, str]) -> dict[str, Any]:
        code = self._codes.get(required(form, "code"))
        if code is None or code.grant.app is not app or code.grant.session.tenant is not tenant:
            raise Refusal(9002313)
        if code.redeemed:
            raise Refusal(54005)
        code.redeemed = True
        if self.clock.now() >= code.grant.at + CODE_LIFE:
            raise Refusal(70008)
        if (uri := form.get("redirect_uri")) != code.redirect_uri:
            raise Refusal(500112, uri=uri, known=code.redirect_uri)
        if code.challenge and not proves(form.get("code_verifier", ""), code.challenge, code.method):
            raise Refusal(501481)
        return self._granted(code.grant, form, form.get("scope", "").split() or code.grant.scopes)

    def _by_refresh_token(self, tenant: Tenant, app: App, form: Mapping[str, str]) -> dict[str, Any]:
        """The token is bound to person and client, not to a resource; as guests are left out, to its tenant too."""
        known = self._refresh_tokens.get(required(form, "refresh_token"))
        now = self.clock.now()
        if known is None or known.grant.app is not app or known.grant.session.tenant is not tenant:
            raise Refusal(70000)
        if now >= known.issued + self.refresh_token_life:
            raise Refusal(700082, issued=_moment(known.issued), inactive=_span(self.refresh_token_life))
        life = math.inf if self.superseded_life is None else self.superseded_life
        if known.superseded is not None and now >= known.superseded + life:
            raise Refusal(70000)
        scopes = form.get("scope", "").split() or known.grant.scopes
        answer = self._granted(known.grant, form, [*scopes, "offline_access"])
        if known.superseded is None:
            known.superseded = now
        return answer

    def _by_device_code(self, tenant: Tenant, app: App, form: Mapping[str, str]) -> dict[str, Any]:
        code = required(form, "device_code")
        device = self.devices.get(code)
        if device is None or device.app is not app or device.tenant is not tenant:
            raise Refusal(70018)
        now, polled = self.clock.now(), device.polled
        device.polled = now
        if now >= device.expires:
            raise Refusal(70019)
        if device.declined:
            raise Refusal(65004, error="authorization_declined")
        if device.grant is None:
            # Half a second less, as the client's clock started when the answer arrived.
            too_soon = polled is not None and now - polled < self.device_interval - 0.5
            raise SlowDown if too_soon else Refusal(70016)
        answer = self._granted(device.grant, form, device.scopes)
        del self.devices[code]
        return answer

    def _on_behalf_of(self, tenant: Tenant, app: App, form: Mapping[str, str]) -> dict[str, Any]:
        if required(form, "requested_token_use") != "on_behalf_of":
            raise Refusal(70003, grant=form["requested_token_use"])
        try:
            claims = self._verified(required(form, "assertion"), tenant)
        except ExpiredTokenError:
            raise Refusal(500133) from None
        except (JoseError, ValueError, TypeError) as error:
            raise Refusal(50013, reason=type(error).__name__) from None
        if claims["aud"] not in app.names:
            raise Refusal(500131, audience=claims["aud"], app=app.client_id)
        if claims.get("idtyp") == "app":
            raise Refusal(7000114, app=app.client_id)
        person = next((person for person in tenant.people if person.oid == claims.get("oid")), None)
        if "scp" not in claims or person is None:
            raise Refusal(240002)
        scopes = required(form, "scope").split()
        issued = claims["iat"] + 1  # whole seconds: the latest it can have been, so that nothing new counts as revoked
        return self._granted(Grant(Session(tenant, person, claims["amr"]), app, scopes, issued), form, scopes)

    def _by_client_credentials(self, tenant: Tenant, app: App, form: Mapping[str, str]) -> dict[str, Any]:
        resource, name = split_scope(scope := required(form, "scope"))
        if name != ".default":
            raise Refusal(1002012, scope=scope)
        return {**self._lifetime(), "access_token": self.access_token(app, None, resource, tenant=tenant)}

    def _granted(self, grant: Grant, form: Mapping[str, str], scopes: Sequence[str]) -> dict[str, Any]:
        """Answer with what a grant is good for now; of several resources the token is for the first, as documented."""
        tenant, person, app = grant.session.tenant, grant.session.person, grant.app
        if person.disabled:
            raise Refusal(50057)
        if grant.at < person.tokens_valid_from:
            issued, valid_from = _moment(grant.at), _moment(person.tokens_valid_from)
            raise Refusal(50173, issued=issued, valid_from=valid_from)
        resource = first_resource(scopes)
        asked = [scope for scope in of_resources(scopes) if split_scope(scope)[0] == resource]
        wanted = [split_scope(scope)[1] for scope in asked]
        names = app.granted(resource, wanted or [scope for scope in scopes if scope != "offline_access"])
        if not names:
            raise Refusal(65001, app=app.client_id, name=app.name)
        if self.needs_mfa(grant.session, resource):
            raise Refusal(50076, resource=resource)
        # A scope that stands for all is answered along with what it stands for, so that caches find it again.
        behind = [f"{resource}/{name}" for name in names] if ".default" in wanted else []
        shown = dict.fromkeys([*asked, *behind] if asked else names)
        answer = {
            **self._lifetime(),
            "scope": " ".join(shown),
            "access_token": self.access_token(app, person, resource, names, tenant=tenant, amr=grant.session.amr),
        }
        if "offline_access" in scopes:
            answer["refresh_token"] = self._refresh_token(grant)
        if "openid" in scopes:
            answer["id_token"] = self.id_token(grant, scopes)
        if form.get("client_info") == "1":
            account = json.dumps({"uid": person.oid, "utid": tenant.id}).encode()
            answer["client_info"] = base64.urlsafe_b64encode(account).decode().rstrip("=")
        return answer

    def _lifetime(self) -> dict[str, Any]:
        seconds = self.access_token_life - 1
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}

    def _refresh_token(self, grant: Grant) -> str:
        token = f"1.AR{secrets.token_urlsafe(64)}"
        self._refresh_tokens[token] = RefreshToken(replace(grant, nonce=None), self.clock.now())
        return token


def _methods(person: Person) -> list[str]:
    return ["pwd", "mfa"] if person.mfa else ["pwd"]


def _alone(scope: str) -> tuple[str, list[str]]:
    resource, name = split_scope(scope)
    return resource, [name]


def _moment(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 24 * 3600)
    return f"{days}.{timedelta(seconds=rest)!s:0>8}"
