"""Which columns a table shows of the rows that it is given, in which order, and under which names and labels."""

import pandas as pd
import pytest

from dashboard import formats
from dashboard.tables import changes, customers, health, overview, set_aside, status, trends, usage
from dashboard.tables.columns import Column, Kind, Table, count, following, in_whole_numbers, percent, signed, text
from data_access.measures import MEASURES

SOLD = count("sold", "Sold", help="What was sold.")
DEPLOYED = following(count("deployed", "Deployed", help="Counted."), "deployedEstimated", "Estimated.")
GAP = following(count("gap", "Gap"))
TABLE = Table((text("title", "Service"), SOLD, DEPLOYED, GAP))

#: Every catalogue, by what it is of.
CATALOGUES = {
    f"{module.__name__.rpartition('.')[2]} {name}": table
    for module in (changes, customers, health, overview, set_aside, status, trends, usage)
    for name, table in vars(module).items()
    if isinstance(table, Table)
} | {f"behind {key}": table for key, table in health.BEHIND.items()}


def rows_with(*names):
    return pd.DataFrame({name: [number] for number, name in enumerate(names)})


def labels(columns):
    return [column.label.replace("\u00a0", " ") for column in columns]


@pytest.mark.parametrize(
    ("given", "unknown", "selected"),
    [
        (("gap", "sold", "title"), (), ["title", "sold", "gap"]),
        (("sold", "ours alone"), (), ["sold"]),
        (("region", "gap", "sold"), ("region",), ["sold", "gap", "region"]),
        (("gap", "region", "sold"), ("region", "gap"), ["sold", "gap", "region"]),
        ((), (), []),
    ],
    ids=["in the catalogue's order", "nothing else", "the unknown last", "though it bears a name of ours", "nothing"],
)
def test_which_columns_are_shown_in_which_order(given, unknown, selected):
    assert list(TABLE.select(rows_with(*given), unknown={*unknown})) == selected


@pytest.mark.parametrize("given", [("sold", "deployed", "gap"), ("sold", "deployedEstimated", "gap")])
def test_an_estimate_is_called_one_whatever_the_rows_call_it(given):
    shown = TABLE.on_screen(rows_with(*given), estimated=True)
    assert shown.rows.column_names == ["sold", "deployedEstimated", "gap"]
    assert labels(shown.columns) == ["Sold", "≈ Deployed", "≈ Gap"]
    assert [column.help for column in shown.columns] == ["What was sold.", "Estimated.", ""]
    assert [shown.rows[name][0].as_py() for name in shown.rows.column_names] == [0, 1, 2]


def test_a_count_is_not_called_an_estimate():
    shown = TABLE.on_screen(rows_with("sold", "deployed", "gap"))
    assert shown.rows.column_names == ["sold", "deployed", "gap"]
    assert labels(shown.columns) == ["Sold", "Deployed", "Gap"]


def test_what_is_unknown_is_text_under_its_own_name_and_never_an_estimate():
    shown = TABLE.on_screen(rows_with("sold", "deployed", "gap"), estimated=True, unknown={"deployed", "gap"})
    assert shown.columns == (SOLD, text("deployed", "deployed"), text("gap", "gap"))


def test_what_is_nobodys_is_text_under_its_own_name():
    assert TABLE.described(["sold", "region"]) == (SOLD, text("region", "region"))


def test_a_column_without_any_value_is_left_out_and_one_of_no_rows_is_not():
    rows = pd.DataFrame({"sold": [1, 2], "gap": [None, None]})
    assert Table((SOLD, GAP)).on_screen(rows).columns == (SOLD,)
    assert Table((SOLD, GAP)).on_screen(rows.head(0)).columns == (SOLD, GAP)


def test_what_is_counted_is_whole_in_files_and_an_estimate_is_none():
    table = Table((SOLD, DEPLOYED, signed("moved", "±"), signed("pace", "A week", decimals=1), percent("percent", "%")))
    names = [column.name for column in table.columns]
    rows = pd.DataFrame({name: [175.0, None, -3.0] for name in names})
    whole = in_whole_numbers(rows, table.described(names))
    assert {name: str(whole[name].dtype) for name in names} == {
        **dict.fromkeys(("sold", "deployed", "moved"), "Int64"),
        **dict.fromkeys(("pace", "percent"), "float64"),
    }
    assert [*whole["deployed"].dropna()] == [175, -3]
    estimates = rows.rename(columns={"deployed": "deployedEstimated"})
    kept = in_whole_numbers(estimates, table.described(map(str, estimates), estimated=True))["deployedEstimated"]
    assert kept.dtype == "float64"


def test_what_stands_behind_a_table_is_at_hand_and_not_on_screen():
    shown = Table((SOLD,), behind=("id", "gone")).on_screen(pd.DataFrame({"sold": [1], "id": ["A"]}))
    assert shown.columns == (SOLD,)
    assert shown.rows["id"].to_pylist() == ["A"]


def test_columns_of_one_kind():
    assert Table((SOLD, signed("change", "±"), GAP)).of_kind(Kind.SIGNED) == ["change"]


@pytest.mark.parametrize("estimated", [False, True])
@pytest.mark.parametrize("name", CATALOGUES)
def test_no_two_columns_of_a_table_are_called_alike(name, estimated):
    columns = [column.where(estimated) for column in CATALOGUES[name].columns]
    assert len({column.name for column in columns}) == len(columns)
    assert all(column.label for column in columns)


@pytest.mark.parametrize("estimated", [False, True])
@pytest.mark.parametrize("name", CATALOGUES)
def test_a_measure_is_defined_wherever_it_has_a_column(name, estimated):
    columns = [column.where(estimated) for column in CATALOGUES[name].columns]
    measured = [column for column in columns if column.name in MEASURES]
    assert [column.help for column in measured] == [MEASURES[column.name].explanation for column in measured]


@pytest.mark.parametrize("name", CATALOGUES)
def test_the_mark_of_an_estimate_comes_from_one_place(name):
    for column in CATALOGUES[name].columns:
        assert "≈" not in column.label
        if column.estimate:
            assert column.estimate.label == formats.about(column.label)
            assert (column.estimate.kind, column.estimate.decimals) == (column.kind, column.decimals)


def test_an_estimate_of_licenses_deployed_says_so_in_its_name():
    names = {
        column.name: column.where(True).name
        for table in CATALOGUES.values()
        for column in table.columns
        if column.name.startswith("licensesDeployed")
    }
    assert names == {
        f"licensesDeployed{when}": f"licensesDeployedEstimated{when}" for when in ("", "Before", "After", "Change")
    }


def test_a_column_is_a_value():
    assert Column("sold", "Sold", Kind.COUNT, help="What was sold.") == SOLD
