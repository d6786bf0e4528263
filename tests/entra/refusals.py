"""Refusals in Microsoft's shape: the OAuth error, the AADSTS code with its words, and the ids of the request.

Codes, names and the shape are from *Microsoft Entra authentication & authorization error codes*; the wording, where
that page only describes, is as the service has been quoted in public.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

# The policy that a claims challenge names; any GUID will do.
_POLICY = "9ab03e19-ed42-4168-b6b7-7001fb3e933a"


class _Case(NamedTuple):
    text: str
    error: str = "invalid_grant"
    status: int = 400
    suberror: str | None = None


_CASES: Mapping[int, _Case] = {
    50011: _Case(
        "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the "
        "application '{app}'. Make sure the redirect URI sent in the request matches one added to your "
        "application.",
        error="invalid_request",
    ),
    50013: _Case("Assertion failed signature validation. [Reason - {reason}]"),
    50049: _Case("Unknown or invalid instance.", error="invalid_instance"),
    50057: _Case("The user account is disabled."),
    50058: _Case(
        "A silent sign-in request was sent but no user is signed in. The cookies used to represent the user's "
        "session were not sent in the request.",
        error="interaction_required",
    ),
    50072: _Case(
        "Due to a configuration change made by your administrator, or because you moved to a new location, you "
        "must enroll in multi-factor authentication to access '{resource}'.",
        error="interaction_required",
    ),
    50076: _Case(
        "Due to a configuration change made by your administrator, or because you moved to a new location, you "
        "must use multi-factor authentication to access '{resource}'.",
        error="interaction_required",
        suberror="basic_action",
    ),
    50173: _Case(
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have"
        " changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before"
        " which tokens are not valid) for this user is '{valid_from}'.",
        suberror="bad_token",
    ),
    54005: _Case(
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
        "refresh token.",
    ),
    65001: _Case(
        "The user or administrator has not consented to use the application with ID '{app}' named '{name}'. Send "
        "an interactive authorization request for this user and resource.",
        suberror="consent_required",
    ),
    65004: _Case("User declined to consent to access the app.", error="access_denied"),
    70000: _Case("Provided grant is invalid or malformed.", suberror="bad_token"),
    70003: _Case("The app requested an unsupported grant type '{grant}'.", error="unsupported_grant_type"),
    70005: _Case(
        "The provided value for the input parameter 'response_type' is not allowed for this client. Expected value"
        " is 'code'.",
        error="unsupported_response_type",
    ),
    70008: _Case(
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
        "authorization request for this user and resource.",
    ),
    70016: _Case(
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        error="authorization_pending",
    ),
    70018: _Case(
        "Invalid verification code due to User typing in wrong user code for device code flow.",
        error="bad_verification_code",
    ),
    70019: _Case("Verification code expired.", error="expired_token"),
    90002: _Case(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
        error="invalid_request",
    ),
    90033: _Case("A transient error has occurred. Please try again.", error="temporarily_unavailable", status=503),
    240002: _Case("Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant."),
    500112: _Case(
        "The reply address '{uri}' does not match the reply address '{known}' provided when requesting "
        "Authorization code.",
    ),
    500131: _Case(
        "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion "
        "was '{audience}' and the expected audience is '{app}' or one of the Application Uris of this application.",
    ),
    500133: _Case(
        "Assertion is not within its valid time range. Ensure that the access token is not expired before using it"
        " for user assertion, or request a new token.",
    ),
    501481: _Case("The Code_Verifier does not match the code_challenge supplied in the authorization request."),
    501491: _Case("Invalid size of Code_Challenge parameter.", error="invalid_request"),
    700016: _Case(
        "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
        error="unauthorized_client",
    ),
    700025: _Case(
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        error="invalid_client",
        status=401,
    ),
    700082: _Case(
        "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for "
        "{inactive}.",
    ),
    900144: _Case("The request body must contain the following parameter: '{parameter}'.", error="invalid_request"),
    1002012: _Case(
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
        error="invalid_scope",
    ),
    7000112: _Case("Application '{app}'({name}) is disabled.", error="unauthorized_client"),
    7000114: _Case("Application '{app}' is not allowed to make application on-behalf-of calls."),
    7000215: _Case(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        "not the client secret ID, for a secret added to app '{app}'.",
        error="invalid_client",
        status=401,
    ),
    7000218: _Case(
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        error="invalid_client",
        status=401,
    ),
    7000222: _Case(
        "The provided client secret keys for app '{app}' are expired. Create new keys for your app.",
        error="invalid_client",
        status=401,
    ),
    9002313: _Case("Invalid request. Request is malformed or invalid."),
}
_WITH_CLAIMS = (50072, 50076)


class Refusal(Exception):
    """An error answer on its way; `words` fill in what the code's text leaves open."""

    def __init__(self, code: int, *, error: str | None = None, **words: object) -> None:
        self.code = code
        case = _CASES[code]
        self.status, self.suberror = case.status, case.suberror
        self.error = error or case.error
        self.text = f"AADSTS{code}: {case.text.format(**words)}"
        super().__init__(self.text)

    def body(self, now: float, address: str, correlation_id: str | None = None) -> dict[str, Any]:
        """Everything that the service says about it, each time with a trace id of its own."""
        trace = str(uuid.uuid4())
        correlation = correlation_id or str(uuid.uuid4())
        timestamp = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S}Z"
        lines = [self.text, f"Trace ID: {trace}", f"Correlation ID: {correlation}", f"Timestamp: {timestamp}"]
        challenge = {"access_token": {"capolids": {"essential": True, "values": [_POLICY]}}}
        return {
            "error": self.error,
            "error_description": "\r\n".join(lines),
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{address}/error?code={self.code}",
            **({"suberror": self.suberror} if self.suberror else {}),
            **({"claims": json.dumps(challenge, separators=(",", ":"))} if self.code in _WITH_CLAIMS else {}),
        }


class SlowDown(Refusal):
    """Polled again before the interval was over: RFC 8628, section 3.5; Microsoft's page does not list it."""

    def __init__(self) -> None:
        super().__init__(70016, error="slow_down")
