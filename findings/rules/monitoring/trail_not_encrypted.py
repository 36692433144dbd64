"""
## What it does
Opens on a trail whose log files are encrypted with no key of AWS KMS. S3 encrypts them all the same, with a key that everybody
holds who may read the bucket. An organization's trail is reported once, in the account that owns it.

## Why it matters
A trail tells who exists, what they use and from where. With a key of your own, reading it takes two permissions, on the
bucket and on the key, and every reading of a file leaves an event of its own.

## How to fix
Make a key whose policy lets CloudTrail encrypt and your readers decrypt, then name it:

    aws cloudtrail update-trail --name TRAIL_ARN --kms-key-id KEY_ARN

The key must lie in the bucket's region, its policy must allow `kms:GenerateDataKey*` and `kms:DescribeKey` to
`cloudtrail.amazonaws.com`, and `kms:Decrypt` to whoever reads the files; this tool's role too, if it does. Without these the
trail's deliveries fail, which MO102 tells.

## What it cannot know
Who may use the key. The default encryption of the bucket may name a key of KMS too; that one binds whoever writes without
naming another, and is not read here.

## References
- [Encrypting CloudTrail log files with KMS keys](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Trail
from findings.analysis.facts import Facts
from findings.rules import trails
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="MO104",
    slug="trail-not-encrypted",
    severity=Severity.LOW,
    subject=SubjectType.TRAIL,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    controls={
        "CIS AWS v3": ("3.5",),
        "CIS AWS v5": ("3.5",),
        "CIS AWS v7": ("4.5",),
        "Security Hub": ("CloudTrail.2",),
        "Prowler": ("cloudtrail_kms_encryption_enabled",),
    },
    title="A trail's log files are encrypted with no key of KMS",
    doc=__doc__,
)


def judge(trail: Trail, facts: Facts) -> Iterator[Outcome]:
    if other := trails.unseen(trail, facts):
        yield other
    elif trail.kms_key:
        yield Clear("a key of KMS encrypts its log files")
    else:
        yield Open(f"No key of KMS encrypts the log files of trail {trail.name}", trails.told(trail))
