"""One access key: whose, how old, used when and for what, and what would take its place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from collectors.models import AccessKey, Principal
from findings.engine.decided import values_of
from findings.models import Finding, KeyReplacement
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages import changes, timeline
from iamdash.pages.gaps import KEYS, REPORT, Gaps
from iamdash.pages.key_instead import by_owner, replacements, seen
from iamdash.pages.key_quiet import quiet
from iamdash.pages.key_use import key_use


@require_safe
def detail(request: HttpRequest, aws_id: str, key_id: str) -> HttpResponse:
    key = get_object_or_404(AccessKey.objects.select_related("account"), account__aws_id=aws_id, unique_id=key_id)
    owner = (
        Principal.objects.filter(account=key.account_id, type=Principal.Type.USER, arn=key.user_arn)
        .select_related("posture")
        .order_by("gone_at")
        .last()
    )
    about = Finding.objects.filter(account=key.account_id, subject_id=key.unique_id)
    gaps = Gaps([key.account_id], REPORT, KEYS)
    use = key_use(key)
    findings = list(about.filter(resolved_at=None).order_by("-severity", "-opened_at"))
    context: dict[str, Any] = {
        "gap": "; ".join(sorted({text for api in (REPORT, KEYS) if (text := gaps.of(key.account_id, api))})),
        "key": key,
        "owner": owner,
        "findings": findings,
        "timeline": timeline.of_entity(request, key.account, [key.unique_id], [("key", key.account_id, key.unique_id)]),
        "about": changes.about(key, "key"),
        "others": AccessKey.present.filter(account=key.account_id, user_arn=key.user_arn).exclude(pk=key.pk),
        "use": use,
        "replacements": replacements(seen(key, use.sessions, findings)) or [by_owner(owner)],
        "quiet": quiet(key, use.sessions),
        "may_mark": request.user.may(Role.ANALYST) and key.gone_at is None and key.active,
        "commands": commands(key),
        "rotate_days": (days := values_of([key.account])[key.account_id]["rotation_days"].value),
        "rotate_by": key.created_at + timedelta(days=days),
        "now": timezone.now(),
    }
    return render(request, "keys/detail.html", context)


@needs(Role.ANALYST)
@require_POST
def replaced(request: HttpRequest, aws_id: str, key_id: str) -> HttpResponse:
    """The operator says that something else has taken its place: from now on it should be quiet."""
    key = get_object_or_404(AccessKey.present, account__aws_id=aws_id, unique_id=key_id)
    KeyReplacement.objects.create(account_id=key.account_id, key_id=key.unique_id, marked_by=request.user.username)
    messages.success(request, "Noted. This page now tells whether the key goes quiet.")
    return redirect("key", aws_id, key_id)


def commands(key: AccessKey) -> str:
    """Switch it off, watch, delete. Switching off can be undone; deleting cannot."""
    of = f"--user-name {key.user_name} --access-key-id {key.unique_id}"
    return "\n".join(
        (
            f"aws iam get-access-key-last-used --access-key-id {key.unique_id}",
            f"aws iam update-access-key {of} --status Inactive",
            "# wait as long as its slowest job takes to run; then",
            f"aws iam delete-access-key {of}",
        )
    )
