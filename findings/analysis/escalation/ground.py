"""What lies ready in an account for somebody who wants more than he has: who is strong, which services may act as a role,
what a resource pattern matches. Found once an account, and only when somebody has a path to it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from collectors.records import Entity, Group, Holder, Policy, Principal, Role, User
from findings.analysis.escalation.gates import Gates
from findings.analysis.escalation.strength import Strength, everything, strength
from findings.analysis.kept import Kept
from findings.policy.compiled import Compiled, Reach, effective
from findings.policy.document import Document
from findings.policy.patterns import glob, ready

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

E = TypeVar("E", bound=Entity)
H = TypeVar("H", bound=Holder)
MAX_KEYS = 2
KEPT = 512
ON_INSTANCES = "ec2.amazonaws.com"
LAST = "\U0010ffff"  # sorts behind every character of an ARN


class Ground:
    """by_itself: how strong a role or user can make itself, see verdicts.py."""

    def __init__(self, facts: Facts, by_itself: Callable[[Role | User], Strength]) -> None:
        self.facts = facts
        self.permissions = facts.permissions
        self.account, self.partition = facts.snapshot.account_id, facts.snapshot.partition
        self.gates = Gates(facts)
        self._by_itself = by_itself
        self._strengths: dict[str, Strength] = {}
        self._worths: dict[str, Strength] = {}
        self._reaches: dict[str, Reach] = {}
        self._last = "", Reach(0, 0, 0)
        self._ceilings = Kept[Reach](KEPT)
        self._carried: dict[str, tuple[Role, ...]] = {}
        self._matches: dict[tuple[str, str], tuple[Entity, ...]] = {}
        self._sorted: dict[str, tuple[list[Entity], list[str]]] = {}

    def reach(self, holder: Holder) -> Reach:
        """Kept of the strong only, and of the last one asked for: it takes 10 KB."""
        if holder.unique_id in self._reaches:
            return self._reaches[holder.unique_id]
        if self._last[0] == holder.unique_id:
            return self._last[1]
        reach = self.permissions.reach(holder)
        self._last = holder.unique_id, reach
        found = self._strengths.setdefault(holder.unique_id, strength(reach))
        if found is not Strength.NONE:
            self._reaches[holder.unique_id] = reach
        return reach

    def strength(self, holder: Holder) -> Strength:
        if holder.unique_id not in self._strengths:
            self.reach(holder)
        return self._strengths[holder.unique_id]

    def worth(self, holder: Holder) -> Strength:
        """Its strength, or what it can make itself."""
        if holder.unique_id not in self._worths:
            made = self._by_itself(holder) if isinstance(holder, Role | User) else Strength.NONE
            self._worths[holder.unique_id] = max(self.strength(holder), made)
        return self._worths[holder.unique_id]

    @cached_property
    def strong_roles(self) -> tuple[Role, ...]:
        """Strongest first."""
        return self._strong(self.facts.snapshot.roles)

    @cached_property
    def strong_changeable_roles(self) -> tuple[Role, ...]:
        return tuple(role for role in self.strong_roles if not role.service_linked and not role.reserved)

    @cached_property
    def strong_users(self) -> tuple[User, ...]:
        return self._strong(self.facts.snapshot.users)

    @cached_property
    def strong_groups(self) -> tuple[Group, ...]:
        return self._strong(self.facts.snapshot.groups)

    def _strong(self, holders: Iterable[H]) -> tuple[H, ...]:
        found = [(self.worth(holder), holder) for holder in holders]
        strong = [pair for pair in found if pair[0] is not Strength.NONE]
        return tuple(holder for _, holder in sorted(strong, key=lambda pair: (-pair[0], pair[1].name)))

    @cached_property
    def changeable_roles(self) -> tuple[Role, ...]:
        """IAM refuses to change the roles of services and of Identity Center; those without a boundary first."""
        roles = (r for r in self.facts.snapshot.roles if not r.service_linked and not r.reserved)
        return tuple(sorted(roles, key=lambda role: (role.boundary is not None, role.name)))

    @cached_property
    def users(self) -> tuple[User, ...]:
        return tuple(sorted(self.facts.snapshot.users, key=lambda user: (user.boundary is not None, user.name)))

    def passable(self, service: str) -> tuple[Role, ...]:
        """The strong roles that a service may act as."""
        return self._passable.get(service, ())

    @cached_property
    def _passable(self) -> Mapping[str, tuple[Role, ...]]:
        found: defaultdict[str, list[Role]] = defaultdict(list)
        for role in self.strong_roles:
            for service in self.gates.services(role):
                found[service].append(role)
        return {service: tuple(roles) for service, roles in found.items()}

    def carried(self, service: str) -> tuple[Role, ...]:
        """Those of them that something which runs there can carry."""
        if service not in self._carried:
            self._carried[service] = tuple(role for role in self.passable(service) if carries(service, role))
        return self._carried[service]

    @cached_property
    def strong_doors(self) -> tuple[Role, ...]:
        opened = frozenset(role.unique_id for role in self.gates.open_doors)
        return tuple(role for role in self.strong_roles if role.unique_id in opened)

    @cached_property
    def roles_by_policy(self) -> Mapping[str, tuple[Role, ...]]:
        """ARN of a customer-managed policy -> the roles that it hangs on and that may be changed."""
        found: defaultdict[str, list[Role]] = defaultdict(list)
        for role in self.changeable_roles:
            for arn in role.attached:
                if ":iam::aws:" not in arn:
                    found[arn].append(role)
        return {arn: tuple(roles) for arn, roles in found.items()}

    @cached_property
    def policies_on_roles(self) -> tuple[Policy, ...]:
        by_arn = self.facts.policy_by_arn
        return tuple(by_arn[arn] for arn in sorted(self.roles_by_policy) if arn in by_arn)

    @cached_property
    def worth_attaching(self) -> tuple[str, ...]:
        """ARNs of the managed policies that make strong whoever gets them, AWS's AdministratorAccess first."""
        strong = [policy.arn for policy in self.facts.snapshot.policies if self._makes_strong(policy)]
        return tuple(dict.fromkeys((f"arn:{self.partition}:iam::aws:policy/AdministratorAccess", *strong)))

    def _makes_strong(self, policy: Policy) -> bool:
        compiled = self.permissions.library.compile(policy.document, self.facts.document(policy.document))
        return strength(effective(compiled, None, ())) is not Strength.NONE

    def ceiling(self, principal: Principal) -> Reach:
        """What the principal could do with `*` on `*`: its boundary and the SCPs still hold."""
        return self._ceiling(self.permissions.boundary(principal), self.permissions.limits(principal))

    def ceiling_of_new(self, principal: Principal) -> Reach:
        """What one that the principal makes could do with `*` on `*`: it is born without a boundary, and only the SCPs hold."""
        return self._ceiling(None, self.permissions.limits(principal))

    def _ceiling(self, boundary: Compiled | None, limits: tuple[Compiled, ...]) -> Reach:
        return self._ceilings.get((boundary, *limits), lambda: effective(everything(), boundary, limits))

    def bounded(self, policy_arn: str) -> tuple[Role | User, ...]:
        """The roles and users that the policy is the permissions boundary of."""
        return self._bounded.get(policy_arn, ())

    @cached_property
    def _bounded(self) -> Mapping[str, tuple[Role | User, ...]]:
        found: defaultdict[str, list[Role | User]] = defaultdict(list)
        principals: tuple[Role | User, ...] = (*self.facts.snapshot.roles, *self.facts.snapshot.users)
        for principal in principals:
            if principal.boundary:
                found[principal.boundary].append(principal)
        return {arn: tuple(some) for arn, some in found.items()}

    def versions(self, policy: Policy) -> Iterator[Compiled]:
        """Those of a policy that are not the default."""
        for version in policy.versions:
            if version.version_id != policy.default_version:
                document = self.facts.document(version.document)
                if isinstance(document, Document):
                    yield self.permissions.library.compile(version.document, document)

    def matching(self, pattern: str, pool: str, entities: tuple[E, ...]) -> tuple[E, ...]:
        """Those whose ARN the pattern matches. pool: names the entities, so that each pattern is tried once on them; "": they
        have no name."""
        if not pool:
            return tuple(one for one in entities if glob(pattern, one.arn))
        key = pool, pattern
        if key not in self._matches:
            match = ready(pattern).match
            self._matches[key] = tuple(one for one in self._starting(pattern, pool, entities) if match(one.arn))
        return self._matches[key]  # type: ignore[return-value]

    def _starting(self, pattern: str, pool: str, entities: tuple[E, ...]) -> Iterable[Entity]:
        if pool not in self._sorted:
            by_arn = sorted(entities, key=lambda one: one.arn)
            self._sorted[pool] = list(by_arn), [one.arn for one in by_arn]
        start = pattern.partition("*")[0].partition("?")[0]
        some, arns = self._sorted[pool]
        return some[bisect_left(arns, start) : bisect_left(arns, start + LAST)]

    def room_for_key(self, user: User) -> bool:
        """True also while the keys are not known: nothing may look safe because it was not read."""
        return len(self.facts.keys(user)) < MAX_KEYS

    def password(self, user: User) -> bool | None:
        """None: not known."""
        row = self.facts.credential(user)
        return row.password_enabled if row else None


def carries(service: str, role: Role) -> bool:
    """Whether what runs there can be given the role: an instance carries one by an instance profile only."""
    return service != ON_INSTANCES or bool(role.instance_profiles)
