"""One action on one resource, asked of a principal: with all layers that bind it, and all of the circumstances that the
inventory tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from collectors.records import Holder, Principal
from findings.policy.document import Document
from findings.policy.evaluate import By, Decision, Layer, Named, Policies, evaluate, stopped
from findings.policy.request import Context, Request
from findings.policy.statements import about

if TYPE_CHECKING:
    from findings.analysis.facts import Facts
    from findings.analysis.permissions import Permissions

RESOURCE_TAGS = ("aws:resourcetag/", "iam:resourcetag/")
OF_TRUST = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
BOUNDARY_KEY = "iam:permissionsboundary"
# Of these the key tells the boundary that the target has; of CreateUser, CreateRole and Put*PermissionsBoundary the one
# that is asked for, which nobody knows beforehand.
OF_TARGET_BOUNDARY = frozenset(
    f"iam:{verb}{kind}{what}"
    for kind in ("user", "role")
    for verb, what in (
        ("attach", "policy"),
        ("detach", "policy"),
        ("put", "policy"),
        ("delete", "policy"),
        ("delete", "permissionsboundary"),
    )
)


def decide(
    permissions: Permissions,
    holder: Holder,
    action: str,
    resource: str,
    context: Context,
    now: bool,
    policies: Policies | None = None,
) -> Decision:
    """policies: those to ask in place of all that bind the holder."""
    policies = policies or permissions.policies_for(holder, action, resource)
    return evaluate(_request(permissions, holder, action, resource, context, now, policies), policies)


def _request(
    permissions: Permissions,
    holder: Holder,
    action: str,
    resource: str,
    context: Context,
    now: bool,
    policies: Policies,
) -> Request:
    asked = Request(permissions.caller(holder), action, resource, context)
    return with_inventory(asked, policies, permissions.facts, at(permissions.facts.as_of) if now else {})


def with_inventory(request: Request, policies: Policies, facts: Facts, time: Context) -> Request:
    """The request with what the inventory tells of its resource. What the asker gave wins."""
    known = {**time, **_organization_of(request.resource, facts)}
    if target := facts.principal_by_arn.get(request.resource):
        known |= _of_target(target, request.action, _keys(policies, request.lower_action))
    known |= {key.lower(): values for key, values in request.context.items()}
    return replace(request, context=known)


@lru_cache(8)
def at(moment: datetime) -> Context:
    """The condition keys of a moment."""
    return {
        "aws:currenttime": (moment.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(moment.timestamp())),),
    }


def _of_target(target: Principal, action: str, keys: frozenset[str]) -> dict[str, tuple[str, ...] | None]:
    """Tags of a role or user of the account, and the boundary it has. A tag that it lacks is known to be absent."""
    tags = {key.lower(): value for key, value in target.tags.items()}
    known: dict[str, tuple[str, ...] | None] = {}
    for prefix in RESOURCE_TAGS:
        known |= {prefix + key: (value,) for key, value in tags.items()}
        known |= {key: None for key in keys if key.startswith(prefix) and key.removeprefix(prefix) not in tags}
    if action.lower() in OF_TARGET_BOUNDARY:
        known[BOUNDARY_KEY] = (target.boundary,) if target.boundary else None
    return known


def _keys(policies: Policies, action: str) -> frozenset[str]:
    """The condition keys that the policies ask for when they speak of the action."""
    return frozenset(
        condition.key.lower()
        for named in _all(policies)
        if isinstance(named.document, Document)
        for _, statement in about(named.document, action)
        for condition in statement.conditions
    )


def _all(policies: Policies) -> Iterator[Named]:
    yield from (*policies.identity, *(policies.session or ()))
    yield from (named for named in (policies.boundary, policies.resource) if named)
    for levels in (policies.scp, policies.rcp):
        for level in levels or ():
            yield from level


def _organization_of(resource: str, facts: Facts) -> dict[str, tuple[str, ...] | None]:
    """aws:ResourceOrgID, where the account of the resource is known to be in the organization."""
    found, account = facts.guardrails, _account_of(resource)
    if not found.organization_id or not account:
        return {}
    inside = account == facts.snapshot.account_id or account in (found.members or ())
    return {"aws:resourceorgid": (found.organization_id,)} if inside else {}


def with_resource(permissions: Permissions, policies: Policies, action: str, resource: str) -> Policies:
    """The policies with what binds the resource, as far as it is the account's own: RCPs, and a role's trust policy when the
    question is who may assume it. An RCP of a resource whose ARN names no account (a bucket) is taken as our own."""
    facts, service = permissions.facts, action.partition(":")[0].lower()
    if _account_of(resource) not in ("", facts.snapshot.account_id):
        return policies
    if service in permissions.catalogue.rcp_services:
        policies = replace(policies, rcp=permissions.resource_control)
    if by_trust(action) and (role := facts.role_by_arn.get(resource)):
        trust = Named(Layer.TRUST, role.arn, facts.document(role.trust))
        policies = replace(policies, resource=trust, resource_must_allow=True)
    return policies


def by_trust(action: str) -> bool:
    """Whether the trust policy of the role has to allow the action."""
    return action.lower().startswith(tuple(map(str.lower, OF_TRUST)))


def blockers(
    permissions: Permissions,
    holder: Holder,
    action: str,
    resource: str,
    context: Context,
    policies: Policies | None = None,
) -> tuple[By, ...]:
    """Each guardrail is asked by itself, so that all that block are named, not only the first."""
    policies = policies or permissions.policies_for(holder, action, resource)
    request = _request(permissions, holder, action, resource, context, True, policies)
    alone = Policies(
        identity=policies.identity, resource=policies.resource, resource_must_allow=policies.resource_must_allow
    )
    if evaluate(request, alone).verdict == "denied":
        return ()
    found: list[By] = []
    for named, blamed in _one_by_one(request, alone, policies):
        found += [by if by.policy else replace(by, policy=", ".join(one.name for one in named)) for by in blamed]
    return tuple(dict.fromkeys(found))


def _one_by_one(
    request: Request, alone: Policies, policies: Policies
) -> Iterator[tuple[tuple[Named, ...], Iterable[By]]]:
    """A boundary limits only what identity policies allow, so that it is asked together with them."""
    if policies.boundary:
        decision = evaluate(request, replace(alone, boundary=policies.boundary))
        blamed = decision.by if decision.verdict == "denied" else ()
        yield (policies.boundary,), [by for by in blamed if by.layer is Layer.BOUNDARY]
    for level in policies.scp or ():
        yield level, stopped(request, Policies(scp=(level,)))
    for level in policies.rcp or ():
        yield level, stopped(request, Policies(rcp=(level,)))


def _account_of(resource: str) -> str:
    fields = resource.split(":", 5)
    return fields[4] if len(fields) == 6 else ""
