"""Second factors: how their secrets are kept, and that nobody works without one where the installation asks for it."""

from __future__ import annotations

import base64
from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from iamdash.access.models import Operator
from iamdash.access.signing import lead
from iamdash.sealed import opened, seal

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
ABOUT = "second factor"
# Signing in and its settings, and what asks no session.
FREE = ("/sign-in/", "/static/", "/api/", "/hooks/", "/livez", "/readyz", "/favicon.ico")
KNOWN = "second_factor"  # in the session: it is there


class Adapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes are sealed: a stolen dump without the secret key has none."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(seal(text, ABOUT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return opened(base64.b64decode(encrypted_text), ABOUT)

    def get_totp_label(self, user: Operator) -> str:
        return user.username

    def generate_authenticator_name(self, user: Operator, type: str) -> str:  # noqa: A002 (allauth calls it so)
        n = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "Passkey" if n == 1 else f"Passkey {n}"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays where one is asked for."""
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return not settings.MFA_REQUIRED or authenticator.type not in FACTORS or others.exists()


class SecondFactorMiddleware:
    """Who signed in without a second factor, where one is asked for, gets to the page that makes one, and no further."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(FREE) and missing(request):
            return lead(request, reverse("security"))
        return self.get_response(request)


def missing(request: HttpRequest) -> bool:
    """Whether a second factor is asked for, and not there."""
    return bool(settings.MFA_REQUIRED) and not protected(request)


def protected(request: HttpRequest) -> bool:
    """Strangers count as such: they are sent to sign in. Where only passwords need ours, the provider asks for its own."""
    if not request.user.is_authenticated or request.session.get(KNOWN) == request.user.pk:
        return True
    if settings.MFA_REQUIRED != "all" and by_provider(request):
        return True
    if not is_mfa_enabled(request.user, FACTORS):
        return False
    request.session[KNOWN] = request.user.pk
    return True


def by_provider(request: HttpRequest) -> bool:
    """Whether this session began at the identity provider."""
    return any(one.get("method") == "socialaccount" for one in get_authentication_records(request, request.user))


def factors_of(operator: Operator) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=operator, type__in=FACTORS).order_by("created_at"))


def reset(operator: Operator) -> int:
    """Take all second factors and recovery codes away. How many there were."""
    return Authenticator.objects.filter(user=operator).delete()[0]
