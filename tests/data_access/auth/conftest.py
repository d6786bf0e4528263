"""An operator's registration at an Entra ID over HTTPS, and a Partner Center that accepts nothing but its tokens."""

import pytest

from data_access import Settings, connection
from data_access.auth import interactive
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.entra import USER_IMPERSONATION, App, Entra, Person, Tenant, serving
from tests.entra.admission import partner_center
from tests.rows import rows_of


@pytest.fixture
def amy():
    return Person("Amy Adams", "amy@contoso.example")


@pytest.fixture
def app():
    app = App("Insights", "its-secret", redirect_uris=["http://localhost"], public_flows=True)
    app.consented |= {USER_IMPERSONATION, f"api://{app.client_id}/access_as_user"}
    return app


@pytest.fixture
def entra(amy, app, monkeypatch):
    contoso = Tenant("contoso.example", people=[amy, Person("Bob Brown", "bob@contoso.example")], apps=[app])
    with serving(Entra([contoso], device_interval=1)) as entra:
        for name, value in entra.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BROWSER", "false %s")  # so that nobody's real browser opens
        yield entra


@pytest.fixture
def service(entra):
    """Partner Center, and which tokens have come."""
    return partner_center(
        entra, Partner(deployment=rows_of(DEPLOYMENT, [{}]), commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{}]))
    )


@pytest.fixture
def address(service, serve):
    return serve(service[0])


@pytest.fixture
def settings(entra, app, address, tmp_path, monkeypatch):
    """The settings of an operator, in the environment as well."""
    values = {
        "PARTNER_CENTER_BASE_URL": address,
        "PARTNER_CENTER_AUTHORITY": entra.address,
        "PARTNER_CENTER_TENANT_ID": entra.home.id,
        "PARTNER_CENTER_CLIENT_ID": app.client_id,
        "PARTNER_CENTER_CLIENT_SECRET": app.secret,
        "PARTNER_CENTER_SIGN_IN_FILE": str(tmp_path / "kept" / "sign-in.json"),
        "PARTNER_CENTER_TRIES": "1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings(**{name.lower(): value for name, value in values.items()})


@pytest.fixture
def enter_code(entra):
    """A person with a phone, who enters the code that is told."""
    return lambda person: lambda text: entra.approve(text.split("code ")[1].split()[0], person)


@pytest.fixture
def signed_in(settings, enter_code, amy):
    """What somebody's sign-in left behind."""
    stored = connection.stored(settings)
    stored.keep(interactive.by_device_code(settings.registration, enter_code(amy)))
    return stored
