"""What a principal may do after denies, boundary and SCPs, and who is an administrator."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.policy.catalogue import Level, catalogue
from findings.policy.evaluate import By, Layer
from tests.builders import ACCOUNT_ID, arn, aws_policy, group, role, trust, user
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, POWER_USER, READER, World, allow, deny, document

PUT = "iam:PutRolePolicy"


def has(mask: int, action: str) -> bool:
    return bool(mask & catalogue().bit(action))


def admin_of(facts: Facts) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    found = facts.permissions.admin(facts.snapshot.roles[0])
    return (found.parts, found.keys) if found else None


def with_inline(*statements: dict[str, Any], scp: Any = (), **more: Any) -> Facts:
    world = World()
    return world.facts(role(inline=world.inline(own=document(*statements)), **more), scp=scp)


# -- administrators: those who are none


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [deny("*")],
        [allow("s3:*")],
        [allow("iam:*")],
        [allow("*", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"])],
        [allow("*"), deny("*")],
        [allow("*"), deny("iam:*")],
        [allow("*"), {"Effect": "Deny", "NotAction": ["s3:*"], "Resource": "*"}],
        [allow("*"), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}],
        [allow("*", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}})],
        [allow("*", Condition={"StringEquals": {"aws:PrincipalTag/admin": "yes"}})],
        [allow("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/other"}})],
        [*POWER_USER["Statement"], allow(["iam:CreateServiceLinkedRole", "iam:ListRoles"])],
    ],
)
def test_no_administrator(statements: list[dict[str, Any]]) -> None:
    assert admin_of(with_inline(*statements)) is None


@pytest.mark.parametrize(
    ("scp", "why"),
    [
        ([FULL_ACCESS, {}, FULL_ACCESS], "what the SCPs at prod (ou-1) allow takes administration away"),
        ([FULL_ACCESS, {"s3": document(allow("s3:*"))}], "what the SCPs at prod (ou-1) allow takes"),
        ([FULL_ACCESS | {"no-iam": document(deny("iam:*"))}], "SCP no-iam at Root takes"),
        (
            [
                FULL_ACCESS
                | {
                    "ops": document(
                        deny("iam:*", Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ops"}})
                    )
                }
            ],
            "SCP ops at Root takes",
        ),
    ],
)
def test_a_guardrail_takes_administration_away(scp: Any, why: str) -> None:
    facts = with_inline(allow("*"), scp=scp)
    assert admin_of(facts) is None
    assert facts.permissions.not_admin(facts.snapshot.roles[0]).startswith(why)


def test_the_boundary_takes_administration_away() -> None:
    world = World()
    edge = world.managed("edge", document(allow("s3:*")))
    facts = world.facts(role(inline=world.inline(own=EVERYTHING), boundary=edge))
    assert admin_of(facts) is None
    why = facts.permissions.not_admin(facts.snapshot.roles[0])
    assert why == "the permissions boundary edge takes administration away"


# -- administrators: those who are


@pytest.mark.parametrize(
    ("statements", "keys"),
    [
        ([allow("*")], ()),
        ([allow("*:*")], ()),
        ([allow(f"{a}*") for a in "abcdefghijklmnopqrstuvwxyz"], ()),
        ([{"Effect": "Allow", "NotAction": ["billing:*"], "Resource": "*"}], ()),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}], ()),
        ([allow("*"), deny("iam:PutRolePolicy")], ()),
        ([allow("*"), deny("*", "arn:aws:s3:::secret/*")], ()),
        ([allow("*"), deny("*", Condition={"StringEquals": {"aws:ResourceTag/x": "y"}})], ()),
        ([allow("*", Condition=MFA)], ("aws:MultiFactorAuthPresent",)),
        ([allow("*", Condition=MFA), allow("*")], ()),
        (
            [allow("*"), deny("*", Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})],
            ("aws:SourceIp",),
        ),
        ([allow("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}})], ()),
        ([allow("*", Condition={"StringEqualsIfExists": {"iam:PassedToService": "ec2.amazonaws.com"}})], ()),
    ],
)
def test_administrator(statements: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    found = admin_of(with_inline(*statements))
    assert found is not None
    assert found[0] == ("inline",)
    if "IfExists" not in str(statements):
        assert found[1] == keys


REGION = document(
    {
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
    }
)


@pytest.mark.parametrize(
    ("scp", "keys", "blocked"),
    [
        (None, (), ()),
        ([FULL_ACCESS, FULL_ACCESS], (), ()),
        ([FULL_ACCESS | {"region": REGION}], ("aws:RequestedRegion",), ()),
        ([FULL_ACCESS | {"stay": document(deny("organizations:LeaveOrganization"))}], (), ("SCP stay at Root",)),
        (
            [
                FULL_ACCESS
                | {
                    "ops": document(
                        deny("*", Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}})
                    )
                }
            ],
            (),
            (),
        ),
    ],
)
def test_guardrails_that_leave_an_administrator(scp: Any, keys: tuple[str, ...], blocked: tuple[str, ...]) -> None:
    facts = with_inline(allow("*"), scp=scp)
    found = facts.permissions.admin(facts.snapshot.roles[0])
    assert found is not None
    assert (found.keys, found.blocked) == (keys, blocked)


def test_scps_never_bind_service_linked_roles() -> None:
    facts = with_inline(allow("*"), scp=[{}], path="/aws-service-role/x.amazonaws.com/")
    assert admin_of(facts) is not None
    assert facts.permissions.policies(facts.snapshot.roles[0]).scp == ()


def test_parts_are_the_kinds_that_suffice_alone() -> None:
    world = World()
    attached = (world.aws("AdministratorAccess", EVERYTHING), world.managed("platform", EVERYTHING))
    one = role(attached=(*attached, world.aws("ReadOnlyAccess", READER)), inline=world.inline(own=READER))
    found = world.facts(one).permissions.admin(one)
    assert found is not None
    assert found.parts == ("AWS-managed", "customer-managed")
    assert found.by_part == (("AdministratorAccess",), ("platform",))


def test_only_together() -> None:
    world = World()
    one = role(attached=(world.aws("PowerUserAccess", POWER_USER),), inline=world.inline(iam=document(allow("iam:*"))))
    found = world.facts(one).permissions.admin(one)
    assert found is not None
    assert (found.parts, found.policies) == (("combined",), ("PowerUserAccess", "iam"))


def test_a_deny_of_another_kind_counts() -> None:
    world = World()
    one = role(
        attached=(world.aws("AdministratorAccess", EVERYTHING),), inline=world.inline(no=document(deny("iam:*")))
    )
    facts = world.facts(one)
    assert facts.permissions.admin(one) is None
    assert facts.permissions.not_admin(one) == "a Deny in its own policies takes administration away"


def test_groups_count_for_users_and_for_themselves() -> None:
    world = World()
    admins = group("admins", attached=(world.aws("AdministratorAccess", EVERYTHING),))
    bob = user("bob", groups=("admins",))
    facts = world.facts(admins, bob, user("eve"))
    for holder, policies in ((admins, ("AdministratorAccess",)), (bob, ("AdministratorAccess by group admins",))):
        found = facts.permissions.admin(holder)
        assert found is not None
        assert (found.parts, found.policies) == (("AWS-managed",), policies)
    assert facts.permissions.admin(facts.snapshot.users[1]) is None
    assert facts.permissions.unknown(bob) == ""


def test_privileged_is_more_than_admin_and_less_than_everybody() -> None:
    world = World()
    power, iam, storage = (
        role(name, inline=world.inline(**{name: body}))
        for name, body in (
            ("power", POWER_USER),
            ("iam", document(allow("iam:*"))),
            ("storage", document(allow("s3:*"))),
        )
    )
    permissions = world.facts(power, iam, storage).permissions
    assert permissions.privileged(power) == ("power",)
    assert permissions.privileged(iam) == ("iam",)
    assert permissions.privileged(storage) == ()


# -- what cannot be known


def test_documents_that_cannot_be_read_are_named() -> None:
    world = World()
    one = role(
        attached=(aws_policy("NotCollected"), world.managed("broken", {"Statement": 7})),
        inline=world.inline(text="not json", reads=READER),
        boundary=arn("policy", "gone"),
    )
    permissions = world.facts(one).permissions
    unknown = permissions.unknown(one)
    for words in ("NotCollected could not be read: the document was not collected", "broken", "inline:text", "gone"):
        assert words in unknown
    assert has(permissions.reach(one).upper, "s3:GetObject")
    assert permissions.admin(one) is None
    assert permissions.summary(one).keys() >= {"s3"}


def test_a_group_that_was_not_collected_is_named() -> None:
    permissions = World().facts(bob := user("bob", groups=("ghosts",))).permissions
    assert permissions.unknown(bob) == "group ghosts of bob was not collected"


def test_a_boundary_that_cannot_be_read_blocks_nothing_and_is_named() -> None:
    world = World()
    one = role(inline=world.inline(own=EVERYTHING), boundary=world.managed("edge", "not json"))
    permissions = world.facts(one).permissions
    assert permissions.admin(one) is not None
    assert "permissions boundary" in permissions.unknown(one)


def test_an_scp_that_cannot_be_read_blocks_nothing() -> None:
    assert admin_of(with_inline(allow("*"), scp=[{"broken": "not json"}])) is not None


# -- sets and questions


def test_the_same_document_is_compiled_once_for_all_accounts() -> None:
    world = World()
    one = role(inline=world.inline(own=READER))
    first, second = world.facts(one).permissions, world.facts(one).permissions
    assert first.granted(one) is second.granted(one)


def test_resources_of_the_own_account_are_everything() -> None:
    facts = with_inline(allow("iam:*", f"arn:aws:iam::{ACCOUNT_ID}:*"))
    wide = facts.permissions.reach(facts.snapshot.roles[0]).wide
    assert has(wide, PUT)
    assert not has(with_inline(allow("iam:*", "arn:aws:iam::999999999999:*")).permissions.reach(role()).wide, PUT)


def test_decide_knows_tags_boundary_and_time_of_the_target() -> None:
    world = World()
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    bounded = {"Null": {"iam:PermissionsBoundary": "false"}}
    later = {"DateGreaterThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}
    one = role(
        "caller",
        inline=world.inline(
            own=document(
                allow("iam:DeleteRole", Condition=red),
                allow(PUT, Condition=bounded),
                allow("iam:TagRole", Condition=later),
            )
        ),
    )
    target, other = role("target", tags={"Team": "red"}), role("other", boundary=arn("policy", "edge"))
    decide = world.facts(one, target, other).permissions.decide
    assert decide(one, "iam:DeleteRole", target.arn).verdict == "allowed"
    assert decide(one, "iam:DeleteRole", other.arn).verdict == "denied"
    assert decide(one, "iam:DeleteRole", arn("role", "new")).verdict == "conditional"
    assert decide(one, "iam:DeleteRole", arn("role", "new"), {"aws:ResourceTag/team": ("red",)}).verdict == "allowed"
    assert decide(one, PUT, other.arn).verdict == "allowed"
    assert decide(one, PUT, target.arn).verdict == "denied"
    assert decide(one, "iam:TagRole", target.arn).verdict == "denied"
    assert decide(one, "iam:TagRole", target.arn, now=False).keys == ("aws:CurrentTime",)


def test_a_role_s_trust_decides_who_assumes_it() -> None:
    world = World()
    one = role("caller", inline=world.inline(own=document(allow("sts:AssumeRole"))))
    opens, shut = trust(AWS=one.arn), trust(Service="ec2.amazonaws.com")
    mine = role("mine", trust=world.kept(opens))
    theirs = role("theirs", trust=world.kept(shut))
    decide = world.facts(one, mine, theirs).permissions.decide
    assert decide(one, "sts:AssumeRole", mine.arn).verdict == "allowed"
    assert decide(one, "sts:AssumeRole", theirs.arn).verdict == "denied"


def test_blockers_names_every_guardrail_that_blocks() -> None:
    world = World()
    edge = world.managed("edge", document(allow("s3:*")))
    one = role(inline=world.inline(own=document(allow(["ec2:*", "s3:*"]))), boundary=edge)
    stop = document({**deny("ec2:RunInstances"), "Sid": "Stop"})
    facts = world.facts(one, scp=[FULL_ACCESS | {"stop": stop}, {"s3": document(allow("s3:*"))}])
    blockers = facts.permissions.blockers(one, "ec2:RunInstances", "*")
    assert blockers == (
        By(Layer.BOUNDARY, edge, ""),
        By(Layer.SCP, "stop", "Stop", "Root", 1),
        By(Layer.SCP, "s3", "", "prod (ou-1)"),
    )
    assert facts.permissions.blockers(one, "s3:GetObject", "arn:aws:s3:::b/o") == ()
    assert facts.permissions.blockers(one, "iam:GetUser", "*") == ()


def test_rcps_bind_what_is_the_account_s_own() -> None:
    world = World()
    one = role(inline=world.inline(own=document(allow("s3:*"))))
    stop = {"stop": document(deny("s3:*", Principal="*"))}
    facts = world.facts(one, rcp=[FULL_ACCESS | stop])
    assert facts.permissions.decide(one, "s3:GetObject", "arn:aws:s3:::b/o").verdict == "denied"
    assert [by.layer for by in facts.permissions.blockers(one, "s3:GetObject", "arn:aws:s3:::b/o")] == [Layer.RCP]


def test_summary_counts_granted_and_effective() -> None:
    facts = with_inline(allow(["s3:GetObject", "s3:PutObject"]), deny("s3:PutObject"))
    found = facts.permissions.summary(facts.snapshot.roles[0])
    assert list(found) == ["s3"]
    assert {level: (cell.granted, cell.effective) for level, cell in found["s3"].items()} == {
        Level.READ: (1, 1),
        Level.WRITE: (1, 0),
    }
    assert facts.permissions.access(facts.snapshot.roles[0]) == found["s3"]


def test_conditions_on_the_caller_are_answered_for_each() -> None:
    world = World()
    spare = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ops"}}
    ops, app = (role(name, inline=world.inline(own=EVERYTHING)) for name in ("ops", "app"))
    permissions = world.facts(
        ops, app, scp=[FULL_ACCESS | {"ops": document(deny("iam:*", Condition=spare))}]
    ).permissions
    assert has(permissions.reach(ops).lower, PUT)
    assert not has(permissions.reach(app).upper, PUT)
