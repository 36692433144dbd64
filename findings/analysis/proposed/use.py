"""What was used below a node, added up from rows of use: by whom, and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from collectors.activity.days import REGIONLESS
from collectors.records import Actor
from findings.analysis.activity.event_actions import service_of
from findings.analysis.what_if.circumstances import exempt
from findings.analysis.what_if.model import Candidate, Kind, UsedRow
from findings.policy.document import Document

ANY_SCP = Candidate(Kind.SCP, Document(()))
NOBODY_KNOWN = ""  # of a call whose caller CloudTrail did not tell


@dataclass
class Use:
    """Of one account. by: action -> ARNs of whom SCPs bind; where: action -> regions, "" where it is not told. unmapped: service,
    "" where nobody knows it -> events of which nobody knows the action; unmapped_in: their regions. recorded_in: regions of all
    events that have one, whoever acted. unnamed: an event whose caller is not told, "" when all are. root: the day of its last
    call."""

    by: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    where: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unmapped: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unmapped_in: set[str] = field(default_factory=set)
    recorded_in: set[str] = field(default_factory=set)
    unnamed: str = ""
    root: str = ""

    def add(self, row: UsedRow) -> None:
        source = row.event.partition(" ")[0]
        if row.region and source not in REGIONLESS:
            self.recorded_in.add(row.region)
        if exempt(ANY_SCP, row):
            return
        if row.actor is Actor.ROOT and row.last.isoformat() > self.root:
            self.root = row.last.isoformat()
        named = row.actor is Actor.ROOT or (row.actor in (Actor.ROLE, Actor.USER) and row.arn)
        if not named:
            self.unnamed = row.event
        if row.action is None:
            self.unmapped[service_of(source) or ""].add(row.event)
            self.unmapped_in.add(row.region)
            return
        who = f"arn:aws:iam::{row.account}:root" if row.actor is Actor.ROOT else row.arn
        self.by[row.action].add(who if named else NOBODY_KNOWN)
        self.where[row.action].add(row.region)


def added_up(rows: Iterable[UsedRow]) -> Use:
    use = Use()
    for row in rows:
        use.add(row)
    return use
