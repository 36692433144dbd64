"""Documents as sets of actions: what is surely, what is perhaps, and what is widely allowed."""

from __future__ import annotations

from typing import Any

import pytest

from findings.policy.catalogue import catalogue
from findings.policy.compiled import Compiled, compile_document, effective, meet, resolve, union
from findings.policy.document import Condition, Document, read
from findings.policy.keys import holds_when_absent, narrowed, narrows

ACCOUNT = "111111111111"
ALL = catalogue().all


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def compiled(*statements: dict[str, Any], version: str = "2012-10-17") -> Compiled:
    document = read({"Version": version, "Statement": list(statements)})
    assert isinstance(document, Document)
    return compile_document(document, catalogue(), ACCOUNT)


def named(mask: int) -> list[str]:
    return catalogue().members(mask)


def has(mask: int, action: str) -> bool:
    return bool(mask & catalogue().bit(action))


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
PASSED = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
TAGGED = {"StringEquals": {"aws:ResourceTag/team": "red"}}


def test_nothing_grants_nothing() -> None:
    assert compiled() == Compiled()
    nothing = compiled(allow("s3:NoSuchAction"))
    assert nothing.allow == nothing.wide == 0
    assert nothing.unknown_actions == ("s3:NoSuchAction",)


def test_a_deny_alone_grants_nothing() -> None:
    one = compiled({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"})
    assert one.allow == 0
    assert not has(one.deny_sure, "iam:GetUser")
    assert has(one.deny_sure, "s3:GetObject")
    assert effective(one, None, ()).upper == 0


def test_everything() -> None:
    one = compiled(allow("*"))
    assert one.allow == one.allow_sure == one.wide == ALL
    assert one.unknown_actions == ()


@pytest.mark.parametrize("pattern", ["S3:getobject", "s3:GetObj?ct", "s3:*tObject"])
def test_case_and_wildcards(pattern: str) -> None:
    assert has(compiled(allow(pattern)).allow_sure, "s3:GetObject")


def test_one_resource_is_no_certainty_and_not_wide() -> None:
    one = compiled(allow(["s3:GetObject", "iam:ListUsers"], "arn:aws:s3:::bucket/*"))
    assert named(one.allow) == ["s3:GetObject"]
    assert one.allow_sure == one.wide == 0
    assert has(one.clauses[0].mask, "iam:ListUsers")


def test_all_objects_are_all_that_the_action_touches() -> None:
    one = compiled(allow("s3:GetObject", "arn:aws:s3:::*"))
    assert named(one.wide) == named(one.allow_sure) == ["s3:GetObject"]


def test_all_of_the_own_account_is_wide_but_not_sure() -> None:
    one = compiled(allow("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/*"))
    assert named(one.wide) == ["iam:PutRolePolicy"]
    assert one.allow_sure == 0
    other = compiled(allow("iam:PutRolePolicy", "arn:aws:iam::222222222222:role/*"))
    assert other.wide == 0


def test_a_variable_may_be_anything_and_is_not_everything() -> None:
    self_only = allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}")
    one = compiled(self_only)
    assert named(one.allow) == ["iam:CreateAccessKey"]
    assert one.wide == one.allow_sure == 0


@pytest.mark.parametrize(
    ("condition", "wide"),
    [
        (MFA, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"StringEquals": {"AWS:RequestedRegion": "eu-west-1"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, True),
        ({"StringLike": {"token.actions.githubusercontent.com:sub": "repo:a/b"}}, True),
        ({"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, True),
        ({"Bool": {"aws:ViaAWSService": "false"}}, True),
        ({"Null": {"aws:CalledVia": "true"}}, True),
        ({"StringNotEquals": {"aws:ResourceTag/protected": "yes"}}, True),
        ({"Bool": {"aws:ViaAWSService": "true"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}}, False),
        (TAGGED, False),
        ({"StringEqualsIfExists": {"aws:ResourceTag/team": "red"}}, False),
        ({"StringEquals": {"aws:RequestTag/team": "red"}}, False),
        (PASSED, False),
        ({**MFA, **TAGGED}, False),
    ],
)
def test_conditions_on_the_session_do_not_narrow(condition: dict[str, Any], wide: bool) -> None:
    one = compiled(allow("ec2:TerminateInstances", Condition=condition))
    assert has(one.allow, "ec2:TerminateInstances")
    assert one.allow_sure == 0
    assert has(one.wide, "ec2:TerminateInstances") is wide


def test_a_key_that_may_be_absent_narrows_its_own_actions_only() -> None:
    one = compiled(allow("*", Condition={"StringEqualsIfExists": {"iam:PassedToService": "lambda.amazonaws.com"}}))
    assert not has(one.wide, "iam:PassRole")
    assert has(one.wide, "iam:PutRolePolicy")
    assert has(one.wide, "s3:GetObject")
    tags = Condition("ForAllValues:StringEquals", "aws:TagKeys", ("team",))
    assert narrowed(tags, catalogue()) & catalogue().bit("iam:CreateUser") == 0
    assert narrowed(tags, catalogue()) & catalogue().bit("iam:TagRole")


@pytest.mark.parametrize(
    ("operator", "values", "absent"),
    [
        ("StringEquals", ("a",), False),
        ("StringEqualsIfExists", ("a",), True),
        ("StringNotLike", ("a",), True),
        ("ForAnyValue:StringNotLike", ("a",), False),
        ("ForAllValues:StringLike", ("a",), True),
        ("Null", ("true",), True),
        ("Null", ("false",), False),
        ("ArnNotEquals", ("a",), True),
        ("NotIpAddress", ("a",), True),
    ],
)
def test_what_holds_without_the_key(operator: str, values: tuple[str, ...], absent: bool) -> None:
    assert holds_when_absent(Condition(operator, "aws:x", values)) is absent


def test_narrowing_keys_in_any_case() -> None:
    assert not narrows(Condition("StringEquals", "AWS:PrincipalTag/Team", ("a",)))
    assert narrows(Condition("StringEquals", "S3:Prefix", ("a",)))


def test_not_resource_leaves_nearly_everything() -> None:
    spared = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::secret/*"}
    one = compiled(spared)
    assert one.wide == ALL
    assert has(one.allow_sure, "iam:PutRolePolicy")
    assert not has(one.allow_sure, "s3:GetObject")
    assert compiled({**spared, "NotResource": "*"}).allow == 0
    assert not has(compiled({**spared, "NotResource": "arn:aws:s3:::*"}).allow, "s3:GetObject")


def test_a_deny_of_all_but_a_bucket_leaves_the_bucket() -> None:
    one = compiled(allow("*"), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::mine/*"})
    reach = effective(one, None, ())
    assert has(reach.upper, "s3:GetObject")
    assert not has(reach.upper, "iam:PutRolePolicy")
    assert not has(reach.wide, "s3:GetObject")
    assert reach.lower == 0


def test_denies() -> None:
    everything = allow("*")
    one_bucket = effective(compiled(everything, deny("s3:GetObject", "arn:aws:s3:::b/*")), None, ())
    assert has(one_bucket.upper, "s3:GetObject")
    assert has(one_bucket.wide, "s3:GetObject")
    assert not has(one_bucket.lower, "s3:GetObject")
    with_mfa = effective(compiled(everything, deny("s3:GetObject", Condition=MFA)), None, ())
    assert has(with_mfa.upper, "s3:GetObject")
    assert has(with_mfa.wide, "s3:GetObject")
    assert not has(with_mfa.lower, "s3:GetObject")
    flat = effective(compiled(everything, deny("s3:GetObject")), None, ())
    assert not has(flat.upper | flat.wide | flat.lower, "s3:GetObject")
    assert has(flat.lower, "s3:PutObject")


def test_boundary_and_levels_intersect() -> None:
    identity = compiled(allow(["s3:*", "iam:*"]))
    boundary = compiled(allow(["s3:*", "ec2:*"]))
    root = compiled(allow("*"))
    ou = union([compiled(allow("s3:Get*")), compiled(allow("iam:*")), compiled(deny("s3:GetBucketAcl"))])
    reach = effective(identity, boundary, [root, ou])
    assert has(reach.upper, "s3:GetObject")
    assert has(reach.lower, "s3:GetObject")
    assert not has(reach.upper, "s3:PutObject")
    assert not has(reach.upper, "iam:GetUser")
    assert not has(reach.upper, "ec2:RunInstances")
    assert not has(reach.upper, "s3:GetBucketAcl")
    levels = meet([root, ou])
    assert levels is not None
    assert effective(identity, boundary, [levels]) == reach
    assert meet([]) is None


def test_a_level_without_policies_allows_nothing() -> None:
    assert effective(compiled(allow("*")), None, [union([])]).upper == 0


def test_a_limit_may_be_widely_open_under_a_condition() -> None:
    limit = compiled(allow("*", Condition=MFA))
    reach = effective(compiled(allow("*")), None, [limit])
    assert reach.wide == reach.upper == ALL
    assert reach.lower == 0


UNLESS_OPS = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ops"}}


def test_a_condition_on_the_caller_is_resolved() -> None:
    one = compiled(allow("*"), deny("iam:*", Condition=UNLESS_OPS))
    assert len(one.personal) == 1
    met, unmet, open_ = (resolve(one, (answer,)) for answer in (True, False, None))
    assert not has(effective(met, None, ()).upper, "iam:GetUser")
    assert effective(unmet, None, ()).lower == ALL
    assert (open_.deny, open_.deny_sure, open_.keys) == (one.deny, one.deny_sure, frozenset({"aws:principalarn"}))


def test_an_allow_that_never_holds_for_the_caller_is_gone() -> None:
    one = compiled(allow("*", Condition={"StringEquals": {"aws:PrincipalTag/admin": "yes"}}), allow("s3:GetObject"))
    assert one.wide == ALL
    assert named(resolve(one, (False,)).wide) == ["s3:GetObject"]
    assert resolve(one, (True,)).allow_sure == ALL


def test_unknown_actions_stay_visible() -> None:
    one = union([compiled(allow(["s3:GetObject", "s3:Gett*"])), compiled(deny("nosuch:*"))])
    assert one.unknown_actions == ("s3:Gett*", "nosuch:*")


def test_without_a_resource_nothing_is_sure() -> None:
    no_resource = compiled({"Effect": "Allow", "Action": "*"})
    assert (no_resource.allow, no_resource.allow_sure, no_resource.wide) == (ALL, 0, 0)
