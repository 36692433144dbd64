"""Asks for collections of many accounts at once, from their list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from collectors.models import Account, CollectRequest
from collectors.models.account import COLLECTABLE
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages.accounts import AccountList
from iamdash.pages.filters import Asked
from iamdash.pages.written import askable

MOST = 1000  # accounts at a time
ASKED = Exists(CollectRequest.objects.filter(account=OuterRef("pk"), taken_at=None, cancel=False))


@needs(Role.ANALYST)
@require_POST
def collect(request: HttpRequest) -> HttpResponse:
    """Of the accounts that are ticked, or of all that the list's address asks for. What waits already is not asked for again."""
    asked = AccountList.read(request.GET)
    rows = _chosen(request, asked)
    n, wanted = rows.count(), list(rows.filter(COLLECTABLE)[: MOST + 1])
    if len(wanted) > MOST:
        messages.error(request, f"These are more than {MOST:,} accounts. Narrow the list.")
    elif not n:
        messages.error(request, "No account is ticked.")
    else:
        _ask(request, wanted, n - len(wanted))
    return redirect(reverse("accounts") + asked.url())


def _chosen(request: HttpRequest, asked: Asked) -> QuerySet[Any]:
    rows = AccountList().queryset()
    if "all" in request.POST:
        return asked.narrowed(rows)
    return rows.filter(aws_id__in=askable(request.POST.getlist("pick"))[:MOST])


def _ask(request: HttpRequest, wanted: list[Account], left: int) -> None:
    keys = [account.pk for account in wanted]
    fresh = Account.objects.filter(~ASKED, pk__in=keys)
    by = request.user.username
    made = CollectRequest.objects.bulk_create(CollectRequest(account=one, requested_by=by) for one in fresh)
    waiting = len(wanted) - len(made)
    said = [
        f"{_n(len(made))} asked for: the worker takes {'it' if len(made) == 1 else 'them'} within 30 seconds."
        if made
        else "",
        f"{_n(waiting)} {'waits' if waiting == 1 else 'wait'} already." if waiting else "",
        f"{_n(left)} cannot be collected now: paused, held by the organization, or from files." if left else "",
    ]
    (messages.success if made else messages.error)(request, " ".join(filter(None, said)))


def _n(n: int) -> str:
    return f"{n:,} account{'' if n == 1 else 's'}"
