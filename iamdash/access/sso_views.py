"""allauth's way to the OpenID Connect provider and back. Where the provider is down, or tells nonsense, a page says so."""

from __future__ import annotations

from functools import wraps
from typing import Any

import structlog
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.providers.openid_connect import views
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from jwt import PyJWTError
from requests import RequestException

from iamdash.access import audit
from iamdash.access.rights import View

# PermissionDenied: an answer to no question of this browser, or to one that was answered already. The two after it:
# an id that is too long, or that PostgreSQL keeps in no text.
NONSENSE = (
    RequestException, PyJWTError, PermissionDenied, ImproperlyConfigured, DataError, KeyError, TypeError, ValueError,
)  # fmt: skip


def said(view: View, nonsense: tuple[type[Exception], ...] = NONSENSE) -> View:
    @wraps(view)
    def saying(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            with transaction.atomic():  # after an error of the database nothing else could be written
                return view(request, *args, **kwargs)
        except Exception as error:
            if type(error) is not Exception and not isinstance(error, nonsense):  # python3-saml raises the bare one
                raise
            structlog.get_logger(__name__).warning("single sign-on failed", error=type(error).__name__)
            audit.record(request, "sign-in-failed", "by single sign-on", outcome=audit.Outcome.REFUSED)
            return render(request, "socialaccount/authentication_error.html", status=401)

    return saying


@require_safe
def confirm(request: HttpRequest) -> HttpResponse:
    """For who has no password and no second factor here: the identity provider is to ask again who it is."""
    return render(request, "socialaccount/confirm.html", {"next": get_next_redirect_url(request) or ""})


login, callback = said(views.login), said(views.callback)
