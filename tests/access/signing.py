"""Shared by tests of signing in: operators with passwords, codes of authenticator apps, what the audit log says."""

from __future__ import annotations

import json
from typing import Any

from allauth.mfa.totp.internal import auth as totp
from django.http import HttpResponse
from django.urls import reverse

from iamdash.access.models import AuditEntry, Operator, Role
from tests.conftest import WebClient

PASSWORD = "a-long-enough-password"


def operator(name: str = "ada", role: Role = Role.VIEWER, **fields: Any) -> Operator:
    return Operator.objects.create_user(name, PASSWORD, role=role, **{"all_accounts": True} | fields)


def sign_in(client: WebClient, name: str = "ada", password: str = PASSWORD) -> HttpResponse:
    return client.post(reverse("account_login"), {"login": name, "password": password})


def signed(name: str = "ada", **fields: Any) -> WebClient:
    """A client of a new operator who signed in by the form just now."""
    operator(name, **fields)
    client = WebClient()
    assert sign_in(client, name).status_code == 302
    return client


def code(secret: str, ahead: int = 0) -> str:
    """What an app shows; each is accepted once, so the next sign-in takes the next one."""
    now = list(totp.yield_hotp_counters_from_time())[1]
    return totp.format_hotp_value(totp.hotp_value(secret, now + ahead))


def with_app(client: WebClient) -> str:
    """Set up an authenticator app. Its secret."""
    secret: str = client.get(reverse("mfa_activate_totp")).context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code(secret)}).status_code == 302
    return secret


def logged() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("number").values_list("action", "object", "outcome"))


def details(action: str) -> dict[str, Any]:
    """Of the last entry of that action."""
    return json.loads(AuditEntry.objects.filter(action=action).order_by("-number")[0].detail)  # type: ignore[no-any-return]
