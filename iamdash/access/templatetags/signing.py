"""What pages of signing in show of the installation."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from iamdash.access.configured import OIDC, SAML

register = template.Library()


@register.simple_tag
def providers() -> list[tuple[str, str]]:
    """(name, where its form leads) of each identity provider."""
    ways = {"openid_connect": ("openid_connect_login", OIDC), "saml": ("saml_login", SAML)}
    return [(one.name, reverse(ways[kind][0], args=[ways[kind][1]])) for kind, one in settings.SSO.items()]


@register.simple_tag
def asking() -> list[tuple[str, str]]:
    """As providers(), but they are to ask who it is, also whom they know already. SAML's form cannot say so."""
    again = urlencode({"auth_params": urlencode({"prompt": "login", "max_age": 0})})
    return [(name, f"{url}?{again}" if f"/{OIDC}/" in url else url) for name, url in providers()]


@register.simple_tag
def sso_only() -> bool:
    return bool(settings.SSO_ONLY)
