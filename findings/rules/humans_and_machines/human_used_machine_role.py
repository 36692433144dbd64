"""
## What it does
Opens when a person acted with a role that is a machine's: of compute, an AWS service, a CI system, an outside account or Roles
Anywhere (the role's page says why). Whether a person was behind a session is told, with reasons, by what AWS itself records
first: a sign-in or switch to it in the console, credentials of the console, MFA, a source identity, a SAML provider, and who
assumed it, hop by hop ("SSO user alice -> SSO-Dev -> deploy -> payments-prod"). Where nothing of that is there, by an
e-mail address as the session's name, a browser, or a command line on a desktop outside AWS and your CI networks. Against a
person speak an instance's credentials, calls that AWS services made on its behalf, pipelines and workloads by OIDC, and your CI
networks. Such signs on both sides leave it open, and default names such as `botocore-session-...` say nothing. Whose calls were
denied acted; a sign-in to the console that was refused is no use. The window is `unused_days` (90 by default).

## Why it matters
What a program's role may do is made for the program: no MFA, no approval, no session of a person to hold against it. What a
person did under it looks like the deployment; and whoever steals that person's laptop has the program's permissions.

## How to fix
Look at the sessions in the evidence, ask the person, and give what they needed to a role for people. Then take the people out of
the role's trust policy, and out of the policies that let them assume it:

    aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument
    aws iam update-assume-role-policy --role-name ROLE --policy-document file://machines.json

If people are meant to use the role, say so: tag it `iamdash:kind=human-assumed`, or set its kind on its page. Name your networks
on the page Networks (of a bundle in settings.json, `networks`: CIDR to office, vpn, datacentre, ci, vendor or aws), so that an
address tells more.

## What it cannot know
What was not recorded, or before CloudTrail's events were read. Who is behind a role of another account that is not connected, or
whose events are not read. Where they are, the evidence names the caller by its id, and the page the whole path for those who see
that account too.
A person who sets a program's session name and tools, from a program's network, looks like the program; a build machine with
a desktop's system, from an address that nobody named, looks like a person. A person on the instance itself, who uses the
instance's credentials, is not seen.

## References
- [CloudTrail userIdentity](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html)
- [Monitor and control actions taken with assumed
roles](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="HM101",
    slug="human-used-machine-role",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    settings={"unused_days": 90},
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
    },
    title="A person used a machine's role",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    window = facts.settings.unused_days
    if not (why := sessions.machine(role, facts)):
        return
    found = sessions.people(role, facts, window)
    if not found:
        yield sessions.unread(facts) or Clear(f"no session of the last {window} days shows a person")
        return
    names = list(dict.fromkeys(sessions.who(session, facts) for session, _ in found))
    yield Open(
        f"Role {role.name} is a machine's, and {few(names)} used it",
        {
            "kind": facts.kind(role).kind.value,
            "why_machine": list(why),
            "sessions": sessions.told(found, facts),
            "confidence": sessions.surest(verdict for _, verdict in found).value,
            "last_on": max(session.day for session, _ in found).isoformat(),
        },
    )
