"""
## What it does
Opens, where the settings say that IAM is made by code (`iam_by_code`), for a role or customer-managed policy that nothing
shows to be made so: no tag of CloudFormation, CDK, Terraform, Pulumi or the like, no name that such a tool makes up, and no
creation by its user agent or by CloudFormation on somebody's behalf. Who made it, by what and from where is told if
CloudTrail's events were read then. Service-linked and Identity Center's roles, those that AWS Organizations and Control Tower
make, and the role by which iamdash reads are no one's code.

## Why it matters
What is in code was reviewed, can be told why it is there, and goes when its stack goes. What was clicked together stays, and
drifts; it is where forgotten administrators come from.

## How to fix
Take it into code, or remove it:

    terraform import aws_iam_role.NAME NAME
    aws cloudformation create-change-set --change-set-type IMPORT --stack-name STACK --change-set-name import-iam \
--resources-to-import file://resources.json --template-body file://template.yaml

If it is in code and nothing shows it, let the tool tag what it makes (Terraform: `default_tags`), for example
`managed-by=terraform`.

## What it cannot know
Tags of customer-managed policies, which AWS does not list: of a policy whose creation was not read, and whose name tells
nothing, it is unknown. Tools that leave nothing. Tags are text that anybody can write.

## References
- [Resource tags of stacks](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html)
- [Importing resources into a stack](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Policy, Role
from findings.analysis.behaviour.changes import told
from findings.analysis.behaviour.provenance import expected, maker, provenance
from findings.analysis.facts import Facts
from findings.rules import behaviour
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR110",
    slug="iam-made-by-hand",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    also=(SubjectType.POLICY,),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=behaviour.READS_CHANGES,
    title="A role or policy was not made by code",
    doc=__doc__,
)


def judge(subject: Role | Policy, facts: Facts) -> Iterator[Outcome]:
    if (
        not facts.settings.iam_by_code
        or not expected(subject)
        or (isinstance(subject, Role) and behaviour.ours(subject))
    ):
        return
    if sign := provenance(subject, facts):
        yield Clear(sign)
        return
    made = maker(subject, facts)
    if made is None and isinstance(subject, Policy):
        yield Unknown(f"the tags of policies are not listed by AWS, and who made {subject.name} was not read")
        return
    share = facts.behaviour.by_code
    evidence: dict[str, Json] = {
        "made": told(made, facts) if made else "unknown: CloudTrail's events of that day were not read",
        "created_on": subject.created_at.date().isoformat(),
        "by_code_percent": share,
    }
    kind = "Role" if isinstance(subject, Role) else "Policy"
    yield Open(
        f"{kind} {subject.name} is not from code, as {share} % of the account's roles and policies are", evidence
    )
