"""Partner Center asked on behalf of each person, together with books: the smaller of both is seen."""

import pytest

from data_access.emulator import serving as serving_partner_center
from tests import bookkeeping
from tests.bookkeeping import FOREIGN, HEADER, NAMES, NOBODYS, OWN, SHARED_ONE, SOLD
from tests.dashboard import visit as visits
from tests.dashboard.visit import text, tiles
from tests.entra import USER_IMPERSONATION, App, Entra, Person, Tenant, serving
from tests.entra.admission import PerPerson

ANN, BEN, LEA = (Person(name, f"{name.lower()}@x") for name in ("Ann", "Ben", "Lea"))
BOOKS = f"{HEADER}{OWN},ann@x,,\n{SHARED_ONE},ann@x,,\n{SHARED_ONE},ben@x,,\n{FOREIGN},ben@x,,\n"
#: The customers that Microsoft shows to each person.
SHOWN = {ANN.name: {OWN, FOREIGN}, BEN.name: {*NAMES}, LEA.name: {OWN, NOBODYS}}


def shown_to(name):
    """What Microsoft shows to a person."""
    whole = bookkeeping.partner()
    rows = {
        kind: [row for row in getattr(whole, kind) if row["customerTenantId"] in SHOWN[name]]
        for kind in ("commercial_deployment", "commercial_usage")
    }
    return bookkeeping.partner(**rows)


@pytest.fixture(scope="module")
def office():
    """Entra ID, the registration, and a Partner Center that shows each person something else."""
    app = App("Insights", "its-secret", redirect_uris=["http://localhost"])
    app.consented |= {USER_IMPERSONATION, f"api://{app.client_id}/access_as_user"}
    with (
        serving(Entra([Tenant("x", people=[ANN, BEN, LEA], apps=[app])])) as entra,
        serving_partner_center(PerPerson(entra, shown_to)) as address,
    ):
        yield entra, app, address


@pytest.fixture
def sit_down(office, configure, claims, monkeypatch, tmp_path):
    """Open a page as a person with a role."""
    entra, app, address = office
    (tmp_path / "books.csv").write_text(BOOKS)
    settings = {
        **entra.environment,
        "PARTNER_CENTER_BASE_URL": address,
        "PARTNER_CENTER_AUTHORITY": entra.address,
        "PARTNER_CENTER_TENANT_ID": entra.home.id,
        "PARTNER_CENTER_CLIENT_ID": app.client_id,
        "PARTNER_CENTER_CLIENT_SECRET": app.secret,
        "PARTNER_CENTER_ON_BEHALF_OF": "true",
        "ACCESS_TENANTS": visits.TENANT,
        "BOOKS_FILE": str(tmp_path / "books.csv"),
        "HISTORY_URL": str(tmp_path / "history"),
    }

    def sit_down(person, link=None, role="manager"):
        configure()
        token = entra.access_token(app, person, f"api://{app.client_id}", ["access_as_user"])
        who = {"preferred_username": person.username, "oid": person.name, "tokens": {"access": token}}
        claims.update(visits.claims(role, **who))
        return visits.opened(settings, link or {}, "customers", monkeypatch, claims)

    return sit_down


def sold(app):
    return tiles(app)["Licenses sold"]


def seen(app):
    """The customers that are named anywhere on the page, and in what its components get."""
    drawn = "".join(element.proto.json for element in app.get("bidi_component"))
    return {tenant for tenant, name in NAMES.items() if name in text(app) + drawn}


@pytest.mark.parametrize(
    ("person", "role", "link", "customers"),
    [
        (ANN, "manager", {}, {OWN}),
        (ANN, "manager", {"book": "all"}, {OWN}),
        (BEN, "manager", {}, {SHARED_ONE, FOREIGN}),
        (LEA, "lead", {"book": "all"}, {OWN, NOBODYS}),
        (LEA, "lead", {"book": "ann@x"}, {OWN}),
        (LEA, "lead", {"book": "unassigned"}, {NOBODYS}),
    ],
)
def test_the_smaller_of_both_is_seen(sit_down, person, role, link, customers):
    app = sit_down(person, link, role)
    assert seen(app) == customers
    assert sold(app) == f"{sum(SOLD[tenant] for tenant in customers):,}"


def test_neither_the_book_alone_nor_microsoft_alone_opens_a_customer(sit_down):
    in_book_alone = sit_down(ANN, {"customer": SHARED_ONE})
    shown_alone = sit_down(ANN, {"customer": FOREIGN})
    assert "Microsoft has no licenses for this customer" in text(in_book_alone)
    assert "not in your book" in text(shown_alone)
    assert seen(in_book_alone) == seen(shown_alone) == set()
