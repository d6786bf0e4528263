"""The emulator in a process of its own: `python -m bench.service CUSTOMERS PRODUCTS [ready]`.

With `ready`, repeated requests are answered from memory; without it, each answer is made on request.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

from data_access.emulator import Emulator, Reply, sample, serving


class Ready(Emulator):
    """An emulator that answers repeated requests from memory."""

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Reply:
        made = self._made(method, target, headers.get("Authorization", ""))
        ids = {name: value for name, value in headers.items() if name.lower().startswith("ms-")}
        return replace(made, headers={**made.headers, **ids})

    @cache  # noqa: B019 - it lives as long as its process
    def _made(self, method: str, target: str, token: str) -> Reply:
        return super().respond(method, target, {"Authorization": token, "Accept": "application/json"})


def main() -> None:
    customers, products = map(int, sys.argv[1:3])
    kind = Ready if "ready" in sys.argv else Emulator
    with serving(kind(sample.partner(as_of=date(2026, 11, 1), customers=customers, products=products))) as address:
        print(address, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
