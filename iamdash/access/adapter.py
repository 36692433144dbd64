"""What allauth asks of us about signing in: nobody signs up, and where single sign-on is the only way nobody else comes in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from iamdash.access import audit
from iamdash.access.models import Operator

ASKED = "provider_asked_at"  # in the session: when the identity provider last asked who it is, as it says (auth_time)


class UnknownAddressError(Exception):
    """The request came through fewer proxies than IAMDASH_TRUSTED_PROXIES says, so whose address it names nobody can say."""


class ClosedSignup(DefaultAccountAdapter):
    """Operators are made by an admin, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """By it attempts are counted: a guessed one would count them for somebody else. Raises UnknownAddressError."""
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured as problem:
            raise UnknownAddressError from problem

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
        if any(self._proven_at(one) > since for one in records):
            return False
        if only_by_provider(self.request.user):
            raise ReauthenticationRequired  # allauth lets them pass unasked
        return True

    def _proven_at(self, record: dict[str, Any]) -> float:
        """A provider may let somebody through whom it asked this morning: its word for when counts, where it gives one."""
        at = float(record.get("at", 0))
        asked = self.request.session.get(ASKED) if record.get("method") == "socialaccount" else None
        return at if asked is None else min(at, asked)

    def get_reauthentication_methods(self, user: Operator) -> list[dict[str, Any]]:
        if not only_by_provider(user):
            return list(super().get_reauthentication_methods(user))
        return [{"id": "sso", "description": "Use single sign-on", "url": reverse("sso_confirm")}]


def only_by_provider(operator: Operator) -> bool:
    """Without a password or a second factor here: nobody but the identity provider can tell that it is them."""
    return (
        operator.is_authenticated and not get_reauthentication_flows(operator) and operator.socialaccount_set.exists()
    )


def may_sign_in_here(operator: Operator) -> bool:
    """By password or passkey. Whom the provider's groups let in comes in by them only, and ends with them. Where only single
    sign-on may, one operator has the key behind the glass."""
    return not operator.sso_managed and (not settings.SSO_ONLY or operator.break_glass)
