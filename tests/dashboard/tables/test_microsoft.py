"""Microsoft's own rows: its columns first, what we do not know among them, and what is derived last."""

import pytest

from dashboard.tables import microsoft
from dashboard.tables.customers import EVERY_ROW_FILE
from data_access.datasets import deployment as dataset
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import rows_of

FETCH = {DEPLOYMENT.name: dataset.fetch, COMMERCIAL_DEPLOYMENT.name: dataset.fetch_commercial}


@pytest.fixture
def deployment_of(connect):
    """What a page stands on: one row of a collection, with a change."""

    def deployment_of(collection, change):
        rows = {collection.name.replace("-", "_"): rows_of(collection, [change])}
        return FETCH[collection.name](connect(Emulator(Partner(**rows))), lambda _: None)

    return deployment_of


@pytest.mark.parametrize(
    ("collection", "derived"),
    [
        (DEPLOYMENT, ["licensesDeployedEstimated", "undeployed", "overDeployed"]),
        (COMMERCIAL_DEPLOYMENT, ["undeployed", "overDeployed"]),
    ],
)
def test_what_is_derived_comes_last(collection, derived, deployment_of):
    deployment = deployment_of(collection, {"region": "EMEA", "products": "theirs"})
    rows = microsoft.own_rows(deployment.facts)
    assert list(rows) == [*collection.columns, "region", "products", *derived]
    assert microsoft.unknown(deployment) == {"region", "products"}


def test_a_field_that_bears_a_name_of_ours_is_told_apart(deployment_of):
    deployment = deployment_of(DEPLOYMENT, {"licensesDeployed": "theirs"})
    assert microsoft.unknown(deployment) == {"licensesDeployed (as sent)"}
    (row,) = microsoft.own_rows(deployment.facts).to_dict("records")
    assert (row["licensesDeployed (as sent)"], row["licensesDeployedEstimated"]) == ("theirs", 50.0)


def test_the_file_of_every_row_is_described_whole(deployment_of):
    deployment = deployment_of(COMMERCIAL_DEPLOYMENT, {})
    assert list(microsoft.own_rows(deployment.facts)) == list(EVERY_ROW_FILE.names)
