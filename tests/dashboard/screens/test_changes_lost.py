"""The Changes page where one of both answers lacks what the other has, or could not be read."""

import dataclasses

import pytest

from dashboard import formats
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.dashboard.screens.two_dates import (
    AFTER,
    BEFORE,
    CRM,
    DAY,
    NAMED,
    NORTH,
    customers,
    exact,
    rows,
    said,
    services,
)
from tests.dashboard.visit import tiles, total
from tests.lakes import NOW, fetched


def test_what_the_later_answer_lacks_is_said_first(look_back):
    lost = "Not in the answer of 24 Nov 2026: Dynamics 365 (100 licenses sold on 1 Nov 2026)."
    assert said(look_back([BEFORE, AFTER])).index(lost) < said(look_back([BEFORE, AFTER])).index("Deployment % rose")
    own = [NAMED[0], NAMED[0] | {"productName": "Visio", "serviceCode": "crm", "channel": "direct"}]
    counts = [BEFORE, AFTER, customers(28, *own, NAMED[1]), customers(0, own[0])]
    at = {level: said(look_back(counts, {"level": level})) for level in ("customer", "product", "customer-and-product")}
    assert "24 Nov 2026: Dynamics 365 (200 licenses sold on 9 Oct 2026), Süd (100 licenses" in at["customer"]
    assert "Not in the answer of 24 Nov 2026: " in at["product"]
    assert "Visio · direct (100 licenses sold on 9 Oct 2026)" in at["product"]
    assert "Visio (100 licenses sold on 9 Oct 2026)" in at["customer-and-product"]


#: Of 24 Nov: Alpha has more, nobody could read Zeta's row, and two rows of those that were announced did not come.
UNREAD = [
    {"customerTenantId": "A", "customerName": "Alpha", "licensesDeployed": 60},
    {"customerTenantId": "E", "customerName": "Epsilon", "licensesSold": 53, "licensesDeployed": 42},
    {"customerTenantId": "Z", "customerName": "Zeta", "licensesSold": -5},
]
_READ = [
    UNREAD[0] | {"licensesDeployed": 50},
    UNREAD[1],
    UNREAD[1] | {"productName": "PROJECT P3", "productId": "P3", "licensesSold": 54, "licensesDeployed": 1},
    UNREAD[2] | {"licensesSold": 120},
    {"customerTenantId": "C", "customerName": "Gamma", "licensesSold": 80},
]
_UNREAD = [
    BEFORE,
    AFTER,
    customers(28, *_READ),
    lambda: dataclasses.replace(fetched(COMMERCIAL_DEPLOYMENT, UNREAD, NOW), announced=len(UNREAD) + 2),
]


def test_what_could_not_be_read_is_not_called_gone_and_moves_nothing(look_back, monkeypatch):
    app = look_back(_UNREAD, {"level": "customer"})
    told = said(app)
    assert "Could not be read in the answer of 24 Nov 2026: Zeta (120 licenses sold on 9 Oct 2026)." in told
    assert (
        "Not among the rows of the answer of 24 Nov 2026 that could be read: Gamma (80 licenses sold on 9 Oct 2026),"
        " Epsilon · Project P3 (54 licenses sold on 9 Oct 2026)."
    ) in told
    assert "4 customers: 1 changed, 3 could not be read. What could not be read, or not as a whole, is in" in told
    assert "gone" not in told.lower()
    assert "Deployment % rose from 50.00 % to 60.00 %" in told, "Alpha alone"
    assert tiles(app)["Licenses sold"] == "±0"
    shown = rows(app).set_index("customerName")
    assert dict(shown["status"]) == {
        "Alpha": "Changed",
        "Epsilon": "Could not be read",
        "Gamma": "Could not be read",
        "Zeta": "Could not be read",
    }
    assert [*shown.loc["Zeta", ["licensesSoldBefore", "licensesSoldAfter", "licensesSoldChange", "soldEffect"]]] == [
        "120",
        formats.NOTHING,
        formats.NOTHING,
        formats.NOTHING,
    ]
    assert shown.loc["Epsilon", "deploymentPercentAfter"] == "79.25\u00a0%", "what is left"
    assert shown.loc["Epsilon", "deploymentPercentChange"] == formats.NOTHING
    assert total(app, "changes_table")[0] == "1 customer together"
    (pills,) = (group for group in app.button_group if group.key == "status")
    assert pills.options == ["Changed 1", "Could not be read 3"]
    file = exact(app, monkeypatch).set_index("customerName")
    assert dict(file["status"]) == {"Alpha": "changed", "Epsilon": "unread", "Gamma": "unread", "Zeta": "unread"}


def test_where_nothing_could_be_read_that_is_why_there_is_no_percentage(look_back):
    app = look_back(_UNREAD, {"level": "customer", "search": "zeta"})
    told = said(app)
    assert "Nothing here could be read on both dates, so there is no percentage to compare." in told
    assert "1 customer: 1 could" in told
    assert {*tiles(app).values()} == {formats.NOTHING}, "a sum of nothing that could be read is not zero"
    assert not any("0 → 0" in each.value for each in app.markdown)
    words, figures = total(app, "changes_table")
    assert (words, {*figures.values()} - {formats.NOTHING}) == ("0 customers together", set())


def test_a_product_that_could_not_be_read_is_not_called_gone(look_back):
    shown = rows(look_back(_UNREAD, {"level": "customer-and-product"}))
    assert {*shown["status"]} == {"Changed", "Could not be read"}
    told = said(look_back(_UNREAD, {"level": "product"}))
    assert "Project P3 · reseller (54 licenses sold on 9 Oct 2026)." in told
    assert (
        "In the answer of 24 Nov 2026, 1 row could not be read, 2 rows did not come. So it does not tell all of"
        " Office 365 Enterprise E3 · reseller: what became of that is not known."
    ) in told


def test_by_product_what_lacks_a_row_has_no_effect_and_is_named_and_the_others_are_compared(look_back):
    visio = {"productName": "Visio", "productId": "V", "licensesDeployed": 50}
    now = [visio | {"licensesDeployed": 60}, *UNREAD]
    both = [BEFORE, AFTER, customers(28, visio, *_READ[:2], _READ[3]), customers(0, *now)]
    app = look_back(both, {"level": "product"})
    shown = rows(app).set_index("productName")
    assert [*shown["status"]] == ["Changed", "Could not be read"]
    assert [*shown["deployedEffect"]][1] == formats.NOTHING
    told = said(app)
    assert "Deployment % rose from 50.00 % to 60.00 %" in told, "Visio alone"
    assert "1 row could not be read. So it does not tell all of Office 365 Enterprise E3 · reseller" in told


INTUNE = {"serviceName": "intune", "channel": "direct", "proratedDeploymentPercent": None}


@pytest.mark.parametrize("link", [{"service": "o365"}, {"channel": "reseller"}])
def test_a_row_that_could_not_be_read_and_that_the_filter_leaves_out_is_not_told(link, look_back):
    app = look_back([services(28, {}), services(0, {"licensesSold": 110}, INTUNE)], link)
    assert "1 service: 1 changed." in said(app)


def test_what_had_nothing_before_and_could_not_be_read_is_named_and_has_a_row_without_a_change(look_back, monkeypatch):
    app = look_back([services(28, {}), services(0, {"licensesSold": 110}, INTUNE)])
    told = said(app)
    gap = "In the answer of 24 Nov 2026, 1 row could not be read. So it does not tell all of Intune: what became of"
    assert gap in told
    assert "2 services: 1 changed, 1 could not be read." in told
    assert tiles(app)["Licenses sold"] == "+10", "of the other one alone"
    assert total(app, "changes_table")[0] == "1 service together"
    filed = exact(app, monkeypatch).set_index("service")
    assert dict(filed["status"]) == {"o365": "changed", "intune": "unread"}
    assert filed.loc["intune", "licensesSoldBefore"] == 0
    assert filed.loc["intune", ["licensesSoldAfter", "licensesSoldChange", "soldEffect"]].isna().all()


def test_what_had_nothing_before_and_could_not_be_read_is_called_as_microsoft_sent_it(look_back, monkeypatch):
    tenant = "cccccccc-0000-4000-8000-000000000003"
    new = {
        "customerTenantId": tenant,
        "customerName": "Ärztehaus <b>Süd</b> GmbH",
        "productName": "VISIO Plan  2",
        "productId": "V",
        "serviceCode": "Visio",
        "channel": "Marketplace",
        "licensesSold": -5,
    }
    counts = [BEFORE, AFTER, customers(28, NAMED[0]), customers(0, NAMED[0] | {"licensesDeployed": 90}, new)]
    app = look_back(counts, {"level": "customer-and-product"})
    assert "So it does not tell all of Ärztehaus <b>Süd</b> GmbH · VISIO Plan 2:" in said(app)
    assert [*rows(app)["customerName"]] == [NAMED[0]["customerName"], new["customerName"]]
    filed = exact(app, monkeypatch).iloc[1]
    assert filed["customerTenantId"] == tenant.upper()
    for name in ("customerName", "productName", "channel"):
        assert filed[name] == new[name]
    assert filed["service"] == new["serviceCode"]
    by_customer = look_back(counts, {"level": "customer", "search": "ärztehaus"})
    assert [*rows(by_customer)["customerName"]] == [new["customerName"]]
    named = look_back([services(28, {}), services(0, {}, INTUNE | {"serviceName": "InTune 2"})])
    assert "So it does not tell all of InTune 2:" in said(named)


@pytest.mark.parametrize("link", [{"service": "intune"}, {"channel": "Direct"}])
def test_a_link_filters_by_what_only_a_row_that_could_not_be_read_has(link, look_back):
    app = look_back([services(28, {}), services(0, {"licensesSold": 110}, INTUNE)], link)
    assert "1 service: 1 could not be read." in said(app)
    assert "Ignored" not in said(app)


def test_rows_of_which_nobody_can_tell_what_they_are_of_are_told_where_nothing_is_lost(look_back):
    told = said(look_back([services(28, {}), services(0, {"licensesSold": 110}, {"serviceName": None})]))
    assert "In the answer of 24 Nov 2026, 1 row could not be read. Nobody can tell what these are of" in told

    def later():
        return dataclasses.replace(services(0, {"licensesSold": 110})(), announced=3)

    assert "In the answer of 24 Nov 2026, 2 rows did not come. Nobody" in said(look_back([services(28, {}), later]))


@pytest.mark.parametrize("level", ["customer", "product", "customer-and-product"])
def test_a_new_customer_or_product_that_could_not_be_read_is_named_on_every_level(level, look_back, monkeypatch):
    new = {"customerTenantId": "Z", "productName": "VISIO", "productId": "V", "serviceCode": "visio"}
    was, is_now = NAMED[0], NAMED[0] | {"licensesDeployed": 90}
    counts = [BEFORE, AFTER, customers(28, was), customers(0, is_now, new | {"licensesSold": -5})]
    app = look_back(counts, {"level": level})
    assert "In the answer of 24 Nov 2026, 1 row could not be read. So it does not tell all of " in said(app)
    filed = exact(app, monkeypatch)
    assert list(filed["status"]) == ["changed", "unread"]
    assert list(filed.get("customerTenantId", [NORTH, "Z"])) == [NORTH, "Z"]
    assert list(filed["licensesSoldAfter"].isna()) == [False, True]


def test_parts_and_customers_that_are_lost_have_the_processing_date_of_the_later_of_two_answers(look_back):
    """An answer of 17 Nov that Microsoft processed on the 16th, as it did the one of the day before."""
    date = {"processedDateTime": "2026-11-16T00:00:00"}
    north, beta = NAMED[0] | date, {"customerName": "Beta", "serviceCode": "ems", "productName": "EMS E5"} | date
    history = [
        customers(8, north, beta | {"licensesSold": 59}),
        customers(7, north, beta | {"licensesSold": 62}),
        customers(0, north | {"processedDateTime": "2026-11-24T00:00:00"}),
    ]
    told = said(look_back(history, {"level": "customer", "since": "2026-11-17"}))
    assert "(62 licenses sold on 16 Nov 2026), Beta (62 licenses sold on 16 Nov 2026)." in told


def test_a_channel_that_a_service_lost_is_said(look_back):
    direct = {"channel": "direct", "licensesSold": 40}
    lost = "Not in the answer of 24 Nov 2026: Microsoft 365 through Direct (40 licenses sold on 1 Nov 2026)."
    assert lost in said(look_back([services(28, {}, direct), services(0, {})]))
    assert lost not in said(look_back([services(28, {}, direct), services(0, {}, direct)]))
    assert lost not in said(look_back([services(28, {}, direct), services(0, {})], {"channel": "reseller"}))
    since = {"since": str((NOW - 14 * DAY).date()), "until": str(NOW.date())}
    back = said(look_back([services(28, {}, direct), services(14, {}), services(0, {}, direct)], since))
    assert "Not in the answer of 10 Nov 2026: Microsoft 365 through Direct (40 licenses sold on" in back
    assert "So it counts as new." in back


def test_what_the_earlier_answer_lacks_although_it_was_there_before_is_said(look_back):
    link = {"since": str((NOW - 14 * DAY).date()), "until": str(NOW.date())}
    app = look_back([BEFORE, services(14, {}), services(0, {}, CRM | {"proratedDeploymentPercent": 60})], link)
    assert (
        "Not in the answer of 10 Nov 2026: Dynamics 365 (100 licenses sold on 1 Nov 2026). So it counts as new."
    ) in said(app)
    assert "So it counts as new" not in said(look_back([BEFORE, AFTER]))


def test_of_two_channels_that_were_lost_the_one_that_is_back_is_named(look_back):
    link = {"since": str((NOW - 14 * DAY).date()), "until": str(NOW.date())}
    both = services(28, {}, CRM | {"licensesSold": 370}, CRM | {"licensesSold": 270, "channel": "direct"})
    again = CRM | {"processedDateTime": "2026-11-20T00:00:00Z"}
    told = said(look_back([both, services(14, {}), services(0, {}, again)], link))
    assert "10 Nov 2026: Dynamics 365 through Reseller (370 licenses sold on 1 Nov 2026). So it counts as new." in told
    told = said(look_back([both, services(14, {}), services(0, {}, again, again | {"channel": "direct"})], link))
    assert "10 Nov 2026: Dynamics 365 (640 licenses sold on 1 Nov 2026). So it counts as new." in told
