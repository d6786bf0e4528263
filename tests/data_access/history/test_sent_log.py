"""What was sent to whom: at most once, whoever else is at it and whenever a program is killed."""

from datetime import timedelta
from random import Random

import pytest

from data_access.errors import DamagedHistory
from data_access.history.sent_log import Entry, SentLog, State
from data_access.history.store import Store
from tests.damage import flipped
from tests.lakes import NOW, Clock

ANN, BEN = "ann@partner.example", "ben@partner.example"


def entry(digest="1", run="r1", *, person=ANN, at=NOW, channel="mail"):
    state, looked_at = State.BEGUN, {"c": digest}
    return Entry(digest=digest, run=run, person=person, channel=channel, state=state, at=at, looked_at=looked_at)


def last(log, person=ANN):
    past = log.past().get((person, "mail", ""))
    return past and past.last


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log(tmp_path, clock):
    return SentLog(Store(str(tmp_path)), clock)


def test_the_next_one_goes_on_from_what_was_looked_at_last(log, clock):
    assert log.past() == {}
    for digest, state in (("1", State.SENT), ("2", State.NOTHING)):
        begun = entry(digest, run=f"r{digest}", at=clock())
        assert log.begin(begun, last(log))
        clock.now += timedelta(days=7)
        log.conclude(begun, state)
    past = log.past()[ANN, "mail", ""]
    assert (past.last.state, past.last.looked_at, past.uncertain) == (State.NOTHING, {"c": "2"}, ())


def test_people_and_channels_are_apart(log):
    log.begin(entry(), None)
    assert log.begin(entry(person=BEN), None)
    assert log.begin(entry(channel="teams"), None)
    assert set(log.past()) == {(ANN, "mail", ""), (BEN, "mail", ""), (ANN, "teams", "")}


def test_what_certainly_was_not_sent_is_tried_again(log):
    first, second = entry(run="r1"), entry(run="r2")
    assert log.begin(first, None)
    log.conclude(first, State.WITHDRAWN)
    assert log.past() == {}
    assert log.begin(second, None)


@pytest.mark.parametrize("state", [State.BEGUN, State.SENT, State.NOTHING])
def test_what_may_have_been_sent_is_not_begun_again(log, state):
    first = entry(run="r1")
    assert log.begin(first, None)
    if state is not State.BEGUN:
        log.conclude(first, state)
    assert not log.begin(entry(run="r2"), None)


def test_who_worked_it_out_before_another_one_was_sent_does_not_send_it(log, clock):
    begun = entry("1", "r1")
    log.begin(begun, None)
    log.conclude(begun, State.SENT)
    clock.now += timedelta(days=7)
    newer, stale = entry("2", "r2", at=clock()), entry("3", "r3", at=clock())
    known = last(log)
    assert log.begin(newer, known)
    log.conclude(newer, State.SENT)
    assert not log.begin(stale, known)


def test_a_program_that_was_killed_leaves_an_uncertain_digest_that_counts_as_sent_and_is_said_once(log):
    log.begin(entry(), None)
    past = log.past()[ANN, "mail", ""]
    assert [each.digest for each in past.uncertain] == ["1"]
    log.say(past.uncertain)
    past = log.past()[ANN, "mail", ""]
    assert past.uncertain == ()
    assert past.last.looked_at == {"c": "1"}
    assert not log.begin(entry("2", "r2"), None)
    log.compact()
    assert log.past()[ANN, "mail", ""] == past


def test_who_was_at_it_while_another_one_said_so_has_sent_it_all_the_same(log, clock):
    log.begin(entry(), None)
    log.say(log.past()[ANN, "mail", ""].uncertain)
    clock.now += timedelta(seconds=1)
    log.conclude(entry(), State.SENT)
    assert log.past()[ANN, "mail", ""].last.state is State.SENT


def test_a_person_is_the_same_however_the_name_is_spelled(log):
    assert log.begin(entry(), None)
    assert log.past().keys() == {(ANN, "mail", "")}
    assert not log.begin(entry("2", "r2", person=ANN.upper()), None)


def test_who_comes_second_leaves_the_first_alone_even_if_that_one_is_killed(log, clock):
    log.begin(entry(run="r1"), None)
    assert not log.begin(entry(run="r2"), None)
    clock.now += timedelta(hours=1)
    assert not log.begin(entry(run="r3"), None)
    assert [each.run for each in log.past()[ANN, "mail", ""].uncertain] == ["r1"]


@pytest.mark.parametrize("seed", range(40))
def test_of_programs_that_begin_at_once_at_most_one_goes_on(tmp_path, seed):
    """Each `put` and `list` of one program may come between those of the others."""
    chance, clock, going_on = Random(seed), Clock(), []
    waiting = [f"r{number}" for number in range(4)]

    class Interrupted(Store):
        def put(self, path, content):
            super().put(path, content)
            interrupt()

        def finished(self, folder):
            interrupt()
            return super().finished(folder)

    def interrupt():
        if waiting and chance.random() < 0.5:
            begin(waiting.pop())

    def begin(run):
        clock.now += timedelta(seconds=1)
        if SentLog(Interrupted(str(tmp_path)), clock).begin(entry(run=run, at=clock()), None):
            going_on.append(run)

    while waiting:
        begin(waiting.pop())
    assert len(going_on) <= 1


@pytest.mark.program
def test_entries_are_put_together_and_say_the_same(log, clock, tmp_path):
    for number in range(40):
        clock.now += timedelta(days=1)
        begun = entry(str(number), run=str(number), person=(ANN, BEN)[number % 2], at=clock())
        assert log.begin(begun, last(log, begun.person))
        log.conclude(begun, State.SENT)
    log.begin(entry("left", run="left", at=clock()), last(log))
    before = log.past()
    assert len(list((tmp_path / "sent").iterdir())) < 64
    log.compact()
    assert len(list((tmp_path / "sent").iterdir())) == 1
    assert log.past() == before
    assert not log.begin(entry("left", run="other"), None)


def test_a_file_that_is_not_what_was_written_stops_everything(log, tmp_path):
    log.begin(entry(), None)
    flipped(min((tmp_path / "sent").iterdir()))
    with pytest.raises(DamagedHistory, match="not known what was sent"):
        log.past()
