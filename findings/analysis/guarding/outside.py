"""Guardrails against those who are no role or user of the account: its root user, and outsiders whom a resource lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from findings.analysis.ceiling import ANYBODY
from findings.analysis.holdings import Held
from findings.analysis.personal import Personal
from findings.policy.layers import Layer
from findings.policy.request import Caller, CallerKind

if TYPE_CHECKING:
    from findings.analysis.facts import Facts


class Others:
    def __init__(self, facts: Facts) -> None:
        account, partition = facts.snapshot.account_id, facts.snapshot.partition
        organization = facts.guardrails.organization_id
        iam = f"arn:{partition}:iam::{account}"
        self._root = root_user(facts)
        self._anybody = Caller(
            CallerKind.ROLE, f"{iam}:role/{ANYBODY}", account, name=ANYBODY, tags={}, organization=organization
        )
        self._outsider = Caller(CallerKind.ROLE, "", "", organization="")
        self._personal = Personal()
        services = facts.permissions.catalogue.services
        self._bindable = 0
        for service in facts.permissions.catalogue.rcp_services:
            self._bindable |= services.get(service, 0)

    def taken(self, layer: Layer, held: Held) -> tuple[int, int, int]:
        """What the policy takes from root alone; what it always, and what it sometimes, denies to outsiders."""
        if layer is Layer.SCP:
            return self.from_root(held), 0, 0
        if layer is not Layer.RCP:
            return 0, 0, 0
        own = self._personal.resolved(self._outsider, held)
        sure = own.deny_sure & self._bindable
        return 0, sure, own.deny & self._bindable & ~sure

    def from_root(self, held: Held) -> int:
        if not held.compiled.personal:
            return 0
        root, anybody = (self._personal.resolved(caller, held) for caller in (self._root, self._anybody))
        return root.deny_sure & ~anybody.deny


def root_user(facts: Facts) -> Caller:
    account = facts.snapshot.account_id
    arn = f"arn:{facts.snapshot.partition}:iam::{account}:root"
    return Caller(CallerKind.ROOT, arn, account, organization=facts.guardrails.organization_id)
