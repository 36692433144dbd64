"""Which accounts are due, and who asked for more."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from collectors import queue
from collectors.models import Account, CollectRequest, Run
from collectors.sources import sources


def start_due_runs() -> list[Run]:
    """Runs for accounts asked for by operators, then for those whose last run is older than their cadence."""
    asked = _requested()
    recent = Run.objects.filter(
        account=OuterRef("pk"), created_at__gt=Now() - timedelta(hours=settings.COLLECT_EVERY_HOURS)
    )
    due = Account.objects.filter(~Exists(recent), connection__enabled=True).order_by("pk")
    return asked + [run for account in due if (run := start(account, Run.Reason.SCHEDULE))]


def start(account: Account, reason: Run.Reason, by: str = "") -> Run | None:
    """A run of all sources; None when one is under way."""
    with transaction.atomic():
        if reason == Run.Reason.SCHEDULE and not Run.objects.filter(account=account).exists():
            reason = Run.Reason.FIRST
        return queue.start_run(account, reason, sources(), by)


def _requested() -> list[Run]:
    """Each open request becomes a run, or joins the one that is under way."""
    started = []
    with transaction.atomic():
        open_requests = CollectRequest.objects.filter(taken_at=None).select_for_update(skip_locked=True)
        requests = {r.account_id: r for r in open_requests.select_related("account").order_by("requested_at")}
        for request in requests.values():
            if request.account.connection.enabled:
                run = start(request.account, Run.Reason.REQUEST, request.requested_by)
                started += [run] if run else []
        CollectRequest.objects.filter(account__in=requests, taken_at=None).update(taken_at=Now())
    return started
