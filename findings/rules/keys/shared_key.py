"""
## What it does
Opens when an active access key was used on the same day by more than one holder, on three days or more within `unused_days`
(90 by default). What CloudTrail tells of a day is the addresses and the tools that used the key, and not which went with
which, so a day counts when they cannot be one holder's:

- tools of three kinds: a command line with its scripts and pipelines (AWS CLI, Terraform, boto3, Go and JavaScript count as
  one kind, since one host or pipeline uses them together), a Mac, a Windows machine, an application in Java, in PHP, in Ruby,
  in .NET; or
- two kinds, one of them a desktop, from two networks; or two kinds of program from three networks; or
- one kind of tool from four networks. A person has three (office, home, VPN), and so has a program behind NAT gateways in three
  zones.

Only tools and networks that were seen on three days or more count, so a runner, a journey or a new version does not; addresses
that change from day to day count as one network. So do neighbours (/24, of IPv6 /48), addresses to which your settings
(`networks`) give one name, and a host's addresses of IPv4, IPv6 and a VPC endpoint. Tools that were used on a day on which all
came from one network are taken for one holder's. Calls of AWS services on behalf of the user do not count.

## Why it matters
A key that several hold belongs to nobody: it cannot be rotated without cutting somebody off, so it is not; when it leaks nobody
can tell from where; and each holder has the permissions that all of them together need.

## How to fix
Give each holder its own credentials that end: a role for what runs in AWS, OIDC for CI, Roles Anywhere for other machines,
Identity Center for people. The key's page tells by its use which. Take the holders off one by one, then end the key:

    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id KEY

## What it cannot know
Several programs on one host or behind one address, with tools of one or two kinds. Several people of one office. Two hosts with
the same tools look like one with two addresses, and so do one that has IPv4 only and one that has IPv6 only. A program with four
addresses or more in networks that nobody named looks shared: name them in the settings. A day keeps 40 addresses and 20 agents at
the most.

## References
- [Security best practices in IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html)
- [Manage access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey
from findings.analysis.facts import Facts
from findings.analysis.keys.sharing import Sharing, sharing
from findings.rules.keys_used import MOST, counted, uses
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="KY107",
    slug="shared-key",
    severity=Severity.HIGH,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys",),
    any_of=READS,
    settings={"unused_days": 90},
    title="Key AKIA… of a user is used by several",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active:
        return
    found = uses(key, facts)
    if not isinstance(found, tuple):
        yield found
    elif shared := sharing(found, facts.activity.networks):
        yield _open(key, shared, facts)
    else:
        yield Clear("its use may be one holder's")


def _open(key: AccessKey, shared: Sharing, facts: Facts) -> Open:
    tools = few(list(shared.tools)) if len(shared.tools) > 1 else f"from {len(shared.places)} networks"
    return Open(
        f"Key {key.unique_id} of {key.user_name} is used by several: {tools} on the same days",
        {
            "user": key.user_name,
            "shared_on": [day.isoformat() for day in shared.days[-MOST:]],
            "networks": counted(shared.places),
            "tools": counted(shared.tools),
        },
    )
