"""What stands in the form of a token request."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_plus

from tests.entra.refusals import Refusal


def required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise Refusal(900144, parameter=name)
    return form[name]


def credentials(form: Mapping[str, str], authorization: str) -> tuple[str | None, str | None]:
    """Read client id and secret from the body, or as RFC 6749, section 2.3.1, puts them into the header."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id"), form.get("client_secret")
    try:
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        raise Refusal(9002313, error="invalid_request") from None
    return unquote_plus(name), unquote_plus(secret)


def proves(verifier: str, challenge: str, method: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    shown = base64.urlsafe_b64encode(digest).decode().rstrip("=") if method == "S256" else verifier
    return hmac.compare_digest(shown.encode(), challenge.encode())
