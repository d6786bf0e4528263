"""HTTP requests that end in time, whatever the name stands for; and no proxy gets what is for this machine."""

import http.server
import socket
import sys
import threading
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from data_access import Client, errors
from data_access.auth.credentials import Ready
from data_access.deadlines import DeadlineSession
from data_access.emulator import DEMO_TOKEN, Emulator, documented
from data_access.partner_center.catalog import DEPLOYMENT
from data_access.partner_center.retry import RetryPolicy

NAME = "partner.localhost"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
many_addresses = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address alone")


@pytest.fixture
def dead():
    """Make addresses at this port that never answer: each has a queue for connections, which is full."""
    with ExitStack() as stack:

        def make(port, number=5):
            addresses = [f"127.0.0.{2 + last}" for last in range(number)]
            for address in addresses:
                server = stack.enter_context(socket.socket())
                server.bind((address, port))
                server.listen(0)
                for _ in range(3):
                    waiting = stack.enter_context(socket.socket())
                    waiting.setblocking(False)
                    waiting.connect_ex((address, port))
            return addresses

        yield make


@pytest.fixture
def named(monkeypatch):
    """Let the name stand for these addresses."""
    looked_up = socket.getaddrinfo

    def name(addresses):
        def look_up(host, port, *arguments, **more):
            hosts = addresses if host == NAME else [host]
            return [found for host in hosts for found in looked_up(host, port, *arguments, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)  # names of no real server

    return name


@many_addresses
def test_dead_addresses_of_a_name_share_one_time_out(dead, named, serve):
    port = urlsplit(serve(Emulator())).port
    named(dead(port))
    begun = time.monotonic()
    with (
        Client(f"http://{NAME}:{port}", Ready(DEMO_TOKEN), RetryPolicy(tries=1, budget=2, timeout=0.3)) as client,
        pytest.raises(errors.Unavailable, match="did not answer in time"),
    ):
        client.fetch(DEPLOYMENT)
    assert time.monotonic() - begun < 1.2, "each address on its own would take 1.5"


@many_addresses
def test_an_address_that_answers_is_found_behind_dead_ones(dead, named, serve):
    port = urlsplit(serve(Emulator(documented()))).port
    named([*dead(port, 2), "127.0.0.1"])
    with Client(f"http://{NAME}:{port}", Ready(DEMO_TOKEN), RetryPolicy(tries=1, timeout=0.6)) as client:
        assert len(client.fetch(DEPLOYMENT).frame) == 2


@pytest.fixture
def proxied(monkeypatch):
    """Every variable names a proxy on this machine; yields the addresses that it was asked for."""
    asked = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://ann:hush@127.0.0.1:{server.server_port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_call_to_this_machine_goes_by_no_proxy(host, serve, proxied):
    address = serve(Emulator(documented())).replace("127.0.0.1", host)
    with Client(address, Ready(DEMO_TOKEN)) as client:
        assert len(client.fetch(DEPLOYMENT).frame) == 2
    with DeadlineSession(5) as session:
        assert session.get(f"{address}/v1/customers").request.headers.get("Proxy-Authorization") is None
    assert proxied == []


def test_a_call_to_another_one_does(proxied):
    with DeadlineSession(5) as session:
        assert session.get("http://login.example/x").status_code == 403
    assert proxied == ["http://login.example/x"]
