"""The sign-in that is kept on this machine: where, who renews it, and what becomes of it."""

import contextlib
import errno
import json
import os
import resource
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msal
import pytest

from data_access import connection
from data_access.__main__ import main
from data_access.auth import interactive
from data_access.auth.stored import Stored
from data_access.emulator.sample import Partner
from data_access.errors import NoSignInService, SignInError, SignInNeeded, SignInRefused
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.data_access.auth.fetching import fetch
from tests.entra import PARTNER_CENTER, answering, broken_off, in_between, reset, slow, unavailable
from tests.rows import rows_of

ROOT = Path(__file__).parents[3]


def kept(settings):
    return settings.partner_center_sign_in_file


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


def test_a_link_stays_and_the_renewed_sign_in_is_where_it_leads(settings, signed_in, tmp_path):
    before, link = kept(settings).read_text(), tmp_path / "link" / "sign-in.json"
    link.parent.mkdir()
    link.symlink_to(kept(settings))
    through = Stored(settings.registration, link)
    through.renewed(through.token())
    assert kept(settings).read_text() != before
    assert through.account() == signed_in.account()
    assert [path.is_symlink() for path in link.parent.iterdir()] == [True]


@contextlib.contextmanager
def no_room():
    """No file can grow beyond a kilobyte."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_without_room_the_sign_in_stays_as_it_was_and_the_new_token_works(settings, signed_in, caplog):
    before, token = kept(settings).read_text(), signed_in.token()
    with no_room():
        assert signed_in.renewed(token) != token
    assert f"cannot be kept: {os.strerror(errno.EFBIG)}" in caplog.text
    assert kept(settings).read_text() == before
    assert {path.name for path in kept(settings).parent.iterdir()} == {"sign-in.json", "sign-in.json.lock"}


def test_a_sign_in_that_cannot_be_kept_is_none(settings, enter_code, amy):
    with no_room(), pytest.raises(SignInNeeded, match=os.strerror(errno.EFBIG)):
        connection.stored(settings).keep(interactive.by_device_code(settings.registration, enter_code(amy)))


def test_what_a_killed_run_left_is_swept_away(settings, signed_in):
    left = kept(settings).with_name("sign-in.json.abc.unfinished")
    left.write_text("a token")
    os.utime(left, (time.time() - 300,) * 2)
    signed_in.renewed(signed_in.token())
    assert not left.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_refused_at_once(kind, settings, tmp_path, enter_code, amy):
    place = tmp_path / "sign-in"
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "device":
            place.symlink_to("/dev/zero")
        case _:
            place.mkdir()
    stored = Stored(settings.registration, place)
    for read in (
        stored.account,
        stored.token,
        lambda: stored.keep(interactive.by_device_code(settings.registration, enter_code(amy))),
    ):
        with pytest.raises(SignInNeeded, match="is no file in which a sign-in could be stored") as refused:
            read()
        assert "PARTNER_CENTER_SIGN_IN_FILE" in refused.value.advice


@pytest.mark.program
def test_a_torn_file_says_what_to_do(settings, tmp_path):
    def use(content):
        file = tmp_path / f"torn-{len(content)}"
        file.write_text(content)
        with pytest.raises(SignInNeeded, match="python -m data_access sign-in"):
            Stored(settings.registration, file).token()

    with ThreadPoolExecutor() as pool:  # msal-extensions waits a second for a writer that may be at work
        assert [*pool.map(use, ("", "not json", "[]"))] == [None] * 3


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
    with pytest.raises(SignInNeeded, match="no user has signed in"):
        fetch(settings)
    assert entra.requests == []


def test_a_sign_in_lapses_after_ninety_days_without_use(signed_in, entra):
    entra.clock.advance(days=91)
    with pytest.raises(SignInRefused, match="lapsed") as refusal:
        signed_in.renewed(signed_in.token())
    assert refusal.value.details.code == "AADSTS700082"


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
    assert refusal.value.details.code == "900421"


def test_a_wrong_secret(signed_in, app):
    app.secret = "another"
    with pytest.raises(SignInRefused, match="secret"):
        signed_in.renewed(signed_in.token())


@pytest.mark.parametrize("answer", [{"access_token": None}, {"access_token": 5}, {"error": 5}], ids=str)
def test_an_answer_of_an_odd_shape_is_no_token(answer, signed_in, entra):
    token = signed_in.token()
    entra.always(answering(answer))
    with pytest.raises(SignInRefused, match="did not accept"):
        signed_in.renewed(token)


@pytest.mark.usefixtures("signed_in")
def test_a_service_that_is_slow_is_left_in_time(settings, entra):
    hasty = Stored(settings.registration, kept(settings), timeout=0.5)
    token = hasty.token()
    entra.always(slow(20))
    began = time.monotonic()
    with pytest.raises(NoSignInService):
        hasty.renewed(token)
    assert time.monotonic() - began < 5


#: What may come in place of an answer of Entra ID: nothing of its own, or not the whole of it.
NO_ANSWERS = {
    "503": unavailable(),
    "no connection": reset(),
    "broken off": broken_off(),
    "a page": in_between(),
    "a page that refuses": in_between(status=403),
    "a list": in_between("[1]"),
    "a text": in_between('"rt"'),
    "null": in_between("null"),
}


@pytest.mark.parametrize("trouble", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_sign_in_service_that_is_down_is_not_mended_by_a_new_sign_in(trouble, settings, signed_in, service, entra):
    service[1].withdrawn.add(signed_in.token())
    entra.always(trouble)
    entra.requests.clear()
    with pytest.raises(NoSignInService, match="Microsoft's sign-in cannot be reached") as down:
        fetch(settings, signed_in)
    assert down.value.exit_code == 5
    assert "sign-in." not in down.value.advice
    assert len(service[0].requests) == 1
    assert sum(asked.path.endswith("/token") for asked in entra.requests) == 1


def test_a_sign_in_service_that_is_down_for_a_moment_is_asked_again(settings, signed_in, service, entra):
    service[1].withdrawn.add(signed_in.token())
    entra.next(unavailable())
    told = []
    with connection.connect(settings.model_copy(update={"partner_center_tries": 2}), signed_in) as client:
        assert len(client.fetch(DEPLOYMENT, progress=lambda step: told.append(step.text)).frame) == 1
    assert told[0].startswith("Microsoft's sign-in did not answer: try 2 of 2")


@pytest.mark.program
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("trouble", ["broken off", "a page", "a list"])
@pytest.mark.usefixtures("settings")
def test_an_answer_with_tokens_that_cannot_be_read_is_in_no_log(trouble, form, signed_in, service, entra):
    refused, issued = signed_in.token(), len(entra.requests)
    service[1].withdrawn.add(refused)
    entra.always(NO_ANSWERS[trouble])
    done = subprocess.run(
        [sys.executable, "-m", "data_access", "fetch", "deployment"],
        cwd=ROOT, env={**os.environ, "LOG_FORMAT": form}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert len(entra.requests) > issued
    assert (done.returncode, done.stdout) == (5, "")
    (line,) = done.stderr.splitlines()
    said = json.loads(line)["event"] if form == "json" else line
    assert said.startswith("Microsoft's sign-in is not answering: Microsoft's sign-in cannot be reached: ")
    assert refused not in done.stderr


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
    with pytest.raises(NoSignInService, match="certificate") as refused:
        signed_in.renewed(signed_in.token())
    assert "REQUESTS_CA_BUNDLE and SSL_CERT_FILE" in refused.value.advice


@pytest.mark.program
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
