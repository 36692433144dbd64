"""What a stranger, a proxy or a load balancer meets: whose address counts, what answers without a session."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from iamdash.access.models import AuditEntry, Operator
from iamdash.settings import _database
from tests.access.signing import operator
from tests.access.signing import sign_in as come
from tests.conftest import WebClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def nobody_tried_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "192.0.2.7", "127.0.0.1"),  # nobody chooses their own
        (1, "", "127.0.0.1"),
        (1, "198.51.100.6, 192.0.2.7", "192.0.2.7"),
        (2, "198.51.100.6, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
    ],
)
def test_the_address_is_the_one_that_our_proxies_saw(
    proxies: int, forwarded: str, address: str, settings: Any, nobody_tried_yet: None
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    come(WebClient(headers={"X-Forwarded-For": forwarded} if forwarded else {}), "nobody")
    assert AuditEntry.objects.get().address == address


def test_a_proxy_that_names_no_address_lets_nobody_try(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert come(WebClient(headers={"X-Forwarded-For": "<script>"}), "nobody").status_code == 403


def test_more_proxies_said_than_there_are_lets_nobody_try_and_says_why(settings: Any, nobody_tried_yet: None) -> None:
    """For a proxy less the address would be what the client says it is."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    operator()
    client = WebClient(headers={"X-Forwarded-For": "192.0.2.7"})
    response = come(client)
    assert (client.get("/sign-in/").status_code, response.status_code, client.get("/").status_code) == (200, 503, 302)
    assert "fewer proxies than <code>IAMDASH_TRUSTED_PROXIES</code> says" in response.content.decode()


def test_a_limit_is_not_got_around_by_saying_another_address(settings: Any, nobody_tried_yet: None) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/ip"}
    tries = (WebClient(headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(5))
    codes = [come(client, f"nobody-{n}").status_code for n, client in enumerate(tries)]
    said = AuditEntry.objects.filter(action="sign-in-failed").count()
    assert (codes[0], said) == (200, 3)


def test_without_valkey_nobody_guesses_and_who_is_in_works_on(sign_in: Callable[..., WebClient], settings: Any) -> None:
    inside, stranger = sign_in(), WebClient()
    operator()
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/valkey.sock"}}
    response = come(stranger)
    assert (response.status_code, stranger.get("/").status_code) == (503, 302)
    assert "Nobody can sign in now" in response.content.decode()
    assert inside.get("/findings/").status_code == 200


def test_nobody_makes_themselves_an_operator() -> None:
    told = {"username": "mallory", "password1": "a-long-enough-password", "password2": "a-long-enough-password"}
    for client in (WebClient(), WebClient(enforce_csrf_checks=True)):
        client.post(reverse("account_signup"), told)
    assert not Operator.objects.exists()
    assert not [app for app in configured.INSTALLED_APPS if app.startswith("django.contrib.admin")]


def test_a_process_whose_database_is_away_lives_and_is_not_ready_and_says_no_more() -> None:
    def away(*_: Any) -> None:
        raise OperationalError("connection to 10.1.2.3 failed: password authentication failed for iamdash")

    assert [Client().get(path).content for path in ("/livez", "/readyz")] == [b"ok\n", b"ok\n"]
    with connection.execute_wrapper(away):
        alive, ready = Client().get("/livez"), Client().get("/readyz")
    assert (alive.status_code, ready.status_code, ready.content) == (200, 503, b"not ready\n")


class Hostile:
    """What pickle makes of it is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def test_who_writes_into_valkey_runs_nothing_here(tmp_path: Path, sign_in: Any) -> None:
    """It has no password in many networks; the database and the secret key are behind the web process."""
    client, made = sign_in(), tmp_path / "made"
    key = cache.make_and_validate_key(f"recent:{client.operator.pk}")
    cache._cache.get_client(key, write=True).set(key, pickle.dumps(Hostile(made)))  # type: ignore[attr-defined]
    with contextlib.suppress(ValueError):
        client.get(reverse("search"))
    assert not made.exists()
    cache.delete(f"recent:{client.operator.pk}")
    for value in (7, 1.5, True, None, [["finding", ["1"]]], {"a": [1.25]}):
        cache.set("kept", value, 60)
        assert cache.get("kept", "nothing") == value


@pytest.mark.parametrize(
    ("role", "statement", "lock"),
    [("web", "15s", "5s"), ("metrics", "15s", "5s"), ("worker", "0", "5s"), ("", "0", "0")],
)
def test_no_statement_of_a_page_hangs(role: str, statement: str, lock: str) -> None:
    given, options = connection.settings_dict, _database("postgresql:///x", role)["OPTIONS"]
    asked = {"host": given["HOST"], "user": given["USER"], "dbname": given["NAME"], "options": options["options"]}  # type: ignore[index]
    with psycopg.connect(**asked) as database:
        told = [database.execute(f"show {name}").fetchone() for name in ("statement_timeout", "lock_timeout", "jit")]
    assert told == [(statement,), (lock,), ("off",)]


def test_htmx_keeps_no_page_runs_no_script_and_asks_nobody_else(sign_in: Callable[..., WebClient]) -> None:
    page = sign_in().get("/").content.decode()
    (said,) = re.findall(r"name=\"htmx-config\" content='([^']*)'", page)
    wanted = {"historyCacheSize": 0, "allowEval": False, "includeIndicatorStyles": False}
    assert json.loads(said).items() >= (wanted | {"allowScriptTags": False, "selfRequestsOnly": True}).items()
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)
