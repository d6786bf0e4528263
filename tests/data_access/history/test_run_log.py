"""The records of runs: where each collection stands."""

from datetime import timedelta

import pytest

from data_access.errors import HistoryError
from data_access.history.run_log import Failure, Job, Run, Runs, Tried, jobs
from data_access.history.store import Damaged, Store
from data_access.partner_center.catalog import DEPLOYMENT
from tests.damage import flipped
from tests.lakes import NOW, Clock, fetched, lake


def test_the_last_success_and_the_last_failure_are_remembered(tmp_path):
    failure = Failure(title="t", message="m", advice="a", exit_code=5, status=503)
    history = lake(tmp_path)
    snapshot = history.append(fetched(DEPLOYMENT, [{}])).snapshot
    assert history.standing()["deployment"].last_success == snapshot.fetched_at, "even where no run could be recorded"
    hours = [NOW + timedelta(hours=number) for number in range(4)]
    history.record(Run(started=NOW, outcomes={"deployment": Tried(at=hours[1], failure=failure)}))
    assert lake(tmp_path).standing()["deployment"].failing
    history.record(Run(started=NOW, outcomes={"deployment": Tried(at=hours[2], snapshot=snapshot.id, again=True)}))
    history.record(Run(started=NOW, outcomes={"usage": Tried(at=hours[3], failure=failure)}))
    standing = lake(tmp_path).standing()
    assert standing["deployment"].last_success == hours[2]
    assert (standing["deployment"].failing, standing["deployment"].last_failure) == (False, hours[1])
    assert (standing["usage"].failing, standing["usage"].last_success) == (True, None)
    flipped(min((tmp_path / "runs").iterdir()))
    assert lake(tmp_path).standing()["deployment"].failure is None
    assert [finding.path.partition("/")[0] for finding in lake(tmp_path).verify().findings] == ["runs"]


def recorded(folder, *hours):
    for hour in hours:
        at = NOW + timedelta(hours=hour)
        lake(folder).record(Run(started=at, outcomes={"deployment": Tried(at=at, snapshot="1")}))


def runs_in(folder):
    return [run.started.hour - NOW.hour for run in Runs(Store(str(folder)), Clock()).newest()]


def test_a_file_that_cannot_be_read_at_the_moment_stays_when_the_others_are_put_together(tmp_path):
    recorded(tmp_path, 0, 1, 2)
    path = min((tmp_path / "runs").iterdir())

    class Failing(Store):
        def read(self, name, size=None):
            if name.endswith(path.name):
                raise Damaged("cannot be read: Input/output error")
            return super().read(name, size)

    lake(tmp_path, store=Failing).compact()
    assert len(list((tmp_path / "runs").iterdir())) == 2
    assert sorted(runs_in(tmp_path)) == [0, 1, 2]


def test_a_run_is_there_once_where_a_compact_was_killed_before_it_removed_anything(tmp_path):
    class Killed(Store):
        def delete(self, _):
            raise KeyboardInterrupt

    recorded(tmp_path, 0, 1, 2)
    with pytest.raises(KeyboardInterrupt):
        lake(tmp_path, store=Killed).compact()
    assert runs_in(tmp_path) == [0, 1, 2]
    lake(tmp_path).compact()
    assert runs_in(tmp_path) == [0, 1, 2]
    assert len(list((tmp_path / "runs").iterdir())) == 1


def ran(job, hour, exit_code=None, **outcomes):
    return Run(started=NOW + timedelta(hours=hour), job=job, exit_code=exit_code, outcomes=outcomes)


def test_each_job_has_its_last_success():
    refused = Tried(at=NOW, failure=Failure(title="t", message="m", advice="a", exit_code=4))
    down = Tried(at=NOW, failure=Failure(title="t", message="m", advice="a", exit_code=5))
    standing = jobs(
        [
            ran("collect", 0, usage=refused),  # as earlier programs recorded it
            ran("compact", 1, 0),
            ran("collect", 2, usage=down),
            ran("digest", 3, 5),
        ]
    )
    hours = [NOW + timedelta(hours=hour) for hour in range(4)]
    assert standing["collect"] == Job(hours[2], hours[0], failing=True)
    assert standing["compact"] == Job(hours[1], hours[1], failing=False)
    assert standing["digest"] == Job(hours[3], None, failing=True)


def test_many_runs_put_themselves_together_and_keep_each_jobs_last_success(tmp_path):
    runs = Runs(Store(str(tmp_path)), Clock(), loose_files=5, newest=8)
    runs.add(ran("compact", 0, 0))
    for hour in range(1, 30):
        runs.add(ran("collect", hour, 0))
        assert len(list((tmp_path / "runs").iterdir())) <= 6
    standing = jobs(runs.newest())
    assert standing["compact"].last_success == NOW
    assert standing["collect"].last_run == NOW + timedelta(hours=29)
    assert not lake(tmp_path).verify().findings


def test_a_run_that_is_recorded_ends_well_where_the_files_cannot_be_put_together(tmp_path):
    class FullAfterOne(Store):
        written = 0

        def put(self, path, content):
            if self.written:
                raise HistoryError("The disk is full.", "Make room.")
            super().put(path, content)
            self.written += 1

    recorded(tmp_path, 0)
    Runs(FullAfterOne(str(tmp_path)), Clock(), loose_files=0).add(ran("collect", 1, 0))
    assert runs_in(tmp_path) == [0, 1]
