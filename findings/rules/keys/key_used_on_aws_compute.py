"""
## What it does
Opens when on two days or more within `unused_days` (90 by default) an active access key was used on your own compute in AWS:
by a private address through a VPC endpoint that is yours, or from a public address from which your EC2 instances came, with
their own credentials, within three days of it. A VPC endpoint is yours when CloudTrail says that its owner is the account, or
another one in your zone of trust, or when your instances came through it too.

## Why it matters
What runs in AWS can have a role: its credentials come by themselves, end after some hours, and cannot be copied into an image,
a repository or a laptop. A long-term key on a server is there for everybody who gets onto it, and works from anywhere.

## How to fix
Give the instance, task or function a role with what the key's user may do (its right-size page proposes less), take the key out
of the configuration, and see that the SDK finds the role. The key's page has the trust policy. Then end the key:

    aws ec2 associate-iam-instance-profile --instance-id ID --iam-instance-profile Name=PROFILE
    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id KEY

## What it cannot know
Use from AWS's addresses alone: they may be a vendor's. Functions and tasks that go out by AWS's own shared addresses. A host of
your data centre that reaches the endpoint by Direct Connect or VPN looks like one in AWS until the page Networks
names its network. Where nothing tells whose the endpoint is, it is unknown. Use that looks like a person's is KY109's.

## References
- [Use roles for applications on EC2](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html)
- [CloudTrail record
contents](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey, Session
from findings.analysis.facts import Facts
from findings.analysis.keys.compute import REPEATED
from findings.rules.keys_used import MOST, uses
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="KY108",
    slug="key-used-on-aws-compute",
    severity=Severity.HIGH,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys",),
    any_of=READS,
    settings={"unused_days": 90},
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
    },
    title="Key AKIA… of a user is used on our own compute in AWS",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active:
        return
    found = uses(key, facts)
    if not isinstance(found, tuple):
        yield found
        return
    programs = [one for one in found if not facts.activity.verdict(one).human]
    compute = facts.activity.keys.compute
    ours = [(one, shown) for one in programs if (shown := compute.ours(one))]
    unclear = {place for one in programs for place in compute.unclear(one)}
    if len(ours) >= REPEATED:
        yield _open(key, ours)
    elif unclear:
        yield Unknown(f"it was used in a private network, and nothing tells whose {few(sorted(unclear))} is")
    else:
        yield Clear("nothing shows it on our own compute")


def _open(key: AccessKey, ours: list[tuple[Session, list[str]]]) -> Open:
    places = sorted({place for _, shown in ours for place in shown})
    return Open(
        f"Key {key.unique_id} of {key.user_name} is used on our own compute in AWS, by {few(places)}",
        {
            "user": key.user_name,
            "by": places[:MOST],
            "days": sorted(one.day.isoformat() for one, _ in ours)[-MOST:],
            "addresses": sorted({address for one, _ in ours for address in one.networks})[:MOST],
            "agents": sorted({agent for one, _ in ours for agent in one.agents})[:MOST],
        },
    )
