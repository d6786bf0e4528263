"""What the history has of one customer, made ready for the call sheet."""

from data_access.call_sheet.records import judged_and_paid
from data_access.partner_center import frames
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SEATS, SUBSCRIPTIONS
from tests.rows import WHO_AND_WHAT, frame_of

KEY = {"customerTenantId": WHO_AND_WHAT["customerTenantId"], "productId": WHO_AND_WHAT["productId"]}


def test_seats_at_risk_of_a_product_on_trial_are_by_its_live_seats_which_are_in_no_sum():
    trial = KEY | {"id": "1", "quantity": 100, "status": "active", "isTrial": True, "renewalOutcome": "expires"}
    live = KEY | {"activeUnits": 120, "consumedUnits": 45, "totalUnits": 120}
    judged, paid = judged_and_paid(
        frames.frame(SUBSCRIPTIONS, [trial]),
        frames.frame(SEATS, [live]),
        frame_of(COMMERCIAL_DEPLOYMENT, [{"licensesSold": 100, "licensesDeployed": 10}]),
    )
    assert judged is not None
    assert judged[["seatsAtRisk", "notAssignedFrom"]].to_numpy().tolist() == [[75, "live"]]
    assert paid is not None
    assert paid.empty
