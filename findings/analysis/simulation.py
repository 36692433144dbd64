"""One question: may this principal do this action on this resource? The answer of `manage.py simulate`.

Asked of roles, users and the root user of the account, of role sessions (their role answers), and, about who may become a
role, of anybody outside: of those only the trust policy can be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.questions import by_trust, with_inventory
from findings.analysis.trust.assumable import action_of
from findings.analysis.trust.who import WITH_WEB_IDENTITY
from findings.policy.document import Unreadable, read
from findings.policy.evaluate import Decision, Layer, Named, Policies, evaluate
from findings.policy.request import PROVIDERS, Caller, CallerKind, Context, Request

ACTION = re.compile(r"[A-Za-z0-9-]{1,64}:[A-Za-z0-9_]{1,128}")
SERVICE = re.compile(r"[a-z0-9.-]{1,200}\.amazonaws\.com(\.cn)?")
ACCOUNT = re.compile(r"\d{12}", re.ASCII)
NOT_COLLECTED = Unreadable("it was not collected")


class AskError(Exception):
    """The question makes no sense; str(error) says why and what to ask instead."""


@dataclass(frozen=True, slots=True)
class Question:
    """resource "" or "*": an action that takes none. session_policy, resource_policy: parsed documents, None for none;
    a resource policy that is given stands for the resource's own."""

    principal: str
    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    session_policy: Any = None
    resource_policy: Any = None


def ask(question: Question, facts: Facts) -> Decision:
    """Raises AskError for what is no action, no ARN, or no principal that the account can tell of."""
    _check(question)
    holder = _holder(question.principal, facts)
    if holder is None:
        caller, own = _stranger(question.principal, facts), Policies()
        if caller.kind is CallerKind.ROOT:
            own = replace(own, scp=facts.permissions.service_control)
    else:
        caller, own = _caller(question.principal, holder, facts), facts.permissions.policies(holder)
    return _decided(question, caller, own, facts)


def accounts_of(question: Question) -> tuple[str, ...]:
    """The accounts that the question names, the principal's first."""
    named = (_parts(question.principal)[0], *question.resource.split(":")[4:5])
    return tuple(account for account in named if ACCOUNT.fullmatch(account))


def _check(question: Question) -> None:
    if not ACTION.fullmatch(question.action):
        raise AskError(f"{question.action[:80]!r} is no action; write service:Action, as in s3:GetObject.")
    if question.resource not in ("", "*") and not question.resource.startswith("arn:"):
        raise AskError(f"{question.resource[:80]!r} is no ARN; write one, or * for an action that takes no resource.")


# -- who asks


def _holder(principal: str, facts: Facts) -> records.Role | records.User | None:
    """The role or user that an ARN, of a session too, names in this account; None: it is somebody else.

    A session's ARN lacks the role's path, so the name decides: names are unique in an account.
    """
    if found := facts.principal_by_arn.get(principal):
        return found
    account, kind, path = _parts(principal)
    if account != facts.snapshot.account_id or kind == "root" or _federated(principal):
        return None
    if kind == "assumed-role" and (session_of := facts.role_by_name.get(path.partition("/")[0])):
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


def _federated(principal: str) -> bool:
    return any(kind in principal for kind in PROVIDERS) or action_of(principal) == WITH_WEB_IDENTITY


def _caller(principal: str, holder: records.Role | records.User, facts: Facts) -> Caller:
    caller = facts.permissions.caller(holder)
    if ":assumed-role/" in principal:
        return replace(caller, kind=CallerKind.SESSION, session_arn=principal)
    return caller


def _stranger(principal: str, facts: Facts) -> Caller:
    """Root, an identity provider, an AWS service, or a principal of another account."""
    account, kind, _ = _parts(principal)
    if account and account == facts.snapshot.account_id and kind == "root":
        return Caller(CallerKind.ROOT, facts.account.arn, account, organization=facts.guardrails.organization_id)
    if _federated(principal):
        return Caller(CallerKind.ANYONE, principal, "")
    if SERVICE.fullmatch(principal):
        return Caller(CallerKind.SERVICE, principal, "")
    if account or principal == "*":
        return Caller(CallerKind.ANYONE, principal, account)
    raise AskError(
        f"{principal[:200]!r} is no principal; write the ARN of a role, user, session or root, a service"
        " (lambda.amazonaws.com), an identity provider, or the ARN of somebody in another account."
    )


# -- what is decided


def _decided(question: Question, caller: Caller, own: Policies, facts: Facts) -> Decision:
    action, resource = question.action, question.resource or "*"
    given = Request(caller, action, resource, question.context, _account_of_resource(question.context))
    policies = _of_resource(question, given, facts.permissions.resource_side(own, action, resource))
    if question.session_policy is not None:
        session = Named(Layer.SESSION, "session policy", read(question.session_policy))
        policies = replace(policies, session=(session,))
    decision = evaluate(with_inventory(given, policies, facts, {}), policies)
    if decision.verdict == "allowed" and _of_key(question) and policies.resource is None:
        return replace(decision, unseen=(*decision.unseen, f"the key policy of {resource}"))
    return decision


def _account_of_resource(context: Context) -> str:
    """As the question may tell it: the ARN of a bucket does not."""
    values = context.get("aws:resourceaccount") or ()
    return values[0] if len(values) == 1 and ACCOUNT.fullmatch(values[0]) else ""


def _of_resource(question: Question, request: Request, policies: Policies) -> Policies:
    """With the resource's policy as the question gives it, or, where the answer hangs on one that nobody collected, with one
    that cannot be read."""
    trusting = by_trust(question.action)
    layer = Layer.TRUST if trusting else Layer.RESOURCE
    if question.resource_policy is not None:
        given = Named(layer, request.resource, read(question.resource_policy))
        return replace(policies, resource=given, resource_must_allow=trusting or _of_key(question))
    if policies.resource is not None or request.resource == "*":
        return policies
    if not request.caller.in_iam or not request.same_account or (trusting and ":role/" in request.resource):
        unseen = Named(layer, f"the policy of {request.resource}", NOT_COLLECTED)
        return replace(policies, resource=unseen, resource_must_allow=trusting)
    return policies


def _of_key(question: Question) -> bool:
    """KMS keys have a policy each, and it has to allow (AWS.md 18)."""
    return question.action.lower().startswith("kms:") and ":key/" in question.resource
