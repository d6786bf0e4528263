"""Real bodies, spoiled: whatever arrives becomes rows, rows set aside with a reason, or one of our errors."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from data_access import Query, emulator, errors
from data_access.emulator import DEMO_TOKEN, Emulator, answer
from data_access.emulator.sample import partner
from data_access.partner_center import frames, protocol, wire
from data_access.partner_center.catalog import COLLECTIONS, COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.examples import examples
from tests.rows import rows_of

BOM = b"\xef\xbb\xbf"
DOCUMENTED = Path(emulator.__file__).with_name("documented")
INVENTED = Emulator(partner(as_of=date(2026, 3, 31), customers=1, products=2))
TENANT = INVENTED.source.commercial_deployment[0]["customerTenantId"]


def asked(collection, **question):
    """The body of the invented partner's answer."""
    query = Query(TENANT, **question)
    parameters = protocol.parameters(collection, query)
    target = (
        protocol.address("", collection.paths[0], query.customer)
        + "?"
        + "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in parameters.items())
    )
    return INVENTED.respond("GET", target, {"Accept": "application/json", "Authorization": f"Bearer {DEMO_TOKEN}"}).body


GROUPED = COMMERCIAL_DEPLOYMENT.grouped_by(("channel", "serviceCode"))
BODIES = [
    *((collection, BOM + (DOCUMENTED / f"{name}.json").read_bytes()) for name, collection in COLLECTIONS.items()),
    *((collection, asked(collection)) for collection in COLLECTIONS.values()),
    (GROUPED, asked(COMMERCIAL_DEPLOYMENT, groupby=("channel", "serviceCode"))),
]

REFUSALS = [
    b'{"code":3000,"description":"It could not be found.","data":[],"source":"PartnerFD"}',
    b'{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds." }',
    b'{"error":"invalid_grant","error_description":"AADSTS70002","error_codes":[70002]}',
]

# What a body may be spoiled with: other tokens, in the place of one or between two.
TOKENS = [
    "null", "true", "false", "0", "-1", "0.1", "-0.0", "1e400", "1E-400", "NaN", "-Infinity",
    "9" * 18, "9" * 30, "9" * 4_400,
    '""', '" "', '"0"', '"1_000"', '"१२"', '"NaN"', '"2017-13-01"', '"2017-03-14T03:25:16.36+99:99"',
    '"0001-01-01T00:00:00"', '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"',
    r'"\ud800"', r'"\udc00\ud800"', r'"\u0000\u001b[2J"', '"\u202e"', '"é\u2028"', '"💥"',
    "[]", "{}", "[[]]", '{"":""}', '{"licensesSold":{"licensesSold":[]}}', "[" * 4_000,
    *("[" * deep + "]" * deep for deep in (150, 300, 900)), '{"a":' * 500 + "1" + "}" * 500,
]  # fmt: skip
FIELDS = [
    '"licensesSold":', '"licensesActive":', '"usagePercent":', '"processedDateTime":', '"channel":', '"serviceName":',
    '"attributes":', '"items":', '"value":', '"TotalCount":', '"@nextLink":', '"new":', '"":', r'"\ud800":',
]  # fmt: skip
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:|"(?:[^"\\]|\\.)*"|[-+.\w]+|[][{},:]')

encoded = st.sampled_from(TOKENS).map(str.encode)
fields = st.tuples(st.sampled_from(FIELDS), st.sampled_from(TOKENS)).map(lambda pair: "".join(pair).encode())
places = st.floats(0, 1, exclude_max=True)


def token_at(body, place):
    found = [match.span() for match in TOKEN.finditer(body)]
    return found[int(place * len(found))] if found else (0, 0)


def flipped(body, place, bit):
    at = int(place * len(body))
    return body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :] if body else body


def replaced(body, place, new):
    start, end = token_at(body, place)
    return body[:start] + new + body[end:]


def inserted(body, place, new):
    start, _ = token_at(body, place)
    return body[:start] + new + b"," + body[start:]


def swapped(body, *places):
    (first, second), (third, fourth) = sorted(token_at(body, place) for place in places)
    return (
        body
        if third < second
        else (body[:first] + body[third:fourth] + body[second:third] + body[first:second] + body[fourth:])
    )


def repeated(body, place, length):
    at = int(place * len(body))
    return body[: at + length] + body[at:]


changes = st.one_of(
    st.tuples(st.just(flipped), places, st.integers(0, 7)),
    st.tuples(st.just(lambda body, place: body[: int(place * len(body))]), places),
    st.tuples(st.just(replaced), places, encoded),
    st.tuples(st.just(replaced), places, encoded),
    st.tuples(st.just(inserted), places, fields | encoded | st.binary(max_size=4)),
    st.tuples(st.just(inserted), places, fields),
    st.tuples(st.just(swapped), places, places),
    st.tuples(st.just(repeated), places, st.integers(1, 300)),
    st.tuples(st.just(lambda body: body.decode(errors="ignore").encode("utf-16", "ignore"))),
)


def spoiled(body, changes):
    for change, *arguments in changes:
        body = change(body, *arguments)
    return body


def read(collection, body):
    """What the program makes of a body: rows and rows set aside, or None where it is refused as a whole."""
    try:
        page = protocol.page(200, {}, body)
    except (errors.Unreadable, errors.Unavailable):
        return None
    readable, set_aside = wire.read(collection.row, page.rows)
    assert len(readable) + len(set_aside) == len(page.rows)
    return readable, set_aside


def is_sound(collection, table):
    """The columns are there, each of its type, and the table can be written."""
    assert list(table.columns[: len(collection.columns)]) == collection.columns
    assert table.columns.is_unique
    types = frames.dtypes(collection, table.columns)
    assert table.dtypes.astype(str).to_dict() == types
    json.dumps(frames.records(table), ensure_ascii=False, allow_nan=False).encode()
    frames.as_text(table).to_csv(index=False).encode()


@examples(60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BODIES), st.lists(changes, min_size=1, max_size=4))
def test_a_spoiled_body_is_rows_or_rows_set_aside_or_an_error(body, changes):
    collection, right = body
    found = read(collection, spoiled(right, changes))
    if found is None:
        return
    readable, set_aside = found
    first, _ = read(collection, right)
    table = frames.frame(collection, readable)
    is_sound(collection, frames.joined(collection, [table]))
    whole = frames.joined(collection, [frames.frame(collection, first), table, frames.frame(collection, [])])
    is_sound(collection, whole)
    assert len(whole) == len(first) + len(readable)
    for row in set_aside:
        assert row.reason
        assert not any(name in row.reason for name in ("TEST COMPANY", "DT DEMO", "OFFICE 365", TENANT))


@examples(40)
@given(
    st.sampled_from(REFUSALS), st.lists(changes, max_size=3), st.sampled_from([204, 302, 400, 401, 403, 404, 429, 500])
)
@example(REFUSALS[0], [(replaced, 0.4, rb'"\u001b[2J"')], 400)
def test_a_spoiled_refusal_is_an_error_that_can_be_shown(body, changes, status):
    with pytest.raises(errors.PartnerCenterError) as raised:
        protocol.page(status, {"Retry-After": "1"}, spoiled(body, changes))
    assert all(fact.isprintable() for fact in raised.value.details.labelled().values())


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[0].name)
def test_unspoiled_bodies_are_read_to_the_last_row(body):
    collection, right = body
    readable, set_aside = read(collection, right)
    assert readable
    assert not set_aside
    is_sound(collection, frames.joined(collection, [frames.frame(collection, readable)]))


@pytest.mark.parametrize("collection", [*COLLECTIONS.values(), GROUPED], ids=lambda collection: collection.name)
def test_every_field_may_hold_anything_and_anything_may_be_a_field(collection):
    _, right = next(body for body in BODIES[::-1] if body[0] is collection)
    readable, _ = read(collection, right)
    row = {name: value for name, value in readable[0].items() if name in collection.columns} | {"new": ""}
    for few in range(0, len(TOKENS), 6):  # a table for each of them would cost seconds
        tables = []
        for token in TOKENS[few : few + 6]:
            rows = [json.dumps({**row, field: "here"}, default=str).replace('"here"', token) for field in row]
            if token.startswith('"'):
                rows.append(json.dumps({**row, "here": 1}, default=str).replace('"here"', token))
            found = read(collection, f'{{"items": [{",".join(rows)}]}}'.encode())
            if found is not None:
                tables.append(frames.frame(collection, found[0]))
        is_sound(collection, frames.joined(collection, [*tables, frames.frame(collection, [])]))


def test_a_body_that_breaks_off_anywhere_is_worth_another_try():
    # Also in the middle of a character or of an escape.
    names = "Zoë 💥", r"Zo\u00eb \ud83d\udca5\n"
    rows = ",".join(f'{{"customerName": "{name}"}}' for name in names)
    whole = BOM + f'{{"Value": [{rows}], "TotalCount": 2}}'.encode()
    for end in range(len(BOM) + 1, len(whole)):
        with pytest.raises(errors.Unavailable, match="breaks off"):
            protocol.page(200, {}, whole[:end])


@pytest.mark.parametrize("collection", [DEPLOYMENT, COMMERCIAL_DEPLOYMENT], ids=lambda collection: collection.name)
@pytest.mark.parametrize("deep", ["[", '{"a":'])
def test_a_field_nested_to_the_limit_is_text_or_refused(collection, deep, connect):
    # What could just be read must not be too deep for what comes after, which starts from another height.
    emulator = Emulator()
    client = connect(emulator)
    closing = {"[": "]", '{"a":': "}"}[deep]
    ends: set[int | str] = set()
    row = json.dumps(rows_of(collection, [{}])[0])[:-1]
    for depth in range(900, 1_000, 9):
        nested = f'{row}, "new": {deep * depth}1{closing * depth}}}'
        emulator.heal().always(answer(200, body=f'{{"items": [{nested}]}}'.encode()))
        try:
            ends.add(len(client.fetch(collection).frame))
        except errors.Unreadable:
            ends.add("refused")
    assert ends <= {1, "refused"}
