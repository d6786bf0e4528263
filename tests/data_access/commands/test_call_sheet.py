"""The command `call-sheet`: one customer's page, from the history alone."""

import errno
import io
import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pypdf import PdfReader

from data_access import Settings, formats, history
from data_access.__main__ import main
from data_access.auth.credentials import Ready
from data_access.emulator import DEMO_TOKEN, Emulator, serving
from data_access.emulator.sample import partner
from data_access.history import collect
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, SUBSCRIPTIONS
from data_access.partner_center.client import Client
from data_access.partner_center.retry import RetryPolicy
from tests.lakes import fetched, keep
from tests.rows import WHO_AND_WHAT

pytestmark = pytest.mark.program

TENANT = WHO_AND_WHAT["customerTenantId"]
OTHER = {"customerTenantId": "0112A436-B14E-4888-967B-CA4BB2CF5678", "customerName": "SOMEONE ELSE"}


def counted(day, deployed, sold=100):
    """What was collected on a day: two products of ours, and one of another customer."""
    processed = {"processedDateTime": f"2026-{day:%m-%d}T00:00:00"}
    rows = [
        processed | {"licensesDeployed": deployed, "licensesSold": sold},
        processed | {"productName": "=cmd|'x'!A0", "productId": "B" * 8, "licensesDeployed": 12, "licensesSold": 10},
        processed | OTHER | {"licensesDeployed": 1, "licensesSold": 7_777},
    ]
    return partial(fetched, COMMERCIAL_DEPLOYMENT, rows, day + timedelta(hours=6))


@pytest.fixture
def call_sheet(monkeypatch, capsysbinary, tmp_path):
    """Run `call-sheet` over a history; returns the exit code, the text of the PDF, and what was said."""

    def call_sheet(*past, customer=TENANT, more=()):
        settings = {
            "PARTNER_CENTER_BASE_URL": "http://127.0.0.1:9",
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "HISTORY_URL": str(tmp_path / "history"),
        }
        keep(settings, past)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        code = main(["call-sheet", "--customer", customer, *more])
        out, err = capsysbinary.readouterr()
        return code, out, err.decode()

    return call_sheet


def text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


FIRST, LAST = (datetime(2026, month, 9, tzinfo=UTC) for month in (9, 10))
PAST = (
    counted(FIRST, 40),
    counted(LAST, 70, 120),
    partial(fetched, COMMERCIAL_USAGE, [{}, OTHER | {"licenseActive": 4_444}], LAST),
)


def test_the_figures_of_this_customer_and_of_nobody_else(call_sheet):
    code, pdf, _ = call_sheet(*PAST)
    assert code == 0
    words = text(pdf)
    for part in (
        *("TEST COMPANY", TENANT, "Figures of 9 Oct 2026"),
        *("Licenses sold 130 +20 since 9 Sep 2026", "Deployed 63.08", "+15.81 points since 9 Sep 2026"),
        *("Not deployed 50 −10 since 9 Sep 2026", "From 47.27 % on 9 Sep 2026 to 63.08 % on 9 Oct 2026."),
        *("Office 365 Enterprise E3 120 70 50 58.33 %", "=cmd|'x'!A0 10 12 0 120.00 %"),
        *("Office 365 Enterprise E3 +20 +30 −10", "Exchange 30 100 30.00 %"),
    ):
        assert part in words.replace("\u00a0", " ")
    assert "SOMEONE" not in words
    assert "7,777" not in words
    assert "4,444" not in words
    assert "Sample" not in words


def test_an_answer_without_rows_takes_nobodys_figures_away(call_sheet):
    _, pdf, _ = call_sheet(*PAST, partial(fetched, COMMERCIAL_DEPLOYMENT, [], LAST + timedelta(days=7)))
    words = text(pdf).replace("\u00a0", " ")
    assert "Microsoft's answers have no rows since 16 Oct 2026; Figures of 9 Oct 2026" in words
    assert "Licenses sold 130 +20 since 9 Sep 2026" in words
    assert "Not deployed 50 −10 since 9 Sep 2026" in words
    assert "gone" not in words


def test_what_the_figures_lack_and_how_they_were_used_stays_said_once_answers_have_no_rows(call_sheet):
    unread = {"productName": "E5", "licensesDeployed": None, "processedDateTime": "2026-10-09T00:00:00"}
    used = partial(fetched, COMMERCIAL_USAGE, [{"licenseActive": 30, "processedDateTime": "2026-10-08T00:00:00"}], LAST)
    had = counted(FIRST, 40), partial(fetched, COMMERCIAL_DEPLOYMENT, [{}, unread], LAST), used
    none = [partial(fetched, each, [], LAST + timedelta(days=7)) for each in (COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE)]
    _, pdf, _ = call_sheet(*had, *none)
    words = text(pdf).replace("\u00a0", " ")
    assert "of these figures, 1 row could not be read" in words
    assert "no figures of use since 16 Oct 2026, the last are of 8 Oct 2026" in words
    assert "Exchange 30 100 30.00 %" in words
    assert "Microsoft sent no usage figures" not in words


def test_figures_of_an_older_date_say_which_answer_they_came_in(call_sheet):
    older = {"licensesDeployed": 40, "processedDateTime": "2026-11-08T00:00:00Z"}
    newer = {"licensesDeployed": 90, "processedDateTime": "2026-11-10T00:00:00Z"}
    days = (datetime(2026, 11, day, 12, tzinfo=UTC) for day in (10, 24))
    past = [partial(fetched, COMMERCIAL_DEPLOYMENT, [row], day) for row, day in zip((newer, older), days, strict=True)]
    words = text(call_sheet(*past)[1]).replace("\u00a0", " ")
    assert "Figures of 8 Nov 2026, in the answer of 24 Nov 2026" in words
    assert "From 90.00 % on 10 Nov 2026 to 40.00 % on 8 Nov 2026, in the answer of 24 Nov 2026." in words


def test_what_is_muted_in_the_file_of_digests_is_not_said_and_counted(call_sheet, tmp_path, monkeypatch):
    file = tmp_path / "digest.toml"
    monkeypatch.setenv("DIGEST_FILE", str(file))
    file.write_text(f'[[mute]]\ncustomer = "{TENANT}"\nreason = "migration"\nuntil = 2020-01-31\n')
    assert "not assigned to anybody" in text(call_sheet(*PAST)[1])
    file.write_text(file.read_text().replace("2020", "2099"))
    words = text(call_sheet()[1])
    assert "not assigned to anybody" not in words
    assert "What to say 1 muted, until 31 Jan 2099: migration" in words
    assert "Licenses sold 130" in words


def test_it_is_the_same_bytes_again(call_sheet):
    assert call_sheet(*PAST)[1] == call_sheet(customer=TENANT.lower())[1]


def test_a_history_that_is_copied_to_another_machine_is_sound_and_gives_the_same_bytes(
    call_sheet, tmp_path, monkeypatch
):
    _, pdf, _ = call_sheet(*PAST)
    there = shutil.copytree(tmp_path / "history", tmp_path / "another-machine" / "history")
    monkeypatch.setenv("HISTORY_URL", str(there))
    shutil.rmtree(tmp_path / "history")
    out = tmp_path / "another-machine" / "sheet.pdf"
    assert main(["verify"]) == 0
    assert main(["call-sheet", "--customer", TENANT, "--out", str(out)]) == 0
    assert out.read_bytes() == pdf


def test_a_file_is_written_whole_and_stdout_stays_empty(call_sheet, tmp_path):
    file = tmp_path / "sheet.pdf"
    code, out, err = call_sheet(*PAST, more=["--out", str(file)])
    assert (code, out) == (0, b"")
    assert str(file) in err
    assert file.read_bytes() == call_sheet()[1]
    assert {path.name for path in tmp_path.iterdir()} == {"history", "sheet.pdf"}


def test_a_link_stays_and_what_it_leads_to_is_replaced(call_sheet, tmp_path):
    _, pdf, _ = call_sheet(*PAST)
    (tmp_path / "sheets").mkdir()
    target, link, onward = (tmp_path / name for name in ("sheets/old.pdf", "link", "onward"))
    target.write_text("old")
    link.symlink_to(onward)
    onward.symlink_to("sheets/old.pdf")
    assert call_sheet(more=["--out", str(link)])[:2] == (0, b"")
    assert (target.read_bytes(), link.is_symlink(), onward.is_symlink()) == (pdf, True, True)
    target.unlink()
    assert call_sheet(more=["--out", str(link)])[0] == 0
    assert (target.read_bytes(), link.is_symlink()) == (pdf, True)
    assert [path.name for path in target.parent.iterdir()] == ["old.pdf"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
def test_what_is_no_file_is_written_to_and_stays(call_sheet, tmp_path):
    _, pdf, _ = call_sheet(*PAST)
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for place in (pipe, link):
        assert call_sheet(more=["--out", str(place)])[:2] == (0, b"")
        assert os.read(reader, 2**20) == pdf
    os.close(reader)
    assert pipe.is_fifo()
    assert link.is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no devices of this kind")
def test_a_device_and_a_folder_say_why_they_take_no_sheet(call_sheet, tmp_path):
    call_sheet(*PAST)
    full, circle = tmp_path / "full", tmp_path / "circle"
    full.symlink_to("/dev/full")  # through a link, so that no device is lost should this fail
    circle.symlink_to(circle)
    for place, why in ((full, errno.ENOSPC), (tmp_path, errno.EISDIR), (circle, errno.ELOOP)):
        code, out, err = call_sheet(more=["--out", str(place)])
        assert (code, out) == (2, b"")
        assert f"cannot be written to {place}: {os.strerror(why)}." in err
    assert [path.is_symlink() for path in (full, circle)] == [True, True]


def test_several_customers_are_pages_of_one_file_each_once(call_sheet):
    others = ["--customer", OTHER["customerTenantId"], "--customer", TENANT.lower()]
    _, pdf, _ = call_sheet(*PAST, more=others)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert ["TEST COMPANY" in pages[0], "SOMEONE ELSE" in pages[1], len(pages)] == [True, True, 2]
    assert "7,777" in pages[1]
    assert "7,777" not in pages[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"more": ["--customer", OTHER["customerTenantId"].replace("5678", "9999")]}, "knows no customer"),
        ({"customer": OTHER["customerTenantId"].replace("5678", "9999")}, "knows no customer"),
        ({"more": ["--out", "/nowhere/sheet.pdf"]}, "cannot be written to /nowhere/sheet.pdf"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_nothing_is_left(call_sheet, more, said):
    code, out, err = call_sheet(*PAST, **more)
    assert (code, out) == (2, b"")
    assert said in err


def test_an_id_that_is_none(call_sheet, capsysbinary):
    with pytest.raises(SystemExit, match="2"):
        call_sheet(*PAST, customer="Nordwind")
    assert b"takes a tenant id" in capsysbinary.readouterr().err


def test_a_customer_that_was_collected_once_has_no_change(call_sheet):
    _, pdf, _ = call_sheet(PAST[1])
    words = text(pdf)
    assert "since" not in words
    assert "63.08 % on 9 Oct 2026." in words.replace("\u00a0", " ")


def test_what_was_found_again_to_be_as_it_is_kept_is_of_that_day_and_the_same_bytes(
    tmp_path, monkeypatch, capsysbinary
):
    emulator = Emulator(partner(as_of=FIRST.date(), customers=2))
    with serving(emulator) as address, Client(address, Ready(DEMO_TOKEN), RetryPolicy()) as client:
        settings = {
            "PARTNER_CENTER_BASE_URL": address,
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "HISTORY_URL": str(tmp_path),
        }
        account = history.open(Settings(**{name.lower(): value for name, value in settings.items()}))
        later = datetime.now(UTC) + timedelta(days=93)
        for now in (later - timedelta(days=93), later):
            collect.run(client, account, lambda _: None, country="US", clock=partial(lambda at: at, now))
    assert len(account.snapshots(SUBSCRIPTIONS)) == 1
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    tenant = next(iter(emulator.source.subscriptions))
    pdfs = []
    for _ in range(2):
        assert main(["call-sheet", "--customer", tenant]) == 0
        pdfs.append(capsysbinary.readouterr().out)
    assert f"subscriptions and seats of {formats.day(later)}, {formats.clock(later)}" in text(pdfs[0])
    assert pdfs[0] == pdfs[1]
