"""The last good data stays, one fetch serves everyone, a failure is not repeated at once."""

import threading
import weakref
from datetime import UTC, datetime, timedelta

import pytest

from data_access import Feed, HistoryError, NotPermitted, State, Step, Throttled, Unavailable, Unreadable
from data_access.datasets.feed import Either, Part
from data_access.errors import Details

HOUR = timedelta(hours=1)


class Service:
    """A fetch with a memory, and a clock that only moves when told."""

    def __init__(self):
        self.now = datetime(2026, 10, 9, tzinfo=UTC)
        self.calls = 0
        self.error = None
        self.gate = threading.Event()
        self.gate.set()
        self.feed = Feed(self.fetch, HOUR, lambda: self.now)

    def fetch(self, progress):
        self.calls += 1
        progress(Step(f"call {self.calls}"))
        self.gate.wait(5)
        if self.error:
            raise self.error
        return f"data {self.calls}"

    def settle(self):
        self.feed.refresh_if_due()
        assert self.feed.wait(5)
        return self.feed.refresh_if_due()


@pytest.fixture
def service():
    return Service()


def test_the_first_look_fetches(service):
    assert service.settle().data == "data 1"


def test_data_is_kept_until_it_is_old(service):
    service.settle()
    service.now += HOUR - timedelta(seconds=1)
    assert service.settle().data == "data 1"
    service.now += timedelta(seconds=1)
    assert service.settle().data == "data 2"


def test_many_visitors_share_one_fetch(service):
    service.gate.clear()
    for _ in range(20):
        service.feed.refresh_if_due()
    assert service.feed.refresh_if_due().running
    service.gate.set()
    assert service.settle().data == "data 1"
    assert service.calls == 1


def test_a_failure_leaves_the_last_good_data(service):
    service.settle()
    service.now += HOUR
    service.error = Unavailable("Down.", "Wait.")
    state = service.settle()
    assert (state.data, state.error) == ("data 1", service.error)
    assert state.fetched_at == service.now - HOUR


def test_after_a_start_what_was_kept_elsewhere_stands_in_for_a_service_that_is_not_there(service):
    yesterday = service.now - timedelta(days=1)
    service.feed = Feed(service.fetch, HOUR, lambda: service.now, last_known=lambda _: ("kept", yesterday))
    service.error = Unavailable("Down.", "Wait.")
    state = service.settle()
    assert (state.data, state.fetched_at, state.error) == ("kept", yesterday, service.error)
    service.error = None
    service.now += timedelta(minutes=1)
    state = service.settle()
    assert (state.data, state.fetched_at, state.error) == ("data 2", service.now, None)


@pytest.mark.parametrize("error", [NotPermitted("Not you.", "Ask."), Unreadable("What?", "Report it.")])
def test_what_was_kept_does_not_hide_another_failure(service, error):
    service.feed = Feed(service.fetch, HOUR, lambda: service.now, last_known=lambda _: ("kept", service.now))
    service.error = error
    assert service.settle().data is None


def test_where_nothing_was_kept_the_failure_of_the_service_is_said(service):
    def nothing(_progress):
        raise HistoryError("Empty.", "Collect.")

    service.feed = Feed(service.fetch, HOUR, lambda: service.now, last_known=nothing)
    service.error = Unavailable("Down.", "Wait.")
    assert service.settle().error is service.error


def test_a_failure_is_not_repeated_by_the_next_look(service):
    service.error = Unavailable("Down.", "Wait.")
    service.settle()
    service.settle()
    assert service.calls == 1
    service.now += timedelta(minutes=1)
    service.settle()
    assert service.calls == 2


def test_a_feed_that_is_cheap_to_fetch_may_be_tried_again_sooner(service):
    service.feed = Feed(service.fetch, HOUR, lambda: service.now, cool_down=timedelta(seconds=5))
    service.error = Unavailable("Down.", "Wait.")
    service.settle()
    service.error = None
    service.now += timedelta(seconds=4)
    assert service.settle().error
    service.now += timedelta(seconds=1)
    assert service.settle().data == "data 2"


def test_the_services_own_wait_is_kept(service):
    service.error = Throttled("Wait.", "Wait.", Details(retry_after=600))
    service.settle()
    service.now += timedelta(seconds=599)
    service.settle()
    assert service.calls == 1
    service.now += timedelta(seconds=1)
    service.settle()
    assert service.calls == 2


def test_a_failure_keeps_nothing_of_what_was_fetched():
    class Rows:
        """Something that can be watched going."""

    watched = []

    def fetch(_tell):
        rows = Rows()
        watched.append(weakref.ref(rows))
        try:
            [].pop()
        except IndexError:
            raise Unavailable("Down.", "Wait.")  # noqa: B904 - with all that it came from

    feed = Feed(fetch, timedelta(hours=1))
    feed.refresh()
    assert feed.wait(5)
    assert feed.state.error
    assert watched[0]() is None


def test_the_operator_finds_the_ids_in_the_log_and_no_customer(service, caplog):
    service.error = Unavailable("Down.", "Wait.", Details(503, description="Contoso is down", request_id="r-1"))
    service.settle()
    assert "HTTP status 503" in caplog.text
    assert "r-1" in caplog.text
    assert "Contoso" not in caplog.text


def test_what_nobody_foresaw_is_said_and_not_repeated_at_once(service):
    service.error = ZeroDivisionError()
    assert isinstance(service.settle().error, Unreadable)
    service.settle()
    assert service.calls == 1


def test_success_forgets_the_failure(service):
    service.error = Unavailable("Down.", "Wait.")
    service.settle()
    service.error = None
    service.feed.refresh()
    assert service.settle().error is None


def test_someone_may_ask_anew_at_once(service):
    service.settle()
    service.feed.refresh()
    assert service.settle().data == "data 2"


def test_progress_is_seen_while_it_runs(service):
    service.gate.clear()
    service.feed.refresh_if_due()
    for _ in range(100):
        if service.feed.refresh_if_due().progress.text:
            break
        service.feed.wait(0.01)
    assert service.feed.refresh_if_due().progress.text == "call 1"
    service.gate.set()
    assert service.settle().progress.text == ""


class Lasting:
    """A feed whose state the test sets, and which remembers what was asked of it."""

    def __init__(self, data=None, *, running=False):
        self.state, self.asked = State(data, running=running), 0

    def refresh_if_due(self):
        self.asked += 1
        return self.state

    def refresh(self):
        self.asked += 1

    def wait(self, _seconds):
        return not self.state.running


def either(first, other):
    return Either(first, other, lambda data: not data)


def test_the_other_feed_is_not_asked_while_the_first_one_has_something_to_show():
    for first in (Lasting("figures"), Lasting(None), Lasting(None, running=True)):
        other = Lasting("other")
        found = either(first, other)
        assert found.refresh_if_due() is first.state
        found.refresh()
        found.wait(0)
        assert (first.asked, other.asked) == (2 + (not first.state.running), 0)


def test_where_the_first_feed_has_nothing_the_other_one_is_shown():
    other = Lasting("other")
    found = either(Lasting(""), other)
    assert found.refresh_if_due().data == "other"
    assert found.state.data == "other"
    found.refresh()
    assert other.asked == 2


def test_the_other_feed_is_waited_for():
    other = Lasting(None, running=True)
    found = either(Lasting(""), other)
    assert not found.wait(0)
    assert found.state.running
    other.state = State("other")
    assert found.wait(0)


def test_where_both_have_nothing_the_first_one_says_so():
    first = Lasting("")
    assert either(first, Lasting("")).refresh_if_due() is first.state
    assert either(first, Lasting(None)).refresh_if_due() is first.state


def test_a_part_may_be_of_another_kind_and_is_made_once():
    whole = Lasting([1, 2])
    part = Part(whole, len)
    assert part.state.data == part.refresh_if_due().data == 2
    whole.state = State(None, running=True)
    assert part.state == State(None, running=True)
