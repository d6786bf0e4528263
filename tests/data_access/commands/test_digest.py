"""The command `digest`: each person hears what is new of the own customers, once."""

import base64
import email
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.policy import default
from functools import partial
from pathlib import Path

import pytest
from pypdf import PdfReader

from data_access import books, clouds, history, load_settings
from data_access.auth.credentials import Ready
from data_access.digest.rounds import MAIL
from data_access.emulator import DEMO_TOKEN, Emulator, failing
from data_access.emulator import serving as emulated
from data_access.emulator.sample import Partner
from data_access.history import collect
from data_access.history.run_log import Failure, Run, Tried
from data_access.history.sent_log import Entry, SentLog, State
from data_access.mutes import Mute
from data_access.partner_center.answers import OfCustomers
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS, SEATS
from data_access.partner_center.client import Client
from data_access.partner_center.retry import RetryPolicy
from tests.data_access.digest.office import ANN, BEN, BOOKS, NORD, START, SUED, Service, collected
from tests.entra import App, Entra, Tenant, serving
from tests.lakes import fetched, fetched_from, without_rows

pytestmark = pytest.mark.program

GONE = "gone@partner.example"


def test_each_person_hears_of_the_own_customers_and_of_nobody_elses(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60, hours=54))
    code, out, err = office.digests()
    assert (code, out) == (0, "")
    mails = dict(office.mails)
    assert set(mails) == {ANN, BEN}
    assert "Nordwind =1+1 <b>GmbH</b>: sold ±0, deployed −10, not deployed +10" in mails[ANN]
    assert f"https://licenses.p.example/customers?customer={NORD.lower()}" in mails[ANN]
    assert "Microsoft Partner Center, figures of 9 Nov 2026" in mails[ANN]
    for other in ("Südwind", SUED, SUED.lower()):
        assert other not in mails[ANN]
    assert "Nordwind" not in mails[BEN]
    assert "nobody has no address for mail" in err
    assert ANN not in err
    assert BEN not in err


def test_what_is_muted_on_a_page_is_muted_here_and_its_reason_is_for_those_with_the_customer(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    until = datetime.now(UTC).date() + timedelta(days=30)
    mute = Mute(customer=NORD, reason="a secret of Nordwind", until=until)
    history.open_mutes(load_settings(office.settings)).set(mute, ANN)
    _, out, _ = office.digests("--all", "--dry-run")
    assert "Nordwind" not in out
    assert "Südwind" in out
    assert office.digests("--all")[0] == 0
    assert [to for to, _ in office.mails] == [BEN]
    assert office.noted() == [], "the page has noted it"


def test_a_mute_is_noted_for_the_audit_when_it_is_met_first(office):
    mute = f'[[mute]]\ncustomer = "{NORD}"\nreason = "migration"\nuntil = {{}}\n'
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(mute.format("2027-01-31"))
    office.digests("--dry-run")
    assert office.noted() == []
    office.digests()
    office.digests()
    office.plans(mute.format("2027-02-28"))
    office.digests()
    assert office.noted() == ["until 2027-01-31: migration", "until 2027-02-28: migration"]


OLAF = "olaf@partner.example"


@pytest.mark.parametrize(
    ("people", "hear"),
    [
        ("", set()),
        (f'[[person]]\nname = "{OLAF}"\n[[person]]\nname = "{ANN}"\n[[person]]\nname = "{GONE}"\n', set()),
        (f'[[person]]\nname = "{OLAF}"\n[[person]]\nname = "{ANN}"\noperator = true\n', {ANN}),
    ],
)
def test_who_is_said_to_operate_hears_of_data_health_and_nobody_else_whoever_has_no_customers(office, people, hear):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(people)
    Path(office.settings["BOOKS_FILE"]).write_text(f"{BOOKS}{NORD},{GONE},,2020-01-01\n")
    failure = Failure(title="Down", message="Partner Center is down.", advice="Wait.", exit_code=5)
    now = datetime.now(UTC)
    tried = Tried(at=now, failure=failure)
    history.open(load_settings(office.settings)).record(Run(started=now, outcomes={COMMERCIAL_DEPLOYMENT.name: tried}))
    assert office.digests("--all")[0] == 0
    assert {to for to, said in office.mails if "Partner Center is down" in said} == hear


def refusing(week, *whose):
    """Seats as they were read in a week, of these customers not."""
    at = START + timedelta(weeks=week, hours=6)
    listed = [{"id": tenant, "companyProfile": {"tenantId": tenant, "companyName": "Wind"}} for tenant in (NORD, SUED)]
    answers = (
        fetched_from(Partner(customers=listed), CUSTOMERS, at),
        without_rows(SEATS, at, of_customers=OfCustomers(refused=whose)),
    )
    return [lambda answer=answer: answer for answer in answers]


def test_an_operator_hears_once_of_each_problem_that_data_health_shows_and_of_no_customer_by_name(office):
    office.collects(collected(0, 50, 50), collected(1, 50, 50))
    office.plans(f'[[person]]\nname = "{OLAF}"\noperator = true\n')
    said = []
    for week, whose in ((1, [NORD]), (1, [NORD]), (2, [NORD, SUED])):
        office.collects(*refusing(week, *whose))
        assert office.digests("--person", OLAF)[0] == 0
        said.append([text for _, text in office.mails])
    assert [len(mails) for mails in said] == [1, 1, 2]
    first, second = said[-1]
    (line,) = [line for line in first.splitlines() if line.startswith("- 1 customer could not be read. ")]
    assert f"{line}\n  https://licenses.p.example/health?book=all\n" in first
    assert "The last run of collect was" in first
    assert "2 customers could not be read." in second
    assert "ind" not in first + second


BROKEN = {
    "gone": (None, "BOOKS_FILE cannot be read"),
    "no column": (BOOKS.replace("person", "who"), "BOOKS_FILE has no column person in its first line."),
    "no text": ("\udcff", "BOOKS_FILE is not UTF-8 text"),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("people", ["", f'[[person]]\nname = "{ANN}"\n[[person]]\nname = "{OLAF}"\n'])
def test_while_the_books_cannot_be_read_nothing_is_sent_or_recorded_and_nothing_is_lost(office, how, people):
    content, said = BROKEN[how]
    office.plans(people)
    books = Path(office.settings["BOOKS_FILE"])
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    if content is None:
        books.unlink()
    else:
        books.write_text(content, errors="surrogateescape")
    for arguments in ([], ["--all"], ["--dry-run"], ["--person", ANN]):
        code, out, err = office.digests(*arguments)
        assert (code, out) == (2, "")
        assert said in err
    books.write_text(BOOKS)
    assert office.digests()[0] == 0
    assert "deployed −10" in dict(office.mails)[ANN]


@pytest.mark.parametrize("line", [f"{NORD},{ANN},2026-13-01,", f"x,{ANN.upper()},,"])
def test_whom_a_line_names_that_cannot_be_used_waits_until_it_can_and_the_line_is_said(office, line):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    books = Path(office.settings["BOOKS_FILE"])
    books.write_text(f"{BOOKS}{line}\n")
    for _ in range(2):
        code, _, err = office.digests()
        assert code == 2
        assert "1 line of BOOKS_FILE cannot be used: line 5: " in err
    assert [to for to, _ in office.mails] == [BEN]
    assert office.digests("--dry-run")[:2] == (2, "")
    books.write_text(BOOKS)
    assert office.digests()[0] == 0
    assert [to for to, _ in office.mails] == [BEN, ANN]


def test_twice_is_once_and_nothing_new_is_no_message(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.digests("--all")
    office.digests("--all")
    assert len(office.mails) == 2
    office.collects(collected(0, 50, 50), collected(1, 40, 60), collected(2, 40, 70))
    office.digests("--all")
    assert [to for to, _ in office.mails[2:]] == [BEN]
    assert "deployed +10" in office.mails[2][1]


def test_who_is_not_due_waits_and_hears_it_all_when_asked_for(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.digests()
    office.collects(collected(0, 50, 50), collected(1, 40, 60), collected(2, 30, 70))
    office.digests()
    assert len(office.mails) == 2
    office.digests("--person", ANN.upper())
    assert [to for to, _ in office.mails[2:]] == [ANN]


def test_a_dry_run_prints_and_records_nothing(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    code, out, _ = office.digests("--dry-run")
    assert code == 0
    assert out.startswith(
        f"To: {ANN}\nSubject: Licenses: whom to call (1), what changed since 2 Nov 2026 (1)\n\nWhom to"
    )
    assert f"\nTo: {BEN}\nSubject: " in out
    assert office.mails == []
    office.digests()
    assert len(office.mails) == 2, "nothing was recorded"


def test_who_is_in_no_book_and_a_rule_that_speaks_of_nothing_are_said_with_their_lines(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    rules = '[[rule]]\nbelow = 1\n[[rule]]\nbelow = 1\nservice = "nosuch"\n'
    office.plans(f'[[person]]\nname = "{ANN}"\n[[person]]\nname = "an@partner.example"\n{rules}')
    code, _, err = office.digests("--dry-run")
    said = [line for line in err.splitlines() if line.startswith("DIGEST_FILE")]
    assert code == 0
    assert [line.split(":")[0] for line in said] == ["DIGEST_FILE, line 3", "DIGEST_FILE, line 7"]
    assert "is in no line of BOOKS_FILE and no operator" in said[0]
    assert "an@partner.example" not in err


def test_a_dry_run_that_cannot_be_printed_is_a_failure(office, monkeypatch):
    office.collects(collected(0, 50, 50), collected(1, 40, 60, hours=54))
    monkeypatch.setattr("sys.stdout", None)  # as without a console
    code, _, err = office.digests("--dry-run")
    assert code == 2
    assert "The result cannot be written: stdout is closed." in err


def test_who_has_no_address_for_mail_is_called_by_a_mark_where_the_name_looks_like_one(office):
    office.collects(collected(0, 50, 50))
    Path(office.settings["BOOKS_FILE"]).write_text(BOOKS.replace("nobody", "jörg@partner.example"), "utf-8")
    _, _, err = office.digests("--dry-run")
    assert f"{books.mark('jörg@partner.example')} has no address for mail" in err
    assert "jörg" not in err


def test_a_dry_run_says_where_nothing_is_new(office):
    office.collects(collected(0, 50, 50), collected(1, 50, 50))
    code, out, err = office.digests("--dry-run")
    assert (code, out) == (0, "")
    assert "Nothing is new for anybody who is due" in err


def test_the_first_digest_looks_back_seven_days(office):
    office.collects(collected(0, 90, 90), collected(1, 50, 50), collected(2, 40, 40))
    _, out, _ = office.digests("--person", ANN, "--dry-run")
    assert "What changed since 9 Nov 2026" in out
    assert "deployed −10" in out


def test_a_plan_names_the_people_and_the_bands(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{ANN}"\nto = ["boss@p.example"]\n[[rule]]\nbelow = 45\n')
    office.digests()
    ((to, text),) = office.mails
    assert to == "boss@p.example"
    assert "below 45 %" in text


def test_the_call_sheets_of_those_to_call_come_along(office, mailbox):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{ANN}"\ncall_sheets = true\n')
    office.digests()
    (envelope,) = mailbox.arrived
    (file,) = email.message_from_bytes(envelope.content, policy=default).iter_attachments()
    words = PdfReader(io.BytesIO(file.get_content())).pages[0].extract_text()
    assert file.get_content_type() == "application/pdf"
    assert "Nordwind =1+1 <b>GmbH</b>" in words
    assert "dwind AG" not in words


def test_a_card_arrives_in_teams_once_with_the_own_customers_alone(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    with Service(202) as teams:
        office.plans(f'[[person]]\nname = "{ANN}"\nteams = "{teams.address}/hook?sig=SECRET"\n')
        codes = [office.digests("--all")[0] for _ in range(2)]
    ((path, _, body),) = teams.requests
    assert (codes, path) == ([0, 0], "/hook?sig=SECRET")
    (attachment,) = json.loads(body)["attachments"]
    card = json.dumps(attachment["content"], ensure_ascii=False)
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert f"https://licenses.p.example/customers?customer={NORD.lower()}" in card
    assert "dwind AG" not in card
    assert [to for to, _ in office.mails] == [ANN], "the mail as well"


def test_teams_turns_the_card_down_and_the_mail_is_not_sent_again_for_it(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    with Service(202, [(400, "")]) as teams:
        office.plans(f'[[person]]\nname = "{ANN}"\nteams = "{teams.address}/hook?sig=SECRET"\n')
        code, _, err = office.digests()
        assert (code, "answered 400" in err, "SECRET" in err) == (5, True, False)
        assert office.digests("--all")[0] == 0
    assert len(teams.requests) == 2
    assert len(office.mails) == 1


def test_a_test_message_goes_by_each_way_of_the_person_and_nothing_is_recorded(office, tmp_path):
    with Service(202) as teams:
        office.plans(f'[[person]]\nname = "{ANN}"\nteams = "{teams.address}/hook?sig=SECRET"\n')
        code, out, err = office.digests("--test", ANN.upper())
    assert (code, out) == (0, "")
    ((to, text),) = office.mails
    assert to == ANN
    assert "It was sent by hand" in text
    assert "https://licenses.p.example" in text
    assert "It was sent by hand" in teams.requests[0][2].decode()
    assert "a test message went by mail" in err
    assert "a test message went by teams" in err
    assert ANN not in err
    assert not (tmp_path / "history").exists(), "it takes no history, and begins none"


def test_a_test_message_goes_to_any_address_and_books_that_cannot_be_read_stop_none(office, tmp_path):
    (tmp_path / "books.csv").unlink()
    assert office.digests("--test", "it@partner.example")[0] == 0
    assert [to for to, _ in office.mails] == ["it@partner.example"]
    office.settings["PUBLIC_URL"] = ""
    code, out, _ = office.digests("--test", "it@partner.example", "--dry-run")
    assert (code, len(office.mails)) == (0, 1)
    assert out.startswith("To: it@partner.example\nSubject: Licenses: a test of digests\n")
    assert "PUBLIC_URL is not set" in out
    assert office.digests("--test", "nobody")[0] == 2
    office.settings["MAIL_URL"] = ""
    code, _, err = office.digests("--test", "it@partner.example")
    assert (code, "MAIL_URL is not set" in err) == (2, True)


def test_a_test_message_that_is_turned_down_says_why_and_the_other_way_is_tried(office, mailbox):
    mailbox.answer = "554 no"
    with Service(202) as teams:
        office.plans(f'[[person]]\nname = "{ANN}"\nteams = "{teams.address}/hook?sig=SECRET"\n')
        code, out, err = office.digests("--test", ANN)
    assert (code, out, len(teams.requests)) == (5, "", 1)
    assert "does not take the message (answer 554)" in err
    assert "SECRET" not in err


@pytest.fixture
def entra(office, monkeypatch):
    """An Entra ID in which the office has registered the application, which may send mail with nobody signed in."""
    app = App("Insights", "its-secret")
    with serving(Entra([Tenant("partner.example", apps=[app])])) as entra:
        for name, value in entra.environment.items():
            monkeypatch.setenv(name, value)
        del office.settings["PARTNER_CENTER_ACCESS_TOKEN"]
        office.settings |= {
            "PARTNER_CENTER_AUTHORITY": entra.address,
            "PARTNER_CENTER_TENANT_ID": entra.home.id,
            "PARTNER_CENTER_CLIENT_ID": app.client_id,
            "PARTNER_CENTER_CLIENT_SECRET": "its-secret",
            "PARTNER_CENTER_SIGN_IN_FILE": "/nowhere/sign-in.json",
        }
        yield entra


def test_graph_sends_the_mail_from_the_mailbox_that_is_named(office, entra, monkeypatch):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    with Service(202, [(429, "0")]) as graph:
        ours = replace(clouds.CLOUDS["global"], graph=graph.address)
        monkeypatch.setattr(clouds, "CLOUDS", {"global": ours})  # no setting names Graph
        entra.home.apps[0].app_roles[graph.address] = ["Mail.Send"]
        office.settings["MAIL_URL"] = "graph:digest@p.example"
        assert office.digests("--person", ANN)[0] == 0
        assert office.digests("--person", ANN)[0] == 0
        assert office.digests("--test", "it@partner.example")[0] == 0
    first, second, tested = graph.requests
    assert email.message_from_bytes(base64.b64decode(tested[2]), policy=default)["To"] == "it@partner.example"
    assert first[2] == second[2], "turned down, and once more"
    assert second[0] == "/v1.0/users/digest@p.example/sendMail"
    claims = entra.who(second[1]["Authorization"].removeprefix("Bearer "), graph.address)
    assert (claims["azp"], claims["idtyp"], claims["roles"]) == (entra.home.apps[0].client_id, "app", ["Mail.Send"])
    mail = email.message_from_bytes(base64.b64decode(second[2]), policy=default)
    assert (mail["To"], mail["From"]) == (ANN, "digest@p.example")
    assert "dwind AG" not in mail.as_string()


def test_a_plan_with_everything_in_it_is_carried_out(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(
        f"""
        [[person]]
        name = "{ANN}"
        to = ["{ANN}"]
        every = "week"
        teams = "https://teams.example/hook"
        call_sheets = false
        [[rule]]
        below = 80
        service = "o365"
        [[rule]]
        above = 95
        [[rule]]
        preset = "non-profit"
        customer = "{NORD}"
        [[rule]]
        preset = "designation"
        person = "{ANN}"
        [[spare]]
        customer = "{NORD}"
        product = "{SUED}"
        seats = 5
        [[mute]]
        customer = "{SUED}"
        reason = "migration"
        until = 2027-01-31
        """
    )
    code, out, _ = office.digests("--dry-run", "--all")
    assert code == 0
    assert out.startswith(f"To: {ANN}\nSubject: Licenses: ")


def test_a_failure_is_told_and_tried_again(office, mailbox):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    mailbox.answer = "451 later"
    code, _, err = office.digests()
    assert code == 5
    assert "a…@partner.example" in err
    assert ANN not in err
    mailbox.answer = "250 OK"
    code, _, _ = office.digests("--all")
    assert code == 0
    assert {to for to, _ in office.mails} == {ANN, BEN}


def test_each_person_has_a_mark_in_the_log_by_which_one_is_told_from_another(office, mailbox):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    people = [f"m{number}@partner.example" for number in range(4)]
    office.plans("".join(f'[[person]]\nname = "{name}"\n' for name in people))
    office.settings["BOOKS_FILE"] = ""
    mailbox.answer = "451 later"
    _, _, err = office.digests()
    assert not [name for name in people if name in err]
    marks = re.findall(r"^m…@partner\.example \((\w+)\): ", err, re.MULTILINE)
    assert len({*marks}) == len(people)
    mailbox.answer = "250 OK"
    office.digests("--person", marks[2])
    assert [to for to, _ in office.mails] == [people[2]]


def test_a_run_that_was_ended_half_way_sends_nothing_twice_and_says_so(office, monkeypatch):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))

    class Ended(BaseException):
        """As a kill: nothing after it runs."""

    def end(*_):
        raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(SentLog, "conclude", end)  # or the moment would be left to chance
        with pytest.raises(Ended):
            office.digests()
    assert [to for to, _ in office.mails] == [ANN]
    office.digests("--all")
    assert [to for to, _ in office.mails] == [ANN, BEN], "the one that may have been sent is not sent again"


def test_of_a_digest_that_a_program_left_an_hour_ago_it_is_said_that_nobody_knows(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    store = history.open(load_settings(office.settings)).store
    left = Entry(digest="1", run="1", person=ANN, channel=MAIL, state=State.BEGUN, at=hour_ago)
    assert SentLog(store, lambda: hour_ago).begin(left, None)
    _, _, err = office.digests("--all")
    assert f"of {hour_ago:%Y-%m-%d %H:%M} UTC may have been sent, or not" in err


@pytest.mark.parametrize(
    ("settings", "arguments", "said"),
    [
        ({"MAIL_URL": ""}, [], "MAIL_URL is not set"),
        ({"MAIL_URL": "smtp://x:SECRET@mail"}, [], "names no mail address that sends"),
        ({"DIGEST_FILE": "/nowhere/digest.toml"}, [], "DIGEST_FILE cannot be read: No such file or directory."),
        ({}, ["--person", "carl@partner.example"], "Nobody with that name gets a digest."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(office, settings, arguments, said):
    office.collects(collected(0, 50, 50))
    office.settings |= settings
    code, out, err = office.digests(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "SECRET" not in err


def test_a_mistake_in_the_plan_is_named_with_its_line(office):
    office.plans("[[person]]\nname = 'x'\nevry = 'day'\n")
    code, _, err = office.digests("--dry-run")
    assert code == 2
    assert "DIGEST_FILE, line 3: evry is no key of [[person]]." in err


def test_without_books_everybody_hears_of_all(office):
    del office.settings["BOOKS_FILE"]
    office.plans(f'[[person]]\nname = "{ANN}"\n')
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.digests()
    ((_, text),) = office.mails
    assert "Nordwind" in text
    assert "Südwind" in text


def test_a_person_without_customers_hears_how_the_collections_are_and_no_names(office):
    office.plans('[[person]]\nname = "operator@partner.example"\noperator = true\n')
    empty = partial(fetched, COMMERCIAL_DEPLOYMENT, [], START + timedelta(weeks=2))
    office.collects(collected(0, 50, 50), collected(1, 40, 60), empty)
    office.digests()
    ((_, text),) = office.mails
    assert "has no rows any more" in text
    assert "wind" not in text
    assert json.dumps(text)


def test_whom_nobody_could_read_is_named_to_who_looks_after_them_alone(office):
    office.collects(collected(0, 40, 50), collected(1, 45, 55))
    account = history.open(load_settings(office.settings))
    customers = [{"id": each, "companyProfile": {"tenantId": each, "companyName": each[-1]}} for each in (NORD, SUED)]
    end = datetime.now(UTC) + timedelta(days=20)
    subscription = {
        "id": "s1",
        "offerName": "Visio Plan 1",
        "quantity": 12,
        "status": "active",
        "autoRenewEnabled": True,
        "effectiveStartDate": "2026-01-01T00:00:00Z",
        "commitmentEndDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
    }
    source = Partner(customers=customers, subscriptions={NORD: [subscription], SUED: [subscription]}, seats={})
    emulator = Emulator(source)
    with emulated(emulator) as address, Client(address, Ready(DEMO_TOKEN), RetryPolicy()) as client:
        collect.run(client, account, lambda _: None, country="US")
        emulator.always(failing(403), where=f"{NORD}/subscriptions")
        collect.run(client, account, lambda _: None, country="US")
    _, out, _ = office.digests("--all", "--dry-run")
    anns, bens = out.split("To: ")[1:]
    assert "Not read the last time: the subscriptions of 1." in anns
    assert "Visio Plan 1, 12 seats, not matched to a product; renews" in anns, "the last reading counts"
    assert "the subscriptions of" not in bens
