"""One question: may this principal do this action on this resource? The answer of `manage.py simulate` and of the pages.

Asked of roles, users and the root user of the account, of role sessions (their role answers), and, about who may become a
role, of anybody outside: of those only the trust policy can be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from collectors import records
from findings.analysis.facts import Facts
from findings.policy.document import read
from findings.policy.evaluate import Decision, Layer, Named, Policies, evaluate
from findings.policy.request import Caller, CallerKind, Context, Request

ACTION = re.compile(r"[A-Za-z0-9-]{1,64}:[A-Za-z0-9_]{1,128}")
SERVICE = re.compile(r"[a-z0-9.-]{1,200}\.amazonaws\.com(\.cn)?")
ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class AskError(Exception):
    """The question makes no sense; str(error) says why and what to ask instead."""


@dataclass(frozen=True, slots=True)
class Question:
    """resource "" or "*": an action that takes none. session_policy, resource_policy: parsed documents, None for none;
    a resource policy that is given stands for the resource's own."""

    principal: str
    action: str
    resource: str = "*"
    context: Context | None = None
    session_policy: Any = None
    resource_policy: Any = None


def ask(question: Question, facts: Facts) -> Decision:
    """Raises AskError for what is no action, no ARN, or no principal that the account can tell of."""
    _check(question)
    holder = _holder(question.principal, facts)
    if holder is None:
        return _of_stranger(question, facts)
    caller = facts.permissions.caller(holder)
    if ":assumed-role/" in question.principal:
        caller = replace(caller, kind=CallerKind.SESSION, session_arn=question.principal)
    policies = facts.permissions.policies_for(holder, question.action, question.resource)
    return _decided(question, caller, policies, facts)


def _check(question: Question) -> None:
    if not ACTION.fullmatch(question.action):
        raise AskError(f"{question.action[:80]!r} is no action; write service:Action, as in s3:GetObject.")
    if question.resource not in ("", "*") and not question.resource.startswith("arn:"):
        raise AskError(f"{question.resource[:80]!r} is no ARN; write one, or * for an action that takes no resource.")


def _holder(principal: str, facts: Facts) -> records.Role | records.User | None:
    """The role or user that an ARN, of a session too, names in this account; None: it is somebody else.

    A session's ARN lacks the role's path, so the name decides: names are unique in an account.
    """
    if found := facts.principal_by_arn.get(principal):
        return found
    account, kind, path = _parts(principal)
    if account != facts.snapshot.account_id or kind == "root":
        return None
    if kind == "assumed-role":
        name = path.partition("/")[0]
        session_of = next((role for role in facts.snapshot.roles if role.name == name), None)
        if session_of:
            return session_of
    raise AskError(f"Account {account} has no {kind or 'principal'} {principal[:200]}, as far as it was collected.")


def _parts(principal: str) -> tuple[str, str, str]:
    """(account, kind, rest) of an ARN of IAM or STS; a bare account id is its root. Empty texts when it is neither."""
    if ACCOUNT.fullmatch(principal):
        return principal, "root", ""
    fields = principal.split(":", 5)
    if len(fields) != 6 or fields[0] != "arn" or fields[2] not in ("iam", "sts"):
        return "", "", ""
    kind, _, rest = fields[5].partition("/")
    return fields[4], kind, rest


def _of_stranger(question: Question, facts: Facts) -> Decision:
    """Root, an AWS service, an identity provider, or a principal of another account."""
    account, kind, _ = _parts(question.principal)
    if account and account == facts.snapshot.account_id and kind == "root":
        caller = Caller(CallerKind.ROOT, question.principal, account, organization=facts.guardrails.organization_id)
        scp = facts.permissions.library.levels
        named = None if scp is None else tuple(tuple(held.named for held in level) for level in scp)
        return _decided(question, caller, Policies(scp=named), facts)
    if SERVICE.fullmatch(question.principal):
        caller = Caller(CallerKind.SERVICE, question.principal, "")
    elif account or question.principal == "*":
        caller = Caller(CallerKind.ANYONE, question.principal, account)
    else:
        raise AskError(
            f"{question.principal[:200]!r} is no principal; write the ARN of a role, user, session or root, a service"
            " (lambda.amazonaws.com), or the ARN of somebody in another account."
        )
    return _decided(question, caller, Policies(), facts)


def _decided(question: Question, caller: Caller, policies: Policies, facts: Facts) -> Decision:
    if caller.kind not in (CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION):
        policies = facts.permissions.resource_side(policies, question.action, question.resource)
    if question.session_policy is not None:
        session = Named(Layer.SESSION, "session policy", read(question.session_policy))
        policies = replace(policies, session=(session,))
    if question.resource_policy is not None:
        must = question.action.lower().startswith(("kms:", "sts:assumerole"))
        given = Named(Layer.RESOURCE, question.resource, read(question.resource_policy))
        policies = replace(policies, resource=given, resource_must_allow=must)
    request = Request(caller, question.action, question.resource or "*", question.context or {})
    return evaluate(request, policies)
