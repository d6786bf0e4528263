"""A store that hangs is given up in time, and used again once it answers."""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from data_access.errors import HistoryError
from data_access.history.patience import Hanging, Patience
from data_access.history.store import Store
from tests.waiting import until

ROOT = Path(__file__).parents[3]
SECONDS = 0.1  # stands in for the product's twenty
CONTENT = pa.py_buffer(b"content")


#: In a process of its own, since Arrow goes on waiting at the end of one; the command line does not wait for it.
EACH_OPERATION = """
import os, socket, sys, pyarrow
from concurrent.futures import ThreadPoolExecutor
from data_access.errors import HistoryError
from data_access.history.store import Store

server = socket.create_server(("127.0.0.1", 0))  # takes every connection and never says a word
host = f"127.0.0.1:{server.getsockname()[1]}"
url = f"s3://key:secret@bucket/history?endpoint_override={host}&scheme=http&region=x"
operations = (
    lambda store: store.finished("small"),
    lambda store: store.infos(["small/a"]),
    lambda store: store.read("small/a"),
    lambda store: store.put("small/a", pyarrow.py_buffer(b"content")),
    lambda store: store.delete("small/a"),
)

def end(operation):
    try:
        return operation(Store(url, float(sys.argv[1])))
    except HistoryError as error:
        return error.message

with ThreadPoolExecutor() as pool:
    print(*pool.map(end, operations), sep="\\n", flush=True)
os._exit(0)
"""


@pytest.mark.program
def test_an_object_store_that_never_answers_is_given_up():
    command = [sys.executable, "-c", EACH_OPERATION, "1"]  # second, for all operations at once
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    said = "The history at s3://bucket/history cannot be used: it did not answer within 1 seconds."
    assert ended.stdout.splitlines() == [said] * 5


def test_what_does_not_end_is_no_damage_and_holds_up_nothing_else(tmp_path):
    patience, goes_on = Patience(SECONDS), threading.Event()
    store = Store(str(tmp_path), patience=patience)
    store.put("small/a", CONTENT)
    with pytest.raises(Hanging, match="did not answer"):
        patience.run(lambda _: goes_on.wait())
    begun = time.monotonic()
    with pytest.raises(HistoryError, match="still does not answer"):
        store.read("small/a")
    assert time.monotonic() - begun < SECONDS
    goes_on.set()

    def answers():
        with contextlib.suppress(HistoryError):
            return store.read("small/a") == CONTENT

    until(answers)


def test_much_to_do_may_take_longer():
    def slowly(allowance):
        allowance.for_bytes(2**20)
        time.sleep(2 * SECONDS)  # longer than may be without such an allowance
        return "done"

    assert Patience(SECONDS).run(slowly) == "done"


def test_what_goes_wrong_in_time_is_the_callers():
    def fail(_):
        raise TimeoutError("the store's own")

    with pytest.raises(TimeoutError, match="the store's own") as raised:
        Patience(SECONDS).run(fail)
    assert not isinstance(raised.value, Hanging)
