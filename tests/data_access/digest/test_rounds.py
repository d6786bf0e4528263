"""A round of digests: what counts as told, from one look to the next, and that each is sent once."""

import re
import smtplib
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from data_access import history, load_settings
from data_access.history.run_log import Failure, Run, Tried
from data_access.history.sent_log import SentLog, State
from data_access.mutes import Mute
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SUBSCRIPTIONS
from tests.data_access.digest.office import ANN, BEN, BOOKS, NORD, Service, collected
from tests.lakes import fetched

pytestmark = pytest.mark.program

OLAF = "olaf@partner.example"
DAY = 1 / 7  # of a week
IDS = {name: f"0112A436-B14E-4888-967B-CA4BB2CF800{place}" for place, name in enumerate(("beta", "omega", "zeta"))}


class Ended(BaseException):
    """As a kill: nothing after it runs."""


def ended(*_, **__):
    raise Ended


def fails(office, collection, message):
    now = datetime.now(UTC)
    failure = Failure(title="Down", message=message, advice="Wait.", exit_code=5)
    run = Run(started=now, outcomes={collection.name: Tried(at=now, failure=failure)})
    history.open(load_settings(office.settings)).record(run)


def test_a_finding_of_data_health_is_news_once_and_again_when_it_changes(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{OLAF}"\noperator = true\n')
    fails(office, COMMERCIAL_DEPLOYMENT, "Partner Center is down.")
    for _ in range(3):
        office.digests("--all")
    assert ["Partner Center is down." in text for _, text in office.mails] == [True]
    fails(office, SUBSCRIPTIONS, "Refused.")
    for _ in range(2):
        office.digests("--all")
    assert len(office.mails) == 2
    assert "Refused." in office.mails[1][1]


def test_a_finding_that_stays_comes_along_with_other_news(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{ANN}"\noperator = true\n')
    fails(office, COMMERCIAL_DEPLOYMENT, "Partner Center is down.")
    office.digests("--all")
    office.collects(collected(0, 50, 50), collected(1, 40, 60), collected(2, 30, 60))
    fails(office, COMMERCIAL_DEPLOYMENT, "Partner Center is down.")
    office.digests("--all")
    assert ["Partner Center is down" in text for _, text in office.mails] == [True, True]


def test_the_first_digest_looks_back_seven_days_between_processing_dates_whenever_those_were_fetched(office):
    late = [(0, 90, 72), (6 * DAY, 50, 72), (8 * DAY, 40, 9 * 24)]  # processed on 2, 8 and 10 Nov, fetched on 5, 11, 19
    office.collects(*(collected(week, deployed, deployed, hours=hours) for week, deployed, hours in late))
    _, out, _ = office.digests("--person", ANN, "--dry-run")
    assert "What changed since 2 Nov 2026" in out
    assert "deployed −50" in out


def counted(day, processed, *rows):
    """What was collected of Nordwind on a day of November."""
    of = {"customerTenantId": NORD, "customerName": "Nordwind", "processedDateTime": f"2026-11-{processed:02}T00:00:00"}
    return partial(fetched, COMMERCIAL_DEPLOYMENT, [of | row for row in rows], datetime(2026, 11, day, 6, tzinfo=UTC))


def first_digest(office, *answers):
    """The plain text of Ann's first digest, its headings and lines."""
    office.collects(*answers)
    code, out, _ = office.digests("--person", ANN, "--dry-run")
    assert code == 0
    return out.replace("\u00a0", " ")


def test_news_are_told_of_the_answer_that_came_last_though_its_date_is_older(office):
    before = {"licensesSold": 1000, "licensesDeployed": 900}
    out = first_digest(office, counted(10, 10, before), counted(24, 8, {**before, "licensesDeployed": 400}))
    went_back = "Microsoft's dates went back: its newest figures are of 8 Nov 2026, those before were of 10 Nov 2026."
    assert f"What changed since 10 Nov 2026\n\n{went_back}" in out
    assert "deployed −500, not deployed +500 (90.00 % deployed before, 40.00 % now)" in out
    assert "Whom to call\n\n- Nordwind: 600 licenses not deployed" in out
    assert "figures of 8 Nov 2026" in out


def test_the_foot_says_of_when_the_figures_are_oldest_to_newest(office):
    old = {"productName": "CRM", "processedDateTime": "2026-11-01T00:00:00"}
    out = first_digest(office, counted(10, 10, {}), counted(17, 17, {}, old))
    assert "figures of 1 Nov 2026 to 17 Nov 2026. " in out


def test_what_is_lost_with_the_newest_date_is_news(office):
    crm = {"productName": "CRM", "licensesSold": 100, "licensesDeployed": 10}
    old = {**crm, "processedDateTime": "2026-11-18T00:00:00"}
    both = counted(20, 20, {"productName": "E3", "licensesSold": 1000, "licensesDeployed": 500}, old)
    out = first_digest(office, both, counted(21, 19, {**crm, "licensesSold": 200, "licensesDeployed": 180}))
    assert "Nordwind: not in the newest answer: E3 (1,000 licenses sold on 20 Nov 2026). What is left is" in out
    assert "Whom to call\n\n- Nordwind: 20 licenses not deployed" in out


def test_who_was_there_before_and_missing_once_is_back_and_not_new(office):
    def answer(day, *tenants):
        named = zip(tenants, map(str.title, tenants), strict=True)
        return counted(day, day, *({"customerTenantId": IDS[each], "customerName": name} for each, name in named))

    Path(office.settings["BOOKS_FILE"]).write_text(
        "\n".join(["customerTenantId,person,from,until", *(f"{tenant},{ANN},," for tenant in IDS.values()), ""])
    )
    out = first_digest(office, answer(2, "zeta", "beta"), answer(10, "beta"), answer(17, "zeta", "beta", "omega"))
    assert "- Omega is new: 100 licenses sold" in out
    assert "- Zeta is back: 100 licenses sold" in out
    assert "Beta" not in out.partition("What changed")[2]


def test_what_the_figures_lack_is_still_said_once_an_answer_has_no_rows(office):
    unread = {"productName": "E5", "licensesDeployed": None}
    before = {"licensesSold": 1000, "licensesDeployed": 900}
    out = first_digest(office, counted(10, 10, before), counted(17, 17, before, unread), counted(24, 24))
    assert "Microsoft's answers have no rows since 24 Nov 2026." in out
    assert "figures of 17 Nov 2026. " in out
    assert "Of the newest figures, 1 row could not be read." in out


def test_an_answer_without_rows_is_news_once_and_nobody_is_gone(office):
    ten, seventeen = ({"licensesSold": 1100, "licensesDeployed": deployed} for deployed in (550, 660))
    answers = counted(10, 10, ten), counted(17, 17, seventeen), counted(24, 24)
    out = first_digest(office, *answers)
    assert (
        "- Microsoft's answers have no rows since 24 Nov 2026. The last figures are of 17 Nov 2026: 1,100 licenses"
        " sold, 60.00 % of them deployed."
    ) in out
    assert "deployed +110, not deployed −110 (50.00 % deployed before, 60.00 % now)" in out
    assert "figures of 17 Nov 2026. " in out
    assert "gone" not in out
    assert out.endswith(" only where something is new.\n"), "all of the figures was read"
    assert office.digests("--all")[0] == 0
    office.collects(*answers, counted(25, 25, {**seventeen, "licensesDeployed": 770}))
    assert office.digests("--all")[0] == 0
    text = office.mails[-1][1].replace("\u00a0", " ")
    assert "What changed since 17 Nov 2026" in text
    assert "deployed +110" in text
    assert "Nordwind is new" not in text
    assert "no rows" not in text


def test_who_is_out_of_a_band_is_told_in_the_first_digest_and_when_a_rule_is_new_each_once(office):
    person = f'[[person]]\nname = "{ANN}"\n'
    office.collects(collected(0, 50, 50), collected(1, 50, 50))
    for rules in ("[[rule]]\nbelow = 60\n", "[[rule]]\nbelow = 60\n[[rule]]\nabove = 45\n"):
        office.plans(person + rules)
        for _ in range(2):
            assert office.digests("--all")[0] == 0
    first, second = (text.replace("\u00a0", " ") for _, text in office.mails)
    assert "50.00 % deployed, below 60 %" in first
    assert "50.00 % deployed, above 45 %" in second
    assert "below 60 %" not in second


def test_one_address_that_is_turned_down_keeps_no_other_waiting_and_is_tried_again_alone(office, mailbox, monkeypatch):
    refused = "gone@partner.example"

    async def takes(_server, _session, envelope, address, _options):
        if address == refused and address not in allowed:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    allowed: set[str] = set()
    monkeypatch.setattr(mailbox, "handle_RCPT", takes, raising=False)  # which takes everybody
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{ANN}"\nto = ["{refused}", "{BEN}"]\n')
    for _ in range(2):
        code, _, err = office.digests()
        assert code == 5
        assert re.search(r"a…@partner.example \(\w+\), at g…@partner.example \(\w+\): The digest was not sent", err)
        assert "the recipient (answer 550)" in err
        assert refused not in err
    assert [to for to, _ in office.mails] == [BEN]
    allowed.add(refused)
    assert office.digests()[0] == 0
    assert [to for to, _ in office.mails] == [BEN, refused]
    assert office.mails[0][1] == office.mails[1][1]


def test_who_got_the_mails_to_all_addresses_at_once_goes_on_from_them(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{ANN}"\n')
    office.digests()
    log = SentLog(history.open(load_settings(office.settings)).store, lambda: datetime.now(UTC))
    last = log.past()[ANN, "mail", ANN].last
    assert last
    for path in Path(office.settings["HISTORY_URL"]).rglob("sent/*.json"):
        path.unlink()
    log.conclude(last.model_copy(update={"to": ""}), State.SENT)
    assert office.digests("--all")[0] == 0
    assert len(office.mails) == 1
    office.collects(collected(0, 50, 50), collected(1, 40, 60), collected(2, 30, 60))
    assert office.digests("--all")[0] == 0
    assert "deployed −10" in office.mails[1][1]


def test_who_takes_a_customer_over_hears_of_it_and_who_gave_it_away_no_more(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{ANN}"\n[[person]]\nname = "{BEN}"\n[[rule]]\nbelow = 45\n')
    office.digests("--all")
    Path(office.settings["BOOKS_FILE"]).write_text(BOOKS.replace(f"{NORD},{ANN}", f"{NORD},{BEN}"))
    office.digests("--all")
    assert [to for to, _ in office.mails] == [ANN, BEN, BEN]
    text = office.mails[-1][1].replace("\u00a0", " ")
    assert "Nordwind =1+1 <b>GmbH</b> is new in your book: 100 licenses sold, 60 of them not deployed" in text
    assert "Nordwind =1+1 <b>GmbH</b>: 40.00 % deployed, below 45 %" in text
    assert "Südwind AG: sold" not in text, "told before"
    assert office.digests("--all")[0] == 0
    assert len(office.mails) == 3


@pytest.mark.parametrize("how", ["taken back", "over"])
def test_what_was_muted_is_told_when_the_mute_ends(office, how):
    people = f'[[person]]\nname = "{ANN}"\n[[rule]]\nbelow = 45\n'
    mute = f'[[mute]]\ncustomer = "{NORD}"\nreason = "migration"\nuntil = {{}}\n'
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(people + mute.format("2999-01-01"))
    office.digests("--all")
    assert office.mails == []
    office.plans(people + (mute.format("2020-01-01") if how == "over" else ""))
    for _ in range(2):
        office.digests("--all")
    ((_, text),) = office.mails
    assert "Out of the band" in text


def test_a_mute_from_a_page_that_is_taken_back_early_gives_back_what_it_kept_silent(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(f'[[person]]\nname = "{ANN}"\n[[rule]]\nbelow = 45\n')
    set_on_pages = history.open_mutes(load_settings(office.settings))
    mute = Mute(customer=NORD, reason="migration", until=datetime.now(UTC).date() + timedelta(days=30))
    set_on_pages.set(mute, ANN)
    assert office.digests("--all")[0] == 0
    set_on_pages.end(mute)
    assert office.mails == []
    for _ in range(2):
        assert office.digests("--all")[0] == 0
    assert ["Out of the band" in text for _, text in office.mails] == [True]


def test_what_was_told_before_a_mute_is_not_told_again_when_it_is_set(office):
    people = f'[[person]]\nname = "{ANN}"\n[[rule]]\nbelow = 45\n'
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    office.plans(people)
    office.digests("--all")
    office.plans(f'{people}[[mute]]\ncustomer = "{NORD}"\nreason = "migration"\nuntil = 2999-01-01\n')
    office.digests("--all")
    assert len(office.mails) == 1


def test_a_person_is_the_same_however_the_name_is_spelled(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    for name in (ANN, ANN.title()):
        office.plans(f'[[person]]\nname = "{name}"\n')
        office.digests("--all")
    assert [to for to, _ in office.mails] == [ANN]


def test_a_run_that_was_ended_before_the_server_greeted_has_sent_nothing_and_the_next_one_sends(office, monkeypatch):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    with monkeypatch.context() as patch:
        patch.setattr(smtplib.SMTP, "connect", ended)  # or the moment would be left to chance
        with pytest.raises(Ended):
            office.digests()
    _, _, err = office.digests()
    assert "may have been sent" not in err
    assert [to for to, _ in office.mails] == [ANN, BEN]


def test_the_next_run_says_at_once_what_may_have_been_sent_and_says_it_once(office, monkeypatch):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    with monkeypatch.context() as patch:
        patch.setattr(SentLog, "conclude", ended)  # likewise
        with pytest.raises(Ended):
            office.digests()
    said = [office.digests("--all")[2] for _ in range(2)]
    assert ["The digest for a…@partner.example (cf68624a) by mail of 20" in err for err in said] == [True, False]
    assert [to for to, _ in office.mails] == [ANN, BEN]


def test_a_channel_that_is_not_set_is_found_before_the_first_message_goes(office):
    office.collects(collected(0, 50, 50), collected(1, 40, 60))
    with Service(202) as teams:
        office.plans(f'[[person]]\nname = "{ANN}"\nteams = "{teams.address}/hook"\n[[person]]\nname = "{BEN}"\n')
        for address in ("", "smtp://x:SECRET@mail"):
            office.settings["MAIL_URL"] = address
            assert office.digests()[0] == 2
    assert teams.requests == []
