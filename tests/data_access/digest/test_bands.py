"""Bands: which customers and services are out of theirs, on which side, and which rule says so."""

import pytest

from data_access import measures
from data_access.digest import bands
from data_access.digest.plan import Rule
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.rows import frame_of

NORD, SUED, WEST = (f"0112A436-B14E-4888-967B-CA4BB2CF000{number}" for number in (1, 2, 3))


def facts(*rows):
    return measures.facts(
        COMMERCIAL_DEPLOYMENT,
        frame_of(
            COMMERCIAL_DEPLOYMENT,
            [
                {"customerTenantId": tenant, "serviceCode": service, "licensesSold": 100, "licensesDeployed": deployed}
                for tenant, service, deployed in rows
            ],
        ),
    )


FACTS = facts((NORD, "o365", 50), (NORD, "crm", 100), (SUED, "o365", 90), (WEST, "o365", 99))


@pytest.mark.parametrize(
    ("rules", "outside"),
    [
        ([], {}),
        ([Rule(below=80)], {NORD: "below 80 %"}),
        ([Rule(preset="band")], {NORD: "below 85 %", WEST: "above 95 %"}),
        ([Rule(below=60, service="O365")], {NORD: "Microsoft 365 below 60 %"}),
        ([Rule(below=60)], {}),
        ([Rule(below=95, customer=SUED)], {SUED: "below 95 %"}),
        ([Rule(below=76, customer=NORD), Rule(below=80)], {NORD: "below 76 %"}),
        ([Rule(below=95, product="elsewhere")], {}),
        (
            [
                Rule(below=80),
                Rule(above=95, service="crm"),
                Rule(below=70, service="o365"),
                Rule(below=60, service="O365"),
            ],
            {NORD: "below 80 %; Dynamics 365 above 95 %; Microsoft 365 below 70 %"},
        ),
    ],
)
def test_customers_are_out_of_each_band_and_of_the_first_that_speaks_of_the_same(rules, outside):
    assert bands.of_customers(rules, FACTS) == outside


@pytest.mark.parametrize(
    ("rule", "percent", "side"),
    [
        (Rule(below=80), 80, ""),
        (Rule(below=80), 79.999, "below 80 %"),
        (Rule(above=95), 95, ""),
        (Rule(above=95), 100.5, "above 95 %"),
        (Rule(below=80), None, ""),
        (Rule(below=80), float("nan"), ""),
        (Rule(below=72.5), 0, "below 72.5 %"),
    ],
)
def test_the_limits_themselves_are_within_the_band(rule, percent, side):
    assert bands.left(rule, percent) == side


def test_a_service_is_judged_by_rules_about_services_alone():
    rules = [
        Rule(below=99, customer=NORD),
        Rule(below=99, product="E3"),
        Rule(below=60, service="O365"),
        Rule(above=95),
    ]
    rows = [("o365", 50.0), ("crm", 50.0), ("crm", 99.0), ("o365", None)]
    assert [bands.of_service(rules, *row) for row in rows] == ["below 60 %", "", "above 95 %", ""]
