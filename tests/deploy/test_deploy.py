"""What is under deploy/: it parses, and names no command, setting, file or metric that is not there."""

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from streamlit import config

from dashboard import metrics
from data_access.__main__ import parser
from data_access.commands import COMMANDS
from data_access.datasets.holdings import Holdings
from data_access.history.run_log import Job
from data_access.settings import Settings
from data_access.version import NAME, VERSION

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = [
    each for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for each in yaml.safe_load_all(file.read_text())
]
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
KNOWN = set(COMMANDS)
SETTINGS = {name.upper() for name in Settings.model_fields}


def of_kind(kind):
    return [each for each in MANIFESTS if each["kind"] == kind]


def pods():
    """The pod of each thing that runs, by its name."""
    found = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in of_kind("Deployment")}
    return found | {
        each["metadata"]["name"]: each["spec"]["jobTemplate"]["spec"]["template"]["spec"] for each in of_kind("CronJob")
    }


def commands_in(text):
    return re.findall(r"data_access[\", ]+([a-z][a-z-]+)", text)


# Kubernetes


def test_there_is_all_that_a_cluster_needs():
    kinds = {each["kind"] for each in MANIFESTS}
    assert kinds >= {"Deployment", "CronJob", "Service", "Ingress", "NetworkPolicy", "PodDisruptionBudget"}


@pytest.mark.parametrize("name", pods())
def test_everything_runs_without_rights_and_with_a_root_that_is_only_read(name):
    pod = pods()[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == f"{NAME}:{VERSION}"
    assert container["resources"]["limits"]["memory"]
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert {each["name"] for each in container["env"]} <= SETTINGS


def test_jobs_are_commands_that_do_not_overlap():
    for job in of_kind("CronJob"):
        (container,) = pods()[job["metadata"]["name"]]["containers"]
        assert container["command"][:3] == ["python", "-m", "data_access"]
        assert container["command"][3] in KNOWN
        assert job["spec"]["concurrencyPolicy"] == "Forbid"
        assert len(job["spec"]["schedule"].split()) == 5


def test_what_is_checked_and_removed_is_scheduled_beside_the_others_and_nothing_is_removed_unasked():
    scheduled = {each["metadata"]["name"].removeprefix(f"{NAME}-"): each["spec"] for each in of_kind("CronJob")}
    timers = {unit.stem.removeprefix(f"{NAME}-") for unit in UNITS if unit.suffix == ".timer"}
    assert scheduled.keys() == timers == {"collect", "digest", "compact", "verify", "prune"}
    assert {name for name, spec in scheduled.items() if spec.get("suspend")} == {"prune"}
    (prune,) = pods()[f"{NAME}-prune"]["containers"]
    options = parser().parse_args(prune["command"][3:])
    assert options.keep_days > 365
    assert options.yes


def test_probes_ask_what_is_answered():
    (container,) = pods()[NAME]["containers"]
    paths = {kind: container[kind]["httpGet"]["path"] for kind in ("livenessProbe", "readinessProbe", "startupProbe")}
    assert paths == {"livenessProbe": "/livez", "readinessProbe": "/readyz", "startupProbe": "/livez"}


def test_selectors_find_the_dashboard_and_no_job():
    (dashboard,) = of_kind("Deployment")
    labels = dashboard["spec"]["template"]["metadata"]["labels"]
    (service,), (budget,) = of_kind("Service"), of_kind("PodDisruptionBudget")
    assert dashboard["spec"]["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    assert budget["spec"]["selector"]["matchLabels"] == labels
    for job in of_kind("CronJob"):
        assert job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"] != labels


def test_a_visitor_stays_with_a_replica():
    (ingress,) = of_kind("Ingress")
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/affinity"] == "cookie"


# Systemd


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_units_are_sound():
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, UNITS)], capture_output=True, text=True, check=False
    )
    found = [line for line in done.stderr.splitlines() if "is not executable: No such file" not in line]
    ours = [line for line in found if NAME in line]
    assert not ours


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_name_what_is_there(unit):
    text = unit.read_text()
    assert commands_in(text) == []  # the service has the one that its timer names
    assert set(re.findall(r"^Environment='?([A-Z_]+)", text, re.MULTILINE)) - SETTINGS <= {
        "PYTHONDONTWRITEBYTECODE",
        "MALLOC_ARENA_MAX",
        "STREAMLIT_LOGGER_MESSAGE_FORMAT",
    }
    if unit.suffix == ".timer":
        (started,) = re.findall(rf"^Unit={NAME}-job@(.+)\.service$", text, re.MULTILINE)
        assert started in KNOWN
    else:
        for directive in ("NoNewPrivileges=true", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "User=licenses"):
            assert directive in text


# Containers


def test_the_image_is_made_of_wheels_and_runs_as_anybody():
    stages = re.findall(r"^FROM (.+)$", CONTAINERFILE, re.MULTILINE)
    assert stages == ["${BASE} AS python", "python AS wheels", "wheels AS program", "python AS base", "scratch"]
    assert re.search(r"^ARG BASE=\S+:\w+-\d{8}-\S+$", CONTAINERFILE, re.MULTILINE), "a day, and no moving tag"
    assert "--only-binary=:all:" in CONTAINERFILE
    assert re.search(r"^USER \d+:0$", CONTAINERFILE, re.MULTILINE)
    assert "/readyz" in CONTAINERFILE.partition("HEALTHCHECK")[2]
    for source in re.findall(r"^COPY (?!--)(.+) \S+$", CONTAINERFILE, re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), name
    set_here = set(re.findall(r"^(?:ENV|   ) ?([A-Z_]+)=", CONTAINERFILE, re.MULTILINE))
    assert set_here & SETTINGS == {"HISTORY_URL", "PARTNER_CENTER_SIGN_IN_FILE", "LOG_FORMAT"}


def test_the_lock_has_what_the_requirements_name_in_the_versions_that_are_tried():
    pins = re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    constraints = re.findall(r"^([\w.-]+)==([\w.]+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    text = (DEPLOY / "requirements.lock").read_text()
    locked = re.findall(r"^([\w.-]+)==([\w.]+)(?: ; (.+?))? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(locked) == len(re.findall(r"^\w", text, re.MULTILINE)), "each has a checksum"
    versions = {_plain(name): version for name, version, _ in locked}
    assert {_plain(name): version for name, version in pins}.items() <= versions.items()
    tried = {_plain(name): version for name, version in constraints}
    unconditional = {_plain(name): version for name, version, only_where in locked if not only_where}
    assert unconditional.items() <= tried.items()


def _plain(name):
    return name.lower().replace("_", "-").replace(".", "-")


def test_the_image_holds_no_settings_of_anybody():
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert not any("secrets.toml" in line for line in ignored if line.startswith("!"))


def test_compose_has_the_dashboard_behind_tls_and_the_jobs():
    services = COMPOSE["services"]
    assert services.keys() == {"dashboard", "jobs", "proxy"}
    assert all(service["read_only"] and service["mem_limit"] for service in services.values())
    assert {services[name]["image"] for name in ("dashboard", "jobs")} == {f"{NAME}:{VERSION}"}
    assert {name for service in services.values() for name in service.get("environment", {})} <= SETTINGS
    assert all(service["cap_drop"] == ["ALL"] for service in services.values())
    assert "ports" not in services["dashboard"], "only the proxy is reached from outside"
    assert services["jobs"]["healthcheck"] == {"disable": True}, "the image's asks for the dashboard"


def test_jobs_of_compose_are_run_in_turn_whatever_becomes_of_one(tmp_path):
    for name, does in {"python": "echo $3 >> said; exit 5", "sleep": "echo $1 >> said; kill $PPID"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    command = [part.replace("$$", "$") for part in COMPOSE["services"]["jobs"]["command"]]
    subprocess.run(command, cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False, timeout=30)
    *jobs, pause = (tmp_path / "said").read_text().split()
    assert jobs == ["collect", "digest", "compact"]
    assert set(jobs) <= KNOWN
    assert int(pause) <= 24 * 3600


def test_settings_are_a_folder_so_that_a_file_that_is_replaced_is_seen():
    assert "ln -s /settings/secrets.toml .streamlit/secrets.toml" in CONTAINERFILE
    for name in ("dashboard", "jobs"):
        assert "./settings:/settings:ro" in COMPOSE["services"][name]["volumes"]
    for pod in pods().values():
        (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "settings"]
        assert mount == {"name": "settings", "mountPath": "/settings", "readOnly": True}


def test_no_secret_that_stands_beside_compose_gets_into_git():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    mounted = {line.partition(":")[0] for each in COMPOSE["services"].values() for line in each["volumes"]}
    secret = {name.removeprefix("./") for name in mounted if name.startswith("./")} - {"nginx.conf"}
    assert secret == {"settings", "tls.crt", "tls.key"}
    for name in secret:
        assert any(fnmatch(f"deploy/compose/{name}", line.rstrip("/")) for line in ignored), name


def _lines_of_the_manual():
    (lines,) = re.findall(r"```nginx\n(.+?)```", (ROOT / "docs" / "manual.md").read_text(), re.DOTALL)
    return f"pid /run/nginx.pid;\nevents {{}}\nhttp {{\n{lines}\n}}\n"


NGINX = os.environ.get("NGINX") or shutil.which("nginx")
OF_NGINX = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
PROXIES = {
    "compose": (DEPLOY / "compose" / "nginx.conf").read_text(),
    "replicas": (DEPLOY / "replicas" / "nginx.conf").read_text(),
    "manual": _lines_of_the_manual(),
}


@pytest.mark.skipif(NGINX is None, reason="no nginx here")
@pytest.mark.parametrize("conf", PROXIES.values(), ids=PROXIES)
def test_the_proxys_configuration_is_sound(tmp_path, conf):
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*key, "-keyout", "tls.key", "-out", "tls.crt"], cwd=tmp_path, check=True, capture_output=True)
    conf = conf.replace("/etc/nginx/tls", f"{tmp_path}/tls").replace("/run/nginx.pid", f"{tmp_path}/pid")
    conf = conf.replace("/var/log/nginx", str(tmp_path))
    conf = conf.replace("dashboard:8501", "127.0.0.1:8501")  # a name that only compose knows
    conf = conf.replace("    http2 on;\n", "")  # which older ones say otherwise
    folders = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in OF_NGINX)
    (tmp_path / "nginx.conf").write_text(conf.replace("http {\n", f"http {{\n{folders}"))
    command = [NGINX, "-t", "-e", tmp_path / "log", "-c", tmp_path / "nginx.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("conf", PROXIES.values(), ids=PROXIES)
def test_the_proxys_log_has_no_query_which_may_be_a_sign_ins_code_or_a_customer(conf):
    (log_format,) = re.findall(r"log_format without_queries([^;]+);", conf)
    assert "$uri" in log_format
    assert not re.search(r"\$(request\b|request_uri|args|query_string|arg_)", log_format)
    assert re.search(r"access_log \S+ without_queries;", conf)


@pytest.mark.parametrize("conf", PROXIES.values(), ids=PROXIES)
def test_the_proxy_speaks_https_alone_and_hands_on_the_id_of_each_request(conf):
    assert re.search(r"listen (80|8080);[^}]*return 301 https://\S+\$request_uri;", conf)
    assert re.search(r'Strict-Transport-Security "max-age=\d{8,}" always;', conf)
    assert "proxy_set_header X-Request-Id $request_id;" in conf
    (log_format,) = re.findall(r"log_format without_queries([^;]+);", conf)
    assert "$request_id" in log_format


@pytest.mark.parametrize("conf", PROXIES.values(), ids=PROXIES)
def test_the_proxy_keeps_probes_and_metrics_inside(conf):
    (inside,) = re.findall(r"location ~ (\S+) \{\s*return 404;", conf)
    assert all(re.search(inside, path) for path in ("/livez", "/readyz", "/metrics", "/_stcore/metrics"))
    assert not re.search(inside, "/customers")


def test_a_machine_that_says_nothing_is_taken_for_lost_by_the_time_that_pings_are_missed():
    (minutes,) = re.findall(r"proxy_read_timeout (\d+)m;", PROXIES["replicas"])
    (ingress,) = of_kind("Ingress")
    seconds = int(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-read-timeout"])
    asked = config.get_option("server.websocketPingInterval") or 30  # Streamlit's own
    assert seconds == int(minutes) * 60
    assert 2 * asked < seconds <= 5 * asked


def test_what_starts_the_dashboard_names_options_that_there_are():
    texts = [CONTAINERFILE, (DEPLOY / "compose" / "compose.yaml").read_text(), *(unit.read_text() for unit in UNITS)]
    named = {name for text in texts for name in re.findall(r"--([a-z]+\.[a-zA-Z]+)[= ]", text)}
    assert len(named) > 2
    for name in named:
        config.get_option(name)


# Prometheus and Grafana


@pytest.fixture(scope="module")
def names():
    """The labels of every metric that there is, by its name."""
    now = datetime.now(UTC)
    held = Holdings({"usage": now}, {"usage": 1}, {"collect": Job(now, now, failing=True)}, 1)
    families = [*metrics.REGISTRY.collect(), *metrics.of_history(held, now), *metrics.of_calls()]
    labels = {each._name: {*each._labelnames} for each in vars(metrics).values() if hasattr(each, "_labelnames")}
    for family in families:
        labels.setdefault(family.name, set()).update(getattr(family, "_labelnames", ()))
    ends = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "info": ["_info"], "gauge": [""]}
    return {f"{family.name}{end}": labels[family.name] for family in families for end in ends[family.type]}


def _asked(expression):
    return set(re.findall(r"\b(?:license_insights|process)_[a-z_]+", expression))


def _labels_in(expression):
    """The labels that an expression, or the words beside it, names; but for those that Prometheus adds."""
    matched = re.findall(r"[{,]\s*([a-z_]+)\s*(?:=~|!~|!=|=)", expression)
    grouped = [name for names in re.findall(r"\bby \(([^)]*)\)", expression) for name in names.split(",")]
    return {name.strip() for name in (*matched, *grouped)} - {"le", "job", "instance"}


def test_alert_rules_ask_for_metrics_that_there_are(names):
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"]) > 5
    for rule in group["rules"]:
        asked = _asked(rule["expr"])
        assert asked <= names.keys(), rule["alert"]
        assert _labels_in(rule["expr"]) <= set().union(*(names[name] for name in asked)), rule["alert"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_the_alarm_of_memory_rings_before_the_limit_and_not_long_before():
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    (expression,) = [rule["expr"] for rule in group["rules"] if rule["alert"] == "LicenseInsightsMemory"]
    rings = float(expression.rpartition(">")[2])
    unit = (DEPLOY / "systemd" / f"{NAME}.service").read_text()
    limits = {
        *re.findall(r"^MemoryMax=(\d+)G$", unit, re.MULTILINE),
        COMPOSE["services"]["dashboard"]["mem_limit"].removesuffix("g"),
        pods()[NAME]["containers"][0]["resources"]["limits"]["memory"].removesuffix("Gi"),
    }
    (limit,) = {int(number) * 2**30 for number in limits}
    assert 0.75 < rings / limit < 0.9


def test_prometheus_brings_the_token_and_leaves_the_labels_of_jobs():
    (job,) = yaml.safe_load((DEPLOY / "prometheus" / "scrape.yaml").read_text())["scrape_configs"]
    assert (job["metrics_path"], job["authorization"]["type"]) == ("/metrics", "Bearer")
    # Else Prometheus calls our `job` exported_job, and no alert about a job finds its series.
    assert job["honor_labels"] is True


def test_the_example_dashboard_asks_for_metrics_that_there_are(names):
    board = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) > 8
    for panel in board["panels"]:
        assert panel["targets"]
        for target in panel["targets"]:
            asked = _asked(target["expr"])
            assert asked
            assert asked <= names.keys(), panel["title"]
            assert _labels_in(target["expr"]) <= set().union(*(names[name] for name in asked)), panel["title"]
