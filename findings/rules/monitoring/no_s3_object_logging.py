"""
## What it does
Opens when no trail that is logging records what happens to the objects of the account's buckets: parts `read` (GetObject and
the like) and `write` (PutObject, DeleteObject). What the trails' selectors select is judged, not what they are called, and the
organization's trail counts. Where the settings mark buckets as sensitive (`sensitive_buckets`, by tag or by name), these must
be recorded and no others; else all of them. A bucket that takes trails is not asked for: a trail that records its own
deliveries fills itself. Server access logging is the weaker form, slow and without promise: where every bucket that no trail
covers has it, the finding is one step lower.

## Why it matters
Reads and writes of objects are data events, which a trail leaves out unless it is told otherwise. Without them nobody can say
what was taken when a role's credentials were stolen, and unused access to objects cannot be told from used access.

## How to fix
Let the trail record data events of S3, of the buckets that matter:

    aws cloudtrail put-event-selectors --trail-name TRAIL --advanced-event-selectors file://selectors.json

with a selector of `eventCategory` `Data` and `resources.type` `AWS::S3::Object`, limited by `resources.ARN` to the buckets, since
data events are paid for. Name the selectors that record management events in the same call: it replaces them all.

## What it cannot know
What an event data store of CloudTrail Lake records. Which buckets hold what must not be read unseen: name them in the settings.
Server access logging is known of marked buckets only, from the collection after they were marked.

## References
- [Logging data events](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html)
- [Logging requests with server access logging](https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collectors.records import Bucket
from findings.analysis import recorded
from findings.analysis.buckets import sensitive, untagged
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.recorded import Access
from findings.rules.words import few, lowered
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

LIST, TAGS, LOGGING = "s3:ListBuckets", "s3:GetBucketTagging", "s3:GetBucketLogging"
APIS = (LIST,)  # IAM knows it by another name
MOST = 100  # buckets that evidence names

RULE = Rule(
    code="MO106",
    slug="no-s3-object-logging",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=(LIST,),
    helps=(TAGS, LOGGING, recorded.DESCRIBE, recorded.GET_STATUS, recorded.GET_SELECTORS),
    settings={},
    controls={
        "Prowler": (
            "cloudtrail_s3_dataevents_read_enabled",
            "cloudtrail_s3_dataevents_write_enabled",
        ),
        "CIS AWS v3": (
            "3.8",
            "3.9",
        ),
        "CIS AWS v5": (
            "3.8",
            "3.9",
        ),
        "CIS AWS v7": (
            "4.8",
            "4.9",
        ),
    },
    title="What happens to objects in buckets is not recorded",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    marked = bool(facts.settings.sensitive_buckets)
    buckets = sensitive(facts) if marked else tuple(one for one in facts.snapshot.buckets if not one.delivers)
    if unread := untagged(facts):
        yield Unknown(f"whether a tag marks {few([one.name for one in unread])} as sensitive was not read")
        return
    found = [outcome for access in Access for outcome in _of(access, buckets, account, facts, marked=marked)]
    yield from (one for one in found if isinstance(one, Open))
    if unknown := next((one for one in found if isinstance(one, Unknown)), None):
        yield unknown
    elif not found:
        yield Clear(_clear(buckets, marked=marked))


def _of(
    access: Access, buckets: Sequence[Bucket], account: AccountSubject, facts: Facts, *, marked: bool
) -> Iterator[Outcome]:
    """A bucket without a trail that covers it opens; one of which that is not known, alone, does not."""
    told = {bucket.name: _recorded(bucket, access, facts) for bucket in buckets}
    bare = [bucket for bucket in buckets if told[bucket.name] == "none"]
    if unread := [why for why in told.values() if why not in ("all", "none")]:
        yield Unknown(unread[0])
    if bare:
        weaker = [bucket for bucket in bare if bucket.told("logs_to")]
        severity = lowered(RULE.severity) if len(weaker) == len(bare) else RULE.severity
        verb = "reads" if access is Access.READ else "writes"
        which = "sensitive buckets" if marked else "buckets"
        yield Open(
            f"No trail of {account.name} records {verb} of objects in {len(bare)} of {len(buckets)} {which}",
            _evidence(bare, weaker, access, facts),
            severity,
            part=access.value,
        )


def _recorded(bucket: Bucket, access: Access, facts: Facts) -> str:
    """ "all", "none", or why nobody can tell. A bucket of which no region is known must be covered in each."""
    why = ""
    for region in (bucket.region,) if bucket.region else recorded.regions(facts) or ("",):
        found = recorded.data(facts, region, access)
        if not found.covering(f"{bucket.arn}/"):
            if not found.unread:
                return "none"
            why = found.unread
    return why or "all"


def _evidence(bare: Sequence[Bucket], weaker: Sequence[Bucket], access: Access, facts: Facts) -> dict[str, Json]:
    regions = sorted({bucket.region for bucket in bare} - {""})
    where = (word for region in regions for word in recorded.data(facts, region, access).where)
    return {
        "buckets": sorted(bucket.name for bucket in bare)[:MOST],
        "regions": list(regions),
        "recorded": list(dict.fromkeys(where)),
        "server_access_logging": sorted(bucket.name for bucket in weaker)[:MOST],
        "sensitive": sorted(facts.settings.sensitive_buckets),
    }


def _clear(buckets: Sequence[Bucket], *, marked: bool) -> str:
    if not buckets:
        return "no bucket is marked as sensitive" if marked else "the account has no bucket but those that take trails"
    return f"trails record reads and writes of objects in all {len(buckets)} buckets"
