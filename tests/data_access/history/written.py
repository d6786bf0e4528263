"""Writes a history with each kind of record, as the program of today does, and what it reads in it.

    python -m tests.data_access.history.written tests/data_access/history/fixtures/YYYY-MM-DD

Once for each version, so that later ones can be tried with it: see `test_earlier_records.py`.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from data_access import history, load_settings
from data_access.__main__ import main
from data_access.emulator import Emulator, serving
from data_access.emulator.sample import partner
from data_access.history import audit
from data_access.history.audit import Entry
from data_access.mutes import Mute
from tests.data_access.digest.office import Mailbox, smtp
from tests.data_access.history.test_earlier_records import end_of, seen

ADDRESS, PORT = "http://127.0.0.1:8099", 8099
TENANT = "0112a436-b14e-4888-967b-ca4bb2cf1234"
PERSON, PERSON_ID = "ann@partner.example", "11111111-2222-3333-4444-555555555555"


def write(place: Path) -> None:
    """Write `history` and `seen.json` in this folder."""
    now = datetime.now(UTC)
    claims = base64.urlsafe_b64encode(json.dumps({"tid": TENANT}).encode()).rstrip(b"=").decode()
    token = f"e30.{claims}.signature"
    os.environ |= {
        "HISTORY_URL": str(place / "history"),
        "PARTNER_CENTER_BASE_URL": ADDRESS,
        "PARTNER_CENTER_ACCESS_TOKEN": token,
    }
    for ago in (7, 0):
        source = partner(as_of=now.date(), customers=2, products=3, ago=ago)
        with serving(Emulator(source, tokens={token: "fine"}), PORT):
            _run("collect", "--customers")
    (account,) = (place / "history").iterdir()
    at = end_of(now.date())
    customers = [line.partition(",")[0] for line in seen(account, at)["rows"]["customers"][1:]]
    _send(customers)
    _run("compact")
    _act(customers[0], now)
    told = json.dumps(seen(account, at), indent=1, ensure_ascii=False)
    (place / "seen.json").write_text(f"{told}\n", encoding="utf-8")


def _run(*command: str) -> None:
    if exit_code := main([*command]):
        sys.exit(f"{command[0]} ended with {exit_code}")


def _send(customers: list[str]) -> None:
    """A digest to one person."""
    with TemporaryDirectory() as folder, smtp(Mailbox()) as server:
        books, digest = Path(folder, "books.csv"), Path(folder, "digest.toml")
        lines = [f"{customer},{PERSON},," for customer in customers]
        books.write_text("\n".join(["customerTenantId,person,from,until", *lines, ""]))
        digest.write_text(f'[[person]]\nname = "{PERSON}"\n[[rule]]\nbelow = 101\n')
        mail = f"smtp://{server.host}:{server.port}?from=insights@partner.example"
        os.environ |= {"BOOKS_FILE": str(books), "DIGEST_FILE": str(digest), "MAIL_URL": mail}
        _run("digest", "--all")


def _act(customer: str, now: datetime) -> None:
    """What people do on pages."""
    settings = load_settings()

    def did(second: int, action: str, **more: object) -> Entry:
        return Entry(now + timedelta(seconds=second), action, PERSON, PERSON_ID, **more)  # type: ignore[arg-type]

    filters = {"page": "customers", "filters": "below=80"}
    took = {**filters, "file": "customers.xlsx", "rows": 2}
    history.open_audit(settings).append(
        [did(0, audit.SIGNED_IN), did(1, audit.LOOKED, **filters), did(2, audit.TOOK, **took)]
    )
    muted = {"page": "customers", "detail": f"{customer}: migration"}
    history.open_audit(settings).append(
        [did(3, audit.REFUSED, page="audit"), did(4, audit.MUTED, **muted), did(5, audit.SIGNED_OUT)]
    )
    views = history.open_views(settings)
    views.save(PERSON_ID, "Mine – Größe", "customers", {"below": ["80"], "channel": ["direct", "reseller"]})
    views.save("", "Here", "overview", {"service": ["o365"]})
    views.open_first("", views.of("")[0].key, opens=True)
    until = date.fromordinal(now.toordinal() + 60)
    history.open_mutes(settings).set(Mute(customer=customer, reason="migration", until=until), PERSON)
    ends = (now + timedelta(days=30)).timestamp()
    history.open_ended(settings, history.Patience(5, 2)).tell({"0f" * 16: ends})


if __name__ == "__main__":
    write(Path(sys.argv[1]))
