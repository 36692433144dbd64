"""Trust policies seen from those who want in: which services may act as a role, whom of the account it names, and which
roles leave it to the policies of the account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.records import Role
from findings.analysis.trust.assumable import may_assume
from findings.analysis.trust.narrowing import is_account
from findings.analysis.trust.who import Admission
from findings.policy.document import Document, Statement
from findings.policy.keys import of_caller
from findings.policy.request import Caller, CallerKind

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

CHINA = ".cn"


class Gates:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._services: dict[str, frozenset[str]] = {}
        self._names_callers: dict[str, bool] = {}

    def services(self, role: Role) -> frozenset[str]:
        """The service principals that the role's trust and the RCPs let in when they work for the account, as they are called
        outside China. A role that is linked to a service takes no other work."""
        if role.service_linked:
            return frozenset()
        if role.trust not in self._services:
            hosts = {one.principal for one in self._facts.admitted(role) if one.kind == "service"}
            found = (host.removesuffix(CHINA) for host in hosts if self._lets_in(host, role))
            self._services[role.trust] = frozenset(found)
        return self._services[role.trust]

    def _lets_in(self, host: str, role: Role) -> bool:
        account = self._facts.snapshot.account_id
        context: dict[str, tuple[str, ...] | None] = {"aws:sourceaccount": (account,)}
        service = Caller(CallerKind.SERVICE, host, "")
        return may_assume(service, role, self._facts, context).verdict != "denied"

    def doors(self, arn: str) -> tuple[Role, ...]:
        """Roles whose trust names the role or user of this ARN, or anybody."""
        return self._named.get(arn, self._anybody)

    @cached_property
    def _named(self) -> Mapping[str, tuple[Role, ...]]:
        found: defaultdict[str, dict[str, Role]] = defaultdict(dict)
        for role, admission in self._admissions:
            if admission.kind in ("role", "user"):
                found[admission.principal][role.arn] = role
        return {arn: (*roles.values(), *self._anybody) for arn, roles in found.items()}

    @cached_property
    def _anybody(self) -> tuple[Role, ...]:
        return tuple({role.arn: role for role, one in self._admissions if one.kind == "anyone"}.values())

    @cached_property
    def open_doors(self) -> tuple[Role, ...]:
        """Roles whose trust leaves it to the policies of the account who assumes them."""
        own = self._facts.snapshot.account_id
        found = (role for role, one in self._admissions if one.kind == "account" and one.account == own)
        return tuple({role.arn: role for role in found}.values())

    @cached_property
    def _admissions(self) -> tuple[tuple[Role, Admission], ...]:
        return tuple((role, one) for role in self._facts.snapshot.roles for one in self._facts.admitted(role))

    def names_callers(self, arn: str) -> bool:
        """Whether the trust of the role of this ARN says different things of different callers of the account."""
        role = self._facts.role_by_arn.get(arn)
        if role is None:
            return False
        if role.trust not in self._names_callers:
            document = self._facts.document(role.trust)
            statements = document.statements if isinstance(document, Document) else ()
            self._names_callers[role.trust] = any(map(_names_callers, statements))
        return self._names_callers[role.trust]


def _names_callers(statement: Statement) -> bool:
    sides = [side for side in (statement.principals, statement.not_principals) if side]
    if any(not (is_account(aws) or aws.endswith(":root")) for side in sides for aws in side.aws):
        return True
    return any(
        of_caller(condition.key) or any("${" in value for value in condition.values)
        for condition in statement.conditions
    )
