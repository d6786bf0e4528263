"""Every way to a token: real MSAL, an Entra ID over HTTPS, and a Partner Center that accepts nothing but its tokens."""

import json
import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import msal
import pytest
import requests
from msal.oauth2cli import authcode

from data_access import Settings, connection
from data_access.__main__ import main
from data_access.auth import credentials, interactive
from data_access.auth.credentials import OnBehalfOf, Ready
from data_access.emulator.sample import Partner
from data_access.errors import NoSignInService, NotPermitted, SignInError, SignInNeeded, SignInRefused
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.entra import (
    PARTNER_CENTER,
    USER_IMPERSONATION,
    App,
    Entra,
    Person,
    Tenant,
    Visitor,
    reset,
    serving,
    slow,
    unavailable,
)
from tests.entra.admission import partner_center
from tests.entra.visitor import Page
from tests.rows import rows_of

ROOT = Path(__file__).parents[3]
ONE_ROW = rows_of(DEPLOYMENT, [{}])


@pytest.fixture
def amy():
    return Person("Amy Adams", "amy@contoso.example")


@pytest.fixture
def app():
    app = App("Insights", "its-secret", redirect_uris=["http://localhost"], public_flows=True)
    app.consented |= {USER_IMPERSONATION, f"api://{app.client_id}/access_as_user"}
    return app


@pytest.fixture
def entra(amy, app, monkeypatch):
    contoso = Tenant("contoso.example", people=[amy, Person("Bob Brown", "bob@contoso.example")], apps=[app])
    with serving(Entra([contoso], device_interval=1)) as entra:
        for name, value in entra.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BROWSER", "false %s")  # so that nobody's real browser opens
        yield entra


@pytest.fixture
def service(entra):
    """Partner Center, and which tokens have come."""
    return partner_center(
        entra, Partner(deployment=ONE_ROW, commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{}]))
    )


@pytest.fixture
def address(service, serve):
    return serve(service[0])


@pytest.fixture
def settings(entra, app, address, tmp_path, monkeypatch):
    """The settings of an operator, in the environment as well."""
    values = {
        "PARTNER_CENTER_BASE_URL": address,
        "PARTNER_CENTER_AUTHORITY": entra.address,
        "PARTNER_CENTER_TENANT_ID": entra.home.id,
        "PARTNER_CENTER_CLIENT_ID": app.client_id,
        "PARTNER_CENTER_CLIENT_SECRET": app.secret,
        "PARTNER_CENTER_SIGN_IN_FILE": str(tmp_path / "kept" / "sign-in.json"),
        "PARTNER_CENTER_TRIES": "1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings(**{name.lower(): value for name, value in values.items()})


@pytest.fixture
def browse(entra, monkeypatch):
    """A person at the browser: follows the address that is told, and comes back to the program with the answer."""
    # MSAL looks once a second whether somebody came back.
    monkeypatch.setattr(authcode, "time", SimpleNamespace(time=time.time, sleep=lambda _: time.sleep(0.01)))

    def browse(person, spoil=lambda fields: fields):
        def tell(text):
            address = text.rpartition("\n")[2]

            def go():
                with Visitor(entra) as visitor:
                    page = visitor.open(address)
                    while isinstance(page, Page):
                        page = visitor.press(page, person.name if person.name in page.buttons else "Accept")
                back = dict(part.split("=", 1) for part in address.partition("?")[2].split("&"))["redirect_uri"]
                requests.post(unquote(back), spoil(page), timeout=5)

            threading.Thread(target=go).start()

        return tell

    return browse


@pytest.fixture
def enter_code(entra):
    """A person with a phone, who enters the code that is told."""
    return lambda person: lambda text: entra.approve(text.split("code ")[1].split()[0], person)


@pytest.fixture
def signed_in(settings, enter_code, amy):
    """What somebody's sign-in left behind."""
    stored = connection.stored(settings)
    stored.keep(interactive.by_device_code(settings.registration, enter_code(amy)))
    return stored


def kept(settings):
    return settings.partner_center_sign_in_file


def fetch(settings, credential=None):
    with connection.connect(settings, credential) as client:
        return client.fetch(DEPLOYMENT)


# Ways in


def test_a_person_signs_in_with_a_browser_and_the_data_comes(settings, browse, amy, entra, service):
    stored = connection.stored(settings)
    account = stored.keep(interactive.by_browser(settings.registration, browse(amy)))
    assert account.username == amy.username
    assert timedelta(days=89) < account.lapses - datetime.now(UTC) <= timedelta(days=90)
    assert len(fetch(settings).frame) == 1
    assert service[1].people == [amy.name]
    (asked,) = [asked for asked in entra.requests if asked.path.endswith("/authorize") and asked.method == "GET"]
    assert asked.query["code_challenge_method"] == "S256"
    assert USER_IMPERSONATION in asked.query["scope"].split()


def test_an_answer_to_another_question_is_not_taken(settings, browse, amy):
    stored = connection.stored(settings)
    spoil = lambda fields: {**fields, "state": "another"}  # noqa: E731 - one line says it
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interactive, "_PATIENCE", 1)
        with pytest.raises(SignInNeeded, match="Nobody signed in"):
            stored.keep(interactive.by_browser(settings.registration, browse(amy, spoil)))
    assert stored.account() is None


def test_a_person_signs_in_with_a_code(signed_in, settings, service, amy):
    assert signed_in.account().username == amy.username
    assert len(fetch(settings).frame) == 1
    assert service[1].people == [amy.name]


def test_the_permission_follows_the_cloud_and_not_the_address():
    registration = {f"partner_center_{name}": "x" for name in ("tenant_id", "client_id", "client_secret")}
    china = Settings(**registration, partner_center_cloud="china", partner_center_base_url="http://127.0.0.1:1")
    assert china.registration.scope == "https://partner.partnercenterapi.microsoftonline.cn/user_impersonation"
    assert china.registration.authority == "https://login.partner.microsoftonline.cn/x"
    assert Settings(**registration).registration.scope == f"{PARTNER_CENTER}/user_impersonation"


def test_a_ready_token_goes_first(settings):
    credential = connection.configured(
        settings.model_copy(update={"partner_center_access_token": settings.partner_center_client_secret})
    )
    assert credential == Ready("its-secret")
    assert "its-secret" not in repr(credential)


def test_whoever_signs_in_last_is_the_account(settings, signed_in, enter_code, entra):
    bob = entra.home.people[1]
    signed_in.keep(interactive.by_device_code(settings.registration, enter_code(bob)))
    assert signed_in.account().username == bob.username
    assert "amy@" not in kept(settings).read_text()


# Where it is kept


def test_the_file_is_its_owners_alone(settings, signed_in):
    assert stat.S_IMODE(kept(settings).stat().st_mode) == 0o600
    assert not signed_in.encrypted
    assert {path.name for path in kept(settings).parent.iterdir()} == {"sign-in.json", "sign-in.json.lock"}


@pytest.fixture
def full_disk(monkeypatch):
    """From when it is called, nothing more can be written."""

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    return lambda: monkeypatch.setattr(os, "fsync", full)


def test_a_full_disk_leaves_the_sign_in_as_it_was_and_the_new_token_works(settings, signed_in, full_disk, caplog):
    full_disk()
    before, token = kept(settings).read_text(), signed_in.token()
    assert signed_in.renewed(token) != token
    assert "cannot be kept: No space left" in caplog.text
    assert kept(settings).read_text() == before
    assert {path.name for path in kept(settings).parent.iterdir()} == {"sign-in.json", "sign-in.json.lock"}


def test_a_sign_in_that_cannot_be_kept_is_none(settings, enter_code, amy, full_disk):
    full_disk()
    with pytest.raises(SignInNeeded, match="No space left"):
        connection.stored(settings).keep(interactive.by_device_code(settings.registration, enter_code(amy)))


def test_what_a_killed_run_left_is_swept_away(settings, signed_in):
    left = kept(settings).with_name("sign-in.json.abc.unfinished")
    left.write_text("a token")
    os.utime(left, (time.time() - 300,) * 2)
    signed_in.renewed(signed_in.token())
    assert not left.exists()


@pytest.mark.parametrize("content", ["", "not json", "[]"])
def test_a_torn_file_says_what_to_do(settings, content, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)  # msal-extensions waits for a writer that is not there
    kept(settings).parent.mkdir()
    kept(settings).write_text(content)
    with pytest.raises(SignInNeeded, match="python -m data_access sign-in"):
        connection.stored(settings).token()


# Renewal


def test_a_token_is_renewed_in_silence_and_the_rotation_kept(settings, signed_in):
    def renewal():
        (found,) = signed_in._tokens.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
        return found["secret"]

    first, token = renewal(), signed_in.token()
    assert signed_in.renewed(token) != token
    assert renewal() != first
    assert renewal() in kept(settings).read_text()


def test_a_token_near_its_end_is_not_used(settings, enter_code, amy, entra):
    entra.access_token_life = 60
    stored = connection.stored(settings)
    stored.keep(interactive.by_device_code(settings.registration, enter_code(amy)))
    assert stored.token() != stored.token()


def test_a_refused_token_is_renewed_once_and_the_call_repeated_once(settings, signed_in, service, entra):
    service[1].withdrawn.add(signed_in.token())
    entra.requests.clear()
    assert len(fetch(settings, signed_in).frame) == 1
    assert len(service[1].seen) == 2
    assert sum(asked.path.endswith("/token") for asked in entra.requests) == 1


def test_a_second_refusal_is_the_end_of_it(settings, signed_in, service):
    service[0].tokens = {}
    with pytest.raises(SignInError, match="did not accept") as refusal:
        fetch(settings, signed_in)
    assert "python -m data_access sign-in" in refusal.value.advice
    assert len(service[0].requests) == 2
    ids = {asked.headers["MS-RequestId"] for asked in service[0].requests}
    assert len(ids) == 2


def test_a_ready_token_has_no_renewal(settings, service):
    with pytest.raises(SignInError) as refusal:
        fetch(settings, Ready("stale"))
    assert "PARTNER_CENTER_ACCESS_TOKEN" in refusal.value.advice
    assert len(service[0].requests) == 1


def test_many_pages_that_are_refused_at_once_renew_once(settings, signed_in, service, entra):
    emulator, admission = service
    emulator.source = Partner(
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{"productName": f"{n}"} for n in range(40)])
    )
    emulator.page_limit = 5
    first = signed_in.token()
    emulator.next(lambda right: admission.withdrawn.add(first) or right)  # after the first page
    entra.requests.clear()
    with connection.connect(settings, signed_in) as client:
        assert len(client.fetch(COMMERCIAL_DEPLOYMENT).frame) == 40
    assert sum(asked.path.endswith("/token") for asked in entra.requests) == 1


def test_the_job_and_the_dashboard_may_renew_at_the_same_moment(settings, signed_in, entra):
    entra.superseded_life = 0  # who used an old one a second time would be out
    stale = signed_in.token()
    processes = [connection.stored(settings) for _ in range(4)]
    for process in processes:
        process.token()
    with ThreadPoolExecutor(4) as pool:
        tokens = set(pool.map(lambda process: process.renewed(stale), processes))
    assert stale not in tokens
    assert len(tokens) == 1
    assert connection.stored(settings).token() in tokens


# What can go wrong, each with its own sentence


def test_nobody_has_signed_in(settings, entra):
    with pytest.raises(SignInNeeded, match="nobody has signed in"):
        fetch(settings)
    assert entra.requests == []


def test_a_sign_in_lapses_after_ninety_days_without_use(signed_in, entra):
    entra.clock.advance(days=91)
    with pytest.raises(SignInRefused, match="lapsed") as refusal:
        signed_in.renewed(signed_in.token())
    assert refusal.value.facts.code == "AADSTS700082"


@pytest.mark.parametrize(("days", "said"), [(0, ""), (70, ""), (80, "lapses in 9 days"), (91, "has lapsed")])
@pytest.mark.usefixtures("signed_in")
def test_a_lapse_is_foreseen(settings, days, said, capsys):
    known = json.loads(kept(settings).read_text())
    for renewal in known["RefreshToken"].values():
        renewal["last_modification_time"] = str(int(time.time()) - days * 24 * 3600)
    kept(settings).write_text(json.dumps(known))
    assert main(["fetch", "deployment"]) == 0
    shown = capsys.readouterr().err
    assert said in shown
    assert bool(said) is ("The stored sign-in" in shown)


def test_a_revoked_sign_in(signed_in, entra, amy):
    token = signed_in.token()
    entra.clock.advance(minutes=5)
    entra.revoke(amy)
    with pytest.raises(SignInRefused, match="revoked"):
        signed_in.renewed(token)


def test_consent_is_missing(settings, enter_code, amy, app):
    app.consented.clear()
    with pytest.raises(SignInRefused, match="consent"):
        connection.stored(settings).keep(interactive.by_device_code(settings.registration, enter_code(amy)))


def test_a_policy_asks_for_another_factor(settings, enter_code, entra, amy):
    amy.mfa = False
    stored = connection.stored(settings)
    stored.keep(interactive.by_device_code(settings.registration, enter_code(amy)))
    token = stored.token()
    entra.home.mfa_for.add(PARTNER_CENTER)
    with pytest.raises(SignInRefused, match="multi-factor"):
        stored.renewed(token)


def test_partner_center_asks_for_another_factor(settings, enter_code, amy):
    amy.mfa = False
    stored = connection.stored(settings)
    stored.keep(interactive.by_device_code(settings.registration, enter_code(amy)))
    with pytest.raises(SignInError, match="multi-factor") as refusal:
        fetch(settings, stored)
    assert refusal.value.facts.code == "900421"


def test_the_wrong_tenant(settings):
    wrong = settings.model_copy(update={"partner_center_tenant_id": "fabrikam.example"})
    with pytest.raises(SignInRefused, match="no such tenant"):
        connection.stored(wrong).keep(interactive.by_device_code(wrong.registration, print))


def test_a_wrong_secret(signed_in, app):
    app.secret = "another"
    with pytest.raises(SignInRefused, match="secret"):
        signed_in.renewed(signed_in.token())


def test_a_token_of_the_application_alone(settings, entra, app):
    with pytest.raises(NotPermitted, match="application alone"):
        fetch(settings, Ready(entra.access_token(app, None)))


def test_an_answer_of_an_odd_shape_is_no_token(signed_in, monkeypatch):
    for answer in ({"access_token": None}, {"access_token": 5, "expires_in": "soon"}, {"error": 5}):
        monkeypatch.setattr(signed_in, "_win", lambda _refused, answer=answer: answer)
        monkeypatch.setattr(signed_in, "_ends", 0)
        with pytest.raises(SignInRefused, match="did not accept"):
            signed_in.token()


def test_a_service_that_drips_is_left_in_time(signed_in, entra, monkeypatch):
    monkeypatch.setattr(credentials, "TIMEOUT", 0.5)
    token = signed_in.token()
    entra.always(slow(20))
    began = time.monotonic()
    with pytest.raises(NoSignInService):
        signed_in.renewed(token)
    assert time.monotonic() - began < 5


def test_a_renewal_without_an_answer_is_not_tried_again(settings, signed_in, service, entra, monkeypatch):
    monkeypatch.setenv("PARTNER_CENTER_TRIES", "4")
    service[1].withdrawn.add(signed_in.token())
    entra.always(unavailable())
    entra.requests.clear()
    with pytest.raises(SignInError, match="did not accept"):
        fetch(settings.model_copy(update={"partner_center_tries": 4}), signed_in)
    assert len(service[0].requests) == 1
    assert sum(asked.path.endswith("/token") for asked in entra.requests) == 1


@pytest.mark.parametrize("where", ["/token", "openid-configuration"])
@pytest.mark.parametrize("trouble", [unavailable(), reset()])
def test_a_service_that_is_down_is_no_refusal_and_mends(signed_in, entra, where, trouble):
    token = signed_in.token()
    entra.always(trouble, where)
    with pytest.raises(NoSignInService):
        signed_in.renewed(token)
    entra.heal()
    assert signed_in.renewed(token) != token


def test_an_authority_nobody_trusts(signed_in, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(NoSignInService, match="certificate"):
        signed_in.renewed(signed_in.token())


# On behalf of a person


@pytest.fixture
def on_behalf(entra, app, amy, settings):
    credential = OnBehalfOf(settings.registration)
    credential.assertion = entra.access_token(app, amy, f"api://{app.client_id}", ["access_as_user"])
    return credential


def test_the_data_comes_on_behalf_of_the_person(settings, on_behalf, service, amy, entra):
    assert len(fetch(settings, on_behalf).frame) == 1
    fetch(settings, on_behalf)
    assert service[1].people == [amy.name] * 2
    assert sum(asked.path.endswith("/token") for asked in entra.requests) == 1


def test_a_person_whose_sign_in_has_ended_gets_nothing_new(on_behalf, entra):
    entra.clock.advance(hours=2)
    with pytest.raises(SignInRefused, match="has ended"):
        on_behalf.token()


def test_a_person_without_a_token_for_the_dashboard(settings):
    with pytest.raises(SignInNeeded, match="cannot be used"):
        OnBehalfOf(settings.registration).token()


@pytest.mark.parametrize("resource", [PARTNER_CENTER, "https://graph.microsoft.com"])
def test_a_token_for_somebody_else_cannot_be_exchanged(settings, entra, app, amy, resource):
    credential = OnBehalfOf(settings.registration)
    credential.assertion = entra.access_token(app, amy, resource)
    with pytest.raises(SignInRefused, match="cannot be exchanged"):
        credential.token()


def test_a_tampered_sign_in_cannot_be_exchanged(on_behalf):
    head, body, signature = on_behalf.assertion.split(".")
    on_behalf.assertion = f"{head}.{body[:-4]}AAAA.{signature}"
    with pytest.raises(SignInRefused, match="cannot be exchanged"):
        on_behalf.token()


def test_a_token_of_a_foreign_tenant_opens_nothing(settings, entra, service):
    eve = Person("Eve Evans", "eve@fabrikam.example")
    entra.tenants.append(Tenant("fabrikam.example", people=[eve], apps=[App("Theirs")]))
    foreign = entra.access_token(entra.tenants[1].apps[0], eve, tenant=entra.tenants[1])
    with pytest.raises(SignInError, match="did not accept"):
        fetch(settings, Ready(foreign))
    assert service[1].seen == [foreign]


# The command


@pytest.mark.usefixtures("settings")
def test_the_command_signs_in_and_the_next_one_has_the_data(entra, amy, capsys, monkeypatch):
    monkeypatch.setattr(
        "data_access.commands.terminal.say",
        lambda text: entra.approve(text.split("code ")[1].split()[0], amy) if "enter the code" in text else None,
    )
    assert main(["sign-in", "--device-code"]) == 0
    assert capsys.readouterr().out == f"{amy.username}\n"
    assert main(["fetch", "deployment"]) == 0
    assert capsys.readouterr().out.startswith("serviceName,")


def test_without_a_registration_the_command_says_which_settings(capsys):
    assert main(["sign-in"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "PARTNER_CENTER_CLIENT_ID" in shown.err


def test_a_declined_sign_in_is_3_and_leaves_nothing(settings, entra, capsys, monkeypatch):
    monkeypatch.setattr(
        "data_access.commands.terminal.say",
        lambda text: (
            entra.decline(text.split("code ")[1].split()[0])
            if "enter the code" in text
            else print(text, file=sys.stderr)
        ),
    )
    assert main(["sign-in", "--device-code"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "cancelled" in shown.err
    assert not kept(settings).exists()


@pytest.mark.usefixtures("signed_in")
def test_nothing_secret_is_said(settings, app):
    """Every kind of failure, as a program with everything logged: no token, code or secret in what it prints."""
    app.secret = "another"
    known = json.loads(kept(settings).read_text())
    secrets = {entry["secret"] for kind in ("AccessToken", "RefreshToken", "IdToken") for entry in known[kind].values()}
    kept(settings).write_text(json.dumps({**known, "AccessToken": {}}))
    command = (
        "import logging, sys; logging.basicConfig(level=0);"
        "from data_access.__main__ import main; sys.exit(main(['fetch', 'deployment']))"
    )
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "AADSTS7000215" in done.stderr
    for secret in {*secrets, "its-secret"}:
        assert secret not in done.stdout + done.stderr
