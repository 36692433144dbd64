"""An operator's own sign-in: second factors, passkeys, recovery codes, and the sessions that are open."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from iamdash.access import audit, mfa, sessions
from iamdash.access.adapter import may_sign_in_here
from iamdash.access.models import Operator


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    operator = request.user
    factors = mfa.factors_of(operator)
    told = {
        "app": next((one for one in factors if one.type == Authenticator.Type.TOTP), None),
        "keys": [one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        "codes": codes_left(operator),
        "missing": mfa.missing(request),
        "sessions": sessions.opened(request, operator),
        "here": may_sign_in_here(operator),
        "linked": list(operator.socialaccount_set.order_by("pk")),
    }
    return render(request, "access/security.html", told)


def codes_left(operator: Operator) -> int | None:
    """Recovery codes that were not used; None: there were never any."""
    found = Authenticator.objects.filter(user=operator, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(found.wrap().get_unused_codes()) if found else None


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(UserSession, pk=pk, user=request.user)
    audit.record(request, "session-ended", request.user.username, sessions=1, of=row.ip)
    if row.session_key == request.session.session_key:
        logout(request)
        return redirect("account_login")
    sessions.end([row])
    messages.success(request, "That session has ended.")
    return redirect("security")


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponseBase:
    """All but this one; with `all` this one, too."""
    here = "all" not in request.POST
    rows = UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    audit.record(request, "session-ended", request.user.username, sessions=sessions.end(rows), everywhere=not here)
    if here:
        messages.success(request, "You are signed out everywhere but here.")
        return redirect("security")
    logout(request)
    return redirect("account_login")


def no_password(request: HttpRequest) -> HttpResponse:
    """Who has no password comes in another way; one of their own choice would outlast it."""
    raise PermissionDenied("You sign in without a password. An admin can set one.")
