"""
## What it does
Opens on a role or user that the settings ask to carry a permissions boundary (`required_boundaries`), and that carries none or
another one. The setting names whom by `*`, `path:/teams/`, `tag:key=value` or `ou:ou-ab12-34567890`, and the boundary by name or
ARN; where several match, the longest selector counts. Without the setting nothing is judged.

## Why it matters
Teams that make their own roles are safe to let do so because a boundary holds each of them. One role without it is the way out.

## How to fix
    aws iam put-role-permissions-boundary --role-name ROLE --permissions-boundary arn:aws:iam::123456789012:policy/BOUNDARY

Make it a condition of creating roles (`iam:PermissionsBoundary`), so that none can be made without it: GR101 looks after that.

## What it cannot know
Whether the boundary itself limits anything: GR103 tells that. Which OU the account is in, where the organization was not read:
selectors by OU are then unknown.

## References
- [Permissions boundaries](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR102",
    slug="missing-required-boundary",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListAccountsForParent",),
    controls={
        "AWS Well-Architected": ("SEC03-BP05",),
    },
    title="A role or user lacks the permissions boundary that it must carry",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if isinstance(principal, Role) and (principal.service_linked or principal.reserved):
        return  # nobody can put a boundary on them; a permission set has one of its own
    matched = {selector: _matches(selector, principal, facts) for selector in facts.settings.required_boundaries}
    sure = [selector for selector, found in matched.items() if found]
    if unsure := [selector for selector, found in matched.items() if found is None]:
        yield Unknown(f"in which OU the account is was not read, which {unsure[0]} asks")
    elif sure:
        selector = max(sure, key=len)
        yield _judged(principal, selector, facts.settings.required_boundaries[selector])


def _judged(principal: Role | User, selector: str, wanted: str) -> Outcome:
    arn = principal.boundary or ""
    carried = arn.rpartition("/")[2]
    if arn and wanted in (arn, carried):
        return Clear(f"carries {carried}")
    what = f"carries the permissions boundary {carried} in place of" if carried else "lacks the permissions boundary"
    told = {"selector": selector, "required": wanted, "carried": principal.boundary}
    return Open(f"{principal.name} {what} {wanted.rpartition('/')[2]}", told)


def _matches(selector: str, principal: Role | User, facts: Facts) -> bool | None:
    """None: it cannot be told."""
    kind, _, wanted = selector.partition(":")
    if selector == "*":
        return True
    if kind == "path":
        return principal.path.startswith(wanted)
    if kind == "tag":
        key, _, value = wanted.partition("=")
        return principal.tags.get(key) == value
    if kind == "ou":
        levels = facts.guardrails.scp
        return any(level.id == wanted for level in levels) if levels else None
    return False
