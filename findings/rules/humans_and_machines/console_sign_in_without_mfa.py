"""
## What it does
Opens when an IAM user signed in to the console without MFA within the window (`unused_days`, 90 by default), as CloudTrail's
ConsoleLogin says of it. Sign-ins by SAML or Identity Center do not count: for them MFA is not reported, whatever was asked of the
person. Failed sign-ins do not count either. That root signed in, MO110 tells.

## Why it matters
HM107 says that a password is enough; this says that it was used so. Whoever has the password, by phishing or from another site's
breach, signs in the same way, and the record of it looks the same.

## How to fix
Ask the user whether it was him, from the addresses in the evidence. Then give him an MFA device, and deny what is done without:

    aws iam list-mfa-devices --user-name USER
    aws iam enable-mfa-device --user-name USER --serial-number ARN --authentication-code1 CODE --authentication-code2 CODE

Better, move people to IAM Identity Center and delete the passwords of IAM users.

## What it cannot know
Sign-ins that no trail recorded: ConsoleLogin is recorded in varying regions, so that a trail of one region misses some. A
sign-in whose record says nothing of MFA is left out.

## References
- [Console sign-in
events](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html)
- [MFA for IAM users](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Actor, Session, SignIn, User
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.rules.sessions import READS
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="HM112",
    slug="console-sign-in-without-mfa",
    severity=Severity.HIGH,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    helps=("iam:GetCredentialReport",),
    settings={"unused_days": 90},
    controls={
        "AWS Well-Architected": ("SEC02-BP01",),
    },
    title="An IAM user signed in to the console without MFA",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    window = facts.settings.unused_days
    found = [one for one in facts.activity.of(user, window) if _login(one)]
    row = facts.credential(user)
    if not found and row is not None and row.password_enabled is False:
        return
    bare = [one for one in found if one.mfa is False]
    if not bare:
        how = "signed in with MFA" if any(one.mfa for one in found) else f"no sign-in within {window} days"
        yield sessions.unread(facts) or Clear(how)
        return
    last = max(one.day for one in bare)
    yield Open(
        f"{user.name} signed in to the console without MFA, last on {last:%Y-%m-%d}",
        {
            "sign_ins": list(dict.fromkeys(f"{one.day:%Y-%m-%d}{sessions.where(one, facts)}" for one in bare))[
                : sessions.MOST
            ],
            "with_mfa_too": any(one.mfa for one in found),
            "last_on": last.isoformat(),
        },
    )


def _login(one: Session) -> bool:
    """A user's own sign-in; that of a federated user acts with a user's id, too, and says nothing of MFA."""
    return one.sign_in is SignIn.LOGIN and one.actor is Actor.USER and not one.identity_provider
