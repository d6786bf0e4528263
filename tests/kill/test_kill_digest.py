"""`digest` killed at instants that are spread evenly over its run: nobody gets the same news twice."""

import email
import math
import os
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

from data_access import Settings, history
from data_access.emulator import DEMO_TOKEN
from data_access.history.sent_log import SentLog
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.data_access.digest.office import Mailbox, Service, smtp
from tests.lakes import fetched, keep
from tests.programs import KILLED, Programs

KILLS = int(os.environ.get("FAULT_KILLS", "200")) // 2
PEOPLE = [f"person{number}@partner.example" for number in range(4)]
CARDS = 3  # people who hear in Teams, over HTTP as by Graph


def collected(week):
    day = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(weeks=week)
    rows = [{"licensesDeployed": 50 + week, "processedDateTime": f"{day:%Y-%m-%d}T00:00:00"}]
    return partial(fetched, COMMERCIAL_DEPLOYMENT, rows, day + timedelta(hours=6))


def test_killed_at_any_instant_nobody_gets_it_twice_and_it_is_known_who_may_have_got_it(tmp_path):
    plan, mailbox = tmp_path / "digest.toml", Mailbox()
    codes: Counter[int] = Counter()
    with smtp(mailbox) as server, Service(202) as teams, Programs() as program:
        by_mail = "".join(f'[[person]]\nname = "{name}"\n' for name in PEOPLE)
        by_card = "".join(
            f'[[person]]\nname = "card{number}"\nteams = "{teams.address}/{number}?sig=SECRET"\n'
            for number in range(CARDS)
        )
        plan.write_text(by_mail + by_card)
        settings = {
            "PARTNER_CENTER_BASE_URL": "http://127.0.0.1:9",
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "HISTORY_URL": str(tmp_path / "history"),
            "MAIL_URL": f"smtp://{server.host}:{server.port}?from=digest@partner.example",
            "DIGEST_FILE": str(plan),
        }
        keep(settings, [collected(0), collected(1)])
        shutil.copytree(tmp_path / "history", tmp_path / "written")

        def run(seconds=None):
            """Run the command to its end, or kill it after so long; returns how long it takes, endless where killed."""
            program.start(["digest", "--all"], settings)
            begun = time.monotonic()
            with ThreadPoolExecutor(1) as waiting:
                end = waiting.submit(program.end)
                if seconds is not None:
                    time.sleep(seconds)  # the instant of the kill
                    program.kill()
                code = end.result()
            codes[code] += 1
            assert code in {0, KILLED}
            return math.inf if code == KILLED else time.monotonic() - begun

        shortest = run()
        for number in range(KILLS):
            shutil.rmtree(tmp_path / "history")
            shutil.copytree(tmp_path / "written", tmp_path / "history")
            mailbox.arrived.clear()
            teams.requests.clear()
            shortest = min(shortest, run(shortest * (number + 0.5) / KILLS))
            left = left_open(settings)
            run()
            got = Counter(str(email.message_from_bytes(envelope.content)["To"]) for envelope in mailbox.arrived)
            got.update(f"card{path[1]}" for path, _, body in teams.requests if body)
            assert set(got.values()) <= {1}, "nobody twice"
            everybody = [*PEOPLE, *(f"card{number}" for number in range(CARDS))]
            uncertain = [name for name in everybody if name not in got]
            assert len(uncertain) <= 1, "a kill leaves one open at most"
            assert {*uncertain} <= {*left}, "and it is known which"
            assert left_open(settings) == [], "which the next run has said"
    assert codes[KILLED] > KILLS / 4


def left_open(settings):
    """The people whose digest may have been sent, or not, as the next run says it."""
    wanted = Settings(**{name.lower(): value for name, value in settings.items()})
    kept = SentLog(history.open(wanted).store, lambda: datetime.now(UTC))
    return [person for (person, *_), past in kept.past().items() if past.uncertain]
