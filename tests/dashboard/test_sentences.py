"""Answers in words: which of several findings is said first, and what is not said of what stands still."""

from dataclasses import replace

import pandas as pd
import pytest

from dashboard import sentences
from dashboard.view_models.lines import Line, Lost
from data_access.measures import trends
from data_access.measures.renewals import Totals
from data_access.measures.trends import Refusal
from tests.dashboard.weeks import FIRST


def line(percents, pace=Refusal.TOO_FEW):
    """A line of 1,000 licenses with these percentages, a week apart."""
    days = pd.date_range(FIRST, periods=len(percents), freq="7D")
    deployed = [10 * percent for percent in percents]
    points = pd.DataFrame(
        {"asOf": days, "processedDateTime": days, "licensesSold": 1000, "licensesDeployed": deployed}
        | {"deploymentPercent": percents, "undeployed": [1000 - number for number in deployed], "without": ""}
    )
    return Line(
        key="",
        title="all",
        points=points,
        change=trends.change(points),
        lately=trends.change(points, trends.WEEKS * 7) if len(points) > trends.WEEKS + 1 else None,
        year=None,
        turned=turned if (turned := trends.turn(points)) != days[0] else None,
        pace=pace,
        goal=Refusal.TOO_FEW,
        absent=None,
    )


FELL_THEN_ROSE = [70.0 - week * 0.25 for week in range(20)] + [65.25 + week * 0.1 for week in range(1, 21)]


@pytest.mark.parametrize(
    ("percents", "said"),
    [
        (
            FELL_THEN_ROSE,
            "Improving since December: +1.30 points since 30 Jan 2027, to 67.25 %. Since 1 Aug 2026: −2.75 points.",
        ),
        (
            [100 - percent for percent in FELL_THEN_ROSE],
            "Falling since December: −1.30 points since 30 Jan 2027, to 32.75 %.",
        ),
        ([50.0, 50.5, 51.0], "Improving: +1.00 points since 1 Aug 2026, to 51.00 %."),
        ([52.0, 51.0, 50.0, 50.5], "Falling: −1.50 points since 1 Aug 2026, to 50.50 %."),
        ([50.0, 50.0, 50.0], "No change since 1 Aug 2026: 50.00 %."),
    ],
    ids=["turned up", "turned down", "up all the time", "down in all", "still"],
)
def test_the_present_comes_first_then_the_range(percents, said):
    found = sentences.direction(line(percents), None)
    assert found.replace("\u00a0", " ").replace("*", "").startswith(said)


@pytest.mark.parametrize(
    ("number", "ended", "reducible", "said"),
    [
        (0, 0, 0, ""),
        (1, 0, 0, "1 more subscription ends later or never."),
        (1, 0, 1, "1 more subscription ends later or never. 1 seat of it can be reduced until 3 Dec 2026, 10:15."),
        (3, 0, 66, "3 more subscriptions end later or never. 66 seats of them can be reduced until 3 Dec 2026, 10:15."),
        (0, 1, 0, "The term of 1 subscription has ended; no answer says yet what became of it."),
        (
            *(3, 2, 9),
            (
                "3 more subscriptions end later or never. The term of 2 subscriptions has ended; no answer says"
                " yet what became of them. 9 seats of them can be reduced until 3 Dec 2026, 10:15."
            ),
        ),
    ],
)
def test_what_a_list_of_ends_does_not_have_is_said(number, ended, reducible, said):
    assert sentences.beside(number, ended, reducible, "3 Dec 2026, 10:15") == said


def test_what_ends_and_what_renews_are_told_apart_in_the_singular_too():
    totals = Totals(
        renewing=1, at_risk=1, undecided=2, reducible=0, reducible_elsewhere=0, not_matched=0, without_figure=0,
        on_trial=0, suspended=0, not_licenses=0,
    )  # fmt: skip
    assert sentences.renewing(totals, 2).replace("*", "") == (
        "The term of 2 subscriptions ends. 1 seat renews, 1 of them is not assigned. 2 seats need a decision."
    )


@pytest.mark.parametrize(
    ("renewing", "at_risk", "not_matched", "without_figure", "said"),
    [
        (120, 0, 0, 0, "120 seats renew, 0 of them are not assigned"),
        (120, 0, 20, 100, "120 seats renew; whether they are assigned is not known"),
        (1, 0, 0, 1, "1 seat renews; whether it is assigned is not known"),
        (120, 3, 5, 15, "120 seats renew, 3 of them are not assigned; of 20 that is not known"),
    ],
)
def test_what_is_not_known_to_be_assigned_is_not_zero(renewing, at_risk, not_matched, without_figure, said):
    totals = Totals(
        renewing=renewing, at_risk=at_risk, undecided=0, reducible=0, reducible_elsewhere=0, not_matched=not_matched,
        without_figure=without_figure, on_trial=0, suspended=0, not_licenses=0,
    )  # fmt: skip
    assert sentences.renew(totals).replace("*", "") == said


def test_a_picture_that_stands_alone_says_what_its_last_point_lacks():
    whole, lost = (
        line([50.0, 75.0]),
        [Lost(title, 10.0, pd.Timestamp(FIRST)) for title in ("A", "B", "C through Direct", "D")],
    )
    assert sentences.of_picture("Deployment % of all", whole) == "Deployment % of all"
    said = sentences.of_picture("Deployment % of all", replace(whole, lost=tuple(lost)))
    assert said == "Deployment % of all; not in the newest answer: A, B, C through Direct and 1 more"
