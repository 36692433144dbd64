"""
## What it does
Opens when no trail of all regions records the account's management events, both those that read and those that write, now. A
trail counts that is logging and whose last delivery to its bucket did not fail; its organization's trail counts like its own.
What selectors select decides, basic and advanced ones, not what they are called; several trails may complete each other.
Leaving out the events of AWS KMS and of the RDS Data API is no fault, for they are many and their own selectors exist. High
instead of critical where at least all writes of every enabled region are recorded.

## Why it matters
Without a trail nobody can tell afterwards who did what. A trail of one region misses what an intruder does in the others, and
one that records only writes misses how they looked around first. CloudTrail's event history alone ends after 90 days.

## How to fix
Make one trail for the whole organization, in its management account. It closes this finding in every account, new ones too
(`fix_at` in the evidence):

    aws cloudtrail create-trail --name organization --s3-bucket-name BUCKET \\
      --is-multi-region-trail --is-organization-trail --enable-log-file-validation --kms-key-id KEY
    aws cloudtrail start-logging --name organization

An account without an organization needs the same without `--is-organization-trail`. A trail that exists and records too little:

    aws cloudtrail update-trail --name TRAIL --is-multi-region-trail
    aws cloudtrail put-event-selectors --trail-name TRAIL \\
      --event-selectors '[{"ReadWriteType": "All", "IncludeManagementEvents": true}]'

## What it cannot know
Whether the bucket keeps what is delivered, which MO105 asks. Event data stores of CloudTrail Lake are not read. A member that
may not read the status or selectors of its organization's trail is unknown, until the account that owns the trail is
connected.

## References
- [Receiving log files from all regions](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/receive-cloudtrail-log-files-from-multiple-regions.html)
- [Trails of an organization](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html)
- [Logging management events](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Trail
from collectors.records.trails import SELECTORS, STATUS
from findings.analysis import recorded, selecting
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.fix_place import root_place
from findings.analysis.recorded import Access
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO101",
    slug="no-multi-region-trail",
    severity=Severity.CRITICAL,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    helps=(recorded.DESCRIBE, recorded.GET_STATUS, recorded.GET_SELECTORS),
    controls={
        "CIS AWS v3": ("3.1",),
        "CIS AWS v5": ("3.1",),
        "CIS AWS v7": ("4.1",),
        "Security Hub": ("CloudTrail.1", "CloudTrail.3"),
        "Prowler": (
            "cloudtrail_multi_region_enabled",
            "cloudtrail_multi_region_enabled_logging_management_events",
        ),
    },
    title="No trail of all regions records management events",
    doc=__doc__,
)
MAY_LEAVE_OUT = {"kms.amazonaws.com", "rdsdata.amazonaws.com"}


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    wide = [one for one in facts.trails if one.multi_region]
    working = [one for one in wide if recorded.recording(one)]
    if all(_whole(working, reads=reads) for reads in (True, False)):
        yield Clear(f"recorded by {few([f'trail {one.name}' for one in working])}")
    elif unread := _unread(wide, facts):
        yield Unknown(unread)
    else:
        yield _open(account, facts)


def _whole(trails: list[Trail], *, reads: bool) -> bool:
    selectors = [selector for trail in trails for selector in trail.selectors or ()]
    found = selecting.management(selectors, reads=reads)
    return found.every or (bool(found.without) and MAY_LEAVE_OUT.issuperset(found.without))


def _unread(trails: list[Trail], facts: Facts) -> str:
    for trail in trails:
        if trail.logging is None:
            return recorded.why_unknown(trail, STATUS, facts)
        if recorded.recording(trail) and trail.selectors is None:
            return recorded.why_unknown(trail, SELECTORS, facts)
    return recorded.unlisted_everywhere(facts)


def _open(account: AccountSubject, facts: Facts) -> Open:
    trails, regions = facts.trails, recorded.regions(facts)
    writes = bool(regions) and all(_written(facts, region) for region in regions)
    told: dict[str, Json] = {
        "trails": [f"{one.name}: {_why_not(one)}" for one in sorted(trails, key=lambda one: one.arn)],
        "regions": list(regions),
        "all_writes_recorded": writes,
        "fix_at": root_place(facts),
    }
    what = "and no other trail exists" if not trails else "though it has trails"
    title = f"No trail of all regions records the management events of {account.name}, {what}"
    return Open(title, told, Severity.HIGH if writes else None)


def _written(facts: Facts, region: str) -> bool:
    found = recorded.management(facts, region, Access.WRITE)
    return bool(found.by) or any(
        selected.without and MAY_LEAVE_OUT.issuperset(selected.without) for _, selected in found.partly
    )


def _why_not(trail: Trail) -> str:
    if trail.logging is None:
        return "nobody could read whether it is logging"
    if not trail.logging:
        return f"not logging{f' since {trail.stopped_at:%Y-%m-%d}' if trail.stopped_at else ''}"
    if not recorded.recording(trail):
        return "its last delivery failed"
    if not trail.multi_region:
        return f"records {trail.home_region} only"
    if trail.selectors is None:
        return "nobody could read what it records"
    lacks = {selecting.management(trail.selectors, reads=reads).lacks or _none(trail, reads) for reads in (True, False)}
    return " and ".join(sorted(lacks - {""})) or "records management events"


def _none(trail: Trail, reads: bool) -> str:
    nothing = selecting.management(trail.selectors or (), reads=reads).nothing
    return f"records no management events that {'read' if reads else 'write'}" if nothing else ""
