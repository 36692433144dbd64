"""One permissions boundary: who carries it, what it takes from each of them, whether it is hollow, and who may change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from collectors.models import Policy, Principal
from findings.analysis.escalation.bounded import Undoing, allows_everything, undoing, unreadable
from findings.analysis.facts import Facts
from findings.analysis.who_can import Can
from findings.models import Finding, GuardrailEffect, RuleState
from findings.policy.document import Unreadable
from findings.policy.layers import Layer
from iamdash.pages import indexes
from iamdash.pages.gaps import DETAILS, Gaps
from iamdash.pages.permitted import Blocking, blocking
from iamdash.pages.policy import statements
from iamdash.pages.reading import facts_of

SHOWN = 100  # carriers that are looked at, one by one
FEW = 10  # who may change it, named
CHANGES = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion", "iam:DeletePolicy")


@dataclass(frozen=True)
class Changers:
    """Who in the account may do it to the policy. named None: the account is too big to be asked within this page."""

    action: str
    named: tuple[Can, ...] | None
    more: int = 0


@dataclass(frozen=True)
class Carrier:
    principal: Principal
    blocking: Blocking
    unknown: str


@require_safe
def detail(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    found = Policy.present.select_related("account")
    policy = get_object_or_404(found, account__aws_id=aws_id, unique_id=unique_id)
    carriers = Principal.present.filter(account=policy.account_id, boundary=policy.arn).order_by("name")
    some = list(carriers[:SHOWN])
    facts = facts_of(some, policy.account)
    record = facts.policy_by_arn.get(policy.arn) or policy.as_record
    context: dict[str, Any] = {
        "policy": policy,
        "n_carriers": carriers.count(),
        "carriers": list(_carriers(some, facts)),
        "effect": GuardrailEffect.objects.filter(
            account=policy.account_id, layer=Layer.BOUNDARY.value, policy=policy.arn
        ).first(),
        "everything": allows_everything(record, facts) if some else False,
        "undoing": _undoing(record, some, facts),
        "unreadable": unreadable(record, facts) if some else "",
        "findings": Finding.objects.filter(account=policy.account_id, subject_id=policy.unique_id, resolved_at=None),
        "judged": RuleState.objects.filter(account=policy.account_id).exists(),
        "changes": list(_changers(policy)) if not policy.aws_managed else (),
        "gap": Gaps([policy.account_id], DETAILS).of(policy.account_id, DETAILS),
        **_said(record, facts, some),
    }
    return render(request, "guardrails/boundary.html", context)


def _carriers(some: Sequence[Principal], facts: Facts) -> Iterator[Carrier]:
    for principal in some:
        record = facts.principal_by_arn[principal.arn]
        held = facts.permissions.library.boundary(record)
        if held:
            yield Carrier(principal, blocking(record, facts, held, ""), facts.permissions.unknown(record))


def _changers(policy: Policy) -> Iterator[Changers]:
    index = indexes.at_hand(policy.account)
    for action in CHANGES:
        if index is None:
            yield Changers(action, None)
        else:
            found = tuple(index.who_can(action, policy.arn))
            yield Changers(action, found[:FEW], max(0, len(found) - FEW))


def _undoing(record: Any, some: Sequence[Principal], facts: Facts) -> list[tuple[Principal, Undoing]]:
    by_arn = {principal.arn: principal for principal in some}
    return [(by_arn[one.principal.arn], one) for one in undoing(record, facts)] if some else []


def _said(record: Any, facts: Facts, some: Sequence[Principal]) -> dict[str, Any]:
    """Only where somebody carries it: without, nothing of it was read for this page."""
    document = facts.document(record.document)
    if not some or isinstance(document, Unreadable):
        return {"fault": document.reason if some and isinstance(document, Unreadable) else "", "statements": []}
    return {"fault": "", "statements": list(statements(facts.permissions.library.compile(record.document, document)))}
