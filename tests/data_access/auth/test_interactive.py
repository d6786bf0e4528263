"""How a person signs in: with a browser on this machine, with a code entered elsewhere, and by the command."""

import contextlib
import io
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import requests

from data_access import connection
from data_access.__main__ import main
from data_access.auth import interactive
from data_access.errors import SignInNeeded, SignInRefused
from tests.data_access.auth.fetching import fetch
from tests.entra import USER_IMPERSONATION, Visitor
from tests.entra.visitor import Page


@pytest.fixture
def browse(entra):
    """A person at the browser: follows the address that is told, and comes back to the program with the answer."""

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


@pytest.mark.program
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


@pytest.mark.program
def test_an_answer_to_another_question_is_not_taken(settings, browse, amy):
    stored = connection.stored(settings)
    spoil = lambda fields: {**fields, "state": "another"}  # noqa: E731 - one line says it
    with pytest.raises(SignInNeeded, match="No user signed in"):
        stored.keep(interactive.by_browser(settings.registration, browse(amy, spoil), timeout=1))
    assert stored.account() is None


def test_a_person_signs_in_with_a_code(signed_in, settings, service, amy):
    assert signed_in.account().username == amy.username
    assert len(fetch(settings).frame) == 1
    assert service[1].people == [amy.name]


def test_consent_is_missing(settings, enter_code, amy, app):
    app.consented.clear()
    with pytest.raises(SignInRefused, match="consent"):
        connection.stored(settings).keep(interactive.by_device_code(settings.registration, enter_code(amy)))


def test_the_wrong_tenant(settings):
    wrong = settings.model_copy(update={"partner_center_tenant_id": "fabrikam.example"})
    with pytest.raises(SignInRefused, match="no such tenant"):
        connection.stored(wrong).keep(interactive.by_device_code(wrong.registration, print))


# The command


class Terminal(io.StringIO):
    """What is printed at a terminal, where somebody acts on the code that is told."""

    def __init__(self, act):
        super().__init__()
        self._act = act

    def write(self, text):
        if "enter the code" in text:
            self._act(text.split("code ")[1].split()[0])
        return super().write(text)


@pytest.mark.usefixtures("settings")
def test_the_command_signs_in_and_the_next_one_has_the_data(entra, amy, capsys):
    with contextlib.redirect_stderr(Terminal(lambda code: entra.approve(code, amy))) as terminal:
        assert main(["sign-in", "--device-code"]) == 0
    assert f"Signed in as {amy.username}." in terminal.getvalue()
    assert capsys.readouterr().out == f"{amy.username}\n"
    assert main(["fetch", "deployment"]) == 0
    assert capsys.readouterr().out.startswith("serviceName,")


def test_without_a_registration_the_command_says_which_settings(capsys):
    assert main(["sign-in"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "PARTNER_CENTER_CLIENT_ID" in shown.err


def test_a_declined_sign_in_is_3_and_leaves_nothing(settings, entra, capsys):
    with contextlib.redirect_stderr(Terminal(entra.decline)) as terminal:
        assert main(["sign-in", "--device-code"]) == 3
    assert capsys.readouterr().out == ""
    assert "cancelled" in terminal.getvalue()
    assert not settings.partner_center_sign_in_file.exists()
