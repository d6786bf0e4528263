"""Waiting for threads of ours that nobody else waits for."""

import threading
import time


def end_of_pages():
    """Wait until no thread of a client asks for pages any more."""
    while any(thread.name.startswith("page") for thread in threading.enumerate()):
        time.sleep(0.001)  # they belong to a pool that was let go, so there is nothing to join
