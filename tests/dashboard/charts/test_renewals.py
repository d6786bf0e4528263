"""The chart of seats by the week or month of their end."""

import pandas as pd
import pytest

from dashboard.charts import renewals
from dashboard.charts.palette import DARK, LIGHT

ROWS = [
    ("2026-11-30", "renews", 50, 40),
    ("2026-11-30", "ends", 5, 5),
    ("2026-11-30", "expires", 2, 0),
    ("2027-01-04", "undecided", 7, 0),
]

#: All from the first to the last one: those without an end have their place.
WEEKS = ["30 Nov", "7 Dec", "14 Dec", "21 Dec", "28 Dec", "4 Jan"]


def periods(*rows):
    names = ["period", "renewalOutcome", "quantity", "seatsAtRisk"]
    return pd.DataFrame(rows, columns=names).astype({"period": "datetime64[us, UTC]"}).assign(subscriptions=1)


def test_a_bar_has_a_part_for_each_outcome_and_beside_it_what_is_paid_for_and_not_assigned():
    drawn = renewals.figure(periods(*ROWS), by_month=False, palette=LIGHT)
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in drawn.data] == [
        ("Undecided", WEEKS, [0, 0, 0, 0, 0, 7]),  # on the axis
        ("Renews", WEEKS, [50, 0, 0, 0, 0, 0]),
        ("Ends or expires", WEEKS, [7, 0, 0, 0, 0, 0]),
        ("Not assigned", WEEKS, [40, 0, 0, 0, 0, 0]),
    ]
    assert drawn.data[1].hovertext[0] == "<b>Week of 30 Nov</b><br>Renews: 50 seats<br>of them not assigned: 40"
    assert drawn.data[2].hovertext[0] == "<b>Week of 30 Nov</b><br>Ends or expires: 7 seats"
    assert drawn.data[2].customdata[0] == "ends"
    assert renewals.TOGETHER["ends"] == ("ends", "expires")


def test_a_part_of_which_no_seat_is_known_to_be_at_risk_does_not_say_zero():
    drawn = renewals.figure(periods(("2026-11-30", "renews", 50, 0)), by_month=False, palette=LIGHT)
    assert drawn.data[0].hovertext[0] == "<b>Week of 30 Nov</b><br>Renews: 50 seats"


def test_what_is_not_assigned_has_a_bar_of_its_own_over_all_that_is_paid_for():
    rows = [("2026-11-30", "renews", 50, 40), ("2026-11-30", "undecided", 7, 3), ("2026-11-30", "ends", 5, 5)]
    drawn = renewals.figure(periods(*rows), by_month=False, palette=LIGHT)
    *parts, thin = drawn.data
    assert list(thin.y) == [43]
    assert thin.hovertext[0] == "<b>Week of 30 Nov</b><br>Not assigned: 43 of 57 seats that are paid for"
    assert thin.base == 0  # or it would stand on top of the others
    assert all(part.offset + part.width <= thin.offset for part in parts)
    assert thin.offset + thin.width <= 0.5


def test_the_key_names_the_colours_and_takes_more_lines_on_a_narrow_screen():
    drawn = renewals.figure(periods(*ROWS), by_month=False, palette=DARK)
    key, *_ = drawn.layout.annotations
    assert key.text.endswith("Not\u00a0assigned")
    assert "<br>" not in key.text
    narrow = drawn.narrow["layout"]
    (narrow_key,) = narrow["annotations"]
    assert narrow_key["text"].count("<br>") == 1
    assert narrow["margin"]["t"] > drawn.layout.margin.t


def test_each_bar_has_all_of_its_seats_in_figures_on_top():
    drawn = renewals.figure(periods(*ROWS), by_month=False, palette=LIGHT)
    _, *sums = drawn.layout.annotations
    of_weeks = periods(*ROWS).groupby("period")["quantity"].sum()
    assert [note.text for note in sums] == [f"<b>{seats:,.0f}</b>" for seats in of_weeks if seats]
    assert [note.y for note in sums] == [seats for seats in of_weeks if seats]


def test_on_a_narrow_screen_bars_lie_with_the_first_week_on_top():
    drawn = renewals.figure(periods(*ROWS), by_month=False, palette=LIGHT)
    for wide, narrow in zip(drawn.data, drawn.narrow["data"], strict=True):
        assert narrow == {"orientation": "h", "x": list(wide.y), "y": list(wide.x)}
    first, last = drawn.narrow["layout"]["yaxis"]["range"]
    assert (first, last) == (len(WEEKS) - 0.4, -0.6)
    assert drawn.narrow["layout"]["xaxis"]["range"][1] > 57


def test_without_a_seat_at_risk_the_key_does_not_speak_of_any():
    drawn = renewals.figure(periods(("2026-11-30", "ends", 5, 5)), by_month=False, palette=LIGHT)
    assert "assigned" not in drawn.layout.annotations[0].text
    assert [trace.name for trace in drawn.data] == ["Ends or expires"]


def test_months_have_their_year_where_it_begins():
    rows = [(f"{month}-01", "renews", 1, 0) for month in ("2026-11", "2026-12", "2027-01", "2027-11")]
    drawn = renewals.figure(periods(*rows), by_month=True, palette=LIGHT)
    between = ["Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct"]
    assert list(drawn.data[0].x) == ["Nov 2026", "Dec", "Jan 2027", *between, "Nov"]
    assert sum(drawn.data[0].y) == 4


@pytest.mark.parametrize(("seats", "written"), [(999_999, ",~d"), (1_000_000, "~s")])
def test_millions_of_seats_are_written_short_on_the_axis(seats, written):
    drawn = renewals.figure(periods(("2026-11-30", "renews", seats, 0)), by_month=False, palette=LIGHT)
    assert drawn.layout.yaxis.tickformat == written
    assert drawn.narrow["layout"]["xaxis"]["tickformat"] == written


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "No seats end within the horizon."),
        (
            ROWS,
            (
                "Seats by week of their end. Week of 30 Nov: 7 ends or expires, 50 renews (40 not assigned);"
                " Week of 4 Jan: 7 undecided."
            ),
        ),
    ],
)
def test_who_cannot_see_the_chart_hears_it(rows, words):
    assert renewals.in_words(periods(*rows), by_month=False) == words


def test_nothing_can_be_drawn():
    assert not renewals.figure(periods(), by_month=True, palette=LIGHT).data
