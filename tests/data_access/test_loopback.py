"""Which hosts are this machine itself."""

import pytest

from data_access.loopback import is_loopback


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.10",
        "::1",
        "[::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.b.localhost",
        "::ffff:127.0.0.1",
        "[::ffff:7f00:1]",
        "0:0:0:0:0:0:0:1",
    ],
)
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "128.0.0.1",
        "10.0.0.1",
        "::",
        "0.0.0.0",
        "::ffff:10.0.0.1",
        "127.evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.nip.io",
        "::2",
        ".",
    ],
)
def test_another_one(host):
    assert not is_loopback(host)
