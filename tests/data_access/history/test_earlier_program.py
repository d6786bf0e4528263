"""A history that an earlier program wrote: it opens, verifies and compacts, and every answer is as it was there.

`fixtures/2026-11-25/history` was written by the commands of the program of that day, at set times, from its emulator at
the address below, with three customers and two products:

    5 October     collect --customers         the usage collections are refused (403), as on every day of October
    12 October    collect --customers         then a byte of this day's partner deployment flips on the disk
    13 October    collect                     so the same figures are kept anew; the other ones are the same
    26 October    collect --customers         one row cannot be read, and one customer is refused
    2 November    compact                     October is put together by customer
    9 November    collect --since 2026-11-07  one call fails (503); two earlier days are found

`seen.json` beside it is what that program read in it: the snapshots, `status --format json` on 24 November, the rows by
service and channel, and its engine's answers, as CSV.
"""

import base64
import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_access import COLLECTIONS, Settings, history
from data_access.commands import status
from data_access.history.engines import DuckDB
from data_access.history.history import History
from data_access.measures.customers import CUSTOMER
from data_access.measures.trends import AS_OF
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT, LIVE
from tests.lakes import NOW, Clock, fetched, lake

WRITTEN = Path(__file__).parent / "fixtures" / "2026-11-25"
SEEN = json.loads((WRITTEN / "seen.json").read_text(encoding="utf-8"))
ADDRESS, TENANT = "http://127.0.0.1:8099", "0112a436-b14e-4888-967b-ca4bb2cf1234"
DECEMBER = Clock(datetime(2026, 12, 1, tzinfo=UTC))


@pytest.fixture
def folder(tmp_path):
    """A copy of the account's folder."""
    copy = shutil.copytree(WRITTEN / "history", tmp_path / "history")
    (account,) = copy.iterdir()
    return account


def contents(folder):
    """Every file's checksum, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def data(folder):
    """The same of the files that `compact` leaves alone."""
    return {path: checksum for path, checksum in contents(folder).items() if path.startswith(("facts/", "raw/"))}


def answers(history: History):
    """What the history and its engine say to every kind of question, as CSV."""
    engine = DuckDB()
    counts, estimates = history.snapshots(COMMERCIAL_DEPLOYMENT), history.snapshots(DEPLOYMENT)
    last = history.newest(COMMERCIAL_DEPLOYMENT)
    assert last
    newest = history.facts([last]).paths
    customer = min(engine.grouped(newest, [CUSTOMER])[CUSTOMER])
    tables = {name: history.summary(name).to_pandas() for name in COLLECTIONS if history.snapshots(name)} | {
        "services of the newest counts": engine.grouped(newest, ["service"]),
        "services over time": engine.points(history.facts(estimates).paths, ["service"], estimated=True),
        "products over time": engine.points(history.facts(counts).paths, ["productName"]),
        # By its id a product is known to be muted, which that program did not ask.
        "one customer": engine.customer(history.by_customer(counts).paths, customer).frame.drop(columns="productId"),
    }
    # The earlier program gave points no column of their own for where they stand in time.
    earlier = {question: table.drop(columns=AS_OF, errors="ignore") for question, table in tables.items()}
    return {question: table.to_csv(index=False).splitlines() for question, table in earlier.items()}


def ids(history: History):
    there = {name: [snapshot.id for snapshot in history.snapshots(name)] for name in COLLECTIONS}
    assert not any(there.pop(collection.name) for collection in LIVE), "that program knew none of these"
    return there


def records(folder, kind):
    """What the files of one kind say of their snapshots."""
    paths = sorted((folder / kind).rglob("*.parquet"))
    stored = [json.loads(pq.read_metadata(path).metadata[b"snapshots"]) for path in paths]
    return {record["id"]: record for several in stored for record in several}


def test_its_folder_is_found_by_the_settings_of_then(folder):
    claims = base64.urlsafe_b64encode(json.dumps({"tid": TENANT}).encode()).rstrip(b"=").decode()
    settings = Settings(
        history_url=str(folder.parent),
        partner_center_base_url=ADDRESS,
        partner_center_access_token=f"e30.{claims}.signature",
    )
    assert history.account(settings) == folder.name
    assert ids(history.open(settings)) == SEEN["snapshots"]


def told(history):
    """The status of each collection, without what that program did not look at."""
    collections = status.as_json(history, NOW)["collections"]
    return {name: {key: value for key, value in about.items() if key != "loss"} for name, about in collections.items()}


def test_what_is_gone_is_told_of_its_answers_too(folder):
    losses = {name: loss for name in COLLECTIONS if (loss := lake(folder).loss(name))}
    assert {name: loss.numbers for name, loss in losses.items()} == {
        "customer-deployment": "from 3 to 2 customers, from 150 to 93 licenses, from 6 to 4 rows"
    }


def test_it_says_what_it_said_and_nothing_is_written(folder):
    before = contents(folder)
    history = lake(folder)
    assert history.notices == ()
    assert ids(history) == SEEN["snapshots"]
    assert answers(history) == SEEN["answers"]
    assert status.as_json(history, NOW)["source"] == "test"
    assert told(history) == SEEN["status"]["collections"]
    verified = history.verify(reread=True)
    assert (verified.findings, verified.files) == ((), len(before))
    assert contents(folder) == before


def test_a_record_is_read_to_its_last_field(folder):
    written = records(folder, "small")
    read = {snapshot.id: snapshot for name in COLLECTIONS for snapshot in lake(folder).snapshots(name)}
    assert {identity: snapshot.model_dump(mode="json") for identity, snapshot in read.items()} == written
    assert {record["asked"] for record in written.values()} == {None, "2026-11-07", "2026-11-08"}
    assert sum(record["instead"] is not None for record in written.values()) == 1


def test_compact_changes_no_answer_and_no_file_of_a_fetch(folder):
    before = data(folder)
    compacted = lake(folder, DECEMBER).compact()
    assert (compacted.before, compacted.after, compacted.months) == (10, 5, 1)
    assert data(folder) == before
    history = lake(folder, DECEMBER)
    assert answers(history) == SEEN["answers"]
    assert told(history) == SEEN["status"]["collections"]
    months = history.by_customer(history.snapshots(COMMERCIAL_DEPLOYMENT)).paths
    assert [Path(path).parent.name for path in months] == ["month=2026-10", "month=2026-11"]
    assert not history.verify(reread=True).findings


def test_the_same_rows_are_recognised_and_others_are_added_in_the_form_of_then(folder):
    before, history = contents(folder), lake(folder)
    newest, other = history.newest(DEPLOYMENT), fetched(DEPLOYMENT, [{}])
    assert history.append(replace(other, frame=history.reread(newest).frame)).snapshot == newest
    assert contents(folder) == before
    added = history.append(other).snapshot
    assert added.id.startswith("00000019-"), "after all that were there"
    assert before.items() <= contents(folder).items()
    for kind in ("small", "facts", "raw"):
        after = records(folder, kind)
        assert after[added.id].keys() == after[newest.id].keys() | {"reading"}
    earlier = history.append(fetched(COMMERCIAL_DEPLOYMENT, [{}]), backfill_date=date(2026, 11, 3)).snapshot
    assert records(folder, "small")[earlier.id]["asked"] == "2026-11-03"
    assert not lake(folder).verify(reread=True).findings
