"""Headers of every kind of answer: pages, what is not there, redirects, static files, what broke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as configured
from django.templatetags.static import static

from iamdash.access.configured import oidc
from tests.conftest import WebClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def answers(client: WebClient) -> dict[str, Any]:
    paths = {
        "page": "/findings/", "not there": "/nowhere/", "refused": "/settings/operators/", "wrong": "/findings/?tab=nowhere",
        "export": "/findings/?export=csv", "static": static("js/app.js"), "open": "/livez", "own": "/sign-in/security/",
    }  # fmt: skip
    return {name: client.get(path) for name, path in paths.items()} | {"redirect": WebClient().get("/findings/")}


def test_every_answer_has_them(sign_in: Callable[..., WebClient]) -> None:
    for name, response in answers(sign_in()).items():
        told = response.headers
        assert {header: told.get(header) for header in ALL} == ALL, name
        assert "camera=()" in told["Permissions-Policy"], name
        if name != "static":
            assert told["X-Frame-Options"] == "DENY", name
            assert "script-src 'self'" in told["Content-Security-Policy"], name
            policy = [one.split() for one in told["Content-Security-Policy"].split(";")]
            assert {source for _, *sources in policy for source in sources} == {"'self'", "'none'", "data:"}, name
            assert [kind for kind, *sources in policy if "data:" in sources] == ["img-src"], name


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/security/", "/findings/", "/sign-in/security/app/"])
def test_pages_are_kept_by_nobody(path: str, sign_in: Callable[..., WebClient]) -> None:
    client = WebClient() if path == "/sign-in/" else sign_in()
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_cookies_are_for_our_pages_over_https_only() -> None:
    assert configured.SESSION_COOKIE_HTTPONLY
    assert (configured.SESSION_COOKIE_SAMESITE, configured.CSRF_COOKIE_SAMESITE) == ("Lax", "Strict")
    assert configured.SESSION_COOKIE_SECURE is configured.CSRF_COOKIE_SECURE is not configured.HTTP_ONLY


def test_forms_may_lead_to_the_identity_provider_and_nowhere_else(settings: Any) -> None:
    env = {"IAMDASH_OIDC_ISSUER": "https://id.example.org/realms/x", "IAMDASH_OIDC_CLIENT_ID": "x"}
    provider = oidc(env, "x")
    assert provider is not None
    directives = dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
    assert directives["form-action"] == ["'self'"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"form-action": ["'self'", *provider.origins]}}
    assert "form-action 'self' https://id.example.org;" in WebClient().get("/sign-in/")["Content-Security-Policy"] + ";"
