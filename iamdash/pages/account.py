"""One account: is it reached, what is known of it and what is not; and connecting one more."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from collectors.access_policy import read_only_policy, trust_policy
from collectors.models import Account, CollectRequest, Connection, Coverage, Principal, Run
from collectors.models.coverage import TROUBLE
from findings.models import Finding
from findings.vocabulary import Severity
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages.account_forms import AddAccount
from iamdash.pages.severities import WORST_FIRST, Counts

NO_PRINCIPAL = "arn:aws:iam::<account of the worker>:role/<role of the worker>"


@require_safe
def detail(request: HttpRequest, aws_id: str) -> HttpResponse:
    account = get_object_or_404(Account.objects.select_related("connection"), aws_id=aws_id)
    coverage = list(Coverage.objects.filter(account=account).order_by("source", "api"))
    principals = Principal.present.filter(account=account)
    context = {
        "account": account,
        "connection": account.connection,
        "coverage": coverage,
        "gaps": [c for c in coverage if c.state in TROUBLE],
        "severities": severities(account),
        "types": dict(principals.values_list("type").annotate(n=Count("*"))),
        "runs": Run.objects.filter(account=account).order_by("-created_at")[:10],
        "asked": CollectRequest.objects.filter(account=account, taken_at=None).last(),
        "may_ask": request.user.may(Role.ANALYST),
        "may_manage": request.user.may(Role.ADMIN),
        **(deployment(account.connection) if request.user.may(Role.ADMIN) else {}),
    }
    return render(request, "accounts/account.html", context)


def severities(account: Account) -> Counts:
    rows = Finding.objects.filter(account=account, resolved_at=None).values_list("severity")
    found = {Severity(severity): n for severity, n in rows.annotate(n=Count("*"))}
    return {s: found.get(s, 0) for s in WORST_FIRST}


def deployment(connection: Connection) -> dict[str, Any]:
    """What to make in the account, as text to copy."""
    principal = settings.COLLECTOR_ARN or NO_PRINCIPAL
    trust, policy = trust_policy(principal, connection.external_id), read_only_policy()
    name = connection.role_name
    return {
        "known_principal": bool(settings.COLLECTOR_ARN),
        "trust_text": json.dumps(trust, indent=2),
        "policy_text": json.dumps(policy, indent=2),
        "commands_text": "\n".join(
            (
                f"aws iam create-role --role-name {name} --assume-role-policy-document file://trust.json",
                f"aws iam put-role-policy --role-name {name} --policy-name iamdash-read --policy-document file://read.json",
            )
        ),
    }


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = AddAccount(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = form.save(request.user.username)
        messages.success(
            request, f"{account} is registered. Make the role below; the first collection starts by itself."
        )
        return redirect("account", account.aws_id)
    return render(request, "accounts/add.html", {"form": form}, status=422 if form.errors else 200)


@needs(Role.ANALYST)
@require_POST
def collect(request: HttpRequest, aws_id: str) -> HttpResponse:
    """Ask for a collection. The worker takes the request at its next tick; nothing is done here."""
    account = get_object_or_404(Account.objects.select_related("connection"), aws_id=aws_id)
    if account.connection.enabled:
        CollectRequest.objects.create(account=account, requested_by=request.user.username)
        messages.success(request, "Asked for. The worker takes it within 30 seconds; this page shows the run.")
    else:
        messages.error(request, "This account is paused. An admin can resume it.")
    return redirect("account", aws_id)


@needs(Role.ADMIN)
@require_POST
def pause(request: HttpRequest, aws_id: str) -> HttpResponse:
    """Stop or resume collecting an account. What is known of it stays."""
    account = get_object_or_404(Account.objects.select_related("connection"), aws_id=aws_id)
    connection = account.connection
    connection.enabled = not connection.enabled
    connection.save(update_fields=["enabled"])
    messages.success(request, "Collection resumed." if connection.enabled else "Collection paused. Its data stays.")
    return redirect("account", aws_id)
