"""
## What it does
Opens when a role, user or group is an administrator by what its policies allow, whatever they are called. It looks at all
of its policies together (for a user those of its groups too), takes away what they deny, what the permissions boundary
leaves out and what the SCPs of every level block, and then asks: is at least 80 % of all that writes or manages
permissions left, on every resource, with a way to give oneself the rest? Programs are judged as people are.
A finding stands for each kind of policy that suffices alone: AWS-managed, customer-managed, inline; "combined" when only
together they do. Conditions on who, where and when (MFA, source address, region) do not take administration away; the
evidence names their keys. Service-linked roles are never reported. A role that Identity Center made is reported for its
permission set.

## Why it matters
Whoever gets hold of one administrator has the account: its data, its logs and everybody else's permissions. Each further
one is a further way in, and a program that is one can seldom say what for.

## How to fix
See what it uses, give it a policy of that, then take the broad one away:

    aws iam generate-service-last-accessed-details --arn ARN
    aws iam attach-role-policy --role-name ROLE --policy-arn NARROW
    aws iam detach-role-policy --role-name ROLE --policy-arn ARN

For inline policies `aws iam delete-role-policy --role-name ROLE --policy-name NAME`; for users and groups the same
commands with `user` and `group`. Where administration is meant (break-glass, the deployment role of the platform),
accept the finding with an owner and an expiry, and keep the trust policy narrow.

## What it cannot know
Denies on single resources and conditions on the session are left to the question "may it do this?" on the principal's
page. What AWS services add by themselves, such as the policy of a session, is not known beforehand. Where SCPs could not
be read the finding is open at full severity and says so. A policy that could not be read makes a principal unknown,
unless the rest already makes it an administrator.

## References
- [Least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege)
- [Policy evaluation logic](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Principal, Role
from findings.analysis.admin import COMBINED, Admin
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP201",
    slug="effective-admin",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.LARGE,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies", "organizations:ListTargetsForPolicy"),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "CIS AWS v3": ("1.16",),
        "CIS AWS v5": ("1.15",),
        "CIS AWS v7": ("2.14",),
        "Prowler": (
            "iam_aws_attached_policy_no_administrative_privileges",
            "iam_customer_attached_policy_no_administrative_privileges",
            "iam_group_administrator_access_policy",
            "iam_inline_policy_no_administrative_privileges",
            "iam_role_administratoraccess_policy",
            "iam_user_administrator_access_policy",
        ),
        "Security Hub": ("IAM.1",),
    },
    title="A role, user or group is an administrator in effect",
    doc=__doc__,
)


def judge(holder: Holder, facts: Facts) -> Iterator[Outcome]:
    if isinstance(holder, Role) and holder.service_linked:
        return
    permissions = facts.permissions
    if found := permissions.admin(holder):
        for part, policies in zip(found.parts, found.by_part, strict=True):
            yield Open(_title(holder, part, policies), _evidence(holder, found, policies, facts), part=part)
    elif unknown := permissions.unknown(holder):
        yield Unknown(unknown)
    else:
        yield Clear(permissions.not_admin(holder))


def _title(holder: Holder, part: str, policies: tuple[str, ...]) -> str:
    name = holder.name
    if isinstance(holder, Role) and holder.reserved:
        name = f"Permission set {holder.permission_set} (role {holder.name})"
    kind = "several policies together" if part == COMBINED else f"{part} policy"
    return f"{name} is an administrator by {kind}: {', '.join(policies)}"


def _evidence(holder: Holder, found: Admin, policies: tuple[str, ...], facts: Facts) -> dict[str, Json]:
    evidence: dict[str, Json] = {"policies": list(policies), "conditions": list(found.keys)}
    if isinstance(holder, Principal) and holder.boundary:
        evidence["boundary"] = holder.boundary
    evidence["blocked_in_part_by"] = list(found.blocked)
    if facts.guardrails.scp is None:
        evidence["guardrails"] = "SCPs not visible"
    if unknown := facts.permissions.unknown(holder):
        evidence["not_read"] = unknown
    return evidence
