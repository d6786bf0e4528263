"""The subscriptions and live seats of the sample: in step with its analytics, up to differences that are meant."""

import json
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from data_access.emulator.sample import partner
from data_access.emulator.subscribed import as_written

TODAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def sample():
    return partner(as_of=TODAY)


@pytest.fixture(scope="module")
def subscriptions(sample):
    return [row for rows in sample.subscriptions.values() for row in rows]


def paid(sample):
    return [row for rows in sample.seats.values() for row in rows if row["totalUnits"] < 10_000]


def outcome(row):
    """What becomes of a subscription, told without the code's help; the sample's actions have one date each."""
    end = row.get("commitmentEndDateTime", row["commitmentEndDate"])
    actions = [action["actionType"] for action in row.get("scheduledActions", [])]
    if row["status"] in ("expired", "disabled", "deleted"):
        return "none"
    if end.startswith("9999"):
        return "no end"
    if actions or row["autoRenewEnabled"]:
        return (*actions, "by itself")[0]
    late = row["effectiveStartDate"] >= "2025-04-01" and end >= "2026-05-04"
    return "undecided" if late and not row["isTrial"] and row["productType"]["id"] == "OnlineServicesNCE" else "expires"


def test_every_fate_of_a_subscription_is_there(subscriptions):
    fates = Counter(map(outcome, subscriptions))
    assert set(fates) == {
        *("none", "no end", "Cancel", "RenewToExtendedServiceTerm", "RenewToNewTerm", "by itself", "Transition"),
        *("expires", "undecided"),
    }
    assert min(fates.values()) >= 8
    assert max(fates, key=fates.__getitem__) == "by itself"


def test_there_are_trials_add_ons_and_subscriptions_of_the_older_kind(subscriptions):
    assert sum(row["isTrial"] for row in subscriptions) > 10
    ids = {row["id"] for row in subscriptions}
    assert len(ids) == len(subscriptions)
    parents = [row["parentSubscriptionId"] for row in subscriptions if "parentSubscriptionId" in row]
    assert len(parents) > 5
    assert ids.issuperset(parents)
    older = [row for row in subscriptions if row["productType"]["id"] != "OnlineServicesNCE"]
    assert all(":" not in row["offerId"] and "commitmentEndDateTime" not in row for row in older)
    assert len(older) > 20


def test_a_subscription_is_in_a_term_of_its_length(subscriptions):
    days = {"P1M": (28, 31), "P1Y": (365, 366), "P3Y": (1095, 1096)}
    for row in subscriptions:
        start, end = (date.fromisoformat(row[name][:10]) for name in ("effectiveStartDate", "commitmentEndDate"))
        if end.year == 9999:
            continue
        inclusive = "commitmentEndDateTime" in row
        assert start <= TODAY <= end
        least, most = days[row["termDuration"]]
        assert least <= (end - start).days + inclusive <= most
        if inclusive:
            assert row["commitmentEndDateTime"] == f"{end}T23:59:59Z"
            assert re.fullmatch(rf"{start + timedelta(days=7)}T.*\.\d{{7}}Z", row["cancellationAllowedUntilDate"])


def test_live_seats_are_close_to_what_the_analytics_count(sample):
    sold = sum(row["licensesSold"] for row in sample.commercial_deployment)
    deployed = sum(row["licensesDeployed"] for row in sample.commercial_deployment)
    assert sum(row["activeUnits"] for row in paid(sample)) == pytest.approx(sold, rel=0.04)
    assert sum(row["consumedUnits"] for row in paid(sample)) == pytest.approx(deployed, rel=0.04)
    assert all(row["availableUnits"] == row["activeUnits"] - row["consumedUnits"] for row in paid(sample))


def test_most_products_are_the_same_in_both_and_some_are_not(sample):
    analytics: Counter[tuple[str, str]] = Counter()
    for row in sample.commercial_deployment:
        analytics[row["customerTenantId"], row["productId"]] += row["licensesSold"]
    live = {
        (tenant, row["productSku"]["id"].upper()): row["activeUnits"]
        for tenant, rows in sample.seats.items()
        for row in rows
    }
    same = sum(live.get(key) == sold for key, sold in analytics.items())
    assert 0.75 < same / len(analytics) < 0.97
    assert {units for key, units in live.items() if key not in analytics} >= {25, 10_000, 1_000_000}


def test_seats_can_be_suspended_or_in_grace(sample):
    assert sum(row["suspendedUnits"] for row in paid(sample)) > 0
    assert sum(row["warningUnits"] for row in paid(sample)) > 0


def test_what_is_not_of_entra_has_no_seats_and_no_entry_in_the_catalogue(sample, subscriptions):
    foreign = [row for row in subscriptions if row["offerName"] in ("Azure Plan", "Lantern Backup for Microsoft 365")]
    assert len(foreign) > 10
    assert not any(tuple(row["offerId"].split(":")[:2]) in sample.catalog for row in foreign)


def test_a_week_later_it_is_the_same_subscription_in_the_same_term_or_the_next(sample):
    later = partner(as_of=TODAY + timedelta(days=7))
    before = {row["id"]: row for rows in sample.subscriptions.values() for row in rows}
    after = {row["id"]: row for rows in later.subscriptions.values() for row in rows}
    assert before.keys() & after.keys() == before.keys()
    moved = [key for key, row in after.items() if row["effectiveStartDate"] != before[key]["effectiveStartDate"]]
    assert 0 < len(moved) < len(before) / 5
    assert all(after[key]["effectiveStartDate"] > before[key]["effectiveStartDate"] for key in moved)


def test_the_year_before_can_be_told():
    past = partner(as_of=TODAY, ago=364)
    rows = [row for rows in past.subscriptions.values() for row in rows]
    assert {row["effectiveStartDate"][:4] for row in rows} <= {"2022", "2023", "2024", "2025"}
    assert set(past.seats) == set(past.subscriptions) == {row["id"].upper() for row in past.customers}


def test_the_same_seed_and_day_give_the_same_bytes(sample):
    again = partner(as_of=TODAY)
    for name in ("customers", "subscriptions", "seats"):
        assert json.dumps(getattr(again, name)) == json.dumps(getattr(sample, name))


def test_products_are_written_as_offers_have_them():
    assert as_written("WINDOWS 365 BUSINESS 2 VCPU 8 GB") == "Windows 365 Business 2 vCPU 8 GB"
    assert as_written("POWER BI PREMIUM PER USER") == "Power BI Premium per User"
