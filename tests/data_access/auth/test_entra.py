"""What Entra ID says, and what is made of it."""

from datetime import UTC, datetime, timedelta

import pytest

from data_access.auth import entra
from data_access.errors import NoSignInService, SignInError, SignInRefused
from tests.entra.refusals import _CASES, Refusal

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def body(code, **words):
    return Refusal(code, **words).body(NOW.timestamp(), "https://localhost")


@pytest.mark.parametrize(
    ("code", "sentence", "step"),
    [
        (50076, "multi-factor", "python -m data_access sign-in"),
        (50072, "multi-factor", "python -m data_access sign-in"),
        (65001, "no consent", "API permissions"),
        (90002, "do not belong together", "PARTNER_CENTER_TENANT_ID"),
        (700016, "do not belong together", "PARTNER_CENTER_CLIENT_ID"),
        (700082, "lapsed", "python -m data_access sign-in"),
        (50173, "revoked", "python -m data_access sign-in"),
        (7000215, "secret", "PARTNER_CENTER_CLIENT_SECRET"),
        (7000222, "secret", "PARTNER_CENTER_CLIENT_SECRET"),
        (500133, "dashboard has ended", "Sign in again"),
        (500131, "cannot be exchanged", "[auth]"),
        (7000218, "does not allow this sign-in method", "public client flows"),
        (50057, "disabled", "administrator"),
        (65004, "cancelled", "Start it again"),
        (70019, "not entered in time", "new code"),
    ],
)
def test_each_refusal_has_its_own_sentence_and_next_step(code, sentence, step):
    words = dict.fromkeys(
        ("tenant", "app", "name", "resource", "issued", "inactive", "valid_from", "audience", "uri", "known"), "x"
    )
    error = entra.refused(body(code, **words))
    assert isinstance(error, SignInRefused)
    assert error.exit_code == 3
    assert sentence in error.message
    assert step in error.advice
    assert error.details.code == f"AADSTS{code}"
    assert error.details.correlation_id
    assert str(error.details.description).startswith(f"AADSTS{code}")


@pytest.mark.parametrize("code", _CASES)
def test_every_answer_of_the_service_is_understood(code):
    class Anything(dict[str, str]):
        def __missing__(self, key):
            return key

    described = f"AADSTS{code}: {_CASES[code].text.format_map(Anything())}\r\nTrace ID: 1"
    error = entra.refused({"error": _CASES[code].error, "error_codes": [code], "error_description": described})
    assert isinstance(error, SignInError | NoSignInService)
    assert error.message.endswith(".")
    assert str(error.details.description).startswith(f"AADSTS{code}")
    assert "\n" not in str(error.details.description)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"error": "interaction_required"}, "multi-factor"),
        ({"error": "invalid_grant"}, "lapsed"),
        ({"error": "access_denied", "error_description": "AADSTS65004: User declined."}, "cancelled"),
        ({"error": "brand_new", "error_codes": [1]}, "did not accept"),
        ({"error": "invalid_grant", "error_codes": [50196]}, "did not accept"),
        ({"error": "invalid_grant", "error_codes": [True]}, "lapsed"),
        ({}, "did not accept"),
        ({"error": 7, "error_codes": ["x\ny"], "error_description": None, "trace_id": "<b>"}, "did not accept"),
    ],
)
def test_where_the_code_is_missing_or_new_the_words_have_to_do(answer, sentence):
    error = entra.refused(answer)
    assert sentence in error.message
    assert error.details.request_id is None


@pytest.mark.parametrize("answer", [{"error": "temporarily_unavailable"}, {"error": "x", "error_codes": [90033]}])
def test_a_service_that_asks_for_patience_has_refused_nothing(answer):
    error = entra.refused(answer)
    assert isinstance(error, NoSignInService)
    assert error.exit_code == 5


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("https://login.microsoftonline.com", "https://login.microsoftonline.com/contoso"),
        ("https://login.microsoftonline.com/", "https://login.microsoftonline.com/contoso"),
        ("https://login.example/other", "https://login.example/other"),
    ],
)
def test_an_authority_is_an_address_and_a_tenant(address, whole):
    assert entra.authority(address, "contoso") == whole


@pytest.mark.parametrize(
    ("unused", "notice"),
    [
        (timedelta(days=1), ""),
        (timedelta(days=75), ""),
        (timedelta(days=77), "lapses in 13 days, on 2026-12-07"),
        (timedelta(days=90), "has lapsed"),
    ],
)
def test_a_lapse_is_announced_two_weeks_before(unused, notice):
    said = entra.lapse_notice(entra.lapses(NOW - unused), NOW)
    assert notice in said
    assert bool(said) == bool(notice)
