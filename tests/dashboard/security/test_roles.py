"""Whom the operator lets in, and as what: claims of an ID token against the rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.security.roles import Denied, Ended, Person, Role, Rules, judge
from data_access import Settings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TENANT = "05bbed59-1f63-4ee2-bdfc-0411a0252cd9"
GROUP = "6d1f9b9e-0000-4000-8000-000000000001"
RULES = Rules.of(Settings(access_tenants=TENANT.upper(), access_managers=f"manager,{GROUP}"), "the-app")
MIA = {
    "is_logged_in": True,
    "tid": TENANT,
    "oid": "1",
    "name": "Mia Manager",
    "preferred_username": "mia@contoso.example",
    "exp": NOW.timestamp() + 3600,
    "roles": ["manager"],
    "aud": "the-app",
    "iss": f"https://login/{TENANT}/v2.0",
    "sub": "s",
    "iat": 1,
    "nonce": "n",
}


def test_a_person_has_a_name_an_identity_that_stays_and_an_end():
    assert judge(MIA, RULES, NOW) == Person(
        "Mia Manager",
        "mia@contoso.example",
        (TENANT, "1"),
        Role.MANAGER,
        NOW + timedelta(hours=1),
        ("mia@contoso.example", "1"),
    )


@pytest.mark.parametrize(
    ("roles", "groups", "role"),
    [
        (["reader"], [], Role.READER),
        (["Manager"], [], Role.MANAGER),
        (["lead"], [], Role.LEAD),
        (["operator"], [], Role.OPERATOR),
        (["reader", "operator"], [], Role.OPERATOR),
        ([], [GROUP.upper()], Role.MANAGER),
        (["something else"], [GROUP], Role.MANAGER),
    ],
)
def test_app_roles_and_groups_give_a_role_and_the_highest_counts(roles, groups, role):
    assert judge({**MIA, "roles": roles, "groups": groups}, RULES, NOW).role is role


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"is_logged_in": False}, "for people of this company"),
        ({"is_logged_in": None}, "for people of this company"),
        ({"exp": NOW.timestamp()}, "has ended"),
        ({"exp": None}, "has ended"),
        ({"exp": "soon"}, "has ended"),
        ({"exp": float("inf")}, "has ended"),
        ({"tid": "another"}, "another organisation"),
        ({"tid": None}, "another organisation"),
        ({"oid": None}, "another organisation"),
        ({"aud": "another-app"}, "another organisation"),
        ({"aud": None}, "another organisation"),
        ({"iss": "https://login/elsewhere/v2.0"}, "another organisation"),
        ({"roles": [], "groups": ["manager"]}, "not on the list"),
        ({"roles": []}, "not on the list"),
        ({"roles": None}, "not on the list"),
        ({"roles": "manager"}, "not on the list"),
        ({"roles": ["stranger"]}, "not on the list"),
    ],
)
def test_whatever_is_missing_counts_against_the_person(claims, why):
    with pytest.raises(Denied, match=why):
        judge({**MIA, **claims}, RULES, NOW)


def test_too_many_groups_to_list_are_told_apart_from_none():
    claims = {**MIA, "roles": [], "_claim_names": {"groups": "src1"}}
    with pytest.raises(Denied) as denied:
        judge(claims, RULES, NOW)
    assert "app role" in denied.value.advice
    assert not denied.value.again


def test_without_a_list_of_tenants_nobody_gets_in():
    with pytest.raises(Denied, match="another organisation"):
        judge(MIA, Rules.of(Settings(), "the-app"), NOW)


def test_the_tenant_of_the_registration_is_the_default():
    registration = {f"partner_center_{name}": TENANT for name in ("tenant_id", "client_id", "client_secret")}
    assert judge(MIA, Rules.of(Settings(**registration), "the-app"), NOW).role is Role.MANAGER


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*MIA, "groups", "_claim_names"]), anything))
def test_claims_of_any_kind_let_in_nobody_who_lacks_tenant_role_or_time(spoiled):
    try:
        person = judge({**MIA, **spoiled}, RULES, NOW)
    except Denied:
        return
    claims = {**MIA, **spoiled}
    assert claims["is_logged_in"]
    assert str(claims["tid"]).casefold() == TENANT
    assert person.until
    assert person.until > NOW


def test_a_sign_in_that_was_ended_stays_ended_and_another_one_does_not():
    ended = Ended()
    ended.add(MIA, NOW)
    assert MIA in ended
    assert {**MIA, "nonce": "another"} not in ended
    ended.add({**MIA, "nonce": "later", "exp": NOW.timestamp() + 9000}, NOW + timedelta(hours=2))
    assert MIA not in ended  # and judged as over, by its own end
