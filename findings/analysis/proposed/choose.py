"""Which SCPs, where: each statement at the highest OU below which nobody misses it, and not again further down.

Where not all that is safe finds room, what is expected to close the most findings, by severity and per character, goes first;
what protects and closes none comes last, and services that close none are not denied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from findings.analysis.proposed.groups import ATOMS, GROUPS, REGIONS, ROOT, SERVICES, Atom
from findings.analysis.proposed.model import ATTACHED, CHARACTERS, NodeProposal, Part, Refused, Scp
from findings.analysis.proposed.regions import RegionDeny, region_deny
from findings.analysis.proposed.watched import Watched
from findings.analysis.proposed.worth import Target
from findings.policy.catalogue import catalogue
from findings.policy.document import Condition, Effect, Statement
from findings.policy.minimise import pack
from findings.policy.written import Json, Written, size, split, statement_json

CONDITION_KEYS = REGION, PRINCIPAL = "aws:RequestedRegion", "aws:PrincipalArn"
SPARED = 8  # ARNs that a statement leaves out
REASONS = 3
SERVICES_TOLD = 12


@dataclass(frozen=True, slots=True)
class Place:
    """The root or an OU. accounts: ids of those directly in it that SCPs bind. attached: SCPs at it now; None: not read."""

    id: str
    name: str
    parent: str = ""
    accounts: tuple[str, ...] = ()
    attached: int | None = 1


@dataclass(frozen=True, slots=True)
class Fit:
    """What a place gets: atoms by group in the order in which they were chosen, and its documents."""

    statements: tuple[tuple[str, Statement], ...] = ()
    documents: tuple[Json, ...] = ()


@dataclass
class Chooser:
    """places: parents before children. allowed: regions that the settings name. dropped: (place, group) of what may not be tried
    there or below, since its proof failed."""

    places: Sequence[Place]
    accounts: Mapping[str, Watched]
    targets: Sequence[Target]
    allowed: frozenset[str] = frozenset()
    dropped: frozenset[tuple[str, str]] = frozenset()
    _found: list[NodeProposal] = field(default_factory=list)

    def proposals(self) -> tuple[NodeProposal, ...]:
        """Depth first."""
        self._found.clear()
        wanted = dict.fromkeys((*ATOMS, *(atom for t in self.targets for atom in sorted(t.needs, key=str))))
        for place in self.places:
            if not place.parent:
                self._at(place, tuple(wanted), 0)
        return tuple(self._found)

    def _at(self, place: Place, wanted: tuple[Atom, ...], depth: int) -> None:
        below = [self.accounts[aws_id] for aws_id in self._below(place)]
        node = _Node(place, below, self)
        found, chosen = node.proposal(wanted, depth)
        self._found.append(found)
        failed = {key for where, key in self.dropped if where == place.id}
        rest = tuple(atom for atom in wanted if atom not in chosen and atom.group not in failed)
        for child in self.places:
            if child.parent == place.id:
                self._at(child, rest, depth + 1)

    def _below(self, place: Place) -> Iterator[str]:
        yield from place.accounts
        for child in self.places:
            if child.parent == place.id:
                yield from self._below(child)


class _Node:
    """One place with all that is below it."""

    def __init__(self, place: Place, below: Sequence[Watched], chooser: Chooser) -> None:
        self.place, self.below, self.chooser = place, below, chooser
        self.ids = frozenset(one.id for one in below)
        self.unwatched = tuple(one.unwatched for one in below if one.unwatched)
        self.refused: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.already: set[str] = set()
        self.spared: defaultdict[str, set[str]] = defaultdict(set)
        self.regions: RegionDeny | None = None

    def proposal(self, wanted: tuple[Atom, ...], depth: int) -> tuple[NodeProposal, frozenset[Atom]]:
        safe = [atom for atom in wanted if self._safe(atom)] if self.below and not self.unwatched else []
        gains = self._gains(frozenset(safe))
        ranked = self._ranked(safe, gains)
        room = None if self.place.attached is None else max(0, ATTACHED - self.place.attached)
        n, fit = self._fitting(ranked, room or 0)
        chosen = ranked[:n]
        found = NodeProposal(
            id=self.place.id,
            name=self.place.name,
            parent=self.place.parent,
            depth=depth,
            accounts=tuple(sorted(self.ids)),
            scps=tuple(self._scps(fit)),
            parts=tuple(self._parts(fit, chosen, gains)),
            refused=tuple(self._refused()),
            unwatched=self.unwatched,
            already=tuple(GROUPS[key].purpose for key in sorted(self.already)),
            left_out=tuple(dict.fromkeys(_said(atom) for atom in ranked[n:])),
            room=room,
        )
        return found, frozenset(chosen)

    def _safe(self, atom: Atom) -> bool:
        """Whether nobody below misses it; why not is kept."""
        if (self.place.id, atom.group) in self.chooser.dropped:
            self.refused[_said(atom)]["its proof failed: some used call would be blocked, or nobody can tell"] = None
            return False
        if atom.group == REGIONS:
            return self._regional()
        spared: set[str] = set()
        told = [one.told(atom) for one in self.below]
        if all(one.already for one in told):
            self.already.add(atom.group)
            return False
        for one in told:
            if one.why:
                self.refused[_said(atom)][one.why] = None
            spared |= one.spared
        if any(one.why for one in told):
            return False
        together = self.spared[atom.group] | spared
        if len(together) > SPARED:
            self.refused[_said(atom)][f"more than {SPARED} roles use it by code"] = None
            return False
        self.spared[atom.group] = together
        return True

    def _regional(self) -> bool:
        found = region_deny(self.below, self.chooser.allowed)
        if isinstance(found, RegionDeny):
            self.regions = found
            if size(_document([self._statement(REGIONS, ())])) <= CHARACTERS:
                return True
            found = "the list of what it has to spare is longer than an SCP may be"
        self.refused[GROUPS[REGIONS].purpose][found] = None
        return False

    # -- what goes first

    def _gains(self, safe: frozenset[Atom]) -> dict[Atom, float]:
        """Weight of findings by atom, of those that can close with what is safe here."""
        gains: defaultdict[Atom, float] = defaultdict(float)
        for target in self.chooser.targets:
            if target.account and target.account not in self.ids:
                continue
            here = target.needs & safe
            if here and (target.any or self._whole(target, safe)):
                for atom in here:
                    gains[atom] += target.weight / (1 if target.any else len(target.needs))
        return gains

    def _whole(self, target: Target, safe: frozenset[Atom]) -> bool:
        """Whether the rest that it needs can be denied somewhere else above or below, or is."""
        rest = target.needs - safe
        account = self.chooser.accounts.get(target.account)
        return not rest or (account is not None and all(not account.told(atom).why for atom in rest))

    @staticmethod
    def _ranked(safe: Sequence[Atom], gains: Mapping[Atom, float]) -> list[Atom]:
        useful = [atom for atom in safe if gains.get(atom) or atom.group != SERVICES]
        return sorted(useful, key=lambda atom: -gains.get(atom, 0) / len(atom.pattern))

    def _fitting(self, ranked: Sequence[Atom], room: int) -> tuple[int, Fit]:
        """The longest run of the ranking that finds room."""
        low, high, best = 0, len(ranked), Fit()
        while low < high:
            middle = (low + high + 1) // 2
            fit = self._fit(ranked[:middle])
            if len(fit.documents) <= room and all(size(one) <= CHARACTERS for one in fit.documents):
                low, best = middle, fit
            else:
                high = middle - 1
        return low, best

    def _fit(self, atoms: Sequence[Atom]) -> Fit:
        by_group: defaultdict[str, list[str]] = defaultdict(list)
        for atom in atoms:
            by_group[atom.group].append(atom.pattern)
        statements = tuple((key, self._statement(key, patterns)) for key, patterns in by_group.items())
        return Fit(statements, split((Written(statement) for _, statement in statements), CHARACTERS))

    # -- as statements

    def _statement(self, key: str, patterns: Iterable[str]) -> Statement:
        group = GROUPS[key]
        if key == REGIONS and self.regions:
            where = Condition("StringNotEquals", REGION, self.regions.regions)
            spared = self.regions.spared
            return Statement(Effect.DENY, group.sid, not_actions=spared, resources=("*",), conditions=(where,))
        if key == ROOT:
            root = Condition("ArnLike", PRINCIPAL, ("arn:*:iam::*:root",))
            return Statement(Effect.DENY, group.sid, actions=("*",), resources=("*",), conditions=(root,))
        actions = tuple(sorted(patterns))
        if key != SERVICES:
            actions = pack(catalogue().mask(actions), 0, catalogue())
        spared = tuple(sorted(self.spared[key]))
        conditions = (Condition("ArnNotLike", PRINCIPAL, spared),) if spared else ()
        return Statement(Effect.DENY, group.sid, actions=actions, resources=("*",), conditions=conditions)

    def _scps(self, fit: Fit) -> Iterator[Scp]:
        for number, body in enumerate(fit.documents, 1):
            yield Scp(name=f"iamdash-{_slug(self.place.name)}-{number}", body=body, size=size(body))

    def _parts(self, fit: Fit, chosen: Sequence[Atom], gains: Mapping[Atom, float]) -> Iterator[Part]:
        for key, statement in fit.statements:
            group, spared = GROUPS[key], tuple(sorted(self.spared[key]))
            yield Part(
                group=key,
                sid=group.sid,
                actions=() if statement.actions == ("*",) else statement.actions or (),
                purpose=group.purpose,
                why=self._why(key),
                breaks=group.breaks,
                spared=spared,
                number=next(n for n, body in enumerate(fit.documents, 1) if _holds(body, statement)),
                closes=round(sum(gains.get(atom, 0) for atom in chosen if atom.group == key)),
            )

    def _why(self, key: str) -> str:
        where = f"in {len(self.below)} account{'s' if len(self.below) > 1 else ''}"
        if key == REGIONS and self.regions:
            return f"All calls that have a region were made in {', '.join(self.regions.regions)} {where}."
        if key == ROOT:
            return f"No call of the root user and no sign-in of it was seen {where}."
        if key == SERVICES:
            return f"Neither Access Advisor nor CloudTrail saw anybody try one of them {where}."
        if self.spared[key]:
            return f"Only those spared, which change things by code only, used some of it {where}."
        return f"Every call of these is an event, and none was seen {where}."

    def _refused(self) -> Iterator[Refused]:
        services = 0
        for what, why in self.refused.items():
            services += what.endswith(":*")
            if services <= SERVICES_TOLD or not what.endswith(":*"):
                more = (f"and for {len(why) - REASONS} more reasons",) if len(why) > REASONS else ()
                yield Refused(what=what, why=(*tuple(why)[:REASONS], *more))
        if services > SERVICES_TOLD:
            yield Refused(what=f"{services - SERVICES_TOLD} more services", why=("for reasons of the same kinds",))


def _said(atom: Atom) -> str:
    return GROUPS[atom.group].purpose if atom.pattern == "*" else atom.pattern


def _holds(body: Json, statement: Statement) -> bool:
    return any(str(one.get("Sid", "")).startswith(statement.sid) for one in body["Statement"])


def _document(statements: Iterable[Statement]) -> Json:
    return {"Version": "2012-10-17", "Statement": [statement_json(one) for one in statements]}


def _slug(name: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.partition(" (")[0].lower())
    return "-".join(filter(None, plain.split("-")))[:60] or "ou"
