"""A partner's office that gets digests, for tests, and the servers that they arrive at: SMTP by aiosmtpd, and HTTP."""

from __future__ import annotations

import email
import http.server
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.policy import default
from functools import partial
from typing import Any

from aiosmtpd.controller import Controller

from data_access import history, load_settings
from data_access.__main__ import main
from data_access.emulator import DEMO_TOKEN
from data_access.mail_url import SmtpServer
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.lakes import fetched, keep
from tests.ports import free_port

NORD, SUED = "0112A436-B14E-4888-967B-CA4BB2CF0001", "0112A436-B14E-4888-967B-CA4BB2CF0002"
ANN, BEN = "ann@partner.example", "ben@partner.example"
BOOKS = f"customerTenantId,person,from,until\n{NORD},{ANN},,\n{SUED},{BEN},,\n{SUED},nobody,,\n"
START = datetime(2026, 11, 2, tzinfo=UTC)


class Mailbox:
    """Keeps what arrives, or turns it down with `answer`."""

    def __init__(self, answer: str = "250 OK") -> None:
        self.answer = answer
        self.arrived: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - by aiosmtpd
        if self.answer.startswith("250"):
            self.arrived.append(envelope)
        return self.answer


@contextmanager
def smtp(mailbox: Mailbox, **more: Any) -> Iterator[SmtpServer]:
    """An SMTP server for this mailbox; `more` goes to aiosmtpd."""
    port = free_port()  # aiosmtpd looks whether it answers, at the port that it was given
    server = Controller(mailbox, hostname="127.0.0.1", port=port, **more)
    server.start()
    try:
        yield SmtpServer("127.0.0.1", port, "digest@p.example")
    finally:
        server.stop()


class Service:
    """An HTTP service that remembers what it got, and answers with `status`; 0: it closes the connection instead.

    The first answers may be others: `first`, each with the value of its header Retry-After. `more`: other headers.
    """

    def __init__(
        self, status: int, first: Sequence[tuple[int, str]] = (), more: Mapping[str, str] | None = None
    ) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        service, before = self, iter(first)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.requests.append((self.path, dict(self.headers), body))
                now, wait = next(before, (status, ""))
                if now:
                    self.send_response(now)
                    self.send_header("Content-Length", "0")
                    for name, value in {**({"Retry-After": wait} if wait else {}), **(more or {})}.items():
                        self.send_header(name, value)
                    self.end_headers()
                self.close_connection = True

            def log_message(self, *_: Any) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Service:
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def collected(week, nord, sued, hours=6):
    """What was collected in a week: licenses deployed of 100 sold to each customer."""
    day = START + timedelta(weeks=week)
    rows = [
        {
            "customerTenantId": tenant,
            "customerName": name,
            "licensesDeployed": deployed,
            "processedDateTime": f"{day:%Y-%m-%d}T00:00:00",
        }
        for tenant, name, deployed in ((NORD, "Nordwind =1+1 <b>GmbH</b>", nord), (SUED, "Südwind AG", sued))
    ]
    return partial(fetched, COMMERCIAL_DEPLOYMENT, rows, day + timedelta(hours=hours))


class Office:
    """A partner's office: the history, the settings and the mailbox."""

    def __init__(self, tmp_path, monkeypatch, capsys, address, mailbox):
        self._monkeypatch, self._capsys, self._folder, self._mailbox = monkeypatch, capsys, tmp_path, mailbox
        (tmp_path / "books.csv").write_text(BOOKS)
        self.settings = {
            "PARTNER_CENTER_BASE_URL": "http://127.0.0.1:9",
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "HISTORY_URL": str(tmp_path / "history"),
            "BOOKS_FILE": str(tmp_path / "books.csv"),
            "MAIL_URL": f"smtp://{address}?from=digest@p.example",
            "PUBLIC_URL": "https://licenses.p.example",
        }

    def collects(self, *past):
        keep(self.settings, past)

    def plans(self, toml):
        (self._folder / "digest.toml").write_text(toml)
        self.settings["DIGEST_FILE"] = str(self._folder / "digest.toml")

    def digests(self, *arguments):
        for name, value in self.settings.items():
            self._monkeypatch.setenv(name, value)
        code = main(["digest", *arguments])
        out, err = self._capsys.readouterr()
        return code, out, err

    def noted(self):
        """The mutes that the audit has, in their order."""
        audit = history.open_audit(load_settings(self.settings))
        entries = audit.read(START.date())
        assert {*entries["action"]} <= {"mute"}
        return entries["detail"].tolist()

    @property
    def mails(self):
        """The mails so far, by the person that they went to."""
        arrived = [email.message_from_bytes(envelope.content, policy=default) for envelope in self._mailbox.arrived]
        return [(mail["To"], _text(mail)) for mail in arrived]


def _text(mail):
    body = mail.get_body(("plain",))
    return body.get_content().replace("\r\n", "\n")
