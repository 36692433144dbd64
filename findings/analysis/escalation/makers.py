"""Who makes IAM identities, or changes what they may do, and whether a condition puts a boundary on what it makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.escalation.answers import Answer
from findings.analysis.escalation.asking import BOUNDARY, Asker
from findings.analysis.escalation.probes import LIMIT, anything, named
from findings.analysis.escalation.targets import ADMINISTRATOR
from findings.policy.catalogue import catalogue
from findings.policy.evaluate import By
from findings.policy.patterns import glob

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

_ARN = "arn:{partition}:iam::{account}:"
ROLE, USER, GROUP, POLICY = (f"{_ARN}{kind}/{{name}}" for kind in ("role", "user", "group", "policy"))
REQUEST = f"{_ARN}delegation-request/{{name}}"

# These can be bound by a condition on iam:PermissionsBoundary.
BINDABLE: Mapping[str, str] = {
    "iam:CreateRole": ROLE,
    "iam:CreateUser": USER,
    "iam:AttachRolePolicy": ROLE,
    "iam:AttachUserPolicy": USER,
    "iam:PutRolePolicy": ROLE,
    "iam:PutUserPolicy": USER,
    "iam:PutRolePermissionsBoundary": ROLE,
    "iam:PutUserPermissionsBoundary": USER,
    "iam:DeleteRolePermissionsBoundary": ROLE,
    "iam:DeleteUserPermissionsBoundary": USER,
}
# These know no such condition: whoever has them beside bound ones is bound as far as IAM can.
UNBINDABLE: Mapping[str, str] = {
    "iam:AddUserToGroup": GROUP,
    "iam:AttachGroupPolicy": GROUP,
    "iam:PutGroupPolicy": GROUP,
    "iam:CreatePolicyVersion": POLICY,
    "iam:SetDefaultPolicyVersion": POLICY,
    "iam:UpdateAssumeRolePolicy": ROLE,
    "iam:AcceptDelegationRequest": REQUEST,
    "iam:SendDelegationToken": REQUEST,
    "iam:AcquireRole": "*",
}


@dataclass(frozen=True, slots=True)
class Maker:
    """free: actions that it may do on something without a boundary. unbindable: of those that know no such condition. bound:
    allowed only with a boundary. blocked: by guardrails, and by which. keys: those that the free ones hang on."""

    free: tuple[str, ...] = ()
    unbindable: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    by: tuple[By, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def unbound(self) -> tuple[str, ...]:
        """What makes it one who makes identities without a boundary; () when it is none."""
        if self.free:
            return (*self.free, *self.unbindable)
        return () if self.bound else self.unbindable


NOBODY = Maker()


def maker(principal: Role | User, facts: Facts) -> Maker:
    asker = facts.escalation.asker(principal)
    if not _may_make(asker):
        return NOBODY
    found: dict[str, list[str]] = {"free": [], "unbindable": [], "bound": [], "blocked": []}
    keys: dict[str, None] = {}
    by: dict[By, None] = {}
    for action, form in (*BINDABLE.items(), *UNBINDABLE.items()):
        if _granted(action, asker):
            kind, answer = _kind(action, form, asker)
            if kind:
                found[kind].append(action)
            if answer:
                keys |= dict.fromkeys(answer.keys if kind in ("free", "unbindable") else ())
                by |= dict.fromkeys(answer.by)
    lists = {kind: tuple(actions) for kind, actions in found.items()}
    return Maker(**lists, by=tuple(by), keys=tuple(keys))


@cache
def _all() -> int:
    return catalogue().mask((*BINDABLE, *UNBINDABLE))


def _may_make(asker: Asker) -> bool:
    permissions, principal = asker.permissions, asker.principal
    if asker.allow & _all():
        return True
    return any(permissions.own(principal, held).unknown_actions for held in permissions.library.of(principal))


def _granted(action: str, asker: Asker) -> bool:
    """An action that the catalogue does not know yet must be named in full, or by a pattern that it knows nothing for."""
    try:
        return bool(asker.allow & asker.permissions.catalogue.bit(action))
    except KeyError:
        unknown = asker.permissions.granted(asker.principal).unknown_actions
        return any(glob(pattern.lower(), action.lower()) for pattern in unknown)


def _kind(action: str, form: str, asker: Asker) -> tuple[str, Answer | None]:
    """ "" when its policies do not allow it on anything that we ask about."""
    blocked: Answer | None = None
    bound = False
    for resource in _resources(action, form, asker):
        answer = asker.may(action, resource, _context(action, asker))
        if answer and answer.state != "blocked":
            return ("free" if action in BINDABLE else "unbindable"), answer
        bound = bound or _bound(action, resource, asker)
        blocked = blocked or (None if answer is None or answer.refused else answer)
    if bound:
        return "bound", None
    return ("blocked", blocked) if blocked else ("", None)


def _bound(action: str, resource: str, asker: Asker) -> bool:
    """Whether it may, with a boundary that is to its policies' or guardrails' liking."""
    if action not in BINDABLE or BOUNDARY not in asker.keys(action):
        return False
    answer = asker.may(action, resource)
    return answer is not None and answer.state != "blocked"


def _context(action: str, asker: Asker) -> dict[str, tuple[str, ...] | None]:
    """What is made has no boundary; one that is put is as good as none."""
    if action not in BINDABLE:
        return {}
    put = action.startswith("iam:Put") and action.endswith("PermissionsBoundary")
    return {BOUNDARY: (ADMINISTRATOR.format(partition=asker.ground.partition),) if put else None}


def _resources(action: str, form: str, asker: Asker) -> Iterator[str]:
    if form == "*":
        yield "*"
        return
    account, partition = asker.ground.account, asker.ground.partition
    found = (
        *anything(form, account, partition, ()),
        *named(form, asker.patterns(action), account, partition),
    )
    yield from tuple(dict.fromkeys(found))[:LIMIT]
