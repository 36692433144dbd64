"""
## What it does
Shows the active findings of IAM Access Analyzer: resources that somebody outside can use, and roles, passwords, keys and
permissions that nobody uses. What several analyzers say of one resource is one finding. It stands with the role or user; what
is said of another resource (a bucket, a KMS key, a queue, a function, a secret) stands with the account and names it.

What another rule judges is left to it: of a role's trust LP401, LP402 and LP403 know more, of unused access LP101 to LP105, KY103
and KY104, of a trail's bucket MO105. Where such a rule is open, or says that all is well, this one is silent; where it could not
judge, Access Analyzer's word stands. Access by accounts of the zone of trust, and by vendors that are known, is no finding.

Severity: high for what is public, medium for other access from outside, that of our own rule for what is unused.

## Why it matters
A policy on the resource gives access whatever the identity policies say. Access Analyzer proves from the policies who can get in,
for kinds of resources that this tool does not read.

## How to fix
Read the finding, then take the access away in the resource's own policy:

    aws accessanalyzer get-finding-v2 --analyzer-arn ANALYZER --id ID

Where the access is wanted, archive the finding there with a rule that says why, or accept it here; an archived one is
not shown:

    aws accessanalyzer create-archive-rule --analyzer-name NAME --rule-name wanted --filter file://filter.json

## What it cannot know
What analyzers do not look at: regions without one (MO109), and kinds of resources that they do not know. A change takes up to
half an hour to be analyzed. Who has access is told by `access-analyzer:ListFindings` for access from outside only.

## References
- [Findings for external and unused access](https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-findings.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from collectors.records import EXTERNAL, Role, User, digest
from findings.analysis.analyzers import DETAILS, FINDINGS, LIST, Told
from findings.analysis.facts import AccountSubject, Facts
from findings.rules.keys import never_used_key, unused_key
from findings.rules.least_privilege import (
    effective_admin,
    public_trust,
    third_party_without_external_id,
    unknown_external_account,
    unused_action_access,
    unused_password,
    unused_role,
    unused_service_access,
)
from findings.rules.monitoring import trail_bucket_exposed
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP408",
    slug="external-access-finding",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    also=(SubjectType.ROLE, SubjectType.USER),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    helps=(LIST, FINDINGS, DETAILS),
    controls={
        "AWS Well-Architected": ("SEC03-BP07",),
        "Prowler": ("accessanalyzer_enabled_without_findings",),
        "CIS AWS v7": ("2.21",),
    },
    title="Access Analyzer found access from outside, or access that nobody uses",
    doc=__doc__,
)
SNAPSHOT = "iam:GetAccountAuthorizationDetails"
LONGEST = 128  # of a part
MOST = 20  # lines of evidence
# What is said -> its part, the end of a sentence, and the rules that judge the same.
SAID: dict[str, tuple[str, str, tuple[ModuleType, ...]]] = {
    EXTERNAL: (
        "external",
        "can be used from outside",
        (public_trust, unknown_external_account, third_party_without_external_id),
    ),
    "UnusedIAMRole": ("unused-role", "is not used", (unused_role,)),
    "UnusedIAMUserPassword": ("unused-password", "has a password that is not used", (unused_password,)),
    "UnusedIAMUserAccessKey": ("unused-key", "has an access key that is not used", (unused_key, never_used_key)),
    "UnusedPermission": (
        "unused-permission",
        "has permissions that are not used",
        (effective_admin, unused_service_access, unused_action_access),
    ),
}
BUCKET = "AWS::S3::Bucket"


def judge(subject: AccountSubject | Role | User, facts: Facts) -> Iterator[Outcome]:
    if isinstance(subject, AccountSubject):
        yield from _of_account(facts)
        return
    told = [one for one in facts.analyzers.told.get(subject.arn, ()) if one.type in SAID]
    opens = [_open(one, subject, SAID[one.type][0]) for one in told if not _judged(one, subject, facts)]
    yield from opens
    if told and not opens:
        yield Clear("what Access Analyzer says of it, other rules judge")


def _of_account(facts: Facts) -> Iterator[Outcome]:
    """Resources that are no roles or users of ours; a role that is gone is no longer analyzed tomorrow."""
    # Whose roles and users these are, the snapshot says. It may come a moment later; till then the registry says unknown.
    waits = not facts.covered(SNAPSHOT)
    for resource, some in facts.analyzers.told.items():
        if resource in facts.principal_by_arn or (_iam(some[0]) and (waits or facts.complete(SNAPSHOT))):
            continue
        for one in some:
            if one.type in SAID and not _told_of_bucket(one, facts):
                yield _open(one, None, _part(one))
    if why := facts.analyzers.unheard():
        yield Unknown(why)


def _iam(one: Told) -> bool:
    return one.resource_type.startswith("AWS::IAM::")


def _part(one: Told) -> str:
    """The resource; of one that is too long, the beginning, and what tells it from others that begin so."""
    name = one.resource if one.type == EXTERNAL else f"{one.resource} {SAID[one.type][0]}"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 33]}~{digest(name)}"


def _told_of_bucket(one: Told, facts: Facts) -> bool:
    """Whether MO105 says that it is public."""
    if one.resource_type != BUCKET or "MO105" in facts.settings.off:
        return False
    mine = [bucket for bucket in facts.snapshot.buckets if bucket.arn == one.resource]
    outcomes = (outcome for bucket in mine for outcome in trail_bucket_exposed.judge(bucket, facts))
    return any(isinstance(outcome, Open) and outcome.part == "public" for outcome in outcomes)


def _judged(one: Told, subject: Role | User, facts: Facts) -> bool:
    """Whether our own rules on the same say something, be it that all is well."""
    _, _, modules = SAID[one.type]
    subjects: tuple[object, ...] = (subject,)
    if one.type == "UnusedIAMUserAccessKey" and isinstance(subject, User):
        subjects = facts.keys(subject)
    found = [outcome for module in modules for each in subjects for outcome in _outcomes(module, each, facts)]
    if any(isinstance(outcome, Open) for outcome in found):
        return True
    return not any(isinstance(outcome, Unknown) for outcome in found)


def _outcomes(module: ModuleType, subject: object, facts: Facts) -> Iterator[Outcome]:
    """What the rule says, as the registry would have it; a rule that the settings switch off is not to be told in its place."""
    rule: Rule = module.RULE
    if rule.code in facts.settings.off:
        return
    gaps = facts.gaps(rule.needs, rule.any_of, rule.each)
    for outcome in module.judge(subject, facts):
        kept = not gaps or (isinstance(outcome, Clear) and outcome.sighting)
        sees = isinstance(outcome, Open) and rule.kind is RuleKind.SEES
        yield outcome if kept or sees else Unknown(str(gaps[0]))


def _open(one: Told, subject: Role | User | None, part: str) -> Open:
    _, words, modules = SAID[one.type]
    name = f"{'Role' if isinstance(subject, Role) else 'User'} {subject.name}" if subject else one.resource
    by = f" by {few(one.principals)}" if one.principals else ""
    if one.public:
        by = " by everybody"
    return Open(f"Access Analyzer says that {name} {words}{by}", _evidence(one), _severity(one, modules), part)


def _severity(one: Told, modules: tuple[ModuleType, ...]) -> Severity:
    if one.type == EXTERNAL:
        return Severity.HIGH if one.public else Severity.MEDIUM
    severity: Severity = modules[-1].RULE.severity
    return severity


def _evidence(one: Told) -> dict[str, Json]:
    told: dict[str, Json] = {
        "resource": one.resource,
        "resource_type": one.resource_type,
        "finding_type": one.type,
        "findings": [found.unique_id for found in one.findings][:MOST],
        "analyzers": one.analyzers[:MOST],
        "found_at": one.since.isoformat(),
    }
    if one.type == EXTERNAL:
        told |= {
            "principals": one.principals[:MOST],
            "actions": one.actions[:MOST],
            "conditions": one.conditions[:MOST],
            "public": one.public,
            "guardrails": sorted({found.rcp for found in one.findings} - {""}),
        }
    return told
