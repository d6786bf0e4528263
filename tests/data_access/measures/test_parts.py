"""What a sum is made of, what of it is lost, and what it lacked on a date."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from data_access.measures import parts, trends
from data_access.measures.parts import OF_COMPANY, OF_CUSTOMER, Part
from data_access.measures.unread_rows import Absence, UnreadRows
from tests.data_access.measures.test_trends import history, of

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
RESELLER, DIRECT = {"channel": "reseller"}, {"channel": "direct"}


def gone(then, *now, compared=None):
    """What is called gone, and how many licenses it had, where an answer of these rows follows the others."""
    found = history(*then, (now[0], list(now[1:])))
    newest = found.frame[found.frame["snapshot"] == found.frame["snapshot"].max()]
    lines = trends.lines(found, OF_COMPANY)
    rows = parts.together(parts.missed(parts.absent(lines, newest, OF_COMPANY), lines, compared))
    return [*zip(rows[parts.TITLE], rows["licensesSold"], strict=True)]


def test_a_part_is_missing_between_answers_that_have_it_and_not_before_the_first():
    found = history(
        (2, [of("o365", 1)]),
        (3, [of("o365", 2), of("CRM", 2)]),
        (4, [of("o365", 3)]),
        (5, [of("o365", 4), of("crm", 4), of("teams", 4, licensesSold=0)]),
        (6, [of("o365", 5)]),
    )
    o365 = Part("o365", "reseller")
    assert parts.presence(found, OF_COMPANY).missing([o365]) == {"00000002": ["Dynamics 365"]}
    assert parts.presence(found, OF_COMPANY).lacking([o365]) == {"00000002": [Part("crm", "")]}
    still = parts.presence(found, OF_COMPANY).missing([o365, Part("Crm", "Reseller"), Part("teams", "reseller")])
    assert still == {"00000002": ["Dynamics 365"], "00000004": ["Dynamics 365"]}
    back_fill = trends.with_back_fills(found, ["00000002"])
    assert parts.presence(back_fill, OF_COMPANY).missing([o365]) == {}
    assert parts.presence(history((1, [])), OF_COMPANY).missing([]) == {}


def test_a_channel_of_a_service_is_missing_on_a_date_that_has_another_one_of_it():
    found = history(
        (2, [of("o365", 1, **RESELLER), of("o365", 1, **DIRECT), of("crm", 1, **DIRECT)]),
        (3, [of("o365", 2, **DIRECT)]),
        (4, [of("o365", 3, **RESELLER), of("o365", 3, **DIRECT), of("crm", 3, **DIRECT)]),
    )
    now = parts.of(found.frame, OF_COMPANY)
    assert parts.presence(found, OF_COMPANY).missing(now) == {
        "00000001": ["Dynamics 365", "Microsoft 365 through Reseller"]
    }


def test_a_service_that_lost_one_of_its_channels_is_named_with_it():
    whole = [of("o365", 1, licensesSold=1000), of("o365", 1, 90, **DIRECT), of("crm", 1, licensesSold=300)]
    assert gone([(2, whole)], 9, *whole) == []
    assert gone([(2, whole)], 9, *whole[1:]) == [("Microsoft 365 through Reseller", 1000)]
    assert gone([(2, whole)], 9, of("O365 ", 8, channel="Direct"), whole[2]) == [
        ("Microsoft 365 through Reseller", 1000)
    ]
    assert gone([(2, whole)], 9, of("crm", 8)) == [("Microsoft 365", 1100)]
    assert gone([(2, whole)], 9) == []


def test_a_part_that_answers_spelled_in_different_ways_is_lost_once_on_its_last_date():
    spelled = [("EMS", "direct", 1), ("ems", "Direct", 3), ("STRASSE", "direct", 2), ("straße", "DIRECT", 1)]
    lines = pd.DataFrame(
        [(*names, 10, BEGIN + timedelta(days=day)) for *names, day in spelled],
        columns=[*OF_COMPANY, "licensesSold", trends.AS_OF],
    )
    now = pd.DataFrame([("o365", "direct")], columns=[*OF_COMPANY])
    lost = parts.absent(lines, now, OF_COMPANY)
    assert {*zip(lost["service"], lost[trends.AS_OF], strict=True)} == {
        ("ems", BEGIN + timedelta(days=3)),
        ("STRASSE", BEGIN + timedelta(days=2)),
    }


def test_channels_that_are_not_there_for_different_reasons_are_told_apart():
    whole = history((2, [of("o365", 1, licensesSold=1000), of("o365", 1, licensesSold=50, **DIRECT)])).frame
    direct = {"service": "o365", "channel": "direct"}
    lost = parts.lost(whole, whole[:0], OF_COMPANY, unread=UnreadRows((direct,)))
    assert {*zip(lost[parts.TITLE], lost[parts.WHY], strict=True)} == {
        ("Microsoft 365 through Reseller", Absence.GONE),
        ("Microsoft 365 through Direct", Absence.UNREAD),
    }
    assert [*parts.lost(whole, whole[:0], OF_COMPANY)[parts.TITLE]] == ["Microsoft 365", "Microsoft 365"]


def test_channels_whose_last_figures_are_of_different_days_are_not_summed_under_one_date():
    whole = history((20, [of("o365", 19, licensesSold=1000), of("o365", 9, licensesSold=40, **DIRECT)]))
    assert {*gone_on(whole)} == {("Microsoft 365 through Reseller", 1000, 19), ("Microsoft 365 through Direct", 40, 9)}
    left_one_by_one = history(
        (2, [of("o365", 1, licensesSold=1000), of("o365", 1, licensesSold=40, **DIRECT)]),
        (9, [of("o365", 8, licensesSold=1100)]),
    )
    assert {*gone_on(left_one_by_one)} == {
        ("Microsoft 365 through Reseller", 1100, 8),
        ("Microsoft 365 through Direct", 40, 1),
    }
    of_one_day = history((20, [of("o365", 19, licensesSold=1000), of("o365", 19, licensesSold=40, **DIRECT)]))
    assert gone_on(of_one_day) == [("Microsoft 365", 1040, 19)]


def gone_on(whole):
    """What an answer with nothing but another service has lost, with the day since the beginning of the figures."""
    lines = trends.lines(whole, [*OF_COMPANY])
    now = pd.DataFrame([("crm", "reseller")], columns=[*OF_COMPANY])
    rows = parts.together(parts.absent(lines, now, OF_COMPANY))
    days = [(on - datetime(2026, 6, 1, tzinfo=UTC)).days for on in rows[trends.AS_OF]]
    return [*zip(rows[parts.TITLE], rows["licensesSold"], days, strict=True)]


def test_what_was_lost_long_ago_is_missed_where_a_date_with_it_is_compared():
    whole = [of("o365", 1), of("o365", 1, **DIRECT)]
    later = [(2 + 100, [of("o365", 101)])]
    assert gone([(2, whole), *later], 120, of("o365", 119)) == []
    first = trends.lines(history((2, whole)), [])
    assert gone([(2, whole), *later], 120, of("o365", 119), compared=first) == [("Microsoft 365 through Direct", 100)]


def test_each_customer_has_parts_of_its_own():
    rows = [("A", "VISIO PLAN 2", "direct", 5), ("A", "Visio Plan 2", "reseller", 3), ("B", "Project", "direct", 4)]
    names = ["customerTenantId", *OF_CUSTOMER, "licensesSold"]
    then = pd.DataFrame(rows, columns=names)
    now = pd.DataFrame([("A", "visio plan 2", "Reseller", 3), ("C", "Project", "direct", 4)], columns=names)
    lost = parts.lost(then, now, OF_CUSTOMER, ["customerTenantId"])
    assert list(lost[parts.TITLE]) == ["Visio Plan 2 through Direct", "Project"]
    everything = parts.lost(then, now[1:], OF_CUSTOMER, ["customerTenantId"])
    together = parts.together(everything, ["customerTenantId"])
    assert [*zip(together["customerTenantId"], together[parts.TITLE], together["licensesSold"], strict=True)] == [
        ("A", "Visio Plan 2", 8),
        ("B", "Project", 4),
    ]


def test_what_came_is_named_with_its_channel_where_the_service_was_there():
    found = history(
        (2, [of("o365", 1, **DIRECT), of("crm", 1, licensesSold=0)]),
        (3, [of("O365", 2, channel="Direct"), of("o365", 2, **RESELLER), of("crm", 2)]),
    )
    seen = parts.presence(found, OF_COMPANY)
    first, last = sorted(found.frame["snapshot"].unique())
    assert seen.new(first, last) == ["Dynamics 365", "Microsoft 365 through Reseller"]
    assert seen.new(last, first) == []


def test_a_row_that_does_not_tell_whose_it_is_counts_for_one_customer_only_with_a_part_that_this_one_had():
    known = pd.DataFrame({"productName": ["Visio", "Visio", "Project"], "channel": ["direct", "direct", "reseller"]})

    def told(*rows):
        return parts.half_read(UnreadRows(tuple(rows)), known[:0], known, OF_CUSTOMER)

    anybodys = {"productName": "microsoft 365 e3", "channel": "direct"}
    assert told(anybodys) == [], "nobody can tell whose it is, and this one never had it"
    assert told({"productName": "visio", "channel": "reseller"}) == [], "nor this"
    assert told(anybodys | {"customerTenantId": "a"}) == [Part("microsoft 365 e3", "direct")], "it is this one's"
    assert told({"productName": "visio", "channel": "direct"}) == [Part("Visio", "direct")], "it may be this one's"
    assert told({"productName": "project"}) == [Part("Project", "")]
