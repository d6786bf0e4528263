"""Figures of earlier days, which a run of `collect` asks for since a date."""

from datetime import UTC, datetime, timedelta

import pytest

from data_access import Client
from data_access.emulator import failing, gateway
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    DEPLOYMENT,
)
from tests.lakes import NOW, lake
from tests.rows import rows_of

pytestmark = pytest.mark.program


@pytest.fixture
def past(emulator):
    """Commercial figures of three earlier days; what is asked for without a date are those of today."""
    days = [NOW.date() - timedelta(days=ago) for ago in (0, 2, 3, 20)]
    emulator.source = Partner(
        deployment=rows_of(DEPLOYMENT, [{}]),
        commercial_deployment=rows_of(
            COMMERCIAL_DEPLOYMENT, [{"processedDateTime": f"{day}T00:00:00", "licensesSold": day.day} for day in days]
        ),
    )
    return days


def test_earlier_dates_are_kept_under_their_own(run, past, tmp_path):
    report = run(since=past[-1])
    assert report.back_fills["commercial-deployment"].days == 3
    history = lake(tmp_path)
    snapshots = {snapshot.backfill_date: snapshot for snapshot in history.snapshots(COMMERCIAL_DEPLOYMENT)}
    assert sorted(snapshots.keys() - {None}) == sorted(past[1:])
    for day in past[1:]:
        snapshot = snapshots[day]
        assert (snapshot.day, snapshot.processed) == (day, (datetime.combine(day, datetime.min.time(), UTC),) * 2)
        assert f"date={day}" in snapshot.facts
        assert f"processedDateTime={day}T00%3A00%3A00" in snapshot.address
    assert history.newest(COMMERCIAL_DEPLOYMENT).backfill_date is None
    assert not history.verify(reread=True).findings


def test_a_back_fill_that_meets_what_nobody_foresaw_keeps_what_it_has(run, past, monkeypatch):
    really = Client.fetch

    def unforeseen(client, collection, query=None, **named):
        if query and query.processed == past[2]:
            raise KeyError("ACME Ltd")
        return really(client, collection, query, **named)

    monkeypatch.setattr(Client, "fetch", unforeseen)  # a mistake that the program does not have yet
    report = run(since=past[-1])
    back_fill = report.back_fills["commercial-deployment"]
    assert (back_fill.days, back_fill.ended) == (1, f"it failed at {past[2]}")
    assert report.failure.exit_code == 6


def test_a_day_that_is_there_is_not_asked_for_again(run, past, emulator):
    run(since=past[-1])
    del emulator.requests[:]
    report = run(since=past[-1])
    assert report.back_fills["commercial-deployment"].days == 0
    targets = "".join(request.target for request in emulator.requests if "deployment" in request.target)
    assert f"{past[1]}T" not in targets
    assert f"{past[2]}T" not in targets


def test_the_newest_figures_are_not_kept_under_an_earlier_date(run, past, emulator, tmp_path):
    emulator.ignored = ("processeddatetime",)
    report = run(since=past[-1])
    back_fill = report.back_fills["commercial-deployment"]
    assert back_fill.days == 0
    assert "other days" in back_fill.ended
    assert [snapshot.backfill_date for snapshot in lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)] == [None]
    assert (
        sum("processedDateTime" in request.target and "deployment" in request.target for request in emulator.requests)
        == 3
    )


def test_a_back_fill_ends_where_the_service_has_no_more(run, past, emulator):
    report = run(since=NOW.date() - timedelta(days=400))
    assert "31 days in a row" in report.back_fills["commercial-deployment"].ended
    emulator.always(failing(400), where="processedDateTime")
    assert run(since=past[-1]).failure is None
    emulator.always(gateway(), where="processedDateTime")
    assert run(since=past[-1]).failure.exit_code == 5
