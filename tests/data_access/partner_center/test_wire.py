"""Reading rows: Microsoft's own variants are read, what would be a guess is set aside with its reason."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.partner_center import wire
from tests.partner import customer, sku, subscription

ROW = {
    "proratedDeploymentPercent": 26.16,
    "licensesSold": 474,
    "processedDateTime": "2017-10-13T03:55:46.21Z",
    "serviceName": "o365",
    "channel": "reseller",
}


def read_one(**changes):
    row = {key: value for key, value in (ROW | changes).items() if value is not ...}
    readable, set_aside = wire.read(wire.PartnerDeployment, [row])
    return readable[0] if readable else set_aside[0].reason


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2017-03-10T00:00:00+00:00", datetime(2017, 3, 10, tzinfo=UTC)),
        ("2017-03-14T03:25:16.36+00:00", datetime(2017, 3, 14, 3, 25, 16, 360000, tzinfo=UTC)),
        ("2017-10-09T00:00:00Z", datetime(2017, 10, 9, tzinfo=UTC)),
        ("2018-10-14T00:00:00", datetime(2018, 10, 14, tzinfo=UTC)),
        ("2017-03-10T01:00:00+01:00", datetime(2017, 3, 10, tzinfo=UTC)),
        ("2017-03-14T03:25:16.1234567Z", datetime(2017, 3, 14, 3, 25, 16, 123456, tzinfo=UTC)),
        ("", None),
        (" ", None),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59.9999999", None),
        ("9999-12-31T23:59:59-12:00", None),
        (None, None),
    ],
)
def test_every_date_variant_is_read_as_utc(sent, read):
    assert read_one(processedDateTime=sent)["processedDateTime"] == read


@pytest.mark.parametrize(("sent", "read"), [(474, 474), (474.0, 474), ("474", 474), ("474.0", 474), (" 474 ", 474)])
def test_counts_come_as_numbers_and_as_text(sent, read):
    assert read_one(licensesSold=sent)["licensesSold"] == read


@pytest.mark.parametrize(("sent", "read"), [(0.0, 0.0), (1, 1.0), ("26.16", 26.16), (131.25, 131.25)])
def test_percents_stay_percent_points_and_are_never_capped(sent, read):
    assert read_one(proratedDeploymentPercent=sent)["proratedDeploymentPercent"] == read


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"licensesSold": ...}, "licensesSold is missing"),
        ({"licensesSold": None}, "licensesSold is not a number"),
        ({"licensesSold": True}, "licensesSold is not a number"),
        ({"licensesSold": "1_000"}, "licensesSold is not a number"),
        ({"licensesSold": "many"}, "licensesSold is not a number"),
        ({"licensesSold": "NaN"}, "licensesSold is not a number"),
        ({"licensesSold": "-Infinity"}, "licensesSold is not a number"),
        ({"licensesSold": float("inf")}, "licensesSold is not a finite number"),
        ({"licensesSold": 4.5}, "licensesSold is not a whole number"),
        ({"licensesSold": -1}, "licensesSold is negative"),
        ({"licensesSold": 2**63}, "licensesSold is too large"),
        ({"licensesSold": wire.MOST_LICENSES}, "licensesSold is too large"),
        ({"proratedDeploymentPercent": 1e308}, "proratedDeploymentPercent is too large"),
        ({"proratedDeploymentPercent": wire.HIGHEST_PERCENT + 0.01}, "proratedDeploymentPercent is too large"),
        ({"licensesSold": [1]}, "licensesSold is not a number"),
        ({"proratedDeploymentPercent": ...}, "proratedDeploymentPercent is missing"),
        ({"proratedDeploymentPercent": None}, "proratedDeploymentPercent is missing"),
        ({"proratedDeploymentPercent": float("nan")}, "proratedDeploymentPercent is missing"),
        ({"proratedDeploymentPercent": "NaN"}, "proratedDeploymentPercent is missing"),
        ({"proratedDeploymentPercent": "Infinity"}, "proratedDeploymentPercent is missing"),
        ({"proratedDeploymentPercent": "12 %"}, "proratedDeploymentPercent is not a number"),
        ({"serviceName": ...}, "serviceName is missing"),
        ({"serviceName": "  "}, "serviceName is empty"),
        ({"serviceName": ""}, "serviceName is empty"),
        ({"serviceName": 365}, "serviceName is not text"),
        ({"channel": "\ud800"}, "channel holds broken characters"),
        ({"processedDateTime": "yesterday"}, "processedDateTime is not an ISO 8601 date"),
        ({"processedDateTime": 20171013}, "processedDateTime is not an ISO 8601 date"),
    ],
)
def test_what_would_be_a_guess_is_set_aside(changes, reason):
    assert read_one(**changes) == reason


@pytest.mark.parametrize("sent", [None, "NaN", "nan", "Infinity", "-Infinity", float("nan"), float("inf"), ...])
def test_nothing_sold_needs_no_percent(sent):
    row = read_one(licensesSold=0, proratedDeploymentPercent=sent)
    assert (row["licensesSold"], row.get("proratedDeploymentPercent")) == (0, None)


def test_the_largest_figures_are_read():
    row = read_one(licensesSold=wire.MOST_LICENSES - 1, proratedDeploymentPercent=wire.HIGHEST_PERCENT)
    assert (row["licensesSold"], row["proratedDeploymentPercent"]) == (10**12 - 1, 10**6)


@pytest.mark.parametrize("sent", ["O365/Reseller", "straße", " o365 ", "two  spaces", "Mu\u0308ller"])
def test_texts_are_read_as_they_were_sent(sent):
    assert read_one(serviceName=sent)["serviceName"] == sent


@pytest.mark.parametrize("respelled", [str.upper, str.lower, str.title, lambda name: name[0].upper() + name[1:]])
def test_a_known_field_is_known_in_any_capitals(respelled):
    readable, set_aside = wire.read(wire.PartnerDeployment, [{respelled(name): value for name, value in ROW.items()}])
    assert readable == wire.read(wire.PartnerDeployment, [ROW])[0]
    assert not set_aside


@pytest.mark.parametrize("respelled", [str.upper, str.lower, lambda name: name[0].upper() + name[1:]])
@pytest.mark.parametrize(
    ("row", "sent"),
    [(wire.Customer, customer("a")), (wire.Subscription, subscription()), (wire.Seats, sku())],
    ids=["customers", "subscriptions", "seats"],
)
def test_so_is_one_from_which_something_is_read(row, sent, respelled):
    ours = {"id", "companyProfile", "productType", "billingType", "links", "productSku", "attributes"} & sent.keys()
    (as_ours,), (otherwise,) = (
        wire.read(row, [rows])[0]
        for rows in (sent, {respelled(name) if name in ours else name: value for name, value in sent.items()})
    )
    assert otherwise == as_ours


def test_two_spellings_of_it_in_one_row_are_two_fields():
    ((row,), _) = wire.read(wire.Subscription, [subscription(BillingType="usage")])
    assert (row["billingType"], row["BillingType"]) == ("license", "usage")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-12-14T 23:59:59Z", "2026-12-14T 23:59:59Z"),
        ("0001-01-01T00:00:00", None),
        ("9999-12-10T00:00:00Z", "9999-12-10T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("name", ["commitmentEndDateTime", "cancellationAllowedUntilDate", "effectiveStartDate"])
def test_a_date_with_a_space_is_read_and_one_in_the_year_1_is_none(name, sent, kept):
    (row,), set_aside = wire.read(wire.Subscription, [subscription(**{name: sent})])
    assert not set_aside
    assert row[name] == kept


def test_a_field_that_is_there_in_two_spellings_is_the_one_that_we_know():
    row = read_one(LicensesSold=7, LICENSESSOLD=8)
    assert (row["licensesSold"], row["LicensesSold"], row["LICENSESSOLD"]) == (474, 7, 8)


def test_of_two_strange_spellings_the_first_counts_and_the_other_is_kept():
    row = read_one(licensesSold=..., LicensesSold=7, LICENSESSOLD=8)
    assert (row["licensesSold"], row["LICENSESSOLD"]) == (7, 8)
    assert "LicensesSold" not in row


def spelled(number, name="licensesSold"):
    """A name in so many spellings that differ in capitals."""
    signs = range(len(name))
    return ["".join(name[at].swapcase() if way >> at & 1 else name[at] for at in signs) for way in range(1, number + 1)]


def test_rows_that_would_make_too_many_columns_are_set_aside():
    rows = [ROW | dict.fromkeys(spelled(4_000), 1), ROW | dict.fromkeys(spelled(500), 1), ROW | {"more": 1}, ROW]
    readable, set_aside = wire.read(wire.PartnerDeployment, rows)
    assert [len(row) for row in readable] == [len(ROW) + 500, len(ROW)]
    reason = "would make more than 500 columns of fields that are not known"
    assert [(row.position, row.reason) for row in set_aside] == [(1, reason), (3, reason)]


def test_unknown_fields_are_kept():
    assert read_one(region={"name": "EMEA"})["region"] == {"name": "EMEA"}


def test_a_row_that_is_no_object_is_set_aside_under_its_position():
    readable, set_aside = wire.read(wire.PartnerDeployment, [ROW, 7, None, "x", []])
    assert len(readable) == 1
    assert [(row.position, row.reason) for row in set_aside] == [
        (position, "row is not an object") for position in (2, 3, 4, 5)
    ]


def test_a_broken_field_name_sets_its_row_aside():
    assert "broken characters" in read_one(**{"x\ud800": 1})


def test_the_documented_misspelling_is_understood():
    row = {"workloadName": "Exchange", "serviceCode": "o365", "channel": "reseller", "customerTenantId": "A"}
    for name in ("licenseActive", "LicenseActive"):
        readable, _ = wire.read(wire.CommercialUsage, [row | {name: 3, "licensesQualified": 4}])
        assert readable[0]["licensesActive"] == 3


def test_a_name_with_half_a_character_sets_its_row_aside():
    row = {"serviceCode": "o365", "channel": "reseller", "customerTenantId": "A", "customerName": "\ud800"}
    _, (aside,) = wire.read(wire.CommercialDeployment, [row | {"licensesDeployed": 3, "licensesSold": 4}])
    assert aside.reason == "customerName holds broken characters"


def test_a_reason_never_quotes_what_arrived():
    assert "Contoso" not in read_one(licensesSold="Contoso", processedDateTime="Contoso", channel={"Contoso": 1})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={name: st.just(value) | json_values for name, value in ROW.items()})
        | json_values,
        max_size=6,
    )
)
def test_every_row_is_either_readable_or_set_aside(rows):
    readable, set_aside = wire.read(wire.PartnerDeployment, rows)
    assert len(readable) + len(set_aside) == len(rows)
    for row in readable:
        assert isinstance(row["licensesSold"], int)
        assert row["licensesSold"] >= 0
