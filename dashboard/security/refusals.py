"""Why a person's sign-in failed: a code that travels in a cookie, and the sentence that the page makes of it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from data_access import Unavailable, refused_sign_in

_ENTRA_CODE = re.compile(r"AADSTS[0-9]{4,8}")
_CODE = re.compile(rf"{_ENTRA_CODE.pattern}|[a-z_]{{1,40}}")
_TIMES = ("exp", "iat", "nbf")  # claims that hold only at the right time
#: Seconds for which a token may seem to be there when it comes: Entra ID dates it five minutes back, for clocks that
#: are behind, and the libraries forgive two.
_OLDEST = (5 + 2) * 60
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
#: Parts of OpenSSL that read a bundle of certificates. Of an answer that is late, or that ends, `ssl` has errors too.
_OF_A_BUNDLE = frozenset({"PEM", "X509"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """`message` is for the person, `advice` for the operator, in the log."""

    message: str
    advice: str


NOT_COMPLETED, TOO_LARGE, UNEXPECTED = "not_completed", "too_large", "unexpected"
_CLOCK, _CERTIFICATE, _NO_ANSWER, _NOT_UNDERSTOOD = "wrong_clock", "certificate", "no_answer", "not_understood"
_UNAVAILABLE = "temporarily_unavailable"
#: What Entra ID says of a code that is used or too old. For the sign-in to Partner Center the same means another thing.
_TOO_LATE = frozenset({"AADSTS70000", "AADSTS70008", "AADSTS54005", "invalid_grant"})
_OWN = {
    NOT_COMPLETED: Refusal(
        "The sign-in was not completed: it took too long, began in another window, or was opened a second time.",
        "If it happens often: people use another address than redirect_uri, their browsers keep no cookies, or several"
        " processes of the dashboard differ in cookie_secret.",
    ),
    TOO_LARGE: Refusal(
        "You are in more groups than a sign-in to this page can carry, so the operator gives you an app role instead.",
        "Give app roles, or have the groups claim hold only groups that are assigned to the application.",
    ),
    UNEXPECTED: Refusal("The sign-in failed for a reason that we did not foresee.", "Please report it."),
    _CLOCK: Refusal(
        "The clock of this dashboard differs from Microsoft's, so that the sign-in does not count.",
        "Set the clock of this machine.",
    ),
    _CERTIFICATE: Refusal(
        "The dashboard does not trust the certificate of Microsoft's sign-in.",
        "Let SSL_CERT_FILE name the file of your company's certificates.",
    ),
    _NO_ANSWER: Refusal(
        "Microsoft's sign-in did not answer the dashboard.",
        "Check the network and the proxy of this machine, and server_metadata_url in [auth].",
    ),
    _UNAVAILABLE: Refusal(
        "Microsoft's sign-in is not available at the moment. Sign in again in a few minutes.",
        "Nothing has to be done here. If it lasts, look at the status of Microsoft Entra ID.",
    ),
    _NOT_UNDERSTOOD: Refusal(
        "The answer of Microsoft's sign-in could not be used.",
        "Check server_metadata_url and client_id in [auth], and whether a proxy answers in Microsoft's place.",
    ),
}


def of(code: str) -> Refusal:
    """What a code means."""
    if code in _OWN or code in _TOO_LATE:
        return _OWN.get(code, _OWN[NOT_COMPLETED])
    error = refused_sign_in({"error": code, "error_description": code})
    if isinstance(error, Unavailable):
        return _OWN[_UNAVAILABLE]
    # The person's sign-in has a secret of its own.
    return Refusal(error.message, error.advice.replace("PARTNER_CENTER_CLIENT_SECRET", "client_secret in [auth]"))


def code(text: str) -> str:
    """The text if it can be a code; empty otherwise, since anyone may have written the cookie."""
    return text if _CODE.fullmatch(text) else ""


def of_answer(query: Mapping[str, str]) -> str:
    """The most exact code that the provider gives for a refusal; empty where it gives none."""
    entra_code = _ENTRA_CODE.search(query.get("error_description", ""))
    return entra_code[0] if entra_code else code(query.get("error", ""))


def of_failure(error: BaseException) -> str:
    """The code for an error of the libraries that speak with the provider: Authlib, joserfc, httpx."""
    given = {name: str(getattr(error, name, None) or "") for name in ("error", "description", "claim")}
    if given["claim"] in _TIMES:
        return _CLOCK
    if given["error"] == "mismatching_state":
        return NOT_COMPLETED
    if type(error).__module__.partition(".")[0] == "joserfc":  # a token that is not signed, or not for us
        return _NOT_UNDERSTOOD
    if answered := of_answer({"error": given["error"], "error_description": given["description"]}):
        return answered
    causes = [*_causes(error)]
    if any(map(_is_of_trust, causes)):
        return _CERTIFICATE
    if any(_is_passing(cause) for cause in causes):
        return _UNAVAILABLE
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}  # of httpx, whichever Authlib uses
    if names & {"TransportError", "OSError"}:
        return _NO_ANSWER
    return _NOT_UNDERSTOOD if names & {"HTTPStatusError", "ValueError"} else UNEXPECTED


def of_time(claims: Mapping[str, object], now: float) -> str:
    """The code for a token that seems old in the moment in which it came; empty where it does not.

    The libraries see that this clock is behind, and one that is ahead only once it is by the token's whole life.
    """
    issued = claims.get("iat")
    return _CLOCK if isinstance(issued, int | float) and now - issued > _OLDEST else ""


def _is_of_trust(error: BaseException) -> bool:
    """Whether the provider's certificate is not trusted, or the bundle that SSL_CERT_FILE names cannot be read."""
    is_of_bundle = isinstance(error, FileNotFoundError) or getattr(error, "library", None) in _OF_A_BUNDLE
    return is_of_bundle or isinstance(error, ssl.SSLCertVerificationError) or _UNTRUSTED in str(error)


def _is_passing(error: BaseException) -> bool:
    """Whether the provider answered with a status that says it is its own trouble, and passes."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return isinstance(status, int) and (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
