"""The store: addresses that cannot be used, and what messages show of an address."""

import pytest

from data_access import HistoryError, Settings, history
from data_access.history.store import Store
from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import fetched, lake


@pytest.mark.parametrize("url", ["nowhere://x/y", "file://host/x"])
def test_an_address_that_is_none_is_said(url):
    with pytest.raises(HistoryError, match="HISTORY_URL"):
        lake(url)


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "raw").write_text("")
    with pytest.raises(HistoryError, match="cannot be used"):
        lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))


@pytest.mark.parametrize("below", ["", "/account"])
def test_a_file_is_no_folder(below, tmp_path):
    (tmp_path / "history").write_text("")
    with pytest.raises(HistoryError, match="Not a directory"):
        lake(f"{tmp_path}/history{below}")


def test_the_keys_in_an_address_are_not_shown():
    assert Store("s3://key:hush@bucket/x?region=us-east-1").name == "s3://bucket/x"


@pytest.mark.parametrize(
    "address",
    [
        "s3://KEY:wJalr/SECRET@bucket/history",
        "ftp://KEY:SECRET@host/history",
        "s3://bucket/history?secret_key=SECRET",
        "nothing://SECRET@[bad",
    ],
)
def test_an_address_is_told_without_its_keys(address):
    with pytest.raises(HistoryError) as error:
        history.open(Settings(history_url=address, partner_center_access_token="x")).snapshots("deployment")
    assert "SECRET" not in str(error.value)
    assert "KEY" not in str(error.value)
