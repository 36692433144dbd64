"""One question to one principal, with the circumstances that an attacker would choose: may it, on what does that hang, and
what blocks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis import questions
from findings.analysis.escalation.model import State
from findings.analysis.escalation.probes import HOME
from findings.policy.document import Document
from findings.policy.evaluate import By, Decision, Layer, Named, Policies
from findings.policy.keys import VIA_SERVICE, of_session
from findings.policy.request import Context

if TYPE_CHECKING:
    from findings.analysis.permissions import Permissions

# The caller decides these by how he asks.
CHOSEN = frozenset(
    {
        "aws:requestedregion",
        "aws:securetransport",
        "aws:referer",
        "aws:tagkeys",
        "aws:useragent",
        "iam:associatedresourcearn",
        "iam:awsservicename",
        "sts:durationseconds",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
    }
)
NOT_CHOSEN = ("aws", "iam", "sts", "kms", "saml")  # of other services' keys, those of the request are chosen
OWN = (Layer.IDENTITY, Layer.TRUST)  # whose word is not a guardrail's
# They tell the role that is passed.
PROFILE_KEY, STACK_ROLE_KEY = "ec2:instanceprofile", "cloudformation:rolearn"


@dataclass(frozen=True, slots=True)
class Answer:
    """To "may it": how, on which keys it hangs, what blocks it. No Answer at all: its policies do not allow it."""

    state: State
    keys: tuple[str, ...] = ()
    by: tuple[By, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether a Deny in the caller's own policies blocks it, guardrails or no."""
        return any(by.layer is Layer.IDENTITY for by in self.by)


def answer(
    principal: Role | User, action: str, resource: str, context: Context, permissions: Permissions
) -> Answer | None:
    """What cannot be read of its own policies allows nothing and denies nothing: `Permissions.unknown` tells of it."""
    if action.startswith("iam:") and action != "iam:PassRole":
        context = {"aws:requestedregion": (HOME,), **context}
    policies = _readable(permissions.policies_for(principal, action, resource))
    decision = questions.decide(permissions, principal, action, resource, context, True, policies)
    if decision.verdict == "conditional" and VIA_SERVICE in map(str.lower, decision.keys):
        context = {**context, VIA_SERVICE: ("false",)}
        itself = questions.decide(permissions, principal, action, resource, context, True, policies)
        decision = decision if itself.verdict == "denied" else itself
    if decision.verdict == "denied":
        return _blocked(principal, action, resource, context, permissions, policies, decision)
    keys = tuple(key for key in decision.keys if not chosen(key.lower()))
    return Answer("conditional", keys) if keys else Answer("live")


def _readable(policies: Policies) -> Policies:
    return replace(policies, identity=tuple(n for n in policies.identity if isinstance(n.document, Document)))


def _blocked(
    principal: Role | User,
    action: str,
    resource: str,
    context: Context,
    permissions: Permissions,
    policies: Policies,
    decision: Decision,
) -> Answer | None:
    """None: without any Deny and guardrail it would not be allowed either."""
    own = tuple(by for by in decision.by if by.layer in OWN)
    if decision.kind == "implicit":  # by all that do not allow it
        return None if own else Answer("blocked", by=tuple(_limit(principal, by, policies) for by in decision.by))
    if own:
        policies = replace(policies, identity=tuple(map(_allowing, policies.identity)))
        alone = replace(policies, boundary=None, scp=(), rcp=())
        if questions.decide(permissions, principal, action, resource, context, True, alone).verdict == "denied":
            return None
    by = questions.blockers(permissions, principal, action, resource, context, policies)
    named = tuple(_limit(principal, one, policies) for one in by)
    return Answer("blocked", by=(*own, *named)) if own or named else None


def _limit(principal: Role | User, by: By, policies: Policies) -> By:
    """A boundary, or the policies of a level, that do not allow are named too."""
    if by.policy:
        return by
    if by.layer is Layer.BOUNDARY:
        return replace(by, policy=principal.boundary or "")
    levels = (policies.scp if by.layer is Layer.SCP else policies.rcp) or ()
    return replace(by, policy=", ".join(one.name for level in levels for one in level if one.level == by.level))


def _allowing(named: Named) -> Named:
    document = named.document
    if not isinstance(document, Document) or all(statement.allows for statement in document.statements):
        return named
    allows = tuple(statement for statement in document.statements if statement.allows)
    return replace(named, document=Document(allows, document.version))


def chosen(key: str) -> bool:
    """Whether the caller decides what the key says. key: in lower case."""
    service = key.partition(":")[0]
    if key in CHOSEN or key.startswith("aws:requesttag/"):
        return True
    if of_session(key) or key in (PROFILE_KEY, STACK_ROLE_KEY):
        return False
    return service not in NOT_CHOSEN and "resourcetag" not in key
