"""What a person hears: what is new and needs a word, and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pandas as pd
import pytest

from data_access import measures
from data_access.books import Customers
from data_access.digest import news
from data_access.digest.message import News
from data_access.digest.news import Look
from data_access.digest.plan import Plan, Rule
from data_access.measures import renewals
from data_access.measures.unread_rows import UnreadRows
from data_access.mutes import Mute, Spare
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.rows import frame_of

ANN = "ann@partner.example"
NORD, SUED = "0112A436-B14E-4888-967B-CA4BB2CF0001", "0112A436-B14E-4888-967B-CA4BB2CF0002"
E3, E5 = "6FD2C87F-B296-42F0-B197-1E91E994B900", "6FD2C87F-B296-42F0-B197-1E91E994B905"
NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)


def bought(customer, sold, deployed, product="E3", **more):
    names = {NORD: "Nordwind GmbH", SUED: "Südwind AG"}
    return {
        "customerTenantId": customer,
        "customerName": names[customer],
        "productName": product,
        "productId": {"E3": E3, "E5": E5}[product],
        "licensesSold": sold,
        "licensesDeployed": deployed,
        **more,
    }


def subscribed(customer=NORD, **more):
    return {
        "customerTenantId": customer,
        "customerName": "Nordwind GmbH",
        "id": "s1",
        "offerName": "Microsoft 365 E3",
        "productId": E3,
        "quantity": 100,
        "status": "active",
        "isTrial": False,
        "billingType": "license",
        "commitmentEndDate": None,
        "commitmentEndDateTime": "2026-12-20T23:59:59Z",
        "cancellationAllowedUntilDate": None,
        "scheduledActions": None,
        "termDuration": "P1Y",
        "renewalOutcome": "renews",
        **more,
    }


def look(*rows, at=NOW, subscriptions=None):
    facts = measures.facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, rows))
    table = None
    if subscriptions is not None:
        sent = pd.DataFrame(subscriptions, columns=[*subscribed()]).astype(
            {"productId": "str", "scheduledActions": "str"}
        )
        table = renewals.judged(sent, None, facts.frame)
    return Look(at=at, day=at.date(), processed=at.date() - LATE, facts=facts, subscriptions=table)


LATE = timedelta(days=1)  # from processing to the fetch
WEEK_AGO = NOW - timedelta(days=7)


def told(before, now, plan=None):
    """Heading, lines and note of each part that says anything."""
    said = news.parts(before, now, plan or Plan(), ANN, link)
    return {part.heading: ([line.text for line in part.lines], part.note) for part in said if part.lines or part.note}


def link(page, **parameters):
    return f"https://p.example/{page}?{urlencode(parameters)}"


def test_nothing_new_is_no_message():
    rows = (bought(NORD, 100, 40), bought(SUED, 10, 10))
    assert told(look(*rows, at=WEEK_AGO), look(*rows)) == {}


def test_the_largest_changes_come_first_and_whom_to_call_comes_along():
    before = look(bought(NORD, 100, 40), bought(SUED, 10, 10), at=WEEK_AGO)
    said = told(before, look(bought(NORD, 140, 52), bought(SUED, 10, 9)))
    assert list(said) == ["Whom to call", "What changed since 20 Nov 2026"]
    assert said["Whom to call"][0] == [
        "Nordwind GmbH: 88 licenses not deployed, most of E3",
        "Südwind AG: 1 license not deployed, most of E3",
    ]
    assert [line.replace("\u00a0", " ") for line in said["What changed since 20 Nov 2026"][0]] == [
        "Nordwind GmbH: sold +40, deployed +12, not deployed +28 (40.00 % deployed before, 37.14 % now)",
        "Südwind AG: sold ±0, deployed −1, not deployed +1 (100.00 % deployed before, 90.00 % now)",
    ]


def test_a_long_name_is_cut_in_every_part():
    named = {"customerName": "Nordwind " * 30}
    said = told(look(bought(NORD, 100, 90, **named), at=WEEK_AGO), look(bought(NORD, 100, 40, **named)))
    lines = [line for lines, _ in said.values() for line in lines]
    assert len(lines) == 2
    assert all(line.startswith(f"{'Nordwind ' * 6}Nordw…: ") for line in lines)


def test_who_came_and_who_went():
    said = told(look(bought(NORD, 100, 40), at=WEEK_AGO), look(bought(SUED, 10, 10)))
    assert said["What changed since 20 Nov 2026"][0] == [
        "Nordwind GmbH is gone: 100 licenses were sold",
        "Südwind AG is new: 10 licenses sold",
    ]


def test_whose_rows_could_not_be_read_is_not_gone():
    before = look(bought(NORD, 100, 40), bought(SUED, 10, 10), bought(SUED, 20, 10, "E5"), at=WEEK_AGO)
    now = look(bought(SUED, 10, 10))
    heading = "What changed since 20 Nov 2026"
    own = {"customerTenantId": NORD.lower(), "productName": "e3", "channel": "reseller", "service": "o365"}
    read_in_part = replace(now, unread=UnreadRows((own,), missing=1))
    assert [line.replace("\u00a0", " ") for line in told(before, read_in_part)[heading][0]] == [
        "Nordwind GmbH could not be read in the newest answer: 100 licenses were sold",
        (
            "Südwind AG: not among the rows of the newest answer that could be read: E5 (20 licenses sold on"
            " 9 Oct 2026). What is left is deployed to 100.00 %"
        ),
    ]
    (nord, _) = told(before, replace(now, unread=UnreadRows(missing=2)))[heading][0]
    assert nord == "Nordwind GmbH is not among the rows that could be read: 100 licenses were sold"


def test_a_product_that_is_called_otherwise_is_not_gone():
    before = look(bought(NORD, 100, 40), at=WEEK_AGO)
    said = told(before, look(bought(NORD, 101, 41, productName="E THREE")))
    (line,) = said["What changed since 20 Nov 2026"][0]
    assert line.startswith("Nordwind GmbH: sold +1, deployed +1, not deployed ±0")


def test_a_customer_who_had_no_licenses_is_no_news_when_it_goes():
    assert told(look(bought(NORD, 0, 3), bought(SUED, 10, 10), at=WEEK_AGO), look(bought(SUED, 10, 10))) == {}


def test_all_percentages_have_two_decimals():
    said = told(look(bought(NORD, 1600, 1000), at=WEEK_AGO), look(bought(NORD, 1600, 1335)))
    (line,) = said["What changed since 20 Nov 2026"][0]
    assert "(62.50 % deployed before, 83.44 % now)" in line.replace("\u00a0", " ")


def test_of_a_customer_that_lost_a_product_the_product_is_told_and_no_change():
    before = look(bought(NORD, 50, 30), bought(NORD, 50, 40, "E5"), bought(SUED, 10, 10), at=WEEK_AGO)
    said = told(before, look(bought(NORD, 100, 70), bought(SUED, 10, 10)), Plan(rules=(Rule(below=75),)))
    assert [line.replace("\u00a0", " ") for line in said["What changed since 20 Nov 2026"][0]] == [
        f"Nordwind GmbH: not in the newest answer: {E5_SOLD}. What is left is deployed to 70.00 %",
    ]
    falling = told(look(*FELL, at=WEEK_AGO), look(bought(NORD, 100, 70)), Plan(rules=(Rule(below=75),)))
    assert falling["Out of the band"][0] == ["Nordwind GmbH: 70.00\u00a0% deployed, below 75 %"]


def test_of_a_customer_that_has_a_product_in_one_channel_less_the_channel_is_told():
    then = (bought(NORD, 100, 70), bought(NORD, 50, 40) | {"channel": "direct"})
    (line,) = told(look(*then, at=WEEK_AGO), look(bought(NORD, 100, 70)))["What changed since 20 Nov 2026"][0]
    assert "not in the newest answer: E3 through Direct (50 licenses sold on" in line


E5_SOLD = "E5 (50 licenses sold on 9 Oct 2026)"
FELL = (bought(NORD, 100, 60), bought(NORD, 100, 100, "E5"))


def test_each_line_leads_to_what_it_tells_of_its_customer():
    rules = (Rule(below=80, service="o365"),)
    before, now = look(bought(NORD, 1, 1), at=WEEK_AGO), look(bought(NORD, 1, 0), subscriptions=[subscribed()])
    own, compared = f"customers?customer={NORD.lower()}", f"search={NORD.lower()}&since=2026-11-21&until=2026-11-28"
    parts = news.parts(before, now, Plan(rules=rules), ANN, link)
    assert [line.link.removeprefix("https://p.example/") for part in parts for line in part.lines] == [
        own,
        own,
        f"{own}&service=o365",
        f"changes?level=customer-and-product&{compared}",
    ]
    new = replace(before, customers=Customers(frozenset({SUED})))
    assert news.parts(new, now, Plan(), ANN, link)[-1].lines[0].link == f"https://p.example/{own}", "new in the book"
    today = replace(before, day=now.day)
    assert news.parts(today, now, Plan(), ANN, link)[-1].lines[0].link == f"https://p.example/{own}", "of one day"


def test_what_the_pages_have_is_counted_with_what_is_muted_or_told_before():
    ids = [f"0112A436-B14E-4888-967B-CA4BB2CF{number:04}" for number in range(13)]
    mute = Mute(customer=ids[0], reason="migration", until=date(2027, 1, 31))
    rows = [[bought(NORD, 100, deployed) | {"customerTenantId": each} for each in ids] for deployed in (50, 60)]
    own = [subscribed(each, id=each, renewalOutcome="undecided") for each in ids]
    before, now = look(*rows[0], at=WEEK_AGO, subscriptions=own[1:2]), look(*rows[1], subscriptions=own)
    parts = news.parts(before, now, Plan(rules=(Rule(below=80),), mutes=(mute,)), ANN, link)
    assert [part.rest.text for part in parts if part.rest] == [
        "and 1 subscription more. All 13 subscriptions with a last day to act in reach are on the page Renewals",
        "and 2 customers more. All 13 customers out of their band are on the page Customers",
        "and 2 customers more. All 13 customers that differ are on the page Changes",
    ]


@pytest.mark.parametrize(
    ("rule", "deployed", "said"),
    [
        (Rule(below=80), (85, 79), ["Nordwind GmbH: 79.00 % deployed, below 80 % (85.00 % before)"]),
        (Rule(below=80), (79, 78), []),
        (Rule(below=80), (79, 80), []),
        (Rule(above=95), (90, 96), ["Nordwind GmbH: 96.00 % deployed, above 95 % (90.00 % before)"]),
        (Rule(preset="non-profit"), (86, 84), ["Nordwind GmbH: 84.00 % deployed, below 85 % (86.00 % before)"]),
        (Rule(preset="band"), (84, 96), ["Nordwind GmbH: 96.00 % deployed, above 95 % (84.00 % before)"]),
        (
            Rule(below=80, service="O365"),
            (85, 79),
            ["Nordwind GmbH: 79.00 % of Microsoft 365 deployed, below 80 % (85.00 % before)"],
        ),
        (Rule(below=80, service="crm"), (85, 79), []),
        (
            Rule(below=80, product="e3"),
            (85, 79),
            ["Nordwind GmbH: 79.00 % of e3 deployed, below 80 % (85.00 % before)"],
        ),
        (
            Rule(below=80, product=E3.lower()),
            (85, 79),
            [f"Nordwind GmbH: 79.00 % of {E3.lower()} deployed, below 80 %"],
        ),
        (Rule(below=80, customer=SUED), (85, 79), []),
        (Rule(below=80, person="ANN@partner.example"), (85, 79), ["Nordwind GmbH: 79.00 % deployed, below 80 %"]),
        (Rule(below=80, person="ben@partner.example"), (85, 79), []),
    ],
)
def test_a_customer_who_leaves_a_band_is_news_once(rule, deployed, said):
    before, now = (bought(NORD, 100, number) for number in deployed)
    then = replace(look(before, at=WEEK_AGO), rules=(rule.case,))
    lines = told(then, look(now), Plan(rules=(rule,))).get("Out of the band", ([], ""))[0]
    assert len(lines) == len(said)
    assert all(line.replace("\u00a0", " ").startswith(start) for line, start in zip(lines, said, strict=True))


def test_what_is_below_a_band_is_not_rounded_up_to_it():
    before, now = look(bought(NORD, 1_000_000, 900_000), at=WEEK_AGO), look(bought(NORD, 1_000_000, 799_968))
    (line,) = told(before, now, Plan(rules=(Rule(below=80),)))["Out of the band"][0]
    assert line.replace("\u00a0", " ") == "Nordwind GmbH: 79.99 % deployed, below 80 % (90.00 % before)"


def test_a_rule_that_is_new_tells_of_all_who_are_out_first_of_those_who_have_just_left():
    then = (bought(NORD, 1000, 500), bought(SUED, 100, 85))
    now = (bought(NORD, 1000, 510), bought(SUED, 100, 79))
    known = Rule(below=40)
    before = replace(look(*then, at=WEEK_AGO), rules=(known.case,))
    said = told(before, look(*now), Plan(rules=(known, Rule(below=80))))["Out of the band"][0]
    assert [line.replace("\u00a0", " ") for line in said] == [
        "Südwind AG: 79.00 % deployed, below 80 % (85.00 % before)",
        "Nordwind GmbH: 51.00 % deployed, below 80 %",
    ]


def test_each_band_that_a_customer_is_out_of_is_told_in_one_line_that_leads_to_all_of_them():
    rules = (Rule(below=80), Rule(below=60, service="o365"), Rule(below=70), Rule(below=50, product="E3"))
    before, now = look(bought(NORD, 100, 90), at=WEEK_AGO), look(bought(NORD, 100, 40))
    part = next(
        part for part in news.parts(before, now, Plan(rules=rules), ANN, link) if part.heading == "Out of the band"
    )
    (line,) = part.lines
    assert line.text.replace("\u00a0", " ") == (
        "Nordwind GmbH: 40.00 % deployed, below 80 % (90.00 % before);"
        " 40.00 % of Microsoft 365 deployed, below 60 % (90.00 % before);"
        " 40.00 % of E3 deployed, below 50 % (90.00 % before)"
    )
    assert line.link.endswith(f"/customers?customer={NORD.lower()}"), "no filter hides one of them"


def test_a_customer_who_is_muted_counts_once_however_many_bands_it_is_out_of():
    mute = Mute(customer=NORD, reason="migration", until=date(2027, 1, 31))
    plan = Plan(mutes=(mute,), rules=(Rule(below=80), Rule(below=60, service="o365")))
    before = look(bought(NORD, 100, 90), bought(SUED, 50, 45), at=WEEK_AGO)
    said = told(before, look(bought(NORD, 100, 40), bought(SUED, 50, 44)), plan)
    assert said["Out of the band"] == ([], "1 muted, until 31 Jan 2027: migration")


def test_a_rule_with_a_preset_is_the_one_with_its_numbers():
    assert Rule(preset="usual").case == Rule(below=80).case
    rules = (Rule(below=80), Rule(below=80, service="o365"), Rule(below=80, product="E3"))
    assert len({rule.case for rule in rules}) == 3


def test_of_several_rules_the_first_one_speaks():
    rules = (Rule(below=90), Rule(below=80))
    said = told(look(bought(NORD, 100, 95), at=WEEK_AGO), look(bought(NORD, 100, 50)), Plan(rules=rules))
    assert len(said["Out of the band"][0]) == 1


HEADING = "Last day to act within 30 days"


@pytest.mark.parametrize(
    ("subscription", "said"),
    [
        ({}, "Nordwind GmbH: Microsoft 365 E3, 100 seats, 60 of them not assigned; renews, act until 20 Dec 2026"),
        (
            {"renewalOutcome": "undecided"},
            "Nordwind GmbH: Microsoft 365 E3, 100 seats, 60 of them not assigned; undecided, act until 20 Dec 2026",
        ),
        (
            {"commitmentEndDateTime": None, "commitmentEndDate": "2026-12-20T00:00:00Z"},
            "Nordwind GmbH: Microsoft 365 E3, 100 seats, 60 of them not assigned; renews, act before 20 Dec 2026",
        ),
        (
            {"productId": None},
            "Nordwind GmbH: Microsoft 365 E3, 100 seats, not matched to a product; renews, act until",
        ),
        (
            {"productId": E5, "renewalOutcome": "ends"},
            "Nordwind GmbH: Microsoft 365 E3, 100 seats, no figure of what is assigned; ends, act until",
        ),
        (
            {"quantity": 5},
            "Nordwind GmbH: Microsoft 365 E3, 5 seats (of all seats of this product 60 are not assigned); renews, act",
        ),
        (
            {"renewalOutcome": "other", "scheduledActions": '[{"actionType": "Transition"}]'},
            "Nordwind GmbH: Microsoft 365 E3, 100 seats, 60 of them not assigned; Microsoft says: Transition, act",
        ),
        ({"commitmentEndDateTime": "2027-03-20T23:59:59Z"}, None),
        ({"status": "suspended"}, None),
        ({"isTrial": True}, None),
        ({"billingType": "usage"}, None),
    ],
)
def test_a_last_day_that_comes_into_reach_is_news_where_something_can_be_decided(subscription, said):
    before = look(bought(NORD, 100, 40), at=WEEK_AGO, subscriptions=[])
    now = look(bought(NORD, 100, 40), subscriptions=[subscribed(**subscription)])
    lines = told(before, now).get(HEADING, ([], ""))[0]
    assert len(lines) == (said is not None)
    assert all(line.startswith(said or "") for line in lines)


def test_what_is_undecided_is_news_although_all_of_it_is_assigned():
    before = look(bought(NORD, 100, 100), at=WEEK_AGO, subscriptions=[])
    now = look(bought(NORD, 100, 100), subscriptions=[subscribed(renewalOutcome="undecided")])
    assert told(before, now)[HEADING][0] == [
        "Nordwind GmbH: Microsoft 365 E3, 100 seats, all of them assigned; undecided, act until 20 Dec 2026"
    ]


def test_a_renewal_that_happens_by_itself_and_is_all_assigned_is_no_news():
    before = look(bought(NORD, 100, 100), at=WEEK_AGO, subscriptions=[])
    assert told(before, look(bought(NORD, 100, 100), subscriptions=[subscribed()])) == {}


def test_a_last_day_is_news_once_and_again_when_it_changes():
    rows, subscriptions = (bought(NORD, 100, 40),), [subscribed()]
    before = look(*rows, at=WEEK_AGO, subscriptions=subscriptions)
    assert told(before, look(*rows, subscriptions=subscriptions)) == {}, "20 Dec was in reach a week ago"
    changed = [subscribed(renewalOutcome="ends")]
    assert HEADING in told(before, look(*rows, subscriptions=changed))


def test_a_last_day_in_reach_is_news_to_who_takes_the_customer_over_and_when_a_mute_ends():
    rows, subscriptions = (bought(NORD, 100, 40),), [subscribed()]
    told_then, now = look(*rows, at=WEEK_AGO, subscriptions=subscriptions), look(*rows, subscriptions=subscriptions)
    assert HEADING not in told(told_then, now)
    anothers = replace(look(at=WEEK_AGO, subscriptions=[]), customers=Customers(frozenset({SUED})))
    assert len(told(anothers, now)[HEADING][0]) == 1
    for product, is_told in ((E3, True), (None, True), (E5, False)):
        mute = Mute(customer=NORD, product=product, reason="migration", until=date(2026, 11, 25))
        assert (HEADING in told(replace(told_then, mutes=(mute,)), now)) is is_told


def test_time_alone_brings_a_last_day_into_reach():
    rows, subscriptions = (bought(NORD, 100, 40),), [subscribed(commitmentEndDateTime="2026-12-27T23:59:59Z")]
    before = look(*rows, at=WEEK_AGO, subscriptions=subscriptions)
    assert HEADING in told(before, look(*rows, subscriptions=subscriptions))


def test_spare_seats_that_are_allowed_are_neither_at_risk_nor_a_reason_to_call():
    plan = Plan(spares=(Spare(customer=NORD, product=E3, seats=60),))
    before = look(bought(NORD, 100, 41), at=WEEK_AGO, subscriptions=[])
    said = told(before, look(bought(NORD, 100, 40), subscriptions=[subscribed()]), plan)
    assert list(said) == ["What changed since 20 Nov 2026"]


def test_what_is_muted_is_counted_with_its_reason_and_its_end():
    mute = Mute(customer=NORD, reason="migration", until=date(2027, 1, 31))
    before = look(bought(NORD, 100, 50), bought(SUED, 100, 50), at=WEEK_AGO, subscriptions=[])
    now = look(bought(NORD, 100, 40), bought(SUED, 100, 40), subscriptions=[subscribed()])
    said = told(before, now, Plan(mutes=(mute,)))
    assert [line[:6] for line in said["What changed since 20 Nov 2026"][0]] == ["Südwin"]
    assert said["What changed since 20 Nov 2026"][1] == "1 muted, until 31 Jan 2027: migration"
    assert said[HEADING] == ([], "1 muted, until 31 Jan 2027: migration")
    assert "Nordwind" not in str(said["Whom to call"])


def test_a_muted_product_is_no_reason_to_call_and_no_band_of_its_own():
    mute = Mute(product=E3, reason="migration", until=date(2027, 1, 31))
    before = look(bought(NORD, 100, 90), bought(NORD, 10, 9, "E5"), bought(SUED, 50, 45), at=WEEK_AGO)
    now = look(bought(NORD, 100, 40), bought(NORD, 10, 7, "E5"), bought(SUED, 50, 10))
    said = told(before, now, Plan(mutes=(mute,), rules=(Rule(below=80, product="E3"),)))
    assert said["Whom to call"] == (
        ["Nordwind GmbH: 63 licenses not deployed, 60 of them muted or spare; most of the others of E5"],
        "2 muted, until 31 Jan 2027: migration",
    )
    assert said["Out of the band"] == ([], "2 muted, until 31 Jan 2027: migration")


def test_a_muted_product_that_is_gone_is_not_named_and_the_others_are_compared_without_it():
    mute = Mute(product=E5, reason="migration", until=date(2027, 1, 31))
    before = look(bought(NORD, 50, 30), bought(NORD, 50, 40, "E5"), bought(SUED, 10, 9, "E5"), at=WEEK_AGO)
    heard = told(before, look(bought(NORD, 60, 30), bought(SUED, 1, 1)), Plan(mutes=(mute,)))
    moved = (
        "sold +10, deployed ±0, not deployed +10"
        " (60.00 % deployed before, 50.00 % now; without a muted product that is gone)"
    )
    lines, note = heard["What changed since 20 Nov 2026"]
    assert [line.replace("\u00a0", " ") for line in lines] == [
        f"Nordwind GmbH: {moved}",
        "Südwind AG is new: 1 license sold",
    ]
    assert note == "2 muted, until 31 Jan 2027: migration"
    assert "E5" not in str(heard["What changed since 20 Nov 2026"])


def test_what_changed_twice_on_a_day_is_told():
    assert told(look(bought(NORD, 100, 40)), look(bought(NORD, 100, 50)))["What changed since 27 Nov 2026"]


def test_a_change_of_muted_products_alone_is_counted_and_is_no_news_and_the_others_are_told_whole():
    mute = Mute(product=E5, reason="migration", until=date(2027, 1, 31))
    rows = bought(NORD, 100, 60), bought(NORD, 10, 9, "E5"), bought(SUED, 5, 5)
    before = look(*rows, at=WEEK_AGO)
    fewer = bought(NORD, 10, 2, "E5")
    assert told(before, look(rows[0], fewer, rows[2]), Plan(mutes=(mute,))) == {}
    heard = told(before, look(rows[0], fewer, bought(SUED, 5, 4)), Plan(mutes=(mute,)))
    lines, note = heard["What changed since 20 Nov 2026"]
    assert ([line.partition(":")[0] for line in lines], note) == (
        ["Südwind AG"],
        "1 muted, until 31 Jan 2027: migration",
    )
    (line,), note = told(before, look(bought(NORD, 100, 61), fewer, rows[2]), Plan(mutes=(mute,)))[
        "What changed since 20 Nov 2026"
    ]
    assert "deployed −6" in line.replace("\u00a0", " ")
    assert note == "1 muted, until 31 Jan 2027: migration"


def test_a_customer_who_is_new_in_the_book_is_told_with_muted_products_alone():
    mute = Mute(product=E3, reason="migration", until=date(2027, 1, 31))
    before = replace(look(bought(SUED, 5, 5, "E5"), at=WEEK_AGO), customers=Customers(frozenset({SUED})))
    heard = told(before, look(bought(SUED, 5, 5, "E5"), bought(NORD, 10, 4)), Plan(mutes=(mute,)))
    (line,) = heard["What changed since 20 Nov 2026"][0]
    assert line.startswith("Nordwind GmbH is new in your book")


def test_what_was_out_of_the_band_while_it_was_muted_is_counted_when_it_left_it_alone():
    mute = Mute(customer=NORD, reason="migration", until=date(2027, 1, 31))
    plan = Plan(mutes=(mute,), rules=(Rule(below=80),))
    known = tuple(rule.case for rule in plan.rules)
    now = look(bought(NORD, 100, 60), bought(SUED, 10, 8))
    for deployed, counted in ((90, True), (60, False)):
        before = look(bought(NORD, 100, deployed), bought(SUED, 10, 9), at=WEEK_AGO)
        heard = told(replace(before, mutes=(mute,), rules=known), now, plan)
        assert ("Out of the band" in heard) is counted


def test_where_all_is_muted_there_is_no_message():
    mute = Mute(customer=NORD, reason="migration", until=date(2027, 1, 31))
    before = look(bought(NORD, 100, 50), at=WEEK_AGO)
    assert told(before, look(bought(NORD, 100, 40)), Plan(mutes=(mute,))) == {}


def test_what_is_to_be_decided_comes_before_what_renews_sooner():
    own = [
        subscribed(
            id=str(number), offerName=f"on {day}", renewalOutcome=outcome, commitmentEndDateTime=f"2026-12-{day}"
        )
        for number, (day, outcome) in enumerate(
            [("04", "ends"), ("20", "undecided"), ("11", "extendedServiceTerm"), ("05", "ends")]
        )
    ]
    lines = told(look(at=WEEK_AGO), look(subscriptions=own))["Last day to act within 30 days"][0]
    assert [line.split(", ")[0] for line in lines] == [
        "Nordwind GmbH: on 11",
        "Nordwind GmbH: on 20",
        "Nordwind GmbH: on 04",
        "Nordwind GmbH: on 05",
    ]


def test_a_long_list_says_how_many_more():
    many = [bought(NORD, 100, 50) | {"customerTenantId": f"0112A436-B14E-4888-967B-CA4BB2CF{n:04}"} for n in range(12)]
    parts = news.parts(look(at=WEEK_AGO), look(*many), Plan(), ANN, link)
    (changed,) = [part for part in parts if part.heading.startswith("What changed")]
    assert (len(changed.lines), changed.more) == (10, 2)
    assert changed.rest == News(
        "and 2 customers more. All 12 customers that differ are on the page Changes",
        "https://p.example/changes?level=customer&since=2026-11-21&until=2026-11-28",
    )


def test_the_rest_of_subscriptions_is_on_the_page_that_has_all_of_their_last_days():
    own = [subscribed(id=str(number), renewalOutcome="undecided") for number in range(12)]
    (due, *_) = news.parts(look(at=WEEK_AGO), look(subscriptions=own), Plan(), ANN, link)
    assert due.rest == News(
        "and 2 subscriptions more. All 12 subscriptions with a last day to act in reach are on the page Renewals",
        "https://p.example/renewals?horizon=365&act=30",
    )
