"""Who can do this action on this resource, in all accounts? And, for one principal, why or why not?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from collectors.models import Account, Principal
from findings.analysis.trust.edges import Edge, assume_edges
from findings.analysis.who_can import Can, Holder, Index
from findings.policy.catalogue import catalogue
from iamdash.pages import questions
from iamdash.pages.indexes import ready
from iamdash.pages.questions import Answer, Asked, answer
from iamdash.pages.reading import facts_of

SHOWN = 500  # principals of an answer; the count tells of the rest
HOPS = 3  # roles that are assumed on the way, at most


@dataclass(frozen=True)
class Row:
    """via: roles that are assumed on the way, the last one is the one that can."""

    account: Account
    holder: Holder
    kind: str
    answer: Answer
    via: tuple[str, ...] = ()
    unknown: str = ""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    asked = questions.read(request.GET)
    context: dict[str, Any] = {"asked": asked, "actions": catalogue().version}
    if not asked.blank and not asked.fault:
        context |= _answered(asked, _accounts(request))
    return render(request, "who_can/page.html", context)


def _accounts(request: HttpRequest) -> list[Account]:
    chosen = request.GET.get("account", "")
    accounts = Account.objects.order_by("name", "aws_id")
    return list(accounts.filter(aws_id=chosen) if chosen else accounts)


def _answered(asked: Asked, accounts: list[Account]) -> dict[str, Any]:
    rows: list[Row] = []
    waiting: list[Account] = []
    checked = 0
    for one in ready(accounts):
        if one.index is None:
            waiting.append(one.account)
            continue
        checked += len(one.index.holders)
        rows += _rows(one.account, one.index, asked)
    order = {"allowed": 0, "conditional": 1}
    rows.sort(key=lambda row: (order[row.answer.verdict], len(row.via), row.holder.name))
    return {
        "rows": rows[:SHOWN],
        "total": len(rows),
        "sure": sum(row.answer.verdict == "allowed" for row in rows),
        "checked": checked,
        "n_accounts": len(accounts) - len(waiting),
        "waiting": len(waiting),
    }


def _rows(account: Account, index: Index, asked: Asked) -> Iterator[Row]:
    direct = {can.holder.arn: can for can in index.who_can(asked.action, asked.resource, asked.given)}
    for can in direct.values():
        yield Row(account, can.holder, _kind(can.holder), answer(can.decision), unknown=can.unknown)
    for holder, via, can in _through(index, direct):
        yield Row(account, holder, _kind(holder), answer(can.decision), via, can.unknown)


def _through(index: Index, direct: dict[str, Can]) -> Iterator[tuple[Holder, tuple[str, ...], Can]]:
    """Principals that cannot do it themselves but may assume a role that can: each by its shortest way."""
    into: dict[str, list[str]] = {}
    for source, edges in assume_edges(index.facts).items():
        for edge in edges:
            if _assumes(edge):
                into.setdefault(edge.target, []).append(source)
    holders = {holder.arn: holder for holder in index.holders}
    reached: dict[str, tuple[tuple[str, ...], Can]] = {arn: ((), can) for arn, can in direct.items()}
    front = list(direct)
    for _ in range(HOPS):
        following: list[str] = []
        for arn in front:
            via, can = reached[arn]
            for source in into.get(arn, ()):
                if source not in reached and source in holders:
                    reached[source] = ((holders[arn].name, *via), can)
                    following.append(source)
        front = following
    for arn, (via, can) in reached.items():
        if via:
            yield holders[arn], via, can


def _assumes(edge: Edge) -> bool:
    return edge.decision.verdict != "denied"


def _kind(holder: Holder) -> str:
    return type(holder).__name__.lower()


@require_safe
def why(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    """One principal, one action, one resource: allowed or not, and by which statement of which policy."""
    principal = get_object_or_404(Principal.objects.select_related("account"), account__aws_id=aws_id, unique_id=unique_id)
    asked = questions.read(request.GET)
    context: dict[str, Any] = {"principal": principal, "asked": asked}
    if not asked.blank and not asked.fault:
        facts = facts_of(_also_asked(principal, asked), principal.account)
        holder = facts.principal_by_arn[principal.arn]
        decision = facts.permissions.decide(holder, asked.action, asked.resource, asked.given)
        context |= {
            "answer": answer(decision),
            "blockers": [questions.by_words(by) for by in facts.permissions.blockers(holder, asked.action, asked.resource)],
            "unknown": facts.permissions.unknown(holder),
            "unseen": facts.guardrails.unseen,
        }
    return render(request, "who_can/why.html", context)


def _also_asked(principal: Principal, asked: Asked) -> list[Principal]:
    """The principal, and the role or user that is asked about, whose tags and trust policy count."""
    also = Principal.present.filter(account=principal.account, arn=asked.resource).exclude(pk=principal.pk)
    return [principal, *islice(also, 1)]
