"""Files that say what they are: the rows on screen, their source, their filter, a name that tells."""

import csv
import gc
import io
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import openpyxl
import pytest

from dashboard import exports
from dashboard.tables import overview
from data_access import Selection, fetch_deployment
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import rows_of

SOURCE = "Contoso at Partner Center"
LINK = "https://insights.partner.example/?channel=direct"
CHANGES = [
    {"channel": channel, "serviceName": service} for service in ("o365", "crm") for channel in ("reseller", "direct")
]


@pytest.fixture
def fetch(connect):
    """One fetch of these rows, as Microsoft sends them now."""

    def fetch(changes=CHANGES):
        rows = rows_of(DEPLOYMENT, [change | {"region": "EMEA"} for change in changes])
        return fetch_deployment(connect(Emulator(Partner(deployment=rows))), lambda _: None)

    return fetch


@pytest.fixture
def deployment(fetch):
    return fetch()


def files_of(deployment, selection=Selection()):  # noqa: B008 - a frozen value
    """What the Overview offers: the workbook, the file for Excel and the one for machines."""
    rows = partial(overview.rows, deployment, selection)
    columns, of = overview.described(deployment), (deployment, selection)
    return exports.for_people_and_programs(rows, columns, of, provenance_of(deployment, selection))


def provenance_of(deployment, selection, is_sample=False):
    content, newest = deployment.answer.collection.name, deployment.processed[1]
    return exports.Provenance(content, newest, exports.sentence(selection), SOURCE, is_sample, LINK)


def read(content: bytes):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_microsofts_columns_come_first_and_then_what_is_unknown_and_what_is_derived(deployment):
    header = list(read(files_of(deployment)[2].content())[0])
    assert header == [
        *DEPLOYMENT.columns,
        "region",
        "licensesDeployedEstimated",
        "undeployed",
        "overDeployed",
        "source",
        "filter",
    ]


def test_only_what_is_selected_is_in_it_and_it_says_so(deployment):
    selection = Selection.of(["direct"])
    for file in files_of(deployment, selection)[1:]:
        rows = read(file.content())
        assert [(row["serviceName"], row["channel"]) for row in rows] == [("crm", "direct"), ("o365", "direct")]
        assert {(row["source"], row["filter"]) for row in rows} == {(SOURCE, "channel = direct")}


def test_the_same_view_is_the_same_bytes_whenever_it_was_fetched_and_in_whatever_order(fetch):
    selection = Selection.of(["direct", "reseller"], ["o365"])
    earlier, later = fetch(CHANGES), fetch(CHANGES[::-1])
    assert later.answer.fetched_at != earlier.answer.fetched_at
    assert [(file.name, file.content()) for file in files_of(later, selection)] == [
        (file.name, file.content()) for file in files_of(earlier, selection)
    ]


def test_the_workbook_has_labels_and_says_once_what_the_other_files_say_in_each_row(deployment):
    selection = Selection.of(["direct"])
    file = files_of(deployment, selection)[0]
    assert (file.key, file.name) == ("export_xlsx", "license-deployment_2026-10-09_channel-direct.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(file.content()))
    sheet, about = book.worksheets
    header = [cell.value for cell in sheet[1]]
    assert header[:4] == ["Code", "Channel", "Sold", "Deployment %"]
    assert {"region", "Code", "Channel"} <= {*header}
    assert not {"licensesSold", "undeployed"} & {*header}
    assert [(row[0], row[1]) for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ("crm", "direct"),
        ("o365", "direct"),
    ]
    facts = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
    assert (facts["Source"], facts["Filter"], facts["The same view"]) == (SOURCE, "channel = direct", LINK)
    assert facts["Deployment %"] == "proratedDeploymentPercent"
    assert "Sample data" not in facts


def test_a_workbook_of_the_sample_says_so():
    origin = exports.Provenance("customers", None, "none", "Sample data", True, LINK).origin
    assert origin.title == "Customers"
    assert origin.facts["Sample data"] == "These figures are invented."


def test_a_picture_says_what_it_shows_and_where_it_is_from(deployment):
    origin = provenance_of(deployment, Selection.of(["a\nb"]), is_sample=True)
    picture = origin.picture("Who\nis it?", "customers_chart")
    assert picture.title == "Who is it?"
    assert picture.about == (f"{SOURCE} · invented figures · newest figures of 9 Oct 2026", "Filter: channel = a b")
    assert picture.name == "license-deployment_2026-10-09_channel-a-b_sample_customers-chart"


def test_what_was_read_and_not_processed_is_dated_as_what_it_is():
    read_at = datetime(2026, 10, 9, 8, tzinfo=UTC)
    processed = exports.Provenance("renewals", read_at, "none", SOURCE, False, LINK)
    read = replace(processed, is_live=True)
    assert processed.origin.facts["Newest processing date"] == read_at
    assert read.origin.facts["Read from Microsoft (UTC)"] == read_at
    assert "Newest processing date" not in read.origin.facts
    assert read.picture("Title", "key").about[0].endswith("read 9 Oct 2026")


def test_commercial_counts_are_added_up_to_service_and_channel(connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"productName": "A"}, {"productName": "B"}])
    found = fetch_deployment(connect(Emulator(Partner(commercial_deployment=rows))), lambda _: None)
    _, _, file = files_of(found)
    assert file.name.startswith("license-commercial-deployment_2026-10-09")
    (row,) = read(file.content())
    assert (row["serviceCode"], row["channel"], row["licensesSold"], row["deploymentPercent"]) == (
        "o365",
        "reseller",
        "200",
        "50.0",
    )
    assert (row["licensesDeployed"], row["undeployed"], row["overDeployed"]) == ("100", "100", "0")


@pytest.mark.parametrize(
    ("selection", "name"),
    [
        (Selection(), "license-deployment_2026-10-09_all.csv"),
        (Selection.of(["direct"]), "license-deployment_2026-10-09_channel-direct.csv"),
        (Selection.of(["direct"], ["o365"]), "license-deployment_2026-10-09_channel-direct-service-o365.csv"),
    ],
)
def test_the_name_tells_content_date_and_filter(selection, name, deployment):
    assert provenance_of(deployment, selection).name() == name


def test_the_name_tells_the_sample_and_the_kind(deployment):
    name = provenance_of(deployment, Selection(), is_sample=True).name("exact")
    assert name == "license-deployment_2026-10-09_all_sample_exact.csv"


@pytest.mark.parametrize("code", ["../../etc", "a/b\\c:d", "é" * 80, "x" * 300, "=cmd|x", "\n"])
def test_no_code_makes_a_bad_name(code, deployment):
    name = provenance_of(deployment, Selection.of([code])).name()
    assert len(name) < 120
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_long_filters_that_begin_alike_have_names_of_their_own(deployment):
    one, other = (provenance_of(deployment, Selection.of(["x" * 100 + end])).name() for end in "ab")
    assert one != other


def test_a_search_and_a_customer_are_part_of_the_filter():
    assert exports.sentence(Selection.of(["direct"]), search="nord") == "channel = direct; search = nord"
    assert exports.sentence(Selection(), search="") == Selection().sentence()
    name = exports.Provenance("customers", datetime(2026, 10, 9, tzinfo=UTC), "search = Ålvik", SOURCE, False).name()
    assert name.startswith("license-customers_2026-10-09_search-lvik-")


def test_a_crowd_gets_one_file_that_is_made_once(deployment):
    made = []

    def rows():
        made.append("rows")
        return overview.rows(deployment, Selection())

    def asked():
        """What each of them has on screen: files of their own, of the same data."""
        provenance = provenance_of(deployment, Selection())
        columns, of = overview.described(deployment), (deployment, Selection())
        return exports.for_people_and_programs(rows, columns, of, provenance)[0]

    with ThreadPoolExecutor(10) as crowd:
        contents = list(crowd.map(lambda file: file.content(), [asked() for _ in range(10)]))
    assert len({id(content) for content in contents}) == len(made) == 1


def test_other_data_another_choice_and_another_source_are_other_files(fetch):
    first, newer = fetch(), fetch([{"licensesSold": 5}])
    contents = [
        *(file.content() for file in files_of(first)),
        files_of(first, Selection.of(["direct"]))[2].content(),
        files_of(newer)[2].content(),
    ]
    assert len(set(contents)) == 5


def test_a_file_is_not_kept_longer_than_the_data_it_was_made_of(fetch):
    data = fetch()
    before = files_of(data)[2].content()
    seen = weakref.ref(data)
    del data
    gc.collect()
    assert seen() is None
    assert files_of(fetch())[2].content() is not before
