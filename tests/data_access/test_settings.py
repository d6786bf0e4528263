"""Settings: the environment first, then the secrets file; a fault is named, a secret never shown."""

import pytest
from pydantic import SecretStr

from data_access.clouds import CLOUDS
from data_access.errors import SettingsError
from data_access.settings import Settings, load

TOKEN = "PARTNER_CENTER_ACCESS_TOKEN"
URL = "PARTNER_CENTER_BASE_URL"
REGISTRATION = {
    "PARTNER_CENTER_TENANT_ID": "t",
    "PARTNER_CENTER_CLIENT_ID": "c",
    "PARTNER_CENTER_CLIENT_SECRET": "s",
}


@pytest.fixture
def secrets(tmp_path):
    file = tmp_path / "secrets.toml"

    def write(text: str):
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_with_nothing_set_the_source_is_the_sample(tmp_path):
    settings = load({}, tmp_path / "none.toml")
    assert settings.is_sample
    assert settings.base_url == CLOUDS["global"].base_url
    assert settings.history_url == "data/history"
    assert settings.analytics_engine == "duckdb"


@pytest.mark.parametrize("environ", [{TOKEN: "x"}, REGISTRATION])
def test_a_token_or_a_registration_makes_it_live(environ, tmp_path):
    assert not load(environ, tmp_path / "none.toml").is_sample


@pytest.mark.parametrize("name", CLOUDS)
def test_a_cloud_has_its_name(name, tmp_path):
    assert load({"PARTNER_CENTER_CLOUD": name}, tmp_path / "none.toml").base_url == CLOUDS[name].base_url


def test_the_permission_follows_the_cloud_and_not_the_address():
    registration = {name.lower(): value for name, value in REGISTRATION.items()}
    china = Settings(**registration, partner_center_cloud="china", partner_center_base_url="http://127.0.0.1:1")
    assert china.registration.scope == "https://partner.partnercenterapi.microsoftonline.cn/user_impersonation"
    assert china.registration.authority == "https://login.partner.microsoftonline.cn/t"
    assert Settings(**registration).registration.scope == "https://api.partnercenter.microsoft.com/user_impersonation"


def test_an_address_goes_before_the_cloud(tmp_path):
    environ = {"PARTNER_CENTER_CLOUD": "china", URL: "https://x.example"}
    assert load(environ, tmp_path / "none.toml").base_url == "https://x.example"


def test_an_address_alone_is_still_the_sample(tmp_path):
    assert load({URL: "https://x.example"}, tmp_path / "none.toml").is_sample


def test_the_environment_wins_over_the_file(secrets):
    file = secrets(
        '[partner_center]\npartner_center_access_token = "file"\npartner_center_base_url = "https://f.example"'
    )
    settings = load({TOKEN: "env", URL: ""}, file)
    assert settings.partner_center_access_token == SecretStr("env")
    assert settings.partner_center_base_url == "https://f.example"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8600", "http://localhost:1/", "https://x.example/api/", "http://[::1]:5"]
)
def test_addresses_that_may_carry_a_token(url, tmp_path):
    assert load({URL: url}, tmp_path / "none.toml").partner_center_base_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({URL: "ftp://x"}, URL),
        ({URL: "x.example"}, URL),
        ({URL: "http://x.example"}, "unprotected"),
        ({URL: "https://user:pw@x.example"}, URL),
        ({URL: "https://x.example/?a=b"}, URL),
        ({URL: "https://x.example:99999"}, URL),
        ({URL: "http://127.evil.example"}, "unprotected"),
        ({TOKEN: "two words"}, TOKEN),
        ({TOKEN: "a\nX-Evil: 1"}, TOKEN),
        ({"ANALYTICS_ENGINE": "oracle"}, "ANALYTICS_ENGINE"),
        ({"PARTNER_CENTER_CLOUD": "germany"}, "PARTNER_CENTER_CLOUD"),
        ({"PARTNER_CENTER_TRIES": "0"}, "PARTNER_CENTER_TRIES"),
        ({"PARTNER_CENTER_CLIENT_ID": "c"}, "PARTNER_CENTER_TENANT_ID and PARTNER_CENTER_CLIENT_SECRET not set"),
    ],
)
def test_a_fault_is_named(environ, named, tmp_path):
    with pytest.raises(SettingsError) as raised:
        load(environ, tmp_path / "none.toml")
    assert named in str(raised.value)
    assert raised.value.exit_code == 2


def test_no_message_shows_a_secret(secrets):
    for environ, text in (({TOKEN: "hush hush"}, ""), ({}, 'token = "hush'), ({URL: "https://hush:hush@x"}, "")):
        with pytest.raises(SettingsError) as raised:
            load(environ, secrets(text))
        assert "hush" not in str(raised.value)
        assert raised.value.__cause__ is None


def test_a_secret_is_not_in_the_settings_text(tmp_path):
    assert "hush" not in repr(load({TOKEN: "hush"}, tmp_path / "none.toml"))
