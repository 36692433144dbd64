"""Whether guardrails leave anything to somebody who has signed in with a password alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from collectors.records import User
from findings.analysis.holdings import Held
from findings.policy.catalogue import Level
from findings.policy.compiled import Clause
from findings.policy.conditions import holds
from findings.policy.document import Document
from findings.policy.layers import Layer
from findings.policy.request import Context, Request
from findings.policy.truth import Truth, all_of

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

# What AWS's example of such a policy leaves, so that one can register a device [IAM user guide, "Allows MFA-authenticated IAM
# users to manage their own credentials"], and what ends there.
SETTING_UP = (
    "iam:ChangePassword",
    "iam:CreateVirtualMFADevice",
    "iam:DeactivateMFADevice",
    "iam:DeleteVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:Get*",
    "iam:List*",
    "iam:ResyncMFADevice",
    "sts:GetCallerIdentity",
    "sts:GetSessionToken",
)
PASSWORD_ALONE: Context = {"aws:multifactorauthpresent": ("false",), "aws:multifactorauthage": None}


def held_back_without_mfa(user: User, facts: Facts) -> tuple[str, ...]:
    """The boundary and SCPs that then leave the user nothing but setting up MFA and lists, as words; () when more is left, or
    when it could do nothing more anyway."""
    permissions = facts.permissions
    actions = permissions.catalogue
    harmless = actions.mask(SETTING_UP) | actions.levels[Level.LIST]
    had = permissions.reach(user).upper & ~harmless
    taken = {words: mask & had for words, mask in _taken(user, facts)}
    left = had
    for mask in taken.values():
        left &= ~mask
    return tuple(words for words, mask in taken.items() if mask) if had and not left else ()


def _taken(user: User, facts: Facts) -> Iterator[tuple[str, int]]:
    permissions = facts.permissions
    request = Request(permissions.caller(user), "*", "*", PASSWORD_ALONE)
    if held := permissions.library.boundary(user):
        yield f"the permissions boundary {held.title}", _denied(held, request) | _not_allowed(held, request, facts)
    for level, row in zip(facts.guardrails.scp or (), permissions.library.levels or (), strict=True):
        for held in row:
            yield f"SCP {held.named.name} at {level.name}", _denied(held, request)


def _denied(held: Held, request: Request) -> int:
    taken = 0
    for clause, answer in _answered(held, request):
        if not clause.statement.allows and answer is True:
            taken |= (clause.met or clause).sure
    return taken


def _not_allowed(held: Held, request: Request, facts: Facts) -> int:
    if held.named.layer is not Layer.BOUNDARY or not isinstance(held.named.document, Document):
        return 0
    allowed = 0
    for clause, answer in _answered(held, request):
        if clause.statement.allows and answer is not False:
            allowed |= clause.may
    return facts.permissions.catalogue.all & ~allowed


def _answered(held: Held, request: Request) -> Iterator[tuple[Clause, Truth]]:
    """Whether the conditions of each statement are met."""
    document = held.named.document
    if isinstance(document, Document):
        for clause in held.compiled.clauses:
            conditions = clause.statement.conditions
            yield clause, all_of(holds(one, request.known, document.has_variables) for one in conditions)
