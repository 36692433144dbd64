"""What pages of signing in show of the installation."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from iamdash.access.configured import SLUG

register = template.Library()
ASK_AGAIN = {"openid_connect": {"auth_params": urlencode({"prompt": "login", "max_age": 0})}, "saml": {"again": 1}}


@register.simple_tag
def providers() -> list[tuple[str, str]]:
    """(name, where its form leads) of each identity provider."""
    return [(one.name, reverse(f"{kind}_login", args=[SLUG])) for kind, one in settings.SSO.items()]


@register.simple_tag
def asking() -> list[tuple[str, str]]:
    """As providers(), but they are to ask who it is, also whom they know already."""
    return [
        (name, f"{url}?{urlencode(ASK_AGAIN[kind])}")
        for kind, (name, url) in zip(settings.SSO, providers(), strict=True)
    ]


@register.simple_tag
def sso_only() -> bool:
    return bool(settings.SSO_ONLY)
