"""What allauth asks of us about signing in: nobody signs up, and where single sign-on is the only way nobody else comes in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from iamdash.access import audit
from iamdash.access.models import Operator


class ClosedSignup(DefaultAccountAdapter):
    """Operators are made by an admin, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Operator, **asked: Any) -> HttpResponse | None:
        """A response: the sign-in ends with it. Passkeys, too, are a way around the identity provider."""
        by_provider = bool((asked.get("signal_kwargs") or {}).get("sociallogin"))
        if may_sign_in_here(user) or by_provider:
            return super().pre_login(request, user, **asked)
        audit.record(request, "sign-in-failed", user.username, outcome=audit.Outcome.REFUSED, why="single sign-on only")
        return render(request, "account/sso_only.html", status=403)

    def is_reauthentication_required(self, *, app: str, **asked: Any) -> bool:
        """Not for who just signed in: that is as good as a confirmation."""
        records = get_authentication_records(self.request, self.request.user)
        since = timezone.now().timestamp() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return not any(one.get("at", 0) > since for one in records)


def may_sign_in_here(operator: Operator) -> bool:
    """By password or passkey. Whom the provider's groups let in comes in by them only, and ends with them. Where only single
    sign-on may, one operator has the key behind the glass."""
    return not operator.sso_managed and (not settings.SSO_ONLY or operator.break_glass)
