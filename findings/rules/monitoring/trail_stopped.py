"""
## What it does
Opens on a trail that exists and is not logging, or whose last delivery failed, as CloudTrail itself says. Critical when its
files no longer reach their bucket; high when it cannot write to its log group in CloudWatch, so that alarms on it stay
silent; medium when its digest files cannot be written, so that nobody can prove that the log files were not changed; low when
its topic cannot be told. A trail that stopped is medium where another one records all management events that it would. An
organization's trail is reported once, in the account that owns it.

## Why it matters
A trail that is there lets everybody believe that somebody records. Stopping it is what an intruder does first, and a bucket
policy or a key that was tidied up does the same by accident.

## How to fix
Switch it on again, and see who stopped it (MO111 tells, if we read it):

    aws cloudtrail start-logging --name TRAIL_ARN
    aws cloudtrail get-trail-status --name TRAIL_ARN
    aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=StopLogging

After a failed delivery let CloudTrail write again: the bucket's policy must allow `s3:PutObject` and `s3:GetBucketAcl`, and the
key's policy `kms:GenerateDataKey*`, to `cloudtrail.amazonaws.com`. A trail that nobody needs any more is deleted:

    aws cloudtrail delete-trail --name TRAIL_ARN

## What it cannot know
What happened while it was stopped. CloudTrail tells of the last delivery only: an error before a good one is not seen, and
one stays until the next file is due.

## References
- [GetTrailStatus](https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html)
- [Bucket policy for CloudTrail](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html)
- [MITRE ATT&CK T1562.008, disable cloud logs](https://attack.mitre.org/techniques/T1562/008/)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Trail
from collectors.records.trails import STATUS
from findings.analysis import recorded, selecting
from findings.analysis.facts import Facts
from findings.analysis.recorded import Access
from findings.rules import trails
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO102",
    slug="trail-stopped",
    severity=Severity.CRITICAL,
    subject=SubjectType.TRAIL,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    helps=(recorded.GET_STATUS, recorded.GET_SELECTORS),
    title="A trail is not logging, or cannot deliver",
    doc=__doc__,
)
FAILS = {
    "bucket": (Severity.CRITICAL, "cannot write to its bucket"),
    "logs": (Severity.HIGH, "cannot write to its log group in CloudWatch"),
    "digest": (Severity.MEDIUM, "cannot write its digest files"),
    "notification": (Severity.LOW, "cannot tell its topic"),
}
LONGEST = 300  # characters of what AWS says


def judge(trail: Trail, facts: Facts) -> Iterator[Outcome]:
    now = recorded.known(trail, facts)
    if other := trails.unseen(trail, facts):
        yield other
    elif now.logging is None:
        yield Unknown(recorded.why_unknown(trail, STATUS, facts))
    elif not now.logging:
        since = f" since {now.stopped_at:%Y-%m-%d}" if now.stopped_at else ""
        yield Open(f"Trail {trail.name} is not logging{since}", _told(now), _of_stopped(now, facts))
    elif failed := [name for name in FAILS if (now.errors or {}).get(name)]:
        severity, words = FAILS[failed[0]]
        yield Open(f"Trail {trail.name} {words}", _told(now), severity)
    else:
        yield Clear("it is logging, and no delivery failed")


def _told(trail: Trail) -> dict[str, Json]:
    errors = trail.errors or {}
    found = trails.told(trail)
    if trail.stopped_at and not trail.logging:
        found["stopped_on"] = trail.stopped_at.date().isoformat()
    if trail.delivered_at and (not trail.logging or "bucket" in errors):
        found["delivered_on"] = trail.delivered_at.date().isoformat()
    return found | {"errors": [f"{name}: {errors[name][:LONGEST]}" for name in FAILS if name in errors]}


def _of_stopped(trail: Trail, facts: Facts) -> Severity | None:
    """Medium where others record the management events, and it recorded nothing else."""
    if trail.selectors is None or any(one.category != selecting.MANAGEMENT for one in trail.selectors):
        return None
    regions = recorded.regions(facts) if trail.multi_region else (trail.home_region,)
    others = all(recorded.management(facts, region, access).by for region in regions for access in Access)
    return Severity.MEDIUM if regions and others else None
