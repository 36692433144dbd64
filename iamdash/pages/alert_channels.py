"""A channel: where it leads, whether that works, what it is told next. For admins of all accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from findings.models.decided import STANDS
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.notify import content, wording
from iamdash.notify.models import Channel, Delivery
from iamdash.notify.queue import UNSENT
from iamdash.notify.sample import sample
from iamdash.pages import alerts
from iamdash.pages.alert_forms import ChannelForm, TargetForm

admin = needs(Role.ADMIN, every_account=True)


@admin
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = ChannelForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := form.save(request.user.username)):
        channel, secret = made
        if secret:
            return render(request, "alerts/secret.html", {"channel": channel, "secret": secret})
        messages.success(request, "The channel stands. Send a test, then make a rule that tells it something.")
        return redirect("settings-channel", channel.pk)
    return render(request, "alerts/channel_add.html", {"form": form}, status=422 if form.errors else 200)


@admin
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    channel = _standing(pk)
    waiting = (
        Delivery.objects.filter(UNSENT, channel=channel).exclude(reason=Delivery.Reason.TEST).order_by("pk").first()
    )
    rules = [] if waiting else list(_rules(channel))
    context = {
        "channel": channel,
        "test": last_test(channel),
        "waiting": waiting,
        "message": wording.message(waiting) if waiting else None,
        "rules": rules,
        "preview": alerts.preview(rules) if rules else None,
    }
    return render(request, "alerts/channel.html", context)


def _standing(pk: int) -> Any:
    return get_object_or_404(alerts.channels(), pk=pk)


def _rules(channel: Channel) -> Any:
    return channel.alertrule_set.filter(STANDS).select_related("account").order_by("pk")


def last_test(channel: Channel) -> Delivery | None:
    return Delivery.objects.filter(channel=channel, reason=Delivery.Reason.TEST).order_by("-pk").first()


@admin
@require_http_methods(["GET", "HEAD", "POST"])
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Elsewhere, or to the same with a new secret."""
    channel, form = _standing(pk), TargetForm(request.POST or None)
    form.kind = channel.kind
    if request.method == "POST" and form.is_valid():
        if secret := form.lead(channel, request.user.username):
            return render(request, "alerts/secret.html", {"channel": channel, "secret": secret})
        messages.success(request, "What is sent from now on goes there. Send a test.")
        return redirect("settings-channel", pk)
    del form.fields["url" if channel.kind == Channel.Kind.EMAIL else "to"]
    return render(request, "alerts/lead.html", {"channel": channel, "form": form}, status=422 if form.errors else 200)


@admin
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a test: the web process has no way out."""
    channel, now = _standing(pk), timezone.now()
    if not Delivery.objects.filter(UNSENT, channel=channel, reason=Delivery.Reason.TEST).exists():
        Delivery.objects.create(
            channel=channel, reason=Delivery.Reason.TEST, asked_by=request.user.username, created_at=now, due_at=now,
            content=content.stored(sample(now)), total=1, worst=None,
        )  # fmt: skip
    return redirect(reverse("settings-channel", args=[pk]) + "#test")


@admin
@require_safe
def test_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The last test alone, for the page that waits for it."""
    channel = _standing(pk)
    return render(request, "alerts/_test.html", {"channel": channel, "test": last_test(channel)})


@admin
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Quiet, or no longer. What happens while it is quiet is counted and not sent later."""
    channel = _standing(pk)
    rows = Channel.objects.filter(STANDS, pk=pk)
    if channel.paused_at:
        rows.update(paused_at=None, paused_by="", paused_why="", passed=0)
        messages.success(
            request, f"It is told again of what happens from now on. {channel.passed:,} events passed meanwhile."
        )
    else:
        rows.update(paused_at=timezone.now(), paused_by=request.user.username, paused_why="", passed=0)
        messages.success(request, "Quiet: nothing is sent but tests until it is resumed.")
    return redirect("settings-channel", pk)


@admin
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """It is told nothing any more; its log stays, and what it led to cannot be read by anybody."""
    channel = _standing(pk)
    Channel.objects.filter(STANDS, pk=pk).update(ended_at=timezone.now(), ended_by=request.user.username)
    messages.success(request, f"The channel {channel.name} ended, and its rules tell nobody.")
    return redirect("settings-alerts")
