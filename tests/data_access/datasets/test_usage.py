"""What is used of that which was sold."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import Answer, NotPermitted, Selection, fetch_usage
from data_access.datasets import usage
from data_access.datasets.usage import Source
from data_access.emulator import Emulator, answer
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, USAGE
from data_access.partner_center.retry import RetryPolicy
from tests.examples import examples
from tests.rows import frame_of, rows_of

ALL = Selection()
TENANT, OTHER = (f"{digit * 8}-B14E-4888-967B-CA4BB2CF1234" for digit in "AB")
COUNTS, PERCENTS, LICENSES = "/commercial/usage", "/analytics/licenses/usage", "/commercial/deployment"
PARTNER = Partner(
    usage=rows_of(USAGE, [{}]),
    commercial_usage=rows_of(COMMERCIAL_USAGE, [{}]),
    commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{}]),
)


def fetched(collection, changes):
    return Source(collection, Answer(collection, frame_of(collection, changes), (), None, datetime.now(UTC), "id"))


def usage_of(sold=(), active=(), percents=()):
    """What these changes of the default rows are put together to."""
    return usage.put_together(
        fetched(COMMERCIAL_USAGE, active), fetched(USAGE, percents), fetched(COMMERCIAL_DEPLOYMENT, sold)
    )


def split(found):
    """Used, unused and without usage figures."""
    return tuple(int(found.licenses[name].sum()) for name in ("used", "unused", "noUsageFigures"))


# Licenses side by side with their use. The default rows: 100 sold, 50 deployed; 30 of 100 active.


@pytest.mark.parametrize(
    ("sold", "active", "expected"),
    [
        ([{}], [{}], (30, 20, 0)),
        ([{}], [], (0, 0, 50)),
        ([], [{}], (0, 0, 0)),
        ([{}], [{"licenseActive": 0}], (0, 50, 0)),
        ([{}], [{"licenseActive": 70}], (50, 0, 0)),
        ([{"licensesDeployed": 0}], [{"licenseActive": 3}], (0, 0, 0)),
        ([{"licensesDeployed": 120}], [{}], (30, 90, 0)),
    ],
    ids=["some", "no usage row", "no deployment row", "none", "more than deployed", "not deployed", "over-deployed"],
)
def test_deployed_is_used_or_not_or_without_figures(sold, active, expected):
    assert split(usage_of(sold, active)) == expected


def test_the_most_active_workload_stands_for_the_product():
    active = [{"workloadName": name, "licenseActive": number} for name, number in (("A", 10), ("B", 45), ("C", 0))]
    assert split(usage_of([{}], active)) == (45, 5, 0)


def test_rows_of_one_workload_are_added_up_before_workloads_are_compared():
    active = [{"licenseActive": 20}, {"licenseActive": 20}, {"workloadName": "B", "licenseActive": 30}]
    assert split(usage_of([{}], active)) == (40, 10, 0)


def test_rows_of_one_product_are_added_up_before_they_are_compared():
    assert split(usage_of([{"licensesDeployed": 10}, {"licensesDeployed": 20}], [{"licenseActive": 25}])) == (25, 5, 0)


def test_what_one_product_has_too_much_does_not_hide_what_another_lacks():
    other = {"productId": "B", "productName": "B"}
    found = usage_of([{}, other], [{"licenseActive": 90}, {"licenseActive": 10} | other])
    assert split(found) == (60, 40, 0)


@pytest.mark.parametrize("name", ["customerTenantId", "serviceCode", "channel", "productId"])
def test_another_customer_service_channel_or_product_has_figures_of_its_own(name):
    assert split(usage_of([{}], [{name: "another"}])) == (0, 0, 50)


@pytest.mark.parametrize(
    ("sold", "active"),
    [
        ({"serviceCode": "Teams"}, {"serviceCode": "TEAMS"}),
        ({"channel": "Reseller"}, {"channel": "reseller"}),
        ({"customerTenantId": "ABC"}, {"customerTenantId": "abc"}),
        ({"productId": "ABC"}, {"productId": "abc"}),
        ({"productId": None, "productName": "E3"}, {"productId": "", "productName": "e3"}),
        ({"productId": None}, {}),
        ({}, {"productId": None}),
        ({"productName": "renamed"}, {}),
        ({"productId": None, "productName": "Visio  Plan 2"}, {"productId": None, "productName": "VISIO PLAN 2 "}),
        ({"productId": None, "productName": "Mu\u0308ller"}, {"productId": None, "productName": "müller"}),
        ({"serviceCode": "Straße", "channel": "Direct "}, {"serviceCode": "STRASSE", "channel": "direct"}),
        ({"productId": None, "productName": None}, {"productId": None, "productName": ""}),
    ],
)
def test_the_same_in_other_words_is_the_same(sold, active):
    assert split(usage_of([sold], [active])) == (30, 20, 0)


def test_one_row_is_never_compared_twice():
    sold = [{"licensesDeployed": 20}, {"licensesDeployed": 20, "productId": None}]
    assert split(usage_of(sold, [{}])) == (30, 10, 0)


def test_codes_have_one_spelling_in_all_three():
    found = usage_of([{"serviceCode": "Teams"}], [{"serviceCode": "TEAMS"}], [{"serviceName": "teams"}])
    assert found.services == ["teams"]
    assert found.channels == ["reseller"]


def test_workloads_are_one_however_they_are_spelled():
    found = usage_of(
        [{}], [{"workloadName": "Exchange"}, {"workloadName": " EXCHANGE"}], [{"workloadName": "exchange"}]
    )
    (row,) = usage.by_workload(found, ALL).to_dict("records")
    assert (row["workloadName"], row["licensesActive"], row["proratedLicensesUsagePercent"]) == ("exchange", 60, 40)


def test_use_without_deployment_counts_in_usage_percent_alone():
    total = usage.total(usage_of([{}], [{}, {"customerTenantId": "B", "licenseActive": 90}]), ALL)
    assert (total.percent, total.unused, total.strays) == (60.0, 20, 1)


# The identity that the page stands on.

NAMES = {
    "customerTenantId": st.sampled_from(["A", "a", "B"]),
    "serviceCode": st.sampled_from(["o365", "O365", "crm"]),
    "channel": st.sampled_from(["reseller", "direct"]),
    "productId": st.sampled_from([None, "P1", "p1", "P2"]),
    "productName": st.sampled_from([None, "E3", "e3", "E5"]),
}
LICENSES_SOLD = st.fixed_dictionaries(
    NAMES | {"licensesSold": st.integers(0, 10**6), "licensesDeployed": st.integers(0, 10**6)}
)
IN_USE = st.fixed_dictionaries(
    NAMES | {"workloadName": st.sampled_from(["Exchange", "Teams", None]), "licenseActive": st.integers(0, 10**6)}
)


@examples(8)
@given(st.lists(LICENSES_SOLD, max_size=8), st.lists(IN_USE, max_size=8))
def test_every_license_is_accounted_for_row_by_row(sold, active):
    found = usage_of(sold, active)
    rows = found.licenses
    assert not rows.duplicated(["customerTenantId", "service", "channel", "productId", "productName"]).any()
    assert (rows[["used", "unused", "noUsageFigures", "undeployed", "overDeployed"]] >= 0).all(axis=None)
    assert rows["licensesDeployed"].equals(rows["used"] + rows["unused"] + rows["noUsageFigures"])
    assert (rows["licensesSold"] == rows["licensesDeployed"] + rows["undeployed"] - rows["overDeployed"]).all()
    assert (rows["used"] <= rows["licensesActive"].fillna(0)).all()
    assert rows["licensesSold"].sum() == sum(row["licensesSold"] for row in sold)
    assert rows["licensesDeployed"].sum() == sum(row["licensesDeployed"] for row in sold)
    total, table = usage.total(found, ALL), usage.by_service(found, ALL)
    if sold:
        for name, figure in (("undeployed", total.undeployed), ("licensesSold", total.sold)):
            assert table[name].sum() == figure == rows[name].sum()
    if total.unused is None:  # nothing is known of what is deployed
        assert rows["noUsageFigures"].equals(rows["licensesDeployed"])
    else:
        assert table["unused"].sum() == total.unused == rows["unused"].sum()


# Usage %


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        ([{}], 30.0),
        ([{"licenseActive": 0}, {"workloadName": "B", "licensesQualified": 300}], 7.5),
        ([{"licenseActive": 150}], 150.0),
        ([{"licensesQualified": 0}], None),
        ([], None),
    ],
    ids=["one", "weighted", "never capped", "nothing qualified", "no rows"],
)
def test_usage_percent_is_active_of_qualified(active, expected):
    found = usage_of(active=active, percents=[{}])
    assert usage.total(found, ALL).percent == expected
    assert [None if pd.isna(one) else one for one in usage.by_service(found, ALL)["usagePercent"]] == [
        expected for _ in active[:1]
    ]


def test_a_selection_leaves_the_rest_out_of_every_figure():
    crm = {"serviceCode": "crm", "channel": "direct"}
    found = usage_of([{}, crm], [{}, crm], [{}, {"serviceName": "crm", "channel": "direct"}])
    for selection in (Selection.of(["direct"]), Selection.of(services=["crm"])):
        total = usage.total(found, selection)
        assert (total.sold, total.unused, total.qualified) == (100, 20, 100)
        assert list(usage.by_service(found, selection)["service"]) == ["crm"]
        assert list(usage.by_workload(found, selection)["serviceCode"]) == ["crm"]


def test_where_microsoft_sent_no_use_there_is_no_figure_of_what_is_not_used():
    ours, other = {"customerTenantId": TENANT}, {"customerTenantId": OTHER, "serviceCode": "crm"}
    found = usage_of([ours, other], [ours])
    of_customers = usage.unused_by_customer(found, ALL)
    assert of_customers is not None
    assert of_customers.isna().to_dict() == {TENANT: False, OTHER: True}
    services = usage.by_service(found, ALL).set_index("service")
    assert services["unused"].isna().to_dict() == {"o365": False, "crm": True}
    assert usage.total(found, Selection.of(services=["crm"])).unused is None
    assert (usage.total(found, ALL).unused, usage.total(found, ALL).no_figures) == (20, 50)
    idle = {"licensesDeployed": 0}
    total = usage.total(usage_of([ours | idle, other], [ours]), ALL)
    assert (total.unused, total.with_figures, total.no_figures) == (None, 0, 50)
    assert usage.total(usage_of([ours | idle], [ours]), ALL).unused == 0


def test_of_what_is_not_there_nothing_is_zero():
    total = usage.total(usage_of([{}], [{}]), Selection.of(services=["crm"]))
    assert (total.sold, total.undeployed, total.unused, total.active, total.percent) == (None, None, None, None, None)


# The partner's own percentages


def percents_in(found):
    return [None if pd.isna(one) else one for one in usage.by_workload(found, ALL)["proratedLicensesUsagePercent"]]


def test_a_percentage_stands_beside_the_counts_of_its_workload():
    table = usage.by_workload(usage_of(active=[{}, {}], percents=[{"workloadName": "EXCHANGE"}]), ALL)
    assert table[["licensesActive", "licensesQualified", "usagePercent"]].to_numpy().tolist() == [[60, 200, 30.0]]
    assert list(table["proratedLicensesUsagePercent"]) == [40.0]


def test_percentages_are_never_brought_together():
    found = usage_of(active=[{}], percents=[{}, {"proratedLicensesUsagePercent": 60.0}])
    assert percents_in(found) == [40.0, 60.0]
    assert usage.by_workload(found, ALL)["licensesActive"].sum() == 30


def test_what_only_one_of_them_has_is_shown_without_the_other():
    found = usage_of(active=[{"workloadName": None}], percents=[{}, {"proratedLicensesUsagePercent": None}])
    table = usage.by_workload(found, ALL)
    assert list(table["workloadName"]) == ["EXO", "Exchange", "Exchange"]
    assert percents_in(found) == [None, 40.0, None]
    assert table["licensesActive"].tolist() == [30, pd.NA, pd.NA]


def test_each_figure_keeps_its_date():
    table = usage.by_workload(
        usage_of(active=[{}], percents=[{"processedDateTime": "2026-10-01T00:00:00Z"}, {"workloadName": "B"}]), ALL
    )
    assert list(table["workloadName"]) == ["B", "Exchange"]
    assert list(table["processedDateTime"].dt.day) == [8, 8]
    assert list(table["partnerProcessedDateTime"].dt.day) == [8, 1]


@pytest.mark.parametrize("name", ["region", "service", "licensesActive", "usagePercent", "nth", "title"])
def test_unknown_fields_are_kept_even_under_our_names(name):
    table = usage.by_workload(usage_of(active=[{}], percents=[{name: "theirs"}]), ALL)
    kept = name if name == "region" else f"{name} (as sent)"
    assert list(table[kept]) == ["theirs"]
    assert list(table["licensesActive"]) == [30]


# Fetching


def fetch(connect, emulator, last=None):
    return fetch_usage(connect(emulator, RetryPolicy(tries=1)), lambda _: None, last)


def test_all_three_are_fetched_and_dated(connect):
    found = fetch(connect, Emulator(PARTNER))
    assert [source.collection.name for source in found.sources] == [
        "commercial-usage",
        "usage",
        "commercial-deployment",
    ]
    assert all(source.has_rows and not source.trouble for source in found.sources)
    assert [date.day for date in found.processed] == [8, 9]


@pytest.mark.parametrize("where", [COUNTS, PERCENTS, LICENSES])
@pytest.mark.parametrize("status", [403, 404, 503])
def test_one_that_cannot_be_read_leaves_the_others(where, status, connect):
    emulator = Emulator(PARTNER)
    emulator.always(answer(status), where=where)
    found = fetch(connect, emulator)
    assert [source.trouble is None for source in found.sources] == [
        where != one for one in (COUNTS, PERCENTS, LICENSES)
    ]
    total = usage.total(found, ALL)
    assert (total.percent is None) == (where == COUNTS)
    assert (total.sold is None) == (where == LICENSES)
    assert (total.unused is None) == (where != PERCENTS)
    assert (total.no_figures == 50) == (where == COUNTS)


def test_without_any_figures_of_use_the_error_of_the_counts_is_raised(connect):
    emulator = Emulator(PARTNER)
    emulator.always(answer(404), where=PERCENTS).always(answer(403), where=COUNTS)
    with pytest.raises(NotPermitted):
        fetch(connect, emulator)


def test_the_last_good_rows_stay_with_the_error_beside_them(connect):
    emulator = Emulator(PARTNER)
    before = fetch(connect, emulator)
    emulator.always(answer(403), where=LICENSES)
    found = fetch(connect, emulator, before)
    assert isinstance(found.deployment.trouble, NotPermitted)
    assert found.deployment.answer is before.deployment.answer
    assert usage.total(found, ALL).unused == 20


def test_nothing_from_microsoft_is_no_figure(connect):
    found = fetch(connect, Emulator(Partner()))
    assert not found.has_rows
    assert found.processed == (None, None)
    total = usage.total(found, ALL)
    assert (total.sold, total.unused, total.percent) == (None, None, None)
    assert usage.by_service(found, ALL).empty
    assert usage.by_workload(found, ALL).empty


def test_what_is_not_used_of_a_product_is_found_however_it_is_spelled():
    sold = [{"productName": "OFFICE E3"}, {"productName": "Never used", "productId": "B"}]
    found = usage_of(sold, [{"productName": "OFFICE E3"}])
    key = usage.product_key("O365", "Reseller", "Office  e3")
    assert usage.unused_by_product(found) == {key: 20.0}  # the other one has no figures of use
    assert usage.unused_by_product(usage_of(sold)) is None
