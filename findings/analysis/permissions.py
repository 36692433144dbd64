"""What the roles, users and groups of one account may do: granted by their policies, and left after denies, boundary and
SCPs.

Sets of actions answer for all resources at once (`findings.policy.compiled`); `decide` answers for one action on one
resource. What could not be read is left out of the sets, and `unknown` says so: `reach().upper` is then not the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.records import Group, Holder, Role, User
from findings.analysis import admin, questions, summary
from findings.analysis.admin import Admin
from findings.analysis.holdings import Held, Library
from findings.analysis.kept import Kept
from findings.analysis.personal import Personal
from findings.analysis.summary import Cell
from findings.policy.catalogue import Catalogue, Level
from findings.policy.compiled import Compiled, Reach, effective, masks, meet, union
from findings.policy.document import Unreadable
from findings.policy.evaluate import By, Decision, Named, Policies
from findings.policy.request import Caller, CallerKind, Context

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

Chooser = Callable[[Held], bool]
KEPT = 512
KEPT_HOLDERS = 16_384  # of most, what is kept is one object with others
KEPT_SETS = 4096  # each takes up to 10 KB


class Permissions:
    """One account. Nothing here raises for what the account's documents say."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.library = Library(facts)
        self._personal = Personal()
        self._admins: dict[str, Admin | None] = {}
        self._admins_alike = Kept[Admin | None](KEPT)
        self._callers: dict[str, Caller] = {}
        self._limits = Kept[tuple[Compiled, ...]](KEPT)
        self._unknown = Kept[str](KEPT_HOLDERS)
        self._sets = Kept[Compiled](KEPT_HOLDERS)
        self._reaches = Kept[Reach](KEPT_HOLDERS)
        self._unions = Kept[Compiled](KEPT_SETS)
        self._meets = Kept[Reach](KEPT_SETS)
        self._levels = Kept[Mapping[Level, Cell]](KEPT_SETS)

    @property
    def catalogue(self) -> Catalogue:
        return self.library.catalogue

    def unknown(self, holder: Holder) -> str:
        """Why the holder's permissions cannot be known, naming the policies; "" when they can. SCPs that are not visible are
        not a reason: see `facts.guardrails.unseen`."""
        return self._unknown.get((holder,), lambda: "; ".join(self.library.lacks(holder)))

    def sources(self, holder: Holder) -> tuple[Named, ...]:
        return tuple(held.named for held in self.library.of(holder))

    def granted(self, holder: Holder) -> Compiled:
        """Its identity policies together, before any limit."""
        return union(self.own(holder, held) for held in self.library.of(holder))

    def sets(self, holder: Holder, chosen: Chooser | None = None) -> Compiled:
        """The sets of `granted`. chosen: which policies count; all deny, whatever was chosen."""
        held = self.library.of(holder)
        if chosen is None:
            return self._sets.get((holder,), lambda: self._union(tuple(self.own(holder, one) for one in held)))
        return masks(own if chosen(one) else denies_of(own) for one in held for own in (self.own(holder, one),))

    def own(self, holder: Holder, held: Held) -> Compiled:
        """A policy as it is for this holder: what its conditions ask of the caller is answered where it is known."""
        if not held.compiled.personal or isinstance(holder, Group):
            return held.compiled
        return self._personal.resolved(self.caller(holder), held)

    def boundary(self, holder: Holder) -> Compiled | None:
        """None: it has none, or one that could not be read, which `unknown` tells."""
        held = self.library.boundary(holder)
        if held is None or isinstance(held.named.document, Unreadable):
            return None
        return self.own(holder, held)

    def levels(self, holder: Holder) -> tuple[Compiled, ...]:
        """What each level of SCPs lets through for this holder; () also when SCPs are not visible."""
        if not self.library.binds(holder):
            return ()
        return tuple(union(self._scp(holder, held) for held in level) for level in self.library.levels or ())

    def _scp(self, holder: Holder, held: Held) -> Compiled:
        if isinstance(held.named.document, Unreadable):  # what nobody can read blocks nothing that we know of
            return self._open
        return self.own(holder, held)

    @cached_property
    def _open(self) -> Compiled:
        everything = self.catalogue.all
        return Compiled(allow=everything, allow_sure=everything, wide=everything)

    def limits(self, holder: Holder) -> tuple[Compiled, ...]:
        """The sets of all levels as one, for `effective`; () where none bind. Most holders share them: levels say the same of
        all whose caller conditions have the same answers."""
        if not self.library.binds(holder) or not self.library.levels:
            return ()
        answered = tuple(self._scp(holder, held) for held in self._asking)
        return self._limits.get(answered, lambda: self._meeting(holder))

    @cached_property
    def _asking(self) -> tuple[Held, ...]:
        """The SCPs that ask who calls; of the others all holders are told the same."""
        return tuple(held for level in self.library.levels or () for held in level if held.compiled.personal)

    def _meeting(self, holder: Holder) -> tuple[Compiled, ...]:
        levels = self.library.levels or ()
        limit = meet(masks(self._scp(holder, held) for held in level) for level in levels)
        return () if limit is None else (limit,)

    def reach(self, holder: Holder) -> Reach:
        return self._reaches.get((holder,), lambda: self._meet(holder, self.sets(holder)))

    def _union(self, parts: tuple[Compiled, ...]) -> Compiled:
        """One object for all who have the same policies."""
        return self._unions.get(parts, lambda: masks(parts))

    def _meet(self, holder: Holder, identity: Compiled) -> Reach:
        boundary, limits = self.boundary(holder), self.limits(holder)
        return self._meets.get((identity, boundary, *limits), lambda: effective(identity, boundary, limits))

    def reach_of(self, holder: Holder, identity: Compiled) -> Reach:
        """What would be left for the holder if these were its identity policies."""
        return effective(identity, self.boundary(holder), self.limits(holder))

    def admin(self, holder: Holder) -> Admin | None:
        """Whether it is an effective administrator, and by what; None: it is not, as far as its policies could be read."""
        if holder.unique_id not in self._admins:
            self._admins[holder.unique_id] = self._admin(holder) if admin.enough(self.reach(holder)) else None
        return self._admins[holder.unique_id]

    def _admin(self, holder: Holder) -> Admin | None:
        """One for all of whom the very same is said."""
        library = self.library
        bounds = library.boundary(holder), self.boundary(holder), library.binds(holder), *self.limits(holder)
        return self._admins_alike.get(
            (library.of(holder), self.sets(holder), *bounds), lambda: admin.judge(holder, self)
        )

    def not_admin(self, holder: Holder) -> str:
        """Why the holder is no administrator: which guardrail takes it away, where one does."""
        return admin.why_not(holder, self)

    def privileged(self, holder: Holder) -> tuple[str, ...]:
        """The policies that make it an administrator or let it manage permissions on everything; () when none do."""
        return admin.privileged_by(holder, self)

    def caller(self, holder: Holder) -> Caller:
        """KeyError for a group: groups do not call."""
        if holder.unique_id not in self._callers:
            self._callers[holder.unique_id] = _caller(holder, self.facts)
        return self._callers[holder.unique_id]

    def policies(self, holder: Holder) -> Policies:
        """All layers that bind the holder itself."""
        boundary = self.library.boundary(holder)
        return Policies(
            identity=(*self.sources(holder), *self.library.missing_groups(holder)),
            boundary=boundary.named if boundary else None,
            scp=self.service_control if self.library.binds(holder) else (),
        )

    @cached_property
    def service_control(self) -> tuple[tuple[Named, ...], ...] | None:
        """The SCPs of each level; None: not visible."""
        return _named(self.library.levels)

    @cached_property
    def resource_control(self) -> tuple[tuple[Named, ...], ...] | None:
        """The RCPs of each level."""
        return _named(self.library.resource_levels)

    def policies_for(self, holder: Holder, action: str, resource: str) -> Policies:
        """With what binds the resource: a role's trust policy, RCPs."""
        return self.resource_side(self.policies(holder), action, resource)

    def resource_side(self, policies: Policies, action: str, resource: str) -> Policies:
        """The policies of any caller with what binds the resource, where it is the account's own."""
        return questions.with_resource(self, policies, action, resource)

    def decide(
        self, holder: Holder, action: str, resource: str, context: Context | None = None, *, now: bool = True
    ) -> Decision:
        """context: what else is known of the request; it overrides what the inventory tells. now: dates are as_of's."""
        return questions.decide(self, holder, action, resource, context or {}, now)

    def blockers(self, holder: Holder, action: str, resource: str, context: Context | None = None) -> tuple[By, ...]:
        """The statements of the boundary, SCPs and RCPs that block what identity policies allow; () when none does."""
        return questions.blockers(self, holder, action, resource, context or {})

    def access(self, holder: Holder) -> Mapping[Level, Cell]:
        """How many actions of each access level."""
        granted, reach = self.sets(holder), self.reach(holder)
        return self._levels.get((granted, reach), lambda: summary.by_level(granted.allow, reach.upper, self.catalogue))

    def summary(self, holder: Holder) -> Mapping[str, Mapping[Level, Cell]]:
        """Service -> access level -> numbers of actions; only what something is granted of."""
        return summary.by_service(self.sets(holder).allow, self.reach(holder).upper, self.catalogue)


def _named(levels: tuple[tuple[Held, ...], ...] | None) -> tuple[tuple[Named, ...], ...] | None:
    return None if levels is None else tuple(tuple(held.named for held in level) for level in levels)


def denies_of(compiled: Compiled) -> Compiled:
    return Compiled(deny=compiled.deny, deny_sure=compiled.deny_sure, deny_wide=compiled.deny_wide)


def _caller(holder: Holder, facts: Facts) -> Caller:
    kinds = {Role: CallerKind.ROLE, User: CallerKind.USER}
    return Caller(
        kind=kinds[type(holder)],
        arn=holder.arn,
        account=facts.snapshot.account_id,
        unique_id=holder.unique_id,
        name=holder.name,
        service_linked=isinstance(holder, Role) and holder.service_linked,
        tags=getattr(holder, "tags", {}),
        organization=facts.guardrails.organization_id,
    )
