"""Troubles that the emulator has when it is told to, and what it remembers."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.entra import (
    Entra,
    Tenant,
    reset,
    serving,
    slow,
    unavailable,
)
from tests.entra.asking import refresh_token


def test_the_token_endpoint_has_troubles(entra, post, confidential):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    entra.next(unavailable(retry_after="7")).next(reset(), times=2)
    status, body = post(form)
    assert (status, body["error"], body["error_codes"]) == (503, "temporarily_unavailable", [90033])
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            post(form)
    assert post(form)[0] == 200
    entra.always(slow(0.2))
    began = time.monotonic()
    assert post(form)[0] == 200
    assert time.monotonic() - began >= 0.2
    entra.always(unavailable(500))
    with pytest.raises(Exception, match="500"):
        confidential().acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert post(form)[0] == 500
    assert entra.heal()
    assert post(form)[0] == 200


def test_stopping_waits_for_no_late_answer(app, amy):
    began = time.monotonic()
    with serving(Entra([Tenant("contoso.example", people=[amy], apps=[app])])) as entra:
        entra.always(slow(30), where="/")
        with pytest.raises(requests.Timeout):
            requests.get(entra.authority(), timeout=0.2, verify=str(entra.ca_bundle))
    assert time.monotonic() - began < 5


def test_what_was_asked_is_remembered_without_its_secrets_on_show(entra, post, app, signed_in):
    cache, _ = signed_in
    post({"grant_type": "refresh_token", "refresh_token": refresh_token(cache)}, Authorization="Bearer very-secret")
    asked = entra.requests[-1]
    assert asked.form["grant_type"] == "refresh_token"
    assert asked.form["refresh_token"] == refresh_token(cache)
    shown = repr((entra.requests, entra, app, entra.home))
    for secret in (app.secret, refresh_token(cache), "very-secret"):
        assert secret not in shown


def test_many_ask_at_once(post):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    with ThreadPoolExecutor(8) as pool:
        answers = Counter(status for status, _ in pool.map(lambda _: post(form), range(40)))
    assert answers == {200: 40}
