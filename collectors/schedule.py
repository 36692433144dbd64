"""Which sources of which accounts are due, and what operators asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from collectors import queue
from collectors.models import Account, BundleUpload, CollectRequest, ConnectionTest, Coverage, Job, Run
from collectors.models.account import COLLECTABLE
from collectors.models.job import JUDGE
from collectors.sources import Source, sources

ASK_AGAIN = timedelta(minutes=5)
KNOCK = "account"  # the source that is tried while the account has no role for us yet
PATIENCE = 4  # such an account is tried again after a quarter of the time that it has waited


def start_due_runs() -> list[Run]:
    """Cancel what operators want cancelled, start what they ask for, then what is due."""
    asked = _requested()
    now = queue.database_now()
    last = _last_started(now)
    again, waiting = _refused()
    hurried = _suspect() | again
    collecting = Run.objects.filter(finished_at=None).values("account")
    accounts = Account.objects.filter(COLLECTABLE).exclude(pk__in=collecting).order_by("pk")
    due = (
        (account, _knock(account, last, now) if account.pk in waiting else _due(account, last, now, hurried))
        for account in accounts
    )
    return asked + [
        run for account, names in due if names and (run := start(account, Run.Reason.SCHEDULE, names=names))
    ]


def start(account: Account, reason: Run.Reason, by: str = "", names: Iterable[str] | None = None) -> Run | None:
    """A run of the named sources, or of all; None when one is under way."""
    with transaction.atomic():
        if reason == Run.Reason.SCHEDULE and not Coverage.objects.filter(account=account, source=KNOCK).exists():
            reason = Run.Reason.FIRST
        return queue.start_run(account, reason, names or _asked_in(account), by)


def to_ring(model: type[ConnectionTest] | type[BundleUpload]) -> list[int]:
    """What operators asked for, no worker works on, and whose bell did not ring lately."""
    silent = Q(rung_at=None) | Q(rung_at__lte=Now() - queue.RING_AGAIN)
    with transaction.atomic():
        waiting = model.objects.filter(silent & queue.unbegun()).select_for_update(skip_locked=True)
        ids = list(waiting.order_by("pk").values_list("pk", flat=True))
        model.objects.filter(pk__in=ids).update(rung_at=Now())
    return ids


Key = tuple[int, str]  # account's primary key, source


def _knock(account: Account, last: dict[Key, datetime], now: datetime) -> list[str]:
    """A role that is not there yet, mostly: often at first, and never less often than on schedule."""
    before = last.get((account.pk, KNOCK))
    waits = min(max(ASK_AGAIN, (now - account.added_at) / PATIENCE), _interval(sources()[KNOCK], hurried=False))
    return [KNOCK] if before is None or before + waits <= now else []


def _due(account: Account, last: dict[Key, datetime], now: datetime, suspect: set[Key]) -> list[str]:
    return [
        source.name
        for source in _asked_in(account).values()
        if (before := last.get((account.pk, source.name))) is None
        or before + _interval(source, hurried=(account.pk, source.name) in suspect) <= now
    ]


def _asked_in(account: Account) -> dict[str, Source]:
    return {name: source for name, source in sources().items() if source.asked_in(account.aws_id)}


def _interval(source: Source, *, hurried: bool) -> timedelta:
    return ASK_AGAIN if hurried else timedelta(hours=settings.COLLECT_EVERY_HOURS) * source.every


def _suspect() -> set[Key]:
    """Where the last answer lacked most of what was there (shrink.py)."""
    return set(Coverage.objects.filter(suspect=True).values_list("account", "source"))


def _refused() -> tuple[set[Key], set[int]]:
    """Sources that could not assume a role which another one has assumed since; and accounts that no source ever reached."""
    rows = Coverage.objects.filter(state=Coverage.State.DENIED, permission="sts:AssumeRole")
    refused = list(rows.values_list("account", "source", "observed_at"))
    answered = Coverage.objects.filter(account__in={account for account, *_ in refused}).exclude(complete_at=None)
    reached = dict(answered.values_list("account").annotate(at=Max("complete_at")))
    again = {(account, source) for account, source, at in refused if account in reached and reached[account] > at}
    return again, {account for account, *_ in refused if account not in reached}


def _last_started(now: datetime) -> dict[Key, datetime]:
    """(account, source) -> when its last job was made, of those made so lately that it matters: what is older is due. A cancelled
    or failed job counts: it is not tried at once again."""
    longest = max(_interval(source, hurried=False) for source in sources().values())
    jobs = Job.objects.filter(created_at__gte=now - max(longest, ASK_AGAIN)).exclude(source=JUDGE)
    rows = jobs.values_list("account", "source").annotate(at=Max("created_at"))
    return {(account, source): at for account, source, at in rows}


def _requested() -> list[Run]:
    """The last wish for each account counts. A collection joins the run that is under way; a cancellation ends it."""
    started = []
    with transaction.atomic():
        open_requests = CollectRequest.objects.filter(taken_at=None).select_for_update(skip_locked=True, of=("self",))
        wishes = {
            r.account_id: r
            for r in open_requests.select_related("account__connection", "account__membership").order_by("pk")
        }
        for _, wish in sorted(wishes.items()):
            if wish.cancel:
                queue.cancel(wish.account)
            elif wish.account.connection.collectable and (
                run := start(wish.account, Run.Reason.REQUEST, wish.requested_by)
            ):
                started.append(run)
        CollectRequest.objects.filter(account__in=wishes, taken_at=None).update(taken_at=Now())
    return started
