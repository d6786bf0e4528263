"""The table of workloads: dates under their meaning, and fields of Microsoft's that we do not know."""

import pandas as pd
import pytest

from dashboard.tables import usage
from dashboard.tables.columns import Kind
from data_access import Selection, fetch_usage
from data_access.datasets.usage import by_workload
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_USAGE, USAGE
from tests.rows import rows_of

OTHER_DAY = {"processedDateTime": "2026-10-01T00:00:00Z"}


@pytest.fixture
def workloads_of(connect):
    """The workloads of a partner whose own percentages have these changes."""

    def workloads_of(*percents):
        counts = rows_of(COMMERCIAL_USAGE, [{}, {"serviceCode": "crm", "workloadName": "CRM"}])
        partner = Partner(commercial_usage=counts, usage=rows_of(USAGE, percents))
        return by_workload(fetch_usage(connect(Emulator(partner)), lambda _: None), Selection())

    return workloads_of


def on_screen(workloads, *services):
    return usage.on_screen(workloads, pd.Series(services or ("o365", "crm")))


def test_the_file_is_described_whole(workloads_of):
    assert list(workloads_of({})) == list(usage.WORKLOADS_FILE.names)


def test_the_page_has_the_services_titles_in_the_order_of_the_chart(workloads_of):
    named = {"o365": "Microsoft 365", "crm": "Dynamics 365"}
    for services in (("crm", "o365"), ("o365", "crm")):
        rows = on_screen(workloads_of({}), *services).rows
        assert rows["title"].to_pylist() == [named[code] for code in services]
        assert "serviceCode" not in rows.column_names


def test_microsofts_own_percentage_stands_in_words_where_it_is_another_one(workloads_of):
    counted = workloads_of({})["usagePercent"].dropna().iloc[0]
    for sent, words in ((counted, None), (counted + 1, "Partner Center: 31.00\u00a0%")):
        table = on_screen(workloads_of({"proratedLicensesUsagePercent": float(sent)}))
        assert table.rows["sent"].to_pylist()[0] == words
        assert "proratedLicensesUsagePercent" not in [column.name for column in table.columns]


def test_microsofts_own_percentage_has_a_column_where_nothing_was_counted(workloads_of):
    rows = workloads_of({}, {"workloadName": "Forms", "proratedLicensesUsagePercent": 12.5})
    assert on_screen(rows).rows["sent"].to_pylist()[1] == "Partner Center: 12.50\u00a0%"
    alone = on_screen(rows[rows["usagePercent"].isna()])
    assert alone.rows["proratedLicensesUsagePercent"].to_pylist() == [12.5]


def test_what_microsoft_sent_of_one_channel_is_not_said_of_several(workloads_of):
    rows = workloads_of({"proratedLicensesUsagePercent": 99.0})
    both = pd.concat([rows, rows.assign(channel="direct")], ignore_index=True)
    table = on_screen(both)
    assert table.rows["sent"].to_pylist() == [None, None]
    assert [words for each in table.parts.values() for words in each["sent"].to_pylist() if words]


@pytest.mark.parametrize(
    ("percents", "windows"),
    [
        ([{}], ["Window ends (UTC)"]),
        ([], ["Window ends (UTC)"]),
        ([OTHER_DAY], ["Window ends (UTC)", "Partner window ends (UTC)"]),
    ],
    ids=["the same day", "no percentages", "another day"],
)
def test_the_partners_window_has_a_column_only_where_it_ends_on_another_day(percents, windows, workloads_of):
    columns = on_screen(workloads_of(*percents)).columns
    assert [column.label for column in columns if column.kind is Kind.INSTANT] == windows


@pytest.mark.parametrize("name", ["region", "state", "dates", "windowEnd", "partnerWindowEnd", "licensesSold"])
def test_what_is_unknown_is_text_at_the_end_though_another_table_knows_it(name, workloads_of):
    table = on_screen(workloads_of({name: "theirs"} | OTHER_DAY))
    last = table.columns[-1]
    assert (last.name, last.label, last.kind) == (name, name, Kind.TEXT)
    assert "theirs" in table.rows[name].to_pylist()
