"""A finding whose harm a guardrail takes away stands one step lower and names it; a look-alike does not."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.rules import registry
from findings.vocabulary import Verdict
from tests import builders as b
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, POWER_USER, READER, World, allow, deny, document

ROOT = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
SET_UP = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "sts:GetSessionToken"]
ALL_BUT_SET_UP = {"Effect": "Deny", "NotAction": SET_UP, "Resource": "*", "Condition": NO_MFA}
LEAVES_ADMIN = deny("s3:*", Condition=ROOT)


def scps(*statements: Any) -> list[dict[str, Any]]:
    return [{**FULL_ACCESS, "d": document(*statements)}, FULL_ACCESS]


def judged(code: str, facts: Any) -> Verdict:
    (found,) = (v for v in registry.judge(facts, [registry.catalogue()[code]]) if v.status.value == "open")
    return found


def told(verdict: Verdict) -> tuple[str, Any]:
    return verdict.severity.slug, verdict.evidence["blocked_by"]


@pytest.mark.parametrize(
    ("code", "severity", "lower"),
    [("KY101", "critical", "high"), ("AB101", "critical", "high"), ("AB102", "medium", "low")],
)
@pytest.mark.parametrize(
    ("scp", "by"),
    [
        ([FULL_ACCESS], []),
        (scps(deny("*", Condition={**ROOT, **MFA})), []),  # and without MFA?
        (scps(deny("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}})), []),
        (scps(LEAVES_ADMIN), []),
        ([{**FULL_ACCESS, "broken": {"Statement": "?"}}], []),
        (None, []),
        (scps(deny("*", Condition=ROOT)), ["SCP d at Root"]),
        (
            scps({"Effect": "Deny", "NotAction": ["iam:*MFADevice*"], "Resource": "*", "Condition": ROOT}),
            ["SCP d at Root"],
        ),
        ([{"only": READER}], ["what the SCPs at Root allow"]),
    ],
)
def test_root(code: str, severity: str, lower: str, scp: Any, by: list[str]) -> None:
    root = b.root(slots=(b.slot(),), mfa_active=code == "AB102")
    facts = World().facts(root, b.virtual_mfa("root") if code == "AB102" else b.summary(), scp=scp)
    found = judged(code, facts)
    assert told(found) == (lower if by else severity, by)
    assert ("blocked by" in found.title) is bool(by)
    assert found.evidence["guardrails"] == ("SCPs not visible" if scp is None else "")


@pytest.mark.parametrize(
    ("own", "scp", "expected"),
    [
        (POWER_USER, [FULL_ACCESS], ("high", [])),
        (POWER_USER, scps(deny("*", Condition=MFA)), ("high", [])),  # denies those with MFA
        (POWER_USER, scps(deny("ec2:*", Condition=NO_MFA)), ("high", [])),
        (document(allow("*"), ALL_BUT_SET_UP), [FULL_ACCESS], ("critical", [])),  # its own policy is no guardrail
        (document(), scps(ALL_BUT_SET_UP), ("high", [])),
        (POWER_USER, None, ("high", [])),
        (POWER_USER, scps(ALL_BUT_SET_UP), ("medium", ["SCP d at Root"])),
        (EVERYTHING, scps(ALL_BUT_SET_UP), ("high", ["SCP d at Root"])),
    ],
)
def test_a_password_without_mfa(own: Any, scp: Any, expected: Any) -> None:
    world = World()
    user = b.user("alice", inline=world.inline(own=own))
    assert told(judged("HM107", world.facts(user, b.credential("alice", password_enabled=True), scp=scp))) == expected


def test_a_boundary_that_asks_for_mfa() -> None:
    world = World()
    bound = world.managed("with-mfa", document(allow("*", Condition=MFA), allow(SET_UP)))
    user = b.user("alice", inline=world.inline(own=EVERYTHING), boundary=bound)
    found = judged("HM107", world.facts(user, b.credential("alice", password_enabled=True)))
    assert told(found) == ("high", ["the permissions boundary with-mfa"])
    assert found.title.endswith("but what it could do then is blocked by the permissions boundary with-mfa")


@pytest.mark.parametrize(
    ("scp", "expected"), [([FULL_ACCESS], ("high", [])), (scps(ALL_BUT_SET_UP), ("medium", ["SCP d at Root"]))]
)
def test_members_of_a_group_of_administrators(scp: Any, expected: Any) -> None:
    world = World()
    admins = b.group("admins", inline=world.inline(own=EVERYTHING))
    rows = b.user("alice", groups=("admins",)), b.credential("alice", password_enabled=True)
    assert told(judged("HM113", world.facts(admins, *rows, scp=scp))) == expected


@pytest.mark.parametrize(
    ("scp", "expected"),
    [(scps(deny("cloudshell:Get*")), ("low", [])), (scps(deny("cloudshell:*")), ("info", ["SCP d at Root"]))],
)
def test_cloudshell(scp: Any, expected: Any) -> None:
    world = World()
    attached = world.aws("AWSCloudShellFullAccess", document(allow("cloudshell:*")))
    assert told(judged("LP211", world.facts(b.role(attached=(attached,)), scp=scp))) == expected


@pytest.mark.parametrize(("code", "lower"), [("LP403", "low"), ("LP407", "low")])
@pytest.mark.parametrize("enabled", [False, True])
def test_outsiders_that_an_rcp_keeps_out(code: str, lower: str, enabled: bool) -> None:
    perimeter = document(
        deny(
            "sts:AssumeRole",
            Principal="*",
            Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": b.ORGANIZATION}},
        )
    )
    trust = b.trust(AWS="arn:aws:iam::999999999999:root")
    types = (b.SCP, b.RCP) if enabled else (b.SCP,)
    rcp = b.org_policy("perimeter", "r-1", kind=b.RCP, document=perimeter)
    tree = (b.in_organization(), b.unit("r-1", "", policy_types=types), b.org_account(parent="r-1"), rcp)
    role = b.role(trust=records.digest(trust), attached=(b.aws_policy("ReadOnlyAccess"),))
    found = judged(code, b.facts(role, *tree, trusts=[trust, perimeter], coverage=b.tree_coverage()))
    assert told(found) == ((lower, ["RCP perimeter at Root"]) if enabled else ("medium", []))
