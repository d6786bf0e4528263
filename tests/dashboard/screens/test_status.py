"""The operator's page: who is here, which account is used, what answers."""

from datetime import timedelta
from functools import partial

import pandas as pd
import pytest

from dashboard.components import figures
from dashboard.tables.status import without_failures
from data_access.emulator import Emulator, answer, documented
from data_access.emulator.sample import Partner
from data_access.history import permissions
from data_access.history.run_log import Failure, Run, Tried
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT, USAGE
from tests.dashboard.visit import TENANT, tables, text, wait_for
from tests.lakes import NOW, fetched

DAY = timedelta(days=1)


def calls(app):
    return tables(app)["calls_table"].set_index("collection")


@pytest.fixture
def tested(visit):
    """The page after its button was pressed."""

    def tested(emulator=None, **settings):
        app = visit(emulator, page="status", **settings)
        app.button(key="test_connection").click().run()
        assert not app.exception
        return app

    return tested


def test_every_collection_is_asked_for_as_little_as_possible(tested):
    emulator = Emulator()
    app = tested(emulator)
    assert "9 of 9 collections were asked, and all of them can be read" in text(app).replace("**", "")
    assert (calls(app)["answer"] == "✓ readable").all()
    assert [*calls(app)] == ["answer", "rows", "askedAt", "seconds"], "ids and reasons are for failures"
    assert [error.value for error in app.error] == ["**Not everything works.** `collect` has never run."]
    commercial = [
        asked.target for asked in emulator.requests if "/commercial/" in asked.target and "top=1&" in asked.target
    ]
    assert len(commercial) == 2


def test_what_cannot_be_read_has_its_reason_and_the_ids_to_copy(tested):
    emulator = Emulator(documented())
    emulator.always(answer(403, {}, b'{"code":900150,"description":"no"}'), "/usage")
    app = tested(emulator)
    refused = calls(app).loc["Partner licenses usage"]
    assert refused["answer"].startswith("✗ 403")
    assert refused["code"] == "900150"
    assert refused["requestId"]
    assert calls(app)["correlationId"].nunique() == 9
    assert "Partner licenses usage" in text(app)
    assert not app.success
    assert any("cannot be read: Partner licenses usage" in error.value for error in app.error)


def test_a_customer_that_refuses_is_no_collection_that_cannot_be_read(tested):
    service = Emulator()
    service.always(answer(403, {}, b'{"code":900150,"description":"no"}'), "/subscribedskus")
    app = tested(service)
    assert "8 of 9 collections were asked, and all of them can be read" in text(app).replace("**", "")
    assert calls(app).loc["Live seats", "answer"].startswith("– the customer that was asked refuses")
    assert not any("Live seats" in error.value for error in app.error)


def test_without_customers_the_customer_calls_are_not_asked(tested):
    app = tested(Emulator(Partner()))
    of_customer = ["Customer licenses deployment", "Customer licenses usage", "Subscriptions", "Live seats"]
    assert (calls(app).loc[of_customer, "answer"] == "not asked yet").all()


def test_the_verdict_counts_what_does_not_work_beside_the_collections(tested, tmp_path):
    books = tmp_path / "books.csv"
    books.write_text("customerTenantId,person,from,until\nnobody,ann@x.example,,\n", encoding="utf-8")
    emulator = Emulator(documented())
    emulator.always(answer(403, {}, b'{"code":900150,"description":"no"}'), "/usage")
    (verdict,) = [error.value for error in tested(emulator, BOOKS_FILE=str(books)).error]
    assert verdict.startswith("**3 things do not work.**")
    assert "1 line of BOOKS_FILE cannot be used." in verdict


def facts(app):
    return " ".join(element.value for element in app.text)


def test_the_operator_sees_what_the_history_holds_and_what_failed(look_back, tmp_path):
    failure = Failure(
        title="x", message="Not permitted to read it.", advice="Ask.", exit_code=4, status=403, code="900150"
    )

    def fail(kept):
        kept.record(Run(started=NOW, outcomes={USAGE.name: Tried(at=NOW, failure=failure)}))

    counted = partial(fetched, COMMERCIAL_DEPLOYMENT, [{"customerName": "Nordwind AB"}], NOW - timedelta(days=2))
    figures = [partial(fetched, DEPLOYMENT, [{"licensesSold": sold}], NOW - timedelta(days=sold)) for sold in (9, 2)]
    app = look_back([*figures, counted], page="status", more=fail)
    assert str(tmp_path) in facts(app)
    assert f"{NOW:%b %Y}" in facts(app)
    shown = tables(app)["history_table"].set_index("collection")
    assert dict(shown["snapshots"]) == {
        "Partner licenses deployment": "2",
        "Partner licenses usage": "0",
        "Commercial licenses deployment": "1",
    }
    assert shown.loc["Partner licenses usage", "state"] == "failing"
    assert "Not permitted to read it" in shown.loc["Partner licenses usage", "failure"]
    answers = calls(app)["answer"]
    assert answers["Partner licenses deployment"] == "✓ read by collect"
    assert answers["Partner licenses usage"] == "✗ collect: 403 Not permitted to read it."
    assert calls(app).loc["Partner licenses usage", "advice"] == "Ask."
    said = "The last collect could not read Partner licenses usage on 24 Nov 2026: Not permitted to read it. Ask."
    assert said in text(app).replace("`", "").replace("\u00a0", " ")
    assert "Nordwind" not in f"{text(app)} {facts(app)} {shown.to_csv()}"


def test_the_calls_and_the_history_are_taken_away_as_files(look_back, monkeypatch):
    taken = {}
    downloads = figures.downloads

    def keep(files):
        taken.update({file.key: file for file in files})
        downloads(files)

    monkeypatch.setattr(figures, "downloads", keep)
    app = look_back([partial(fetched, DEPLOYMENT, [{}], NOW)], page="status")
    assert not app.exception
    assert [*taken] == [
        *("export_xlsx", "export_csv", "export_csv_exact"),
        *("export_history_xlsx", "export_history", "export_history_exact"),
    ]
    lines = taken["export_csv_exact"].content().decode().splitlines()
    assert lines[0].startswith("collection,answer,rows,askedAt,seconds,code,correlationId,requestId,advice,source")
    assert len(lines) == 1 + 9
    (history, kept) = taken["export_history_exact"].content().decode().splitlines()
    assert history.startswith("collection,snapshots,lastRead,state")
    assert kept.startswith(f"Partner licenses deployment,1,{NOW:%Y-%m-%dT%H:%M:%S}")
    assert taken["export_xlsx"].content().startswith(b"PK")


def test_before_the_first_run_the_history_is_empty_and_says_how_to_begin(look_back):
    app = look_back([], page="status")
    assert "never. Run: python -m data_access collect" in facts(app)
    assert [*tables(app)] == ["calls_table"]


def test_a_history_that_cannot_be_read_says_why_beside_what_can(visit):
    app = visit(page="status", HISTORY_URL="file://somebody:secret@place/history")
    assert "HISTORY_URL" in text(app)
    assert "secret" not in text(app)
    assert [*tables(app)] == ["calls_table"]


def test_what_another_user_has_written_into_the_history_is_named_with_the_cure(look_back, monkeypatch):
    monkeypatch.setattr(permissions, "may_read", lambda path, **_: "/raw/" not in str(path))
    app = look_back([partial(fetched, DEPLOYMENT, [{}], NOW)], page="status")
    (verdict,) = [error.value for error in app.error]
    assert "may not be read as a whole: raw/deployment/" in verdict.replace("\\", "")
    assert "chown" in verdict


def test_the_sample_says_what_it_is(visit):
    assert "nothing is configured" in facts(visit(page="status"))


def test_a_registration_without_a_sign_in_says_what_to_do(visit, tmp_path):
    settings = {f"PARTNER_CENTER_{name}": TENANT for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET")}
    app = visit(page="status", PARTNER_CENTER_SIGN_IN_FILE=str(tmp_path / "none.json"), **settings)
    assert "python -m data_access sign-in" in facts(app)
    assert f"https://login.microsoftonline.com/{TENANT}" in facts(app)


@pytest.mark.parametrize(("failed", "shown"), [(False, ["collection"]), (True, ["collection", "failure", "requestId"])])
def test_columns_of_failures_come_after_a_failure(failed, shown):
    rows = pd.DataFrame([("deployment", None, None)], columns=["collection", "failure", "requestId"])
    assert [*without_failures(rows, failed=failed)] == shown


def test_where_everything_works_the_verdict_says_so_or_as_data_health_who_could_not_be_read(tested):
    app = tested()
    (verdict,) = [said.value for said in (*app.success, *app.warning)]
    # The history, which knows who could not be read, may still be on its way.
    assert verdict.startswith(("**Everything works.** ", "**Not all is well.** 1 customer could not be read"))
    assert "**9 of 9** collections were asked" in verdict
    assert not app.error


def test_a_collection_that_shrank_is_not_called_working(look_back):
    many = [{"serviceName": name} for name in ("o365", "crm", "exo")]
    app = look_back(
        [partial(fetched, DEPLOYMENT, many, NOW - DAY), partial(fetched, DEPLOYMENT, many[:1], NOW)],
        page="status",
    )
    wait_for(app, lambda app: app.error)
    assert not app.success
    assert "Partner licenses deployment* shrank: from 300 to 100 licenses" in str([error.value for error in app.error])


def test_where_all_else_works_the_verdict_says_that_lines_of_digest_file_may_be_mistyped(visit, tmp_path):
    plan = tmp_path / "digest.toml"
    plan.write_text(
        '[[person]]\nname = "ann@x.example"\n[[rule]]\nbelow = 80\nperson = "an@x.example"\n', encoding="utf-8"
    )
    app = visit(page="status", DIGEST_FILE=str(plan))
    assert not app.error
    assert "1 line of DIGEST_FILE may be mistyped." in app.warning[0].value


def test_the_page_drawn_again_reads_no_answer_again(look_back, tmp_path):
    many = [{"customerTenantId": f"T{number}"} for number in range(3)]
    past = [partial(fetched, COMMERCIAL_DEPLOYMENT, rows, at) for rows, at in ((many, NOW - DAY), (many[:1], NOW))]
    app = wait_for(look_back(past, page="status"), lambda app: app.error)
    (verdict,) = [error.value for error in app.error]
    assert "from 3 to 1 customers" in verdict
    for path in tmp_path.rglob("facts/**/*.parquet"):
        path.unlink()
    app.run()
    assert [error.value for error in app.error] == [verdict]
