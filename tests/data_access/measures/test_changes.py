"""What is different between two dates, and why the percentage moved."""

import math
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_access import measures
from data_access.measures import changes, customers
from data_access.measures.changes import LEVELS, Status
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.examples import examples
from tests.rows import facts_of

CUSTOMER = LEVELS["customer"]


def at(rows, keys=CUSTOMER, labels=(), collection=COMMERCIAL_DEPLOYMENT):
    return measures.by(facts_of(collection, rows), keys, labels)


def customer(name, sold, deployed, **more):
    more = {"customerName": f"Customer {name}", **more}
    return {"customerTenantId": name, "licensesSold": sold, "licensesDeployed": deployed, **more}


BEFORE = [customer("A", 100, 50), customer("B", 100, 100), customer("C", 50, 0), customer("D", 10, 10)]
AFTER = [customer("A", 100, 80), customer("B", 100, 100), customer("D", 0, 0), customer("E", 40, 10)]


def test_new_gone_changed_and_the_same():
    table = changes.compare(at(BEFORE), at(AFTER), CUSTOMER).set_index(CUSTOMER)
    assert dict(table["status"]) == {"A": "changed", "B": "same", "C": "gone", "D": "gone", "E": "new"}
    assert set(table["status"]) == set(Status) - {Status.UNREAD}
    assert dict(table["licensesSoldChange"]) == {"A": 0, "B": 0, "C": -50, "D": -10, "E": 40}
    assert dict(table["undeployedChange"]) == {"A": -30, "B": 0, "C": -50, "D": 0, "E": 30}
    assert table["licensesSoldBefore"].dtype == table["licensesSoldAfter"].dtype == "int64"


def test_what_could_not_be_read_is_compared_with_nothing():
    table = changes.compare(at(BEFORE), at(AFTER), CUSTOMER)
    marked = changes.but_unread(table, table["customerTenantId"].isin(["A", "C"])).set_index(CUSTOMER)
    assert dict(marked["status"]) == {"A": "unread", "B": "same", "C": "unread", "D": "gone", "E": "new"}
    assert marked.loc[["A", "C"], ["licensesSoldChange", "deployedEffect", "soldEffect"]].isna().all(axis=None)
    assert marked.loc["A", "licensesSoldAfter"] == 100, "what is left"
    assert math.isnan(marked["licensesSoldAfter"]["C"])
    assert marked.loc["C", "licensesSoldBefore"] == 50
    others = changes.compare(at([BEFORE[1], BEFORE[3]]), at([AFTER[1], *AFTER[2:]]), CUSTOMER)
    assert changes.why(marked) == changes.why(others)
    assert [*changes.known(marked)["deployedEffect"]] == [*others["deployedEffect"]]


def test_who_is_absent_has_no_percentage():
    table = changes.compare(at(BEFORE), at(AFTER), CUSTOMER).set_index(CUSTOMER)
    assert table.loc["A", "deploymentPercentChange"] == 30
    assert math.isnan(table["deploymentPercentBefore"]["E"])
    assert math.isnan(table["deploymentPercentAfter"]["D"])
    assert math.isnan(table["deploymentPercentChange"]["C"])


def test_a_row_without_licenses_is_as_good_as_absent():
    table = changes.compare(at([customer("A", 0, 0)]), at([customer("A", 5, 1)]), CUSTOMER)
    assert list(table["status"]) == [Status.NEW]


def test_names_come_along_from_the_later_date():
    renamed = [customer("A", 100, 80, customerName="New name")]
    table = changes.compare(
        at(BEFORE, labels=["customerName"]), at(renamed, labels=["customerName"]), CUSTOMER, ["customerName"]
    )
    assert list(table["customerName"]) == ["New name", "Customer B", "Customer C", "Customer D"]
    assert list(table)[:3] == ["customerTenantId", "customerName", "status"]


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_has_its_rows(level):
    before, after = (at(rows, LEVELS[level]) for rows in (BEFORE, AFTER))
    table = changes.compare(before, after, LEVELS[level])
    assert table["licensesSoldAfter"].sum() == 240
    assert list(table)[: len(LEVELS[level])] == LEVELS[level]
    assert not table.duplicated(LEVELS[level]).any()


def test_a_code_is_the_same_in_capitals_and_without():
    before, after = (at([customer("A", 100, 50, serviceCode=code)], ["service"]) for code in ("Teams", "TEAMS"))
    assert list(changes.compare(before, after, ["service"])["status"]) == [Status.SAME]


@pytest.mark.parametrize(
    "renamed", ["Visio Plan 2", "VISIO  PLAN 2", " visio plan 2", "Visio\u00a0Plan 2", "Ｖisio plan 2"]
)
def test_a_product_that_is_only_spelled_otherwise_is_neither_new_nor_gone(renamed):
    before, after = (
        at([customer("A", 100, 50, productName=name)], LEVELS["customer and product"])
        for name in ("VISIO PLAN 2", renamed)
    )
    (row,) = changes.compare(before, after, LEVELS["customer and product"]).to_dict("records")
    assert (row["status"], row["licensesSoldBefore"], row["licensesSoldAfter"]) == (Status.SAME, 100, 100)
    assert row["productName"] in {"VISIO PLAN 2", renamed}


def test_another_product_is_another_one():
    before, after = (at([customer("A", 100, 50, productName=name)], LEVELS["product"]) for name in ("E3", "E5"))
    assert list(changes.compare(before, after, LEVELS["product"])["status"]) == [Status.GONE, Status.NEW]


def test_products_without_a_name_are_compared_with_each_other():
    before, after = (at([customer("A", 100, count, productName=None)], customers.PRODUCT) for count in (50, 60))
    assert list(changes.compare(before, after, customers.PRODUCT)["status"]) == [Status.CHANGED]


@pytest.mark.parametrize(
    ("before", "after", "deployed", "sold"),
    [
        pytest.param((100, 50), (100, 60), 10, 0, id="deployed alone"),
        pytest.param((100, 50), (200, 50), 0, -25, id="sold alone"),
        pytest.param((100, 50), (200, 100), 37.5, -37.5, id="both, and the percentage stays"),
        pytest.param((100, 50), (100, 50), 0, 0, id="nothing"),
    ],
)
def test_why_the_percentage_moved(before, after, deployed, sold):
    table = changes.compare(at([customer("A", *before)]), at([customer("A", *after)]), CUSTOMER)
    found = changes.why(table)
    assert (found.deployed, found.sold, found.change) == (deployed, sold, deployed + sold)


def test_each_row_has_its_share():
    table = changes.compare(at(BEFORE), at(AFTER), CUSTOMER).set_index(CUSTOMER)
    found = changes.why(table)
    assert found.before == pytest.approx(160 / 260 * 100)
    assert found.after == pytest.approx(190 / 240 * 100)
    assert table.loc["A", "deployedEffect"] == pytest.approx(30 * 50 * (1 / 260 + 1 / 240))
    assert table["soldEffect"]["C"] > 0 == table["deployedEffect"]["C"]
    assert (table["deployedEffect"]["B"], table["soldEffect"]["B"]) == (0, 0)


@pytest.mark.parametrize(("before", "after"), [([], AFTER), (BEFORE, []), ([], []), ([customer("A", 0, 5)], AFTER)])
def test_without_licenses_sold_on_both_dates_there_is_no_why(before, after):
    table = changes.compare(at(before), at(after), CUSTOMER)
    found = changes.why(table)
    assert (found.change, found.deployed, found.sold) == (None, None, None)
    assert (found.before is None) == (not sum(row["licensesSold"] for row in before))
    assert table["deployedEffect"].isna().all()


who = st.sampled_from("ABCDEFGH")
counted = st.dictionaries(who, st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1)
sent = st.dictionaries(who, st.tuples(st.integers(0, 10**6), st.floats(0, 200)), min_size=1)


@examples(6)
@given(before=counted, after=counted)
@example(before={"A": (1, 10**9)}, after={"A": (10**9, 1)})
@example(before={"A": (1, 0)}, after={"A": (7_812_474, 138_271)})  # two large effects that leave a small change
def test_effects_of_counts_add_up_exactly(before, after):
    earlier, later = (at([customer(name, *counts) for name, counts in rows.items()]) for rows in (before, after))
    check_that_effects_add_up(changes.compare(earlier, later, CUSTOMER))


@examples(6)
@given(before=sent, after=sent)
def test_effects_of_estimates_add_up_exactly(before, after):
    earlier, later = (
        at(
            [
                {"serviceName": name, "licensesSold": sold, "proratedDeploymentPercent": percent}
                for name, (sold, percent) in rows.items()
            ],
            ["service"],
            collection=DEPLOYMENT,
        )
        for rows in (before, after)
    )
    check_that_effects_add_up(changes.compare(earlier, later, ["service"]))


def check_that_effects_add_up(table: pd.DataFrame) -> None:
    found = changes.why(table)
    sold = [int(table[f"licensesSold{when}"].sum()) for when in ("Before", "After")]
    if not all(sold):
        assert found.change is None
        return
    assert found.before is not None
    assert found.after is not None
    assert found.change is not None
    assert found.deployed is not None
    assert found.sold is not None
    # As fractions, which nothing is lost in.
    shares = [Fraction(value) for name in ("deployedEffect", "soldEffect") for value in table[name]]
    assert sum(shares) == Fraction(found.change) == Fraction(found.after) - Fraction(found.before)
    assert Fraction(found.deployed) + Fraction(found.sold) == Fraction(found.change)
    half = table.iloc[::2], table.iloc[1::2]
    for name, whole in (("deployedEffect", found.deployed), ("soldEffect", found.sold)):
        assert sum(float(part[name].sum()) for part in half) == whole, "over groups as well, in plain arithmetic"
    deployed = [float(table[f"licensesDeployed{when}"].sum()) for when in ("Before", "After")]
    after, before = deployed[1] / sold[1] * 100, deployed[0] / sold[0] * 100
    only_deployed = (deployed[1] - deployed[0]) * 50 * (1 / sold[0] + 1 / sold[1])
    # All are rounded alike: as finely as the largest of their sums can still be exact.
    fine = 1e-14 * (after + before + float(sum(map(abs, shares))))
    assert found.change == pytest.approx(after - before, rel=0, abs=fine)
    assert found.deployed == pytest.approx(only_deployed, rel=0, abs=fine)
