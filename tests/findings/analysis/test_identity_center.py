"""The permission set behind a role of Identity Center, and who has it. What cannot be told first."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import AccountAssignment, CenterPrincipal, Coverage, PermissionSet, State
from findings.analysis.facts import Facts
from findings.analysis.identity_center import change_in
from findings.rules.registry import CHANGE_IN, catalogue, judge
from tests.builders import ACCOUNT_ID, AS_OF, facts, role

SSO = "/aws-reserved/sso.amazonaws.com/"
INSTANCE = "arn:aws:sso:::instance/ssoins-1"
DEV = role("AWSReservedSSO_Dev_Team_0123456789abcdef", path=f"{SSO}eu-west-1/")
HERE, ELSEWHERE = {"region": "eu-west-1"}, {"region": "eu-north-1"}


def permission_set(name: str = "Dev_Team", **more: Any) -> PermissionSet:
    arn = f"arn:aws:sso:::permissionSet/ssoins-1/ps-{len(more)}{name}"
    return PermissionSet(
        **{"unique_id": arn, "name": name, "instance": INSTANCE, "accounts": (ACCOUNT_ID,), **HERE, **more}
    )


def assigned(of: PermissionSet, *, users: Any = (), groups: Any = (), target: str = ACCOUNT_ID) -> AccountAssignment:
    return AccountAssignment(
        unique_id=f"{of.unique_id}/{target}", permission_set=of.unique_id, target=target,
        users=tuple(users), groups=tuple(groups), read_at=AS_OF,
    )  # fmt: skip


def person(name: str) -> CenterPrincipal:
    return CenterPrincipal(unique_id=name[0], name=name)


def group(name: str, *members: str, read: bool = True) -> CenterPrincipal:
    return CenterPrincipal(unique_id=name, group=True, name=name, members=members if read else None)


def told(*sets: PermissionSet, assignments: Any = (), people: Any = (), **more: Any) -> Facts:
    return facts(
        DEV, permission_sets=sets, account_assignments=tuple(assignments), center_principals=tuple(people),
        center_seen_by="000000000009", **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    "sets",
    [
        (),
        (permission_set("Dev"),),
        (permission_set(**ELSEWHERE),),
        (permission_set(accounts=("000000000002",)),),
        (permission_set(), permission_set(relay_state="x", session_seconds=1)),
    ],
    ids=["none", "other name", "other region", "other account", "two of the name"],
)
def test_without_the_one_permission_set_nothing_is_told(sets: Any) -> None:
    known = told(*sets)
    assert (known.center.behind(DEV), change_in(DEV, known)) == (None, "")


NAMED = "AWSReservedSSO_Dev_Team_0123456789abcdef"


@pytest.mark.parametrize(
    "other", [role("Dev_Team"), role(NAMED), role(NAMED, path="/aws-reserved/other.amazonaws.com/")]
)
def test_a_role_that_identity_center_did_not_make_has_none(other: Any) -> None:
    assert told(permission_set()).center.behind(other) is None


@pytest.mark.parametrize(
    "one",
    [permission_set(), permission_set(region=""), permission_set(accounts=None)],
    ids=["its region", "region unknown", "accounts not read"],
)
def test_name_and_region_make_the_join(one: PermissionSet) -> None:
    held = told(one).center.behind(DEV)
    assert held is not None
    assert (held.permission_set, held.told_by) == (one, "000000000009")
    assert held.said == "nobody knows to whom it is assigned"


def test_in_the_first_region_the_path_names_none() -> None:
    first = role("AWSReservedSSO_Dev_Team_0123456789abcdef", path=SSO)
    known = told(permission_set(region="us-east-1"))
    assert known.center.behind(first) is not None
    assert known.center.behind(DEV) is None


SET = permission_set()
STAFF = [person("ann"), person("bob"), group("admins", "a", "b", "c"), group("hidden", read=False)]


@pytest.mark.parametrize(
    ("users", "groups", "said", "people"),
    [
        ((), (), "assigned to nobody", 0),
        (("a",), (), "assigned to 1 person", 1),
        (("a", "x"), (), "assigned to 2 people", 2),
        (("a",), ("admins",), "assigned to 3 people", 3),
        (("a",), ("hidden",), "assigned to 1 person and the members of group hidden, who are not known", 1),
        (
            (),
            ("hidden", "g-2"),
            "assigned to 0 people and the members of group hidden and of 1 more, who are not known",
            0,
        ),
    ],
)
def test_who_has_it(users: Any, groups: Any, said: str, people: int) -> None:
    known = told(SET, assignments=[assigned(SET, users=users, groups=groups), assigned(SET, target="1")], people=STAFF)
    held = known.center.behind(DEV)
    assert held is not None
    assert (held.said, len(held.people)) == (said, people)
    expected = f"IAM Identity Center: change permission set Dev_Team in account 000000000009 ({said})"
    assert change_in(DEV, known) == expected


def test_a_finding_on_the_role_says_where_to_change_it() -> None:
    known = told(SET, assignments=[assigned(SET, users=("a",))], people=STAFF)
    for seen, where in ((known, change_in(DEV, known)), (facts(DEV), CHANGE_IN)):
        (verdict,) = [one for one in judge(seen, [catalogue()["LP101"]]) if one.evidence]
        assert verdict.evidence["change_in"] == where
        assert verdict.evidence["permission_set"] == "Dev_Team"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.NOT_APPLICABLE, "no connected account told of it"),
        (State.ABSENT, "no connected account told of it"),
        (State.DENIED, "sso-admin:ListPermissionSets was denied; it needs the permission sso:ListPermissionSets"),
        (State.THROTTLED, "sso-admin:ListPermissionSets was throttled"),
    ],
)
def test_why_it_is_not_known(state: State, said: str) -> None:
    row = Coverage(
        api="sso-admin:ListPermissionSets", state=state, observed_at=AS_OF, permission="sso:ListPermissionSets"
    )
    assert facts(DEV, coverage=(row,)).center.unknown.startswith(said)
