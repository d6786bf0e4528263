"""What Prometheus reads, and who may read it."""

import platform
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from dashboard import metrics, sitemap
from dashboard.probes import Probes
from dashboard.readiness import NO_HISTORY, Readiness
from dashboard.security import exposure
from data_access import history, load_settings
from data_access.history.run_log import Run
from data_access.partner_center.catalog import DEPLOYMENT
from data_access.version import VERSION
from tests import lakes

TOKEN = "0123456789abcdef"
HERE = ("127.0.0.1", 50000)


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    """Nothing was counted before, and the history is counted anew."""
    monkeypatch.setattr(metrics, "HOLDINGS", metrics.count_again_after(timedelta(0)))  # or it takes a minute


@pytest.fixture
def ask():
    def ask(client=HERE, ready=True, **headers):
        readiness = Readiness() if ready else NO_HISTORY
        app = Starlette(middleware=[Middleware(Probes, readiness=lambda: readiness)])
        browser = TestClient(app, base_url="http://localhost:8501", client=client)
        return browser.get("/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})

    return ask


def read(answer):
    """The values by metric and labels."""
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name.removeprefix("license_insights_"), *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


# Who may read it


def test_without_a_token_this_machine_alone_reads_it(ask):
    assert ask().status_code == 200
    assert ask(client=("::1", 1)).status_code == 200
    assert ask(client=("10.0.0.7", 1)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X_Real_IP": "127.0.0.1"},
        {"X_Forwarded_Proto": "https"},
        {"Via": "1.1 proxy"},
        {"Host": "licenses.example.com"},
        {"Host": "10.0.0.7:8501"},
    ],
    ids=str,
)
def test_without_a_token_no_proxy_hands_it_on(ask, headers, monkeypatch):
    assert ask(**headers).status_code == 403
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    assert ask(**headers, Authorization=f"Bearer {TOKEN}").status_code == 200


def test_a_proxy_that_says_nothing_is_known_by_its_old_language():
    call = {
        "type": "http",
        "http_version": "1.1",
        "client": HERE,
        "headers": [(b"host", b"localhost:8501")],
    }
    assert exposure.is_from_this_machine(HTTPConnection(call))
    assert not exposure.is_from_this_machine(HTTPConnection({**call, "http_version": "1.0"}))


@pytest.mark.parametrize("given", [None, "", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xe9"])
def test_with_a_token_everybody_needs_it(ask, monkeypatch, given):
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    refused = ask(**({} if given is None else {"Authorization": given.encode("latin-1")}))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert TOKEN not in refused.text
    assert ask(client=("10.0.0.7", 1), Authorization=f"bearer {TOKEN}").status_code == 200


# What it says


def test_it_says_which_program_answers_and_whether_it_is_ready(ask):
    said = read(ask(ready=False))
    assert said["build_info", *sorted((VERSION, platform.python_version()))] == 1
    assert said["ready",] == 0
    assert read(ask())["ready",] == 1
    if Path("/proc").exists():
        assert said["process_resident_memory_bytes",] > 10**7


def test_it_says_how_old_the_history_is_and_which_jobs_succeeded(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    now = datetime.now(UTC)
    account = history.open(load_settings())
    account.append(lakes.fetched(DEPLOYMENT, [{}], now - timedelta(hours=3)))
    succeeded = now - timedelta(hours=2)
    account.record(Run(started=succeeded, job="compact", exit_code=0))
    account.record(Run(started=now, job="compact", exit_code=2))
    said = read(ask())
    assert said["collection_age_seconds", "deployment"] == pytest.approx(3 * 3600, abs=60)
    assert said["history_snapshots", "deployment"] == 1
    assert said["history_bytes",] == sum(file.stat().st_size for file in tmp_path.rglob("facts/**/*.parquet")) + sum(
        file.stat().st_size for file in tmp_path.rglob("raw/**/*.parquet")
    )
    assert said["job_last_success_timestamp_seconds", "compact"] == pytest.approx(succeeded.timestamp())
    assert said["job_failing", "compact"] == 1


def test_a_history_that_cannot_be_read_leaves_the_rest(ask, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HISTORY_URL", str(tmp_path / "file"))
    said = read(ask())
    assert ("ready",) in said
    assert ("history_bytes",) not in said


def test_runs_are_counted_by_page_and_a_page_by_its_name(ask, visit):
    before = read(ask()).get(("run_seconds_count", "trends"), 0)
    visit(page="trends")
    assert read(ask())["run_seconds_count", "trends"] == before + 1
    pages = {
        sample.labels["page"]
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
        if "page" in sample.labels
    }
    assert pages <= {page.name for page in sitemap.PAGES} | {"none"}


def test_no_label_can_name_anybody(ask):
    labels = set(re.findall(r'(\w+)="', ask().text))
    assert labels <= {"page", "le", "collection", "status", "job", "version", "python"}
