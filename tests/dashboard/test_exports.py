"""Files that say what they are: the rows on screen, their source, their filter, a name that tells."""

import csv
import io

import pytest

from dashboard import exports
from data_access import Selection, fetch_deployment
from data_access.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from data_access.emulator import Emulator
from data_access.sample import Partner
from tests.rows import rows_of

SOURCE = "Sample data"
CHANGES = [
    {"channel": channel, "serviceName": service} for service in ("o365", "crm") for channel in ("reseller", "direct")
]


@pytest.fixture
def deployment(connect):
    rows = rows_of(DEPLOYMENT, [change | {"region": "EMEA"} for change in CHANGES])
    return fetch_deployment(connect(Emulator(Partner(deployment=rows))), lambda _: None)


def read(content: bytes):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_microsofts_columns_come_first_and_then_what_is_unknown_and_what_is_derived(deployment):
    header = list(read(exports.for_machines(deployment, Selection(), SOURCE))[0])
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
    for content in (
        exports.for_excel(deployment, selection, SOURCE),
        exports.for_machines(deployment, selection, SOURCE),
    ):
        rows = read(content)
        assert [(row["serviceName"], row["channel"]) for row in rows] == [("crm", "direct"), ("o365", "direct")]
        assert {(row["source"], row["filter"]) for row in rows} == {(SOURCE, "channel = direct")}


def test_the_same_view_is_the_same_bytes(deployment):
    assert exports.for_excel(deployment, Selection(), SOURCE) == exports.for_excel(deployment, Selection(), SOURCE)


def test_commercial_counts_are_added_up_to_service_and_channel(connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"productName": "A"}, {"productName": "B"}])
    found = fetch_deployment(connect(Emulator(Partner(commercial_deployment=rows))), lambda _: None)
    assert exports.name(found, Selection(), is_sample=False).startswith("license-commercial-deployment_2026-10-09")
    (row,) = read(exports.for_machines(found, Selection(), SOURCE))
    assert (row["serviceCode"], row["channel"], row["licensesSold"], row["deploymentPercent"]) == (
        "o365",
        "reseller",
        "200",
        "50.0",
    )


@pytest.mark.parametrize(
    ("selection", "name"),
    [
        (Selection(), "license-deployment_2026-10-09_all.csv"),
        (Selection.of(["direct"]), "license-deployment_2026-10-09_channel-direct.csv"),
        (Selection.of(["direct"], ["o365"]), "license-deployment_2026-10-09_channel-direct-service-o365.csv"),
    ],
)
def test_the_name_tells_content_date_and_filter(selection, name, deployment):
    assert exports.name(deployment, selection, is_sample=False) == name


def test_the_name_tells_the_sample_and_the_kind(deployment):
    assert exports.name(deployment, Selection(), True, "exact") == "license-deployment_2026-10-09_all_sample_exact.csv"


@pytest.mark.parametrize("code", ["../../etc", "a/b\\c:d", "é" * 80, "x" * 300, "=cmd|x", "\n"])
def test_no_code_makes_a_bad_name(code, deployment):
    name = exports.name(deployment, Selection.of([code]), is_sample=False)
    assert len(name) < 120
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_long_filters_that_begin_alike_have_names_of_their_own(deployment):
    one, other = (exports.name(deployment, Selection.of(["x" * 100 + end]), is_sample=False) for end in "ab")
    assert one != other
