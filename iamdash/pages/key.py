"""One access key: whose, how old, used when and for what, and what would take its place."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from collectors.models import AccessKey, Principal, Version
from findings.analysis.kinds import Kind
from findings.models import Finding, FindingEvent
from iamdash.pages.finding import event_words
from iamdash.pages.gaps import KEYS, REPORT, Gaps
from iamdash.pages.key_use import INSTEAD, Place, Replacement, key_use

LAST = 30


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
    events = FindingEvent.objects.filter(finding__in=about).select_related("finding").order_by("-at", "-pk")[:LAST]
    versions = Version.objects.filter(account=key.account_id, kind="key", unique_id=key.unique_id).order_by("seen_from")
    gaps = Gaps([key.account_id], REPORT, KEYS)
    use = key_use(key)
    context: dict[str, Any] = {
        "gap": "; ".join(sorted({text for api in (REPORT, KEYS) if (text := gaps.of(key.account_id, api))})),
        "key": key,
        "owner": owner,
        "findings": about.filter(resolved_at=None).order_by("-severity", "-opened_at"),
        "events": [(event, event_words(event)) for event in events],
        "versions": list(versions[:LAST]),
        "others": AccessKey.present.filter(account=key.account_id, user_arn=key.user_arn).exclude(pk=key.pk),
        "use": use,
        "replacements": use.instead or [replacement(key, owner)],
        "commands": commands(key),
    }
    return render(request, "keys/detail.html", context)


def replacement(key: AccessKey, owner: Principal | None) -> Replacement:
    """By the owner's declared kind: where no use was seen."""
    posture = getattr(owner, "posture", None)
    if posture and posture.kind == Kind.HUMAN_USER:
        what, steps = INSTEAD[Place.PERSON]
        return Replacement(what, "Its user has a console password, so a person owns it.", steps)
    return Replacement(
        "A role with temporary credentials",
        "Its user has no password, so a program uses it." if posture else "What uses it is not known yet.",
        (
            "On EC2, ECS, EKS or Lambda: an instance, task or execution role.",
            "In CI: a role that trusts the CI's OpenID Connect provider, bound to the repository.",
            "At a vendor: a role that trusts the vendor's account, with an external id.",
            "Anywhere else: IAM Roles Anywhere with a certificate.",
        ),
    )


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
