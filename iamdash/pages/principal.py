"""One role or user: what is open, who can become it, what it may do, what limits it, what changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from collectors import records
from collectors.models import AccessKey, Account, Principal
from findings.analysis.facts import Facts
from findings.analysis.kinds import Kind
from findings.models import ExternalAccess, Finding, Unknown
from findings.policy.document import Unreadable
from iamdash.access import audit
from iamdash.access.models import Role
from iamdash.access.prepared import prepared
from iamdash.pages import timeline
from iamdash.pages.bands import bands
from iamdash.pages.changes import about
from iamdash.pages.credentials import held_by
from iamdash.pages.did import did
from iamdash.pages.escalation import ways_at_hand
from iamdash.pages.gaps import DETAILS
from iamdash.pages.kind import kind_view, said_of
from iamdash.pages.permission_sets import behind
from iamdash.pages.permitted import permitted
from iamdash.pages.principals import posture
from iamdash.pages.right_sizing import suggestion, used_facts
from iamdash.pages.subjects import unresolved
from iamdash.pages.trust import Grant, Naming, grants

ACCOUNT_ID = re.compile(r"(?<!\d)\d{12}(?!\d)")


@dataclass(frozen=True)
class PolicyView:
    """A policy of a principal. text: its document, pretty; "" when unknown. via: the group it comes through."""

    name: str
    kind: str
    text: str
    via: str = ""


@dataclass(frozen=True)
class TrustView:
    """fault: why the document cannot be read in words; "" when it can."""

    grants: list[Grant]
    fault: str
    text: str


@require_safe
@prepared()
def detail(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    found = Principal.objects.select_related("account", "posture", "provenance", "permission_set")
    principal = get_object_or_404(found, account__aws_id=aws_id, unique_id=unique_id)
    audit.record(request, "policy-read", principal.arn)
    record = principal.as_record
    is_role = isinstance(record, records.Role)
    held = None if is_role else held_by([principal])[principal.pk]
    subjects = [principal.unique_id, *(k.unique_id for k in held.keys)] if held else [principal.unique_id]
    mine: QuerySet[Finding] = Finding.objects.filter(account=principal.account, subject_id__in=subjects)
    judged = posture(principal)
    said = said_of(principal)
    told = used_facts(
        [principal], principal.account, kinds={one.principal_id: one.kind for one in said if not one.ended_at}
    )
    documents = _Documents(told.snapshot)
    may = permitted(record, told)
    context: dict[str, Any] = {
        "principal": principal,
        "record": record,
        "is_role": is_role,
        "posture": judged,
        "kind": Kind(judged.kind) if judged else None,
        "made": getattr(principal, "provenance", None),
        "behind": behind(principal),
        "kinds": kind_view(principal, judged, said, may_set=request.user.may(Role.ANALYST)),
        "held": held,
        **unresolved(mine),
        "resolved": mine.filter(resolved_at__isnull=False).count(),
        "unknown": Unknown.objects.filter(account=principal.account, subject_id__in=subjects).order_by("code"),
        "trust": trust_view(principal, record, told, documents.text(record.trust)) if is_role else None,
        "policies": documents.policies(record),
        "did": did(principal, told),
        "about": about(principal, principal.type),
        "permitted": may,
        "bands": bands(may.matrix.rows, told.as_of),
        "ways": ways_at_hand(principal),
        **suggestion(principal, told),
        "boundary": documents.managed(record.boundary, "boundary") if record.boundary else None,
        "timeline": timeline.of_entity(
            request,
            principal.account,
            changed_as(principal, subjects),
            [("principal", principal.account_id, principal.unique_id)],
        ),
        "raw": json.dumps(principal.data, indent=2, ensure_ascii=False),
        "gap": "; ".join(map(str, told.gaps((DETAILS,)))),
    }
    return render(request, "principals/detail.html", context)


def changed_as(principal: Principal, subjects: list[str]) -> list[str]:
    """The ids under which it changes: a user's keys are its own, those that are gone too."""
    keys = AccessKey.objects.filter(account=principal.account, user_arn=principal.arn)
    of_user = keys.values_list("unique_id", flat=True) if principal.type == Principal.Type.USER else ()
    return list(dict.fromkeys((*subjects, *of_user)))


def trust_view(principal: Principal, role: records.Role, facts: Facts, text: str) -> TrustView:
    read = facts.document(role.trust)
    if isinstance(read, Unreadable):
        return TrustView([], read.reason, text)
    found = ExternalAccess.objects.filter(role=principal)
    others = set(ACCOUNT_ID.findall(text)) - {principal.account.aws_id}
    names = dict(Account.objects.filter(aws_id__in=others).values_list("aws_id", "name"))
    naming = Naming(principal.account.aws_id, names, found, judged=posture(principal) is not None)
    return TrustView(grants(read, facts.admitted(role), naming), "", text)


class _Documents:
    """The policies of a principal and their documents, as they were read with all that binds it."""

    def __init__(self, snapshot: records.Snapshot) -> None:
        self._managed = {policy.arn: policy for policy in snapshot.policies}
        self._groups, self._bodies = snapshot.groups, snapshot.documents

    def text(self, digest: str) -> str:
        if digest not in self._bodies:
            return ""
        body = self._bodies[digest]
        return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)

    def managed(self, arn: str, kind: str = "", via: str = "") -> PolicyView:
        policy = self._managed.get(arn)
        kind = kind or ("AWS-managed" if ":iam::aws:policy/" in arn else "customer-managed")
        if policy is None:
            return PolicyView(arn, kind, "", via)
        return PolicyView(policy.name, kind, self.text(policy.document), via)

    def policies(self, record: records.Principal) -> list[PolicyView]:
        """The principal's own, then those of its groups."""
        holders = [(record, ""), *((group, group.name) for group in self._groups)]
        return [
            view
            for holder, via in holders
            for view in (
                *(self.managed(arn, via=via) for arn in holder.attached),
                *(PolicyView(name, "inline", self.text(digest), via) for name, digest in holder.inline.items()),
            )
        ]
