"""Who ends at an administrator by hops: assuming a role, or passing one to a service that then acts as the caller wants.

Searched backwards from the administrators, all principals of the account at once, so that the first way found is a shortest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.escalation.answers import Answer
from findings.analysis.escalation.asking import ASSUME, RANK, Asker
from findings.analysis.escalation.ground import Ground, carries
from findings.analysis.escalation.making import made, tells_roles_apart, together
from findings.analysis.escalation.model import Path, State
from findings.analysis.escalation.targets import passed

if TYPE_CHECKING:
    from findings.analysis.escalation.verdicts import Account

ASSUMING = "sts-001"  # the path of a hop by assuming
MOST_ROLES = 64  # asked about for one hop: those in front are the ones that no Deny names


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
        by_arn = self._ground.facts.role_by_arn
        while frontier and waiting:
            doors = _Frontier(f"frontier {len(found)}", frontier, self._ground)
            hops = {asker.principal.arn: hop for asker, passing in waiting if (hop := _hop(asker, passing, doors))}
            found |= hops
            waiting = [one for one in waiting if one[0].principal.arn not in hops]
            frontier = tuple(by_arn[arn] for arn in hops if arn in by_arn)
        return found

    def _callers(self) -> Iterator[tuple[Asker, tuple[Path, ...]]]:
        """Those who may hop at all, each with the paths by which it could pass a role."""
        snapshot = self._ground.facts.snapshot
        callers: tuple[Role | User, ...] = (*snapshot.roles, *snapshot.users)
        for principal in callers:
            if isinstance(principal, Role) and principal.service_linked:
                continue
            asker = self._account.asker(principal)
            feasible = self._account.feasible(asker)
            passing = self._account.passing(asker) if feasible else ()
            assumes = any(path.id == ASSUMING for path in feasible)
            if (passing or assumes) and not self._ground.permissions.admin(principal):
                yield asker, passing


def _hop(asker: Asker, passing: tuple[Path, ...], frontier: _Frontier) -> Hop | None:
    best: Hop | None = None
    for hop in chain(_assumed(asker, frontier), _passed(asker, passing, frontier)):
        if best is None or RANK[hop.state] < RANK[best.state]:
            best = hop
        if best.state == "live":
            break
    return best


def _assumed(asker: Asker, frontier: _Frontier) -> Iterator[Hop]:
    me = asker.principal
    named = [r for r in frontier.gates.doors(me.arn) if r.arn in frontier.arns and r.arn != me.arn]
    opened = asker.candidates((ASSUME,), f"{frontier.name} doors", frontier.doors)
    for role in islice(chain(named, opened), MOST_ROLES):
        if answer := asker.may(ASSUME, role.arn):
            yield from _hops(me, role, f"assumes role {role.name}", answer, ASSUMING)


def _passed(asker: Asker, passing: tuple[Path, ...], frontier: _Frontier) -> Iterator[Hop]:
    for path in passing:
        plain, apart = made(path, asker), tells_roles_apart(path, asker)
        for service in filter(frontier.trusting, path.services):
            roles = passed(asker, service, f"{frontier.name} {service}", frontier.trusting(service))
            for role, answer in islice(roles, MOST_ROLES):
                making = made(path, asker, role) if apart else plain
                if making and role.arn != asker.principal.arn:
                    how = path.how.format(target=role.name)
                    yield from _hops(asker.principal, role, how, together([answer, making]), path.id)


class _Frontier:
    """The roles that the last round found to lead to an administrator."""

    def __init__(self, name: str, roles: tuple[Role, ...], ground: Ground) -> None:
        self.name = name
        self.arns = frozenset(role.arn for role in roles)
        self.gates = ground.gates
        self.doors = tuple(role for role in ground.gates.open_doors if role.arn in self.arns)
        self._roles = roles
        self._trusting: dict[str, tuple[Role, ...]] = {}

    def trusting(self, service: str) -> tuple[Role, ...]:
        if service not in self._trusting:
            roles = (role for role in self._roles if service in self.gates.services(role) and carries(service, role))
            self._trusting[service] = tuple(roles)
        return self._trusting[service]


def _hops(source: Role | User, target: Role, how: str, answer: Answer, path: str) -> Iterator[Hop]:
    if answer.state != "blocked":
        yield Hop(source.arn, target.arn, how, answer.state, path, answer.keys)
