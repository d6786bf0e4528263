"""The index: a record counts in the folder of its own account and collection, and with its rows."""

import shutil
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from data_access import HistoryError, Settings, history
from data_access.history import store
from data_access.history.history import History
from data_access.history.index import Index
from data_access.history.leftovers import GRACE
from data_access.history.snapshot import parquet
from data_access.history.store import Store
from data_access.partner_center.catalog import DEPLOYMENT, USAGE
from tests.lakes import Clock, fetched, files, lake

TENANTS = ("0112a436-b14e-4888-967b-ca4bb2cf1234", "1112a436-b14e-4888-967b-ca4bb2cf1234")
LATER = Clock(datetime.now(UTC) + 2 * GRACE)


def partner(folder, tenant, **more):
    return Settings(
        history_url=str(folder),
        partner_center_tenant_id=tenant,
        partner_center_client_id="x",
        partner_center_client_secret="y",
        **more,
    )


def sold(kept):
    return kept.summary(DEPLOYMENT)["licensesSold"].to_pylist()


def test_the_figures_of_two_partners_never_add_up_when_files_are_copied_together(tmp_path):
    mine, theirs = (partner(tmp_path, tenant) for tenant in TENANTS)
    for settings, number in ((mine, 1), (theirs, 1000)):
        history.open(settings).append(fetched(DEPLOYMENT, [{"licensesSold": number}]))
    folder = tmp_path / history.account(mine)
    shutil.copytree(tmp_path / history.account(theirs), folder, dirs_exist_ok=True)
    there = files(folder)
    merged = history.open(mine)
    assert sold(merged) == [1]
    (notice,) = merged.notices
    assert "another account" in notice
    (finding,) = merged.verify().findings
    assert finding.path in notice
    merged.compact()
    merged.leftovers.sweep()
    assert set(there) <= set(files(folder)), "they are the operator's to move back"
    assert sold(history.open(mine)) == [1]


def test_a_record_without_an_account_is_known_by_its_address(tmp_path):
    settings = partner(tmp_path, TENANTS[0], partner_center_base_url="https://sample.invalid/v1")
    other = partner(tmp_path, TENANTS[0], partner_center_base_url="https://other.invalid/v1")
    for account in (settings, other):
        kept = History(Store(str(tmp_path / history.account(account))), "Microsoft Partner Center")
        kept.append(fetched(DEPLOYMENT, [{"licensesSold": 1}]))
    assert sold(history.open(settings)) == [1]
    assert sold(history.open(other)) == []
    assert "another account" in history.open(other).notices[0]


def test_a_record_in_the_folder_of_another_collection_is_left_out(tmp_path):
    lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))
    lake(tmp_path).append(fetched(USAGE, [{}]))
    (usage,) = (tmp_path / "small" / "usage").iterdir()
    copy = shutil.copy(usage, tmp_path / "small" / "deployment")
    kept = lake(tmp_path, LATER)
    assert [len(kept.snapshots(name)) for name in (DEPLOYMENT, USAGE)] == [1, 1]
    assert "another collection, usage" in kept.notices[0]
    assert [finding.path for finding in kept.verify().findings] == [f"small/deployment/{usage.name}"]
    kept.compact()
    assert usage.parent.joinpath(copy).exists()


def test_a_file_with_a_record_without_its_rows_is_left_out(tmp_path):
    lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))
    lake(tmp_path).append(fetched(DEPLOYMENT, []))
    kept = lake(tmp_path)
    assert not kept.notices, "an answer without rows has none to lose"
    path = next(file for file in sorted((tmp_path / "small" / "deployment").iterdir()))
    about = {"snapshots": pq.read_metadata(path).metadata[b"snapshots"].decode()}
    content = parquet([pq.read_table(path).slice(0, 0).replace_schema_metadata()], about)
    path.with_name(store.sealed(store.stem(path.name), "parquet", content)).write_bytes(content)
    path.unlink()
    assert "without its rows" in lake(tmp_path).notices[0]


def test_a_record_whose_rows_are_gone_is_not_packed(tmp_path):
    for number in (1, 2):
        lake(tmp_path).append(fetched(DEPLOYMENT, [{"licensesSold": number}]))
    kept = Index(Store(str(tmp_path)), Clock())
    records = dict(kept.snapshots)
    next(iter(sorted((tmp_path / "small" / "deployment").iterdir()))).unlink()
    kept.reload()
    before = files(tmp_path)
    with pytest.raises(HistoryError, match=r"without its rows.*Nothing was removed"):
        kept.rewrite(records)
    assert files(tmp_path) == before
