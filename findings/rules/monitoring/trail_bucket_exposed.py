"""
## What it does
Opens on a bucket that trails deliver to: its policy lets `cloudtrail.amazonaws.com` put objects there, or a trail of the
account names it. It stands with the account that owns the bucket, which is rarely the one that owns the trail. Parts:

- `public` (high): AWS takes its policy for public, or its ACL lets in everybody or any AWS account, and no public access block,
  the bucket's or the account's, makes that harmless.
- `logging` (low): server access logging is off, so that nobody sees who read or deleted log files.
- `undeletable` (info): neither MFA delete nor Object Lock is on, so that whoever may delete objects there can remove the log.

## Why it matters
The trail is the memory of the account. Who can read it learns every name and habit in it; who can change it without a trace
can do anything unseen.

## How to fix
Close the bucket, have access to it logged into another bucket, and lock what lies there:

    aws s3api put-public-access-block --bucket BUCKET --public-access-block-configuration \\
      BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    aws s3api put-bucket-logging --bucket BUCKET --bucket-logging-status file://logging.json
    aws s3api put-object-lock-configuration --bucket BUCKET --object-lock-configuration file://lock.json

Object Lock keeps versions for a time that you set, needs versioning, and can be put on a bucket that exists. In `COMPLIANCE`
mode nobody can shorten it, the root user included. MFA delete serves where Object Lock cannot be used.

## What it cannot know
Whether objects in it have ACLs of their own. Data events of the bucket are another way to see who reads it, and MO106 asks for
those of other buckets; do not let a trail record its own bucket. A bucket in an account that is not connected is not judged.

## References
- [Amazon S3 bucket policy for CloudTrail](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html)
- [Security best practices in CloudTrail](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Bucket
from findings.analysis.buckets import harmless, public_by, takes_trails
from findings.analysis.facts import Facts
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

LOGGING, VERSIONING, LOCK = "s3:GetBucketLogging", "s3:GetBucketVersioning", "s3:GetObjectLockConfiguration"
POLICY, STATUS, ACL = "s3:GetBucketPolicy", "s3:GetBucketPolicyStatus", "s3:GetBucketAcl"
BLOCK, ACCOUNT_BLOCK = "s3:GetPublicAccessBlock", "s3control:GetPublicAccessBlock"
APIS = (LOCK, BLOCK, ACCOUNT_BLOCK)  # IAM knows them by other names
TOLD_BY = {
    "policy_public": STATUS,
    "acl_public": ACL,
    "block": BLOCK,
    "logs_to": LOGGING,
    "mfa_delete": VERSIONING,
    "object_lock": LOCK,
}

RULE = Rule(
    code="MO105",
    slug="trail-bucket-exposed",
    severity=Severity.HIGH,
    subject=SubjectType.BUCKET,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    helps=(POLICY, STATUS, ACL, BLOCK, ACCOUNT_BLOCK, LOGGING, VERSIONING, LOCK),
    controls={
        "Prowler": (
            "cloudtrail_bucket_requires_mfa_delete",
            "cloudtrail_logs_s3_bucket_access_logging_enabled",
            "cloudtrail_logs_s3_bucket_is_not_publicly_accessible",
        ),
        "CIS AWS v3": ("3.4",),
        "CIS AWS v5": ("3.4",),
        "CIS AWS v7": ("4.4",),
        "Security Hub": (
            "CloudTrail.6",
            "CloudTrail.7",
        ),
    },
    title="A bucket that holds a trail's log files is exposed",
    doc=__doc__,
)


def judge(bucket: Bucket, facts: Facts) -> Iterator[Outcome]:
    delivers = takes_trails(bucket, facts)
    if delivers is None:
        yield Unknown(f"whether a trail delivers to {bucket.name} is not known: {_gap(facts, POLICY)}")
    if not delivers:
        return
    faults = list(_faults(bucket, facts))
    yield from faults
    if unread := _unread(bucket, facts, {fault.part for fault in faults}):
        yield Unknown(f"of bucket {bucket.name} it is not known {few(unread)}")
    elif not faults:
        yield Clear("closed to the public, access to it is logged, and its objects cannot simply be deleted")


def _faults(bucket: Bucket, facts: Facts) -> Iterator[Open]:
    evidence: dict[str, Json] = {"trails": _trails(bucket, facts), "region": bucket.region}
    if by := public_by(bucket, facts):
        told: dict[str, Json] = {"public_by": list(by), "account_block": _account_block(facts)}
        yield Open(f"Bucket {bucket.name}, which holds a trail, is public by {by[0]}", evidence | told, part="public")
    if bucket.told("logs_to") == "":
        text = f"Access to bucket {bucket.name}, which holds a trail, is not logged"
        yield Open(text, evidence, Severity.LOW, part="logging")
    if bucket.told("mfa_delete") is False and bucket.told("object_lock") is False:
        text = f"Log files in bucket {bucket.name} can be deleted: it has neither MFA delete nor Object Lock"
        versioning = bucket.told("versioning") or "never enabled"
        yield Open(text, evidence | {"versioning": versioning}, Severity.INFO, part="undeletable")


def _trails(bucket: Bucket, facts: Facts) -> list[str]:
    """Those of them that the account can see."""
    return sorted({trail.unique_id for trail in facts.snapshot.trails if trail.bucket == bucket.name})


def _account_block(facts: Facts) -> str:
    return "" if facts.told.public_access_block else "the account's public access block is not visible"


def _unread(bucket: Bucket, facts: Facts, open_parts: set[str]) -> list[str]:
    """What is missing to say that a part is not at fault."""
    missing = {field for field in TOLD_BY if bucket.told(field) is None}
    lacking: set[str] = (
        set() if "public" in open_parts else (missing & {"policy_public", "acl_public"}) - harmless(bucket, facts)
    )
    lacking |= missing & {"logs_to"}
    if not (bucket.told("mfa_delete") or bucket.told("object_lock")):
        lacking |= missing & {"mfa_delete", "object_lock"}
    return [_gap(facts, TOLD_BY[field]) for field in TOLD_BY if field in lacking]


def _gap(facts: Facts, api: str) -> str:
    return str(next(iter(facts.gaps((api,))), f"{api} was not asked of it yet"))
