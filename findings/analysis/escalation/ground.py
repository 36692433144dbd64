"""What lies ready in an account for somebody who wants more than he has: who is strong, which services may act as a role,
what a resource pattern matches. Found once an account, and only when somebody has a path to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from collectors.records import Entity, Group, Holder, Policy, Principal, Role, User
from findings.analysis.escalation.strength import Strength, everything, strength
from findings.analysis.holdings import Held
from findings.analysis.trust.who import Admission
from findings.policy.compiled import Compiled, Reach, effective
from findings.policy.document import Document, Statement, Unreadable
from findings.policy.keys import of_caller
from findings.policy.patterns import glob

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

E = TypeVar("E", bound=Entity)
H = TypeVar("H", bound=Holder)
ASSUME = "sts:assumerole"
MAX_KEYS = 2


class Ground:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.permissions = facts.permissions
        self.account, self.partition = facts.snapshot.account_id, facts.snapshot.partition
        self._reaches: dict[str, Reach] = {}
        self._ceilings: dict[str, Reach] = {}
        self._services: dict[str, frozenset[str]] = {}
        self._personal: dict[str, bool] = {}
        self._matches: dict[tuple[str, str], tuple[Entity, ...]] = {}

    def reach(self, holder: Holder) -> Reach:
        if holder.unique_id not in self._reaches:
            self._reaches[holder.unique_id] = self.permissions.reach(holder)
        return self._reaches[holder.unique_id]

    def strength(self, holder: Holder) -> Strength:
        return strength(self.reach(holder))

    @cached_property
    def strong_roles(self) -> tuple[Role, ...]:
        """Strongest first."""
        return self._strong(self.facts.snapshot.roles)

    @cached_property
    def strong_users(self) -> tuple[User, ...]:
        return self._strong(self.facts.snapshot.users)

    @cached_property
    def strong_groups(self) -> tuple[Group, ...]:
        return self._strong(self.facts.snapshot.groups)

    def _strong(self, holders: Iterable[H]) -> tuple[H, ...]:
        found = [(self.strength(holder), holder) for holder in holders]
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
            for service in self.services(role) if not role.service_linked else ():
                found[service].append(role)
        return {service: tuple(roles) for service, roles in found.items()}

    def services(self, role: Role) -> frozenset[str]:
        """The service principals that the role's trust lets in."""
        if role.trust not in self._services:
            document = self.facts.document(role.trust)
            statements = () if isinstance(document, Unreadable) else document.statements
            hosts = (
                host for s in statements if s.allows and _assumes(s) and s.principals for host in s.principals.service
            )
            self._services[role.trust] = frozenset(hosts)
        return self._services[role.trust]

    @cached_property
    def doors(self) -> Mapping[str, tuple[Role, ...]]:
        """ARN of a role or user -> roles whose trust names it, or anybody."""
        found: defaultdict[str, list[Role]] = defaultdict(list)
        for role, admission in self._admissions:
            if admission.kind in ("role", "user"):
                found[admission.principal].append(role)
        anybody = [role for role, admission in self._admissions if admission.kind == "anyone"]
        everyone = (p.arn for p in (*self.facts.snapshot.roles, *self.facts.snapshot.users)) if anybody else ()
        return {arn: (*found.get(arn, ()), *anybody) for arn in (*found, *everyone)}

    @cached_property
    def open_doors(self) -> tuple[Role, ...]:
        """Roles whose trust leaves it to the policies of the account who assumes them."""
        own = (role for role, one in self._admissions if one.kind == "account" and one.account == self.account)
        return tuple({role.arn: role for role in own}.values())

    @cached_property
    def strong_doors(self) -> tuple[Role, ...]:
        opened = frozenset(role.unique_id for role in self.open_doors)
        return tuple(role for role in self.strong_roles if role.unique_id in opened)

    @cached_property
    def _admissions(self) -> tuple[tuple[Role, Admission], ...]:
        return tuple((role, one) for role in self.facts.snapshot.roles for one in self.facts.admitted(role))

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

    def ceiling(self, principal: Principal) -> Reach:
        """What the principal could do with `*` on `*`: its boundary and the SCPs still hold."""
        key = principal.boundary or ""
        if key not in self._ceilings:
            boundary = self.permissions.boundary(principal)
            self._ceilings[key] = effective(everything(), boundary, self.permissions.limits(principal))
        return self._ceilings[key]

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

    def version(self, policy: Policy) -> Iterator[Compiled]:
        """The versions of a policy that are not the default."""
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
            self._matches[key] = tuple(one for one in entities if glob(pattern, one.arn))
        return self._matches[key]  # type: ignore[return-value]

    def personal(self, held: Held) -> bool:
        """Whether the document says different things of different callers."""
        if held.digest not in self._personal:
            document = held.named.document
            self._personal[held.digest] = isinstance(document, Document) and _asks_who(document)
        return self._personal[held.digest]

    def room_for_key(self, user: User) -> bool:
        """True also while the keys are not known: nothing may look safe because it was not read."""
        return len(self.facts.keys(user)) < MAX_KEYS

    def password(self, user: User) -> bool | None:
        """None: not known."""
        row = self.facts.credential(user)
        return row.password_enabled if row else None


def _asks_who(document: Document) -> bool:
    for statement in document.statements:
        texts = [*(statement.resources or ()), *(statement.not_resources or ())]
        texts += [value for condition in statement.conditions for value in condition.values]
        if any("${" in text for text in texts) or any(of_caller(condition.key) for condition in statement.conditions):
            return True
    return False


def _assumes(statement: Statement) -> bool:
    if statement.actions is not None:
        return any(glob(action.lower(), ASSUME) for action in statement.actions)
    return statement.not_actions is not None and not any(glob(a.lower(), ASSUME) for a in statement.not_actions)
