"""Disconnecting a whole organization, after saying what becomes of its accounts; and connecting it again as it was."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from collectors.models import Account, Membership, OrganizationConnection
from collectors.models.account import HELD
from collectors.onboarding import running
from findings.models import Finding, FindingCount
from iamdash.access import audit
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages.organizations import found

FREEZE, KEEP = "freeze", "keep"
THEN = {
    FREEZE: "Freeze them: nothing is collected any more; history, findings and decisions stay as they are",
    KEEP: "Keep them connected: they are collected on, each as if connected by hand",
}


class Ending(forms.Form):
    then = forms.ChoiceField(
        label="The accounts that joined by it", choices=list(THEN.items()), widget=forms.RadioSelect, initial=FREEZE
    )


@dataclass(frozen=True)
class Effect:
    """What disconnecting touches: numbers of accounts that joined by it. collected: now; held: frozen, left out, not chosen or
    paused already. findings: open ones of theirs. running: collections under way."""

    joined: int
    collected: int
    held: int
    findings: int
    running: int


def effect(decided: OrganizationConnection) -> Effect:
    ours = Account.objects.filter(connection__organization=decided, membership__isnull=False)
    counted = ours.aggregate(n=Count("pk"), held=Count("pk", filter=HELD | Q(connection__enabled=False)))
    findings = FindingCount.objects.filter(account__in=ours, status=Finding.Status.OPEN).aggregate(n=Sum("n"))["n"]
    return Effect(counted["n"], counted["n"] - counted["held"], counted["held"], findings or 0, running(decided))


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, organization_id: str) -> HttpResponse:
    """Says what it would do; the POST does it, if as many accounts are still concerned."""
    decided = found(organization_id)
    if decided.disconnected_at:
        messages.info(request, "It is disconnected already.")
        return redirect("accounts-organization", organization_id)
    form, now = Ending(request.POST or None), effect(decided)
    moved = form.is_bound and request.POST.get("n") != str(now.joined)
    if form.is_bound and form.is_valid() and not moved:
        kept = form.cleaned_data["then"] == KEEP
        _end(request, decided, kept=kept, accounts=now.joined)
        return redirect("accounts-organization", organization_id)
    context = {"decided": decided, "form": form, "effect": now, "moved": moved}
    return render(request, "organization/disconnect.html", context, status=422 if form.errors else 200)


def _end(request: HttpRequest, decided: OrganizationConnection, *, kept: bool, accounts: int) -> None:
    rows = OrganizationConnection.objects.filter(pk=decided.pk, disconnected_at=None)
    if rows.update(disconnected_at=Now(), disconnected_by=request.user.username, keeps=kept):
        audit.record(request, "organization-disconnected", decided.organization_id, kept=kept, accounts=accounts)
        what = "go on being collected" if kept else "freeze within a minute, with their history"
        messages.success(request, f"Disconnected: no account joins any more, and the {accounts:,} that did {what}.")


@needs(Role.ADMIN, every_account=True)
@require_POST
def reconnect(request: HttpRequest, organization_id: str) -> HttpResponse:
    """As it was: the same choice, the same role and external ids, so that nothing need be deployed again."""
    decided = found(organization_id)
    rows = OrganizationConnection.objects.filter(pk=decided.pk, disconnected_at__isnull=False)
    try:
        with transaction.atomic():
            if rows.update(disconnected_at=None, disconnected_by="", keeps=False):
                accounts = Membership.objects.filter(account__connection__organization=decided).count()
                audit.record(request, "organization-reconnected", organization_id, accounts=accounts)
                messages.success(request, "Connected again, as it was. Its accounts are collected within a minute.")
    except IntegrityError:
        told = f"{decided.account.name} tells of another organization now. Let another account tell of this one."
        messages.error(request, told)
    return redirect("accounts-organization", organization_id)
