"""Accepting findings, approving, extending and ending that: rows are added and end, and the findings show it at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from collectors.models import Account
from findings.engine.accepting import reached
from findings.engine.decided import values_of
from findings.engine.deriving import ENDED, EXPIRED, derive
from findings.models import Acceptance, Finding, JudgementRequest
from findings.models.decided import STANDS

COPIED = (
    "account_id", "scope", "target", "code", "subject_id", "subject_name", "part", "tag", "family", "severity", "owner",
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """days: the longest acceptance that all of the accounts allow. approval: one of them demands that another one approves."""

    days: int
    approval: bool


def limits(accounts: Iterable[Account]) -> Limits:
    values = values_of(accounts).values()
    days = min((one["acceptance_days"].value for one in values), default=0)
    return Limits(days, any(one["acceptance_approval"].value for one in values))


def accounts_of(one: Acceptance) -> list[int]:
    """Keys of the accounts that may be seen and that it reaches."""
    return [one.account_id] if one.account_id is not None else [account for _, account in reached([one])]


def accept(one: Acceptance) -> None:
    """one: not stored yet. Where it needs approval it waits for that."""
    with transaction.atomic():
        one.save(force_insert=True)
        if not one.needs_approval:
            _begin(one)


def approve(one: Acceptance, by: str) -> bool:
    """False: it ended or was approved already, or `by` asked for it."""
    waiting = Acceptance.objects.filter(STANDS, pk=one.pk, needs_approval=True, approved_at=None, expires_at__gt=Now())
    with transaction.atomic():
        if not waiting.exclude(set_by=by).update(approved_by=by, approved_at=Now()):
            return False
        _begin(one)
    return True


def _begin(one: Acceptance) -> None:
    narrow = [f"and f.{name} = %({name})s" for name in ("code", "subject_id") if getattr(one, name)]
    given = {"ids": accounts_of(one), "code": one.code, "subject_id": one.subject_id, "worst": one.severity}
    condition = f"f.account_id = any(%(ids)s) and f.severity <= %(worst)s {' '.join(narrow)}"
    JudgementRequest.ask(derive(condition, given, ()), one.set_by)


def end(some: Sequence[int], by: str, bulk: Any = None) -> int:
    """Keys of acceptances. Returns how many ended: others had already."""
    with transaction.atomic():
        standing = Acceptance.objects.filter(STANDS, pk__in=some)
        n = standing.update(ended_at=Now(), ended_by=by, ended_bulk=bulk)
        _follow(some, by, {**ENDED, "by": by})
    return n


def extend(one: Acceptance, until: datetime, reason: str, by: str) -> Acceptance:
    """The same terms again, until later. What stands ends when the new one begins; where that must be approved, it stands on."""
    kept = {name: getattr(one, name) for name in COPIED}
    approval = limits(Account.objects.filter(pk__in=accounts_of(one))).approval
    new = Acceptance(**kept, expires_at=until, reason=reason, set_by=by, needs_approval=approval)
    with transaction.atomic():
        accept(new)
        if not approval:
            end([one.pk], by)
    return new


def expire() -> int:
    """End what is over. The worker's tick does; returns how many."""
    with transaction.atomic():
        over = Acceptance.objects.filter(STANDS, expires_at__lte=Now()).select_for_update(skip_locked=True)
        some = list(over.values_list("pk", flat=True))
        if some:
            Acceptance.objects.filter(pk__in=some).update(ended_at=F("expires_at"))
            _follow(some, "iamdash", EXPIRED)
    return len(some)


def _follow(some: Sequence[int], by: str, left: dict[str, Any]) -> None:
    """Findings leave acceptances that ended."""
    hidden = Finding.objects.filter(acceptance__in=some)
    accounts = Account.objects.filter(pk__in=hidden.order_by().values("account").distinct())
    JudgementRequest.ask(derive("f.acceptance_id = any(%(ids)s)", {"ids": list(some)}, accounts, left), by)
