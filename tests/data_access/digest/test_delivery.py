"""Handing a digest over: to a real SMTP server, and to services that speak HTTP as Graph and Workflows do."""

import base64
import contextlib
import email
import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import AuthResult

from data_access.digest import delivery, message
from data_access.digest.message import Message, News, Part
from data_access.errors import NotPermitted, NotSent, SignInRefused, Uncertain
from data_access.mail_url import SmtpServer
from tests.data_access.digest.office import Mailbox, Service, smtp

MESSAGE = Message("Two to call", (Part("Whom to call", (News("Nordwind GmbH"),)),), "Sample data")
TO = "ann@p.example"
MAIL = message.mail(MESSAGE, "digest@p.example", TO, "week-1", datetime(2026, 11, 28, tzinfo=UTC))


def begins() -> None:
    """Nobody else is at it."""


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate for this machine; programs that read SSL_CERT_FILE trust it."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


def context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(made)
    return made


def test_a_mail_arrives_for_the_one_in_it():
    mailbox = Mailbox()
    with smtp(mailbox) as server:
        delivery.by_smtp(server, MAIL, TO, begins=begins)
    (envelope,) = mailbox.arrived
    assert (envelope.mail_from, envelope.rcpt_tos) == ("digest@p.example", [TO])
    assert email.message_from_bytes(envelope.content)["Subject"] == "Two to call"


class Notes:
    """Notes that a message is about to go; `ended` as a program that is killed at that moment."""

    def __init__(self, ended: type[BaseException] | None = None) -> None:
        self.ended, self.begun = ended, 0

    def __call__(self) -> None:
        self.begun += 1
        if self.ended:
            raise self.ended


class Killed(BaseException):
    """As a kill: nothing after it runs."""


def test_a_mail_begins_when_the_server_has_taken_all_but_the_message():
    class Strict(Mailbox):
        async def handle_RCPT(self, *conversation: Any) -> str:  # noqa: N802 - by aiosmtpd
            return "550 no such person" if conversation[3] == "ben@p.example" else await self.takes(*conversation)

        async def takes(self, *conversation: Any) -> str:
            conversation[2].rcpt_tos.append(conversation[3])
            return "250 OK"

    mailbox, turned_down, killed, notes = Strict(), Notes(), Notes(Killed), Notes()
    with smtp(mailbox) as server:
        with pytest.raises(NotSent):
            delivery.by_smtp(server, MAIL, "ben@p.example", begins=turned_down)
        with pytest.raises(Killed):
            delivery.by_smtp(server, MAIL, TO, begins=killed)
        assert not mailbox.arrived
        delivery.by_smtp(server, MAIL, TO, begins=notes)
    assert (turned_down.begun, killed.begun, notes.begun) == (0, 1, 1)
    assert len(mailbox.arrived) == 1


def test_a_request_begins_when_the_connection_stands():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    notes, killed = Notes(), Notes(Killed)
    for send in (
        lambda address, begins: delivery.by_workflow(address, message.card(MESSAGE), begins=begins),
        lambda address, begins: delivery.by_graph(lambda: "T0KEN", address, "d@p.example", MAIL, begins=begins),
    ):
        with pytest.raises(NotSent, match="cannot be reached"):
            send(nowhere, notes)
        with Service(202) as service:
            with pytest.raises(Killed):
                send(service.address, killed)
            assert not any(body for _, _, body in service.requests)
    assert (notes.begun, killed.begun) == (0, 2)


def test_the_password_travels_after_starttls(authority):
    mailbox, signed_in = Mailbox(), []

    def authenticate(*conversation: Any) -> AuthResult:
        _, session, _, _, data = conversation
        signed_in.append((session.ssl is not None, data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    more = {"tls_context": context(authority), "authenticator": authenticate, "auth_required": True}
    with smtp(mailbox, **more) as server:
        right = SmtpServer(server.host, server.port, server.sender, "ann", "right")
        delivery.by_smtp(right, MAIL, TO, begins=begins)
        with pytest.raises(SignInRefused, match="user or the password") as caught:
            delivery.by_smtp(
                SmtpServer(server.host, server.port, server.sender, "ann", "wr0ng"), MAIL, TO, begins=begins
            )
    assert {*signed_in} == {(True, b"ann", b"right"), (True, b"ann", b"wr0ng")}
    assert len(mailbox.arrived) == 1
    assert "wr0ng" not in str(caught.value)


@contextmanager
def talkative(line: bytes, every: float) -> Iterator[SmtpServer]:
    """An SMTP server whose greeting has no end."""
    ended = threading.Event()

    def greet() -> None:
        with contextlib.suppress(OSError), waiting.accept()[0] as connection:
            while not ended.wait(every):
                connection.sendall(line)

    with socket.create_server(("127.0.0.1", 0)) as waiting:
        greeter = threading.Thread(target=greet)
        greeter.start()
        try:
            yield SmtpServer("127.0.0.1", waiting.getsockname()[1], "digest@p.example")
        finally:
            ended.set()
            greeter.join()


@pytest.mark.parametrize(("line", "every"), [(b"220-" + b"a" * 60 + b"\r\n", 0), (b"220-x\r\n", 0.05), (b"2", 0.05)])
def test_a_greeting_without_end_is_hung_up_on(line, every):
    with talkative(line, every) as server, pytest.raises(NotSent, match="cannot be reached, or broke off"):
        delivery.by_smtp(server, MAIL, TO, begins=begins, seconds=1)


def test_tls_from_the_first_byte(authority):
    mailbox = Mailbox()
    with smtp(mailbox, ssl_context=context(authority)) as server:
        wrapped = SmtpServer(server.host, server.port, server.sender, is_wrapped=True)
        delivery.by_smtp(wrapped, MAIL, TO, begins=begins)
    assert len(mailbox.arrived) == 1


def test_a_certificate_that_is_not_trusted_gets_nothing():
    mailbox = Mailbox()
    with smtp(mailbox, tls_context=context(trustme.CA())) as server, pytest.raises(NotSent, match="certificate"):
        delivery.by_smtp(server, MAIL, TO, begins=begins)
    assert not mailbox.arrived


def test_nothing_goes_to_another_machine_without_tls(monkeypatch):
    monkeypatch.setattr(delivery, "is_loopback", lambda _: False)  # as if it ran elsewhere
    mailbox = Mailbox()
    with smtp(mailbox) as server, pytest.raises(NotSent, match="no STARTTLS"):
        delivery.by_smtp(server, MAIL, TO, begins=begins)
    assert not mailbox.arrived


@pytest.mark.parametrize(("answer", "said"), [("554 no", "the message"), ("451 later", "the message")])
def test_a_message_that_is_turned_down_was_not_sent(answer, said):
    with smtp(Mailbox(answer)) as server, pytest.raises(NotSent, match=said):
        delivery.by_smtp(server, MAIL, TO, begins=begins)


def test_a_server_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotSent, match="cannot be reached"):
        delivery.by_smtp(SmtpServer("127.0.0.1", port, "d@p.example"), MAIL, TO, begins=begins)


@contextlib.contextmanager
def scripted(**answers: Any) -> Iterator[SmtpServer]:
    """An SMTP server for one conversation. `data`, `message` and `quit`: what it answers to each, a line or a function
    that gives one; an empty line: it closes the connection.
    """
    said: dict[str, Any] = {"data": "354 go on", "message": "250 OK", "quit": "221 bye"} | answers

    def converse() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines, contextlib.suppress(ConnectionError):
            connection.sendall(b"220 here\r\n")
            is_message = False
            for line in lines:
                command = "message" if is_message else line.strip().decode().lower()
                if is_message and line != b".\r\n":
                    continue
                answer = said.get(command, "250 OK")
                answer = answer if isinstance(answer, str) else answer()
                if not answer:
                    return
                connection.sendall(f"{answer}\r\n".encode())
                is_message = command == "data" and answer.startswith("354")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=converse)
        thread.start()
        yield SmtpServer("127.0.0.1", listener.getsockname()[1], "d@p.example")
        thread.join()


@pytest.mark.parametrize("answer", ["", "451 later", "250 what message?"])
def test_a_server_that_leaves_before_the_message_has_certainly_not_got_it(answer):
    notes = Notes()
    with scripted(data=answer) as server, pytest.raises(NotSent):
        delivery.by_smtp(server, MAIL, TO, begins=notes)
    assert notes.begun == 0


@pytest.mark.parametrize("answer", ["", "what?", "354 go on"])
def test_it_is_left_open_where_the_message_went_and_no_answer_says_what_became_of_it(answer):
    with scripted(message=answer) as server, pytest.raises(Uncertain):
        delivery.by_smtp(server, MAIL, TO, begins=begins)


def test_an_interrupt_while_the_server_has_the_message_is_an_interrupt(monkeypatch):
    notes, answered = Notes(), smtplib.SMTP.getreply

    def interrupted(connection: smtplib.SMTP) -> tuple[int, bytes]:
        if notes.begun:
            raise KeyboardInterrupt
        return answered(connection)

    monkeypatch.setattr(smtplib.SMTP, "getreply", interrupted)  # else the moment is left to chance
    with scripted(quit="250 OK") as server, pytest.raises(KeyboardInterrupt):
        delivery.by_smtp(server, MAIL, TO, begins=notes)


@pytest.mark.parametrize("answer", ["", "421 too late"])
def test_a_message_that_was_taken_was_sent_however_the_server_takes_leave(answer):
    with scripted(quit=answer) as server:
        delivery.by_smtp(server, MAIL, TO, begins=begins)


def test_a_line_of_a_dot_alone_does_not_end_the_message():
    mailbox, made = Mailbox(), EmailMessage(policy=SMTP)
    made.set_content("before\n.\n..\nafter\n", cte="7bit")
    with smtp(mailbox) as server:
        delivery.by_smtp(server, made, TO, begins=begins)
    assert mailbox.arrived[0].content == made.as_bytes()


def test_graph_gets_the_whole_mail_with_the_token():
    with Service(202) as graph:
        delivery.by_graph(lambda: "T0KEN", graph.address, "digest@p.example", MAIL, begins=begins)
    ((path, headers, body),) = graph.requests
    assert path == "/v1.0/users/digest@p.example/sendMail"
    assert headers["Authorization"] == "Bearer T0KEN"
    assert base64.b64decode(body) == MAIL.as_bytes()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, NotPermitted) for status in (401, 403)),
        *((status, NotSent) for status in (200, 307, 404, 503)),
        *((status, Uncertain) for status in (500, 502, 504, 0)),
    ],
)
def test_graph_turns_a_mail_down(status, error):
    with Service(status) as graph, pytest.raises(error) as caught:
        delivery.by_graph(lambda: "T0KEN", graph.address, "digest@p.example", MAIL, begins=begins)
    assert "T0KEN" not in str(caught.value)


@pytest.mark.parametrize(
    ("first", "waited", "arrived"),
    [
        ([(429, "7")], [7.0], 2),
        ([(429, "7"), (429, "3")], [7.0, 3.0], 3),
        ([(503, "7")], None, 1),
        ([(429, "")], None, 1),
    ],
)
def test_graph_is_asked_again_when_it_says_and_each_answer_counts_as_one_try(first, waited, arrived):
    slept: list[float] = []
    with Service(202, first) as graph:
        if waited is None:
            with pytest.raises(NotSent, match=str(first[0][0])):
                delivery.by_graph(
                    lambda: "T0KEN", graph.address, "digest@p.example", MAIL, begins=begins, sleep=slept.append
                )
        else:
            delivery.by_graph(
                lambda: "T0KEN", graph.address, "digest@p.example", MAIL, begins=begins, sleep=slept.append
            )
    assert (slept, len(graph.requests)) == (waited or [], arrived)


@pytest.mark.parametrize("answers", [[(429, "0")] * 9, [(429, "3600")] * 9])
def test_who_is_turned_down_for_long_is_not_waited_for(answers):
    slept: list[float] = []
    with Service(202, answers) as graph, pytest.raises(NotSent, match="429"):
        delivery.by_graph(lambda: "T0KEN", graph.address, "digest@p.example", MAIL, begins=begins, sleep=slept.append)
    assert len(graph.requests) <= 3
    assert sum(slept) == 0


def test_what_graph_would_not_take_is_not_handed_to_it():
    large = EmailMessage()
    large["To"] = TO[0]
    large.set_content("digest")
    large.add_attachment(bytes(3 * 2**20), maintype="application", subtype="pdf", filename="call-sheets.pdf")
    with Service(202) as graph, pytest.raises(NotSent, match="4 MB"):
        delivery.by_graph(lambda: "T0KEN", graph.address, "digest@p.example", large, begins=begins)
    assert not graph.requests


def test_teams_gets_a_card():
    with Service(202) as teams:
        delivery.by_workflow(f"{teams.address}/x?sig=SECRET", message.card(MESSAGE), begins=begins)
    ((path, headers, body),) = teams.requests
    assert path == "/x?sig=SECRET"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == message.card(MESSAGE)


@pytest.mark.parametrize("status", [200, 202, 403, 503])
def test_a_page_of_something_in_between_is_no_answer_of_the_service(status):
    page = {"Content-Type": "Text/HTML; charset=utf-8"}
    for send in (
        lambda address: delivery.by_workflow(address, message.card(MESSAGE), begins=begins),
        lambda address: delivery.by_graph(lambda: "T0KEN", address, "d@p.example", MAIL, begins=begins),
    ):
        with Service(status, more=page) as proxy, pytest.raises(NotSent, match=rf"a page came .* \({status}\)"):
            send(proxy.address)
        assert len(proxy.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [*((status, NotSent) for status in (400, 429, 302, 503)), *((status, Uncertain) for status in (500, 502, 504, 0))],
)
def test_teams_turns_a_card_down_and_the_address_stays_unsaid(status, error):
    with Service(status) as teams, pytest.raises(error) as caught:
        delivery.by_workflow(f"{teams.address}/x?sig=SECRET", message.card(MESSAGE), begins=begins)
    assert "SECRET" not in str(caught.value)
