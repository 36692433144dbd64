"""HM114: people who can bring a machine's role into the console. Look-alikes first."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Settings
from findings.rules import registry
from findings.vocabulary import Verdict
from tests.builders import ACCOUNT_ID, arn, credential, role, trust, user
from tests.findings.sessions import provider, sso
from tests.findings.worlds import FULL_ACCESS, MFA, World, allow, deny, document

ROOT = f"arn:aws:iam::{ACCOUNT_ID}:root"
BUILDS = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}


def lets(principal: dict[str, Any], **condition: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sts:AssumeRole",
        **({"Condition": condition} if condition else {}),
    }


OPEN = trust(BUILDS, lets({"AWS": ROOT}))
CLOSED = trust(BUILDS)
OF_ALICE = trust(BUILDS, lets({"AWS": arn("user", "alice")}))
OF_ROBOT = trust(BUILDS, lets({"AWS": arn("role", "robot")}))
STRICT = trust(BUILDS, lets({"AWS": ROOT}, StringEquals={"sts:ExternalId": "x"}))
IN_VPC = trust(BUILDS, lets({"AWS": ROOT}, StringEquals={"aws:SourceVpc": "vpc-1"}))
WITH_MFA = trust(BUILDS, lets({"AWS": ROOT}, **MFA))
PEOPLE = trust(Federated=provider("saml", "Okta"))
TRUSTS = (OPEN, CLOSED, OF_ALICE, OF_ROBOT, STRICT, IN_VPC, WITH_MFA, PEOPLE)
ASSUME = document(allow("sts:AssumeRole"))
SESSION = ["signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"]
NO_SIGN_IN = deny(SESSION)
STOP = document(NO_SIGN_IN)


def judged(
    body: dict[str, Any],
    *,
    own: dict[str, Any] | None = None,
    people: dict[str, Any] | None = ASSUME,
    kind: str = "saml",
    boundary: dict[str, Any] | None = None,
    **more: Any,
) -> list[Verdict]:
    """Of a role deploy with this trust. own, boundary: its documents; people: what the people's role may do."""
    world = World()
    edge = world.managed("edge", boundary) if boundary else ""
    deploy = role("deploy", trust=records.digest(body), inline=world.inline(own=own) if own else {}, boundary=edge)
    may = world.inline(may=people) if people else {}
    caller = role("admins" if kind == "saml" else "robot", inline=may)
    if kind == "saml":
        caller = role("admins", inline=may, trust=records.digest(PEOPLE))
    facts = world.facts(
        deploy, caller, user("alice"), credential("alice", password_enabled=True), trusts=TRUSTS, **more
    )
    found = registry.judge(facts, [registry.catalogue()["HM114"]])
    return [one for one in found if one.subject.name == "deploy"]


ONLY_OFFICE = document(deny("signin:*", Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
OF_MACHINES = document(deny(SESSION, Condition={"ArnLike": {"aws:PrincipalArn": arn("role", "dep*")}}))
OF_OTHERS = document(deny(SESSION, Condition={"ArnLike": {"aws:PrincipalArn": arn("role", "web*")}}))


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        (PEOPLE, {}, []),  # a role for people
        (CLOSED, {}, ["clear"]),
        (OPEN, {"people": document(allow("s3:*"))}, ["clear"]),
        (OPEN, {"people": document(allow("sts:AssumeRole", arn("role", "other")))}, ["clear"]),
        (OPEN, {"people": document(allow("*"), deny("sts:AssumeRole"))}, ["clear"]),
        (OF_ROBOT, {"kind": "robot"}, ["clear"]),
        (OPEN, {"kind": "robot"}, ["clear"]),
        (OPEN, {"own": STOP}, ["clear"]),
        (OPEN, {"own": document(allow("*"), NO_SIGN_IN)}, ["clear"]),
        (OPEN, {"boundary": document(allow("*"), NO_SIGN_IN)}, ["clear"]),
        (
            OPEN,
            {"own": document(deny(SESSION[0])), "scp": [{**FULL_ACCESS, "stop": document(deny(SESSION[1]))}]},
            ["clear"],
        ),
        (OPEN, {"scp": [{**FULL_ACCESS, "stop": STOP}]}, ["clear"]),
        (OPEN, {"scp": [FULL_ACCESS, {**FULL_ACCESS, "stop": OF_MACHINES}]}, ["clear"]),
        (OPEN, {"rcp": [{"stop": document(deny("signin:*", Principal="*"))}]}, ["clear"]),
        (OPEN, {"scp": [{**FULL_ACCESS, "no": document(deny("sts:AssumeRole"))}]}, ["clear"]),
        (WITH_MFA, {}, []),  # asks for a person: it is no machine's
        (OF_ALICE, {}, []),
        (IN_VPC, {}, ["unknown"]),
        (OPEN, {"own": document(deny("signin:Authenticate"))}, ["unknown"]),  # before it is known who comes
        (OPEN, {"own": document(deny(SESSION[0]))}, ["unknown"]),
        (OPEN, {"scp": [{**FULL_ACCESS, "stop": document(deny(SESSION[1]))}]}, ["unknown"]),
        (OPEN, {"rcp": [{"stop": document(deny(["signin:Authenticate", SESSION[1]], Principal="*"))}]}, ["unknown"]),
        (OPEN, {}, ["open"]),
        (STRICT, {}, ["open"]),
        (OPEN, {"own": document(allow("signin:*"))}, ["open"]),
        (OPEN, {"own": ONLY_OFFICE}, ["open"]),
        (OPEN, {"scp": [{**FULL_ACCESS, "stop": OF_OTHERS}]}, ["open"]),
        (OPEN, {"scp": [{"some": document(allow(["sts:*", "s3:*"]))}]}, ["open"]),  # no Deny keeps it out
        (OPEN, {"boundary": document(allow("s3:*"))}, ["open"]),
        (
            OPEN,
            {"own": document(deny("signin:CreateOAuth2Token", "arn:aws:signin:*:*:oauth2/public-client/*"))},
            ["open"],
        ),
        (OPEN, {"own": document(deny("signin:CreateAccount"))}, ["open"]),
        (OPEN, {"scp": None, "rcp": None}, ["open"]),
    ],
)
def test_who_can_bring_it_there(body: dict[str, Any], more: dict[str, Any], expected: list[str]) -> None:
    assert [verdict.status.value for verdict in judged(body, **more)] == expected


def test_people_and_what_stands_in_the_way_are_told() -> None:
    (verdict,) = judged(STRICT, own=ONLY_OFFICE, scp=None)
    assert verdict.title == "Role deploy is a machine's, and role admins can bring it into the console"
    assert verdict.evidence["people"] == ["role admins"]
    assert verdict.evidence["if"] == ["sts:ExternalId"]
    assert verdict.evidence["denied_only_if"] == ["aws:SourceIp"]
    assert verdict.evidence["guardrails"] == "SCPs not visible"
    (stopped,) = judged(OPEN, own=STOP)
    assert stopped.reason == "people can assume it, and its sign-in is denied by identity policy inline:own"


def test_people_of_other_accounts_that_it_names() -> None:
    world = World()
    body = trust(BUILDS, lets({"AWS": sso("000000000002")}))
    deploy = role("deploy", trust=records.digest(body))
    said = Settings(kinds={deploy.unique_id: "machine-ci"})
    facts = world.facts(deploy, trusts=(body,), settings=said)
    (verdict,) = registry.judge(facts, [registry.catalogue()["HM114"]])
    assert (verdict.status, verdict.evidence["people"]) == ("open", ["an Identity Center role"])


@pytest.mark.parametrize(
    ("condition", "tags", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalTag/team": "build"}}, {}, "clear"),
        ({"StringEquals": {"aws:PrincipalTag/team": "build"}}, {"team": "web"}, "clear"),
        ({"StringEquals": {"aws:PrincipalTag/team": "build"}}, {"team": "build"}, "open"),
        (
            {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}, "StringEquals": {"aws:PrincipalTag/a": "b"}},
            {},
            "clear",
        ),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, {}, "unknown"),
        ({}, {}, "open"),
    ],
)
def test_a_user_whom_the_trust_names_must_meet_its_conditions(
    condition: dict[str, Any], tags: dict[str, str], expected: str
) -> None:
    body = trust(BUILDS, lets({"AWS": arn("user", "alice")}, **condition))
    deploy = role("deploy", trust=records.digest(body), tags={"iamdash:kind": "machine-compute"})
    alice = user("alice", tags=tags)
    facts = World().facts(deploy, alice, credential("alice", password_enabled=True), trusts=(body,))
    found = registry.judge(facts, [registry.catalogue()["HM114"]])
    assert [one.status.value for one in found if one.subject.name == "deploy"] == [expected]
