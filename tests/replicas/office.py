"""Two processes of the dashboard behind nginx, one history in an object store, an Entra ID, a Partner Center."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import requests
import trustme

from data_access.emulator import DEMO_TOKEN, Emulator
from data_access.emulator import serving as serving_partner_center
from data_access.emulator.sample import partner
from tests import object_store
from tests.entra import App, Entra, Person, Tenant, serving
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "deploy" / "replicas" / "nginx.conf"
OLAF = Person("Olaf Operator", "olaf@contoso.example", roles=["operator"])
_SECRETS = ("its-secret", "hush-0123456789abcdefghijklmnopqrstuv")
_START = 90  # seconds a process may take until it is ready
_AWAY, _BETWEEN = 1.0, 15.0  # seconds for which one is gone, and for which both are there


@dataclass
class Replica:
    """A process of the dashboard, on the same port each time it starts."""

    secrets: Path
    settings: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start it; `wait` until it is ready."""
        flags = f"--server.address 127.0.0.1 --server.port {self.port} --server.headless true"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PARTNER_CENTER_")}
        with self.log.open("ab") as written:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *f"-m streamlit run streamlit_app.py {flags}".split(),
                    "--secrets.files",
                    self.secrets,
                ],
                cwd=ROOT,
                env={**environment, **self.settings},
                stdout=written,
                stderr=written,
            )

    def wait(self) -> None:
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                return
            time.sleep(0.1)  # it tells nobody when it is ready
        raise RuntimeError(f"A replica is not ready: exit code {self._process.poll()}.")

    def end(self, by: signal.Signals = signal.SIGKILL) -> None:
        self._process.send_signal(by)
        self._process.wait()


@dataclass
class Office:
    """What people reach, and the two processes behind it."""

    address: str
    replicas: tuple[Replica, Replica]
    kills: int = 0

    def said(self) -> str:
        """The logs of both."""
        return "".join(replica.log.read_text() for replica in self.replicas)

    def asked_of_each(self, path: str, cookies: Mapping[str, str]) -> list[int]:
        """The status that each process answers to a request that names the proxy's host, past the proxy."""
        host = self.address.partition("://")[2]
        return [
            requests.get(
                f"http://127.0.0.1:{replica.port}{path}", cookies=dict(cookies), headers={"Host": host}, timeout=10
            ).status_code
            for replica in self.replicas
        ]

    @staticmethod
    def restart(replica: Replica) -> None:
        """Lose a process, and have it back."""
        replica.end()
        replica.start()
        replica.wait()

    @contextmanager
    def with_losses(self) -> Iterator[None]:
        """For as long as the block lasts one process after the other is killed, and comes back."""
        over, failures = threading.Event(), list[BaseException]()

        def lose() -> None:
            try:
                while not over.is_set():
                    replica = self.replicas[self.kills % 2]
                    replica.end()
                    self.kills += 1
                    over.wait(_AWAY)
                    replica.start()
                    replica.wait()
                    over.wait(_BETWEEN)
            except (OSError, RuntimeError) as error:
                failures.append(error)

        thread = threading.Thread(target=lose)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        assert not failures, failures


@contextmanager
def opened(folder: Path) -> Iterator[Office]:
    """The office in working hours; without its proxy, which `proxy` is."""
    port = free_port()
    address = f"https://localhost:{port}"
    registration = App("Insights", _SECRETS[0], redirect_uris=[f"{address}/oauth2callback"])
    contoso = Tenant("contoso.example", people=[OLAF], apps=[registration])
    service = Emulator(partner(as_of=date(2026, 11, 1), customers=20))
    with ExitStack() as stack:
        entra = stack.enter_context(serving(Entra([contoso])))
        secrets = folder / "secrets.toml"
        secrets.write_text(
            f"""
            [auth]
            redirect_uri = "{address}/oauth2callback"
            cookie_secret = "{_SECRETS[1]}"
            [auth.entra]
            client_id = "{registration.client_id}"
            client_secret = "{_SECRETS[0]}"
            server_metadata_url = "{entra.issuer()}/.well-known/openid-configuration"
            """
        )
        settings = {
            "PARTNER_CENTER_BASE_URL": stack.enter_context(serving_partner_center(service)),
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "ACCESS_TENANTS": contoso.id,
            "HISTORY_URL": object_store.bucket(stack.enter_context(object_store.serving()), "licenses"),
            **object_store.KEYS,
            **entra.environment,
        }
        collected = [sys.executable, "-m", "data_access", "collect"]
        subprocess.run(collected, cwd=ROOT, env={**os.environ, **settings}, check=True, capture_output=True)
        one, two = (Replica(secrets, settings, folder / f"{name}.log") for name in ("one", "two"))
        for replica in (one, two):
            replica.start()
            stack.callback(replica.end, signal.SIGTERM)
        for replica in (one, two):
            replica.wait()
        yield Office(address, (one, two))


@contextmanager
def proxy(office: Office, folder: Path, *, is_sticky: bool = True) -> Iterator[None]:
    """The configuration under deploy/ at work, with the addresses of this machine in it."""
    text = CONFIGURATION.read_text()
    for name, replica in zip(("10.0.0.11", "10.0.0.12"), office.replicas, strict=True):
        text = text.replace(f"{name}:8501", f"127.0.0.1:{replica.port}")
        text = text.replace(rf"{re.escape(name)}:8501", rf"127\.0\.0\.1:{replica.port}")
    if not is_sticky:
        text = text.replace("    add_header Set-Cookie $answered always;\n", "")
    issued = trustme.CA().issue_cert("localhost")
    issued.private_key_pem.write_to_path(str(folder / "tls.key"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "tls.crt"))
    listening = f"listen 127.0.0.1:{office.address.rpartition(':')[2]} ssl"
    for theirs, ours in {
        "worker_processes auto;": "worker_processes 1;\ndaemon off;",
        "/run/nginx.pid": f"{folder}/pid",
        "/var/log/nginx": str(folder),
        "/etc/nginx/tls": f"{folder}/tls",
        "listen 8080;": f"listen 127.0.0.1:{free_port()};",
        "listen 8443 ssl": listening,
        "        http2 on;\n": "",  # which older ones say otherwise
        "http {\n": "http {\n" + "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in _KINDS),
    }.items():
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    (folder / "nginx.conf").write_text(text)
    nginx = os.environ.get("NGINX", "nginx")
    server = subprocess.Popen([nginx, "-e", folder / "error.log", "-c", folder / "nginx.conf"], stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            with suppress(OSError):
                requests.get(office.address, verify=False, timeout=5)
                break
            time.sleep(0.05)  # likewise
        yield
    finally:
        server.terminate()
        server.communicate()


_KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
