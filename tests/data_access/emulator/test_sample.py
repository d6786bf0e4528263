"""The invented partner: consistent with itself, the same for the same seed and day, and not too well behaved."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest

from data_access.emulator import documented
from data_access.emulator.sample import CHANNELS, HOSTILE_NAMES, SERVICES, Partner, partner

TODAY = date(2026, 3, 31)
EVERY = sum(len(service.products) for service in SERVICES)
COLLECTIONS = ("deployment", "usage", "commercial_deployment", "commercial_usage")


@pytest.fixture(scope="module")
def sample():
    return partner(as_of=TODAY)


def as_bytes(source):
    rows = [getattr(source, name) for name in (*COLLECTIONS, "customer_deployments", "customer_usages")]
    return json.dumps(rows).encode()


def added(rows, keys, part, whole):
    """Percent and whole by key, the plain way."""
    sums: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        pair = sums[tuple(row[key] for key in keys)]
        pair[0] += row[part]
        pair[1] += row[whole]
    return {key: (round(part / whole * 100, 2) if whole else 0.0, whole) for key, (part, whole) in sums.items()}


def test_twenty_services_in_four_channels_the_documented_ones_first(sample):
    services = list(dict.fromkeys(row["serviceName"] for row in sample.deployment))
    assert services == [service.code for service in SERVICES]
    assert services[:2] == ["o365", "crm"]
    assert len(services) == 20
    assert {row["channel"] for row in sample.deployment} == set(CHANNELS)
    assert len(sample.deployment) == 80


def test_partner_deployment_is_the_sum_of_what_customers_have(sample):
    sums = added(sample.commercial_deployment, ("serviceCode", "channel"), "licensesDeployed", "licensesSold")
    assert sums == {
        (row["serviceName"], row["channel"]): (row["proratedDeploymentPercent"], row["licensesSold"])
        for row in sample.deployment
    }


def test_partner_usage_is_the_sum_of_what_customers_use(sample):
    keys = ("serviceCode", "workloadName", "channel")
    sums = added(sample.commercial_usage, keys, "licenseActive", "licensesQualified")
    assert {key: percent for key, (percent, _) in sums.items()} == {
        (row["serviceName"], row["workloadName"], row["channel"]): row["proratedLicensesUsagePercent"]
        for row in sample.usage
    }


def test_a_customers_rows_are_its_commercial_rows(sample):
    customer = sample.commercial_deployment[0]["customerTenantId"]
    theirs = [row for row in sample.commercial_deployment if row["customerTenantId"] == customer]
    shared = ("customerName", "productName", "licensesDeployed", "licensesSold", "channel")
    assert [[row[key] for key in shared] for row in sample.customer_deployment(customer.lower())] == [
        [row[key] for key in shared] for row in theirs
    ]
    used = [row for row in sample.commercial_usage if row["customerTenantId"] == customer]
    shared = ("customerName", "productName", "workloadName", "licensesQualified", "channel")
    assert [[row[key] for key in shared] for row in sample.customer_usage(customer)] == [
        [row[key] for key in shared] for row in used
    ]
    assert [row["licensesActive"] for row in sample.customer_usage(customer)] == [row["licenseActive"] for row in used]


def test_a_stranger_has_no_rows(sample):
    stranger = "00000000-0000-0000-0000-000000000000"
    for rows_of in (sample.customer_deployment, sample.customer_usage):
        with pytest.raises(KeyError):
            rows_of(stranger)


def test_rows_have_the_fields_of_the_published_ones_in_their_order(sample):
    published = documented()
    for name in COLLECTIONS:
        assert [list(row) for row in getattr(sample, name)[:1]] == [list(getattr(published, name)[0])]
    for name in ("customer_deployments", "customer_usages"):
        ours, theirs = (next(iter(getattr(source, name).values()))[0] for source in (sample, published))
        assert list(ours) == list(theirs)
        assert ours["attributes"] == theirs["attributes"]


def test_counts_are_whole_and_percents_never_are(sample):
    assert {type(row["licensesSold"]) for row in sample.deployment} == {int}
    assert {type(row["proratedDeploymentPercent"]) for row in sample.deployment} == {float}
    assert {type(row["proratedLicensesUsagePercent"]) for row in sample.usage} == {float}


def test_the_numbers_are_those_of_a_middling_partner(sample):
    sold = {(row["serviceName"], row["channel"]): row["licensesSold"] for row in sample.deployment}
    percents = {(row["serviceName"], row["channel"]): row["proratedDeploymentPercent"] for row in sample.deployment}
    assert 20_000 < sum(sold.values()) < 90_000
    assert min(percents[service.code, "reseller"] for service in SERVICES) < 30
    assert max(percents[service.code, "reseller"] for service in SERVICES) > 90


@pytest.mark.parametrize("seed", range(5))
def test_every_partner_shows_the_awkward_cases(seed):
    rows = {(row["serviceName"], row["channel"]): row for row in partner(seed, as_of=TODAY).deployment}
    assert rows["exo", "direct"]["proratedDeploymentPercent"] > 100
    assert rows["mip", "indirect"]["proratedDeploymentPercent"] == 0.0
    assert rows["mip", "indirect"]["licensesSold"] > 0
    assert rows["yammer", "advisor"]["licensesSold"] == 0


def test_customers_have_names_of_their_own_some_of_them_hostile(sample):
    names = {row["customerTenantId"]: row["customerName"] for row in sample.commercial_deployment}
    assert len(names) == len(set(names.values())) == 120
    assert set(HOSTILE_NAMES) < set(names.values())
    assert all(identifier == identifier.upper() for identifier in names)


def test_services_are_processed_on_different_days_and_usage_after_deployment(sample):
    def moments(rows):
        return {row["serviceName"]: datetime.fromisoformat(row["processedDateTime"]) for row in rows}

    deployed, used = moments(sample.deployment), moments(sample.usage)
    midnight = datetime(2026, 3, 31, tzinfo=UTC)
    ages = {midnight - moment for moment in deployed.values()}
    assert min(ages) < timedelta(hours=4)
    assert timedelta(days=8) < max(ages) <= timedelta(days=10)
    assert all(used[service] < deployed[service] for service in used)


def test_dates_come_in_the_documented_spellings(sample):
    stamps = [row["processedDateTime"] for row in sample.deployment]
    assert any(stamp.endswith("T00:00:00+00:00") for stamp in stamps)
    assert any(stamp.endswith(".36+00:00") for stamp in stamps)
    assert {len(row["processedDateTime"]) for row in sample.commercial_deployment} == {len("2018-10-14T00:00:00")}


def test_the_same_seed_and_day_give_the_same_bytes():
    once, again, another = (as_bytes(partner(seed, as_of=TODAY, customers=30)) for seed in (7, 7, 8))
    assert once == again
    assert once != another


def test_a_month_later_it_is_the_same_partner_a_little_further(sample):
    later = partner(as_of=TODAY + timedelta(days=30))
    owned = ("customerName", "customerTenantId", "productId", "channel")
    before, after = sample.commercial_deployment, later.commercial_deployment
    assert [[row[key] for key in owned] for row in before] == [[row[key] for key in owned] for row in after]
    steps = [
        new["proratedDeploymentPercent"] - old["proratedDeploymentPercent"]
        for old, new in zip(sample.deployment, later.deployment, strict=True)
        if old["licensesSold"] > 500  # in small numbers one license is a leap
    ]
    assert min(steps) < 0 < max(steps)
    assert max(map(abs, steps)) < 4


@pytest.mark.parametrize(
    ("customers", "products", "rows"), [(0, 12, 0), (1, 1, 1), (3, 500, 3 * EVERY), (1200, 3, 3600)]
)
def test_a_partner_has_the_size_asked_for(customers, products, rows):
    sized = partner(as_of=TODAY, customers=customers, products=products)
    assert len(sized.commercial_deployment) == rows
    assert len({row["customerName"] for row in sized.commercial_deployment}) == customers


def test_a_partner_can_be_given_its_rows():
    odd = [{"licensesSold": "many"}, None]
    assert Partner(deployment=odd).deployment == odd
    assert Partner(customer_usages={"A-B": odd}).customer_usage("a-b") == odd
