"""Whether an account can do without an atom: nobody used it, and everybody's use would have been seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from findings.analysis.activity.seen import visible
from findings.analysis.proposed.evidence import Evidence
from findings.analysis.proposed.groups import EMERGENCY, GROUPS, REGIONS, ROOT, SERVICES, Atom
from findings.analysis.proposed.model import WINDOW
from findings.analysis.proposed.use import Use
from findings.analysis.usage import CLOUDTRAIL
from findings.policy.catalogue import catalogue

STALE = timedelta(days=2)  # how old the last reading of events may be
DAY = "%Y-%m-%d"
NAMED = 2


@dataclass(frozen=True, slots=True)
class Told:
    """why: why the atom cannot be denied, "" when it can. spared: who must be left out then. already: it is denied now."""

    why: str = ""
    spared: frozenset[str] = frozenset()
    already: bool = False


@dataclass(frozen=True)
class Watched:
    """One account below a node. evidence None: it is not connected, or was not judged yet. days: to be watched."""

    id: str
    evidence: Evidence | None
    use: Use
    as_of: datetime
    days: int = WINDOW
    _told: dict[Atom, Told] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def unwatched(self) -> str:
        """Why its silence says nothing; "" when it does."""
        known, start = self.evidence, self.as_of - timedelta(days=self.days)
        if known is None:
            return f"account {self.id} is not connected, or was not judged yet"
        if known.since is None:
            return f"account {self.id}: {known.unread or 'no events were read'}"
        if known.since.date() > start.date():
            read = (self.as_of - known.since).days
            return f"account {self.id}: events were read from {known.since:{DAY}} on, {read} days of {self.days}"
        if known.until is not None and self.as_of - known.until > STALE:
            return f"account {self.id}: events were read until {known.until:{DAY}} only"
        return ""

    def told(self, atom: Atom) -> Told:
        if atom not in self._told:
            self._told[atom] = self._tell(atom)
        return self._told[atom]

    def _tell(self, atom: Atom) -> Told:
        known = self.evidence
        if self.unwatched or known is None:
            return Told(self.unwatched)
        if self._denied(atom, known):
            return Told(already=True)
        if atom.group == ROOT:
            return Told(self.root)
        if atom.group == REGIONS:  # hangs on the other accounts too: regions.py
            return Told()
        if atom.group == SERVICES:
            return Told(self._service(atom.pattern.partition(":")[0], known))
        return self._action(atom, known)

    @staticmethod
    def _denied(atom: Atom, known: Evidence) -> bool:
        return atom.pattern in known.denied or (atom.group == ROOT and known.root_denied)

    @property
    def root(self) -> str:
        """Why it cannot be said that root did nothing."""
        if self.use.root:
            return f"account {self.id}: the root user was used on {self.use.root}"
        if self.use.unnamed:
            return f"account {self.id}: {self.use.unnamed} was called by somebody whom {CLOUDTRAIL} does not name"
        return f"account {self.id}: {self.evidence.root}" if self.evidence and self.evidence.root else ""

    def _action(self, atom: Atom, known: Evidence) -> Told:
        if not catalogue().match(atom.pattern) & visible(catalogue()):
            return Told(f"{atom.pattern}: not every call of it is an event")
        if why := self._unmapped(atom.pattern.partition(":")[0]):
            return Told(why)
        by = self.use.by.get(atom.pattern, set())
        others = sorted(by - set(known.makers)) if GROUPS[atom.group].spares else sorted(by)
        if others:
            return Told(f"account {self.id}: {atom.pattern} was used by {_few(others)}")
        return Told(spared=frozenset(by))

    def _unmapped(self, service: str) -> str:
        if some := sorted(self.use.unmapped.get(service, ())):
            return f"account {self.id}: of the event {some[0]} nobody knows which action of {service} it is"
        return ""

    def _service(self, service: str, known: Evidence) -> str:
        """Of a service as a whole Access Advisor tells, and no event needs to be there."""
        if service in EMERGENCY:
            return f"{service}: an emergency may need it"
        used = sorted(action for action in self.use.by if action.startswith(f"{service}:"))
        if used:
            by = set().union(*(self.use.by[action] for action in used))
            return f"account {self.id}: {_few(used)} was used by {_few(sorted(by))}"
        if why := self._unmapped(service) or self.root:
            return why
        if service in known.used:
            return f"account {self.id}: {service} was tried (Access Advisor)"
        if unknown := known.every or known.unknown.get(service, ""):
            return f"account {self.id}: whether {service} was used nobody can tell: {unknown}"
        return ""


def _few(names: list[str]) -> str:
    shown = [name.rpartition("/")[2] or "somebody whom CloudTrail does not name" for name in names[:NAMED]]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(shown) + more
