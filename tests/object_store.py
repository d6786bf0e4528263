"""An object store on loopback, which answers as Amazon S3 does, from the Python that OBJECTS_PYTHON names.

Or one that is there already, at OBJECTS_ENDPOINT.
"""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pyarrow import fs

from tests.ports import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "anything", "AWS_SECRET_ACCESS_KEY": "anything"}  # any will do, but some there must be


@contextmanager
def serving() -> Iterator[str]:
    """The store, empty; yields its host and port."""
    if there := os.environ.get("OBJECTS_ENDPOINT"):
        yield there
        return
    python = os.environ.get("OBJECTS_PYTHON", "")
    if not Path(python).is_file():
        pytest.fail(f"OBJECTS_PYTHON={python!r} is no Python with an object store: run `make objects`.", pytrace=False)
    port = free_port()
    command = [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(300):
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                    break
                time.sleep(0.1)  # it tells nobody when it is ready
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def bucket(endpoint: str, name: str) -> str:
    """A new bucket's address, as HISTORY_URL takes it. KEYS have to be in the environment."""
    options = f"endpoint_override={endpoint}&scheme=http&region=us-east-1"
    files = fs.FileSystem.from_uri(f"s3://{name}?{options}&allow_bucket_creation=true")[0]
    files.create_dir(name)
    return f"s3://{name}/history?{options}"
