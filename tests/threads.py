"""Waiting for threads of ours that nobody else waits for."""

import threading

from tests.waiting import until


def end_of_pages():
    """Wait until no thread of a client asks for pages any more."""
    # They belong to a pool that was let go, so there is nothing to join.
    until(lambda: not any(thread.name.startswith("page") for thread in threading.enumerate()))
