"""An office: people who may see different things, an Entra ID that knows them, and a dashboard that asks who it is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from data_access.emulator import serving as serving_partner_center
from data_access.emulator.sample import Partner, partner
from tests.browser import app
from tests.browser.partners import row
from tests.entra import USER_IMPERSONATION, App, Entra, Person, Tenant, serving
from tests.entra.admission import PerPerson

MIA = Person("Mia Manager", "mia@contoso.example", roles=["manager"])
RITA = Person("Rita Reader", "rita@contoso.example", roles=["reader"])
OLAF = Person("Olaf Operator", "olaf@contoso.example", roles=["operator"])
UMA = Person("Uma Unlisted", "uma@contoso.example")
SECRETS = ("its-secret", "hush-0123456789abcdefghijklmnopqrstuv")


class Office(NamedTuple):
    """A dashboard that asks who it is, and everything behind it."""

    address: str
    entra: Entra
    partner_center: PerPerson
    log: Path


def _partner_of(name: str) -> Partner:
    """Mia has the sample; everyone else one service, with as many licenses as the name has letters."""
    if name == MIA.name:
        return partner(as_of=datetime.now(UTC).date())
    return Partner(deployment=[row("crm", "direct", 50.0, len(name))])


@contextmanager
def opened() -> Iterator[Office]:
    """The office in working hours."""
    registration = App("Insights", SECRETS[0], redirect_uris=["http://localhost/oauth2callback"])
    registration.consented |= {USER_IMPERSONATION, f"api://{registration.client_id}/access_as_user"}
    contoso = Tenant("contoso.example", people=[MIA, RITA, OLAF, UMA], apps=[registration])
    with tempfile.TemporaryDirectory() as place, serving(Entra([contoso])) as entra:
        folder = Path(place)
        partner_center = PerPerson(entra, _partner_of)
        (folder / "secrets.toml").write_text(
            f"""
            [auth]
            redirect_uri = "http://localhost:{{port}}/oauth2callback"
            cookie_secret = "{SECRETS[1]}"
            expose_tokens = ["access"]
            [auth.entra]
            client_id = "{registration.client_id}"
            client_secret = "{SECRETS[0]}"
            server_metadata_url = "{entra.issuer()}/.well-known/openid-configuration"
            client_kwargs = {{ scope = "openid profile email api://{registration.client_id}/access_as_user" }}
            """
        )
        with (
            serving_partner_center(partner_center) as service,
            app.dashboard(
                f"--secrets.files {folder / 'secrets.toml'} --logger.level debug",
                folder / "log",
                PARTNER_CENTER_BASE_URL=service,
                PARTNER_CENTER_AUTHORITY=entra.address,
                PARTNER_CENTER_TENANT_ID=contoso.id,
                PARTNER_CENTER_CLIENT_ID=registration.client_id,
                PARTNER_CENTER_CLIENT_SECRET=SECRETS[0],
                PARTNER_CENTER_ON_BEHALF_OF="true",
                HISTORY_URL=str(folder / "history"),
                **entra.environment,
            ) as address,
        ):
            yield Office(address, entra, partner_center, folder / "log")


def sign_in(page: Page, person: Person) -> None:
    """From the closed door through Microsoft's page."""
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name=person.name).click()
