"""What is asked for: a filter, a grouping, a processing date, one customer."""

from collections import Counter
from datetime import date
from urllib.parse import unquote

import pytest

from data_access import Query, errors
from data_access.emulator import (
    Emulator,
    documented,
)
from data_access.emulator.sample import partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE
from tests.data_access.partner_center.paged import of
from tests.rows import rows_of

INVENTED = partner(as_of=date(2026, 3, 31), customers=25)
COMMERCIAL = {
    COMMERCIAL_DEPLOYMENT: (INVENTED.commercial_deployment, ["licensesDeployed", "licensesSold"]),
    COMMERCIAL_USAGE: (INVENTED.commercial_usage, ["licensesActive", "licensesQualified"]),
}
commercial = pytest.mark.parametrize("collection", COMMERCIAL, ids=lambda collection: collection.name)


def sums(rows, fields, counts):
    """The counts of all rows added up by hand, `licenseActive` under the name in the documentation's table."""
    found: dict[tuple[str, ...], Counter[str]] = {}
    for row in rows:
        added = found.setdefault(tuple(row[field] for field in fields), Counter())
        added.update({name: row.get(name, row.get("licenseActive")) for name in counts})
    return [(*key, *(added[name] for name in counts)) for key, added in found.items()]


@commercial
@pytest.mark.parametrize("counts_as_text", [False, True])
@pytest.mark.parametrize("fields", [("channel",), ("serviceCode", "channel"), ("customerTenantId", "customerName")])
def test_grouped_rows_are_the_fields_and_the_sums(collection, fields, counts_as_text, connect):
    rows, counts = COMMERCIAL[collection]
    emulator = Emulator(INVENTED, counts_as_text=counts_as_text, page_limit=7)
    frame = connect(emulator).fetch(collection, Query(groupby=fields)).frame
    assert list(frame.columns) == [*fields, *counts]
    assert list(frame.itertuples(index=False, name=None)) == sums(rows, fields, counts)
    assert frame.dtypes.astype(str).to_dict() == dict.fromkeys(fields, "str") | dict.fromkeys(counts, "int64")


def test_usage_is_grouped_by_its_workloads_too(connect):
    rows, counts = COMMERCIAL[COMMERCIAL_USAGE]
    found = connect(Emulator(INVENTED)).fetch(COMMERCIAL_USAGE, Query(groupby=("workloadCode", "workloadName")))
    fields = ("workloadCode", "workloadName")
    assert list(found.frame.itertuples(index=False, name=None)) == sums(rows, fields, counts)


@pytest.mark.parametrize("field", ["channel", "serviceCode", "customerName"])
def test_a_group_without_a_name_is_a_group(field, connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{}, {field: None}, {field: None}])
    found = connect(of(rows)).fetch(COMMERCIAL_DEPLOYMENT, Query(groupby=(field,)))
    assert found.frame["licensesSold"].tolist() == [100, 200]
    assert found.frame[field].isna().tolist() == [False, True]
    assert found.frame.dtypes.astype(str).to_dict()[field] == "str"
    assert found.set_aside == ()


@commercial
def test_a_filter_and_a_customer_narrow_the_rows_on_every_page(collection, connect):
    rows, counts = COMMERCIAL[collection]
    tenant = Counter(row["customerTenantId"] for row in rows).most_common(1)[0][0]
    emulator = Emulator(INVENTED, page_limit=3)
    query = Query(tenant.lower(), "channel ne 'nobody' and serviceCode ne 'crm' or channel eq 'it''s'")
    frame = connect(emulator).fetch(collection, query).frame
    expected = [row for row in rows if row["customerTenantId"] == tenant and row["serviceCode"] != "crm"]
    assert len(emulator.requests) > 1
    assert list(frame["productName"]) == [row["productName"] for row in expected]
    assert frame[counts[1]].tolist() == [row[counts[1]] for row in expected]


def test_a_filter_is_encoded_as_documented(connect):
    emulator = Emulator(documented())
    customer = "0112A436-B14E-4888-967B-CA4BB2CF1234"
    connect(emulator).fetch(COMMERCIAL_DEPLOYMENT, Query(customer))
    (asked,) = emulator.requests
    assert f"filter=customerTenantId%20eq%20%27{customer}%27" in asked.target


@commercial
def test_a_filter_that_makes_no_sense_is_a_bad_request(collection, connect):
    with pytest.raises(errors.BadRequest, match="did not accept") as raised:
        connect(Emulator(INVENTED)).fetch(collection, Query(filter="channel is direct"))
    assert raised.value.details.code == "3000"


@commercial
def test_a_processing_date_picks_its_rows(collection, connect):
    rows, _ = COMMERCIAL[collection]
    day = date.fromisoformat(rows[0]["processedDateTime"][:10])
    emulator = Emulator(INVENTED)
    frame = connect(emulator).fetch(collection, Query(processed=day)).frame
    expected = [row for row in rows if row["processedDateTime"].startswith(str(day))]
    assert 0 < len(expected) < len(rows)
    assert list(frame["productName"]) == [row["productName"] for row in expected]
    assert set(frame["processedDateTime"].dt.date) == {day}
    assert f"processedDateTime={day}T00:00:00" in unquote(emulator.requests[0].target)


@commercial
def test_all_three_go_together(collection, connect):
    rows, counts = COMMERCIAL[collection]
    day = date.fromisoformat(rows[0]["processedDateTime"][:10])
    query = Query(filter="channel eq 'reseller'", groupby=("serviceCode",), processed=day)
    frame = connect(Emulator(INVENTED, counts_as_text=True)).fetch(collection, query).frame
    expected = [row for row in rows if row["channel"] == "reseller" and row["processedDateTime"].startswith(str(day))]
    assert 0 < len(expected) < len(rows)
    assert list(frame.itertuples(index=False, name=None)) == sums(expected, ("serviceCode",), counts)
