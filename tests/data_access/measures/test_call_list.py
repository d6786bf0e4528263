"""Whom to call and what to say: each rule where it speaks, at its edge, and where it keeps silent."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from data_access.measures import call_list
from data_access.measures.call_list import RULES
from data_access.measures.unread_rows import Absence
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.rows import facts_of

NORTH, SOUTH = "AAAAAAAA-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"
SINCE = pd.Timestamp("2026-08-28")
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
DEPLOYED = {"customerTenantId": NORTH, "productName": "OFFICE 365 E3", "licensesSold": 100, "licensesDeployed": 100}
ENDING = {
    "renewal": pd.Timestamp("2026-12-29T23:59:59Z"),
    "renewalDay": pd.Timestamp("2026-12-29"),
    "renewalIsBefore": False,
    "toDecide": None,
    "toDecideSeats": None,
    "renewalOutcome": "renews",
    "renewalProduct": "OFFICE 365 E3",
    "renewalSeats": 165,
    "renewalIsReason": True,
}


def told(*products, moved=None, lost=None, unused=None, ending=None, words=call_list.reasons, at=NOW):
    """What is told of Nordwind, with these products; all of them are deployed unless they say otherwise."""
    own = pd.Index([NORTH], name="customerTenantId")
    figures = {"licensesSoldChange": 0.0, "licensesDeployedChange": 0.0, "deploymentPercentChange": 0.0}
    rows = [{**DEPLOYED, **product} for product in (products or ({},))]
    table = call_list.prepared(
        facts_of(COMMERCIAL_DEPLOYMENT, rows),
        pd.DataFrame({**figures, **moved, "since": SINCE}, index=own) if moved else None,
        lost=None if lost is None else pd.DataFrame(lost),
        unused=None if unused is None else pd.Series([float(unused)], own),
        ending=None if ending is None else pd.DataFrame([ENDING | ending], own).astype(COUNTS),
        at=at,
    )
    (reasons,) = words(table)
    return reasons


def gone_down(points):
    return {"deploymentPercentChange": points}


def bought(sold, deployed):
    return {"licensesSoldChange": sold, "licensesDeployedChange": deployed}


def gone(*licenses):
    """Products that Nordwind had in November, with so many licenses each."""
    row = {"customerTenantId": NORTH, "part": "Visio Plan 2", "processedDateTime": pd.Timestamp("2026-11-18", tz="UTC")}
    row |= {"why": Absence.GONE}
    return [row | {"licensesSold": number} for number in licenses]


def ends(on):
    return {"renewalDay": pd.Timestamp(on), "renewal": pd.Timestamp(f"{on}T23:59:59Z")}


def sooner(on):
    kinds = {name.replace("renewal", "sooner"): value for name, value in (ENDING | ends(on)).items()}
    first = ends("2027-01-20") | {"renewalOutcome": "undecided"}
    return kinds | {"soonerProduct": "VISIO", "soonerSeats": 21} | first


COPILOT = {"productName": "Microsoft 365 Copilot", "licensesSold": 6}
OTHERS = {"licensesDeployed": 90}
COUNTS = dict.fromkeys(("renewalSeats", "toDecide", "toDecideSeats"), "Int64")
SITUATIONS = [
    ("gap", {"products": [{"licensesDeployed": 99}]}, "1 license of Office 365 E3 is not deployed"),
    (
        "gap",
        {"products": [{"licensesDeployed": 40}, {"productName": "VISIO PLAN 2", "licensesDeployed": 39}]},
        "61 licenses of Visio Plan 2 are not deployed",
    ),
    ("gap", {}, None),
    ("fell", {"moved": gone_down(-1.0)}, "Fell 1.00 points since 28 Aug 2026"),
    ("fell", {"moved": gone_down(-0.99)}, None),
    ("fell", {"moved": gone_down(float("nan"))}, None),
    ("bought", {"moved": bought(40, 0)}, "Bought 40 since 28 Aug 2026, none more deployed"),
    ("bought", {"moved": bought(40, 19)}, "Bought 40 since 28 Aug 2026, only 19 more deployed"),
    ("bought", {"moved": bought(40, -3)}, "Bought 40 since 28 Aug 2026, none more deployed"),
    ("bought", {"moved": bought(40, 20)}, None),
    ("bought", {"moved": bought(9, 0)}, None),
    (
        "copilot",
        {"products": [OTHERS, COPILOT | {"licensesDeployed": 2}]},
        "Copilot: 2 of 6 deployed",
    ),
    ("copilot", {"products": [OTHERS, COPILOT | {"licensesDeployed": 3}]}, None),
    ("copilot", {"products": [{}, COPILOT | {"licensesDeployed": 2}]}, None),  # it is the largest already
    ("idle", {"unused": 10}, "Up to 10 assigned but not used"),
    ("idle", {"unused": 9}, None),
    ("idle", {"products": [{"licensesSold": 900, "licensesDeployed": 900}], "unused": 89}, None),
    ("idle", {"unused": float("nan")}, None),
    ("lost", {"lost": gone(1)}, "Not in the newest answer: Visio Plan 2 (1 license sold on 18 Nov 2026)"),
    (
        "lost",
        {"lost": gone(20, 10, 5)},
        "Not in the newest answer: Visio Plan 2 (20 licenses sold on 18 Nov 2026) and 2 more products",
    ),
    ("lost", {"lost": [row | {"customerTenantId": SOUTH} for row in gone(20)]}, None),
    ("fell", {"moved": gone_down(-9.0), "lost": gone(20)}, None),  # it is not the same sum any more
    ("bought", {"moved": bought(40, 0), "lost": gone(20)}, None),
    ("renews", {"ending": {}}, "165 seats of Office 365 E3 renew on 29 Dec 2026 (UTC), in 31 days"),
    ("renews", {"ending": ends("2026-11-28")}, "165 seats of Office 365 E3 renew on 28 Nov 2026 (UTC), in 14 hours"),
    (
        "renews",
        {"ending": ends("2026-12-01") | {"renewalOutcome": "undecided"}},
        "165 seats of Office 365 E3 end on 1 Dec 2026 (UTC), in 3 days; nobody has decided",
    ),
    (
        "renews",
        {"ending": {"renewalOutcome": "extendedServiceTerm", "renewalSeats": 1}},
        "1 seat of Office 365 E3 ends on 29 Dec 2026 (UTC), in 31 days; then paid monthly at about +3\u00a0%",
    ),
    (
        "renews",
        {"ending": {"renewalProduct": None, "renewalSeats": None}},
        "A subscription without a name renews on 29 Dec 2026 (UTC), in 31 days",
    ),
    ("renews", {"ending": {"renewalIsReason": False}}, None),
    ("renews", {"ending": ends("2027-02-01")}, None),
    ("renews", {"ending": ends("2026-11-01")}, None),
    ("sooner", {"ending": sooner("2026-12-03")}, "21 seats of Visio renew on 3 Dec 2026 (UTC), in 5 days"),
    ("sooner", {"ending": sooner("2026-12-03") | {"soonerIsReason": None}}, None),
]


@pytest.mark.parametrize(("rule", "situation", "reason"), SITUATIONS)
def test_a_rule_speaks_with_its_figures_or_not_at_all(rule, situation, reason):
    reasons = told(*situation.pop("products", []), **situation)
    (known,) = (one for one in RULES if one.key == rule)
    assert (reason in reasons) if reason else not [one for one in reasons if _is_of(known.key, one)]


_BEGINS = {
    "lost": "Not in",
    "fell": "Fell",
    "bought": "Bought",
    "copilot": "Copilot",
    "idle": "Up to",
}
_SAYS = {"gap": "not deployed", "renews": "Office 365 E3 renew", "sooner": "Visio renew"}


def _is_of(rule, reason):
    if rule in _SAYS:
        return _SAYS[rule] in reason
    return reason.startswith(_BEGINS[rule])


def test_no_rule_is_left_out():
    assert {rule for rule, _, reason in SITUATIONS if reason} == {rule.key for rule in RULES}
    assert {rule for rule, _, reason in SITUATIONS if not reason} == {rule.key for rule in RULES}


def test_every_reason_has_a_sentence_that_can_be_said_in_the_same_order():
    situation = {
        "moved": bought(40, 3) | gone_down(-2.5),
        "unused": 30,
        "ending": ends("2026-12-29"),
    }
    products = [{"licensesDeployed": 60}, COPILOT | {"licensesDeployed": 0}]
    spoken = [rule for rule in RULES if rule.key not in ("lost", "sooner")]
    assert all(_is_of(rule.key, reason) for rule, reason in zip(spoken, told(*products, **situation), strict=True))
    assert told(*products, **situation, words=call_list.said) == [
        "165 seats of Office 365 E3 renew on 29 Dec 2026 (UTC): how many will you need then?",
        "40 licenses of Office 365 E3 are not assigned to anybody.",
        "Since 28 Aug 2026 you bought 40 licenses, and only 3 more are assigned.",
        "The part of your licenses that is assigned fell from 59.10\u00a0% on 28 Aug 2026 to 56.60\u00a0%.",
        "Of your 6 Copilot licenses, 0 are assigned.",
        "Up to 30 licenses are assigned but not used in 28 days.",
    ]


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (
            {"renewalOutcome": "undecided"},
            "165 seats of Office 365 E3 end on 29 Dec 2026 (UTC) and nobody has decided: from then on they are",
        ),
        (
            {"renewalOutcome": "extendedServiceTerm", "renewalSeats": 1},
            "1 seat of Office 365 E3 ends on 29 Dec 2026 (UTC): from then on it is",
        ),
    ],
)
def test_who_has_to_decide_is_asked_to(ending, said):
    assert told(ending=ending, words=call_list.said) == [f"{said} paid monthly at about +3\u00a0%. Renew or cancel?"]


@pytest.mark.parametrize(
    ("zone", "end", "when"),
    [
        ("UTC", "2026-11-29T23:59:59Z", "on 29 Nov 2026 (UTC), in 3 hours"),
        ("Europe/Berlin", "2026-11-29T23:59:59Z", "on 30 Nov 2026, 00:59, in 3 hours"),
        ("America/Los_Angeles", "2026-11-29T23:59:59Z", "on 29 Nov 2026, 15:59, in 3 hours"),
        ("Europe/Berlin", "2026-11-30T22:59:59Z", "on 30 Nov 2026, in 1 day"),
        ("Europe/Berlin", "2026-11-29T21:20:00Z", "on 29 Nov 2026, 22:20, in less than an hour"),
        # The calendar has three days between, of which little more than two are left.
        ("Europe/Berlin", "2026-12-01T23:59:59Z", "on 2 Dec 2026, 00:59, in 2 days"),
    ],
)
def test_an_end_is_told_with_its_hour_and_with_what_is_left_in_truth(zone, end, when):
    at = datetime(2026, 11, 29, 21, tzinfo=UTC).astimezone(ZoneInfo(zone))
    instant = pd.Timestamp(end)
    day = instant.tz_convert(zone).tz_localize(None).normalize()
    assert told(ending={"renewal": instant, "renewalDay": day}, at=at) == [f"165 seats of Office 365 E3 renew {when}"]


def test_the_older_kind_ends_before_a_day_everywhere():
    older = {"renewal": pd.Timestamp("2026-12-01T00:00:00Z"), "renewalDay": pd.Timestamp("2026-12-01")}
    for zone in ("UTC", "Europe/Berlin", "America/Los_Angeles"):
        at = datetime(2026, 11, 29, 21, tzinfo=UTC).astimezone(ZoneInfo(zone))
        assert told(ending=older | {"renewalIsBefore": True}, at=at) == [
            "165 seats of Office 365 E3 renew before 1 Dec 2026, in 2 days"
        ]
        assert told(ending=older | {"renewalIsBefore": True}, at=at + timedelta(days=1)) == [
            "165 seats of Office 365 E3 renew before 1 Dec 2026, today is the last day"
        ]


@pytest.mark.parametrize(
    ("ending", "reason", "said"),
    [
        (
            {"toDecide": 5, "toDecideSeats": 28},
            "; nobody has decided; to be decided in all: 28 seats of 5 subscriptions",
            " Renew or cancel? In all, 28 seats of 5 subscriptions are to be decided within 60 days.",
        ),
        ({"toDecide": 1, "toDecideSeats": 165}, "; nobody has decided", " Renew or cancel?"),
    ],
)
def test_where_several_are_to_be_decided_their_sum_is_said(ending, reason, said):
    undecided = ending | {"renewalOutcome": "undecided"}
    assert told(ending=undecided)[0].endswith(f"in 31 days{reason}")
    assert told(ending=undecided, words=call_list.said)[0].endswith(said)


def test_what_is_said_has_the_digits_of_the_tiles():
    (said,) = [
        text
        for text in told({"licensesSold": 788, "licensesDeployed": 233}, moved=gone_down(-3.951), words=call_list.said)
        if "fell" in text
    ]
    assert said.endswith("fell from 33.52\u00a0% on 28 Aug 2026 to 29.57\u00a0%.")


def test_each_customer_is_told_of_its_own():
    facts = facts_of(COMMERCIAL_DEPLOYMENT, [DEPLOYED, DEPLOYED | {"customerTenantId": SOUTH, "licensesDeployed": 1}])
    table = call_list.prepared(facts)
    assert dict(zip(table["customerTenantId"], call_list.reasons(table), strict=True)) == {
        NORTH: [],
        SOUTH: ["99 licenses of Office 365 E3 are not deployed"],
    }


def test_a_customer_that_was_not_measured_is_not_told_of():
    figures = bought(40.0, 0.0) | gone_down(0.0) | {"since": SINCE}
    moved = pd.DataFrame(figures, index=pd.Index([SOUTH], name="customerTenantId"))
    assert call_list.reasons(call_list.prepared(facts_of(COMMERCIAL_DEPLOYMENT, [DEPLOYED]), moved)) == [[]]


def test_nobody_is_nobody():
    assert call_list.reasons(call_list.prepared(facts_of(COMMERCIAL_DEPLOYMENT, []))) == []


def test_nobody_is_asked_what_became_of_what_could_not_be_read():
    unread = [row | {"why": Absence.UNREAD} for row in gone(20, 10)]
    assert told(lost=unread, words=call_list.said) == []
    assert told(lost=unread)[0] == (
        "Could not be read in the newest answer: Visio Plan 2 (20 licenses sold on 18 Nov 2026) and 1 more product"
    )
    assert (
        told(lost=[*unread, *gone(5)])[0] == "Not in the newest answer: Visio Plan 2 (5 licenses sold on 18 Nov 2026)"
    )


def test_who_lost_products_is_asked_what_became_of_them():
    (said,) = told(lost=gone(20, 10), words=call_list.said)
    assert said.startswith("Microsoft's newest figures have no Visio Plan 2 of yours any more, of which you had")
    assert said.endswith("you had 20 licenses on 18 Nov 2026 and 1 more product: what became of them?")
    assert told(lost=gone(1), words=call_list.said)[0].endswith("1 license on 18 Nov 2026: what became of it?")
