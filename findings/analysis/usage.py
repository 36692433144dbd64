"""What is known of the use of a principal's permissions: which services it tried, who saw it, and what nobody can see.

Access Advisor tells by service, of attempts too; CloudTrail by call, of what was allowed. A source that knows more fills the same
shape (`merged`), so who reads it need not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from collectors.records import TRAIL, EventUse, Role, ServiceUse, State, User
from findings.analysis.activity.event_actions import actions_of, service_of
from findings.analysis.facts import ADVISOR_DAYS, Facts

WHOLE = (TRAIL,)  # APIs that give all events; one of them is enough
ADVISOR, CLOUDTRAIL, KEY = "Access Advisor", "CloudTrail", "access key last used"
TRACKED_DAYS = (
    400  # what Access Advisor remembers, denied attempts included; less in regions that track for a shorter time
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The last attempt to use a service or action. at None: none while it was watched. n: calls that were allowed, in all that
    was read; 0 where the source does not count."""

    at: datetime | None
    source: str
    region: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """services: by prefix ("s3"), each that some source tells of. since: from when on it was watched. unread: why silence
    says nothing ("" when it does). resources: action -> ARNs it was used on, where a source knows them.

    actions: canonical name -> its last allowed use. actions_since: from when on calls were read without a gap; None: nobody
    read any, or not all, for actions_unread. unmapped: calls of which nobody knows the action ("ec2.amazonaws.com NewCall");
    they keep their service used. tracked: actions that Access Advisor tells of by themselves, at None: not attempted; of all
    others its silence says nothing. parts: what each source told, where several did.
    """

    services: Mapping[str, Seen]
    since: datetime
    unread: str = ""
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    actions: Mapping[str, Seen] = field(default_factory=dict)
    actions_since: datetime | None = None
    actions_unread: str = ""
    unmapped: tuple[str, ...] = ()
    tracked: Mapping[str, Seen] = field(default_factory=dict)
    parts: tuple[Use, ...] = ()

    def last(self, service: str) -> datetime | None:
        seen = self.services.get(service)
        return seen.at if seen else None

    def used(self, service: str, since: datetime) -> bool | None:
        """Whether it was tried at or after the moment; None when nobody can say."""
        last = self.last(service)
        if last is not None and last >= since:
            return True
        return None if self.unread or service not in self.services else False

    def used_action(self, action: str, since: datetime) -> bool:
        """Whether it was seen at or after the moment. What silence is worth: analysis/used.py."""
        told = (self.actions.get(action), self.tracked.get(action))
        return any(seen is not None and seen.at is not None and seen.at >= since for seen in told)

    def sightings(self, name: str) -> tuple[Seen, ...]:
        """What each source saw of a service or an action, the newest first."""
        parts = self.parts or (self,)
        told = (some for p in parts for some in ((p.actions, p.tracked) if ":" in name else (p.services,)))
        found = [(seen.at, seen) for some in told if (seen := some.get(name)) and seen.at]
        return tuple(seen for _, seen in sorted(found, key=lambda one: one[0], reverse=True))


def use(principal: Role | User, facts: Facts) -> Use:
    """Everything that is known of the principal's use."""
    told = (_advisor(principal, facts), _trail(principal, facts), _keys(principal, facts))
    return merged(one for one in told if one)


def merged(uses: Iterable[Use]) -> Use:
    """The newest sighting of each service, whoever saw it. Silence counts if one of them was listening, over the shortest
    time that such a one listened."""
    many = list(uses)
    if len(many) == 1 and not (many[0].unread and many[0].services):  # of most nothing more is known
        return many[0]
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
        actions_unread="; ".join(dict.fromkeys(u.actions_unread for u in many if u.actions_unread)),
        unmapped=tuple(sorted({name for u in many for name in u.unmapped})),
        tracked=_newest(u.tracked for u in many),
        parts=tuple(part for one in many for part in one.parts or (one,)),
    )


def _newest(some: Iterable[Mapping[str, Seen]]) -> dict[str, Seen]:
    """With the calls of all of them: several are one action, such as ListObjects and HeadBucket."""
    found: dict[str, Seen] = {}
    for actions in some:
        for action, seen in actions.items():
            old = found.get(action)
            if old is None:
                found[action] = seen
            else:
                newer = seen if seen.at is not None and (old.at is None or seen.at > old.at) else old
                found[action] = replace(newer, n=old.n + seen.n)
    return found


def _advisor(principal: Role | User, facts: Facts) -> Use:
    found = facts.advisor.get(principal.unique_id)
    read_at = found.read_at if found else facts.as_of
    unread = "" if facts.advised(principal) else _unread(principal, facts)
    services = found.services if found else ()
    return Use(
        {s.namespace.lower(): Seen(s.last_at, ADVISOR, s.region) for s in services},
        since=max(principal.created_at, read_at - timedelta(days=TRACKED_DAYS)),
        unread=unread,
        tracked=_newest(_tracked(one) for one in services if not unread or one.last_at),
    )


def _tracked(service: ServiceUse) -> dict[str, Seen]:
    """AWS names them as the action or as the call, "ListFunctions20150331"; one that is several actions tells of none."""
    named = ((actions_of(service.namespace, one.name) or (), one) for one in service.actions or ())
    return {actions[0]: Seen(one.last_at, ADVISOR, one.region) for actions, one in named if len(actions) == 1}


@dataclass(frozen=True, slots=True)
class Heard:
    """Since when all events were read, and until when; None: not without a gap, for why."""

    since: datetime | None
    until: datetime | None = None
    why: str = ""


def heard(facts: Facts) -> Heard:
    if facts.activity.since is None:
        return Heard(None, why=f"no {CLOUDTRAIL} events were read")
    if gaps := facts.gaps((), WHOLE):
        return Heard(None, why=f"{CLOUDTRAIL}'s events were not all read: {'; '.join(map(str, gaps))}")
    rows = [row.observed_at for row in facts.snapshot.coverage if row.api in WHOLE and row.state is State.COMPLETE]
    return Heard(facts.activity.since, min(rows))


def _trail(principal: Role | User, facts: Facts) -> Use | None:
    """What CloudTrail's events tell of it; None where nobody read any.

    It does not count as listening to services: of many it shows only those calls that are management events.
    """
    since = facts.activity.since
    if since is None:
        return None
    allowed = [one for one in facts.activity.uses(principal) if one.used_at is not None]
    mapped = [(one, actions_of(one.source, one.name)) for one in allowed]
    whole = heard(facts)
    return Use(
        services=_newest(dict.fromkeys(_services(one, actions), _seen(one)) for one, actions in mapped),
        since=max(principal.created_at, since),
        unread=f"{CLOUDTRAIL} shows only calls that it records, so its silence on a service says nothing",
        actions=_newest(dict.fromkeys(actions or (), _seen(one)) for one, actions in mapped),
        actions_since=whole.since,
        actions_unread=whole.why,
        unmapped=tuple(sorted(f"{one.source} {one.name}" for one, actions in mapped if actions is None)),
    )


def _seen(call: EventUse) -> Seen:
    return Seen(call.used_at, CLOUDTRAIL, n=call.n - call.denied)


def _services(call: EventUse, actions: tuple[str, ...] | None) -> set[str]:
    """A call that is not mapped keeps its service used."""
    if actions is not None:
        return {action.partition(":")[0] for action in actions}
    return {service for service in (service_of(call.source),) if service}


def _keys(principal: Role | User, facts: Facts) -> Use | None:
    """What a user's access keys were last used for. It tells of one service a key, and so nothing of the others."""
    keys = facts.keys(principal) if isinstance(principal, User) else ()
    told = ((service_of(key.last_used_service), key) for key in keys if key.last_used_at)
    seen = [{service: Seen(key.last_used_at, KEY, key.last_used_region)} for service, key in told if service]
    if not seen:
        return None
    return Use(_newest(seen), since=principal.created_at, unread="an access key tells of its last use only")


def _unread(principal: Role | User, facts: Facts) -> str:
    found = facts.advisor.get(principal.unique_id)
    if found is None:
        gaps = facts.gaps(("iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"))
        return f"{ADVISOR} was not read for {principal.name}" + "".join(f"; {gap}" for gap in gaps[:1])
    return f"{ADVISOR} was read for {principal.name} on {found.read_at:%Y-%m-%d}, more than {ADVISOR_DAYS} days ago"


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
