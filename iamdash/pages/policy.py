"""One managed policy: what it allows, who has it, and what each of its versions gained and lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from collectors import records
from collectors.models import Document, Group, Policy, Principal
from findings.analysis.simulation import ACTION
from findings.analysis.summary import by_service
from findings.models import Finding, RuleState, Unknown
from findings.policy.catalogue import catalogue
from findings.policy.compiled import Compiled
from findings.policy.document import Unreadable
from iamdash.access import audit
from iamdash.access.prepared import prepared
from iamdash.pages import timeline
from iamdash.pages.changes import about
from iamdash.pages.effects import changes
from iamdash.pages.gaps import DETAILS, Gaps
from iamdash.pages.grants import compiled
from iamdash.pages.matrix import Matrix, matrix
from iamdash.pages.searching import found_by, one_of
from iamdash.pages.subjects import unresolved
from iamdash.pages.trust import condition_words

SHOWN = 200  # holders, before the rest is only counted
NOT_COLLECTED = Unreadable("the document was not collected")


@dataclass(frozen=True)
class StatementView:
    """One statement in words. actions: how many the patterns match; everything: that is all of them. askable: patterns that are
    names of single actions."""

    effect: str
    sid: str
    patterns: tuple[str, ...]
    actions: int
    everything: bool
    resources: tuple[str, ...]
    conditions: tuple[str, ...]
    askable: frozenset[str]


@require_safe
@prepared()
def detail(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    found = Policy.objects.select_related("account", "provenance")
    policy = get_object_or_404(found, account__aws_id=aws_id, unique_id=unique_id)
    audit.record(request, "policy-read", policy.arn)
    record: records.Policy = policy.as_record
    wanted = {record.document, *(version.document for version in record.versions)}
    documents = Document.objects.filter(account=policy.account_id, digest__in=wanted)
    bodies = dict(documents.values_list("digest", "body"))
    body = bodies.get(record.document)
    context: dict[str, Any] = {
        "policy": policy,
        "record": record,
        "changes": list(changes(record, bodies, aws_id)),
        "text": body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False),
        "collected": record.document in bodies,
        "about": about(policy, "policy"),
        "timeline": timeline.of_entity(
            request, policy.account, [policy.unique_id], [("policy", policy.account_id, policy.unique_id)]
        ),
        "made": getattr(policy, "provenance", None),
        "gap": Gaps([policy.account_id], DETAILS).of(policy.account_id, DETAILS),
        **_said(compiled(body, aws_id, record.document) if record.document in bodies else NOT_COLLECTED),
        **_judged(policy),
        **_holders(policy),
    }
    return render(request, "policies/detail.html", context)


def _said(found: Compiled | Unreadable) -> dict[str, Any]:
    if isinstance(found, Unreadable):
        return {"fault": found.reason}
    return {"fault": "", "compiled": found, "matrix": _matrix(found), "statements": list(statements(found))}


def _judged(policy: Policy) -> dict[str, Any]:
    about = Finding.objects.filter(account=policy.account_id, subject_id=policy.unique_id)
    return {
        "judged": RuleState.objects.filter(account=policy.account_id).exists(),
        **unresolved(about),
        "resolved": about.filter(resolved_at__isnull=False).count(),
        "unknown": Unknown.objects.filter(account=policy.account_id, subject_id=policy.unique_id).order_by("code"),
    }


def _holders(policy: Policy) -> dict[str, Any]:
    """Principals and groups it is attached to, and principals that it bounds. Of principals three queries: their keys, by an
    index, what each is, and those that are shown."""
    account, attached, bounds = policy.account_id, Q(data__attached__contains=[policy.arn]), Q(boundary=policy.arn)
    concerned = Principal.present.filter(one_of(found_by("holders_sought", account, policy.arn))).order_by("name")
    told = list(concerned.annotate(has=holds(attached), bound=holds(bounds)).values_list("pk", "has", "bound"))
    holders = [pk for pk, has, _ in told if has]
    bounded = [pk for pk, _, bound in told if bound]
    shown = Principal.objects.in_bulk({*holders[:SHOWN], *bounded[:SHOWN]})
    return {
        "principals": [shown[pk] for pk in holders[:SHOWN]],
        "groups": Group.present.filter(attached, account=account).order_by("name"),
        "bounded": [shown[pk] for pk in bounded[:SHOWN]],
        "n_principals": len(holders),
        "n_bounded": len(bounded),
    }


def holds(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, BooleanField())


def _matrix(found: Compiled) -> Matrix:
    """granted: allowed somewhere; in effect here means: and not surely denied by the same document."""
    actions = catalogue()
    return matrix(by_service(found.allow, found.allow & ~found.deny_sure, actions), actions)


def statements(found: Compiled) -> Iterator[StatementView]:
    actions = catalogue()
    for clause in found.clauses:
        said = clause.statement
        yield StatementView(
            said.effect.value,
            said.sid,
            tuple(said.actions or ()) or tuple(f"all but {a}" for a in said.not_actions or ()),
            clause.mask.bit_count(),
            clause.mask == actions.all,
            tuple(said.resources or ()) or tuple(f"all but {r}" for r in said.not_resources or ()),
            tuple(condition_words(c) for c in said.conditions),
            frozenset(a for a in said.actions or () if ACTION.fullmatch(a) and actions.match(a)),
        )
