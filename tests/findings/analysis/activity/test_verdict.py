"""Person or program: what must not be taken for a person first, then people, then what cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import Actor, Assumption, Session, SignIn
from findings.analysis.activity.verdict import Verdict
from findings.analysis.facts import Facts, Settings
from tests.builders import arn, credential, facts, key, role, trust, user
from tests.findings.sessions import (
    AWS_ADDRESS,
    NETWORKS,
    OFFICE,
    OTHER,
    OUTSIDE,
    assumption,
    provider,
    read,
    session,
    sso,
)

GITHUB = provider("oidc", "token.actions.githubusercontent.com")
EKS = provider("oidc", "oidc.eks.eu-west-1.amazonaws.com/id/1")
OKTA = provider("oidc", "example.okta.com")
APP = role("app")
ALICE, DEPLOYER = user("alice"), user("svc-deploy")
PEOPLE = (
    credential("alice", password_enabled=True),
    credential("svc-deploy", password_enabled=False),
    key("svc-deploy", used=1),
)


def world(*entities: records.Record, assumptions: tuple[Assumption, ...] = (), sessions: Any = ()) -> Facts:
    given = read(assumptions=assumptions, sessions=sessions)
    return facts(APP, ALICE, DEPLOYER, *PEOPLE, *entities, settings=Settings(networks=NETWORKS), **given)


def judged(one: Session, *assumptions: Assumption, entities: tuple[records.Record, ...] = ()) -> Verdict:
    return world(*entities, assumptions=assumptions).activity.verdict(one)


def short(one: Session, *assumptions: Assumption) -> str:
    found = judged(one, *assumptions)
    return f"{ {True: 'person', False: 'program', None: 'unknown'}[found.human] } {found.confidence}"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # AWS itself, and instances
        (session("ec2.amazonaws.com"), "program high"),
        (session(APP, "i-0123456789abcdef0", networks=(AWS_ADDRESS,), agents=("boto3",)), "program high"),
        (session(APP, "i-0123456789abcdef0", networks=(OUTSIDE,), agents=("cli on macOS",)), "program high"),
        (session(APP, "x", instance=True), "program high"),
        (session(APP, "alice", networks=("cloudformation.amazonaws.com",), agents=("aws-service",)), "program high"),
        (session(APP, "alice", networks=("AWS Internal",)), "program high"),
        # pipelines and workloads
        (session(APP, "GitHubActions", identity_provider=GITHUB, networks=(OUTSIDE,)), "program high"),
        (session(APP, "alice@example.com", identity_provider=GITHUB, federated_user="repo:o/r:ref"), "program high"),
        (session(APP, "web-1", identity_provider=EKS), "program high"),
        (session(APP, "GitHubActions", networks=(OUTSIDE,), agents=("sdk-js",)), "program medium"),
        (session(APP, "gitlab-runner-*", agents=("cli",)), "program medium"),
        (session(APP, "AWSCodeBuild-*"), "program medium"),
        (session(APP, "build", networks=("100.24.1.1",), agents=("cli",)), "program medium"),
        (session(APP, "build", networks=(AWS_ADDRESS,), agents=("cli on Windows",)), "program medium"),
        # programs by their tools only
        (session(APP, "botocore-session-*", networks=(OUTSIDE,), agents=("boto3",)), "program low"),
        (session(APP, "aws-go-sdk-*", agents=("terraform",)), "program low"),
        (session(DEPLOYER, key_id="AKIA1", networks=(OFFICE,), agents=("boto3",)), "program low"),
    ],
)
def test_what_is_no_person(one: Session, expected: str) -> None:
    assert short(one) == expected


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # what AWS itself writes
        (session(APP, "alice", sign_in=SignIn.LOGIN), "person high"),
        (session(APP, "alice", sign_in=SignIn.SWITCH, switched_from=arn("user", "alice")), "person high"),
        (session(APP, "x", sign_in=SignIn.CONSOLE, networks=(AWS_ADDRESS,), agents=("cloudshell",)), "person high"),
        (session(APP, "x", mfa=True), "person high"),
        (session(ALICE, mfa=True, key_id="AKIA1"), "person high"),
        (session(APP, "x", source_identity="alice@example.com", agents=("boto3",)), "person high"),
        (session(APP, "x", identity_provider=provider("saml", "Okta"), federated_user="alice"), "person high"),
        (session(APP, "x", identity_provider=OKTA), "person high"),
        # proof stands, whatever else there is
        (session(APP, "i-0123456789abcdef0", sign_in=SignIn.CONSOLE, networks=(AWS_ADDRESS,)), "person high"),
        (session(APP, "GitHubActions", sign_in=SignIn.SWITCH), "person high"),
        # what callers choose
        (session(APP, "alice@example.com", networks=(OUTSIDE,)), "person medium"),
        (session(APP, "x", source_identity="alice"), "person medium"),
        (session(APP, "x", agents=("browser",), networks=(AWS_ADDRESS, OUTSIDE)), "person medium"),
        (session(APP, "botocore-session-*", networks=(OUTSIDE,), agents=("cli on macOS",)), "person medium"),
        (session(APP, "x", networks=(OFFICE,), agents=("powershell on Windows",)), "person medium"),
        (session(ALICE, key_id="AKIA1", networks=(OFFICE,), agents=("terraform on macOS",)), "person medium"),
    ],
)
def test_what_is_a_person(one: Session, expected: str) -> None:
    assert short(one) == expected


@pytest.mark.parametrize(
    "one",
    [
        session(APP, "x"),
        session(APP, "botocore-session-*", networks=(OUTSIDE,)),
        session(APP, "x", networks=(OUTSIDE,), agents=("cli",)),
        session(APP, "x", networks=(OFFICE,), agents=("cli",)),
        session(APP, "x", networks=(OUTSIDE,), agents=("powershell on Windows",)),
        session(APP, "x", identity_provider="cognito-identity.amazonaws.com"),
        session(APP, "github-actions", networks=(OUTSIDE,), agents=("cli on macOS",)),
        session(APP, "alice@example.com", networks=("100.24.1.1",), agents=("sdk-js",)),
        session(APP, "x", actor=Actor.UNKNOWN, networks=("not an address",), agents=("none",), mfa=False),
        session(APP, "x", networks=("ec2.amazonaws.com",), agents=("boto3",), cut=("agents", "networks")),
        session(APP, "x" * 128, networks=("",) * 3, agents=("other: \u202e<script>", "cli on macOS")),
    ],
)
def test_what_cannot_be_told(one: Session) -> None:
    found = judged(one)
    assert found.human is None
    assert found.reasons


def test_reasons_are_sentences_and_tell_what_speaks_against() -> None:
    one = session(APP, "i-0123456789abcdef0", sign_in=SignIn.SWITCH, switched_from=arn("user", "alice"))
    assert judged(one).reasons == (
        "switched to it in the console from arn:aws:iam::000000000001:user/alice",
        "was opened by user alice -> app",
        "although it has the name of an EC2 instance, i-0123456789abcdef0",
    )
    assert judged(session(APP, "x")).reasons == ("shows nothing that only people or only programs do",)
    desk = session(APP, "x", networks=(OFFICE, OUTSIDE), agents=("cli on macOS",))
    assert judged(desk).reasons == ("was used with cli on macOS from 192.0.2.7 (office Berlin), 203.0.113.9",)


def test_lineage_through_roles_and_accounts() -> None:
    """The chain is told from the person on, and counted; the hop in another account is known by its records only."""
    prod, deploy = role("payments-prod"), f"arn:aws:iam::{OTHER}:role/ci/deploy"
    rows = (
        assumption(sso(OTHER), provider("saml", "AWSSSO_x"), "alice@example.com", day=4),
        assumption(deploy, sso(OTHER), "alice"),
        assumption(prod, deploy, "botocore-session-*", n=3),
    )
    found = judged(session(prod, "botocore-session-*"), *rows, entities=(prod,))
    assert (found.human, found.confidence) == (True, "high")
    assert found.reasons == ("was opened by SSO user alice@example.com -> SSO-Dev -> deploy -> payments-prod, 3 times",)


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("lambda.amazonaws.com", "program high"),
        (GITHUB, "program high"),
        (arn("user", "svc-deploy"), "program medium"),
        ("cognito-identity.amazonaws.com", "unknown low"),
        (f"arn:aws:iam::{OTHER}:role/whoever", "unknown low"),
        ("AROA0000000000GONE", "unknown low"),
        ("", "unknown low"),
        (arn("user", "alice"), "person medium"),
        (ALICE.unique_id, "person medium"),
        (sso(), "person high"),
        (sso(OTHER), "person high"),
        (provider("saml", "Okta"), "person high"),
        (OKTA, "person high"),
        (f"arn:aws:sts::{OTHER}:assumed-role/AWSReservedSSO_A_0123456789abcdef/alice", "person high"),
    ],
)
def test_who_assumed_it(caller: str, expected: str) -> None:
    assert short(session(APP, "x"), assumption(APP, caller, "x")) == expected
    assert short(session(APP, "x", caller=caller)) == expected


@pytest.mark.parametrize(
    "row",
    [
        assumption(APP, sso(), "x", denied=1),
        assumption(APP, sso(), "another name"),
        assumption(APP, sso(), "x", day=9),
        assumption(APP, sso(), "x", day=1),
    ],
)
def test_another_sessions_caller_and_refused_ones_say_nothing(row: Assumption) -> None:
    assert short(session(APP, "x"), row) == "unknown low"


def test_the_day_before_still_counts() -> None:
    assert short(session(APP, "x"), assumption(APP, sso(), "x", day=4)) == "person high"


def test_a_role_that_both_assumed_is_nobodys() -> None:
    hop = role("deploy", trust=records.digest(trust(Service="codebuild.amazonaws.com")))
    both = (assumption(hop, sso(), "a"), assumption(hop, "codebuild.amazonaws.com", "b"))
    chained = assumption(APP, hop.arn, "x")
    one = session(APP, "x")
    trusts = [trust(Service="codebuild.amazonaws.com")]
    told = facts(APP, hop, trusts=trusts, **read(assumptions=(*both, chained))).activity.verdict(one)
    assert told.human is None
    by_machine = facts(APP, hop, trusts=trusts, **read(assumptions=(both[1], chained))).activity.verdict(one)
    assert by_machine.human is False
    by_kind = facts(APP, hop, trusts=trusts, **read(assumptions=(chained,))).activity.verdict(one)
    assert (by_kind.human, by_kind.confidence) == (False, "medium")
    person = facts(APP, hop, trusts=trusts, **read(assumptions=(both[0], chained))).activity.verdict(one)
    assert (person.human, person.confidence) == (True, "high")


def test_circles_end() -> None:
    one, other = role("one"), role("other")
    rows = (assumption(one, other.arn, "x"), assumption(other, one.arn, "x"))
    assert judged(session(one, "x"), *rows, entities=(one, other)).human is False  # by what they trust: ec2


def test_one_of_several_sso_users() -> None:
    sso_rows = [assumption(sso(), provider("saml", "AWSSSO_x"), name) for name in ("alice", "bob")]
    found = judged(session(APP, "x"), *sso_rows, assumption(APP, sso(), "x"))
    assert found.reasons == ("was opened by one of 2 SSO users -> SSO-Dev -> app",)


def test_sessions_of_a_principal_are_those_of_the_window_newest_first() -> None:
    kept = [session(APP, "a", day=80), session(APP, "b", day=2), session(APP, "c", day=91), session(ALICE)]
    found = world(sessions=tuple(kept)).activity.of(APP, 90)
    assert [one.name for one in found] == ["b", "a"]
