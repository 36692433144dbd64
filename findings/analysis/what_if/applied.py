"""An account as it would be with the candidate: what its roles and users lose, used or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from collectors import records
from collectors.records import OrganizationPolicy, Policy, Principal, Role
from findings.analysis.facts import Facts
from findings.analysis.guardrails import RCP, SCP, GuardrailLevel, Guardrails
from findings.analysis.what_if.decide import BESIDE
from findings.analysis.what_if.model import Candidate, Kind
from findings.policy.catalogue import catalogue
from findings.policy.document import Document
from findings.policy.patterns import glob
from findings.policy.written import document_json

TYPES = {Kind.SCP: SCP, Kind.RCP: RCP}
ID = "what-if"


def applied(facts: Facts, candidate: Candidate) -> Facts:
    """A copy; the very same where the candidate does not bind the account."""
    account = facts.snapshot.account_id
    if candidate.accounts is not None and account not in candidate.accounts:
        return facts
    if candidate.kind is Kind.BOUNDARY:
        return _with_boundary(facts, candidate)
    if account in candidate.unbound or facts.guardrails.management:
        return facts
    return _with_level(facts, candidate)


def _with_level(facts: Facts, candidate: Candidate) -> Facts:
    """One level more, below those that are known. Those that are not visible stay out: they could only limit further."""
    some = {candidate.name: candidate.document}
    if not candidate.lists and isinstance(BESIDE.document, Document):
        some[BESIDE.name] = BESIDE.document
    bodies = {name: document_json(document) for name, document in some.items()}
    policies = tuple(_policy(name, TYPES[candidate.kind], body) for name, body in bodies.items())
    level = GuardrailLevel(ID, candidate.place or facts.snapshot.account_id, policies)
    known = facts.guardrails
    if candidate.kind is Kind.SCP:
        return _copied(facts, bodies.values(), replace(known, scp=(*(known.scp or ()), level)))
    return _copied(facts, bodies.values(), replace(known, rcp=(*(known.rcp or ()), level)))


def _policy(name: str, kind: str, body: Any) -> OrganizationPolicy:
    return OrganizationPolicy(unique_id=f"{ID}:{name}", arn="", name=name, type=kind, document=records.digest(body))


def _with_boundary(facts: Facts, candidate: Candidate) -> Facts:
    """In place of the boundary that they have: a role or user has one."""
    snapshot, body = facts.snapshot, document_json(candidate.document)
    arn = f"arn:{snapshot.partition}:iam::{snapshot.account_id}:policy/{ID}"
    made = Policy(
        unique_id=ID,
        name=candidate.name,
        path="/",
        arn=arn,
        created_at=snapshot.as_of,
        updated_at=snapshot.as_of,
        default_version="v1",
        document=records.digest(body),
    )
    changed = {
        "policies": (*snapshot.policies, made),
        "roles": tuple(_bounded(role, arn, candidate) for role in snapshot.roles),
        "users": tuple(_bounded(user, arn, candidate) for user in snapshot.users),
    }
    return _copied(facts, (body,), facts.guardrails, **changed)


def _bounded(one: Any, arn: str, candidate: Candidate) -> Any:
    linked = isinstance(one, Role) and one.service_linked
    chosen = not linked and any(glob(pattern, one.arn) for pattern in candidate.principals)
    return msgspec.structs.replace(one, boundary=arn) if chosen else one


def _copied(facts: Facts, bodies: Any, guardrails: Guardrails, **changed: Any) -> Facts:
    documents = {**facts.snapshot.documents, **{records.digest(body): body for body in bodies}}
    return Facts(msgspec.structs.replace(facts.snapshot, documents=documents, **changed), facts.settings, guardrails)


@dataclass(frozen=True, slots=True, repr=False)
class Loss:
    """Actions that a role or user has no longer, on anything and under no condition. used: those of them that it used."""

    holder: Principal
    unused: int
    used: int


def losses(before: Facts, after: Facts, used: Mapping[str, int]) -> Iterator[Loss]:
    """Of those who lose anything. used: unique id -> actions that were used."""
    if after is before:
        return
    by_arn: dict[str, Principal] = {one.arn: one for one in (*after.snapshot.roles, *after.snapshot.users)}
    for holder in (*before.snapshot.roles, *before.snapshot.users):
        now = by_arn[holder.arn]
        lost = before.permissions.reach(holder).upper & ~after.permissions.reach(now).upper
        if lost:
            mine = used.get(holder.unique_id, 0)
            yield Loss(holder, lost & ~mine, lost & mine)


def by_service(mask: int) -> tuple[tuple[str, int], ...]:
    """Services and how many actions of each, most first."""
    found = {name: n for name, some in catalogue().services.items() if (n := (mask & some).bit_count())}
    return tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def by_level(mask: int) -> tuple[tuple[str, int], ...]:
    """Access levels and how many actions of each."""
    return tuple((level.value, n) for level, some in catalogue().levels.items() if (n := (mask & some).bit_count()))
