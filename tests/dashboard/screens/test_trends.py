"""The page Trends in every situation, and what the Overview's tiles take from the history."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from dashboard import formats
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.measures import FEWEST_DATES_FOR_DAY
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests import lakes
from tests.dashboard.visit import (
    charts,
    deltas,
    drawn_tiles,
    headings,
    tables,
    taken_away,
    text,
    tiles,
    total,
    wait_for,
)
from tests.dashboard.weeks import EMPTY, FIRST, GONE, RISING, UNDATED, rows, undated, weeks
from tests.lakes import fetched
from tests.rows import rows_of

PAGE = "trends"
#: As many dates as a day takes.
LONGER = [{"o365": 50.0 + 2 * week, "crm": 40.0} for week in range(FEWEST_DATES_FOR_DAY)]
NOW = Emulator(Partner(deployment=rows_of(DEPLOYMENT, rows(FIRST + timedelta(weeks=5), RISING[-1]))))


def said(app):
    return text(app).replace("*", "")


def chart(app, number=0):
    return [*charts(app).values()][number]


def test_the_answer_comes_first(visit):
    app = visit(NOW, page=PAGE, past=weeks(*RISING))
    assert "Improving: +5.00 points since 1 Aug 2026, to 50.00 %." in said(app)
    assert "1 of 2 services rose, 0 fell. Largest rise: Microsoft 365 (+10.00 points)." in said(app)


def test_the_tiles_say_pace_and_day(visit):
    app = visit(NOW, page=PAGE, past=weeks(*LONGER))
    assert "80 % is reached about Apr 2027, most likely between Mar 2027 and Apr 2027." in said(app)
    assert tiles(app) == {
        "Deployment %": "53.00 %",
        "Deployed a week": "≈ +2.0 licenses",
        "Sold a week": "±0 licenses",
        "Target reached": "Apr 2027",
    }


def test_the_last_row_is_the_line_of_all_and_says_what_the_tiles_say(visit):
    app = visit(NOW, page=PAGE, past=weeks(*LONGER))
    words, cells = total(app, "trends_table")
    shown = tiles(app)
    assert words == "All together"
    assert cells["deploymentPercent"] == shown["Deployment %"]
    assert deltas(app)["Deployment %"].startswith(f"{cells['deploymentPercentChange']} points since ")
    assert f"≈ {cells['deployedPerWeek']}".startswith(shown["Deployed a week"].removesuffix(" licenses"))
    assert "Apr 2027" in cells["targetReached"]


def test_what_misses_the_target_is_rounded_up_to_it_nowhere(visit):
    just_below = {"o365": 79.9968, "crm": 79.9969}
    app = visit(NOW, page=PAGE, past=weeks({"o365": 50.0, "crm": 50.0}, just_below, sold=1_000_000))
    _, cells = total(app, "trends_table")
    words = [said(app), *cells.values(), *tiles(app).values(), str(charts(app)), str(tables(app)["trends_table"])]
    assert not any("80.00" in each for each in words)
    assert cells["deploymentPercent"] == tiles(app)["Deployment %"] == "79.99 %"


def test_where_the_figures_are_not_of_now_no_row_is_of_all(visit):
    app = visit(NOW, {"service": "o365"}, page=PAGE, past=GONE)
    assert total(app, "trends_table") is None


@pytest.mark.parametrize("chosen", [{}, {"service": "crm"}])
def test_what_has_a_row_that_could_not_be_read_did_not_rise(visit, chosen):
    """As on Changes, also where the row is of a part that was never there before."""
    broken = {"serviceName": "crm", "channel": "direct", "licensesSold": None}
    day = FIRST + 6 * timedelta(weeks=1)
    newest = partial(fetched, DEPLOYMENT, [*rows(day, {"o365": 70.0, "crm": 60.0}), broken], day)
    app = visit(NOW, chosen, page=PAGE, past=[*weeks(*RISING), newest])
    assert "In the newest answer, 1 row could not be read. The figures are without it." in said(app)
    lacks = "without a row of Dynamics 365 through Direct that could not be read: that cannot be compared"
    assert lacks in said(app)
    assert "No date for 80 %: a row of it could not be read in the newest answer." in said(app)
    assert deltas(app)["Deployment %"] == "a part is missing now"
    assert tiles(app)["Deployed a week"] == formats.NOTHING
    assert "Improving" not in said(app)
    if not chosen:
        assert "1 of 2 services rose, 0 fell. Largest rise: Microsoft 365" in said(app)
        others = visit(NOW, {"service": "o365"}, page=PAGE, past=[*weeks(*RISING), newest])
        assert "could not be read" not in said(others)
        assert "Improving" in said(others)


def test_behind_a_tile_are_its_figures_of_today_its_call_and_its_dates(visit):
    behind = [
        tile.explanation.replace("\u00a0", " ") for tile in drawn_tiles(visit(NOW, page=PAGE, past=weeks(*LONGER)))
    ]
    assert behind[0].startswith("**53.00 %** = ≈ 106.00 deployed ÷ 200 sold × 100, on ")
    assert behind[1].startswith("**≈ +2.0** a week = the median slope over 9 dates from 1 Aug 2026 to 26 Sep 2026")
    assert behind[2].startswith("**±0** a week = the median slope over 9 dates")
    assert behind[3].startswith("**3 Apr 2027**: on 26 Sep 2026 ")
    assert all(
        "(`GET /v1/analytics/licenses/deployment`), as collected: 1 Aug 2026 to 26 Sep" in each for each in behind
    )


def test_where_microsoft_never_had_rows_the_page_says_so_and_blames_no_filter(visit):
    past = [partial(fetched, collection, [], FIRST) for collection in (DEPLOYMENT, COMMERCIAL_DEPLOYMENT)]
    app = visit(Emulator(Partner()), page=PAGE, past=past)
    assert "The history has no rows of Microsoft's license analytics, so there is nothing to look back on" in said(app)
    assert "filter" not in said(app)
    assert "commercial counts" not in said(app)
    assert not tiles(app)


def test_the_newest_answer_is_now_even_where_a_service_has_gone(visit):
    before = [*rows(FIRST + timedelta(days=19), {"o365": 50.0}, 1000), *rows(FIRST + timedelta(days=17), {"crm": 10.0})]
    left = rows(FIRST + timedelta(days=18), {"crm": 90.0}, 200)
    past = [
        partial(lakes.fetched, DEPLOYMENT, answer, FIRST + timedelta(days=day))
        for day, answer in ((20, before), (21, left))
    ]
    partner = Partner(deployment=rows_of(DEPLOYMENT, left))
    app = visit(Emulator(partner), page=PAGE, past=past)
    missing = (
        "Not in the newest answer: Microsoft 365 (1,000 licenses sold on 20 Aug 2026)."
        " Without it the sum cannot be compared with the dates before."
    )
    assert f"{missing} What is left is deployed to 90.00 % on 22 Aug 2026." in said(app)
    assert "43.64" not in said(app)
    assert deltas(app)["Deployment %"] == "a part is missing now"
    assert "No date for 80 %: a part of it is not in the newest answer." in said(app)
    assert "Improving" not in said(app)
    assert "usually stays the same" not in said(app)
    assert "One answer was of an older processing date than the answer before." in said(app)
    assert tiles(app) == {
        "Deployment %": "90.00 %",
        "Deployed a week": formats.NOTHING,
        "Sold a week": formats.NOTHING,
        "Target reached": formats.NOTHING,
    }
    overview = wait_for(visit(Emulator(partner), past=past), lambda app: missing in said(app))
    (warning,) = [notice.value.replace("*", "") for notice in overview.warning]
    assert warning == missing
    in_order = [str(getattr(element, "value", "")).replace("\u00a0", " ") for element in overview.main]
    of_answer = [place for place, words in enumerate(in_order) if "**90 %** deployed" in words]
    assert in_order.index(overview.warning[0].value) < of_answer[0]
    assert deltas(overview)["Deployment %"] == "a part is missing now"
    assert "target reached" not in said(overview)
    assert "Overall: a part is missing now." in said(overview)


@pytest.mark.parametrize("left", [{}, {"crm": 10.0}])
def test_an_answer_without_processing_dates_is_now_everywhere(left, visit):
    newest = undated({"o365": 90.0} | left)
    app = visit(NOW, {"service": "o365"}, page=PAGE, past=[*weeks(*UNDATED, sold=1000), newest])
    assert "Improving: +50.00 points since 1 Aug 2026, to 90.00 %." in said(app)
    assert "Microsoft gave no processing date for one answer." in said(app)
    assert tiles(app)["Deployment %"] == "90.00 %"
    assert tiles(app)["Target reached"] == "reached"


def test_the_tiles_of_figures_without_processing_dates_say_how_they_moved(visit):
    now = [row | {"processedDateTime": None} for row in rows(FIRST, {"o365": 90.0, "crm": 40.0})]
    app = visit(Emulator(Partner(deployment=rows_of(DEPLOYMENT, now))), past=weeks(*RISING))
    assert deltas(app)["Deployment %"] == "+15.00 points since 5 Sep 2026"


def test_a_service_that_is_not_in_the_newest_answer_has_no_figures_now(visit):
    app = visit(NOW, {"service": "o365"}, page=PAGE, past=GONE)
    assert (
        "What is shown here is not in the newest answer that was collected, of 12 Sep 2026. The last figure is of"
        " 5 Sep 2026: 60.00 % of the licenses sold." in said(app)
    )
    assert "No date for 80 %: not in the newest answer." in said(app)
    assert "rose" not in said(app)
    assert set(tiles(app).values()) == {"–"}
    assert deltas(app)["Deployment %"] == deltas(app)["Deployed a week"] == "no figures now"


def test_the_others_go_on_and_say_who_is_gone(visit):
    app = visit(NOW, page=PAGE, past=GONE)
    assert "Not in the newest answer, of 12 Sep 2026: Microsoft 365." in said(app)
    assert "1 of 2 services rose, 0 fell. Largest rise: Dynamics 365 (+2.00 points)." in said(app)
    labels = [text for trace in chart(app, 1)["data"] for text in trace.get("text", []) if text]
    (label,) = [label for label in labels if "last on 5 Sep 2026" in label]
    assert label.replace("\u00a0", " ").startswith("60.00 %")


def test_an_answer_without_rows_is_said(visit):
    app = visit(NOW, page=PAGE, past=EMPTY)
    assert (
        "Microsoft's answers have no rows since 12 Sep 2026. The last figures are of 5 Sep 2026: 200 licenses sold,"
        " 50.00 % of them deployed. No date for 80 %: the newest answer has no rows." in " ".join(said(app).split())
    )
    assert set(tiles(app).values()) == {"–"}


def test_a_link_of_the_overview_to_a_service_that_only_the_history_has_is_answered(visit):
    emulator = Emulator(Partner(deployment=rows_of(DEPLOYMENT, rows(FIRST, {"crm": 40.0}))))
    sentence = "Microsoft 365 is not in the newest answer. Other dates or pages may show it."
    assert sentence in said(visit(emulator, {"service": "o365"}, past=GONE))
    assert "not in the newest answer" not in said(visit(emulator, {"service": "crm"}, past=GONE))


def test_what_nobody_can_say_is_not_said(visit):
    app = visit(NOW, page=PAGE, past=weeks(*RISING[:2]))
    assert "No date for 80 %: fewer than 9 processing dates in the last 13 weeks" in said(app)
    assert tiles(app)["Target reached"] == "–"
    assert deltas(app)["Deployed a week"] == deltas(app)["Sold a week"] == "fewer than 4 dates"


def test_a_target_that_is_reached_is_called_so(visit):
    app = visit(NOW, {"target": "45"}, page=PAGE, past=weeks(*RISING))
    assert "The target of 45 % is reached." in said(app)
    assert tiles(app)["Target reached"] == "reached"


def test_one_processing_date_is_a_point_and_no_trend(visit):
    app = visit(NOW, page=PAGE, past=weeks(RISING[0]))
    assert "the only processing date here so far" in said(app)
    assert len(chart(app)["data"][0]["x"]) == 1


def test_a_service_that_was_not_processed_again_makes_no_new_point(visit):
    again = partial(
        fetched,
        DEPLOYMENT,
        [*rows(FIRST, {"crm": 40.0}), *rows(FIRST + timedelta(weeks=1), {"o365": 52.0})],
        FIRST + timedelta(weeks=1),
    )
    app = visit(NOW, {"service": "crm"}, page=PAGE, past=[*weeks(RISING[0]), again])
    assert len(chart(app)["data"][0]["x"]) == 1


def test_without_a_history_the_page_says_how_to_begin_one(visit):
    app = visit(NOW, page=PAGE)
    assert "No history yet" in said(app)
    assert "python -m data_access collect" in text(app)
    assert "30 6 * * *" in text(app)
    assert not charts(app)


def test_a_history_that_cannot_be_read_is_explained(visit):
    app = visit(NOW, page=PAGE, HISTORY_URL="file://elsewhere/history")
    assert "HISTORY_URL" in said(app)
    assert not tiles(app)


def test_filters_hold_here_too(visit):
    app = visit(NOW, {"service": "o365"}, page=PAGE, past=weeks(*RISING))
    assert "Improving: +10.00 points" in said(app)
    assert "Only Microsoft 365" in said(app)


def test_filters_that_exclude_each_other_leave_a_page(visit):
    other = partial(fetched, DEPLOYMENT, [{"serviceName": "teams", "channel": "direct"}], FIRST - timedelta(weeks=1))
    app = visit(NOW, {"service": "teams", "channel": "reseller"}, page=PAGE, past=[other, *weeks(*RISING)])
    assert "Remove one" in said(app)
    assert set(tiles(app).values()) == {"–"}


def test_the_link_decides_range_measure_parts_and_order(visit):
    link = {"range": "3m", "measure": "sold", "by": "channel", "order": "name"}
    app = visit(NOW, link, page=PAGE, past=weeks(*RISING))
    assert {name: app.session_state[name] for name in link} == link
    assert chart(app)["data"][0]["y"] == [200] * 6
    assert list(tables(app)["trends_table"]["channel"]) == ["Reseller"]


@pytest.mark.parametrize("link", [{"range": "forever"}, {"measure": "<b>"}, {"by": ""}, {"order": "sideways"}])
def test_a_bad_link_is_harmless(link, visit):
    app = visit(NOW, link, page=PAGE, past=weeks(*RISING))
    assert tiles(app)["Deployment %"] == "50.00 %"
    ((name, value),) = link.items()
    assert (f'Ignored from the link: {name} "{value}"' in said(app)) is bool(value)


def test_commercial_counts_stand_in_and_are_no_estimate(visit):
    counted = [
        partial(
            fetched,
            COMMERCIAL_DEPLOYMENT,
            [{"processedDateTime": f"2026-10-0{day}T00:00:00", "licensesDeployed": 50 + day}],
            datetime(2026, 10, day, tzinfo=UTC),
        )
        for day in (1, 2, 3)
    ]
    app = visit(NOW, page=PAGE, past=counted)
    assert "These figures are the commercial counts" in said(app)
    assert "≈" not in said(app)
    assert not [head for head in labels(app).values() if "≈" in head]


def labels(app, key="trends_table"):
    """The heads of the columns, by column."""
    return {name: column["label"].replace("\u00a0", " ") for name, column in headings(app, key).items()}


def test_what_follows_from_an_estimate_is_called_so_in_the_table(visit):
    heads = labels(visit(NOW, page=PAGE, past=weeks(*RISING)))
    assert heads["deployedPerWeek"] == "≈ Deployed a week"
    assert heads["undeployed"] == "≈ Not deployed"
    assert heads["soldPerWeek"] == "Sold a week"
    assert labels(visit(NOW), "overview_table")["undeployed"] == "≈ Not deployed"


def test_the_files_name_their_collection(visit, monkeypatch):
    files_of = taken_away(visit(NOW, page=PAGE, past=weeks(*RISING)), monkeypatch)
    assert len(files_of) == 3
    for name, table in files_of.items():
        assert "collection-deployment" in name
        assert set(table["filter"].str.rpartition("; ")[2]) == {"collection = deployment"}


def test_of_a_day_without_a_latest_date_the_earliest_is_said(visit):
    swinging = [{"o365": 50.0 + 5 * (week % 2) + week, "crm": 40.0} for week in range(9)]
    app = visit(NOW, page=PAGE, past=weeks(*swinging))
    assert deltas(app)["Target reached"] == "latest date unknown"
    earliest = tiles(app)["Target reached"]
    assert earliest.startswith("not before ")
    assert f"80 % is not expected {earliest.removeprefix('not ')}." in said(app)
    assert any(cell.startswith("not before ") for cell in tables(app)["trends_table"]["targetReached"])


def test_the_overviews_tiles_say_how_they_moved_and_since_when(visit):
    app = visit(NOW, past=weeks(*RISING))
    assert deltas(app) == {
        "Licenses sold": "±0 since 1 Aug 2026",
        "Licenses deployed": "≈ +10 since 1 Aug 2026",
        "Deployment %": "+5.00 points since 1 Aug 2026",
        "Not deployed": "≈ −10 since 1 Aug 2026",
    }
    assert [tile.kind for tile in drawn_tiles(app)] == ["neither", "good", "good", "good"]
    assert all("data:image/svg+xml" in tile.line for tile in drawn_tiles(app))
    assert "≈ is estimated from Microsoft's percentages, by service and channel." in said(app)


def test_the_change_follows_the_filters(visit):
    app = visit(NOW, {"service": "crm"}, past=weeks(*RISING))
    assert deltas(app)["Deployment %"] == "±0.00 points since 1 Aug 2026"


def test_figures_newer_than_the_history_are_compared_with_it(visit):
    later = rows_of(DEPLOYMENT, rows(FIRST + timedelta(weeks=6), {"o365": 70.0, "crm": 40.0}))
    app = visit(Emulator(Partner(deployment=later)), past=weeks(*RISING))
    assert deltas(app)["Deployment %"] == "+9.00 points since 8 Aug 2026"


@pytest.mark.parametrize("past", [[], weeks(*RISING)[-1:]], ids=["none", "of the figures on the page"])
def test_without_an_earlier_date_tiles_are_as_ever(past, visit):
    app = visit(NOW, past=past)
    assert deltas(app)["Deployment %"] == "30.0 points missing"
    assert "arrows" not in said(app)


def links(app):
    return [link.proto.label for link in app.get("page_link")]


def test_without_a_history_that_can_be_read_the_overview_says_so_and_where_the_reason_is(visit):
    app = visit(NOW, HISTORY_URL="file://elsewhere/history")
    assert len(tiles(app)) == 4
    (said_so,) = [label for label in links(app) if "history" in label]
    assert said_so.startswith("The history cannot be read")
    assert "Data health" in said_so
    assert not [label for label in links(visit(NOW, past=weeks(*RISING))) if "history" in label]


@pytest.mark.usefixtures("as_reader")
def test_readers_are_told_without_the_way_that_is_not_theirs(visit):
    app = visit(NOW, HISTORY_URL="file://elsewhere/history")
    assert "The history cannot be read" in said(app)
    assert not [label for label in links(app) if "history" in label]


def test_counts_are_not_compared_with_estimates(visit):
    emulator = Emulator(Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{}])))
    assert deltas(visit(emulator, past=weeks(*RISING)))["Licenses deployed"] == "as counted"
