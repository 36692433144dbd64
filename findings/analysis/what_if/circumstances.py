"""What CloudTrail's totals tell of a call: who made it, and the condition keys that follow.

What they do not keep (addresses, times, tags of the request, the session's own tags) is not in the context, so it is unknown.
"""

from __future__ import annotations

from functools import lru_cache

from collectors.activity.evidence import MFA, PLAIN
from collectors.records import Actor
from findings.analysis.what_if.model import Candidate, Kind, UsedRow
from findings.policy.patterns import glob
from findings.policy.request import Caller, CallerKind, Context

SERVICE_LINKED = ":role/aws-service-role/"
KINDS = {
    Actor.ROOT: CallerKind.ROOT,
    Actor.USER: CallerKind.USER,
    Actor.ROLE: CallerKind.ROLE,
    Actor.FEDERATED: CallerKind.USER,
    Actor.SERVICE: CallerKind.SERVICE,
    Actor.ACCOUNT: CallerKind.ANYONE,
}
UNIQUE_OF_USER = "AIDA"
ELSEWHERE = "(not the organization)"
OF_INSTANCES = ("ec2:roledelivery", "ec2:sourceinstancearn")
CALLED_VIA = ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast")


def exempt(candidate: Candidate, row: UsedRow) -> str:
    """Why the candidate does not bind the call at all; "": it does."""
    if candidate.accounts is not None and row.account not in candidate.accounts:
        return "it is not below where it is attached"
    if SERVICE_LINKED in row.arn:
        return "a service-linked role"
    if candidate.kind is Kind.BOUNDARY:
        return _without_boundary(candidate, row)
    if row.account in candidate.unbound:
        return "the management account"
    return _no_principal(row) if candidate.kind is Kind.SCP else ""


def _without_boundary(candidate: Candidate, row: UsedRow) -> str:
    if row.actor not in (Actor.ROLE, Actor.USER) and not federated_user(row):
        return "no role or user of the account"
    chosen = not row.arn or any(glob(pattern, row.arn) for pattern in candidate.principals)
    return "" if chosen else "it would not get the boundary"


def _no_principal(row: UsedRow) -> str:
    """SCPs bind the account's own users, roles and root user, and nobody else (AWS.md 16)."""
    if row.actor == Actor.SERVICE:
        return "an AWS service itself"
    if row.actor == Actor.FEDERATED and not federated_user(row):
        return "an identity provider's user before it has a role"
    if row.actor in (Actor.ACCOUNT, Actor.IDENTITY_CENTER):
        return "no principal of the account"
    return ""


def federated_user(row: UsedRow) -> bool:
    """A session of GetFederationToken: what binds the user binds it."""
    return row.actor == Actor.FEDERATED and row.principal_id.startswith(UNIQUE_OF_USER)


def caller(candidate: Candidate, row: UsedRow) -> Caller | None:
    """None: who called is not known."""
    kind = KINDS.get(row.actor)
    if kind is None or (row.actor in (Actor.USER, Actor.ROLE) and not row.arn):
        return None
    if kind is CallerKind.ANYONE:
        return _outsider(candidate, row)
    if kind is CallerKind.SERVICE:
        return Caller(kind, row.principal_id, "")
    if row.actor == Actor.FEDERATED:
        if not federated_user(row):
            return Caller(CallerKind.ANYONE, row.principal_id if ":" in row.principal_id else row.arn, "")
        return Caller(kind, "", row.account, organization=candidate.organization)
    arn = row.arn or f"arn:aws:iam::{row.account}:root"
    return Caller(kind, arn, row.account, row.principal_id, tags=row.tags, organization=candidate.organization)


def _outsider(candidate: Candidate, row: UsedRow) -> Caller:
    """A principal of another account. Of one that is not in the organization it is known that its key is another one."""
    account = row.principal_id if row.principal_id.isdigit() else account_of(row.arn)
    organization = None
    if account and candidate.members is not None:
        organization = candidate.organization if account in candidate.members else ELSEWHERE
    return Caller(CallerKind.ANYONE, row.arn, account, organization=organization)


def context(row: UsedRow) -> Context:
    """Of the session and the request. `known_context` adds what follows from the caller and the resource."""
    federated = row.actor == Actor.FEDERATED
    return _context(row.region, row.session_kind, row.long_term, row.actor, federated and federated_user(row))


@lru_cache(4096)
def _context(region: str, kind: int, long_term: bool, actor: Actor, federated: bool) -> Context:
    known: dict[str, tuple[str, ...] | None] = {"aws:requestedregion": (region,)} if region else {}
    if kind in (PLAIN, MFA):  # else a service may have called on the principal's behalf, or by a role of its own
        known |= {"aws:viaawsservice": ("false",), **dict.fromkeys(CALLED_VIA)}
    if kind == MFA:
        known["aws:multifactorauthpresent"] = ("true",)
    elif long_term:  # "not present when ... called with long-term credentials" (IAM user guide, global keys)
        known |= dict.fromkeys(("aws:multifactorauthpresent", "aws:multifactorauthage", "aws:tokenissuetime"))
    if actor in (Actor.USER, Actor.ROOT, Actor.SERVICE, Actor.FEDERATED):
        known |= dict.fromkeys(OF_INSTANCES)
    if actor in (Actor.ACCOUNT, Actor.FEDERATED):
        known |= {"aws:principalisawsservice": ("false",), "aws:principalservicename": None}
    if federated:
        known |= {"aws:principaltype": ("FederatedUser",), "aws:username": None}
    return known


def account_of(arn: str) -> str:
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 else ""
