"""CloudTrail's trails, what each of them records, and what tells somebody when an event of some kind comes.

Fields that are None by default stand for what was not told; in the inventory they keep what was told last.
"""

from __future__ import annotations

from datetime import datetime

from collectors.records.base import Record


class Selector(Record, frozen=True, kw_only=True):
    """Events that a trail records. An event is recorded if one of the trail's selectors selects it.

    category: "Management", "Data" or "NetworkActivity". where: field of the event -> operator as AWS writes it ("Equals",
    "StartsWith", "EndsWith", and these with "Not" before: "NotEquals") -> values. All fields and operators must hold; of the
    values one is enough, and under "Not..." none may hold. Basic selectors are written in the same form.
    """

    category: str
    where: dict[str, dict[str, tuple[str, ...]]] = {}


class Recording(Record, frozen=True, kw_only=True):
    """What our own collections saw a trail or recorder record, from a moment on. source, region, name: as in the administrative
    calls about it; details: what such a call would have said (AdminEvent.details)."""

    source: str
    region: str
    name: str
    since: datetime
    details: dict[str, str]


class Trail(Record, frozen=True, kw_only=True):
    """A trail as the account sees it: its own, or its organization's. unique_id: its ARN, whose account owns it.

    home_region: where it was made; multi_region: it records in all enabled regions, else in that one. bucket: of the log files.
    kms_key: "" where no key of KMS encrypts them. log_group: ARN of the one in CloudWatch, "" for none. global_events: those of
    IAM, STS and CloudFront too.

    logging, errors and the times are told by GetTrailStatus, selectors by GetEventSelectors, insights by GetInsightSelectors (its
    types, empty for none). unread: which of STATUS, SELECTORS and INSIGHTS were not told the last time, which happens to members
    with the organization's trail: what stands there is older. errors: what AWS says of the last delivery that failed, by where
    it went ("bucket", "digest", "logs", "notification"). delivered_at: when log files reached the bucket last.
    """

    unique_id: str
    name: str
    home_region: str
    multi_region: bool
    organization: bool
    bucket: str
    prefix: str
    kms_key: str
    validation: bool
    global_events: bool
    log_group: str
    unread: tuple[str, ...]
    selectors: tuple[Selector, ...] | None = None
    insights: tuple[str, ...] | None = None
    logging: bool | None = None
    errors: dict[str, str] | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    delivered_at: datetime | None = None

    @property
    def arn(self) -> str:
        return self.unique_id

    @property
    def owner(self) -> str:
        """Id of the account that it belongs to; "" in no ARN."""
        return owner_of(self.unique_id)

    @property
    def region(self) -> str:
        """Where it can be seen: its one region, or "" for all."""
        return "" if self.multi_region else self.home_region


STATUS, SELECTORS, INSIGHTS = "status", "selectors", "insights"


class Alarm(Record, frozen=True, kw_only=True):
    """What tells somebody when CloudTrail records some event: a metric filter of a log group with the CloudWatch alarms on its
    metric, or a rule of EventBridge. unique_id: "<log group's ARN>:metric-filter:<name>", or the rule's ARN.

    log_group: ARN, "" for a rule. pattern: the filter's or the rule's own text. state: the rule's as AWS writes it ("ENABLED",
    "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"), "" for a filter. alarms: names of the alarms on the filter's
    metric that may act; empty for a rule. receivers: ARNs of what they tell: topics, and a rule's
    other targets. heard: those receivers of which it is known that somebody listens: a topic with a confirmed subscription, or
    a target that is no topic. deaf: topics to which nobody is subscribed.
    """

    unique_id: str
    name: str
    region: str
    log_group: str
    pattern: str
    state: str
    alarms: tuple[str, ...] | None = None
    receivers: tuple[str, ...] | None = None
    heard: tuple[str, ...] | None = None
    deaf: tuple[str, ...] | None = None

    @property
    def owner(self) -> str:
        """Id of the account that it belongs to; "" in no ARN."""
        return owner_of(self.unique_id)


def owner_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 else ""
