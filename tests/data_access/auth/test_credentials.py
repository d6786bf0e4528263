"""Ways to a token that need nothing on disk: a ready one, and one on behalf of the person at the dashboard."""

import pytest

from data_access.auth.credentials import OnBehalfOf, Ready
from data_access.errors import NotPermitted, SignInError, SignInNeeded, SignInRefused
from tests.data_access.auth.fetching import fetch
from tests.entra import PARTNER_CENTER, App, Person, Tenant


def test_a_ready_token_has_no_renewal(settings, service):
    with pytest.raises(SignInError) as refusal:
        fetch(settings, Ready("stale"))
    assert "PARTNER_CENTER_ACCESS_TOKEN" in refusal.value.advice
    assert len(service[0].requests) == 1


def test_a_token_of_the_application_alone(settings, entra, app):
    with pytest.raises(NotPermitted, match="application alone"):
        fetch(settings, Ready(entra.access_token(app, None)))


def test_a_token_of_a_foreign_tenant_opens_nothing(settings, entra, service):
    eve = Person("Eve Evans", "eve@fabrikam.example")
    entra.tenants.append(Tenant("fabrikam.example", people=[eve], apps=[App("Theirs")]))
    foreign = entra.access_token(entra.tenants[1].apps[0], eve, tenant=entra.tenants[1])
    with pytest.raises(SignInError, match="did not accept"):
        fetch(settings, Ready(foreign))
    assert service[1].seen == [foreign]


# On behalf of a person


@pytest.fixture
def on_behalf(entra, app, amy, settings):
    credential = OnBehalfOf(settings.registration)
    credential.assertion = entra.access_token(app, amy, f"api://{app.client_id}", ["access_as_user"])
    return credential


def test_the_data_comes_on_behalf_of_the_person(settings, on_behalf, service, amy, entra):
    assert len(fetch(settings, on_behalf).frame) == 1
    fetch(settings, on_behalf)
    assert service[1].people == [amy.name] * 2
    assert sum(asked.path.endswith("/token") for asked in entra.requests) == 1


def test_a_person_whose_sign_in_has_ended_gets_nothing_new(on_behalf, entra):
    entra.clock.advance(hours=2)
    with pytest.raises(SignInRefused, match="has ended"):
        on_behalf.token()


def test_a_person_without_a_token_for_the_dashboard(settings):
    with pytest.raises(SignInNeeded, match="cannot be used"):
        OnBehalfOf(settings.registration).token()


@pytest.mark.parametrize("resource", [PARTNER_CENTER, "https://graph.microsoft.com"])
def test_a_token_for_somebody_else_cannot_be_exchanged(settings, entra, app, amy, resource):
    credential = OnBehalfOf(settings.registration)
    credential.assertion = entra.access_token(app, amy, resource)
    with pytest.raises(SignInRefused, match="cannot be exchanged"):
        credential.token()


def test_a_tampered_sign_in_cannot_be_exchanged(on_behalf):
    head, body, signature = on_behalf.assertion.split(".")
    on_behalf.assertion = f"{head}.{body[:-4]}AAAA.{signature}"
    with pytest.raises(SignInRefused, match="cannot be exchanged"):
        on_behalf.token()
