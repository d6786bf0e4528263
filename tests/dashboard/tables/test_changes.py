"""The table and the file of two dates side by side."""

import pytest

from dashboard import formats
from dashboard.charts import contributions
from dashboard.charts.palette import LIGHT
from dashboard.tables import changes as tables
from data_access import measures
from data_access.measures import changes
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import facts_of


def compared(collection, level, before=({},), after=({"licensesSold": 120},)):
    """Two dates at one level, with the names of customers where the level has them."""
    keys = changes.LEVELS[level]
    named = ["customerName"] if "customerTenantId" in keys else []
    was, now = (measures.by(facts_of(collection, rows), keys, named) for rows in (before, after))
    return changes.compare(was, now, keys, named)


EVERY_LEVEL = [
    (DEPLOYMENT, "service"),
    (COMMERCIAL_DEPLOYMENT, "service"),
    (COMMERCIAL_DEPLOYMENT, "customer"),
    (COMMERCIAL_DEPLOYMENT, "product"),
    (COMMERCIAL_DEPLOYMENT, "customer and product"),
]


@pytest.mark.parametrize(("collection", "level"), EVERY_LEVEL)
def test_the_file_has_every_column_in_its_order(collection, level):
    rows = compared(collection, level)
    assert list(tables.CHANGES_FILE.select(rows)) == list(rows)


def test_a_file_of_estimates_calls_them_so():
    rows = compared(DEPLOYMENT, "service")
    names = [name.replace("licensesDeployed", "licensesDeployedEstimated") for name in rows]
    assert list(tables.CHANGES_FILE.select(rows, estimated=True)) == names


@pytest.mark.parametrize(
    ("level", "first", "last"),
    [
        ("service", ["title"], []),
        ("customer", ["customerName"], ["customerTenantId"]),
        ("product", ["productName", "title", "channel"], []),
        ("customer and product", ["customerName", "productName", "title", "channel"], ["customerTenantId"]),
    ],
)
def test_the_page_names_the_row_then_both_dates_then_what_changed(level, first, last):
    table = tables.on_screen(compared(COMMERCIAL_DEPLOYMENT, level), estimated=False)
    assert table.rows.column_names == [
        *first,
        *("licensesSoldBefore", "licensesDeployedBefore", "deploymentPercentBefore"),
        *("licensesSoldAfter", "licensesDeployedAfter", "deploymentPercentAfter"),
        *("licensesSoldChange", "licensesDeployedChange", "undeployedChange", "deploymentPercentChange"),
        *("deployedEffect", "soldEffect"),
        *last,
    ]
    groups = [column.group for column in table.columns[len(first) :] if column.group]
    assert [*dict.fromkeys(groups)] == ["Before", "After", "Change", "Points of the total"]


def test_points_have_two_decimals_on_screen_and_are_exact_in_the_file():
    columns = {column.name: column for column in tables.CHANGES.columns}
    assert {columns[name].decimals for name in ("deployedEffect", "soldEffect", "deploymentPercentChange")} == {2}
    rows = compared(DEPLOYMENT, "service", ({"licensesSold": 301},), ({"licensesSold": 307},))
    assert tables.CHANGES_FILE.select(rows)["soldEffect"].iloc[0] == rows["soldEffect"].iloc[0]


def test_the_code_is_shown_where_two_services_have_one_title():
    rows = ({"serviceName": "crm"}, {"serviceName": "Dynamics 365"})
    table = tables.on_screen(compared(DEPLOYMENT, "service", rows, rows), estimated=True)
    assert sorted(table.rows["service"].to_pylist()) == ["Dynamics 365", "crm"]


def test_what_became_of_a_row_is_a_word():
    after = ({"serviceName": "crm"}, {"licensesSold": 120}, {"serviceName": "teams"})
    before: tuple[dict[str, object], ...] = ({"serviceName": "crm"}, {}, {"serviceName": "exo"})
    table = tables.on_screen(compared(DEPLOYMENT, "service", before, after), estimated=True)
    assert sorted(table.rows["status"].to_pylist()) == ["Changed", "Gone", "New", "Same"]


def test_only_what_no_tile_explains_is_explained_in_the_table():
    explained = [column.name for column in tables.CHANGES.columns if column.helps_on_screen]
    assert explained == ["deployedEffect", "soldEffect"]


def test_points_add_up_with_both_percentages_as_they_are_printed():
    rows = compared(DEPLOYMENT, "service").head(1)
    # 26.94 and 36.61 are printed.
    rows = rows.assign(deploymentPercentBefore=26.944, deploymentPercentAfter=36.606, deploymentPercentChange=9.662)
    shown = tables.on_screen(rows, estimated=True).rows["deploymentPercentChange"]
    assert shown.to_pylist() == [9.67]
    assert tables.CHANGES_FILE.select(rows)["deploymentPercentChange"].iloc[0] == 9.662


def test_licenses_add_up_with_both_dates_as_they_are_printed_in_the_table_and_in_the_chart():
    before, after = ({"licensesSold": 90, "proratedDeploymentPercent": 47.5}, {"licensesSold": 252})
    rows = compared(DEPLOYMENT, "service", (before,), (after | {"proratedDeploymentPercent": 43},))
    assert list(rows["licensesDeployedBefore"]) + list(rows["licensesDeployedAfter"]) == pytest.approx([42.75, 108.36])
    shown = tables.on_screen(rows, estimated=True).rows
    changes_shown = [shown[name].to_pylist() for name in ("licensesDeployedEstimatedChange", "undeployedChange")]
    assert changes_shown == [[65], [97]], "43 to 108, and 47 to 144"
    drawn = contributions.bars(rows, rows.assign(title="A", label="A"), key="service")
    chart = contributions.figure(drawn, True, LIGHT, key="service").to_json()
    assert [said in chart for said in ("108 (≈\u00a0+65)", "144 (≈\u00a0+97)")] == [True, True]
    assert tables.CHANGES_FILE.select(rows)["licensesDeployedChange"].iloc[0] == pytest.approx(65.61)


def test_the_last_row_rounds_what_moved_as_the_tiles_do():
    before, after = (
        measures.by(facts_of(DEPLOYMENT, [{"licensesSold": 1000, "proratedDeploymentPercent": percent}]), ["service"])
        for percent in (40.06, 40.14)
    )
    table = changes.compare(before, after, ["service"])
    was, is_now = (float(table[f"undeployed{when}"].sum()) for when in ("Before", "After"))
    assert (was, is_now) == pytest.approx((599.4, 598.6))
    total = tables.total(table, changes.why(table), (0.08, 0.08, 0.0), "service", estimated=True)
    assert (total.figures["undeployedChange"], formats.between(was, is_now)) == (0, "±0")
