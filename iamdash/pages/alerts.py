"""Who is told of what, and by which way?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from findings.models import FindingEvent
from findings.models.decided import STANDS
from findings.models.grouping import Scoped
from findings.vocabulary import Severity
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.notify import matching, wording
from iamdash.notify.content import Content
from iamdash.notify.happenings import TELLING, Happening, of_events
from iamdash.notify.models import AlertRule, Channel, ChannelTarget, Delivery, Digest
from iamdash.notify.vocabulary import Kind
from iamdash.notify.wording import Message
from iamdash.pages.alert_forms import DAYS, DigestForm, RuleForm
from iamdash.pages.scopes import Whom, seen

RECENT = 500  # events that a preview looks at


@dataclass(frozen=True)
class Shown:
    """A rule or digest. reached: how many of the accounts seen; unsure: of how many that cannot be told."""

    row: Any
    whom: Whom
    reached: int
    unsure: int

    @classmethod
    def of(cls, row: Scoped) -> Shown:
        whom = Whom.of(row)
        return cls(row, whom, len(whom.reached()), whom.unsure())

    @property
    def kinds(self) -> str:
        return ", ".join(kind.word for kind in Kind if kind.value in self.row.kinds)

    @property
    def severity(self) -> str:
        return Severity(self.row.severity).label

    @property
    def day(self) -> str:
        return DAYS[self.row.weekday]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    standing = {"ended_at": None, "channel__ended_at": None}
    rules = AlertRule.objects.filter(**standing).select_related("account", "channel").order_by("name")
    digests = Digest.objects.filter(**standing).select_related("account", "channel").order_by("pk")
    context = {
        "channels": channels() if request.user.all_accounts else [],
        "rules": [Shown.of(row) for row in seen(list(rules), request.user)],
        "digests": [Shown.of(row) for row in seen(list(digests), request.user)],
        "public_url": settings.PUBLIC_URL,
        "any_channel": Channel.objects.filter(STANDS).exists(),
        "may_manage": request.user.may(Role.ADMIN),
        "may_all": request.user.may(Role.ADMIN) and request.user.all_accounts,
        "may_read": request.user.may(Role.ANALYST) and request.user.all_accounts,
    }
    return render(request, "alerts/page.html", context)


def channels() -> Any:
    """Those that stand, with what they lead to and their last message."""
    target = ChannelTarget.objects.filter(channel=OuterRef("pk")).order_by("-pk")
    last = Delivery.objects.filter(channel=OuterRef("pk")).order_by("-created_at", "-pk")
    return (
        Channel.objects.filter(STANDS)
        .annotate(
            shown=Subquery(target.values("shown")[:1]),
            last_at=Subquery(last.values("created_at")[:1]),
            last_state=Subquery(last.values("state")[:1]),
        )
        .order_by("name")
    )


@dataclass(frozen=True)
class Preview:
    """What rules would have told of the last RECENT events. read: how many there are; told: of how many."""

    read: int
    told: int
    message: Message | None


def preview(rules: list[AlertRule]) -> Preview:
    """Up to nine queries. rules: of one channel."""
    found = recent()
    made = next(iter(matching.by_channel(found, rules).values()), Content())
    return Preview(len(found), made.total, wording.of_content(made) if made.total else None)


def recent() -> list[Happening]:
    """By ids: the newest have an index of their own."""
    ids = list(FindingEvent.objects.filter(TELLING).order_by("-pk").values_list("pk", flat=True)[:RECENT])
    return of_events(FindingEvent.objects.filter(pk__in=ids).order_by("pk"), timezone.now())


@needs(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add_rule(request: HttpRequest) -> HttpResponse:
    """With `look` in place of a decision: what it would have told."""
    form = RuleForm(request.user, request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        if "look" in request.POST:
            context["preview"] = preview([form.made()])
        elif form.save():
            messages.success(request, "The rule stands. It is told of what happens from now on.")
            return redirect("settings-alerts")
    return render(request, "alerts/rule.html", context, status=422 if form.errors else 200)


@needs(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add_digest(request: HttpRequest) -> HttpResponse:
    form = DigestForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The digest is sent once a week from now on.")
        return redirect("settings-alerts")
    return render(request, "alerts/digest.html", {"form": form}, status=422 if form.errors else 200)


@needs(Role.ADMIN)
@require_POST
def end_rule(request: HttpRequest, pk: int) -> HttpResponse:
    return _end(request, AlertRule, pk, "The rule ended.")


@needs(Role.ADMIN)
@require_POST
def end_digest(request: HttpRequest, pk: int) -> HttpResponse:
    return _end(request, Digest, pk, "The digest ended.")


def _end(request: HttpRequest, model: Any, pk: int, told: str) -> HttpResponse:
    """It holds no longer; that it did is kept."""
    row = get_object_or_404(model.objects.filter(STANDS), pk=pk)
    if row.account_id is None and not request.user.all_accounts:
        raise PermissionDenied("This needs an operator of all accounts.")
    ending = {"ended_at": timezone.now(), "ended_by": request.user.username}
    if model.objects.filter(STANDS, pk=pk).update(**ending):
        messages.success(request, told)
    return redirect("settings-alerts")
