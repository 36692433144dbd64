"""
## What it does
Opens on a trail whose log file validation is off. An organization's trail is reported once, in the account that owns it.

## Why it matters
With validation CloudTrail writes a signed digest of its log files every hour. Without, whoever may write to the bucket can
take an event out of a file, and nobody can prove it, or prove that it was not so.

## How to fix

    aws cloudtrail update-trail --name TRAIL_ARN --enable-log-file-validation

Then check files with what AWS signed:

    aws cloudtrail validate-logs --trail-arn TRAIL_ARN --start-time 2026-01-01T00:00:00Z

It costs nothing and changes nothing about the log files. Files from before stay without digests.

## What it cannot know
Whether anybody ever validates. Digest files that cannot be delivered are told by MO102.

## References
- [Validating CloudTrail log file integrity](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Trail
from findings.analysis.facts import Facts
from findings.rules import trails
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="MO103",
    slug="trail-without-validation",
    severity=Severity.MEDIUM,
    subject=SubjectType.TRAIL,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    controls={
        "CIS AWS v3": ("3.2",),
        "CIS AWS v5": ("3.2",),
        "CIS AWS v7": ("4.2",),
        "Security Hub": ("CloudTrail.4",),
        "Prowler": ("cloudtrail_log_file_validation_enabled",),
    },
    title="A trail's log files are not validated",
    doc=__doc__,
)


def judge(trail: Trail, facts: Facts) -> Iterator[Outcome]:
    if other := trails.unseen(trail, facts):
        yield other
    elif trail.validation:
        yield Clear("log file validation is on")
    else:
        yield Open(f"Log file validation of trail {trail.name} is off", trails.told(trail))
