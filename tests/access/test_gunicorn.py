"""Scope through the real server: a test's own transaction would hide a connection that keeps its role or scope."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from collectors.models import Account, Connection
from findings.analysis.pace import SELDOM
from iamdash.access import tokens
from iamdash.access.models import Operator, Role
from iamdash.access.prepared import OFTEN

pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE = 30.0


@pytest.fixture
def server(transactional_db: None, static_files: None) -> Iterator[str]:
    database = connection.settings_dict["NAME"]
    with serving(os.environ["DATABASE_URL"].replace("/iamdash?", f"/{database}?"), "/readyz") as address:
        yield address


def a_port() -> int:
    """Free, and so nobody listens there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(url: str, up: str) -> Iterator[str]:
    """url: of the database. up: what answers when it serves."""
    port = a_port()
    environment = os.environ | {"DATABASE_URL": url, "IAMDASH_DB_ROLE": "web"}
    arguments = [
        "-m",
        "gunicorn",
        "iamdash.wsgi",
        "-w",
        "1",
        "--threads",
        "2",
        "-b",
        f"127.0.0.1:{port}",
        "--no-control-socket",
        "--graceful-timeout",
        "5",  # of a connection that somebody keeps open; `serving` waits for longer than that
    ]
    process = subprocess.Popen([sys.executable, *arguments], env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait(address + up, process)
        yield address
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):  # no test here is of how it stops
            process.wait(20)
        process.kill()
        process.wait()


def wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        assert process.poll() is None, "gunicorn ended"
        try:
            urllib.request.urlopen(url, timeout=1)
        except OSError:
            continue
        return
    raise AssertionError("gunicorn did not answer")


def session_of(operator: Operator) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(operator.pk)
    session["_auth_user_backend"] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = operator.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def get(url: str, session: str, token: str = "") -> str:
    given = {"Authorization": f"Bearer {token}"} if token else {"Cookie": f"iamdash={session}"}
    request = urllib.request.Request(url, headers=given)
    with urllib.request.urlopen(request, timeout=20) as response:
        return str(response.read().decode())


def test_its_processes_look_for_cycles_seldom() -> None:
    """And not through what was imported, of which the pages are."""
    told = "import gc, sys, iamdash.wsgi; print(gc.get_threshold(), gc.get_freeze_count(), 'iamdash.pages.urls' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{SELDOM} ")
    *_, frozen, pages = done.stdout.split()
    assert int(frozen) > 100_000
    assert pages == "True"


def test_each_request_sees_its_operator_s_accounts_on_shared_connections(server: str) -> None:
    accounts = [Account.objects.create(aws_id=f"{n:012}", name=f"account-number-{n}") for n in (1, 2)]
    for account in accounts:
        Connection.objects.create(account=account)
    sessions, secrets = {}, {}
    for account in accounts:
        operator = Operator.objects.create_user(f"of-{account.aws_id}", role=Role.VIEWER)
        operator.accounts.add(account)
        sessions[account.name] = session_of(operator)
        _, secrets[account.name] = tokens.make(operator, "t", ["inventory:read"], 1)
    everybody = Operator.objects.create_user("all", role=Role.ADMIN, all_accounts=True)
    sessions["*"] = session_of(everybody)
    _, secrets["*"] = tokens.make(everybody, "t", ["inventory:read"], 1)

    def seen(who: str, path: str) -> tuple[str, set[str]]:
        text = get(server + path, sessions[who], secrets[who] if path.startswith("/api/") else "")
        return who, {a.name for a in accounts if a.name in text}

    paths = ("/accounts/", "/accounts/?export=csv", "/api/v1/accounts")
    work = [(who, path) for _ in range(6) for who in sessions for path in paths]
    with ThreadPoolExecutor(4) as pool:
        for who, names in pool.map(lambda job: seen(*job), work):
            assert names == ({a.name for a in accounts} if who == "*" else {who})

    def answered(who: str, account: Account) -> tuple[str, str, int]:
        try:
            get(f"{server}/accounts/{account.aws_id}/", sessions[who])
        except urllib.error.HTTPError as error:
            error.close()
            return who, account.name, error.code
        return who, account.name, 200

    of_one = [(who, account) for _ in range(2 * OFTEN) for who in sessions for account in accounts]
    with ThreadPoolExecutor(4) as pool:
        for who, name, code in pool.map(lambda job: answered(*job), of_one):
            assert code == (200 if who in {"*", name} else 404)


def test_another_account_s_page_is_not_found(server: str) -> None:
    account = Account.objects.create(aws_id="000000000001", name="one")
    Connection.objects.create(account=account)
    session = session_of(Operator.objects.create_user("none", role=Role.ADMIN))
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{server}/accounts/{account.aws_id}/", session)
    assert caught.value.code == 404
    caught.value.close()


def test_what_is_too_large_is_refused_before_it_comes(server: str) -> None:
    """A stranger's, too: what reads a form's token writes the form's files to the disk."""
    host, port = server.removeprefix("http://").split(":")
    head = (
        f"POST /sign-in/ HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Content-Length: 100000000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as stranger:
        stranger.sendall(head.encode())
        answer = stranger.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert "2,500,000 bytes, which is the most" in answer


SECRET = "not-to-be-told"


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/findings/", "/sign-in/oidc/sso/login/", "/accounts/?export=csv"])
def test_a_page_without_a_database_says_so(path: str, unreachable: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(unreachable + path, "a" * 32)
    with caught.value as answer:
        said = answer.read().decode()
        assert (answer.code, answer.headers["Retry-After"]) == (503, "30")
        assert "no-store" in answer.headers["Cache-Control"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<h1>The database does not answer</h1>" in said
    assert not [one for one in ("Traceback", "psycopg", "127.0.0.1", "refused", SECRET) if one in said]


def test_the_api_without_a_database_says_so(unreachable: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{unreachable}/api/v1/findings", "", tokens.PREFIX + "a" * 43)
    with caught.value as answer:
        said = json.loads(answer.read())
        assert (answer.code, answer.headers["Retry-After"]) == (503, "30")
    assert said["detail"] == "The database does not answer."


@pytest.fixture(scope="module")
def unreachable() -> Iterator[str]:
    with serving(f"postgresql://iamdash:{SECRET}@127.0.0.1:{a_port()}/iamdash", "/livez") as address:
        yield address
