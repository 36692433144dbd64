"""One account: is it reached, what is known of it and what is not; and connecting one more."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from collectors import access_policy
from collectors.models import (
    Account,
    BundleUpload,
    CollectRequest,
    Connection,
    ConnectionTest,
    Coverage,
    Membership,
    Run,
)
from collectors.models.coverage import TROUBLE, together
from findings.models import AccountFindings, Finding, PrincipalCount
from findings.vocabulary import Severity
from iamdash.access.bodies import takes
from iamdash.access.models import Role
from iamdash.access.prepared import prepared
from iamdash.access.rights import needs
from iamdash.pages import by_code, config_rules, guarded_account, timeline
from iamdash.pages import settings as decided
from iamdash.pages.account_forms import AddAccount
from iamdash.pages.gaps import DETAILS, told
from iamdash.pages.severities import WORST_FIRST, Counts
from iamdash.pages.unread import unread
from iamdash.pages.uploads import UPLOAD_LIMIT, TooMuchWaitsError, UploadBundle

NEXT = {
    Connection.Kind.ROLE: "Make the role below; the first collection starts by itself.",
    Connection.Kind.AMBIENT: "The first collection starts by itself.",
    Connection.Kind.BUNDLE: "Upload its first bundle below.",
}
NO_PRINCIPAL = "arn:aws:iam::<account of the worker>:role/<role of the worker>"


@require_safe
@prepared()
def detail(request: HttpRequest, aws_id: str) -> HttpResponse:
    known = Account.objects.select_related("connection__organization", "membership")
    account = get_object_or_404(known, aws_id=aws_id)
    coverage = together(Coverage.objects.filter(account=account).order_by("source", "api", "region"))
    principals = PrincipalCount.objects.filter(account=account, here=True)
    context = {
        "account": account,
        "connection": account.connection,
        "coverage": coverage,
        "gaps": (gaps := [c for c in coverage if c.state in TROUBLE]),
        "unread": unread({account.pk: account}) if gaps else [],
        "severities": severities(account),
        "types": (types := {one: n for one, n in principals.values_list("type").annotate(total=Sum("n")) if n}),
        "types_gap": "" if types or not coverage else told(Account.objects.filter(pk=account.pk), DETAILS),
        "runs": Run.objects.filter(account=account).order_by("-created_at")[:10],
        "asked": CollectRequest.objects.filter(account=account, taken_at=None).last(),
        "test": last_test(account),
        "uploads": BundleUpload.objects.filter(account=account).defer("content").order_by("-pk")[:5],
        "decided": decided.of_account(account, request.user),
        "guarding": guarded_account.of_account(account),
        "by_code": by_code.of_account(request, account),
        "config": config_rules.of_account(account, coverage),
        "timeline": timeline.of_account(request, account),
        "may_ask": request.user.may(Role.ANALYST),
        "may_manage": request.user.may(Role.ADMIN),
        "joined": joined(account),
        # Its row belongs to the account that tells of it, so that not everybody sees it.
        "organization": account.connection.organization if request.user.all_accounts else None,
        **(deployment(account.connection) if request.user.may(Role.ADMIN) else {}),
    }
    return render(request, "accounts/account.html", context)


def severities(account: Account) -> Counts:
    counted = AccountFindings.objects.filter(account=account, status=Finding.Status.OPEN).values_list("severity")
    found = {Severity(severity): n for severity, n in counted.annotate(total=Sum("n"))}
    return {s: found.get(s, 0) for s in WORST_FIRST}


def joined(account: Account) -> Membership | None:
    return getattr(account, "membership", None)


def deployment(connection: Connection) -> dict[str, Any]:
    """What to make in the account, as text to copy; nothing, where its organization's template makes it."""
    if connection.organization_id:
        return {}
    principal = settings.COLLECTOR_ARN or NO_PRINCIPAL
    policy = access_policy.read_only_policy(connection.account.aws_id, connection.account.partition)
    of = connection.role_name, principal, connection.external_id, policy
    return {
        "known_principal": bool(settings.COLLECTOR_ARN),
        "trust_text": json.dumps(access_policy.trust_policy(principal, connection.external_id), indent=2),
        "policy_text": json.dumps(policy, indent=2),
        "cloudformation_text": json.dumps(access_policy.cloudformation(*of), indent=2),
        "terraform_text": access_policy.terraform(*of),
        "commands_text": access_policy.commands(connection.role_name),
    }


def _initial(kind: str) -> dict[str, str]:
    return {"kind": kind} if kind in Connection.Kind.values else {}


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = AddAccount(request.POST or None, initial=_initial(request.GET.get("kind", "")))
    if request.method == "POST" and form.is_valid():
        account = form.save(request.user.username)
        messages.success(request, f"{account} is registered. {NEXT[form.cleaned_data['kind']]}")
        return redirect("account-start", account.aws_id)
    context = {"form": form, "organization": "organization" in request.GET}
    return render(request, "accounts/add.html", context, status=422 if form.errors else 200)


def _back(request: HttpRequest, aws_id: str, part: str = "") -> HttpResponse:
    """To where it was asked: the steps of the first run, or the account's page."""
    if request.POST.get("back") == "start":
        return redirect("account-start", aws_id)
    return redirect(reverse("account", args=[aws_id]) + part)


@needs(Role.ANALYST)
@require_POST
def collect(request: HttpRequest, aws_id: str) -> HttpResponse:
    """Ask for a collection. The worker takes the request at its next tick; nothing is done here."""
    account = get_object_or_404(Account.objects.select_related("connection", "membership"), aws_id=aws_id)
    if (held := joined(account)) and held.held:
        messages.error(request, f"Nothing is collected: this account {held.why}.")
    elif account.connection.enabled:
        CollectRequest.objects.create(account=account, requested_by=request.user.username)
        messages.success(request, "Asked for. The worker takes it within 30 seconds; this page shows the run.")
    else:
        messages.error(request, "This account is paused. An admin can resume it.")
    return _back(request, aws_id)


@needs(Role.ANALYST)
@require_POST
def test(request: HttpRequest, aws_id: str) -> HttpResponse:
    """Ask for a connection test: the web process has no AWS credentials to try anything with."""
    account = get_object_or_404(Account, aws_id=aws_id)
    if not ConnectionTest.objects.filter(account=account, finished_at=None).exists():
        ConnectionTest.objects.create(account=account, requested_by=request.user.username)
    return _back(request, aws_id, "#test")


@takes(2 * UPLOAD_LIMIT)  # so that a file that is a little too large is answered by the form
@needs(Role.ANALYST)
@require_POST
def upload(request: HttpRequest, aws_id: str) -> HttpResponse:
    """Take a bundle for the worker to read: the web process may not write the inventory."""
    account = get_object_or_404(Account, aws_id=aws_id)
    form = UploadBundle(request.POST, request.FILES)
    if not form.is_valid():
        for error in form.errors.get("file", ["Choose a zip."]):
            messages.error(request, error)
        return _back(request, aws_id, "#bundles")
    try:
        form.save(account, request.user.username)
        messages.success(request, "Received. The worker reads it within 30 seconds; the result stands below.")
    except TooMuchWaitsError as error:
        messages.error(request, str(error))
    return _back(request, aws_id, "#bundles")


@require_safe
def test_state(request: HttpRequest, aws_id: str) -> HttpResponse:
    """The last test alone, for the page that waits for it."""
    account = get_object_or_404(Account, aws_id=aws_id)
    return render(request, "accounts/_test.html", {"account": account, "test": last_test(account)})


def last_test(account: Account) -> ConnectionTest | None:
    return ConnectionTest.objects.filter(account=account).order_by("-pk").first()


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
