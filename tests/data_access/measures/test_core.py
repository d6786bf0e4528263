"""The numbers we stand behind."""

from decimal import Decimal
from itertools import permutations

import narwhals as nw
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import measures
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.examples import examples
from tests.rows import facts_of

percents = st.floats(0, 1e6, allow_nan=False)
estimated_rows = st.lists(
    st.fixed_dictionaries(
        {
            "serviceName": st.sampled_from(["o365", "crm", "teams"]),
            "channel": st.sampled_from(["reseller", "direct"]),
            "licensesSold": st.integers(0, 10**8),
            "proratedDeploymentPercent": st.floats(0, 1000, allow_nan=False),
        }
    ),
    min_size=1,
    max_size=12,
)
counted_rows = st.lists(
    st.fixed_dictionaries(
        {
            "serviceCode": st.sampled_from(["o365", "crm"]),
            "productName": st.sampled_from(["E3", "E5"]),
            "licensesSold": st.integers(0, 10**6),
            "licensesDeployed": st.integers(0, 10**6),
        }
    ),
    min_size=1,
    max_size=12,
)


@examples(6)
@given(st.lists(st.tuples(percents, st.integers(1, 10**12 - 1)), min_size=20, max_size=40))
def test_one_service_in_one_channel_shows_exactly_the_percent_that_was_sent(sent):
    rows = [
        {"serviceName": f"s{number:02}", "proratedDeploymentPercent": percent, "licensesSold": sold}
        for number, (percent, sold) in enumerate(sent)
    ]
    shown = measures.by(facts_of(DEPLOYMENT, rows), ["service", "channel"])["deploymentPercent"]
    assert list(shown) == [percent for percent, _ in sent]
    assert measures.total(facts_of(DEPLOYMENT, rows[:1])).percent == sent[0][0]


@pytest.mark.parametrize(
    ("collection", "code"),
    [(DEPLOYMENT, "serviceName"), (COMMERCIAL_DEPLOYMENT, "serviceCode")],
    ids=["sent", "counts"],
)
def test_a_service_in_a_channel_is_one_however_it_is_spelled(collection, code):
    spelled = [("o365", "reseller"), ("O365", "Reseller"), (" O365", "RESELLER "), ("Straße", "x"), ("STRASSE", "X")]
    facts = facts_of(collection, [{code: service, "channel": channel} for service, channel in spelled])
    table = measures.by(facts, ["service", "channel"])
    assert table[["service", "channel", "licensesSold"]].to_numpy().tolist() == [
        ["Straße", "x", 200],
        ["o365", "reseller", 300],
    ]
    assert list(facts.frame[code]) == [service for service, _ in spelled]
    assert list(facts.frame[measures.as_sent("channel")]) == [channel for _, channel in spelled]


def test_the_spelling_is_the_same_in_any_order_of_rows():
    spelled = ["Exchange", "EXCHANGE", "exchange", " Exchange"]
    found = [
        set(facts_of(DEPLOYMENT, [{"serviceName": code} for code in codes]).frame["service"])
        for codes in permutations(spelled)
    ]
    assert found[0] <= {*spelled}
    assert all(one == found[0] for one in found)
    assert len(found[0]) == 1


def test_products_and_customers_are_one_however_they_are_spelled():
    changes = [
        {"productName": product, "customerTenantId": tenant}
        for product, tenant in [("OFFICE 365 E3", "abc"), ("Office 365  E3", "ABC"), ("office 365 e3", " ABC")]
    ]
    facts = facts_of(COMMERCIAL_DEPLOYMENT, changes)
    (row,) = measures.by(facts, ["customerTenantId", "productName"]).to_dict("records")
    assert (row["customerTenantId"], row["productName"], row["licensesSold"]) == ("ABC", "office 365 e3", 300)
    for name in ("productName", "customerTenantId"):
        assert list(facts.frame[measures.as_sent(name)]) == [change[name] for change in changes]


def test_where_every_spelling_stands_for_itself_there_is_no_column_more():
    facts = facts_of(COMMERCIAL_DEPLOYMENT, [{"productName": None}, {"channel": "Direct-to-all"}])
    assert not [name for name in facts.frame if name.endswith(measures.as_sent(""))]


@pytest.mark.parametrize(
    ("sent", "renamed"),
    [
        ("undeployed", "undeployed (as sent)"),
        ("UnDeployed", "UnDeployed (as sent)"),
        ("Service", "Service (as sent)"),
        ("LicensesSold", "LicensesSold (as sent)"),
        ("channel (as sent)", "channel (as sent) (as sent)"),
        ("region", "region"),
    ],
)
def test_an_unknown_field_under_a_name_of_ours_is_told_from_it(sent, renamed):
    facts = facts_of(DEPLOYMENT, [{sent: "theirs", "channel": "DIRECT"}])
    assert list(facts.frame[renamed]) == ["theirs"]
    assert facts.sent[-1] == renamed
    assert measures.total(facts).sold == 100


def test_the_percent_is_weighted_by_licenses_sold():
    facts = facts_of(
        DEPLOYMENT,
        [
            {"proratedDeploymentPercent": 0.0, "licensesSold": 900},
            {"proratedDeploymentPercent": 100.0, "licensesSold": 100, "channel": "direct"},
        ],
    )
    assert measures.total(facts).percent == 10.0


def test_over_deployment_does_not_hide_a_gap():
    facts = facts_of(
        DEPLOYMENT,
        [
            {"proratedDeploymentPercent": 150.0, "licensesSold": 100},
            {"proratedDeploymentPercent": 50.0, "licensesSold": 100, "channel": "direct"},
        ],
    )
    total = measures.total(facts)
    assert (total.percent, total.undeployed, total.over_deployed) == (100.0, 50.0, 50.0)


def test_more_than_a_hundred_percent_is_shown_as_it_is():
    assert measures.total(facts_of(DEPLOYMENT, [{"proratedDeploymentPercent": 131.25}])).percent == 131.25


@pytest.mark.parametrize("changes", [[], [{"licensesSold": 0, "proratedDeploymentPercent": 0.0}]])
def test_nothing_sold_is_no_percent(changes):
    assert measures.total(facts_of(DEPLOYMENT, changes)).percent is None
    assert measures.by(facts_of(DEPLOYMENT, changes), ["service"])["deploymentPercent"].isna().all()


def test_rows_without_licenses_sold_do_not_move_the_percent():
    facts = facts_of(DEPLOYMENT, [{}, {"licensesSold": 0, "proratedDeploymentPercent": 0.0, "channel": "direct"}])
    assert measures.total(facts).percent == 50.0


def test_a_percent_of_many_decimals_is_shown_as_sent_beside_rows_without_licenses_sold():
    sent = {"proratedDeploymentPercent": 100 / 3, "licensesSold": 7}
    nothing = [{"licensesSold": 0, "proratedDeploymentPercent": percent} for percent in (0.0, 100.0)]
    facts = facts_of(DEPLOYMENT, [sent, *nothing])
    assert measures.by(facts, ["service", "channel"]).loc[0, "deploymentPercent"] == 100 / 3
    assert measures.total(facts).percent == 100 / 3


@pytest.mark.parametrize(
    ("percent", "sold", "deployed", "undeployed"),
    [(78.29, 5785, 4529.0765, 1255.9235), (0.57, 1, 0.0057, 0.9943), (0.006, 1, 0.0001, 0.9999), (150.0, 7, 10.5, 0)],
)
def test_an_estimate_is_a_whole_number_of_ten_thousandths(percent, sold, deployed, undeployed):
    facts = facts_of(DEPLOYMENT, [{"proratedDeploymentPercent": percent, "licensesSold": sold}])
    assert tuple(facts.frame.loc[0, ["licensesDeployed", "undeployed"]]) == (deployed, undeployed)


def test_commercial_counts_are_counted_at_the_grain_of_product_and_customer():
    facts = facts_of(
        COMMERCIAL_DEPLOYMENT,
        [
            {"licensesDeployed": 30, "licensesSold": 20},
            {"licensesDeployed": 0, "licensesSold": 20, "productName": "VISIO"},
        ],
    )
    total = measures.total(facts)
    assert (total.percent, total.undeployed, total.over_deployed) == (75.0, 20, 10)
    assert not facts.estimated


def test_the_date_of_a_service_is_its_own_newest():
    dates = ["2026-10-09T00:00:00Z", "2026-10-13T00:00:00Z", "2026-10-01T00:00:00Z"]
    facts = facts_of(
        DEPLOYMENT,
        [
            {"processedDateTime": date, "serviceName": service, "channel": channel}
            for date, service, channel in zip(dates, ["o365", "o365", "crm"], ["a", "b", "a"], strict=True)
        ],
    )
    assert list(measures.by(facts, ["service"])["processedDateTime"].dt.day) == [1, 13]


@examples(8)
@given(estimated_rows)
def test_estimates_add_up(rows):
    check_that_it_adds_up(facts_of(DEPLOYMENT, rows))


@examples(8)
@given(counted_rows)
def test_counts_add_up(rows):
    check_that_it_adds_up(facts_of(COMMERCIAL_DEPLOYMENT, rows))


def check_that_it_adds_up(facts: measures.Facts) -> None:
    total, table = measures.total(facts), measures.by(facts, ["service"])
    assert total.sold == table["licensesSold"].sum() == facts.frame["licensesSold"].sum()
    assert exact(total.deployed) == sum(map(exact, table["licensesDeployed"]))
    assert exact(total.undeployed) == sum(map(exact, table["undeployed"]))
    assert total.sold - exact(total.deployed) == exact(total.undeployed) - exact(total.over_deployed)
    if facts.estimated and total.percent is not None:
        sent = facts.frame.loc[facts.frame["licensesSold"] > 0, "proratedDeploymentPercent"]
        assert sent.min() <= total.percent <= sent.max()
    for keys in (["channel"], ["service", "channel"]):
        in_little = measures.grouped(nw.from_native(measures.summary(facts)), keys, estimated=True).to_native()
        pd.testing.assert_frame_equal(in_little.reset_index(drop=True), measures.by(facts, keys), check_exact=True)


def exact(licenses: float) -> Decimal:
    """The number that is meant: an estimate is a whole number of ten-thousandths."""
    return Decimal(licenses).quantize(Decimal("0.0001"))
