"""Why a sign-in failed: one sentence for each cause, and nothing that somebody else wrote."""

import json
import ssl

import httpx2
import pytest
from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidClaimError

from dashboard.security import refusals, streamlit_internals


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("AADSTS65004", "AADSTS65004"),
        ("access_denied", "access_denied"),
        ("Call +1-555-0100", ""),
        ("AADSTS\u0661" * 4, ""),
    ],
)
def test_the_page_shows_no_text_of_somebody_elses(written, shown):
    assert refusals.code(written) == shown


def caused(error, cause):
    error.__cause__ = cause
    return error


REQUEST = httpx2.Request("GET", "https://login.example/x")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OAuthError("invalid_client", "AADSTS7000222: The provided client secret keys"), "AADSTS7000222", "secret"),
        (OAuthError("invalid_client", "hush"), "invalid_client", "secret"),
        (OAuthError("Call +1-555-0100", "hush"), "unexpected", "did not foresee"),
        (ExpiredTokenError("exp"), "wrong_clock", "clock"),
        (InvalidClaimError("iat"), "wrong_clock", "clock"),
        (InvalidClaimError("nbf"), "wrong_clock", "clock"),
        (InvalidClaimError("iss"), "not_understood", "could not be used"),
        (BadSignatureError(), "not_understood", "could not be used"),
        (MismatchingStateError(), "not_completed", "not completed"),
        (FileNotFoundError(2, "No such file"), "certificate", "certificate"),
        (caused(httpx2.ConnectError("x"), ssl.SSLCertVerificationError("x")), "certificate", "certificate"),
        (httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] x"), "certificate", "certificate"),
        (httpx2.ConnectError("All connection attempts failed"), "no_answer", "did not answer"),
        (httpx2.ReadTimeout("x"), "no_answer", "did not answer"),
        (caused(httpx2.ReadTimeout("x"), ssl.SSLWantReadError("x")), "no_answer", "did not answer"),
        (caused(httpx2.ReadError("x"), ssl.SSLEOFError("x")), "no_answer", "did not answer"),
        (
            httpx2.HTTPStatusError("x", request=REQUEST, response=httpx2.Response(404)),
            "not_understood",
            "could not be used",
        ),
        *(
            (
                httpx2.HTTPStatusError("x", request=REQUEST, response=httpx2.Response(status)),
                "temporarily_unavailable",
                "not available at the moment",
            )
            for status in (429, 500, 502, 503, 504)
        ),
        (OAuthError("server_error", "AADSTS90033: A transient error"), "AADSTS90033", "not available at the moment"),
        (OAuthError("server_error", "hush"), "server_error", "not available at the moment"),
        (json.JSONDecodeError("x", "<html>", 0), "not_understood", "could not be used"),
        (ValueError("Token endpoint response is not a JSON object (HTTP 200)."), "not_understood", "could not be used"),
        (streamlit_internals.NamesNobody(), "not_understood", "could not be used"),
        (KeyError("hush"), "unexpected", "did not foresee"),
    ],
    ids=repr,
)
def test_each_cause_has_its_sentence(error, code, words):
    assert refusals.of_failure(error) == code
    assert refusals.code(code) == code, "it may travel in the cookie"
    refusal = refusals.of(code)
    assert words in refusal.message
    assert "hush" not in f"{refusal.message} {refusal.advice}"


def test_a_bundle_that_holds_no_certificates_is_named_as_such(tmp_path):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("nothing of the kind", encoding="ascii")
    with pytest.raises(ssl.SSLError) as refused:
        ssl.create_default_context(cafile=bundle)
    assert refusals.of_failure(refused.value) == "certificate"


def test_the_operator_is_told_of_the_secret_of_this_sign_in():
    assert "client_secret in [auth]" in refusals.of("AADSTS7000222").advice


@pytest.mark.parametrize("code", ["AADSTS70008", "AADSTS54005", "invalid_grant"])
def test_a_code_that_is_too_old_is_no_stored_sign_in_that_lapsed(code):
    assert "took too long" in refusals.of(code).message
