"""What is behind a tile: today's figures in its formula, where they come from, and what is left out."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from dashboard import explanations
from dashboard.charts.base import Finished
from dashboard.filters.parameters import CustomersFilters, OverviewFilters, RenewalsFilters, UsageFilters
from dashboard.tables.columns import Total
from dashboard.view_models import call_list
from dashboard.view_models import deployment as view_models
from dashboard.view_models.changes import BeforeAndAfter, ChangesView
from dashboard.view_models.renewals import renewals_view
from dashboard.view_models.usage import usage_view
from data_access import Renewals, Selection, fetch_commercial_deployment, fetch_deployment, fetch_usage
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.measures import MEASURES, renewals
from data_access.measures.changes import Why
from data_access.partner_center import frames
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    COMMERCIAL_USAGE,
    DEPLOYMENT,
    SEATS,
    SUBSCRIPTIONS,
)
from tests.rows import rows_of

#: 26.15 % of 1,300, and 150 of 100.
SEED = [
    {"serviceName": "o365", "licensesSold": 1300, "proratedDeploymentPercent": 26.15},
    {
        "serviceName": "crm",
        "licensesSold": 100,
        "proratedDeploymentPercent": 150.0,
        "processedDateTime": "2026-10-01T00:00:00Z",
    },
]
COUNTS = [
    {"productName": "A", "licensesSold": 100, "licensesDeployed": 60},
    {"productName": "B", "serviceCode": "crm", "licensesSold": 40, "licensesDeployed": 50},
]
USES = [
    {"productName": "A", "workloadName": "exchange", "licensesActive": 30, "licensesQualified": 60},
    {"productName": "A", "workloadName": "teams", "licensesActive": 20, "licensesQualified": 60},
]


@pytest.fixture
def partner(connect):
    """A client of a partner with these rows."""
    rows = {"deployment": rows_of(DEPLOYMENT, SEED), "commercial_deployment": rows_of(COMMERCIAL_DEPLOYMENT, COUNTS)}
    return connect(Emulator(Partner(**rows, commercial_usage=rows_of(COMMERCIAL_USAGE, USES))))


def lines(text):
    return text.replace("\u00a0", " ").split("\n\n")


def renewals_of(*changes):
    """Subscriptions of one product, 4 of whose 10 live seats are not assigned."""
    row = {
        "customerTenantId": "AA",
        "productId": "P",
        "status": "active",
        "isTrial": False,
        "commitmentEndDateTime": "2026-12-20T23:59:59Z",
        "renewalOutcome": "renews",
    }
    table = frames.frame(SUBSCRIPTIONS, [{**row, "id": f"s{place}", **change} for place, change in enumerate(changes)])
    seats = frames.frame(SEATS, [{**row, "activeUnits": 10, "consumedUnits": 6}])
    return renewals.with_service(renewals.judged(table, seats), None)


def overview(partner, usage=None, filters=OverviewFilters()):  # noqa: B008 - a frozen value
    deployment = fetch_deployment(partner, lambda _: None)
    model = view_models.overview(deployment, filters, False)
    return explanations.of_deployment(model, deployment, usage, "none")


def test_an_estimate_is_its_formula_with_all_its_decimals(partner):
    found = overview(partner)
    assert lines(found["licensesSold"])[0] == "**1,400** = the sum of licenses sold in 2 rows"
    formula, definition, where = lines(found["licensesDeployedEstimated"])
    assert formula == "**≈ 489.95** = the sum of deployment % × licenses sold ÷ 100 in 2 rows"
    assert definition == MEASURES["licensesDeployedEstimated"].explanation
    assert where == (
        "From *Partner licenses deployment* (`GET /v1/analytics/licenses/deployment`): 2 rows, processed 1 Oct 2026 to"
        " 9 Oct 2026. Shown in whole licenses; the files have the decimals."
    )
    assert lines(found["deploymentPercent"])[0] == "**35.00 %** = ≈ 489.95 deployed ÷ 1,400 sold × 100"
    assert lines(found["undeployed"])[0] == (
        "**≈ 960.05** = 1,400 sold − ≈ 489.95 deployed + ≈ 50.00 assigned beyond those sold"
    )


def test_only_what_is_selected_counts(partner):
    found = overview(partner, filters=OverviewFilters(service=("crm",)))
    assert lines(found["deploymentPercent"])[0] == "**150.00 %** = ≈ 150.00 deployed ÷ 100 sold × 100"
    assert "1 row, processed 1 Oct 2026." in found["licensesSold"]


def test_counts_are_whole(partner):
    deployment = fetch_commercial_deployment(partner, lambda _: None)
    model = call_list.of_all(deployment, CustomersFilters())
    found = explanations.of_deployment(model, deployment, None, "search = *b*")
    assert lines(found["licensesDeployed"])[0] == "**110** = the sum of licenses deployed in 2 rows"
    assert lines(found["deploymentPercent"])[0] == "**78.57 %** = 110 deployed ÷ 140 sold × 100"
    assert lines(found["undeployed"])[0] == "**40** = 140 sold − 110 deployed + 10 assigned beyond those sold"
    assert r"Filter: search \= \*b\*." in found["undeployed"]


def test_the_three_ratios_stand_side_by_side(partner):
    usage = fetch_usage(partner, lambda _: None)
    ratios = lines(overview(partner, usage)["deploymentPercent"])[1]
    assert ratios.startswith(
        "Assigned ÷ sold **35.00 %** · active ÷ qualified **41.67 %** · active ÷ sold at least **21.43 %**"
    )
    assert "Active and qualified: *Commercial licenses usage* (`GET " in ratios
    assert "; what is sold of the last: *Commercial licenses deployment* (`GET " in ratios
    assert "The page *Usage* has" in lines(overview(partner)["deploymentPercent"])[1]


def test_ratios_of_use_follow_the_filter(partner):
    usage = fetch_usage(partner, lambda _: None)
    assert explanations.use_of(usage, Selection()) == (50, 120, 30, 140)
    assert explanations.use_of(usage, Selection.of([], ["crm"])) == (None, None, None, 40)


def test_what_is_not_used_is_what_is_deployed_without_those_used(partner):
    usage = fetch_usage(partner, lambda _: None)
    found = explanations.of_usage(usage_view(usage, UsageFilters(), False), usage, "none")
    assert lines(found["unused"])[0] == "**30** = 110 deployed − 30 used − 50 without usage figures"
    assert lines(found["usagePercent"])[0] == "**41.67 %** = 50 active ÷ 120 qualified × 100"
    assert lines(found["usagePercent"])[1].startswith("Assigned ÷ sold **78.57 %**")
    assert "Commercial licenses usage" in found["unused"]
    assert "Commercial licenses usage" not in found["licensesSold"]


def test_what_is_left_out_is_of_the_answer_that_a_figure_comes_from(partner):
    usage = fetch_usage(partner, lambda _: None)
    answer = usage.deployment.answer
    assert answer
    usage = replace(usage, deployment=replace(usage.deployment, answer=replace(answer, announced=5)))
    found = explanations.of_usage(usage_view(usage, UsageFilters(), False), usage, "none")
    left_out = [name for name in found if "did not come" in found[name]]
    assert left_out == ["licensesSold", "undeployed", "unused"]


def test_without_usage_figures_nothing_is_made_up(connect):
    client = connect(Emulator(Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, COUNTS))))
    usage = fetch_usage(client, lambda _: None)
    found = explanations.of_usage(usage_view(usage, UsageFilters(), False), usage, "none")
    assert lines(found["usagePercent"])[0] == "**–** = – active ÷ – qualified × 100"
    assert lines(found["undeployed"])[0] == "**40** = 140 sold − 110 deployed + 10 assigned beyond those sold"


def test_what_is_left_out_is_counted(partner):
    deployment = fetch_deployment(partner, lambda _: None)
    answer = replace(deployment.answer, announced=5)
    model = view_models.overview(deployment, OverviewFilters(), False)
    found = explanations.of_deployment(model, replace(deployment, answer=answer), None, "none")
    assert "Left out: 3 rows that did not come." in found["licensesSold"]


def test_seats_that_renew_have_their_formula_their_share_and_what_is_left_out():
    now = datetime(2026, 11, 29, tzinfo=UTC)
    subscriptions = renewals_of(
        {"quantity": 10}, {"quantity": 5, "isTrial": True}, {"quantity": 7, "renewalOutcome": "undecided"}
    )
    data = Renewals(subscriptions, now, seats_read_at=now)
    model = renewals_view(data, RenewalsFilters(horizon="90"), now, "UTC", False)
    found = explanations.of_renewals(model, data, "outcome = *x*")
    assert lines(found["seatsRenewing"])[0] == (
        "**10** = the sum of seats of the subscriptions that renew until 27 Feb 2027, to the end of that day in UTC"
    )
    assert lines(found["seatsAtRisk"])[0] == (
        "**4** = the seats of these that are not assigned; 4 ÷ 10 that renew × 100 = 40.00 %"
    )
    assert lines(found["seatsUndecided"])[0].startswith("**7** = ")
    assert "In no sum of what ends until 27 Feb 2027: 1 trial." in found["seatsRenewing"]
    assert "Assigned is as of live seats of 29 Nov 2026, 00:00 UTC." in found["seatsAtRisk"]
    assert "The horizon does not hold for this figure." in found["seatsReducible"]
    assert r"Filter: outcome \= \*x\*." in found["seatsReducible"]
    assert "Left out" not in found["seatsReducible"]  # what the horizon leaves out of the others


def test_seats_at_risk_and_reducible_say_what_they_lack_and_what_the_table_lacks():
    now = datetime(2026, 11, 29, tzinfo=UTC)
    later = {"commitmentEndDateTime": "2028-12-20T23:59:59Z", "cancellationAllowedUntilDate": "2026-12-01T00:00:00Z"}
    subscriptions = renewals_of(
        {"quantity": 10},
        {"quantity": 2, "productId": None},
        {"quantity": 1, "productId": "Q"},
        {"quantity": 66, **later},
        {"quantity": 5, "billingType": "usage"},
        {"quantity": 5, "billingType": "usage"},
    )
    data = Renewals(subscriptions, now, seats_read_at=now)
    model = renewals_view(data, RenewalsFilters(horizon="90"), now, "UTC", False)
    found = explanations.of_renewals(model, data, "none")
    assert (
        "; 2 are of no product that can be matched: not in this figure; 1 is of products of which nobody says"
        in (found["seatsAtRisk"])
    )
    assert (
        f"In no sum of what ends until {model.until}: 2 subscriptions not billed by licenses." in found["seatsRenewing"]
    )
    assert (
        "66 seats of it are of subscriptions that end later, never, or have ended, and are not in the table."
        in (found["seatsReducible"])
    )


def test_a_change_is_the_later_figure_less_the_earlier_one():
    model = ChangesView(
        why=Why(71.934, 72.286, 0.352, 0.795, -0.443),
        sums={"licensesSold": BeforeAndAfter(33958, 34167), "undeployed": BeforeAndAfter(9571.5, 9504.25)},
        counts={},
        number=2,
        known=2,
        products=None,
        up=("", 0.0),
        down=("", 0.0),
        estimated=True,
        figure=Finished([], {}),
        words="",
        table=pd.DataFrame(),
        total=Total("", {}),
    )
    found = explanations.of_changes(model, "processed 24 Oct 2026 → 28 Nov 2026")
    assert lines(found["licensesSold"])[0] == "**+209** = 34,167 − 33,958"
    assert lines(found["undeployed"])[0] == "**≈ −68** = ≈ 9,504.25 − ≈ 9,571.50"
    assert lines(found["deploymentPercent"])[0] == (
        "**+0.36 points** = 72.29 % − 71.93 %: +0.80 from licenses deployed, −0.44 from licenses sold"
    )
    assert "processed 24 Oct 2026 → 28 Nov 2026" in found["licensesSold"]


def test_a_click_takes_no_longer_for_it(partner):
    usage, deployment = fetch_usage(partner, lambda _: None), fetch_deployment(partner, lambda _: None)
    model = view_models.overview(deployment, OverviewFilters(), False)
    begun = time.thread_time()
    for _ in range(100):
        explanations.of_deployment(model, deployment, usage, "none")
    assert time.thread_time() - begun < 0.1  # a millisecond each
