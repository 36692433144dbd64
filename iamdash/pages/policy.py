"""One managed policy: what it allows, who has it, and what each of its versions gained and lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from collectors import records
from collectors.models import Document, Group, Policy, Principal, Version
from findings.analysis.permissions import Cell
from findings.models import Finding, Unknown
from findings.policy.catalogue import Level, catalogue
from findings.policy.compiled import Compiled
from findings.policy.document import Unreadable
from iamdash.pages.gaps import DETAILS, Gaps
from iamdash.pages.grants import compiled
from iamdash.pages.matrix import GRAVITY, Matrix, matrix
from iamdash.pages.trust import condition_words

SHOWN = 200  # holders, and actions of a difference, before the rest is only counted
NOTHING = Compiled()


@dataclass(frozen=True)
class Change:
    """The effect of one version after another. gained, lost: actions by name, the gravest first; n_*: how many in all.

    freed, bound: actions that it may now use on everything, or no longer. fault: why the effect cannot be told.
    """

    version: str
    at: datetime
    default: bool
    gained: Sequence[str] = ()
    lost: Sequence[str] = ()
    n_gained: int = 0
    n_lost: int = 0
    freed: int = 0
    bound: int = 0
    text: str = ""
    fault: str = ""
    first: bool = False


@require_safe
def detail(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    policy = get_object_or_404(Policy.objects.select_related("account"), account__aws_id=aws_id, unique_id=unique_id)
    record: records.Policy = policy.as_record
    bodies = _bodies(policy, record)
    found = compiled(bodies.get(record.document), aws_id) if record.document in bodies else Unreadable("the document was not collected")
    about = Finding.objects.filter(account=policy.account_id, subject_id=policy.unique_id)
    principals, groups, bounded = _holders(policy)
    body = bodies.get(record.document)
    context: dict[str, Any] = {
        "policy": policy,
        "record": record,
        "fault": found.reason if isinstance(found, Unreadable) else "",
        "compiled": found if isinstance(found, Compiled) else None,
        "matrix": _matrix(found) if isinstance(found, Compiled) else None,
        "statements": list(_statements(found)) if isinstance(found, Compiled) else [],
        "findings": about.filter(resolved_at=None).order_by("-severity", "-opened_at"),
        "resolved": about.filter(resolved_at__isnull=False).count(),
        "unknown": Unknown.objects.filter(account=policy.account_id, subject_id=policy.unique_id).order_by("code"),
        "principals": principals[:SHOWN],
        "groups": groups,
        "bounded": bounded[:SHOWN],
        "n_principals": principals.count(),
        "n_bounded": bounded.count(),
        "changes": list(_changes(record, bodies, aws_id)),
        "seen": Version.objects.filter(account=policy.account_id, kind="policy", unique_id=policy.unique_id).order_by("-seen_from")[:30],
        "text": body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False),
        "gap": Gaps([policy.account_id], DETAILS).of(policy.account_id, DETAILS),
    }
    return render(request, "policies/detail.html", context)


def _bodies(policy: Policy, record: records.Policy) -> dict[str, Any]:
    wanted = {record.document, *(version.document for version in record.versions)}
    found = Document.objects.filter(account=policy.account_id, digest__in=wanted)
    return dict(found.values_list("digest", "body"))


def _holders(policy: Policy) -> tuple[Any, Any, Any]:
    """Principals and groups it is attached to, and principals that it bounds."""
    mine = Q(account=policy.account_id, data__attached__contains=[policy.arn])
    principals = Principal.present.filter(mine).order_by("name")
    bounded = Principal.present.filter(account=policy.account_id, boundary=policy.arn).order_by("name")
    return principals, Group.present.filter(mine).order_by("name"), bounded


def _matrix(found: Compiled) -> Matrix:
    """granted: allowed somewhere; in effect here means: and not surely denied by the same document."""
    actions = catalogue()
    left = found.allow & ~found.deny_sure
    summary: dict[str, dict[Level, Cell]] = {}
    for service, mask in actions.services.items():
        if mask & found.allow:
            cells = {
                level: Cell((mask & found.allow & of).bit_count(), (mask & left & of).bit_count())
                for level, of in actions.levels.items()
                if mask & found.allow & of
            }
            summary[service] = cells
    return matrix(summary, actions, None)


@dataclass(frozen=True)
class StatementView:
    """One statement in words. actions: how many the patterns match; everything: that is all of them."""

    effect: str
    sid: str
    patterns: tuple[str, ...]
    actions: int
    everything: bool
    resources: tuple[str, ...]
    conditions: tuple[str, ...]


def _statements(found: Compiled) -> Iterator[StatementView]:
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
        )


def _changes(record: records.Policy, bodies: dict[str, Any], account: str) -> Iterator[Change]:
    """Newest first; each against the one before it."""
    versions = sorted(record.versions, key=lambda v: v.created_at, reverse=True)
    for now, before in zip(versions, [*versions[1:], None], strict=True):
        default = now.version_id == record.default_version
        if now.document not in bodies or (before and before.document not in bodies):
            yield Change(now.version_id, now.created_at, default, fault="a document was not collected")
            continue
        new = compiled(bodies[now.document], account)
        old = compiled(bodies[before.document], account) if before else NOTHING
        if isinstance(new, Unreadable) or isinstance(old, Unreadable):
            fault = new.reason if isinstance(new, Unreadable) else "the version before it cannot be read"
            yield Change(now.version_id, now.created_at, default, fault=fault)
            continue
        text = _diff(bodies[before.document], bodies[now.document], before.version_id, now.version_id) if before else ""
        yield _effect(new, old, Change(now.version_id, now.created_at, default, text=text, first=before is None))


def _effect(new: Compiled, old: Compiled, change: Change) -> Change:
    after, before = new.allow & ~new.deny_sure, old.allow & ~old.deny_sure
    wide, narrow = new.wide & ~new.deny_wide, old.wide & ~old.deny_wide
    gained, lost = after & ~before, before & ~after
    return Change(
        change.version,
        change.at,
        change.default,
        _named(gained),
        _named(lost),
        gained.bit_count(),
        lost.bit_count(),
        (wide & ~narrow & before).bit_count(),
        (narrow & ~wide & after).bit_count(),
        change.text,
        first=change.first,
    )


def _named(mask: int) -> list[str]:
    actions = catalogue()
    return [name for level in GRAVITY for name in actions.members(mask & actions.levels[level])][:SHOWN]


def _diff(before: Any, after: Any, old: str, new: str) -> str:
    texts = [json.dumps(body, indent=2, ensure_ascii=False).splitlines() for body in (before, after)]
    return "\n".join(unified_diff(*texts, old, new, lineterm=""))
