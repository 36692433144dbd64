"""A real OpenID Connect provider on loopback, and settings that name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from iamdash.access.configured import Provider, oidc


@contextmanager
def provider() -> Iterator[str]:
    """Its issuer. It takes every client, and signs in whom it is told of."""
    from oidc_provider_mock import run_server_in_thread

    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


def use(settings: Any, issuer: str, groups: str = "") -> Provider:
    env = {"IAMDASH_OIDC_ISSUER": issuer, "IAMDASH_OIDC_CLIENT_ID": "iamdash", "IAMDASH_OIDC_GROUPS": groups}
    found = oidc(env, "a client secret")
    assert found is not None
    settings.SSO, settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": found}, found.apps
    return found


def told(issuer: str, sub: str, **claims: Any) -> str:
    """The provider knows this person."""
    requests.put(f"{issuer}/users/{sub}", json=claims, timeout=10).raise_for_status()
    return sub
