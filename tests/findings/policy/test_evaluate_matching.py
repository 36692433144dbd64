"""What actions, resources and policy variables match (IAM user guide, "IAM JSON policy elements" and "Variables and tags")."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.findings.policy.vectors import HOME, OBJECT, QUEUE, ROLE, ROOT, SERVICE, SESSION, USER, asked, said
from tests.findings.worlds import allow, deny

ROLE_OF = f"arn:aws:iam::{HOME}:role/team/app"
LOG_GROUP = f"arn:aws:logs:eu-west-1:{HOME}:log-group:/aws/lambda/f:log-stream:s"


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("s3:getobject", "S3:GETOBJECT", True),
        ("S3:GET*", "s3:GetObject", True),
        ("s3:*", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("*:*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:*Object", "s3:GetObject", True),
        ("s3:G*t*bj*ct", "s3:GetObject", True),
        ("s3:GetObject?", "s3:GetObject", False),
        ("s3:Get", "s3:GetObject", False),
        ("s3:GetObject", "s3:GetObjectAcl", False),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("s3:[G]etObject", "s3:GetObject", False),
        ("s3", "s3:GetObject", False),
        ("", "s3:GetObject", False),
        ("s3:*", "s3express:CreateSession", False),
        # what no catalogue knows is compared all the same
        ("nosuch:*", "nosuch:Frobnicate", True),
        ("s3:Frob*", "s3:FrobnicateBucket", True),
    ],
)
def test_actions(pattern: str, action: str, matches: bool) -> None:
    assert said(asked(allow(pattern), action=action, resource="*")) == ("allowed" if matches else "implicit")
    assert said(asked(allow("*"), deny(pattern), action=action, resource="*")) == ("explicit" if matches else "allowed")
    inverted = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert said(asked(inverted, action=action, resource="*")) == ("implicit" if matches else "allowed")


def test_not_action_with_deny_grants_nothing() -> None:
    assert said(asked({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"})) == "implicit"


def test_not_action_takes_a_list() -> None:
    one = {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}
    assert said(asked(one)) == "allowed"
    assert said(asked(one, action="sts:AssumeRole", resource="*")) == "implicit"


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("*", OBJECT, True),
        ("*", "*", True),
        (OBJECT, OBJECT, True),
        (OBJECT, "arn:aws:s3:::b/K", False),
        (OBJECT, "*", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b/c", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::b/?", OBJECT, True),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/kk", False),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/", False),
        ("arn:aws:s3:::[b]/k", OBJECT, False),
        ("arn:aws:s3:::b/a+b", "arn:aws:s3:::b/a+b", True),
        ("arn:*:s3:::b/*", "arn:aws-cn:s3:::b/k", True),
        ("arn:aws:s3:::b/*", "arn:aws-us-gov:s3:::b/k", False),
        ("arn:aws-us-gov:s3:::b/*", "arn:aws-us-gov:s3:::b/k", True),
        ("arn:aws:sqs:*:*:q", QUEUE, True),
        ("arn:aws:sqs:eu-*:*:q", QUEUE, True),
        ("arn:aws:sqs:us-*:*:q", QUEUE, False),
        (f"arn:aws:sqs:*:{HOME}:*", QUEUE, True),
        ("arn:aws:sqs:*:999999999999:*", QUEUE, False),
        ("arn:aws:iam::*:role/app", ROLE_OF, False),
        ("arn:aws:iam::*:role/*/app", ROLE_OF, True),
        ("arn:aws:iam::*:role/team/*", ROLE_OF, True),
        # a star that ends a field may run on past its colon, and a name may hold colons
        ("arn:aws:sqs:*", QUEUE, True),
        ("arn:aws:sqs:*:q", QUEUE, True),
        ("arn:aws:logs:*:*:log-group:/aws/lambda/*", LOG_GROUP, True),
        ("arn:aws:logs:*:*:log-group:*:log-stream:s", LOG_GROUP, True),
        # an ARN of fewer than six fields is completed with stars
        ("arn:aws:sqs", QUEUE, True),
        ("arn:aws:sqs:eu-west-1", QUEUE, True),
        ("arn:aws:sqs:us-east-1", QUEUE, False),
        ("arn:aws:sns", QUEUE, False),
        ("arn:aws:s", QUEUE, False),
        ("sqs", QUEUE, False),
    ],
)
def test_resources(pattern: str, resource: str, matches: bool) -> None:
    one: dict[str, Any] = {"action": "x:Do", "resource": resource}
    assert said(asked(allow("*", pattern), **one)) == ("allowed" if matches else "implicit")
    assert said(asked(allow("*"), deny("*", pattern), **one)) == ("explicit" if matches else "allowed")
    inverted = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    assert said(asked(inverted, **one)) == ("implicit" if matches else "allowed")


def test_one_of_several_resources_is_enough() -> None:
    assert said(asked(allow("*", ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]))) == "allowed"
    spared = {"Effect": "Allow", "Action": "*", "NotResource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]}
    assert said(asked(spared)) == "implicit"
    assert said(asked(spared, resource="arn:aws:s3:::c/k")) == "allowed"


def test_a_pattern_of_many_stars_is_answered() -> None:
    assert said(asked(allow("*", "*a" * 200 + "b"), resource="arn:aws:s3:::" + "a" * 1_000)) == "implicit"


HOME_OF = "arn:aws:s3:::homes/${aws:username}/*"
TEAM = "arn:aws:s3:::${aws:PrincipalTag/team}/k"
DEFAULT = "arn:aws:s3:::${aws:PrincipalTag/unit, 'common'}/k"


@pytest.mark.parametrize(
    ("pattern", "resource", "more", "expected"),
    [
        (HOME_OF, "arn:aws:s3:::homes/bob/k", {}, "allowed"),
        (HOME_OF, "arn:aws:s3:::homes/eve/k", {}, "implicit"),
        ("arn:aws:s3:::homes/${AWS:UserName}/*", "arn:aws:s3:::homes/bob/k", {}, "allowed"),
        (TEAM, "arn:aws:s3:::red/k", {}, "allowed"),
        (TEAM, "arn:aws:s3:::blue/k", {}, "implicit"),
        # a role and the root user have no name, so nothing matches
        (HOME_OF, "arn:aws:s3:::homes/app/k", {"caller": ROLE}, "implicit"),
        (TEAM, "arn:aws:s3:::red/k", {"caller": SESSION}, "implicit"),
        # before 2012-10-17, or without a version, it is plain text
        (HOME_OF, "arn:aws:s3:::homes/bob/k", {"version": "2008-10-17"}, "implicit"),
        (HOME_OF, "arn:aws:s3:::homes/bob/k", {"version": ""}, "implicit"),
        (HOME_OF, "arn:aws:s3:::homes/${aws:username}/k", {"version": ""}, "allowed"),
        # defaults
        (DEFAULT, "arn:aws:s3:::common/k", {}, "allowed"),
        (DEFAULT, "arn:aws:s3:::red/k", {}, "implicit"),
        ("arn:aws:s3:::${aws:PrincipalTag/team, 'common'}/k", "arn:aws:s3:::red/k", {}, "allowed"),
        ("arn:aws:s3:::${aws:PrincipalTag/team, 'common'}/k", "arn:aws:s3:::common/k", {}, "implicit"),
        # characters that would mean something else
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", {}, "allowed"),
        ("arn:aws:s3:::b/${*}", OBJECT, {}, "implicit"),
        ("arn:aws:s3:::b/${?}", "arn:aws:s3:::b/?", {}, "allowed"),
        ("arn:aws:s3:::b/${?}", OBJECT, {}, "implicit"),
        ("arn:aws:s3:::b/${$}{x}", "arn:aws:s3:::b/${x}", {}, "allowed"),
        # a value is plain text, and one of several is none
        ("arn:aws:s3:::b/${x:y}", OBJECT, {"context": {"x:y": "*"}}, "implicit"),
        ("arn:aws:s3:::b/${x:y}", OBJECT, {"context": {"x:y": ["k", "l"]}}, "implicit"),
        ("arn:aws:s3:::b/${x:y}", OBJECT, {"context": {"X:Y": "k"}}, "allowed"),
        # what is not known, it hangs on, where it can matter
        ("arn:aws:s3:::b/${x:y}", OBJECT, {}, "x:y"),
        ("arn:aws:s3:::c/${x:y}", OBJECT, {}, "implicit"),
        ("arn:aws:s3:::b/${x:y", OBJECT, {}, "implicit"),
    ],
)
def test_variables_in_resources(pattern: str, resource: str, more: dict[str, Any], expected: str) -> None:
    assert said(asked(allow("*", pattern), **{"caller": USER, "resource": resource, **more})) == expected


def test_a_variable_without_a_value_in_not_resource_matches_nothing_either() -> None:
    spared = {"Effect": "Deny", "Action": "*", "NotResource": HOME_OF}
    assert said(asked(allow("*"), spared, caller=USER, resource="arn:aws:s3:::homes/bob/k")) == "allowed"
    assert said(asked(allow("*"), spared, caller=ROLE, resource="arn:aws:s3:::homes/bob/k")) == "explicit"


@pytest.mark.parametrize(
    ("caller", "key", "value", "expected"),
    [
        # what follows from the caller and the resource
        (USER, "aws:username", "bob", "allowed"),
        (USER, "aws:userid", "AIDA1", "allowed"),
        (USER, "aws:PrincipalType", "User", "allowed"),
        (USER, "aws:PrincipalArn", USER.arn, "allowed"),
        (USER, "aws:PrincipalTag/team", "red", "allowed"),
        (USER, "aws:PrincipalTag/Team", "Red", "implicit"),
        (USER, "aws:PrincipalTag/other", "red", "implicit"),
        (USER, "aws:PrincipalAccount", HOME, "allowed"),
        (USER, "aws:PrincipalOrgID", "o-1", "allowed"),
        (USER, "aws:PrincipalIsAWSService", "false", "allowed"),
        (ROLE, "aws:username", "app", "implicit"),
        (ROLE, "aws:userid", "AROA1:x", "aws:userid"),
        (SESSION, "aws:userid", "AROA1:s1", "allowed"),
        (SESSION, "aws:PrincipalArn", ROLE.arn, "allowed"),
        (SESSION, "aws:PrincipalType", "AssumedRole", "allowed"),
        (SESSION, "aws:PrincipalOrgID", "o-1", "aws:PrincipalOrgID"),
        (ROOT, "aws:PrincipalArn", ROOT.arn, "allowed"),
        (ROOT, "aws:userid", HOME, "allowed"),
        (SERVICE, "aws:PrincipalIsAWSService", "true", "allowed"),
        (SERVICE, "aws:PrincipalServiceName", "lambda.amazonaws.com", "allowed"),
        (SERVICE, "aws:PrincipalArn", ROLE.arn, "implicit"),
        (SERVICE, "aws:PrincipalOrgID", "o-1", "implicit"),
        (SERVICE, "aws:PrincipalOrgPaths", "o-1/r-1/", "implicit"),
        (replace(USER, organization=""), "aws:PrincipalOrgPaths", "o-1/r-1/", "implicit"),
        (ROLE, "aws:RequestedRegion", "eu-west-1", "allowed"),
        (ROLE, "aws:RequestedRegion", "us-east-1", "implicit"),
        (ROLE, "aws:ResourceAccount", HOME, "allowed"),
        (ROLE, "aws:SourceVpce", "vpce-1", "aws:SourceVpce"),
    ],
)
def test_what_is_known_without_being_given(caller: Any, key: str, value: str, expected: str) -> None:
    one = allow("*", Condition={"StringEquals": {key: value}})
    layer: dict[str, Any] = {"scp": [[one]]} if caller.in_iam else {"of_resource": [{**one, "Principal": "*"}]}
    assert said(asked(allow("*"), caller=caller, action="sqs:SendMessage", resource=QUEUE, **layer)) == expected


def test_what_is_given_wins_over_what_is_known() -> None:
    red = allow("*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    assert said(asked(red)) == "implicit"
    assert said(asked(red, context={"aws:PrincipalTag/Team": "blue"})) == "allowed"
