"""The account's history: a folder for each account, and opening one writes nothing."""

import base64
import json

import pytest

from data_access import Settings, history


def token_of(tenant):
    claims = base64.urlsafe_b64encode(json.dumps({"tid": tenant}).encode()).rstrip(b"=").decode()
    return f"e30.{claims}.signature"


def live(**given):
    return Settings(**{"partner_center_access_token": "opaque", **given})


TENANT = "0112a436-b14e-4888-967b-ca4bb2cf1234"
REGISTRATION = {"partner_center_client_id": "x", "partner_center_client_secret": "y"}


def test_accounts_never_share_a_folder():
    settings = [
        Settings(),
        live(),
        live(partner_center_access_token=token_of(TENANT)),
        live(partner_center_access_token=token_of("no tenant")),
        live(partner_center_access_token=token_of(TENANT), partner_center_base_url="https://other.example"),
        live(partner_center_base_url="https://other.example/a"),
        live(partner_center_base_url="https://other.example-a"),
        live(partner_center_tenant_id="1112a436-b14e-4888-967b-ca4bb2cf1234", **REGISTRATION),
    ]
    names = [history.account(one) for one in settings]
    assert names[0] == "sample"
    assert names[3] == names[1], "what is no tenant id names no folder"
    assert len(set(names)) == len(names) - 1
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in names)


def test_a_tenant_is_the_same_however_it_is_known():
    by_token = live(partner_center_access_token=token_of(TENANT.upper()))
    by_setting = live(partner_center_tenant_id=TENANT, **REGISTRATION)
    assert history.account(by_token) == history.account(by_setting)
    assert TENANT in history.account(by_token)


@pytest.mark.parametrize("token", ["a.b.c", "a.bnVsbA.c", "e30.W10.c", "e30.eyJ0aWQiOjV9.c", ".."])
def test_a_token_that_is_no_readable_jwt_names_no_tenant(token):
    assert history.account(live(partner_center_access_token=token)) == history.account(live())


def test_opening_writes_nothing_not_even_the_samples_history(tmp_path):
    settings = Settings(history_url=str(tmp_path / "history"))
    assert history.open(settings).is_empty
    assert not list(tmp_path.iterdir())


def test_only_the_sample_is_prepared(tmp_path):
    settings = live(history_url=str(tmp_path))
    history.prepare_sample(settings)
    assert history.open(settings).is_empty
    assert not list(tmp_path.iterdir())
