"""The settings: one table with name, default and description of each, read from the environment and a TOML file."""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from data_access import certificates, logs, mail_url
from data_access.auth import entra
from data_access.auth.entra import Registration
from data_access.clouds import CLOUDS, COUNTRY
from data_access.errors import SettingsError
from data_access.foreign_text import is_guid, printable_id
from data_access.loopback import is_loopback

SECRETS_FILE = Path(".streamlit/secrets.toml")
SECRETS_TABLE = "partner_center"


#: Unicode's control characters, halves of pairs (what is left of bytes that are no UTF-8), line and paragraph ends.
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})
_QUOTES = ("'", '"')
_STORES = frozenset({"file", "s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs"})  # as pyarrow's addresses begin
_YEARS = 10 * 365 * 24 * 60  # minutes: longer than anything is waited for, and still a time that can be added to a date


def _check_text(text: str) -> None:
    """Raise ValueError where a value is not what its author meant: what only a shell or an editor would have undone."""
    value = text.strip()
    if not value:
        raise ValueError("holds nothing but spaces")
    if any(unicodedata.category(character) in _NO_TEXT for character in value):
        raise ValueError("holds line breaks, control characters or bytes that are no UTF-8")
    if value.startswith(_QUOTES) or value.endswith(_QUOTES):
        raise ValueError("begins or ends with a quotation mark, which belongs to a shell or a TOML file alone")


def _text_of_secret(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a text in quotes")  # noqa: TRY004 - pydantic turns ValueErrors alone into a sentence
    # A line break pasted along with a token would begin another header.
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("holds spaces, line breaks or characters that no token has")
    return value


def _listed(value: object) -> object:
    # The file has a list, the environment a text with commas.
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError("is not a list of texts")
    return [name.strip() for name in names if name.strip()]


def _identifier(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9.-]+", value.strip()):
        raise ValueError("is not an id")
    return value


def _tenant(value: str) -> str:
    # Entra ID would take a domain too. Sign-ins, tokens and the history's folders name the tenant by its id alone.
    if not is_guid(value):
        raise ValueError(
            "takes the tenant's id, a GUID such as 0112a436-b14e-4888-967b-ca4bb2cf1234, and no domain or name;"
            " the Entra admin center shows it under Overview as Tenant ID"
        )
    return value


def _path(value: object) -> object:
    if isinstance(value, str) and value.strip().startswith("~"):
        raise ValueError("begins with ~, which only a shell replaces; write the whole path")
    return value


def _place(value: str) -> str:
    kind, separator, place = value.partition("://")
    if separator and not (kind and place.partition("?")[0].strip("/")):
        raise ValueError("is an address that names no place; it looks like s3://bucket/history")
    if separator and kind not in _STORES:
        raise ValueError(f"begins with {kind}://, and a store begins with one of {', '.join(sorted(_STORES))}")
    return value


def _file(value: str) -> str:
    if value.partition("?")[0].endswith("/"):
        raise ValueError("names a folder and no file")
    return _place(value)


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError("takes the two letters of a country, such as US or DE")
    return value.upper()


def _mail_url(value: SecretStr) -> SecretStr:
    mail_url.parse(value.get_secret_value())
    return value


Secret = Annotated[SecretStr, BeforeValidator(_text_of_secret)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
Tenant = Annotated[str, AfterValidator(_tenant)]
Country = Annotated[str, AfterValidator(_country)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Tenants = Annotated[tuple[Tenant, ...], BeforeValidator(_listed)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Settings(BaseModel):
    """What the operator can set. A field's name in capitals is its environment variable."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    partner_center_cloud: Literal["global", "us-government", "china"] = Field(
        "global", description="Microsoft's cloud: `global`, `us-government` or `china` (21Vianet)."
    )
    partner_center_base_url: str | None = Field(
        None, description="Root address of the Partner Center service; the default is the cloud's own."
    )
    partner_center_access_token: Secret | None = Field(
        None, description="A ready bearer token (App+User), for debugging or from another tool."
    )
    partner_center_tenant_id: Tenant | None = Field(
        None,
        description="App registration: the partner tenant's id, a GUID; it may stand alone beside a ready token.",
    )
    partner_center_client_id: Identifier | None = Field(None, description="App registration: the application's id.")
    partner_center_client_secret: Secret | None = Field(None, description="App registration: its secret.")
    partner_center_authority: str | None = Field(None, description="Sign-in authority; the default is the cloud's own.")
    partner_center_sign_in_file: Annotated[Path, BeforeValidator(_path)] = Field(
        Path("data/sign-in.json"), description="File of the sign-in that `sign-in` obtains."
    )
    partner_center_on_behalf_of: bool = Field(
        False,
        description="`true` fetches with the rights of the user who is signed in to the dashboard, and not with those"
        " of the account that `sign-in` stored.",
    )
    partner_center_tries: int = Field(
        4, ge=1, le=10, description="How often a call that gets no usable answer is tried in all."
    )
    partner_center_retry_seconds: Finite = Field(
        60, gt=0, le=600, description="Seconds that one call may take in all, its tries and waits included."
    )
    partner_center_timeout_seconds: Finite = Field(
        25, gt=0, le=600, description="Seconds of silence after which a request counts as unanswered."
    )
    partner_center_parallel: int = Field(4, ge=1, le=16, description="How many pages are fetched at a time.")
    partner_center_calls_per_minute: int = Field(
        400,
        ge=1,
        le=100_000,
        description="In no 60 seconds does a process begin more calls than this, tries and sign-in included.",
    )
    partner_center_country: Country = Field(
        COUNTRY,
        description="Country under which the catalogue of products is asked where a subscription does not name one:"
        " two letters, such as `DE`.",
    )
    partner_center_refresh_minutes: Finite = Field(
        60, gt=0, le=_YEARS, description="Age at which the dashboard fetches anew, in the background."
    )
    access_tenants: Tenants = Field(
        (),
        description="Ids of the tenants whose users may sign in to the dashboard;"
        " the default is PARTNER_CENTER_TENANT_ID.",
    )
    access_readers: Names = Field(
        ("reader",), description="App roles or group ids that may see the figures by service, channel and product."
    )
    access_managers: Names = Field(
        ("manager",), description="Likewise, and those of each customer; with BOOKS_FILE, of the own book's customers."
    )
    access_leads: Names = Field(
        ("lead",), description="Likewise, and those of every customer and of any person's book."
    )
    access_operators: Names = Field(("operator",), description="Likewise, and the status of the program.")
    danger_show_figures_to_anyone_without_sign_in: bool = Field(
        False,
        description="`true` shows every figure to anyone who reaches the port, without a sign-in.",
    )
    books_file: Annotated[str, BeforeValidator(_path), AfterValidator(_file)] | None = Field(
        None,
        description="Who looks after which customer: a CSV file with the columns `customerTenantId`, `person`, `from`"
        " and `until`; a path, or an object-store address.",
    )
    local_book: str | None = Field(
        None,
        description="A person of BOOKS_FILE: without sign-in, whoever sits at this machine sees that person's book"
        " alone.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="`json` writes each line on stderr as one JSON object with `time`, `level` and `event`."
    )
    metrics_token: Secret | None = Field(
        None,
        description="Bearer token for `/metrics`, then needed by everybody; without it only this machine may read it.",
    )
    audit_days: int = Field(365, ge=1, le=36_500, description="For how many days the audit is kept.")
    public_url: str | None = Field(
        None, description="The address that people use; copied links and those in digests and files begin with it."
    )
    digest_file: Annotated[Path, BeforeValidator(_path)] | None = Field(
        None,
        description="Whom to send what and when, rules and mutes: a TOML file. Without it everybody in BOOKS_FILE whose"
        " name is an address gets a digest each week.",
    )
    mail_url: Annotated[Secret, AfterValidator(_mail_url)] | None = Field(
        None,
        description="What sends digests: `smtp://user:password@host:587?from=ADDRESS`, `smtps://…`, or `graph:SENDER`"
        " with the app registration.",
    )
    history_url: Annotated[str, BeforeValidator(_path), AfterValidator(_place)] = Field(
        "data/history", description="Where snapshots are kept: a folder, or an object-store address."
    )
    analytics_engine: Literal["duckdb", "spark"] = Field("duckdb", description="`duckdb` or `spark`.")
    spark_remote: str | None = Field(None, description="Spark Connect address, such as `sc://host:15002`.")

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: object) -> object:
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, str):
                _check_text(part)
        return value

    @field_validator("partner_center_base_url")
    @classmethod
    def _may_carry_a_token(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or not re.fullmatch(r"[!-~]+", url):
            raise ValueError("is not an address that starts with https://")
        if parts.port == 0:  # reading a port that is none is a ValueError of its own
            raise ValueError("names the port 0")
        if parts.username or parts.query or parts.fragment:
            raise ValueError("must be a plain address, without a user, ? or #")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must start with https://, since the token would travel unprotected")
        return url.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _may_be_opened(cls, url: str) -> str:
        parts = urlsplit(url)
        plain = not (parts.username or parts.query or parts.fragment) and re.fullmatch(r"[!-~]+", url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.port == 0 or not plain:
            raise ValueError("is not a plain address such as https://insights.partner.example")
        return url.rstrip("/")

    @field_validator("partner_center_authority")
    @classmethod
    def _may_sign_people_in(cls, url: str) -> str:
        parts = urlsplit(url)
        plain = not (parts.username or parts.query or parts.fragment) and re.fullmatch(r"[!-~]+", url)
        if parts.scheme != "https" or not parts.hostname or parts.port == 0 or not plain:
            raise ValueError("is not a plain address that starts with https://")
        if "/" in parts.path.strip("/"):
            raise ValueError("names more than a tenant after the host; leave out /v2.0 and what follows")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _whole_registration(self) -> Self:
        registration = {
            name: getattr(self, name)
            for name in ("partner_center_tenant_id", "partner_center_client_id", "partner_center_client_secret")
        }
        missing = [name.upper() for name, value in registration.items() if value is None]
        has_token = self.partner_center_access_token is not None
        if has_token and missing == ["PARTNER_CENTER_CLIENT_ID", "PARTNER_CENTER_CLIENT_SECRET"]:
            return self  # beside a ready token the tenant alone says whose figures these are, and who may sign in
        if 0 < len(missing) < len(registration):
            raise ValueError(f"the app registration is incomplete: {' and '.join(missing)} not set")
        return self

    @property
    def base_url(self) -> str:
        """The root address of the Partner Center service."""
        return self.partner_center_base_url or CLOUDS[self.partner_center_cloud].base_url

    @property
    def has_registration(self) -> bool:
        return self.partner_center_client_id is not None

    @property
    def registration(self) -> Registration:
        """The app registration. Raises SettingsError where none is set."""
        tenant, client_id = self.partner_center_tenant_id, self.partner_center_client_id
        if tenant is None or client_id is None or self.partner_center_client_secret is None:
            raise SettingsError(
                "No app registration is set.",
                "Set PARTNER_CENTER_TENANT_ID, PARTNER_CENTER_CLIENT_ID and PARTNER_CENTER_CLIENT_SECRET.",
            )
        cloud = CLOUDS[self.partner_center_cloud]
        return Registration(
            tenant,
            client_id,
            self.partner_center_client_secret.get_secret_value(),
            entra.authority(self.partner_center_authority or cloud.authority, tenant),
            cloud.scope,
        )

    @property
    def tenants(self) -> tuple[str, ...]:
        """The tenants whose users may sign in to the dashboard."""
        own = (self.partner_center_tenant_id,) if self.partner_center_tenant_id else ()
        return self.access_tenants or own

    @property
    def is_sample(self) -> bool:
        """Whether the source is the sample: neither a token nor an app registration is set."""
        return self.partner_center_access_token is None and not self.has_registration

    @property
    def scope(self) -> str:
        """All values, secrets included, as the identity of a source of data; never shown, and never written.

        One text, for Streamlit hashes it at each look at what it keeps, and takes a millisecond for a tuple of them.
        """
        values = (getattr(self, name) for name in type(self).model_fields)
        return repr([value.get_secret_value() if isinstance(value, SecretStr) else value for value in values])


def load(environ: Mapping[str, str] | None = None, secrets_file: Path = SECRETS_FILE) -> Settings:
    """Read the settings from the environment, and those that it lacks from `secrets_file`; an empty value is not set.

    Raises SettingsError, which names each setting at fault and never a value; or a file of certificates that the
    environment names and that cannot be used.
    """
    environ = os.environ if environ is None else environ
    certificates.check(environ)
    secrets = _secrets(secrets_file)
    given: dict[str, Any] = {}
    for name in Settings.model_fields:
        value = environ.get(name.upper()) or secrets.get(name)
        if value not in (None, ""):
            given[name] = value
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise SettingsError(
            " ".join(f"{_setting(problem['loc'])}{_words(problem['msg'])}." for problem in problems),
            "Correct it in the environment or in .streamlit/secrets.toml, then start again.",
        ) from None


def log_format(environ: Mapping[str, str] | None = None, secrets_file: Path = SECRETS_FILE) -> str:
    """LOG_FORMAT alone, for errors in the other settings are written in it too; `text` where it cannot be read."""
    environ = os.environ if environ is None else environ
    try:
        value = environ.get("LOG_FORMAT") or _secrets(secrets_file).get("log_format")
    except SettingsError:
        value = None
    return logs.JSON if isinstance(value, str) and value.strip() == logs.JSON else logs.TEXT


def _secrets(file: Path) -> Mapping[str, Any]:
    try:
        if not file.is_file():
            return {}
        tables = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}.", "Let the user that runs the program read it, then start again."
        ) from None
    except (ValueError, RecursionError):  # ValueError: no TOML, no UTF-8, a number of thousands of digits
        # The parser's message may quote the line, and the line may hold a secret.
        raise SettingsError(f"{file} cannot be read as TOML.", "Correct the file, then start again.") from None
    table = tables.get(SECRETS_TABLE, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{SECRETS_TABLE} in {file} is not a table.", f"Begin it with [{SECRETS_TABLE}].")
    _check_names(tables, table, file)
    return table


def _check_names(tables: Mapping[str, Any], table: Mapping[str, Any], file: Path) -> None:
    """Raise SettingsError for a name that would do nothing: who misspells `books_file` would show every customer."""
    for name in table:
        if name not in Settings.model_fields:
            near = get_close_matches(name.lower(), Settings.model_fields, 1)
            raise SettingsError(
                f"{printable_id(name)} below [{SECRETS_TABLE}] in {file} is no setting.",
                f"Did you mean {near[0]}?" if near else "docs/settings.md names all settings.",
            )
    for where, elsewhere in _others(tables):
        if lost := next((name for name in Settings.model_fields if name in elsewhere), None):
            raise SettingsError(f"{lost} in {file} stands {where}.", f"Move it below [{SECRETS_TABLE}].")


def _others(tables: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The places where a setting may stand by mistake: before the first table, and below those of the sign-in."""
    yield "before the first table", tables
    sign_in = tables.get("auth")
    if isinstance(sign_in, dict):
        yield "below [auth]", sign_in
        for name, provider in sign_in.items():
            if isinstance(provider, dict):
                yield f"below [auth.{printable_id(name)}]", provider


def _setting(location: tuple[int | str, ...]) -> str:
    return f"{str(location[0]).upper()} " if location else ""


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")[:1].lower() + message.removeprefix("Value error, ")[1:]
