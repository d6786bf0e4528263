"""Mutes and bands on pages: set by those who may name the customer, said with who and why, and no total moves."""

import io
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pypdf import PdfReader

from dashboard import formats, mutes_and_bands
from dashboard.components import figures, mutes_menu
from dashboard.exports import File
from data_access import history, load_settings
from data_access.emulator import Emulator
from data_access.errors import StoreUnanswered
from data_access.history.audit import MUTED
from data_access.history.store import Store
from data_access.mutes import Mute
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.bookkeeping import FOREIGN, HEADER, NAMES, NOW, OWN, SHARED_ONE, SOLD, customers_rows, of, partner
from tests.dashboard import visit as visits
from tests.dashboard.visit import tables, text, tiles
from tests.rows import rows_of

PRODUCT = str(UUID(int=7)).upper()
TODAY = datetime.now(UTC).date()
UNTIL = TODAY + timedelta(days=60)
REASON = "migration, :red[x] <b>"
ROWS = [{**row, "productId": PRODUCT} for row in of(customers_rows(NOW, 50), "licenseActive", "licensesQualified")]
BOOKS = f"{HEADER}{OWN},ann@x,,\n{SHARED_ONE},ann@x,,\n{FOREIGN},ben@x,,\n"


@pytest.fixture
def sit(serve_again, tmp_path, configure, claims, monkeypatch):
    """Open a page of one account as somebody with a role, or without a name at this machine; `plan`: DIGEST_FILE."""
    account = Emulator(partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, ROWS)))
    settings = {"HISTORY_URL": str(tmp_path / "history"), **visits.live(serve_again(account))}

    def sit(page="customers", link=None, *, name="", role="manager", plan=""):
        if name:
            configure()
            monkeypatch.setenv("ACCESS_TENANTS", visits.TENANT)
            claims.update(visits.claims(role, preferred_username=name, oid=name))
            (tmp_path / "books.csv").write_text(BOOKS)
            monkeypatch.setenv("BOOKS_FILE", str(tmp_path / "books.csv"))
        if plan:
            (tmp_path / "digest.toml").write_text(plan)
            monkeypatch.setenv("DIGEST_FILE", str(tmp_path / "digest.toml"))
        return visits.opened(settings, link or {}, page, monkeypatch, claims)

    return sit


def mute(app, line, reason=REASON, until=UNTIL):
    app.session_state["mute"] = True
    app.run()
    app.selectbox(key="mute_what").set_value(line)
    app.text_input(key="mute_reason").set_value(reason)
    if until:
        app.date_input(key="mute_until").set_value(until)
    app.button(key="mute_this").click().run()
    assert not app.exception


def called(app):
    """The customers that are to be called first."""
    return [*tables(app)["calls"]["customerName"]] if "calls" in tables(app) else []


def kept():
    return history.open_mutes(load_settings()).all()


def test_a_muted_customer_is_not_called_and_no_total_moves(sit):
    app = sit()
    before = tiles(app)
    assert NAMES[FOREIGN] in called(app)
    mute(app, (FOREIGN, None))
    assert NAMES[FOREIGN] not in called(app)
    assert tiles(app) == before
    assert f"1 muted, until {UNTIL.day} {UNTIL:%b %Y}: migration, :red[x] <b>" in formats.seen(text(app))
    why = dict(tables(app)["customers_table"][["customerName", "why"]].itertuples(index=False))
    assert why[NAMES[FOREIGN]] == [f"Muted until {UNTIL.day} {UNTIL:%b %Y}: {REASON}"]


def test_who_muted_it_and_why_is_on_the_customers_page_where_it_can_be_ended(sit, noted):
    mute(sit(name="ann@x", link={"customer": OWN}), (OWN, None))
    app = sit(name="ann@x", link={"customer": OWN})
    assert f"Set by ann@x on {TODAY.day} {TODAY:%b %Y}" in formats.seen(text(app))
    assert not [heading for heading in app.header if heading.value == "What to say"]
    app.button(key="end_mute_0").click().run()
    assert not app.exception
    assert kept() == ()
    assert [heading for heading in app.header if heading.value == "What to say"]
    noted_mutes = [(entry.person, entry.filters, entry.detail) for entry in noted if entry.action == MUTED]
    assert noted_mutes == [
        ("ann@x", f"customer={OWN}", f"until {UNTIL}: {REASON}"),
        ("ann@x", f"customer={OWN}", f"taken back; it was until {UNTIL}: {REASON}"),
    ]


def test_a_muted_product_is_no_reason_to_call(sit):
    app = sit(link={"customer": OWN})
    assert "not assigned to anybody" in text(app)
    mute(app, (OWN, PRODUCT))
    assert "not assigned to anybody" not in text(app)
    assert tiles(app)["Licenses sold"] == f"{SOLD[OWN]:,}"
    assert "1 muted" in text(sit())


@pytest.mark.parametrize(
    ("reason", "until", "problem"), [(" ", UNTIL, "Give a reason"), ("sold", None, "Choose the day")]
)
def test_a_mute_needs_a_reason_and_an_end(sit, reason, until, problem):
    app = sit()
    mute(app, (OWN, None), reason, until)
    assert problem in text(app)
    assert kept() == ()
    app.run()  # as the page does by itself when late figures come
    assert problem in text(app)


def test_what_was_missing_is_said_no_longer_once_it_is_there(sit):
    app = sit()
    mute(app, (OWN, None), "")
    assert "Give a reason." in text(app)
    app.text_input(key="mute_reason").set_value("migration").run()
    assert "Give a reason." not in text(app)
    assert kept() == ()


def test_a_manager_is_offered_the_own_customers_alone(sit):
    app = sit(name="ann@x")
    app.session_state["mute"] = True
    app.run()
    assert [*app.selectbox(key="mute_what").options] == [NAMES[OWN], NAMES[SHARED_ONE]]
    assert app.selectbox(key="mute_what").value is None  # nobody is muted because it comes first


@pytest.fixture
def namesakes(monkeypatch):
    """Two customers have one name, and a third the same but for its capitals."""
    for row in ROWS:
        name = NAMES[OWN].upper() if row["customerTenantId"] == FOREIGN else NAMES[OWN]
        monkeypatch.setitem(row, "customerName", name)


@pytest.mark.usefixtures("namesakes")
@pytest.mark.parametrize("chosen", [OWN, SHARED_ONE, FOREIGN])
def test_of_customers_with_one_name_the_one_that_was_chosen_is_muted(sit, chosen):
    mute(sit(), (chosen, None))
    assert [each.customer for each in kept()] == [chosen]


@pytest.mark.parametrize(
    ("lines", "labels"),
    [
        ({("A", None): "One", ("B", None): "Two"}, ["One", "Two"]),
        ({("A", None): "One", ("B", None): "ONE ", ("C", None): "Two"}, ["One (A)", "ONE (B)", "Two"]),
        ({("A", None): "All", ("A", "P"): "E3", ("A", "Q"): "E3"}, ["All", "E3 (P)", "E3 (Q)"]),
        (
            {("A", None): "One", ("B", None): "One", ("C", None): "One (A)"},
            ["One (A)", "One (B)", "One (A) (C)"],
        ),
    ],
)
def test_no_two_lines_are_called_alike(lines, labels):
    assert [*mutes_menu.labelled(lines).values()] == labels


@pytest.mark.parametrize(("customer", "may"), [(OWN, True), (FOREIGN, False), (None, False)])
def test_nobody_mutes_a_customer_outside_the_own_book_whatever_the_browser_sends(sit, monkeypatch, customer, may):
    asked = Mute(customer=customer, product=PRODUCT, reason="x", until=UNTIL)
    monkeypatch.setattr(mutes_menu, "Mute", lambda **_: asked)  # what a forged form would come to
    app = sit(name="ann@x")
    mute(app, (OWN, None))
    assert bool(kept()) is may
    assert ("not in your book" in text(app)) is not may


def test_a_mute_after_a_hand_over_is_refused(sit, tmp_path):
    app = sit(name="ann@x", link={"customer": OWN})
    app.session_state["mute"] = True
    app.run()
    app.text_input(key="mute_reason").set_value("x")
    app.date_input(key="mute_until").set_value(UNTIL)
    (tmp_path / "books.csv").write_text(f"{HEADER}{OWN},ben@x,,\n{SHARED_ONE},ann@x,,\n")
    app.button(key="mute_this").click().run()
    assert kept() == ()


def test_nobody_learns_of_a_mute_of_a_customer_of_others(sit):
    mute(sit(name="ben@x"), (FOREIGN, None), "a secret of Strangers")
    app = sit(name="ann@x")
    assert "secret" not in text(app)
    assert "muted" not in text(app).lower()
    assert "secret" in text(sit(name="lea@x", role="lead"))


def test_a_mute_that_is_over_is_gone_from_the_page(sit, monkeypatch):
    app = sit()
    mute(app, (FOREIGN, None))
    assert NAMES[FOREIGN] not in called(app)
    # As if two months had passed.
    monkeypatch.setattr(Mute, "holds", lambda self, at: at.date() + timedelta(days=61) < self.until)
    app.run()
    assert NAMES[FOREIGN] in called(app)


def test_a_mute_ends_at_its_second_on_the_list_on_the_customers_page_and_on_its_call_sheet(sit, monkeypatch):
    taken: list[File] = []
    monkeypatch.setattr(figures, "downloads", taken.extend)  # AppTest takes no file

    def at(moment, link=None):
        """The page as it stands at a moment, and the text of the call sheet that is taken from it."""
        taken.clear()
        clock = type("Clock", (datetime,), {"now": classmethod(lambda _, zone: moment.astimezone(zone))})
        monkeypatch.setattr(mutes_and_bands, "datetime", clock)
        app = sit(link=link, plan=f'[[mute]]\ncustomer = "{FOREIGN}"\nreason = "sold"\nuntil = {UNTIL}\n')
        sheet = next(file for file in taken if file.key.startswith("call_sheet"))
        pages = PdfReader(io.BytesIO(sheet.content())).pages
        return app, " ".join(" ".join(page.extract_text() for page in pages).split())

    end = datetime(UNTIL.year, UNTIL.month, UNTIL.day, tzinfo=UTC)
    for moment, is_muted in ((end - timedelta(microseconds=1), True), (end, False)):
        app, sheets = at(moment)
        assert (NAMES[FOREIGN] not in called(app)) is is_muted
        assert ("1 muted" in text(app)) is is_muted
        assert ("1 muted" in sheets) is is_muted
        app, sheet = at(moment, {"customer": FOREIGN})
        assert ("Set in DIGEST_FILE" in text(app)) is is_muted
        assert ("What to say" not in str([header.value for header in app.header])) is is_muted
        assert ("1 muted" in sheet) is is_muted
        assert ("not assigned to anybody" not in sheet) is is_muted


def test_mutes_of_the_file_hold_on_pages_as_well(sit):
    app = sit(plan=f'[[mute]]\ncustomer = "{FOREIGN}"\nreason = "sold"\nuntil = {UNTIL}\n')
    assert NAMES[FOREIGN] not in called(app)
    assert "1 muted" in text(app)
    assert "Set in DIGEST_FILE" in text(sit(link={"customer": FOREIGN}))


def test_what_may_be_spare_is_no_reason_to_call_and_its_page_says_so(sit):
    plan = f'[[spare]]\ncustomer = "{FOREIGN}"\nproduct = "{PRODUCT}"\nseats = 99999\n'
    assert NAMES[FOREIGN] not in called(sit(plan=plan))
    assert "within your allowance of 99,999" in formats.bare(text(sit(link={"customer": FOREIGN}, plan=plan)))


def test_muted_renewals_are_counted_and_stay_in_every_sum(sit):
    before = sit("renewals")
    plan = f'[[mute]]\ncustomer = "{FOREIGN}"\nreason = "sold"\nuntil = {UNTIL}\n'
    app = sit("renewals", plan=plan)
    assert "1 muted" in text(app)
    assert tiles(app) == tiles(before)


def test_customers_out_of_their_band_are_marked_in_words_on_either_side(sit):
    app = sit(plan=f'[[rule]]\npreset = "non-profit"\n[[rule]]\nabove = 95\ncustomer = "{SHARED_ONE}"\n')
    marked = dict(tables(app)["customers_table"][["customerName", "band"]].itertuples(index=False))
    assert marked[NAMES[OWN]] == "below 85 %"
    assert marked[NAMES[SHARED_ONE]] == "above 95 %"
    assert "4 customers are out of the band" in text(app)
    assert "Out of its band: **below 85 %**" in text(sit(link={"customer": OWN}))


def test_services_out_of_their_band_are_named_and_marked_in_the_table(sit):
    app = sit("", plan='[[rule]]\nbelow = 101\nservice = "O365"\n[[rule]]\nbelow = 101\ncustomer = "' + OWN + '"\n')
    assert "Out of their band: Microsoft 365 below 101 %." in formats.seen(text(app))
    assert [*tables(app)["overview_table"]["band"]] == ["below 101 %"]
    assert "band" not in tables(sit("", plan=f'[[rule]]\nbelow = 101\ncustomer = "{OWN}"\n'))["overview_table"]


def test_a_band_of_one_person_is_for_that_person(sit):
    plan = '[[rule]]\nbelow = 101\nperson = "ANN@x"\n'
    assert "band" in tables(sit(name="ann@x", plan=plan))["customers_table"]
    assert "band" not in tables(sit(name="ben@x"))["customers_table"]


def test_without_bands_nothing_is_marked(sit):
    app = sit()
    assert "band" not in tables(app)["customers_table"]
    assert "band" not in text(app).lower()


def test_a_broken_file_is_told_to_operators_and_pages_go_on(sit):
    app = sit(plan="[[rule]]\nbelow = 80\n")
    assert "below 80 %" in [*tables(app)["customers_table"]["band"]]
    app = sit(plan="[[rule]]\nbelow = 'x'\n")
    assert "DIGEST_FILE, line 2" in text(app)
    assert "band" not in tables(app)["customers_table"]


def test_while_the_file_does_not_answer_its_bands_stay_and_operators_are_told(sit, monkeypatch):
    app, infos = sit(plan="[[rule]]\nbelow = 80\n"), Store.infos

    def hang(store, paths):
        if paths == ["digest.toml"]:
            raise StoreUnanswered("", "")
        return infos(store, paths)

    monkeypatch.setattr(Store, "infos", hang)  # as a disk over the network does
    app.run()
    assert "DIGEST_FILE does not answer. Until it does, the bands and mutes hold" in text(app)
    assert "below 80 %" in [*tables(app)["customers_table"]["band"]]


NOT_APPLIED = "so none of them is applied here. The operator is told why."


@pytest.mark.parametrize(
    ("page", "said"), [("", True), ("customers", True), ("renewals", True), ("trends", False), ("usage", False)]
)
def test_who_is_not_told_why_reads_where_bands_and_mutes_would_be_that_they_are_not_applied(sit, page, said):
    shown = text(sit(page, name="ann@x", plan="[[rule]]\nbelow = 'x'\n"))
    assert (NOT_APPLIED in shown) is said
    assert "DIGEST_FILE" not in shown
    assert NOT_APPLIED not in text(sit(page, plan="[[rule]]\nbelow = 'x'\n", role="operator", name="olga@x"))
    assert NOT_APPLIED not in text(sit(page, name="ann@x", plan="[[rule]]\nbelow = 80\n"))


def test_status_says_what_of_the_file_cannot_be_used(sit):
    app = sit("status", plan="[[rule]]\nbelow = 'x'\n")
    assert "DIGEST_FILE, line 2: below" in app.error[0].value.replace("\\", "")
    assert "digest_mistakes" not in tables(app)


def test_status_names_the_lines_that_may_be_mistyped(sit):
    plan = '[[rule]]\nbelow = 80\n[[rule]]\nbelow = 80\nservice = "o356"\n[[person]]\nname = "an@x.example"\n'
    app = sit("customers", plan=plan, role="operator", name="olga@x")
    app.switch_page("screens/status.py").run()
    shown = tables(app)["digest_mistakes"]
    assert [*shown["line"]] == ["3", "6"]
    assert "speaks of nothing" in shown["reason"].iloc[0]
    assert "2 lines may be mistyped:" in text(app)


def test_status_of_a_file_without_mistakes_says_what_is_in_it(sit):
    plan = f'[[rule]]\nbelow = 80\n[[mute]]\ncustomer = "{OWN}"\nreason = "x"\nuntil = 2020-01-01\n'
    app = sit("status", plan=plan)
    assert "0 of 1 mute is in force, 1 band, 0 allowances of spare seats." in text(app)
    assert "Open the page *Customers* once" in text(app)
    assert "which mutes and allowances" not in text(app)  # none holds
    assert "digest_mistakes" not in tables(app)


def test_status_says_where_it_does_not_know_yet_what_a_mute_is_about(sit):
    app = sit("status", plan=f'[[mute]]\ncustomer = "{OWN}"\nreason = "x"\nuntil = 2999-01-01\n')
    assert "Open *Customers* and *Renewals* once to see here which mutes and allowances are about nothing." in text(app)
