"""HTTP requests that end in time: whatever the name of the service stands for."""

import socket
import sys
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from data_access import Client, errors
from data_access.auth.credentials import Ready
from data_access.emulator import DEMO_TOKEN, Emulator, documented
from data_access.partner_center.catalog import DEPLOYMENT
from data_access.partner_center.retry import RetryPolicy

NAME = "partner.localhost"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address alone")


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

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return name


def test_dead_addresses_of_a_name_share_one_time_out(dead, named, serve):
    port = urlsplit(serve(Emulator())).port
    named(dead(port))
    begun = time.monotonic()
    with (
        Client(f"http://{NAME}:{port}", Ready(DEMO_TOKEN), RetryPolicy(tries=1, budget=2, timeout=0.3)) as client,
        pytest.raises(errors.Unavailable, match="did not answer in time"),
    ):
        client.fetch(DEPLOYMENT)
    assert time.monotonic() - begun < 0.6


def test_an_address_that_answers_is_found_behind_dead_ones(dead, named, serve):
    port = urlsplit(serve(Emulator(documented()))).port
    named([*dead(port, 2), "127.0.0.1"])
    with Client(f"http://{NAME}:{port}", Ready(DEMO_TOKEN), RetryPolicy(tries=1, timeout=0.6)) as client:
        assert len(client.fetch(DEPLOYMENT).frame) == 2
