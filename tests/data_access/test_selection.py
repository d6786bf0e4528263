"""A filter is a value."""

from data_access import Selection
from data_access.partner_center.catalog import DEPLOYMENT
from tests.rows import facts_of


def test_order_and_repetition_do_not_matter():
    assert Selection.of(["b", "a", "b"]) == Selection.of(["a", "b"])


def test_an_empty_selection_is_everything():
    rows = facts_of(DEPLOYMENT, [{}, {"channel": "direct"}]).frame
    assert len(Selection().apply(rows)) == 2


def test_channels_and_services_narrow_together():
    changes = [{"serviceName": service, "channel": channel} for service in ("o365", "crm") for channel in ("a", "b")]
    found = Selection.of(["a"], ["crm"]).apply(facts_of(DEPLOYMENT, changes).frame)
    assert found[["service", "channel"]].to_numpy().tolist() == [["crm", "a"]]


def test_it_says_what_it_is():
    assert Selection.of(["reseller", "direct"], ["o365"]).sentence() == "channel = direct, reseller; service = o365"
    assert Selection().sentence() == "none"


def test_a_code_means_the_same_in_capitals_and_without():
    rows = facts_of(DEPLOYMENT, [{"serviceName": "Brand-New"}, {"serviceName": "crm"}]).frame
    assert list(Selection.of(services=["BRAND-NEW"]).apply(rows)["service"]) == ["Brand-New"]


def test_a_code_means_the_same_in_any_unicode_form_and_white_space():
    rows = facts_of(DEPLOYMENT, [{"serviceName": "Größe  1"}, {"serviceName": "crm"}]).frame
    assert list(Selection.of(services=["GRO\u0308SSE 1 "]).apply(rows)["service"]) == ["Größe  1"]
