"""
## What it does
Opens when what we know of the account is out of date: a source lost a permission that it had, or its last whole answer
is older than twice the schedule (`IAMDASH_COLLECT_EVERY_HOURS`, 6 by default). A credential report is allowed the four
hours more for which AWS hands out the same one. Where a source answers in time, but no more than in part, and its last whole
answer is that old, it is unknown. A bundle is collected on no schedule and is not judged.

## Why it matters
All other findings rest on these answers. A role that was changed, or a guardrail that now stops the collector, makes
the account look as it did on its last good day; that is also how an intruder would blind us.

## How to fix
See what is missing on the account's page, then give it back: deploy the collector's role again with the policy shown
there, or read what denies it:

    aws iam get-role --role-name iamdash-readonly
    aws iam simulate-principal-policy --policy-source-arn ROLE_ARN --action-names iam:GetAccountAuthorizationDetails
    aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=PutRolePolicy

## What it cannot know
Why AWS denies: a policy that was changed and a service control policy look alike unless the message names one. A
permission that we never had is not lost: the rules that need it are unknown, and say so. An account is judged after
each collection, so one whose collection was switched off altogether is shown by its age on the accounts page only.

## References
- [Troubleshoot access denied errors](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from collectors.records import Coverage, State
from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO116",
    slug="collection-stale",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    title="What is known of the account is out of date",
    doc=__doc__,
)
REFUSED = (State.DENIED, State.BLOCKED_BY_SCP)
READ = (State.COMPLETE, State.PARTIAL)
CACHED = {"iam:GetCredentialReport": timedelta(hours=4)}


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    if not facts.settings.collect_every_hours:
        return
    rows = [row for row in facts.snapshot.coverage if row.state is not State.NOT_APPLICABLE]
    known = [(row, last) for row in rows if (last := _last(row))]
    if not known:
        yield Unknown("no source has given a whole answer yet")
        return
    lost = sorted({row.permission or row.api for row, _ in known if row.state in REFUSED})
    late = sorted(
        (last, row.api, row.region) for row, last in known if row.state not in REFUSED and _late(row, last, facts)
    )
    if not lost and not late:
        parts = sorted(
            (row.complete_at, row.api, row.region) for row, _ in known if row.complete_at and _in_part(row, facts)
        )
        if parts:
            yield Unknown(
                f"of what is read only a part is new: the last whole answer was {_dated(*parts[0])}{_more(parts)}"
            )
        else:
            yield Clear("every source that ever answered did so within twice its schedule")
        return
    evidence: dict[str, Json] = {"collect_every_hours": facts.settings.collect_every_hours}
    evidence |= {"lost_permissions": lost, "last_read": [_dated(*one) for one in late]}
    said = [f"the collector lost {lost[0]}{_more(lost)}"] if lost else []
    said += [f"it last read {_dated(*late[0])}{_more(late)}"] if late else []
    yield Open(f"What is known of {account.name} is out of date: {' and '.join(said)}", evidence)


def _last(row: Coverage) -> datetime | None:
    """When the API last answered, if in part."""
    return row.observed_at if row.state in READ else row.complete_at


def _in_part(row: Coverage, facts: Facts) -> bool:
    """Whether some of what the API once told may be out of date, since what it tells now is not all."""
    return row.state is State.PARTIAL and row.complete_at is not None and _late(row, row.complete_at, facts)


def _late(row: Coverage, last: datetime, facts: Facts) -> bool:
    schedule = timedelta(hours=facts.settings.collect_every_hours) * facts.settings.seldom.get(row.api, 1)
    return facts.as_of - last > 2 * schedule + CACHED.get(row.api, timedelta())


def _dated(last: datetime, api: str, region: str) -> str:
    where = f" in {region}" if region else ""
    return f"{api}{where} on {last:%Y-%m-%d}"


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - 1} more" if len(found) > 1 else ""
