"""The command `books`: BOOKS_FILE against the customers that there are."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from data_access.__main__ import main
from data_access.emulator import DEMO_TOKEN, Emulator, answer
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests import lakes
from tests.rows import rows_of

ACME, BOLT, GONE = (str(UUID(int=number)) for number in (1, 2, 3))
ROWS = [{"customerTenantId": tenant.upper(), "customerName": "Secret Ltd"} for tenant in (ACME, BOLT)]
HEADER = "customerTenantId,person,from,until\n"


@pytest.fixture
def check(serve, monkeypatch, capsys, tmp_path):
    """Run `books` over a file, for a partner with the customers Acme and Bolt."""

    def check(content, rows=ROWS, past=(), listed=(), trouble=None):
        customers = [{"id": tenant, "companyProfile": {"tenantId": tenant}} for tenant in listed]
        counts = rows_of(COMMERCIAL_DEPLOYMENT, rows)
        emulator = Emulator(Partner(commercial_deployment=counts, customers=customers))
        if trouble:
            emulator.always(trouble, where="/customers")
        url = serve(emulator)
        settings = {
            "PARTNER_CENTER_BASE_URL": url,
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "HISTORY_URL": str(tmp_path / "history"),
        }
        lakes.keep(settings, past)
        if content is not None:
            (tmp_path / "books.csv").write_text(content)
            settings["BOOKS_FILE"] = str(tmp_path / "books.csv")
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        code = main(["books"])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return check


def test_it_says_how_many_customers_each_person_has_and_who_has_nobody(check):
    code, out, err = check(f"{HEADER}{ACME},ann@x,,\n{ACME},ben@x,,\n{GONE},ben@x,,\n{BOLT},ben@x,,2020-01-01\n")
    assert (code, err) == (0, [])
    assert out == [
        f"2 people with customers today ({datetime.now(UTC):%Y-%m-%d} UTC):",
        "  ann@x (1910ee99): 1 customer",
        "  ben@x (e2d9bc30): 2 customers, of which Microsoft does not list 1",
        "1 of 2 customers without anybody:",
        f"  {BOLT}",
    ]


def test_a_customer_without_licenses_is_one_too(check):
    code, out, _ = check(f"{HEADER}{ACME},ann@x,,\n", rows=ROWS[:1], listed=[ACME, BOLT])
    assert code == 0
    assert out[-2:] == ["1 of 2 customers without anybody:", f"  {BOLT}"]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_where_customers_are_not_listed_those_with_licenses_are_compared(check, status, monkeypatch):
    monkeypatch.setenv("PARTNER_CENTER_TRIES", "1")
    code, out, err = check(f"{HEADER}{ACME},ann@x,,\n", listed=[ACME, BOLT, GONE], trouble=answer(status))
    assert (code, err) == (0, [])
    assert out[-2:] == ["1 of 2 customers without anybody:", f"  {BOLT}"]


def test_lines_that_cannot_be_used_are_2_with_the_whole_report_on_stderr(check):
    code, out, err = check(f"{HEADER}{ACME},ann@x,,\nnobody,ann@x,,\n{BOLT},,,\n")
    assert (code, out) == (2, [])
    assert "  ann@x (1910ee99): 1 customer" in err
    assert err[-4:-1] == [
        "2 lines that cannot be used:",
        "  line 3: customerTenantId is no GUID",
        "  line 4: no person",
    ]
    assert "BOOKS_FILE has 2 lines that cannot be used." in err[-1]
    assert "Secret" not in "".join(err)


@pytest.mark.parametrize("content", ["customerTenantId,person\n", ""])
def test_a_file_that_cannot_be_used_is_2(check, content):
    code, out, err = check(content)
    assert (code, out) == (2, [])
    assert "has no column" in err[-1]


def test_without_a_file_there_is_nothing_to_check(check):
    code, out, err = check(None)
    assert (code, out) == (2, [])
    assert "BOOKS_FILE is not set" in err[-1]


def test_the_history_tells_which_customers_there_are_and_no_call_is_made(check):
    code, out, _ = check(
        f"{HEADER}{ACME},ann@x,,\n",
        rows=[],
        past=[partial(lakes.fetched, COMMERCIAL_DEPLOYMENT, ROWS)],
    )
    assert code == 0
    assert out[-2:] == ["1 of 2 customers without anybody:", f"  {BOLT.upper()}"]


def test_the_sample_has_books_of_its_own(capsys):
    assert main(["books"]) == 0
    assert "  ann@partner.example (cf68624a): 45 customers" in capsys.readouterr().out.splitlines()
