"""Whether somebody may assume a role of the account: the trust policy together with what binds the caller and the role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.trust.narrowing import SOURCE_KEYS
from findings.analysis.trust.oidc import APPLICATIONS, COGNITO, issuer_of
from findings.analysis.trust.who import ASSUME, OF_ACCOUNTS, WITH_SAML, WITH_WEB_IDENTITY, Admission
from findings.policy.document import Condition
from findings.policy.evaluate import Decision, Layer, Named, Policies, evaluate
from findings.policy.request import Caller, CallerKind, Context, Request

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

NOBODYS_ACCOUNT = "0" * 12
SOMEBODY = "x"  # stands where a pattern of a trust policy leaves the choice to the caller


def may_assume(principal: Role | User | Caller, role: Role, facts: Facts, context: Context | None = None) -> Decision:
    """principal: a role or user of the account, or a caller from elsewhere, of whose own policies nothing is known."""
    if not isinstance(principal, Caller):
        return facts.permissions.decide(principal, ASSUME, role.arn, context or {})
    trust = Named(Layer.TRUST, role.arn, facts.document(role.trust))
    levels = facts.permissions.library.resource_levels
    rcp = None if levels is None else tuple(tuple(held.named for held in level) for level in levels)
    policies = Policies(rcp=() if role.service_linked else rcp, resource=trust, resource_must_allow=True)
    request = Request(principal, action_of(principal.arn), role.arn, context or {}, facts.snapshot.account_id)
    return evaluate(request, policies)


def action_of(principal: str) -> str:
    """The action by which a principal of this ARN or host assumes roles."""
    if ":saml-provider/" in principal:
        return WITH_SAML
    federated = ":oidc-provider/" in principal or principal == COGNITO or principal in APPLICATIONS
    return WITH_WEB_IDENTITY if federated else ASSUME


def stopped_by(admission: Admission, role: Role, facts: Facts) -> tuple[str, ...]:
    """The RCPs that keep out the outsiders whom the trust policy admits: "RCP perimeter at Root". Empty also when some are
    let through, and when RCPs are not visible."""
    if not facts.guardrails.rcp:
        return ()
    nowhere = NOBODYS_ACCOUNT if admission.kind in OF_ACCOUNTS else ""
    accounts = [a for a in admission.accounts if not facts.inside(a)] or [nowhere]
    arn = admission.principal if admission.kind in ("role", "user", "oidc", "saml") else ""
    found: dict[str, None] = {}
    for account in accounts:
        caller = Caller(CallerKind.ANYONE, arn, account, organization="")
        for context in _requests(admission, account, facts):
            decision = may_assume(caller, role, facts, context)
            stops = [by for by in decision.by if by.layer is Layer.RCP] if decision.verdict == "denied" else []
            if not stops:
                return ()
            found |= {f"RCP {by.policy} at {by.level}": None for by in stops}
    return tuple(found)


def _requests(admission: Admission, account: str, facts: Facts) -> Iterator[dict[str, tuple[str, ...] | None]]:
    """Outsiders' requests that fulfil the statement, so that each value of a condition is taken once."""
    asked = [c for c in admission.conditions if c.values and not _excludes(c)]
    for n in range(max((len(c.values) for c in asked), default=1)):
        context = _bare_request(admission, facts)
        for condition in asked:
            of_account = [v for v in condition.values if account and account in v]
            values = of_account or condition.values
            value = values[min(n, len(values) - 1)]
            context[condition.key.lower()] = (value.replace("*", SOMEBODY).replace("?", SOMEBODY),)
        yield context


def _bare_request(admission: Admission, facts: Facts) -> dict[str, tuple[str, ...] | None]:
    """An outsider is no AWS service, and brings the claims of his own identity provider only."""
    levels = facts.permissions.library.resource_levels or ()
    keys = (key for level in levels for held in level for key in held.compiled.keys)
    context: dict[str, tuple[str, ...] | None] = {key: None for key in keys if "." in key.partition(":")[0]}
    context |= dict.fromkeys(SOURCE_KEYS)
    context["aws:principalisawsservice"] = ("false",)
    if admission.kind == "oidc":
        context[f"{issuer_of(admission.principal)}:sub"] = (SOMEBODY,)
    return context


def _excludes(condition: Condition) -> bool:
    operator = condition.operator.lower().rpartition(":")[2]
    return "not" in operator or operator in ("null", "bool", "boolifexists")
