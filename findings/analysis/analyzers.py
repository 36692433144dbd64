"""What Access Analyzer found of the account's resources, and in which regions one looks.

An analyzer of each region tells the same of a role, and that of the organization again what the account's own does: what is said
of one resource goes together. An account's own analyzer takes all other accounts for outside; here the zone of trust counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.aws.partitions import HOME
from collectors.records import EXTERNAL, Analyzer, AnalyzerFinding, Coverage, Role, State
from findings.analysis import organization
from findings.analysis.gaps import gap_of
from findings.analysis.trust.vendors import vendor

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

LIST, FINDINGS, DETAILS = (f"accessanalyzer:{name}" for name in ("ListAnalyzers", "ListFindingsV2", "ListFindings"))
OUR_POLICY = "iamdash-read"  # collectors/access_policy.py
FEWEST = 2  # regions that events came from: silence of the others counts then


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one resource: of one type, by all analyzers. findings: at least one, without those that are about the zone
    of trust or a known vendor."""

    resource: str
    resource_type: str
    type: str
    findings: tuple[AnalyzerFinding, ...]

    @property
    def public(self) -> bool:
        return any(one.public for one in self.findings)

    @property
    def since(self) -> datetime:
        return min(one.created_at for one in self.findings)

    @property
    def principals(self) -> list[str]:
        """Who has access, as Access Analyzer names them; empty where it did not tell."""
        found = (f"{kind} {who}" for one in self.findings for kind, who in (one.principal or {}).items())
        return sorted(set(found))

    @property
    def actions(self) -> list[str]:
        return sorted({action for one in self.findings for action in one.actions or ()})

    @property
    def conditions(self) -> list[str]:
        return sorted({key for one in self.findings for key in one.conditions or ()})

    @property
    def analyzers(self) -> list[str]:
        return sorted({one.analyzer for one in self.findings})


class Analyzers:
    """facts: of the account whose resources these are."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    @cached_property
    def told(self) -> Mapping[str, tuple[Told, ...]]:
        """ARN of a resource -> what is said of it. What could not be analyzed is not said."""
        groups: defaultdict[tuple[str, str, str], list[AnalyzerFinding]] = defaultdict(list)
        for one in self._facts.snapshot.analyzer_findings:
            if one.resource and not one.error and self._counts(one):
                groups[one.resource, one.resource_type, one.type or EXTERNAL].append(one)
        found: defaultdict[str, list[Told]] = defaultdict(list)
        for (resource, kind, of), some in sorted(groups.items()):
            found[resource].append(Told(resource, kind, of, tuple(some)))
        return {resource: tuple(some) for resource, some in found.items()}

    def _counts(self, one: AnalyzerFinding) -> bool:
        """Unused access does; access from outside where it is from outside of the zone of trust, and not a known vendor's."""
        if (one.type or EXTERNAL) != EXTERNAL or not one.principal:
            return True
        if one.organization and one.organization == self._organization:
            return False
        return any(self._stranger(kind, who) for kind, who in one.principal.items())

    @cached_property
    def _organization(self) -> str:
        found = organization.known_organization(self._facts)
        return found.organization_id if found else ""

    def _stranger(self, kind: str, who: str) -> bool:
        """Of an account that nobody knows, or of none."""
        account = who.split(":")[4] if who.startswith("arn:") and who.count(":") >= 4 else who
        if kind != "AWS" or not account.isdigit():
            return True
        return not (self._facts.inside(account) or vendor(account, self._facts))

    @cached_property
    def enabled(self) -> tuple[str, ...]:
        """The account's regions: those enabled, else those that were asked; without those that have no Access Analyzer."""
        rows = self._rows(LIST)
        listed = self._facts.told.regions
        regions = listed if listed is not None else sorted({self._named(row.region) for row in rows})
        absent = {row.region for row in rows if row.state is State.NOT_APPLICABLE}
        return tuple(region for region in regions if region not in absent)

    @cached_property
    def used(self) -> tuple[str, ...] | None:
        """Those of them in which somebody called something lately, but for iamdash itself; None: nobody can tell, or events come
        from so few that its trail may be of one region only."""
        facts = self._facts
        if facts.activity.since is None:
            return None
        ours = {role.unique_id for role in facts.snapshot.roles if is_ours(role)}
        days = [day for day in facts.snapshot.principal_days if day.principal_id not in ours]
        found = {region for day in days for region in day.regions}
        return tuple(one for one in self.enabled if one in found) if len(found) >= FEWEST else None

    @property
    def looked_at(self) -> tuple[str, ...]:
        """Where there should be an analyzer. A region that a service control policy closes to us it closes to others as well, but
        for those that events show at work there."""
        if self.used is not None:
            return self.used
        closed = {self._named(row.region) for row in self._rows(LIST) if row.state is State.BLOCKED_BY_SCP}
        return tuple(region for region in self.enabled if region not in closed)

    def external(self, region: str) -> tuple[Analyzer, ...]:
        """The analyzers that look for access from outside there."""
        return tuple(one for one in self._active if one.external and one.region == region)

    @property
    def unused(self) -> tuple[Analyzer, ...]:
        """Those that look for unused access; of IAM, which is in all regions, one is enough."""
        return tuple(one for one in self._active if one.unused)

    @property
    def _active(self) -> Iterator[Analyzer]:
        return (one for one in self._facts.snapshot.analyzers if one.active)

    def unread(self, region: str) -> str:
        """Why there may be an analyzer in the region that is not seen; "" when there is none."""
        row = next((row for row in self._rows(LIST) if self._named(row.region) == region), None)
        if row is None or row.state is not State.COMPLETE:
            rows = [one for one in self._rows(LIST) if not one.region]
            return str(gap_of(LIST, row or next(iter(rows), None)))
        for account, others in self._facts.snapshot.analyzer_coverage.items():
            if not any(one.api == LIST and one.region == region and one.state is State.COMPLETE for one in others):
                return (
                    f"{LIST} was not read in account {account}, which administers Access Analyzer for the organization"
                )
        return ""

    def unheard(self) -> str:
        """Why nothing at all is known of what analyzers found; "" where a region told."""
        for api in (LIST, FINDINGS):
            rows = self._rows(api)
            if not any(row.state in (State.COMPLETE, State.PARTIAL) for row in rows):
                return str(gap_of(api, next(iter(rows), None)))
        return ""

    def _named(self, region: str) -> str:
        """A bundle's files that name no region are of its own."""
        return region or HOME.get(self._facts.snapshot.partition, "")

    def _rows(self, api: str) -> list[Coverage]:
        return [row for row in self._facts.snapshot.coverage if row.api == api]


def is_ours(role: Role) -> bool:
    """The role by which iamdash reads the account: it asks in every region, each time."""
    return OUR_POLICY in role.inline
