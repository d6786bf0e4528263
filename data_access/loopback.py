"""Whether a host is this machine itself."""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping

_NAMES = "localhost,127.0.0.1,::1"
_EXCEPTIONS = ("no_proxy", "NO_PROXY")


def is_loopback(host: str) -> bool:
    """Whether what is sent to a host stays on this machine: 127.0.0.0/8, ::1, and names below `localhost` (RFC 6761).

    An address may stand in brackets, and an IPv4 address in an IPv6 one (::ffff:127.0.0.1).
    """
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        name = host.casefold().removesuffix(".")
        return name == "localhost" or name.endswith(".localhost")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def keep_from_proxies(environ: MutableMapping[str, str]) -> None:
    """Have libraries that read proxies from the environment reach this machine without one.

    `deadlines` does so for what carries our tokens; this is for the history's store, Spark, and people's sign-in. With
    no proxy in the environment nothing is written: some platforms ask their own settings only then.
    """
    proxies = {name for name in environ if name.casefold().endswith("_proxy")} - {*_EXCEPTIONS}
    if not proxies:
        return
    named = environ.get(_EXCEPTIONS[0]) or environ.get(_EXCEPTIONS[1]) or ""
    for name in _EXCEPTIONS:
        environ[name] = named if named.strip() == "*" else ",".join(filter(None, (named, _NAMES)))
