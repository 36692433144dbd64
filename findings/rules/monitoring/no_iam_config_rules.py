'''
## What it does
Opens when no rule of AWS Config judges IAM in the account: no managed rule on IAM, no rule of its own whose scope names a type of
IAM, none that the organization, a conformance pack or Security Hub put there. What such rules found is told on the account's
page, beside our own findings.

## Why it matters
A Config rule judges in the account itself, within minutes of a change, and can start a remediation there; it goes on when nobody
collects. Auditors ask for it by name.

## How to fix
Put AWS's managed rules on IAM in all accounts at once, from the delegated administrator of Config:

    aws configservice put-organization-config-rule --organization-config-rule-name iam-user-mfa \\
      --organization-managed-rule-metadata RuleIdentifier=IAM_USER_MFA_ENABLED

Others worth having are IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS, IAM_USER_UNUSED_CREDENTIALS_CHECK, ACCESS_KEYS_ROTATED and
IAM_NO_INLINE_POLICY_CHECK. No managed rule tells unused roles (LP101), since what Config records of a role does not say when
it was used. This function of Lambda does; its role needs iam:ListRoles, iam:GetRole and config:PutEvaluations:

    import datetime
    import json

    import boto3

    DAYS = 90


    def handler(event, context):
        iam, config = boto3.client("iam"), boto3.client("config")
        now = datetime.datetime.now(datetime.timezone.utc)
        changed = json.loads(event["invokingEvent"]).get("configurationItem") or {}
        names = [changed["resourceName"]] if changed.get("configurationItemStatus") in ("OK", "ResourceDiscovered") else []
        if not changed:  # called by the clock
            pages = iam.get_paginator("list_roles").paginate()
            names = [role["RoleName"] for page in pages for role in page["Roles"]]
        found = [judged(iam.get_role(RoleName=name)["Role"], now) for name in names]
        for first in range(0, len(found), 100):
            config.put_evaluations(Evaluations=found[first : first + 100], ResultToken=event["resultToken"])


    def judged(role, now):
        """ListRoles does not tell RoleLastUsed; its absence means: not in the last 400 days."""
        used = role.get("RoleLastUsed", {}).get("LastUsedDate", role["CreateDate"])
        ours = not role["Path"].startswith(("/aws-service-role/", "/aws-reserved/"))
        bad = ours and (now - max(used, role["CreateDate"])).days > DAYS
        return {
            "ComplianceResourceType": "AWS::IAM::Role",
            "ComplianceResourceId": role["RoleId"],
            "ComplianceType": "NON_COMPLIANT" if bad else "COMPLIANT",
            "OrderingTimestamp": now,
        }

Its rule runs once a day and when a role changes; the scope tells what it is about:

    {"ConfigRuleName": "unused-roles", "Scope": {"ComplianceResourceTypes": ["AWS::IAM::Role"]},
     "Source": {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": "arn:aws:lambda:REGION:ACCOUNT:function:unused-roles",
      "SourceDetails": [
       {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"},
       {"EventSource": "aws.config", "MessageType": "ScheduledNotification", "MaximumExecutionFrequency": "TwentyFour_Hours"}]}}

## What it cannot know
What a rule of one's own that names no scope judges stands in its code only: where there is no other, this is unknown. Whether the
parameters of a rule are strict, and whether somebody looks at its results. Regions that a service control policy closes to the
collector are left out. An account without a recorder has no rule that works; MO107 tells that.

## References
- [Managed rules of AWS Config](https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html)
- [Rules for an organization](https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html)
'''

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.config_recording import COMPLIANCE, RULES, judging, recording, unread_rules
from findings.analysis.facts import AccountSubject, Facts
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO108",
    slug="no-iam-config-rules",
    severity=Severity.LOW,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    helps=(RULES, COMPLIANCE),
    title="No rule of AWS Config judges IAM",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    some = judging(facts)
    vague = sorted({one.name for one in some if one.vague})
    if named := sorted({one.name for one in some if not one.vague}):
        yield Clear(f"judged by {few(named)}")
    elif unread := unread_rules(facts):
        yield Unknown(unread)
    elif vague:
        yield Unknown(f"{few(vague)} names no scope, so that only its code tells what it judges")
    else:
        recorded = sorted({one.region for one in recording(facts).working})
        told: dict[str, Json] = {"regions_recorded": list(recorded)}
        yield Open(f"No rule of AWS Config judges IAM in {account.name}", told)
