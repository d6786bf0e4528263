"""Filter, groupby and processing date of the commercial collections, over HTTP."""

from collections import Counter

import pytest
import requests

from data_access.emulator import DEMO_TOKEN, Emulator, serving
from tests.data_access.emulator.asking import COMMERCIAL, COMMERCIAL_USAGE, ROWS, SAMPLE, value


def asked(base_url, path=COMMERCIAL, **query):
    return requests.get(
        base_url + path,
        params=query,
        headers={"Authorization": f"Bearer {DEMO_TOKEN}", "Accept": "application/json"},
        timeout=5,
    )


ONE = ROWS[0]
QUOTED = next(row["customerName"] for row in ROWS if "'" in row["customerName"])


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("channel eq 'direct'", lambda row: row["channel"] == "direct"),
        ("channel ne 'direct'", lambda row: row["channel"] != "direct"),
        ("channel eq 'DIRECT'", lambda _: False),
        (f"customerTenantId eq '{ONE['customerTenantId']}'", lambda row: row["customerName"] == ONE["customerName"]),
        ("customerName eq '" + QUOTED.replace("'", "''") + "'", lambda row: row["customerName"] == QUOTED),
        (
            "serviceCode eq 'o365' or (channel eq 'direct')",
            lambda r: r["serviceCode"] == "o365" or r["channel"] == "direct",
        ),
        (
            "serviceCode eq 'o365' or serviceCode eq 'crm' and channel eq 'direct'",
            lambda r: r["serviceCode"] == "o365" or (r["serviceCode"] == "crm" and r["channel"] == "direct"),
        ),
        (
            "( serviceCode eq 'o365' or serviceCode eq 'crm')and((channel ne 'direct'))",
            lambda r: r["serviceCode"] in ("o365", "crm") and r["channel"] != "direct",
        ),
        ("productName eq ' and (' or serviceName eq 'Microsoft Dynamics'", lambda r: r["serviceCode"] == "crm"),
    ],
)
def test_a_filter_keeps_the_rows_that_fit(address, text, fits):
    page = value(asked(address, filter=text))
    assert page["Value"] == [row for row in ROWS if fits(row)]
    assert page["TotalCount"] == len(page["Value"])


def test_usage_can_also_be_filtered_by_workload(address):
    found = value(asked(address, COMMERCIAL_USAGE, filter="workloadCode eq 'SFB'"))["Value"]
    assert found == [row for row in SAMPLE.commercial_usage if row["workloadName"] == "Skype For Business"]
    assert found


def test_the_documented_filter_only_fits_where_case_is_ignored(address):
    text = "serviceCode eq 'O365' or (channel eq 'Reseller')"
    assert value(asked(address, filter=text))["TotalCount"] == 0
    with serving(Emulator(SAMPLE, ignore_case=True)) as base_url:
        fitting = [row for row in ROWS if row["serviceCode"] == "o365" or row["channel"] == "reseller"]
        assert value(asked(base_url, filter=text))["Value"] == fitting


@pytest.mark.parametrize(
    "text",
    [
        "channel",
        "channel eq",
        "channel eq direct",
        "channel gt 'a'",
        'channel eq "direct"',
        "licensesSold eq '1'",
        "workloadCode eq 'SFB'",
        "channel eq 'it's'",
        "channel eq 'a' and",
        "channel eq 'a' channel eq 'b'",
        "and channel eq 'a'",
        "(channel eq 'a'",
        "channel eq 'a')",
        "()",
        "(" * 3000,
        "contains(customerName,'x')",
        "channel eq 'a'; drop",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(address, text):
    answer = asked(address, filter=text)
    assert (answer.status_code, answer.json()["code"]) == (400, 3000)


@pytest.mark.parametrize("names", ["channel", "serviceCode,channel", "customerTenantId, customerName"])
def test_grouping_adds_up_the_counts(address, names):
    keys = names.replace(" ", "").split(",")
    sums: dict[tuple[str, ...], Counter[str]] = {}
    for row in ROWS:
        counts = sums.setdefault(tuple(row[key] for key in keys), Counter())
        counts.update(licensesDeployed=row["licensesDeployed"], licensesSold=row["licensesSold"])
    page = value(asked(address, groupby=names))
    assert page["Value"] == [{**dict(zip(keys, key, strict=True)), **counts} for key, counts in sums.items()]
    assert page["TotalCount"] == len(sums)


def test_grouping_usage_adds_up_after_filtering(address):
    question = {"groupby": "workloadName", "filter": "serviceCode eq 'crm'"}
    found = value(asked(address, COMMERCIAL_USAGE, **question))["Value"]
    rows = [row for row in SAMPLE.commercial_usage if row["serviceCode"] == "crm"]
    assert {row["workloadName"] for row in found} == {"Microsoft Dynamics CRM", "SharePoint"}
    for name in ("licenseActive", "licensesQualified"):
        assert sum(row[name] for row in found) == sum(row[name] for row in rows)


def test_grouped_counts_may_be_text():
    with serving(Emulator(SAMPLE, counts_as_text=True)) as base_url:
        grouped = value(asked(base_url, groupby="channel"))["Value"]
        plain = value(asked(base_url, top=1))["Value"]
    assert sum(int(row["licensesSold"]) for row in grouped) == sum(row["licensesSold"] for row in ROWS)
    assert {type(row["licensesSold"]) for row in grouped} == {str}
    assert type(plain[0]["licensesSold"]) is int


def test_only_the_documented_fields_can_be_grouped_by(address):
    assert asked(address, groupby="channel,licensesSold").status_code == 400
    assert asked(address, groupby="workloadCode").status_code == 400
    assert asked(address, COMMERCIAL_USAGE, groupby="workloadCode").status_code == 200


def test_a_day_picks_what_was_processed_on_it(address):
    day = ONE["processedDateTime"][:10]
    found = value(asked(address, processedDateTime=day))["Value"]
    assert found == [row for row in ROWS if row["processedDateTime"].startswith(day)]
    assert 0 < len(found) < len(ROWS)
