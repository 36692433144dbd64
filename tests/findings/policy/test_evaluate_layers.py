"""Which layer allows, limits or denies: explicit and implicit, boundary, session, SCPs, RCPs, and policies of resources in the
same and in another account (IAM user guide, "Policy evaluation logic")."""

from __future__ import annotations

from typing import Any

import pytest

from findings.policy.evaluate import By, Layer
from tests.findings.policy.vectors import (
    ALL,
    ANYBODY,
    AWAY,
    AWAY_QUEUE,
    HOME,
    KEY,
    LINKED,
    OUTSIDER,
    QUEUE,
    ROLE_ARN,
    ROOT,
    ROOT_ARN,
    SERVICE,
    SESSION,
    SESSION_ARN,
    USER,
    USER_ARN,
    asked,
    said,
)
from tests.findings.worlds import MFA, allow, deny

READ, OTHER, DENY = allow("s3:GetObject"), allow("sqs:*"), deny("s3:GetObject")


def to(principal: Any, action: str = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """A statement of a resource's policy."""
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}


def all_but(principal: Any, effect: str = "Deny") -> dict[str, Any]:
    return {"Effect": effect, "NotPrincipal": principal, "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("identity", "more", "expected"),
    [
        # identity policies
        ([], {}, "implicit"),
        ([OTHER], {}, "implicit"),
        ([DENY], {}, "explicit"),
        ([READ], {}, "allowed"),
        ([READ, DENY], {}, "explicit"),
        ([DENY, READ], {}, "explicit"),
        ([READ, deny("s3:GetObject", "arn:aws:s3:::other/*")], {}, "allowed"),
        ([READ, deny("*", Condition=MFA)], {}, "aws:MultiFactorAuthPresent"),
        ([deny("*", Condition=MFA)], {}, "implicit"),
        # boundary
        ([READ], {"boundary": [OTHER]}, "implicit"),
        ([READ], {"boundary": [READ]}, "allowed"),
        ([READ], {"boundary": [ALL, DENY]}, "explicit"),
        ([], {"boundary": [ALL]}, "implicit"),
        ([READ], {"boundary": [allow("s3:GetObject", Condition=MFA)]}, "aws:MultiFactorAuthPresent"),
        # session policy
        ([READ], {"session": [OTHER]}, "implicit"),
        ([READ], {"session": [READ]}, "allowed"),
        ([READ], {"session": [ALL, DENY]}, "explicit"),
        ([], {"session": [ALL]}, "implicit"),
        # SCPs: each level must allow, none may deny
        ([READ], {"scp": [[ALL], [ALL], [ALL]]}, "allowed"),
        ([READ], {"scp": [[OTHER], [ALL], [ALL]]}, "implicit"),
        ([READ], {"scp": [[ALL], [OTHER], [ALL]]}, "implicit"),
        ([READ], {"scp": [[ALL], [ALL], [OTHER]]}, "implicit"),
        ([READ], {"scp": [[ALL], []]}, "implicit"),
        ([READ], {"scp": [[ALL], [ALL, DENY]]}, "explicit"),
        ([], {"scp": [[ALL]]}, "implicit"),
        ([READ], {"scp": [[allow("s3:GetObject", Condition=MFA)]]}, "aws:MultiFactorAuthPresent"),
        ([READ], {"scp": [[{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]]}, "allowed"),
        ([READ], {"scp": [[{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]]}, "implicit"),
        ([READ], {"scp": [[ALL, {"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*"}]]}, "explicit"),
        ([READ], {"scp": [[ALL, {"Effect": "Deny", "NotAction": ["s3:*"], "Resource": "*"}]]}, "allowed"),
        ([READ], {"scp": None}, "allowed"),
        # RCPs: RCPFullAWSAccess stands beside those that only deny
        ([READ], {"rcp": [[DENY]]}, "explicit"),
        ([READ], {"rcp": [[deny("sqs:*")]]}, "allowed"),
        ([READ], {"rcp": [[ALL], [ALL]]}, "allowed"),
        (
            [READ],
            {"rcp": [[deny("*", Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})]]},
            "allowed",
        ),
        (
            [READ],
            {"rcp": [[deny("*", Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-2"}})]]},
            "explicit",
        ),
    ],
)
def test_a_role(identity: list[Any], more: dict[str, Any], expected: str) -> None:
    assert said(asked(*identity, **more)) == expected


@pytest.mark.parametrize(
    ("caller", "more", "expected"),
    [
        # the root user: nothing can be attached to it, SCPs bind it, and it cannot assume roles
        (ROOT, {}, "allowed"),
        (ROOT, {"scp": [[ALL, DENY]]}, "explicit"),
        (ROOT, {"scp": [[ALL], []]}, "implicit"),
        (
            ROOT,
            {"scp": [[ALL, deny("*", Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}})]]},
            "explicit",
        ),
        (ROOT, {"of_resource": [to("*", effect="Deny")]}, "explicit"),
        (ROOT, {"boundary": [], "session": []}, "allowed"),
        (ROOT, {"action": "sts:AssumeRole", "resource": ROLE_ARN, "of_resource": [to({"AWS": HOME})]}, "implicit"),
        # service-linked roles: neither SCPs nor RCPs
        (LINKED, {"scp": [[]], "rcp": [[DENY]]}, "allowed"),
        (USER, {"scp": [[]]}, "implicit"),
        (SESSION, {"scp": [[ALL, DENY]]}, "explicit"),
        # outsiders and services: no SCP of this account, but its RCPs
        (OUTSIDER, {"of_resource": [to("*")], "scp": [[]]}, "allowed"),
        (OUTSIDER, {"of_resource": [to("*")], "rcp": [[DENY]]}, "explicit"),
        (SERVICE, {"of_resource": [to({"Service": "lambda.amazonaws.com"})], "scp": [[]]}, "allowed"),
        (SERVICE, {"of_resource": [to({"Service": "ec2.amazonaws.com"})]}, "implicit"),
        (SERVICE, {"of_resource": [to("*")]}, "allowed"),
        (SERVICE, {}, "implicit"),
        (ANYBODY, {"of_resource": [to("*")]}, "allowed"),
        (ANYBODY, {"of_resource": [to({"AWS": "*"})]}, "allowed"),
        (ANYBODY, {"of_resource": [to({"AWS": HOME})]}, "implicit"),
        (ANYBODY, {}, "implicit"),
    ],
)
def test_others(caller: Any, more: dict[str, Any], expected: str) -> None:
    assert said(asked(ALL, caller=caller, **more)) == expected


@pytest.mark.parametrize(("caller", "expected"), [(USER, "allowed"), (ROOT, "allowed"), (SESSION, "implicit")])
def test_what_needs_no_permission(caller: Any, expected: str) -> None:
    everywhere: dict[str, Any] = {"caller": caller, "resource": "*", "scp": [[deny("*")]]}
    assert said(asked(action="sts:GetCallerIdentity", **everywhere)) == "allowed"
    assert said(asked(caller=caller, action="STS:GetSessionToken", resource="*", scp=[[OTHER]])) == expected


@pytest.mark.parametrize(
    ("caller", "principal", "bare", "limited", "denied"),
    [
        # bare: no identity policy; limited: one that allows, with a boundary and a session policy that do not; denied: one that
        # allows, and the resource's policy denies the principal
        (USER, {"AWS": USER_ARN}, "allowed", "allowed", "explicit"),
        (USER, {"AWS": "AIDA1"}, "allowed", "allowed", "explicit"),
        (USER, "*", "allowed", "allowed", "explicit"),
        (USER, {"AWS": HOME}, "implicit", "implicit", "explicit"),
        (USER, {"AWS": ROOT_ARN}, "implicit", "implicit", "explicit"),
        (USER, {"AWS": ROLE_ARN}, "implicit", "implicit", "allowed"),
        (SESSION, {"AWS": SESSION_ARN}, "allowed", "allowed", "explicit"),
        (SESSION, {"AWS": ROLE_ARN}, "allowed", "implicit", "explicit"),
        (SESSION, {"AWS": "AROA1"}, "allowed", "implicit", "explicit"),
        (SESSION, {"AWS": "*"}, "allowed", "allowed", "explicit"),
        (SESSION, {"AWS": f"{SESSION_ARN}2"}, "implicit", "implicit", "allowed"),
        (SESSION, {"AWS": AWAY}, "implicit", "implicit", "allowed"),
        (SESSION, {"Service": "ec2.amazonaws.com"}, "implicit", "implicit", "allowed"),
    ],
)
def test_the_policy_of_a_resource_in_the_same_account(
    caller: Any, principal: Any, bare: str, limited: str, denied: str
) -> None:
    one = {"caller": caller, "resource": QUEUE, "action": "sqs:SendMessage", "of_resource": [to(principal)]}
    assert said(asked(**one)) == bare
    assert said(asked(ALL, boundary=[READ], session=[READ], **one)) == limited
    assert said(asked(ALL, **{**one, "of_resource": [to(principal, effect="Deny")]})) == denied
    assert said(asked(deny("*"), **one)) == "explicit"
    assert said(asked(ALL, boundary=[deny("*")], **one)) == "explicit"
    assert said(asked(ALL, scp=[[READ]], **one)) == "implicit"


@pytest.mark.parametrize(
    ("identity", "of_resource", "more", "expected"),
    [
        ([ALL], None, {}, "implicit"),
        ([], [to({"AWS": ROLE_ARN})], {}, "implicit"),
        ([ALL], [to({"AWS": ROLE_ARN})], {}, "allowed"),
        ([ALL], [to({"AWS": HOME})], {}, "allowed"),
        ([ALL], [to({"AWS": ROOT_ARN})], {}, "allowed"),
        ([ALL], [to("*")], {}, "allowed"),
        ([ALL], [to({"AWS": AWAY})], {}, "implicit"),
        ([ALL], [to({"AWS": SESSION_ARN})], {"boundary": [READ]}, "implicit"),
        ([ALL], [to({"AWS": SESSION_ARN})], {"session": [READ]}, "implicit"),
        ([ALL], [to({"AWS": HOME}), to({"AWS": ROLE_ARN}, effect="Deny")], {}, "explicit"),
        ([ALL], [to({"AWS": HOME}, Condition=MFA)], {}, "aws:MultiFactorAuthPresent"),
        ([ALL], [to("*")], {"scp": [[READ]]}, "implicit"),
    ],
)
def test_the_policy_of_a_resource_in_another_account(
    identity: list[Any], of_resource: Any, more: dict[str, Any], expected: str
) -> None:
    found = asked(
        *identity, caller=SESSION, action="sqs:SendMessage", resource=AWAY_QUEUE, of_resource=of_resource, **more
    )
    assert said(found) == expected


def test_the_question_may_tell_whose_a_bucket_is() -> None:
    assert said(asked(READ)) == "allowed"
    assert said(asked(READ, account=AWAY)) == "implicit"
    assert said(asked(READ, account=AWAY, of_resource=[to({"AWS": HOME})])) == "allowed"


@pytest.mark.parametrize(
    ("identity", "of_key", "expected"),
    [
        ([ALL], [], "implicit"),
        ([], [to({"AWS": HOME})], "implicit"),
        ([ALL], [to({"AWS": HOME})], "allowed"),
        ([ALL], [to({"AWS": ROOT_ARN})], "allowed"),
        ([], [to({"AWS": ROLE_ARN})], "allowed"),
        ([ALL], [to({"AWS": USER_ARN})], "implicit"),
        ([ALL], [to({"AWS": HOME}, "kms:Encrypt")], "implicit"),
        ([ALL], [to({"AWS": HOME}, Condition=MFA)], "aws:MultiFactorAuthPresent"),
    ],
)
def test_the_policy_of_a_key_must_allow(identity: list[Any], of_key: list[Any], expected: str) -> None:
    assert said(asked(*identity, action="kms:Decrypt", resource=KEY, of_resource=of_key, must_allow=True)) == expected


@pytest.mark.parametrize(
    ("caller", "statement", "expected"),
    [
        (USER, to({"AWS": HOME}, "sts:AssumeRole"), "allowed"),
        (USER, to({"AWS": USER_ARN}, "sts:AssumeRole"), "allowed"),
        (USER, to({"AWS": USER_ARN}, "sts:AssumeRoleWithSAML"), "implicit"),
        (USER, to({"AWS": ROLE_ARN}, "sts:*"), "implicit"),
        (USER, to({"AWS": "AIDA9"}), "implicit"),
        (OUTSIDER, to({"AWS": AWAY}), "allowed"),
        (OUTSIDER, to({"AWS": OUTSIDER.arn}), "allowed"),
        (OUTSIDER, to({"AWS": AWAY}, Condition={"StringEquals": {"sts:ExternalId": "x"}}), "sts:ExternalId"),
        (OUTSIDER, to({"AWS": HOME}), "implicit"),
    ],
)
def test_the_trust_policy_must_allow(caller: Any, statement: dict[str, Any], expected: str) -> None:
    of_role = {key: value for key, value in statement.items() if key != "Resource"}
    target = f"arn:aws:iam::{HOME}:role/other"
    found = asked(ALL, caller=caller, action="sts:AssumeRole", resource=target, of_resource=[of_role], trust=True)
    assert said(found) == expected


@pytest.mark.parametrize(
    ("caller", "statement", "more", "expected"),
    [
        (USER, all_but({"AWS": [USER_ARN, HOME]}), {}, "allowed"),
        (USER, all_but({"AWS": [ROLE_ARN, HOME]}), {}, "explicit"),
        (USER, all_but({"AWS": AWAY}), {}, "explicit"),
        (SESSION, all_but({"AWS": [SESSION_ARN, ROLE_ARN, HOME]}), {}, "allowed"),
        (SESSION, all_but({"AWS": [f"{SESSION_ARN}2", ROLE_ARN, HOME]}), {}, "explicit"),
        (SERVICE, all_but({"Service": "lambda.amazonaws.com"}), {"of_resource": [to("*")]}, "allowed"),
        # with a boundary NotPrincipal and Deny leave out nobody
        (USER, all_but({"AWS": [USER_ARN, HOME]}), {"boundary": [ALL]}, "explicit"),
        # with Allow it lets in everybody else
        (OUTSIDER, all_but({"AWS": HOME}, "Allow"), {}, "allowed"),
    ],
)
def test_not_principal(caller: Any, statement: dict[str, Any], more: dict[str, Any], expected: str) -> None:
    of_resource = [*more.get("of_resource", []), statement]
    assert said(asked(ALL, caller=caller, **{**more, "of_resource": of_resource})) == expected


@pytest.mark.parametrize(
    ("identity", "more", "expected"),
    [
        ([READ], {"scp": [[ALL], [ALL, deny("s3:*", Sid="No")]]}, [By(Layer.SCP, "a scp policy", "No", "level 1", 2)]),
        ([READ], {"scp": [[ALL], [OTHER]]}, [By(Layer.SCP, "", "", "level 1")]),
        ([READ], {"scp": [[OTHER], [OTHER]]}, [By(Layer.SCP, "", "", "level 0"), By(Layer.SCP, "", "", "level 1")]),
        ([READ], {"boundary": [OTHER]}, [By(Layer.BOUNDARY, "", "")]),
        ([], {}, [By(Layer.IDENTITY, "", "")]),
        (
            [allow("s3:*", Sid="One"), READ],
            {},
            [By(Layer.IDENTITY, "a identity policy", s, "", n) for s, n in (("One", 1), ("", 2))],
        ),
        (
            [READ],
            {"action": "sqs:SendMessage", "resource": AWAY_QUEUE},
            [By(Layer.RESOURCE, "", ""), By(Layer.IDENTITY, "", "")],
        ),
        ([ALL, allow("s3:*", Sid="Odd", Condition=MFA)], {}, [By(Layer.IDENTITY, "a identity policy", "", "", 1)]),
        ([allow("s3:*", Sid="Odd", Condition=MFA)], {}, [By(Layer.IDENTITY, "a identity policy", "Odd", "", 1)]),
    ],
)
def test_who_decided(identity: list[Any], more: dict[str, Any], expected: list[By]) -> None:
    assert list(asked(*identity, **more).by) == expected


@pytest.mark.parametrize(
    ("identity", "more", "expected", "unseen"),
    [
        ([READ], {"scp": None, "rcp": None}, "allowed", ["scp", "rcp"]),
        ([DENY], {"scp": None}, "explicit", ["scp"]),
        ([], {"unreadable": (Layer.IDENTITY,)}, "conditional", ["dark identity"]),
        ([READ], {"unreadable": (Layer.IDENTITY,)}, "conditional", ["dark identity"]),
        ([DENY], {"unreadable": (Layer.IDENTITY,)}, "explicit", []),
        ([READ], {"unreadable": (Layer.BOUNDARY,)}, "conditional", ["dark boundary"]),
        ([], {"unreadable": (Layer.BOUNDARY,)}, "implicit", []),
        ([READ], {"unreadable": (Layer.SCP,), "scp": [[ALL]]}, "conditional", ["dark scp"]),
        ([READ], {"unreadable": (Layer.SCP,), "scp": [[OTHER], [ALL]]}, "implicit", []),
        ([READ], {"unreadable": (Layer.RCP,), "rcp": [[ALL]]}, "conditional", ["dark rcp"]),
        ([READ], {"unreadable": (Layer.RESOURCE,)}, "conditional", ["dark resource"]),
        ([], {"unreadable": (Layer.RESOURCE,), "caller": OUTSIDER}, "conditional", ["dark resource"]),
        ([], {"unreadable": (Layer.RESOURCE,), "resource": AWAY_QUEUE}, "implicit", []),
    ],
)
def test_what_could_not_be_read(identity: list[Any], more: dict[str, Any], expected: str, unseen: list[str]) -> None:
    found = asked(*identity, **more)
    assert (said(found), list(found.unseen)) == (expected, unseen)
