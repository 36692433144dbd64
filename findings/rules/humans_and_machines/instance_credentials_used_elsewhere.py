"""
## What it does
Opens when in the last 60 days the credentials of an EC2 instance (a session named by its id, `i-...`) were used from an
address that is none of AWS's services, none of the networks that your settings name, and none from which instances of the
role came in the 30 days before. A NAT gateway of yours may be new, too, so that one of two must speak for it: the settings
name AWS's ranges (`networks`: CIDR to `aws`) and the address is outside them, or the tools of a Mac were used, which the
role's instances did not use before. Where neither does, it is unknown.

## Why it matters
Instance credentials outside the instance are what is left after a theft: by a request that a web application was made to send
to the metadata service, by malware, or by hand. They work from anywhere until they expire, some hours later, and are renewed
as long as the hole is open.

## How to fix
Take it as an incident. End the sessions that were given out until now, look at what they did, then at the instance:

    aws iam put-role-policy --role-name ROLE --policy-name revoke-older-sessions --policy-document file://deny-before-now.json
    aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=i-0123456789abcdef0
    aws ec2 modify-instance-metadata-options --instance-id ID --http-tokens required

Afterwards bind the role to your networks with `aws:SourceVpc` or `aws:EC2InstanceSourceVPC` conditions.

## What it cannot know
Whose an address is, unless the settings tell. A thief who uses the credentials from within AWS, or through the instance
itself, is not seen. Until 30 days of events were read, an address counts only if the instance called from AWS on the same
day, too. Where no instance of the role called in the 30 days before, there is nothing to compare with: the finding says so
and is less sure, and while events of these days were not read, it is unknown.

## References
- [Instance metadata](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html)
- [GuardDuty: instance credential
exfiltration](https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html)
- [AWS's address ranges](https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from collectors.records import Role, Session
from findings.analysis.activity.networks import AWS, PRIVATE, SERVICE, UNKNOWN, block
from findings.analysis.activity.signs import INSTANCE, MAC
from findings.analysis.facts import Facts
from findings.analysis.kinds import Confidence
from findings.rules import sessions
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

JUDGED, BASELINE = timedelta(days=60), timedelta(days=30)

RULE = Rule(
    code="HM115",
    slug="instance-credentials-used-elsewhere",
    severity=Severity.CRITICAL,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    title="An instance's credentials were used elsewhere",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    found = [one for one in facts.activity.of(role, (JUDGED + BASELINE).days) if INSTANCE.fullmatch(one.name)]
    if facts.activity.since is not None and not found:
        return
    if unread := sessions.unread(facts):
        if role.instance_profiles:
            yield unread
        return
    start = (facts.as_of - JUDGED).date()
    new = {one: outside for one in found if one.day >= start and (outside := _outside(one, found, facts))}
    sure = {one: outside for one, outside in new.items() if _why(one, outside, found, facts)}
    if sure:
        yield _open(role, sure, found, facts)
    elif new:
        yield _unsure(new, found, facts)
    else:
        yield Clear("instances used it from where they always do")


def _unsure(new: dict[Session, list[str]], found: list[Session], facts: Facts) -> Unknown:
    addresses = sorted({address for outside in new.values() for address in outside})
    if not all(_compared(one, found) or _known_long(one, facts) for one in new):
        since = f"{facts.activity.since:%Y-%m-%d}"
        return Unknown(
            f"whether {few(addresses)} is usual is not known: these are the first sessions that were read, since {since}"
        )
    return Unknown(f"whether {few(addresses)} is AWS's is not known: hand in AWS's ranges on the page Networks")


def _compared(one: Session, found: list[Session]) -> bool:
    """Whether instances of the role called before, so that something is usual."""
    return any(_before(other.day, one.day) for other in found)


def _open(role: Role, sure: dict[Session, list[str]], found: list[Session], facts: Facts) -> Open:
    told = [
        f"{one.day:%Y-%m-%d}: {one.name} from {', '.join(outside)}: {_why(one, outside, found, facts)}"
        for one, outside in sure.items()
    ]
    instances = sorted({one.name for one in sure})
    firm = all(_compared(one, found) for one in sure)
    return Open(
        f"Credentials of {few(instances)} (role {role.name}) were used outside AWS",
        {
            "uses": told[: sessions.MOST],
            "addresses": sorted({address for outside in sure.values() for address in outside})[: sessions.MOST],
            "usual_networks": sorted(
                {block(a) for one in found if one not in sure for a in one.networks if _unnamed(a, facts)}
            )[: sessions.MOST],
            "agents": sorted({agent for one in sure for agent in one.agents})[: sessions.MOST],
            "confidence": (Confidence.HIGH if firm else Confidence.MEDIUM).value,
            "baseline": "the 30 days before" if firm else "none: no instance of the role called in the 30 days before",
        },
    )


def _outside(one: Session, found: list[Session], facts: Facts) -> list[str]:
    """Its addresses that nobody named and from which no instance of the role came in the 30 days before."""
    usual = {block(a) for other in found if _before(other.day, one.day) for a in other.networks}
    return sorted(a for a in one.networks if _unnamed(a, facts) and block(a) not in usual)


def _before(earlier: date, day: date) -> bool:
    return day - BASELINE <= earlier < day


def _unnamed(address: str, facts: Facts) -> bool:
    return facts.activity.networks.kind(address) == UNKNOWN and not facts.activity.networks.name(address)


def _why(one: Session, outside: list[str], found: list[Session], facts: Facts) -> str:
    """What makes it sure; "" for nothing. Of a Windows server a desktop's system tells nothing."""
    before = [other for other in found if _before(other.day, one.day)]
    if (tools := _mac(one)) and not any(map(_mac, before)) and (before or _known_long(one, facts)):
        return f"with {' and '.join(tools)}"
    networks = facts.activity.networks
    in_aws = any(networks.kind(address) in (AWS, PRIVATE, SERVICE) for address in one.networks)
    if networks.knows_aws and (in_aws or _known_long(one, facts)):
        return "which is outside AWS's ranges"
    return ""


def _mac(one: Session) -> list[str]:
    return sorted(agent for agent in one.agents if agent.endswith(MAC))


def _known_long(one: Session, facts: Facts) -> bool:
    """Whether the events of the 30 days before were read."""
    since = facts.activity.since
    return since is not None and since.date() <= one.day - BASELINE
