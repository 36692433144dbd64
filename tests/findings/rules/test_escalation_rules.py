"""LP301 to LP304: ways to more than one was given."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.rules import registry
from findings.vocabulary import Verdict
from tests.builders import arn, group, trust
from tests.findings.analysis.escalation.accounts import ROOT, Account
from tests.findings.rules.judging import denied
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, Document, allow, deny, document

CODES = ("LP301", "LP302", "LP303", "LP304")
OPEN = trust(AWS=ROOT)
LAMBDA = trust(Service="lambda.amazonaws.com")
PUBLISH = ["lambda:CreateFunction", "lambda:InvokeFunction"]


def told(code: str, facts: Facts, name: str = "caller") -> Verdict:
    """The one verdict on the principal of that name."""
    every = registry.judge(facts, [registry.catalogue()[code]])
    (verdict,) = [verdict for verdict in every if verdict.subject.name == name]
    return verdict


def opened(facts: Facts, name: str = "caller") -> list[str]:
    """ "LP301", "LP302 low": the rules that open, with the severity where it is not the rule's own."""
    found = [told(code, facts, name) for code in CODES]
    some = [verdict for verdict in found if verdict.status == "open"]
    return [f"{v.rule.code} {'' if v.severity == v.rule.severity else v.severity.slug}".strip() for v in some]


def caller(*statements: Document, **more: Any) -> Account:
    """A user, and an administrator that Lambda and the account may act as."""
    made = Account()
    made.user("caller", *statements, **more)
    both = trust(LAMBDA["Statement"][0], OPEN["Statement"][0])
    made.role("boss", allow("*"), trusts=both)
    return made


# -- silent


@pytest.mark.parametrize(
    "statements",
    [
        (allow("s3:*"),),
        (allow(PUBLISH),),
        (allow("iam:PassRole", arn("role", "boss")),),
        (allow("iam:PassRole", arn("role", "app-*")), allow(PUBLISH)),
        (
            allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
            allow(PUBLISH),
        ),
        (allow(["iam:CreateAccessKey", "iam:PutUserPolicy"], arn("user", "x-${aws:username}")),),
        (allow("sts:AssumeRole", arn("role", "app-*")),),
        (
            allow(["iam:PassRole", "sts:AssumeRole", *PUBLISH, "iam:PutUserPolicy"]),
            deny("*", arn("role", "*")),
            deny("iam:*"),
        ),
        (allow(["iam:PutUserPolicy", "iam:PassRole"]), deny("iam:*", Condition={"Null": {"aws:username": "false"}})),
    ],
)
def test_silent(statements: tuple[Document, ...]) -> None:
    assert opened(caller(*statements).told()) == []


def test_an_administrator_is_told_once() -> None:
    facts = caller().told()
    assert [(told(code, facts, "boss").status, told(code, facts, "boss").reason) for code in CODES] == [
        ("clear", "boss is an effective administrator: LP201 tells it")
    ] * 4


def test_service_linked_roles_are_left_alone() -> None:
    made = Account()
    made.role("x", allow(["iam:PassRole", "sts:AssumeRole"]), path="/aws-service-role/x.amazonaws.com/")
    facts = made.told()
    found = [v for code in CODES for v in registry.judge(facts, [registry.catalogue()[code]])]
    assert [v for v in found if v.subject.name == "x"] == []


def test_a_deny_of_its_own_clears_and_is_named() -> None:
    made = caller(allow("iam:PutUserPolicy"), groups=("staff",))
    made.add(group("staff", inline=made.inline(never=document(deny("iam:Put*", Sid="NoIam")))))
    verdict = told("LP301", made.told())
    assert (verdict.status, verdict.reason) == (
        "clear",
        "its own policies deny it what it would take: iam-007 blocked by its own policy never (statement NoIam)",
    )


# -- open


def test_a_live_path() -> None:
    facts = caller(allow("iam:PassRole", arn("role", "boss")), allow(PUBLISH)).told()
    verdict = told("LP301", facts)
    assert verdict.title == (
        "User caller can become an administrator: it makes a function that runs as boss and invokes it (lambda-001)"
    )
    assert verdict.evidence == {
        "state": "live",
        "path": "lambda-001",
        "target": arn("role", "boss"),
        "keys": [],
        "blocked_by": [],
        "not_seen": [],
        "paths": ["lambda-001 live: it makes a function that runs as boss and invokes it"],
    }
    assert opened(facts) == ["LP301", "LP304"]


def test_a_conditional_path_names_the_keys() -> None:
    office = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, **MFA}
    verdict = told("LP301", caller(allow("iam:PutUserPolicy", Condition=office)).told())
    assert verdict.title.startswith(
        "User caller can become an administrator, conditional on aws:MultiFactorAuthPresent, aws:SourceIp: it writes an"
    )
    assert verdict.evidence["keys"] == ["aws:MultiFactorAuthPresent", "aws:SourceIp"]
    assert verdict.severity == verdict.rule.severity


def test_a_guardrail_takes_one_step_off_and_is_named() -> None:
    stop = {"no-iam": document(deny("iam:*", Sid="DenyIam"))}
    made = caller(allow(["iam:PutUserPolicy", "iam:AttachUserPolicy"]))
    verdict = told("LP301", made.told(scp=[FULL_ACCESS, FULL_ACCESS | stop]))
    assert (verdict.severity.slug, verdict.title) == (
        "medium",
        (
            "User caller could become an administrator, but that is blocked by SCP no-iam at prod (ou-1) "
            "(statement DenyIam): it writes an inline policy into itself (iam-007; 1 more path)"
        ),
    )
    assert verdict.evidence["blocked_by"] == ["SCP no-iam at prod (ou-1) (statement DenyIam)"]


def test_one_live_path_beside_blocked_ones_counts_in_full() -> None:
    stop = {"stop": document(deny("iam:Put*"))}
    made = caller(allow(["iam:PutUserPolicy", "iam:AttachUserPolicy"]))
    verdict = told("LP301", made.told(scp=[FULL_ACCESS | stop]))
    assert (verdict.severity.slug, verdict.evidence["path"]) == ("high", "iam-008")
    assert verdict.evidence["paths"] == [
        "iam-008 live: it attaches any managed policy to itself",
        "iam-007 blocked by SCP stop at Root (statement 1): it writes an inline policy into itself",
    ]


def test_a_boundary_takes_one_step_off() -> None:
    made = caller(allow("iam:PutUserPolicy", arn("user", "caller")), boundary=arn("policy", "edge"))
    made.managed("edge", document(allow(["s3:*", "iam:PutUserPolicy"], ["arn:aws:s3:::*", arn("user", "caller")])))
    verdict = told("LP301", made.told())
    assert (verdict.severity.slug, verdict.evidence["blocked_by"]) == (
        "medium",
        ["the permissions boundary edge, which does not allow it"],
    )


def test_permission_sets_are_changed_in_identity_center() -> None:
    made = Account()
    made.role("AWSReservedSSO_Build_0123456789abcdef", allow("sts:AssumeRole"), path="/aws-reserved/sso.amazonaws.com/")
    made.role("boss", allow("*"), trusts=OPEN)
    for code in ("LP301", "LP303", "LP304"):
        verdict = told(code, made.told(), "AWSReservedSSO_Build_0123456789abcdef")
        assert verdict.title.startswith("Permission set Build (role AWSReservedSSO_Build_0123456789abcdef) ")
        assert verdict.evidence["change_in"] == "IAM Identity Center: change its permission set"


def test_scps_that_nobody_could_read_are_marked() -> None:
    facts = caller(allow(["iam:PassRole", "sts:AssumeRole", *PUBLISH])).told(scp=None)
    assert opened(facts) == list(CODES)
    assert [told(code, facts).evidence["guardrails"] for code in CODES] == ["SCPs not visible"] * 4


def test_a_chain_is_shown() -> None:
    made = Account()
    made.user("caller", allow("sts:AssumeRole", arn("role", "step")))
    made.role("step", allow("sts:AssumeRole", arn("role", "boss"), Condition=MFA), trusts=OPEN)
    made.role("boss", allow("*"), trusts=OPEN)
    verdict = told("LP304", made.told())
    assert verdict.title == (
        "User caller reaches the administrator boss in 2 hops, conditional on aws:MultiFactorAuthPresent: step > boss"
    )
    assert verdict.evidence["way"] == [
        f"{arn('user', 'caller')} assumes role step (sts-001) -> {arn('role', 'step')}",
        f"{arn('role', 'step')} assumes role boss (sts-001, conditional on aws:MultiFactorAuthPresent) -> {arn('role', 'boss')}",
    ]
    assert opened(made.told()) == ["LP304"]
    assert opened(made.told(), "step") == ["LP301", "LP304"]


# -- any role


@pytest.mark.parametrize(
    ("resource", "condition", "expected"),
    [
        ("*", {}, "open"),
        ("arn:aws:iam::*:role/*", {}, "open"),
        (arn("role", "*"), {}, "open"),
        (arn("role", "app-*"), {}, "clear"),
        (arn("role", "*", "/app/"), {}, "clear"),
        ("*", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, "clear"),
        ("*", {"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}, "open"),
        ("*", {"StringNotEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, "open"),
        ("*", {"StringEquals": {"aws:ResourceTag/team": "x"}}, "clear"),
        ("*", MFA, "open"),
        ("*", {"StringEquals": {"aws:PrincipalTag/team": "x"}}, "clear"),
    ],
)
def test_any_role_to_any_service(resource: str, condition: dict[str, Any], expected: str) -> None:
    verdict = told("LP302", caller(allow("iam:PassRole", resource, Condition=condition)).told())
    assert verdict.status == expected


def test_a_deny_of_all_other_services_narrows() -> None:
    others = {"StringNotEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert told("LP302", caller(allow("iam:PassRole"), deny("iam:PassRole", Condition=others)).told()).status == "clear"
    scp = {"services": document(deny("iam:PassRole", Condition=others))}
    assert told("LP302", caller(allow("iam:PassRole")).told(scp=[FULL_ACCESS | scp])).status == "clear"


@pytest.mark.parametrize(
    ("resource", "condition", "expected"),
    [
        ("*", {}, "open"),
        ("arn:aws:iam::*:role/*", {}, "open"),
        ("arn:aws:iam::*:role/app-*", {}, "clear"),
        ("arn:aws:iam::*:role/deploy", {}, "clear"),
        ("*", {"StringEquals": {"aws:ResourceTag/team": "x"}}, "clear"),
        ("*", {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, "open"),
    ],
)
def test_any_role_that_lets_it_in(resource: str, condition: dict[str, Any], expected: str) -> None:
    verdict = told("LP303", caller(allow("sts:AssumeRole", resource, Condition=condition)).told())
    assert verdict.status == expected


def test_guardrails_that_block_any_role() -> None:
    made = caller(allow(["iam:PassRole", "sts:AssumeRole"]))
    stop = {"stop": document(deny(["iam:PassRole", "sts:AssumeRole"], Sid="Stop"))}
    facts = made.told(scp=[FULL_ACCESS | stop])
    assert opened(facts) == ["LP301 medium", "LP302 medium", "LP303 low"]
    assert told("LP302", facts).title == (
        "User caller may pass any role to any service, but that is blocked by SCP stop at Root (statement Stop)"
    )
    assert told("LP303", facts).evidence["blocked_by"] == ["SCP stop at Root (statement Stop)"]


def test_guardrails_that_leave_some_roles() -> None:
    made = caller(allow(["iam:PassRole", "sts:AssumeRole"]), boundary=arn("policy", "edge"))
    made.managed("edge", document(allow("*", arn("role", "app-*"))))
    facts = made.told()
    assert [told(code, facts).status for code in ("LP302", "LP303")] == ["clear", "clear"]


# -- unknown


@pytest.mark.parametrize("code", CODES)
def test_what_cannot_be_read_is_unknown_unless_the_rest_suffices(code: str) -> None:
    for statements, expected in (
        ((allow("s3:*"),), "unknown"),
        ((allow(["iam:PassRole", "sts:AssumeRole", *PUBLISH]),), "open"),
    ):
        made = Account()
        broken = made.managed("broken", "not json")
        made.user("caller", *statements, attached=(broken,))
        made.role(
            "boss", inline=made.inline(own=EVERYTHING), trusts=trust(LAMBDA["Statement"][0], OPEN["Statement"][0])
        )
        verdict = told(code, made.told())
        assert verdict.status == expected
        text = verdict.reason if expected == "unknown" else str(verdict.evidence["not_read"])
        assert "broken could not be read: the text is not JSON" in text


@pytest.mark.parametrize("code", CODES)
def test_partial_data_opens_and_does_not_clear(code: str) -> None:
    rows = denied("GetAccountAuthorizationDetails")
    every = allow(["iam:PassRole", "sts:AssumeRole", *PUBLISH])
    for statements, expected in ((allow("s3:*"), "unknown"), (every, "open")):
        assert told(code, caller(statements).told(coverage=rows)).status == expected
