"""Settings: the environment first, then the secrets file; a fault is named, a secret never shown."""

import pytest
from pydantic import SecretStr

from data_access.clouds import CLOUDS
from data_access.errors import SettingsError
from data_access.settings import Settings, load

TOKEN = "PARTNER_CENTER_ACCESS_TOKEN"
URL = "PARTNER_CENTER_BASE_URL"
TENANT = "0112a436-b14e-4888-967b-ca4bb2cf1234"
REGISTRATION = {
    "PARTNER_CENTER_TENANT_ID": TENANT,
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
    assert china.registration.authority == f"https://login.partner.microsoftonline.cn/{TENANT}"
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


#: Values that are a slip of the pen, or of a shell, in every setting.
NEVER = ["\x07", "a\nb", "caf\udce9", "a\u2028b", '"', '"data"', "'data'", "data'", "  ", "\x00"]
#: Values that are one in every setting but these, where they are somebody's token, name or folder.
SELDOM = {
    "inf": {TOKEN, "PARTNER_CENTER_CLIENT_ID", "PARTNER_CENTER_CLIENT_SECRET", "PARTNER_CENTER_SIGN_IN_FILE"},
    "~": {TOKEN, "PARTNER_CENTER_CLIENT_SECRET"},
    "~/data": {TOKEN, "PARTNER_CENTER_CLIENT_SECRET"},
    "9" * 5000: {TOKEN, "PARTNER_CENTER_CLIENT_ID", "PARTNER_CENTER_CLIENT_SECRET", "PARTNER_CENTER_SIGN_IN_FILE"},
}
SELDOM |= dict.fromkeys(("nan", "-inf", "1e12", "1e400"), SELDOM["inf"])
#: Any text may be the name of one.
SELDOM = {value: fits | {"METRICS_TOKEN"} for value, fits in SELDOM.items()}
ROLES = {"ACCESS_READERS", "ACCESS_MANAGERS", "ACCESS_LEADS", "ACCESS_OPERATORS", "LOCAL_BOOK"}
ELSEWHERE = {
    "HISTORY_URL",
    "BOOKS_FILE",
    "DIGEST_FILE",
    "SPARK_REMOTE",
}  # judged by what opens them, but for ~ in a path


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_no_setting_takes_what_cannot_be_meant(name, tmp_path):
    values = [*NEVER, *(value for value, fits in SELDOM.items() if name not in fits | ROLES | ELSEWHERE)]
    if name == "BOOKS_FILE":
        values += ["~/books.csv", "data/", "s3://bucket/books/", "s3://?region=x"]
    if name == "HISTORY_URL":
        values += [
            "~",
            "~/data",
            "~ann/data",
            "://",
            "s3://",
            "gs:///",
            "s3://?region=x",
            "ftp://host/data",
            "S3://bucket",
        ]
    whole = {**REGISTRATION, "PARTNER_CENTER_CLOUD": "global"}
    for value in values:
        with pytest.raises(SettingsError, match=f"{name} ") as raised:
            load({**whole, name: value}, tmp_path / "none.toml")
        assert raised.value.exit_code == 2, value


@pytest.mark.parametrize("name", ["PARTNER_CENTER_TENANT_ID", "ACCESS_TENANTS"])
@pytest.mark.parametrize("value", ["contoso.onmicrosoft.com", "common", "organizations", f"{TENANT}.example", "x"])
def test_a_tenant_is_named_by_its_id(name, value, tmp_path):
    with pytest.raises(SettingsError, match=f"{name} takes the tenant's id, a GUID") as raised:
        load({**REGISTRATION, name: value}, tmp_path / "none.toml")
    assert "Tenant ID" in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        f"[partner_center]\npartner_center_tries = {'9' * 5000}",
        f"[partner_center]\naccess_tenants = {'[' * 9000}",
        "partner_center = 5",
        "[[partner_center]]",
    ],
    ids=["a huge number", "a deep list", "a number", "a list of tables"],
)
def test_a_file_that_cannot_be_meant_is_named(text, secrets):
    file = secrets(text)
    with pytest.raises(SettingsError, match=str(file)):
        load({}, file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[partner_center]\nbook_file = 'b.csv'", "book_file below .+ is no setting. Did you mean books_file?"),
        ("[partner_center]\nBOOKS_FILE = 'b.csv'", "BOOKS_FILE below .+ is no setting. Did you mean books_file?"),
        ("[partner_center]\n\"a\\u001b[2J\" = 'hush'", "is no setting. docs/settings.md names all"),
        ("books_file = 'b.csv'", "books_file in .+ stands before the first table. Move it below .partner_center."),
        ("[auth]\ncookie_secret = 'hush'\nbooks_file = 'b.csv'", "books_file in .+ stands below .auth.. Move it"),
        ("[auth]\n[auth.entra]\nclient_id = 'x'\nbooks_file = 'hush'", "books_file in .+ stands below .auth.entra."),
    ],
)
def test_a_name_that_would_do_nothing_is_said(text, said, secrets):
    with pytest.raises(SettingsError, match=said) as raised:
        load({}, secrets(text))
    assert "hush" not in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_file_that_may_not_be_read_is_said_to_be_that(tmp_path):
    """As for another user than its owner; root, who may run this, reads everything that the system can open."""
    file = tmp_path / ("x" * 300)
    with pytest.raises(SettingsError, match=r"cannot be read: File name too long.+Let the user"):
        load({}, file)


@pytest.mark.parametrize("value", ["inf", "nan", "1e400", "[]", "-1", "{}"])
def test_nor_does_a_number_in_the_file(value, secrets):
    with pytest.raises(SettingsError, match="PARTNER_CENTER_REFRESH_MINUTES "):
        load({}, secrets(f"[partner_center]\npartner_center_refresh_minutes = {value}"))


def test_no_message_shows_a_secret(secrets):
    for environ, text in (({TOKEN: "hush hush"}, ""), ({}, 'token = "hush'), ({URL: "https://hush:hush@x"}, "")):
        with pytest.raises(SettingsError) as raised:
            load(environ, secrets(text))
        assert "hush" not in str(raised.value)
        assert raised.value.__cause__ is None


def test_a_secret_is_not_in_the_settings_text(tmp_path):
    assert "hush" not in repr(load({TOKEN: "hush"}, tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ("https://licenses.contoso.com/app/", "https://licenses.contoso.com/app"),
        ("http://dash:8501", "http://dash:8501"),
    ],
)
def test_links_begin_with_the_address_that_people_use(given, begins, tmp_path):
    assert load({"PUBLIC_URL": given}, tmp_path / "none.toml").public_url == begins


@pytest.mark.parametrize(
    "given",
    ["licenses.contoso.com", "ftp://x", "https://", "https://u@x", "https://x?a=1", "https://x/#a", "http://x y"],
)
def test_an_address_that_no_link_can_begin_with_is_refused(given, tmp_path):
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        load({"PUBLIC_URL": given}, tmp_path / "none.toml")


def test_the_tenant_alone_may_stand_beside_a_ready_token():
    settings = Settings(partner_center_access_token="t", partner_center_tenant_id=TENANT)
    assert (settings.tenants, settings.has_registration, settings.is_sample) == ((TENANT,), False, False)
    for alone in ({"partner_center_tenant_id": TENANT}, {"partner_center_client_secret": "s"}):
        token = {} if "partner_center_tenant_id" in alone else {"partner_center_access_token": "t"}
        with pytest.raises(ValueError, match="the app registration is incomplete"):
            Settings(**token, **alone)
