"""The pace of calls: never more in any window than allowed, whoever makes them; and one pause for all."""

import threading
import time
from bisect import bisect_left

import pytest

from data_access import Client, Settings, connection, errors
from data_access.auth.credentials import Ready
from data_access.call_pace import HeldBack, Pace, Pause
from data_access.errors import Details
from data_access.partner_center import each_customer
from data_access.partner_center.catalog import CUSTOMERS, SEATS
from data_access.partner_center.each_customer import Customer
from data_access.partner_center.retry import RetryPolicy
from tests.partner import ALFA, Partner, customer, refused, serving, sku
from tests.waiting import until

pytestmark = pytest.mark.program

CALLS, WINDOW = 5, 0.4
LATE = 0.05  # seconds that a thread may be held up between its turn and the look at the clock


def most_in(window, moments):
    """The most moments in any window of so many seconds."""
    moments = sorted(moments)
    return max(bisect_left(moments, moment + window) - place for place, moment in enumerate(moments))


def together(*works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_no_window_has_more_calls_than_allowed_whatever_threads_do():
    pace, begun = Pace(CALLS, WINDOW), []

    def several():
        for _ in range(4):
            pace.begin()
            begun.append(time.monotonic())

    together(*[several] * 6)
    assert len(begun) == 24
    assert most_in(WINDOW - LATE, begun) == CALLS
    assert max(begun) - min(begun) < 6 * WINDOW, "and no fewer than it may"


def test_a_burst_after_a_rest_is_no_more_than_allowed_either():
    pace, begun = Pace(CALLS, WINDOW), []
    for rest in (0.0, WINDOW * 1.1, WINDOW / 2):
        time.sleep(rest)  # the pace goes by the clock
        for _ in range(CALLS):
            pace.begin()
            begun.append(time.monotonic())
    assert most_in(WINDOW - LATE, begun) == CALLS


def test_a_call_is_told_how_long_its_turn_took():
    pace = Pace(1, WINDOW)
    assert pace.begin() < 0.1
    assert pace.begin() == pytest.approx(WINDOW, abs=0.1)
    assert Pace().begin() == 0


def test_who_is_not_wanted_any_more_does_not_wait():
    pace, stop, began = Pace(1, 60), threading.Event(), time.monotonic()
    pace.begin()
    waiting = [threading.Thread(target=pace.begin, args=(stop,)) for _ in range(3)]
    for thread in waiting:
        thread.start()
    stop.set()
    for thread in waiting:
        thread.join()
    assert time.monotonic() - began < 5


def test_a_pause_holds_for_all_and_the_longest_counts():
    pace, began = Pace(100, WINDOW), time.monotonic()
    pace.hold_back(Pause(began + 0.3))
    pace.hold_back(Pause(began + 0.1))
    together(*[pace.begin] * 3)
    assert time.monotonic() - began >= 0.3


def test_a_pause_beyond_the_deadline_is_not_waited_for():
    pace, by = Pace(), Details(status=429)
    pace.hold_back(Pause(time.monotonic() + 60, by))
    with pytest.raises(HeldBack) as held:
        pace.begin(deadline=time.monotonic() + 1)
    assert held.value.pause.by is by


# In sessions


@pytest.fixture
def partner():
    tenants = [f"{number:08x}{ALFA[8:]}" for number in range(10)]
    return Partner([customer(tenant) for tenant in tenants], seats={tenant: [sku()] for tenant in tenants})


def asked(partner):
    return [call.at for call in partner.calls]


def quiet(_):
    """Show no progress."""


def test_sessions_share_it_and_every_try_counts(partner):
    partner.troubles["subscribedskus"] = refused(503, times=4)
    policy = RetryPolicy(tries=2, budget=5, first_wait=0.01)
    pace = Pace(CALLS, WINDOW)
    with serving(partner) as url:
        clients = [Client(url, Ready("x"), policy, pace=pace) for _ in range(2)]
        customers = [Customer(one["id"]) for one in partner.customers]
        together(*[lambda client=client: each_customer.read(client, SEATS, customers, quiet) for client in clients])
    assert len(partner.calls) >= 24
    first, *_, last = sorted(asked(partner))
    assert last - first >= (len(partner.calls) - 1) // CALLS * WINDOW - 0.3, "less what it takes to get there"


def test_waiting_for_its_turn_is_no_time_that_a_call_takes(partner):
    pace = Pace(1, 0.5)
    pace.begin()
    with serving(partner) as url, Client(url, Ready("x"), RetryPolicy(tries=1, budget=0.3), pace=pace) as client:
        assert len(client.fetch(CUSTOMERS).frame) == 10


def test_a_429_slows_all_sessions_down(partner):
    partner.troubles["/v1/customers"] = refused(429, times=1, headers={"Retry-After": "1"})
    pace, policy = Pace(), RetryPolicy(tries=2, budget=5)
    with (
        serving(partner) as url,
        Client(url, Ready("x"), policy, pace=pace) as first,
        Client(url, Ready("x"), policy, pace=pace) as second,
    ):
        held = threading.Thread(target=first.fetch, args=(CUSTOMERS,))
        held.start()
        until(lambda: partner.calls)
        time.sleep(0.1)  # in which the answer arrives
        second.fetch(CUSTOMERS)
        held.join()
    assert min(asked(partner)[1:]) - asked(partner)[0] >= 1


def test_a_redirect_is_a_call_of_its_own(partner):
    partner.troubles["/v1/customers"] = refused(307, times=1, headers={"Location": "/v1/customers"})
    pace = Pace(1, WINDOW)
    with serving(partner) as url, Client(url, Ready("x"), RetryPolicy(tries=1), pace=pace) as client:
        client.fetch(CUSTOMERS)
    first, second = asked(partner)
    assert second - first >= WINDOW * 0.8


def test_a_process_has_one_for_each_service():
    here, there = (Settings(partner_center_base_url=f"https://{host}.invalid") for host in ("a", "b"))
    slow = here.model_copy(update={"partner_center_calls_per_minute": 7})
    assert connection.pace(here) is connection.pace(slow)
    assert connection.pace(slow).calls == 7
    assert connection.pace(there) is not connection.pace(here)
    assert connection.pace(there).calls == 400
    with pytest.raises(errors.SettingsError):
        connection.on_behalf_of(here)
