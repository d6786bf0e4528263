"""The records of runs: where each collection stands."""

from datetime import timedelta

from data_access.history.run_log import Failure, Run, Tried
from data_access.partner_center.catalog import DEPLOYMENT
from tests.damage import flipped
from tests.lakes import NOW, fetched, lake


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
