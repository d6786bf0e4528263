"""Pages of people with books, and whatever reaches them."""

import io
import zipfile

import pytest
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from dashboard.components import figures
from data_access.emulator import Emulator
from tests.bookkeeping import BOOKS, PAST, partner
from tests.dashboard import visit as visits


@pytest.fixture
def sent(monkeypatch):
    """Whatever goes to the browser, and whatever a file holds, as it is made."""
    kept = []
    enqueue = ForwardMsgQueue.enqueue

    def enqueue_and_keep(queue, message):
        kept.append(message.SerializeToString())
        enqueue(queue, message)

    downloads = figures.downloads

    def download_and_keep(files):
        kept.extend(_unpacked(file.name, file.content()) for file in files)
        downloads(files)

    monkeypatch.setattr(ForwardMsgQueue, "enqueue", enqueue_and_keep)
    monkeypatch.setattr(figures, "downloads", download_and_keep)
    return kept


@pytest.fixture
def sit_down(visit, monkeypatch, tmp_path, configure, claims):
    """Open a page as a person with a role, or at this machine without sign-in."""

    def sit_down(page="", link=None, *, role="manager", name="ann@x", books=BOOKS, account=None, past=PAST, **settings):
        file = tmp_path / "books.csv"
        monkeypatch.delenv("BOOKS_FILE", raising=False)
        if books:
            file.write_text(books)
            settings["BOOKS_FILE"] = str(file)
        if role:
            configure()
            monkeypatch.setenv("ACCESS_TENANTS", visits.TENANT)
            claims.update(visits.claims(role, preferred_username=name))
        else:
            settings["LOCAL_BOOK"] = name
        return visit(Emulator(account or partner()), link, page, past, **settings)

    return sit_down


def _unpacked(name, content):
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            content = b"\n".join(parts.read(part) for part in parts.namelist())
    return name.encode() + b"\n" + content
