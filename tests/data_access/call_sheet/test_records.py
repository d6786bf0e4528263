"""What is known of one customer, made ready for the call sheet."""

from datetime import UTC, datetime

from data_access import measures
from data_access.datasets import renewals as dataset
from data_access.datasets.live import Live
from data_access.partner_center import frames
from data_access.partner_center.answers import Answer
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS, SEATS, SUBSCRIPTIONS
from tests.rows import WHO_AND_WHAT, frame_of

KEY = {"customerTenantId": WHO_AND_WHAT["customerTenantId"], "productId": WHO_AND_WHAT["productId"]}


def answer(collection, row):
    return Answer(collection, frames.frame(collection, [row]), (), 1, datetime(2026, 11, 28, tzinfo=UTC), "")


def test_seats_at_risk_of_a_product_on_trial_are_by_its_live_seats_which_are_in_no_sum():
    trial = KEY | {"id": "1", "quantity": 100, "status": "active", "isTrial": True, "renewalOutcome": "expires"}
    live = KEY | {"activeUnits": 120, "consumedUnits": 45, "totalUnits": 120}
    counts = measures.facts(
        COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, [{"licensesSold": 100, "licensesDeployed": 10}])
    ).frame
    customers = answer(CUSTOMERS, {"customerTenantId": KEY["customerTenantId"], "customerName": "TEST COMPANY"})
    read = Live(customers, answer(SEATS, live), answer(SUBSCRIPTIONS, trial), {})
    data = dataset.put_together(read, None, counts)
    own = dataset.of_one(data, KEY["customerTenantId"], counts)
    assert own.subscriptions is not None
    assert own.subscriptions[["seatsAtRisk", "notAssignedFrom"]].to_numpy().tolist() == [[75, "live"]]
    assert own.seats is not None
    assert own.seats.empty
