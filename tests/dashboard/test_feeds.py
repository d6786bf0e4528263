"""One place through which data reaches pages: what it hands out, and that there is no way around it."""

import ast
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

import dashboard
from dashboard.feeds import _Sources
from data_access import EVERYBODY, NOBODY, Customers, Settings, load_settings
from data_access.emulator import Emulator, failing, serving
from data_access.emulator.sample import partner
from tests import lakes
from tests.dashboard import visit

#: The names that lead to every customer's rows: of data_access, and of the module that restricts them.
WAYS = {
    "connect",
    "connect_engine",
    "fetch_commercial_deployment",
    "fetch_deployment",
    "fetch_usage",
    "history",
    "keep_books",
    "open_timeline",
    "Client",
    "_Sources",
    "_sources",
    "_keeper",
}
#: Modules that need one of them, for no rows of customers: notes, mutes, saved views, ended sign-ins, whether the
#: history can be read, whether the client answers.
MAY = {
    "feeds.py": WAYS,
    "audit.py": {"history"},
    "readiness.py": {"history"},
    "mutes_and_bands.py": {"history"},
    "saved_views.py": {"history"},
    "security/sharing.py": {"history"},
    "server.py": {"history"},
    "screens/status.py": {"Client"},
}


def imported(module):
    """Names that a module of the dashboard takes from data_access and from `feeds`, or reaches in them by a dot."""
    tree = ast.parse(module.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "data_access":
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom) and node.module == "dashboard.feeds":
            yield from (name.name for name in node.names)
        if isinstance(node, ast.Attribute) and node.attr in {"_sources", "_Sources", "_keeper"}:
            yield node.attr


def test_no_other_module_reaches_the_rows_of_every_customer():
    root = Path(dashboard.__file__).parent
    found = {
        module.relative_to(root).as_posix(): ways
        for module in root.rglob("*.py")
        if (ways := WAYS.intersection(imported(module)))
    }
    assert {name: ways - MAY.get(name, set()) for name, ways in found.items() if ways - MAY.get(name, set())} == {}
    assert "connect_engine" in found["feeds.py"]  # the test sees what it is after


ONE = Customers(frozenset({str(UUID(int=1)).upper()}))


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Those of an account with few customers, of whom a part is kept in the history."""
    source = partner(as_of=date(2026, 3, 31), customers=4)
    with serving(Emulator(source)) as address:
        settings = {**visit.live(address), "HISTORY_URL": str(tmp_path_factory.mktemp("history"))}
        lakes.keep(settings, lakes.weekly(2, datetime(2026, 3, 31, tzinfo=UTC)))
        yield _Sources(Settings(**{name.lower(): value for name, value in settings.items()}), None)


def read(feed):
    feed.refresh()
    assert feed.wait(20)
    assert feed.state.data is not None, feed.state.error
    return feed.state.data


def test_the_same_customers_have_the_same_feeds_and_data_so_that_views_are_worked_out_once(sources):
    seen = sources.seen(ONE, named=True)
    assert sources.seen(Customers(ONE.ids), named=True) is seen
    assert sources.seen(NOBODY, named=True) is not seen
    data = read(seen.customers)
    assert seen.customers.state.data is data
    assert seen.deployment.state.data is data
    read(seen.customers)
    assert seen.customers.state.data is not data  # of newer data it is another part


def test_feeds_that_nobody_looked_at_for_long_make_room():
    sources = _Sources(load_settings(), None, most_books=2)
    first = sources.seen(ONE, named=True)
    for number in (2, 3):
        sources.seen(Customers(frozenset({str(number)})), named=True)
    assert sources.seen(ONE, named=True) is not first


def test_who_may_see_everybody_gets_the_data_as_they_are(sources):
    seen = sources.seen(EVERYBODY, named=True)
    assert read(seen.customers) is sources.customers.state.data
    assert read(seen.usage) is sources.usage.state.data
    assert not seen.is_book


def test_the_companys_figures_have_no_column_that_names_a_customer(sources):
    seen, naming = sources.seen(EVERYBODY, named=False), {"customerTenantId", "customerName"}
    assert read(seen.customers).facts.frame.empty
    counted = read(seen.usage)
    tables = (counted.licenses, counted.workloads, counted.percents, *(source.frame for source in counted.sources))
    for table in (*tables, read(seen.deployment).facts.frame):
        assert not naming.intersection(table.columns)
    past = read(seen.past)
    rows = seen.engine(past).grouped(
        past.history.facts(past.history.snapshots("commercial-deployment")).paths, ["customerTenantId"]
    )
    assert rows["customerTenantId"].isna().all()
    assert rows["licensesSold"].sum() > 0


def test_renewals_that_could_not_be_read_again_are_asked_for_at_each_try(tmp_path):
    emulator = Emulator(partner(as_of=date(2026, 3, 31), customers=2))
    with serving(emulator) as address:
        settings = {**visit.live(address), "HISTORY_URL": str(tmp_path), "PARTNER_CENTER_TRIES": "1"}
        feed = _Sources(Settings(**{name.lower(): value for name, value in settings.items()}), None).renewals
        first = read(feed)
        emulator.always(failing(403), where="/v1/customers")
        for _ in range(3):
            before = len(emulator.requests)
            feed.refresh()
            assert feed.wait(20)
            assert feed.state.error
            assert feed.state.data is first
            assert any("/v1/customers" in each.target for each in emulator.requests[before:])
        emulator.heal()
        assert read(feed).read_at > first.read_at
        assert feed.state.error is None


def test_the_client_is_for_operators(sources):
    with pytest.raises(PermissionError):
        _ = sources.seen(EVERYBODY, named=True).service
