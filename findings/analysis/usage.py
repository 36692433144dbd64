"""What is known of the use of a principal's permissions: which services it tried, who saw it, and what nobody can see.

Access Advisor tells by service, of attempts too; CloudTrail by call, of what was allowed. A source that knows more fills the same
shape (`merged`), so who reads it need not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collectors.records import EventUse, Role, User
from findings.analysis.activity.event_actions import actions_of, service_of
from findings.analysis.facts import ADVISOR_DAYS, Facts
from findings.policy.catalogue import Catalogue

ADVISOR, CLOUDTRAIL = "Access Advisor", "CloudTrail"
TRACKED_DAYS = (
    400  # what Access Advisor remembers, denied attempts included; less in regions that track for a shorter time
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The last attempt to use a service. at None: none while it was watched."""

    at: datetime | None
    source: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """services: by prefix ("s3"), each that some source tells of. since: from when on it was watched. unread: why silence
    says nothing ("" when it does). resources: action -> ARNs it was used on, where a source knows them.

    actions: canonical name -> its last allowed use. actions_since: from when on calls were read without a gap; None: nobody
    read any. unmapped: calls of which nobody knows the action ("ec2.amazonaws.com NewCall"); they keep their service used.
    """

    services: Mapping[str, Seen]
    since: datetime
    unread: str = ""
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    actions: Mapping[str, Seen] = field(default_factory=dict)
    actions_since: datetime | None = None
    unmapped: tuple[str, ...] = ()

    def last(self, service: str) -> datetime | None:
        seen = self.services.get(service)
        return seen.at if seen else None

    def used(self, service: str, since: datetime) -> bool | None:
        """Whether it was tried at or after the moment; None when nobody can say."""
        last = self.last(service)
        if last is not None and last >= since:
            return True
        return None if self.unread or service not in self.services else False

    def used_action(self, action: str, since: datetime) -> bool | None:
        """Whether it was used at or after the moment, as far as calls tell. Silence counts only of actions that events show
        (analysis/activity/seen.py), and only where calls were read all that time."""
        seen = self.actions.get(action)
        if seen is not None and seen.at is not None and seen.at >= since:
            return True
        return False if self.actions_since is not None and self.actions_since <= since else None


@dataclass(frozen=True, slots=True)
class Unseen:
    """Actions whose use leaves no trace. by_service: not even in Access Advisor's answer on the service as a whole."""

    patterns: tuple[str, ...]
    why: str
    source: str
    by_service: bool = False


_REFINE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html"
_DATA_EVENTS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html"
_DATA = "is a data event, which a trail records only where it was told to"
# What the principal hands to another service, and what only a trail with data events would show.
UNSEEN = (
    Unseen(
        ("iam:PassRole",),
        "is checked when a role is handed to a service; no record is ever written of it",
        _REFINE,
        by_service=True,
    ),
    Unseen(
        ("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"),
        "is checked with another call and has no record of its own",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
    ),
    Unseen(
        ("s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:RestoreObject", "s3:AbortMultipartUpload"),
        f"{_DATA} for S3",
        _DATA_EVENTS,
    ),
    Unseen(
        (
            "dynamodb:*Item",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:PartiQL*",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
        ),
        f"{_DATA} for DynamoDB",
        _DATA_EVENTS,
    ),
    Unseen(("lambda:InvokeFunction", "lambda:InvokeFunctionUrl"), f"{_DATA} for Lambda", _DATA_EVENTS),
    Unseen(
        ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
        f"{_DATA} for SQS",
        _DATA_EVENTS,
    ),
    Unseen(("sns:Publish",), f"{_DATA} for SNS", _DATA_EVENTS),
    Unseen(
        ("kinesis:PutRecord", "kinesis:PutRecords", "kinesis:GetRecords", "kinesis:SubscribeToShard"),
        f"{_DATA} for Kinesis",
        _DATA_EVENTS,
    ),
    Unseen(
        ("logs:PutLogEvents", "logs:CreateLogStream", "cloudwatch:PutMetricData"),
        "is recorded, if at all, as a data event",
        _DATA_EVENTS,
    ),
)

ACTIONS = tuple(pattern for one in UNSEEN for pattern in one.patterns)  # `manage.py catalogue --check` reads it


def unseen(catalogue: Catalogue, by_service: bool = True) -> int:
    """Actions whose use cannot be seen, where what is known is known by service (or, if not, by action)."""
    return catalogue.mask(p for one in UNSEEN if one.by_service or not by_service for p in one.patterns)


def use(principal: Role | User, facts: Facts) -> Use:
    """Everything that is known of the principal's use."""
    trail = _trail(principal, facts)
    return merged([_advisor(principal, facts), *([trail] if trail else [])])


def merged(uses: Iterable[Use]) -> Use:
    """The newest sighting of each service, whoever saw it. Silence counts if one of them was listening, over the shortest
    time that such a one listened."""
    many = list(uses)
    listening = [u for u in many if not u.unread]
    services: dict[str, Seen] = {}
    for one in many:
        for service, seen in one.services.items():
            if one.unread and seen.at is None:
                continue
            old = services.get(service)
            if old is None or (seen.at is not None and (old.at is None or seen.at > old.at)):
                services[service] = seen
    return Use(
        services,
        since=max(u.since for u in listening or many),
        unread="" if listening else "; ".join(u.unread for u in many),
        resources={action: arns for u in many for action, arns in u.resources.items()},
        actions=_newest(u.actions for u in many),
        actions_since=max((u.actions_since for u in many if u.actions_since), default=None),
        unmapped=tuple(sorted({name for u in many for name in u.unmapped})),
    )


def _newest(some: Iterable[Mapping[str, Seen]]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    for actions in some:
        for action, seen in actions.items():
            old = found.get(action)
            if old is None or (seen.at is not None and (old.at is None or seen.at > old.at)):
                found[action] = seen
    return found


def _advisor(principal: Role | User, facts: Facts) -> Use:
    found = facts.advisor.get(principal.unique_id)
    read_at = found.read_at if found else facts.as_of
    unread = "" if facts.advised(principal) else _unread(principal, facts)
    return Use(
        {s.namespace.lower(): Seen(s.last_at, ADVISOR, s.region) for s in (found.services if found else ())},
        since=max(principal.created_at, read_at - timedelta(days=TRACKED_DAYS)),
        unread=unread,
    )


def _trail(principal: Role | User, facts: Facts) -> Use | None:
    """What CloudTrail's events tell of it; None where nobody read any.

    It does not count as listening to services: of many it shows only those calls that are management events.
    """
    since = facts.activity.since
    if since is None:
        return None
    allowed = [one for one in facts.activity.uses(principal) if one.used_at is not None]
    mapped = [(one, actions_of(one.source, one.name)) for one in allowed]
    return Use(
        services=_newest(
            dict.fromkeys(_services(one, actions), Seen(one.used_at, CLOUDTRAIL)) for one, actions in mapped
        ),
        since=max(principal.created_at, since),
        unread=f"{CLOUDTRAIL} shows only calls that it records, so its silence on a service says nothing",
        actions=_newest(dict.fromkeys(actions or (), Seen(one.used_at, CLOUDTRAIL)) for one, actions in mapped),
        actions_since=since,
        unmapped=tuple(sorted(f"{one.source} {one.name}" for one, actions in mapped if actions is None)),
    )


def _services(call: EventUse, actions: tuple[str, ...] | None) -> set[str]:
    """A call that is not mapped keeps its service used."""
    if actions is not None:
        return {action.partition(":")[0] for action in actions}
    return {service for service in (service_of(call.source),) if service}


def _unread(principal: Role | User, facts: Facts) -> str:
    gaps = facts.gaps(("iam:GetServiceLastAccessedDetails",))
    if principal.unique_id not in facts.advisor:
        return f"{ADVISOR} was not read for {principal.name}" + "".join(f"; {gap}" for gap in gaps[:1])
    return f"{ADVISOR} was read for {principal.name} more than {ADVISOR_DAYS} days ago"


def idle(principal: Role | User, facts: Facts) -> bool:
    """Whether a role shows no use at all in the window, so that LP101 speaks of it. Never so of a user: whether his keys
    or password are in use is a question of its own."""
    if not isinstance(principal, Role):
        return False
    window = facts.settings.unused_days
    found = facts.advisor.get(principal.unique_id)
    seen = [principal.last_used_at, found.last_use.last_at if found and found.last_use else None]
    seen += [one.used_at for one in facts.activity.uses(principal)]
    return all(at is None or facts.older(at, window) for at in seen)
