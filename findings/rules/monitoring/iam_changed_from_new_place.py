"""
## What it does
Opens when in the last two weeks a role or user changed IAM that never did in all the days of which events were read, or
changed it from a network from which no change to the account's IAM ever came and where the principal was never seen. At least
30 days of events must lie before the change. Silent stays what AWS services do on somebody's behalf, such as CloudFormation;
what people do about their own password, keys and MFA; networks that you named as office, VPN or CI; runners with ever other
addresses; and a principal that is younger than 30 days in its usual place, which has no habits yet.

## Why it matters
Few may change IAM, and they do it from a few places. Somebody who never did and begins, or a change from an address that
nobody knows, is how an intruder stays: another key, another policy, another trusted account.

## How to fix
Ask who it was. If nobody knows, undo the change, and treat the credentials as taken:

    aws cloudtrail lookup-events --region us-east-1 --lookup-attributes AttributeKey=EventName,AttributeValue=EVENT
    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive

If it was meant, accept it. Name your networks on the page Networks, and let only the deploy role change IAM, by an
SCP.

## What it cannot know
Changes before events were read. Whose an address is, unless the settings tell. A person at home whose line gets another
address now and then may look new once; who is seen from three other networks or more is not judged by them. While fewer than
30 days were read, it is unknown.

## References
- [Logging IAM calls with CloudTrail](https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html)
- [MITRE ATT&CK T1098, account manipulation](https://attack.mitre.org/techniques/T1098/)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.behaviour.changes import told
from findings.analysis.behaviour.writers import NewWriter, new_writers
from findings.analysis.facts import Facts
from findings.rules import behaviour
from findings.rules.behaviour import MOST, READS_CHANGES
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="MO114",
    slug="iam-changed-from-new-place",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS_CHANGES,
    controls={
        "Prowler": ("cloudtrail_threat_detection_privilege_escalation",),
    },
    title="IAM was changed by somebody, or from somewhere, new",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if not behaviour.judged(principal):
        return
    if unread := behaviour.changes_unread(facts):
        yield unread
        return
    if not facts.behaviour.writes_of(principal.unique_id):
        return
    found, unknown = new_writers(principal, facts)
    if found:
        yield _open(principal, found, facts)
    elif unknown:
        yield behaviour.no_baseline(facts.behaviour.changes_since)
    else:
        yield Clear("it changes IAM as it always does")


def _open(principal: Role | User, found: tuple[NewWriter, ...], facts: Facts) -> Open:
    why = list(dict.fromkeys(reason for one in found for reason in one.why))
    names = list(dict.fromkeys(one.event.name for one in found))
    return Open(
        f"{behaviour.named(principal)} changed IAM ({few(names)}), and {' and '.join(why[:2])}",
        {
            "changes": [told(one.event, facts) for one in found][:MOST],
            "why": why[:MOST],
            "from": sorted({facts.activity.networks.said(one.event.network) for one in found if one.event.network})[
                :MOST
            ],
            "agents": sorted({one.event.agent for one in found if one.event.agent})[:MOST],
            "last_on": max(one.event.at for one in found).date().isoformat(),
        },
    )
