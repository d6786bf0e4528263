"""Which hosts are this machine itself."""

from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # left out of the types alone

import pytest

from data_access.loopback import is_loopback, keep_from_proxies


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


@pytest.mark.parametrize("before", [{}, {"no_proxy": "partner.example"}, {"NO_PROXY": "partner.example"}])
def test_libraries_reach_this_machine_without_a_proxy(before):
    environ = {"HTTPS_PROXY": "http://proxy.example:3128", **before}
    keep_from_proxies(environ)
    assert environ["no_proxy"] == environ["NO_PROXY"]
    proxies = {"no": environ["no_proxy"]}
    for host in ("localhost", "127.0.0.1:8501", "a.localhost", "::1"):
        assert proxy_bypass_environment(host, proxies), host
    assert bool(proxy_bypass_environment("partner.example", proxies)) is bool(before)
    assert not proxy_bypass_environment("api.partnercenter.microsoft.com", proxies)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"NO_PROXY": "x"}, {"NO_PROXY": "x"}),
        ({"http_proxy": "x", "no_proxy": "*"}, {"http_proxy": "x", "no_proxy": "*", "NO_PROXY": "*"}),
    ],
)
def test_what_the_operator_said_stays(before, after):
    keep_from_proxies(before)
    assert before == after
