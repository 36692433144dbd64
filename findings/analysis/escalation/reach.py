"""Who ends at an administrator by hops: assuming a role, or passing one to a service that then acts as the caller wants.

Searched backwards from the administrators, all principals of the account at once, so that the first way found is a shortest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.escalation.asking import RANK, Answer, Asker
from findings.analysis.escalation.model import Category, On, Path, State
from findings.policy.catalogue import catalogue

if TYPE_CHECKING:
    from findings.analysis.escalation.verdicts import Account

ASSUME = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class Hop:
    """source, target: ARNs. path: id of the escalation path that the hop is; sts-001 for assuming a role."""

    source: str
    target: str
    how: str
    state: State
    path: str
    keys: tuple[str, ...] = ()


class Reaching:
    """The ways of one account. By ARN the first hop of each principal that has a way."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._ground = account.ground

    def way(self, principal: Role | User) -> tuple[Hop, ...] | None:
        """None: it reaches no administrator by hops, or is one."""
        hops: list[Hop] = []
        at = principal.arn
        while hop := self.first.get(at):
            hops.append(hop)
            at = hop.target
        return tuple(hops) or None

    @cached_property
    def first(self) -> Mapping[str, Hop]:
        found: dict[str, Hop] = {}
        frontier: tuple[Role, ...] = tuple(r for r in self._ground.strong_roles if self._ground.permissions.admin(r))
        waiting = list(self._callers())
        for number in range(len(self._ground.facts.snapshot.roles)):
            if not frontier or not waiting:
                break
            doors = _Frontier(f"frontier {number}", frontier, self)
            hops = {asker.principal.arn: hop for asker in waiting if (hop := self._hop(asker, doors))}
            found |= hops
            waiting = [asker for asker in waiting if asker.principal.arn not in hops]
            by_arn = self._ground.facts.role_by_arn
            frontier = tuple(by_arn[arn] for arn in hops if arn in by_arn)
        return found

    def _callers(self) -> Iterator[Asker]:
        actions = catalogue()
        hopping = actions.bit(ASSUME) | actions.bit("iam:PassRole")
        snapshot = self._ground.facts.snapshot
        callers: tuple[Role | User, ...] = (*snapshot.roles, *snapshot.users)
        for principal in callers:
            if isinstance(principal, Role) and principal.service_linked:
                continue
            asker = self._account.asker(principal)
            hops = asker.granted.allow & hopping or principal.arn in self._ground.doors
            if hops and not self._ground.permissions.admin(principal):
                yield asker

    def _hop(self, asker: Asker, frontier: _Frontier) -> Hop | None:
        best: Hop | None = None
        for hop in (*self._assumed(asker, frontier), *self._passed(asker, frontier)):
            if best is None or RANK[hop.state] < RANK[best.state]:
                best = hop
            if best.state == "live":
                break
        return best

    def _assumed(self, asker: Asker, frontier: _Frontier) -> Iterator[Hop]:
        me = asker.principal
        named = [r for r in self._ground.doors.get(me.arn, ()) if r.arn in frontier.arns and r.arn != me.arn]
        opened = asker.candidates((ASSUME,), f"{frontier.name} doors", frontier.doors)
        for role in (*named, *opened):
            if answer := asker.may(ASSUME, role.arn):
                yield from _hops(me, role, f"assumes role {role.name}", answer, "sts-001")

    def _passed(self, asker: Asker, frontier: _Frontier) -> Iterator[Hop]:
        for path in self._account.feasible(asker):
            services = [service for service in path.services if frontier.trusting(service)] if _passes(path) else []
            made = self._account.made(path, asker) if services else None
            for service in services if made and made.state != "blocked" else ():
                roles = asker.candidates(("iam:PassRole",), f"{frontier.name} {service}", frontier.trusting(service))
                for role in roles:
                    passed = asker.may("iam:PassRole", role.arn, {"iam:passedtoservice": (service,)})
                    if made and passed and role.arn != asker.principal.arn:
                        answer = passed if RANK[passed.state] >= RANK[made.state] else made
                        how = path.how.format(target=role.name)
                        yield from _hops(asker.principal, role, how, answer, path.id)


class _Frontier:
    """The roles that the last round found to lead to an administrator."""

    def __init__(self, name: str, roles: tuple[Role, ...], reaching: Reaching) -> None:
        self.name = name
        self.arns = frozenset(role.arn for role in roles)
        self.doors = tuple(role for role in reaching._ground.open_doors if role.arn in self.arns)
        self._roles = roles
        self._ground = reaching._ground
        self._trusting: dict[str, tuple[Role, ...]] = {}

    def trusting(self, service: str) -> tuple[Role, ...]:
        if service not in self._trusting:
            roles: Iterable[Role] = (
                r for r in self._roles if service in self._ground.services(r) and not r.service_linked
            )
            if service == "ec2.amazonaws.com":
                roles = (role for role in roles if role.instance_profiles)
            self._trusting[service] = tuple(roles)
        return self._trusting[service]


def _passes(path: Path) -> bool:
    return path.category is Category.NEW and any(step.on is On.PASSED for step in path.steps)


def _hops(source: Role | User, target: Role, how: str, answer: Answer, path: str) -> Iterator[Hop]:
    if answer.state != "blocked":
        yield Hop(source.arn, target.arn, how, answer.state, path, answer.keys)
