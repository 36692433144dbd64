"""What a machine does on a day and never did before: a service, a region, a network or an agent.

Only what keeps to its ways can leave them. Where new ones come up as a matter of course (runners with ever other addresses, a
scanner that visits every region) another one tells nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from collectors.records import AccessKey, PrincipalDay, Session, User
from findings.analysis.activity.networks import SERVICE, Networks, block
from findings.analysis.behaviour.baseline import LONGEST, Baseline, Subject
from findings.analysis.behaviour.changes import by_code

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

SERVICES, REGIONS, NETWORKS, AGENTS = "service", "region", "network", "agent"
CUT = {NETWORKS: "networks", AGENTS: "agents"}  # the session's list that each is made of
FEWEST = 4  # days with calls, below which nothing is a habit: a weekly job has four in a month
LEARNING = timedelta(days=14)  # at the beginning everything is new
MOST_NEW = (
    1  # of a principal that keeps to its ways: days on which something new came up, and what came up on one day only
)
ANNOUNCED = timedelta(days=14)
# What is no way of the principal's own: agents that are no tool, and the service that every tool asks who it is.
NOBODYS = frozenset({"none", "aws-service", "cloudformation", "sts"})

Seen = Mapping[date, frozenset[str]]


@dataclass(frozen=True, slots=True)
class First:
    """kind: one of the four. new: what came up on the day; usual: what was there before it, since `start`."""

    kind: str
    day: date
    start: date
    new: tuple[str, ...]
    usual: tuple[str, ...]

    @property
    def said(self) -> str:
        """ "30 days: eu-west-1 only; 2026-11-22: ap-southeast-2"."""
        only = " only" if len(self.usual) == 1 else ""
        return f"{(self.day - self.start).days} days: {short(self.usual)}{only}; {self.day:%Y-%m-%d}: {short(self.new)}"


def firsts(subject: Subject, facts: Facts) -> tuple[First, ...]:
    """Oldest first. Days without a baseline say nothing: `unjudged` tells of them."""
    judged = facts.behaviour.judged(subject)
    if not judged:
        return ()
    sessions = facts.behaviour.sessions(subject)
    seen = _ways(facts.behaviour.days(subject), sessions, facts)
    own = _ways(judged, _own(subject, sessions, judged[0].day), facts)
    fresh = [kind for kind in seen if _anything(own[kind], seen[kind], judged[0].day, judged[-1].day - LONGEST)]
    found: list[First] = []
    for one in judged if fresh else ():
        baseline = facts.behaviour.baseline(subject, one.day)
        if baseline.known and baseline.active >= FEWEST:
            for kind in fresh:
                found += _of_day(kind, own[kind].get(one.day, frozenset()), seen[kind], baseline, subject, facts)
    return tuple(found)


def _own(
    subject: Subject, sessions: Mapping[date, tuple[Session, ...]], start: date
) -> dict[date, tuple[Session, ...]]:
    """Those of the days that are judged; of a key, its own."""
    key = subject.unique_id if isinstance(subject, AccessKey) else ""
    recent = {day: some for day, some in sessions.items() if day >= start}
    return {day: tuple(one for one in some if one.key_id == key) for day, some in recent.items()}


def _anything(own: Seen, seen: Seen, start: date, oldest: date) -> bool:
    """Whether anything was new in the judged days by what all of their baselines have: spares the rest of most principals."""
    return bool(_united(own, start, date.max) - _united(seen, oldest, start))


def _of_day(
    kind: str, own: frozenset[str], by_day: Seen, baseline: Baseline, subject: Subject, facts: Facts
) -> Iterator[First]:
    usual = _united(by_day, baseline.start, baseline.day)
    new = own - usual
    if not new or not usual or not _keeps(by_day, baseline) or _cut(kind, subject, baseline, facts):
        return
    if kind == NETWORKS or not announced(subject, baseline.day, facts):
        yield First(kind, baseline.day, baseline.start, tuple(sorted(new)), tuple(sorted(usual)))


def unjudged(subject: Subject, facts: Facts) -> bool:
    """Whether of a judged day it is not known what is usual, since events were read too late."""
    return any(facts.behaviour.short(subject, one.day) for one in facts.behaviour.judged(subject))


def _keeps(by_day: Seen, baseline: Baseline) -> bool:
    """Whether something new is rare with it: hardly any came up after the first weeks, and hardly any stayed alone, which tells
    how many more there are that were not met yet (Good and Turing)."""
    days = sorted(day for day in by_day if baseline.start <= day < baseline.day)
    met: Counter[str] = Counter()
    fresh = 0
    for day in days:
        fresh += bool(by_day[day] - met.keys()) and day >= days[0] + LEARNING
        met.update(by_day[day])
    return fresh <= MOST_NEW and sum(times == 1 for times in met.values()) <= MOST_NEW


def _cut(kind: str, subject: Subject, baseline: Baseline, facts: Facts) -> bool:
    """Whether lists of the days before are not whole, so that what is not on them may have been there."""
    by_day = facts.behaviour.sessions(subject)
    some = (one for day, sessions in by_day.items() if baseline.start <= day < baseline.day for one in sessions)
    return kind in CUT and any(CUT[kind] in one.cut for one in some)


def announced(subject: Subject, day: date, facts: Facts) -> bool:
    """Whether its permissions were changed by code shortly before: a deployment of something new."""
    owner = facts.user_by_arn.get(subject.user_arn) if isinstance(subject, AccessKey) else subject
    if owner is None:
        return False
    kind = "user" if isinstance(owner, User) else "role"
    events = facts.behaviour.about(kind, owner.name)
    for arn in owner.attached:
        events += facts.behaviour.about("policy", arn, arn.rpartition("/")[2])
    return any(by_code(one) and day - ANNOUNCED <= one.at.date() <= day for one in events)


def _ways(days: Iterable[PrincipalDay], sessions: Mapping[date, tuple[Session, ...]], facts: Facts) -> dict[str, Seen]:
    """By kind, what each day has."""
    networks, told = facts.activity.networks, list(days)
    return {
        SERVICES: _united_days((one.day, map(_service, one.services)) for one in told),
        REGIONS: _united_days((one.day, one.regions) for one in told),
        NETWORKS: _united_days((day, places(one, networks)) for day, some in sessions.items() for one in some),
        AGENTS: _united_days((day, one.agents) for day, some in sessions.items() for one in some if one.agents),
    }


def _united_days(some: Iterable[tuple[date, Iterable[str]]]) -> Seen:
    found: defaultdict[date, set[str]] = defaultdict(set)
    for day, values in some:
        found[day].update(values)
    return {day: frozenset(values - NOBODYS) for day, values in found.items()}


def _service(source: str) -> str:
    return source.removesuffix(".amazonaws.com")


def places(session: Session, networks: Networks) -> set[str]:
    """Names of networks, or neighbourhoods; not where AWS's services called from."""
    return {place(a, networks) for a in session.networks if networks.kind(a) != SERVICE}


def place(address: str, networks: Networks) -> str:
    return networks.name(address) or block(address)


def _united(by_day: Seen, start: date, end: date) -> frozenset[str]:
    return frozenset().union(*(some for day, some in by_day.items() if start <= day < end))


def short(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
