"""Rows as DataFrames: the same columns and dtypes whatever arrived."""

import json

import pandas as pd
import pytest

from data_access.partner_center import catalog, frames
from data_access.partner_center.catalog import COLLECTIONS, COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import frame_of

EXPECTED = {
    "serviceName": "str",
    "channel": "str",
    "licensesSold": "int64",
    "proratedDeploymentPercent": "float64",
    "processedDateTime": "datetime64[us, UTC]",
}


def test_an_empty_answer_has_the_columns_and_dtypes_of_a_full_one():
    empty = frame_of(DEPLOYMENT, [])
    full = frame_of(DEPLOYMENT, [{"serviceName": "o365", "channel": "reseller"}])
    assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict() == EXPECTED
    assert list(empty.columns) == list(EXPECTED)


@pytest.mark.parametrize("collection", COLLECTIONS.values(), ids=list(COLLECTIONS))
def test_every_collection_makes_a_frame(collection):
    assert list(frames.frame(collection, []).columns) == collection.columns


def test_unknown_fields_follow_as_text_and_attributes_are_left_out():
    table = frame_of(
        DEPLOYMENT,
        [{"region": {"a": 1}, "note": None, "attributes": {"objectType": "x"}}, {"rank": 1.5, "Attributes": 1}],
    )
    assert list(table.columns)[5:] == ["region", "note", "rank"]
    assert table.loc[0, "region"] == '{"a": 1}'
    assert table.loc[1, "rank"] == "1.5"
    assert pd.isna(table.loc[0, "note"])


@pytest.mark.parametrize("collection", catalog.LIVE, ids=lambda collection: collection.name)
def test_of_live_collections_attributes_follow_too(collection):
    (attributes,) = frames.frame(collection, [{"attributes": {"etag": "e1", "objectType": "x"}}])["attributes"]
    assert attributes == '{"etag": "e1", "objectType": "x"}'


@pytest.mark.parametrize("name", ["serviceName", "channel"])
@pytest.mark.parametrize("sent", [["o365", "O365"], ["O365"], ["STRASSE", "straße"], [" o365 ", "o  365"]])
def test_every_text_is_as_it_was_sent(name, sent):
    assert list(frame_of(DEPLOYMENT, [{name: code} for code in sent])[name]) == sent


def test_commercial_codes_and_names_are_as_they_were_sent():
    sent = {"serviceCode": "O365", "serviceName": "Microsoft  Office 365", "channel": "Reseller", "productName": "e3 "}
    (row,) = frame_of(COMMERCIAL_DEPLOYMENT, [sent | {"customerTenantId": "abc"}]).to_dict("records")
    assert {name: row[name] for name in [*sent, "customerTenantId"]} == sent | {"customerTenantId": "abc"}


def test_instants_are_written_as_iso_8601_utc():
    sent = ["2017-03-10T00:00:00+00:00", "2017-03-14T03:25:16.36+00:00", None]
    table = frame_of(DEPLOYMENT, [{"processedDateTime": instant} for instant in sent])
    written = list(frames.as_text(table)["processedDateTime"])
    assert written[:2] == ["2017-03-10T00:00:00Z", "2017-03-14T03:25:16.36Z"]
    assert pd.isna(written[2])


def test_broken_characters_of_unknown_fields_do_not_break_a_file():
    table = frame_of(DEPLOYMENT, [{"x": "a\udfff", "y": {"k": "\ud800"}}])
    assert table["x"][0].encode() == b"a?"
    assert json.loads(table["y"][0].encode()) == {"k": "?"}
