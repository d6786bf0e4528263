"""A client that nobody here wrote, made from Microsoft's own Swagger, reads the emulator and misses nothing."""

import json
import os
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from data_access.emulator import DEMO_TOKEN, Emulator, documented, throttled
from data_access.emulator.sample import partner

PUBLISHED = documented()
PUBLISHED_CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
INVENTED = partner(as_of=date(2026, 3, 31), customers=20)
# Of the names, the one that is hardest on encodings.
INVENTED_CUSTOMER = next(who for who, (row, *_) in INVENTED.customer_deployments.items() if "🚀" in row["customerName"])
OF_PARTNER, OF_CUSTOMER = ("deployment", "usage"), ("customer-deployment", "customer-usage")


@pytest.fixture
def peer(serve):
    """Let Microsoft's client read all that an emulator serves, in a process and an environment of its own."""
    python = os.environ.get("PEER_PYTHON", "")
    if not Path(python).is_file():
        pytest.fail(f"PEER_PYTHON={python!r} is no Python with Microsoft's client: run `make peer`.", pytrace=False)

    def read(emulator, customer=PUBLISHED_CUSTOMER, token=DEMO_TOKEN, version="1"):
        command = [python, Path(__file__).with_name("read.py"), serve(emulator), token, customer, version]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout)

    return read


def collection(rows):
    """What a client should have understood: every row as the service holds it, its date a moment in UTC."""

    def moment(text):
        return {"datetime": datetime.fromisoformat(text).astimezone(UTC).isoformat()}

    items = [{**row, "processedDateTime": moment(row["processedDateTime"])} for row in rows]
    return {"totalCount": len(rows), "items": items, "attributes": {"objectType": "Collection"}}


def exactly(answers):
    return json.dumps(answers, indent=1, sort_keys=True)  # to Python 0 and 0.0 are equal, in text they are not


@pytest.mark.parametrize("version", ["1", "1.0"])  # the Swagger allows both
@pytest.mark.parametrize(
    ("source", "customer"),
    [
        pytest.param(PUBLISHED, PUBLISHED_CUSTOMER, id="published"),
        pytest.param(INVENTED, INVENTED_CUSTOMER, id="invented"),
    ],
)
def test_microsofts_client_reads_every_field_of_every_row(peer, source, customer, version):
    held = {
        "deployment": collection(source.deployment),
        "usage": collection(source.usage),
        "customer-deployment": collection(source.customer_deployment(customer)),
        "customer-usage": collection(source.customer_usage(customer)),
    }
    assert all(answer["items"] for answer in held.values())
    assert exactly(peer(Emulator(source), customer, version=version)) == exactly(held)


def refusal(answer):
    assert sorted(answer["fault"]) == ["code", "data", "description", "source"]
    return answer["status"], answer["fault"]["code"]


@pytest.mark.parametrize(("kind", "status", "code"), [("expired", 401, 400), ("no-role", 403, 900150)])
def test_a_refused_token_is_a_fault_that_microsofts_models_know(peer, kind, status, code):
    answers = peer(Emulator(PUBLISHED, tokens={"refused": kind}), token="refused")
    assert [refusal(answers[name]) for name in OF_PARTNER + OF_CUSTOMER] == [(status, code)] * 4


@pytest.mark.parametrize(("customer", "status", "code"), [(INVENTED_CUSTOMER, 404, 60003), ("no-guid", 400, 2000)])
def test_a_wrong_customer_spoils_the_customers_collections_alone(peer, customer, status, code):
    answers = peer(Emulator(PUBLISHED), customer)
    assert [refusal(answers[name]) for name in OF_CUSTOMER] == [(status, code)] * 2
    assert [answers[name]["totalCount"] for name in OF_PARTNER] == [2, 5]


def test_microsofts_client_waits_as_long_as_it_is_told_to(peer):
    emulator = Emulator(PUBLISHED).next(throttled("1"))
    assert peer(emulator)["deployment"]["totalCount"] == 2
    first, second, *_ = emulator.requests
    assert first.target == second.target
    assert second.at - first.at >= 1
