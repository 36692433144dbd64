"""What each guardrail really blocks: first those that block nothing, then those that do, then what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.analysis.guarding import Effect, guarding
from findings.policy.catalogue import catalogue
from tests.builders import aws_policy, role, user
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, READER, World, allow, deny, document

IN_EUROPE = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
NOBODY = {"ArnLike": {"aws:PrincipalArn": "x"}}
EUROPE = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
ROOT = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}
NOT_APP = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}}
OUTSIDE = {
    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
}
MAKE = ["s3:CreateBucket", "s3:DeleteBucket"]
AT_ROOT = "what the SCPs at Root allow"
LEAVE = "organizations:LeaveOrganization"


def scps(*statements: Any, **more: Any) -> list[dict[str, Any]]:
    """FullAWSAccess everywhere, and an SCP "d" of these statements at the OU."""
    return [FULL_ACCESS, {**FULL_ACCESS, "d": document(*statements), **more}, FULL_ACCESS]


def held(*statements: Any, **more: Any) -> Facts:
    world = World()
    return world.facts(role("app", inline=world.inline(own=document(*statements))), **more)


def effect(facts: Facts, name: str = "d") -> Effect:
    (found,) = (one for one in guarding(facts).effects if one.name == name)
    return found


def sets(one: Effect) -> dict[str, list[str]]:
    """Those of its sets that are not empty, as names of actions."""
    names = ("alone", "also", "conditional", "partly", "root", "outsiders", "outsiders_maybe")
    return {name: catalogue().members(mask) for name in names if (mask := getattr(one, name))}


@pytest.mark.parametrize(
    ("own", "scp"),
    [
        ([allow("s3:GetObject")], scps(deny(MAKE))),
        ([allow(MAKE), deny("s3:*")], scps(deny(MAKE))),
        ([allow("ec2:RunInstances")], scps(deny(MAKE), deny(LEAVE))),
        ([allow(MAKE)], scps(deny(MAKE, Condition=NOT_APP))),
        ([allow(MAKE)], scps(deny(MAKE, "arn:aws:s3:::b/*"))),  # objects are no buckets
        ([allow(MAKE)], scps(deny(MAKE, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-2"}}))),
        ([allow(MAKE)], scps(deny("s3:NoSuchAction"))),
    ],
)
def test_blocks_nothing_that_anybody_has(own: list[Any], scp: Any) -> None:
    found = effect(held(*own, scp=scp))
    assert (sets(found), found.idle, found.parts, found.sure, found.maybe) == ({}, True, (), 0, 0)


def test_what_lets_everything_through_is_open_and_not_idle() -> None:
    found = guarding(held(allow("*"), scp=[FULL_ACCESS, FULL_ACCESS]))
    (one,) = found.effects
    assert (sets(one), one.open, one.idle, one.places) == ({}, True, False, (("Root", "Root"), ("prod (ou-1)",) * 2))
    assert found.limited is False
    assert guarding(held(scp=scps(deny(LEAVE)))).limited is True


@pytest.mark.parametrize(
    ("own", "scp", "expected"),
    [
        ([allow([*MAKE, "s3:GetObject"])], scps(deny(MAKE)), {"alone": MAKE}),
        ([allow(MAKE, "arn:aws:s3:::mine")], scps(deny(MAKE)), {"alone": MAKE}),  # what is had of some resources only
        ([allow(MAKE)], scps(deny(MAKE), e=document(deny(MAKE[0]))), {"alone": MAKE[1:], "also": MAKE[:1]}),
        ([allow(MAKE)], scps(deny(MAKE, Condition=EUROPE)), {"conditional": MAKE}),
        (
            [allow(MAKE)],
            scps(deny(MAKE, Condition=EUROPE), deny(MAKE[0])),
            {"alone": MAKE[:1], "conditional": MAKE[1:]},
        ),
        (
            [allow(MAKE)],
            scps(deny(MAKE, Condition=EUROPE), e=document(deny(MAKE))),
            {},
        ),  # there is nothing left to block
        ([allow(MAKE)], scps(deny(MAKE, "arn:aws:s3:::logs")), {"partly": MAKE}),
        ([allow("s3:GetObject")], scps(deny("*", Condition=ROOT)), {"root": "all"}),
        ([allow(MAKE)], scps(deny(MAKE, Condition={"StringLike": {"aws:PrincipalArn": "*"}})), {"alone": MAKE}),
    ],
)
def test_blocks(own: list[Any], scp: Any, expected: dict[str, Any]) -> None:
    found: dict[str, Any] = {**sets(effect(held(*own, scp=scp)))}
    if "root" in found:
        assert len(found["root"]) == catalogue().all.bit_count()
        found["root"] = "all"
    assert found == expected


def test_of_several_statements_each_is_told_by_its_number() -> None:
    statements = deny(MAKE, Sid="Make"), deny("s3:*", Condition=NOBODY), deny("s3:Get*", Condition=EUROPE)
    found = effect(held(allow([*MAKE, "s3:GetObject"]), scp=scps(*statements)))
    told = [
        (part.number, part.sid, part.blocked.bit_count(), part.depends.bit_count(), part.keys) for part in found.parts
    ]
    assert told == [(1, "Make", 2, 0, ()), (3, "", 0, 1, ("aws:RequestedRegion",))]
    assert found.keys == ("aws:RequestedRegion",)


def test_whom_it_touches() -> None:
    world = World()
    facts = world.facts(
        role("app", inline=world.inline(x=EVERYTHING)),
        role("reader", inline=world.inline(x=READER)),
        role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/", inline=world.inline(x=EVERYTHING)),
        user("admin", inline=world.inline(x=EVERYTHING)),
        user("caller", inline=world.inline(x=document(allow("s3:DeleteBucket")))),
        scp=scps(deny("s3:CreateBucket"), deny("s3:DeleteBucket", Condition=EUROPE)),
    )
    found = effect(facts)
    assert (found.binds, found.sure, found.maybe) == (4, 2, 1)
    assert [name for _, name in found.named] == ["app", "admin", "caller"]


@pytest.mark.parametrize(
    ("levels", "name", "together", "expected"),
    [
        ([{"only": READER}, FULL_ACCESS], "only", (), {"alone": MAKE}),
        ([{"a": READER, "b": document(allow("s3:CreateBucket"))}], AT_ROOT, ("p-a", "p-b"), {"alone": MAKE[1:]}),
        ([{"only": READER, "d": document(deny("ec2:*"))}], "only", (), {"alone": MAKE}),
        ([{"d": document(deny(MAKE))}], AT_ROOT, (), {"also": MAKE}),
        ([{}], AT_ROOT, (), {"alone": MAKE}),
        ([{"only": document(allow("s3:*", "arn:aws:s3:::b"))}], "only", (), {"partly": MAKE}),
        ([{"only": document(allow("s3:*", Condition=IN_EUROPE))}], "only", (), {"conditional": MAKE}),
    ],
)  # fmt: skip
def test_what_a_level_does_not_allow_is_blocked(levels: Any, name: str, together: Any, expected: Any) -> None:
    found = effect(held(allow(MAKE), scp=levels), name)
    assert (sets(found), found.together) == (expected, together)


def test_a_policy_that_is_attached_twice_is_one() -> None:
    twice = {**FULL_ACCESS, "d": document(deny(MAKE))}
    found = effect(held(allow(MAKE), scp=[twice, FULL_ACCESS, twice]))
    assert (sets(found), len(found.places)) == ({"alone": MAKE}, 2)


def test_boundaries() -> None:
    world = World()
    bound = world.managed("bound", document(allow(["s3:*"]), deny("s3:DeleteBucket")))
    hollow = world.managed("hollow", EVERYTHING)
    asks = world.managed(
        "asks", document(allow("s3:CreateBucket", Condition=EUROPE), allow("s3:DeleteBucket", "arn:aws:s3:::b"))
    )
    own = world.inline(own=document(allow([*MAKE, LEAVE, "s3:GetObject"])))
    facts = world.facts(
        role("a", inline=own, boundary=bound),
        user("b", inline=own, boundary=bound),
        role("c", inline=own, boundary=hollow),
        role("d", inline=world.inline(own=document(allow(MAKE))), boundary=asks),
        role("e", inline=own),
        scp=scps(deny(LEAVE)),
    )
    told = {name: effect(facts, name) for name in ("bound", "hollow", "asks")}
    assert (sets(told["bound"]), told["bound"].binds) == ({"alone": ["s3:DeleteBucket"], "also": [LEAVE]}, 2)
    assert (sets(told["hollow"]), told["hollow"].open) == ({}, True)
    assert sets(told["asks"]) == {"conditional": ["s3:CreateBucket"], "partly": ["s3:DeleteBucket"]}
    assert told["asks"].keys == ("aws:RequestedRegion",)
    found = guarding(facts)
    assert (found.holders, found.bounded, found.unread) == (5, 4, 0)


@pytest.mark.parametrize(
    ("statement", "expected", "outsiders"),
    [
        (deny(["s3:*", "sts:*"], Principal="*", Condition=OUTSIDE), {}, True),
        (deny("iam:*", Principal="*"), {}, False),  # a service without RCPs
        (deny(MAKE, Principal="*"), {"alone": MAKE}, True),
        (deny(MAKE, Principal="*", Condition=EUROPE), {"conditional": MAKE}, False),
    ],
)
def test_resource_control_policies(statement: Any, expected: Any, outsiders: bool) -> None:
    found = effect(held(allow([*MAKE, "iam:CreateUser"]), rcp=[{"d": document(statement)}]))
    told = sets(found)
    assert bool(told.pop("outsiders", None)) is outsiders
    told.pop("outsiders_maybe", None)
    assert told == expected
    assert found.idle is not (bool(expected) or outsiders)


# -- what is not known


def test_a_policy_that_nobody_can_read_says_why_and_blocks_nothing_that_we_know_of() -> None:
    facts = held(allow(MAKE), scp=[{"full": EVERYTHING, "broken": {"Statement": "?"}, "d": document(deny(MAKE))}])
    broken = effect(facts, "broken")
    assert (sets(broken), broken.idle, bool(broken.unread)) == ({}, False, True)
    assert sets(effect(facts)) == {"alone": MAKE}
    assert guarding(facts).limited is True
    assert guarding(held(scp=[{**FULL_ACCESS, "broken": {"Statement": "?"}}])).limited is None


def test_a_level_with_a_policy_that_nobody_can_read_may_allow_anything() -> None:
    names = {one.name for one in guarding(held(allow(MAKE), scp=[{"a": READER, "broken": {}}])).effects}
    assert names == {"a", "broken"}
    assert not sets(effect(held(allow(MAKE), scp=[{"a": READER, "broken": {"Statement": "?"}}]), "a"))


def test_layers_that_are_not_visible_have_no_effects() -> None:
    world = World()
    facts = world.facts(
        role("app", inline=world.inline(own=document(allow(MAKE))), boundary=world.managed("b", READER)),
        role("gone", attached=(aws_policy("NotCollected"),)),
        scp=None,
    )
    found = guarding(facts)
    assert [(one.name, sets(one)) for one in found.effects] == [("b", {"alone": MAKE})]
    assert (found.limited, found.unread) == (None, 1)


def test_a_boundary_that_was_not_collected_is_told() -> None:
    world = World()
    facts = world.facts(role("app", boundary="arn:aws:iam::000000000001:policy/gone"))
    (one,) = guarding(facts).effects
    assert (one.name, one.binds, bool(one.unread), one.idle) == ("gone", 1, True, False)
