"""Around signing in: who is led where, what the audit log learns of it, and the passkey view for strangers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import structlog
from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import LoginWebAuthnView
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from redis import RedisError

from iamdash.access import audit, sessions
from iamdash.access.adapter import ASKED, UnknownAddressError
from iamdash.access.models import Operator

REFUSED = audit.Outcome.REFUSED
log = structlog.get_logger(__name__)


def lead(request: HttpRequest, url: str) -> HttpResponseBase:
    """To a page of its own, also for htmx: a redirect would be followed and its page swapped into a part of this one."""
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


class SignedInMiddleware(LoginRequiredMiddleware):
    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseBase:
        """For a part of a page: after signing in, back to that page."""
        if "HX-Request" not in request.headers:
            return super().handle_no_permission(request, view_func)
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = f"{here.path}?{here.query}" if here.query else here.path
        safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
        return lead(request, reverse("account_login") + (f"?{urlencode({'next': back})}" if safe else ""))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Attempts are counted in Valkey, by address. Without either nobody tries: a password could be guessed uncounted."""
        if isinstance(exception, UnknownAddressError):
            log.error("fewer proxies than IAMDASH_TRUSTED_PROXIES says", said=settings.ALLAUTH_TRUSTED_PROXY_COUNT)
            return render(request, "account/uncounted.html", {"proxies": True}, status=503)
        if isinstance(exception, RedisError) and request.path.startswith("/sign-in/"):
            return render(request, "account/uncounted.html", status=503)
        return None


@method_decorator(login_not_required, name="dispatch")
class PasskeySignIn(LoginWebAuthnView):
    """allauth's, for strangers, and logged when it fails."""

    def form_invalid(self, form: Any) -> HttpResponse:
        audit.record(self.request, "sign-in-failed", "by passkey", outcome=REFUSED)
        return super().form_invalid(form)


def methods(request: HttpRequest, user: Operator) -> list[str]:
    """How the session's operator proved who they are: "password", "mfa totp", "socialaccount"."""
    records = get_authentication_records(request, user)
    return [" ".join(filter(None, (one.get("method"), one.get("type")))) for one in records]


def listen() -> None:
    """allauth and Django tell by signals what happened; called once, when the apps are ready."""
    heard = {
        account_signals.user_logged_in: _signed_in,
        user_logged_out: _signed_out,
        user_login_failed: _failed,
        account_signals.password_changed: _password_changed,
        account_signals.password_set: _password_changed,
        mfa_signals.authenticator_removed: _removed,
        mfa_signals.authenticator_used: _used,
        mfa_signals.authentication_failed: _second_failed,
    }
    for signal, what in heard.items():
        signal.connect(what, dispatch_uid=f"audit {what.__name__}")
    # allauth tells of these when they are committed; by then an entry is none of the act's transaction any more.
    post_save.connect(_added, sender=Authenticator, dispatch_uid="audit _added")


def _signed_in(request: HttpRequest, user: Operator, **told: Any) -> None:
    sessions.clear()
    _note_asked(request, told.get("sociallogin"))
    audit.record(request, "sign-in", user.username, by=user, methods=methods(request, user))


def _note_asked(request: HttpRequest, sociallogin: SocialLogin | None) -> None:
    """When the provider asked who it is, in seconds; what is no number is not told."""
    asked = sociallogin.state.get("auth_time") if sociallogin else None
    if isinstance(asked, int | float) and not isinstance(asked, bool):
        request.session[ASKED] = asked
    else:
        request.session.pop(ASKED, None)


def _signed_out(request: HttpRequest, user: Operator | None, **_: Any) -> None:
    if user is not None:
        audit.record(request, "sign-out", user.username, by=user)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """The name only where an operator has it: people type their password into the wrong field."""
    name = str(credentials.get("username") or "").replace("\0", "")
    known = Operator.objects.filter(username=name).exists()
    if request is not None:
        audit.record(request, "sign-in-failed", name if known else "an unknown name", outcome=REFUSED)


def _password_changed(request: HttpRequest, user: Operator, **_: Any) -> None:
    audit.record(request, "password-changed", user.username)


def _said(action: str, request: HttpRequest, user: Operator, authenticator: Authenticator, **detail: Any) -> None:
    name = authenticator.data.get("name", "") if authenticator.type == Authenticator.Type.WEBAUTHN else ""
    audit.record(request, action, user.username, by=user, type=authenticator.type, name=name, **detail)


def _added(instance: Authenticator, created: bool, **_: Any) -> None:
    codes = instance.type == Authenticator.Type.RECOVERY_CODES
    if created and context.request:
        _said("recovery-codes-made" if codes else "authenticator-added", context.request, instance.user, instance)


def _removed(request: HttpRequest, user: Operator, authenticator: Authenticator, **_: Any) -> None:
    _said("authenticator-removed", request, user, authenticator)


def _used(request: HttpRequest, user: Operator, authenticator: Authenticator, **told: Any) -> None:
    """A sign-in tells it by itself; here what was confirmed later, and that a recovery code is gone."""
    if told.get("reauthenticated") or authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _said("sign-in-confirm", request, user, authenticator)


def _second_failed(request: HttpRequest, user: Operator, authenticator: Authenticator, **_: Any) -> None:
    audit.record(request, "second-factor-failed", user.username, outcome=REFUSED, type=authenticator.type)
