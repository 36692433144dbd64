"""Operators, looked after by admins of all accounts: who there is, what they may do and see, and help for who is locked out."""

from __future__ import annotations

from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from iamdash.access import audit, mfa, sessions
from iamdash.access.models import Operator, Role
from iamdash.access.rights import View, needs
from iamdash.access.sso import rights_of
from iamdash.pages.operators_forms import OperatorForm


def admins_only(view: View) -> View:
    """Admins of all accounts, and who changes something confirms who they are first."""
    guarded = needs(Role.ADMIN, every_account=True)(reauthentication_required(allow_get=True)(view))
    return wraps(view)(guarded)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def add(request: HttpRequest) -> HttpResponse:
    form = OperatorForm(None, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, None)
    operator = form.save()
    audit.record(request, "operator-made", operator.username, **rights_of(operator))
    if form.cleaned_data["with_password"]:
        return _told(request, operator)
    messages.success(request, f"{operator.username} can sign in by single sign-on.")
    return redirect("settings-operators")


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def change(request: HttpRequest, pk: int) -> HttpResponse:
    operator = get_object_or_404(Operator, pk=pk)
    before = rights_of(operator)
    form = OperatorForm(operator, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, operator)
    form.save()
    _say_changed(request, operator, before)
    if not operator.is_active:
        _end_sessions(operator)
    messages.success(request, f"{operator.username} is changed.")
    return redirect("settings-operators")


def _say_changed(request: HttpRequest, operator: Operator, before: dict[str, Any]) -> None:
    after = rights_of(operator)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    audit.record(request, "operator-changed", operator.username, **changed)


def _form(request: HttpRequest, form: OperatorForm, operator: Operator | None) -> HttpResponse:
    told = {"form": form, "operator": operator}
    if operator:
        rows = UserSession.objects.filter(user=operator)
        told |= {"factors": mfa.factors_of(operator), "n_sessions": rows.count()}
    return render(request, "access/operator.html", told, status=422 if form.errors else 200)


@require_POST
@admins_only
def reset_mfa(request: HttpRequest, pk: int) -> HttpResponseBase:
    """For who lost them. Open sessions end, since somebody else may have them."""
    operator = get_object_or_404(Operator, pk=pk)
    n = mfa.reset(operator)
    audit.record(request, "operator-mfa-reset", operator.username, removed=n, sessions=_end_sessions(operator))
    messages.success(request, f"{operator.username} has no second factor any more, and is signed out.")
    return redirect("settings-operator", pk)


@require_POST
@admins_only
def reset_password(request: HttpRequest, pk: int) -> HttpResponse:
    operator = get_object_or_404(Operator, pk=pk)
    audit.record(request, "operator-password-reset", operator.username, sessions=_end_sessions(operator))
    return _told(request, operator)


@require_POST
@admins_only
def end_sessions(request: HttpRequest, pk: int) -> HttpResponseBase:
    operator = get_object_or_404(Operator, pk=pk)
    n = _end_sessions(operator)
    audit.record(request, "session-ended", operator.username, sessions=n)
    messages.success(request, f"{operator.username} is signed out everywhere.")
    return redirect("settings-operator", pk)


def _end_sessions(operator: Operator) -> int:
    return sessions.end(UserSession.objects.filter(user=operator))


def _told(request: HttpRequest, operator: Operator) -> HttpResponse:
    """A new password, on a page that nothing keeps."""
    told = {"operator": operator, "password": operator.new_password()}
    return render(request, "access/password.html", told)
