"""
## What it does
Opens when somebody was in the console with a role or user that is a machine's: signed in (ConsoleLogin), switched to the
role (SwitchRole), or made calls with credentials of the console. What is a machine's is said by an operator, by a tag, by whom a
role's trust policy lets in, or by a user's keys. The window is `unused_days` (90 by default).

## Why it matters
Programs do not sign in to consoles: it was a person, with permissions that were not made for people. From the console the
same permissions reach further than the program's code ever would.

## How to fix
Find out who it was: the evidence says from where, and who switched. For a user, take the password away; the keys go on working:

    aws iam delete-login-profile --user-name USER

For a role, take people out of its trust policy, or keep it out of the console by a deny of the sign-in actions:

    {"Effect": "Deny", "Action": ["signin:Authenticate", "signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"],
     "Resource": "*"}

If people are meant to use it, tag it `iamdash:kind=human-assumed` or `human-user`, or set its kind in iamdash.

## What it cannot know
A sign-in by a federation broker is recorded like any other; it is a person's in any case. What was not recorded, or before
CloudTrail's events were read.

## References
- [Console sign-in
events](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html)
- [Switch to a role in the console](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, Session, SignIn, User
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.rules.sessions import READS
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

WORDS = {SignIn.LOGIN: "signed in to", SignIn.SWITCH: "switched to in", SignIn.CONSOLE: "used in"}

RULE = Rule(
    code="HM102",
    slug="machine-signed-in-to-console",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    helps=("iam:GetCredentialReport", "iam:ListAccessKeys"),
    settings={"unused_days": 90},
    title="A machine's role or user was in the console",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    window = facts.settings.unused_days
    if not (why := sessions.machine(principal, facts)):
        return
    found = [one for one in facts.activity.of(principal, window) if one.sign_in]
    if not found:
        yield sessions.unread(facts) or Clear(f"was not in the console within {window} days")
        return
    yield Open(
        f"{type(principal).__name__} {principal.name} is a machine's, and was {_how(found)} the console",
        {
            "kind": facts.kind(principal).kind.value,
            "why_machine": list(why),
            "sessions": sessions.told([sessions.judged(one, facts) for one in found], facts),
            "last_on": max(one.day for one in found).isoformat(),
        },
    )


def _how(found: list[Session]) -> str:
    return next(words for how, words in WORDS.items() if any(one.sign_in is how for one in found))
