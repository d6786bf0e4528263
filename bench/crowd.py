"""The benchmark of a crowd: many people over raw websockets, at the same instant and for a long time."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser import app

PAGES = {"Overview": "", "Trends": "trends", "Changes": "changes", "Customers": "customers"}
_LINKS = (
    *("", "channel=reseller", "channel=direct", "channel=indirect", "channel=reseller&channel=direct"),
    *("service=o365", "sort=percent", "target=70"),
)
_MORE_LINKS = (
    *_LINKS,
    "range=3m",
    "measure=sold",
    "by=channel",
    "level=customer",
    "level=product",
    "search=a",
    "target=95",
)
_SOAKED = (*PAGES.values(), "usage", "health", "status")
_PATIENCE = 120  # seconds for one answer
_BREAK = (0.5, 3.0)  # seconds between two clicks of a person in the soak
_LEAVES = 0.03  # of the clicks are a person's last one before a new visit
_FORGOTTEN = 150  # seconds after which Streamlit has let go of those who left
_MB = 2**20


@dataclass
class Server:
    """A dashboard on the sample."""

    address: str
    process: psutil.Process

    @property
    def megabytes(self) -> float:
        return float(self.process.memory_info().rss) / _MB


@contextmanager
def serving(root: Path, history: str) -> Iterator[Server]:
    """The dashboard of a checkout."""
    with app.server(root / "streamlit_app.py", HISTORY_URL=history) as (address, pid):
        yield Server(address, psutil.Process(pid))


class Person:
    """One open page."""

    async def arrive(self, server: Server) -> None:
        address = server.address.replace("http", "ws") + "/_stcore/stream"
        self._socket = await websockets.connect(
            address,
            subprotocols=[websockets.Subprotocol("streamlit")],
            origin=websockets.Origin(server.address),
            max_size=None,
        )

    async def ask(self, page: str, link: str) -> float:
        """Seconds until the page has sent all of its answer. Raises RuntimeError where it shows an error."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, link
        begun = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        while True:
            received = await asyncio.wait_for(self._socket.recv(decode=False), _PATIENCE)
            answer = ForwardMsg.FromString(received)
            if answer.delta.new_element.WhichOneof("type") == "exception":
                raise RuntimeError(f"/{page}?{link}: {answer.delta.new_element.exception.message}")
            if answer.WhichOneof("type") == "script_finished":
                return time.perf_counter() - begun

    async def leave(self) -> None:
        await self._socket.close()


async def together(server: Server, page: str, people: int, rounds: int) -> tuple[list[float], float]:
    """How long each of so many people waits where all ask at the same instant; and the worst wait of a health probe."""
    crowd = [Person() for _ in range(people)]
    for person in crowd:
        await person.arrive(server)
        await person.ask(page, "")
    waits: list[float] = []
    probes: list[float] = []
    asking = asyncio.create_task(_probe(server, probes))
    for number in range(rounds):
        links = (_LINKS[(place + number) % len(_LINKS)] for place in range(people))
        waits += await asyncio.gather(*(person.ask(page, link) for person, link in zip(crowd, links, strict=True)))
    asking.cancel()
    for person in crowd:
        await person.leave()
    return waits, max(probes, default=0.0)


async def _warm(server: Server) -> float:
    """The server's megabytes once somebody has opened each page: all that is imported and read at the first one."""
    visitor = Person()
    await visitor.arrive(server)
    for page in _SOAKED:
        await visitor.ask(page, "")
    await visitor.leave()
    return server.megabytes


async def _probe(server: Server, waits: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.to_thread(_is_healthy, server.address)
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(0.05)


def _is_healthy(address: str) -> bool:
    with urllib.request.urlopen(f"{address}/_stcore/health", timeout=_PATIENCE) as answer:
        return bool(answer.read() == b"ok")


async def soak(server: Server, people: int, seconds: float) -> list[tuple[float, float]]:
    """The server's memory in megabytes over time, while people click on random links of all pages."""
    end, samples = time.monotonic() + seconds, []
    everyone = [asyncio.create_task(_click_until(server, end, number)) for number in range(people)]
    begun = time.monotonic()
    while time.monotonic() < end:
        samples.append((time.monotonic() - begun, server.megabytes))
        await asyncio.sleep(min(10, seconds / 10))
    await asyncio.gather(*everyone)
    return samples


async def _click_until(server: Server, end: float, seed: int) -> None:
    chance, person = random.Random(seed), Person()  # noqa: S311 - the same clicks each time
    await person.arrive(server)
    while time.monotonic() < end:
        links = chance.sample(_MORE_LINKS, chance.randint(0, 3))
        await person.ask(chance.choice(_SOAKED), "&".join(filter(None, links)))
        if chance.random() < _LEAVES:
            await person.leave()
            await person.arrive(server)
        await asyncio.sleep(chance.uniform(*_BREAK))
    await person.leave()


def run(people: int, crowd: int, rounds: int, seconds: float, before: Path | None) -> None:
    """Ask as a crowd of `people` and of `crowd`, then click for so many seconds, and print what it took.

    `before` is a checkout of an earlier version, whose Overview is asked in turns with this one's.
    """
    with ExitStack() as stack:
        history = stack.enter_context(tempfile.TemporaryDirectory())
        ours = stack.enter_context(serving(app.ROOT, history))
        earlier = before and stack.enter_context(serving(before, stack.enter_context(tempfile.TemporaryDirectory())))
        at_rest = asyncio.run(_warm(ours))
        waits: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, page in PAGES.items():
                waits.setdefault(name, []).extend(asyncio.run(together(ours, page, people, 1))[0])
            if earlier:
                waits.setdefault("earlier", []).extend(asyncio.run(together(earlier, "", people, 1))[0])
        many, probe = asyncio.run(together(ours, "", crowd, 1))
        print(f"\n{f'{people} people ask at the same instant':44}{'median':>9}{'worst':>9}")
        for name, seconds_each in waits.items():
            _print(name, seconds_each)
        _print(f"Overview, {crowd} people", many)
        first = statistics.median(waits["Overview"])
        for name in list(PAGES)[1:]:
            print(f"{name} / Overview: {statistics.median(waits[name]) / first:.2f} (promised: at most 1.50)")
        if earlier:
            ratio = first / statistics.median(waits["earlier"])
            print(f"Overview / the earlier version's: {ratio:.2f} (promised: at most 0.50)")
        print(f"health probe while {crowd} ask, worst: {probe:.2f} s (promised: at most 1)")
        if seconds:
            _print_soak(asyncio.run(soak(ours, people // 2, seconds)), at_rest, ours)


def _print(name: str, seconds: Sequence[float]) -> None:
    print(f"{name:44}{statistics.median(seconds) * 1000:6.0f} ms{max(seconds) * 1000:6.0f} ms")


def _print_soak(samples: list[tuple[float, float]], at_rest: float, server: Server) -> None:
    whole = samples[-1][0]
    later = [megabytes for second, megabytes in samples if second >= whole * 0.3]
    print(f"{whole:.0f} s of random links: from {at_rest:.0f} MB once each page was opened to {later[-1]:.0f} MB")
    middle = statistics.median(later)
    spread = max(abs(megabytes / middle - 1) for megabytes in later)
    print(f"memory after the first third: {spread:+.0%} around {middle:.0f} MB (promised: ± 10 %)")
    time.sleep(_FORGOTTEN)
    print(
        f"{_FORGOTTEN} s after all have left, with the views that are kept for half an hour: {server.megabytes:.0f} MB"
        f" ({server.megabytes / at_rest - 1:+.0%}; promised: at most 10 % more than at first)"
    )
