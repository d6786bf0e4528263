"""What the page of data health finds in a history, where no page is needed."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.feeds import _Sources
from dashboard.view_models import health
from data_access import EVERYBODY, open_timeline
from data_access.datasets.checks import Mark
from data_access.settings import load
from tests import lakes

NOW = datetime.now(UTC)
SERVICES = ("o365", "crm", "exo", "teams")


@pytest.mark.program
def test_the_sample_that_is_left_running_is_late_and_not_neglected(tmp_path):
    sample = {"HISTORY_URL": str(tmp_path)}
    lakes.keep(sample, lakes.weekly(4, NOW, [{"serviceName": service} for service in SERVICES]))
    settings = load(sample)
    past = open_timeline(settings, None, lambda _: None)
    found = health.health_view(
        _Sources(settings, None).seen(EVERYBODY, named=True), past, NOW + timedelta(days=60), dark=False
    )
    checks = {check.key: check for check in found.checks}
    assert checks["late"].mark is Mark.BAD
    assert "and 1 more are late" in checks["late"].finding
    assert "nobody has looked" not in checks["late"].finding
    assert checks["collected"].mark is Mark.GOOD
