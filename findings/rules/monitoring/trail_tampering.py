"""
## What it does
Opens when within the window (`unused_days`, 90 by default) somebody weakened what the account records, judged by what the
call did: critical when a trail, an event data store or AWS Config's recorder was stopped or deleted; high when a trail was
told to record less than before (event selectors, regions, global services, log file validation, another bucket), or the
recorder less of IAM; medium when such a call was refused. Selectors that record more, or the same in other words, stay
silent, as does what a new trail is told in its first hour, and a call that ended in another error.

## Why it matters
Whoever wants to stay unseen turns off the camera first. Afterwards nothing that this page, or anything else, says about the
time since is complete.

## How to fix
Switch it on again, then find out who did it and what else they did:

    aws cloudtrail start-logging --name TRAIL
    aws cloudtrail get-event-selectors --trail-name TRAIL
    aws configservice start-configuration-recorder --configuration-recorder-name default

Let an organization trail record all accounts, and forbid these calls by an SCP:

    {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors",
     "cloudtrail:UpdateTrail", "config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder"], "Resource": "*"}

## What it cannot know
What happened while nothing was recorded. What a trail recorded before the first call that was read is what our collections saw
of it by then. Where the call is older than the first collection, it is taken to have been all management events and nothing
else, so that data events that it leaves out are not seen, and a trail that was narrow already may be reported when it is told
so again; of the recorder nothing is said then. A change to the bucket's or key's policy stops a trail too, and is
not judged here.

## References
- [CloudTrail's own events](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html)
- [Protecting CloudTrail](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html)
- [MITRE ATT&CK T1562.008, disable cloud logs](https://attack.mitre.org/techniques/T1562/008/)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.behaviour.changes import told, who
from findings.analysis.behaviour.recording import Effect, Tampering, tamperings
from findings.analysis.facts import AccountSubject, Facts
from findings.rules import sessions
from findings.rules.behaviour import MOST
from findings.rules.sessions import READS
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="MO111",
    slug="trail-tampering",
    severity=Severity.CRITICAL,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    any_of=READS,
    settings={"unused_days": 90},
    title="What is recorded was stopped or narrowed",
    doc=__doc__,
)
SEVERITY = {Effect.STOPPED: Severity.CRITICAL, Effect.NARROWED: Severity.HIGH, Effect.ATTEMPT: Severity.MEDIUM}
VERBS = {"stop": "stopped", "delete": "deleted"}


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    window = facts.settings.unused_days
    all_of_them = tamperings(facts.behaviour.everything, facts.snapshot.recordings)
    found = [one for one in all_of_them if not facts.older(one.event.at, window)]
    if found:
        yield _open(account, found, facts)
    elif unread := sessions.unread(facts):
        yield unread
    else:
        yield Clear(f"nobody weakened what is recorded within {window} days")


def _open(account: AccountSubject, found: list[Tampering], facts: Facts) -> Open:
    worst = max(found, key=lambda one: (one.effect, one.event.at))
    return Open(
        f"{who(worst.event)[:1].upper()}{who(worst.event)[1:]} {_said(worst)} in {account.name} on {worst.event.at:%Y-%m-%d}",
        {
            "calls": [f"{told(one.event, facts)}: {_said(one)}" for one in found][-MOST:],
            "who": list(dict.fromkeys(who(one.event) for one in found))[:MOST],
            "last_on": max(one.event.at for one in found).date().isoformat(),
        },
        SEVERITY[worst.effect],
    )


def _said(one: Tampering) -> str:
    if one.effect is Effect.ATTEMPT:
        return f"was refused to {one.what}"
    verb, _, rest = one.what.partition(" ")
    return f"{VERBS[verb]} {rest}" if one.effect is Effect.STOPPED else f"changed what is recorded: {one.what}"
