"""Who signs out in one process is out in all of them, and stays out when one starts anew."""

from datetime import UTC, datetime

import pytest

from dashboard.security.roles import Ended
from dashboard.security.sharing import Sharing
from data_access import HistoryError
from data_access.history.ended import FOLDER, EndedSignIns
from data_access.history.store import Store
from tests.damage import flipped
from tests.dashboard import visit
from tests.lakes import Clock, files, lake
from tests.waiting import until


@pytest.fixture
def start(tmp_path):
    """Start a process: its ended sign-ins, and how it shares them."""

    def start(store=Store, clock=lambda: datetime.now(UTC)):
        ended = Ended()
        return ended, Sharing(ended, lambda: EndedSignIns(store(str(tmp_path)), clock))

    return start


def test_signing_out_in_one_process_ends_it_in_the_other(start):
    (here, tells), (there, learns) = start(), start()
    mine, somebodys = visit.claims("reader"), visit.claims("reader", oid="2")
    here.add(mine, datetime.now(UTC))
    assert mine not in there
    tells.share()
    learns.share()
    assert mine in there
    assert somebodys not in there


def test_a_process_that_starts_anew_knows_it(start):
    here, tells = start()
    mine = visit.claims("reader")
    here.add(mine, datetime.now(UTC))
    tells.share()
    anew, learns = start()
    learns.share()
    assert mine in anew


def test_it_is_told_once_and_without_a_claim(start, tmp_path):
    here, tells = start()
    here.add(visit.claims("reader"), datetime.now(UTC))
    for _ in range(3):
        tells.share()
    (path,) = files(tmp_path)
    told = (tmp_path / path).read_text()
    assert path.startswith(f"{FOLDER}/")
    assert not any(secret in told for secret in ("mia", visit.TENANT, "the-app"))
    assert lake(tmp_path).verify().files == 1


def test_what_is_over_anyway_is_forgotten(start, tmp_path):
    clock = Clock(datetime.now(UTC))
    here, tells = start(clock=clock)
    here.add(visit.claims("reader"), clock())
    tells.share()
    tells.share()
    clock.forward(hours=2)
    tells.share()
    assert files(tmp_path) == []


def test_what_cannot_be_told_waits_and_the_log_says_so_once(start, caplog):
    class Full(Store):
        is_full = True

        def put(self, *arguments):
            if Full.is_full:
                raise HistoryError("The disk is full.", "Make room.")
            super().put(*arguments)

    (here, tells), (there, learns) = start(Full), start()
    mine = visit.claims("reader")
    here.add(mine, datetime.now(UTC))
    tells.share()
    tells.share()
    assert len(caplog.records) == 1
    assert mine in here, "here it is over at once"
    Full.is_full = False
    tells.share()
    learns.share()
    assert mine in there


def test_a_damaged_file_is_left_out_and_named(start, tmp_path):
    here, tells = start()
    here.add(visit.claims("reader"), datetime.now(UTC))
    tells.share()
    flipped(tmp_path / files(tmp_path)[0])
    assert [finding.path.partition("/")[0] for finding in lake(tmp_path).verify().findings] == [FOLDER]
    there, learns = start()
    learns.share()
    assert visit.claims("reader") not in there


def test_it_goes_on_in_the_background(tmp_path):
    (here, there), claims = (Ended(), Ended()), visit.claims("reader")
    both = [Sharing(ended, lambda: EndedSignIns(Store(str(tmp_path))), every=0.02) for ended in (here, there)]
    for each in both:
        each.start()
    here.add(claims, datetime.now(UTC))
    until(lambda: claims in there)
    for each in both:
        each.end()
