"""Fixtures over the real parts: PostgreSQL with the web's rights, the lab over HTTP."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from django.test.client import ClientHandler

from collectors.models import Account
from iamdash.access.models import Operator, Role

AS_OF = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each process's database is a copy of the one that tests/cluster.py migrated."""
    connection.settings_dict["TEST"]["TEMPLATE"] = "iamdash"


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """It goes with its server; dropping it would wait for whoever is still connected."""
    return True


KEPT = {"django_content_type", "auth_permission"}  # what a migration leaves of itself


def emptied(self: DatabaseOperations, style: Any, tables: Iterable[str], **options: bool) -> list[str]:
    """In place of TRUNCATE, which makes each table and index anew: half a second after each test that commits, for a few rows.
    The lock waits, as TRUNCATE would, for who is still writing; triggers that forbid a deletion are left out."""
    names = [self.quote_name(table) for table in tables if table not in KEPT]
    lock = f"lock table {', '.join(names)} in share row exclusive mode;"
    return [lock, "set local session_replication_role = replica;", *(f"delete from {name};" for name in names)]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """With a `flush` that is quick. What hears of a migration has nothing to do after it: all that it makes is kept."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DatabaseOperations, "sql_flush", emptied)
        patched.setattr(flush, "emit_post_migrate_signal", lambda *args, **options: None)
        yield


@contextlib.contextmanager
def db_role(role: str) -> Iterator[None]:
    """Statements run with the rights of a process: iamdash_web or iamdash_worker."""
    with connection.cursor() as cursor:
        cursor.execute(f"set role {role}")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("reset role")


_handlers: dict[bool, tuple[Any, ClientHandler]] = {}


def handler(enforce_csrf_checks: bool) -> ClientHandler:
    """All clients' one, as in production. A client's own would load the middleware, for which WhiteNoise reads all static files;
    with other settings it is loaded again."""
    under, made = _handlers.get(enforce_csrf_checks, (None, None))
    if made is None or under is not settings._wrapped:
        made = ClientHandler(enforce_csrf_checks)
        _handlers[enforce_csrf_checks] = settings._wrapped, made
    return made


class WebClient(Client):
    """A test client whose requests run with the database rights of the web process; streams are read inside."""

    def request(self, **environ: Any) -> Any:
        self.handler = handler(self.handler.enforce_csrf_checks)
        with db_role("iamdash_web"):
            response = super().request(**environ)
            if getattr(response, "streaming", False):
                response.body = b"".join(response.streaming_content)
            return response


@pytest.fixture(scope="session")
def static_files() -> None:
    """Hashed and compressed as in production; pages name them by their hashes."""
    call_command("collectstatic", "--no-input", verbosity=0)
    _handlers.clear()


@pytest.fixture
def sign_in(db: None, static_files: None) -> Callable[..., WebClient]:
    """sign_in(role=Role.VIEWER, accounts='*' | [Account, ...]) -> a signed-in client; .operator is who it is."""

    def make(role: Role = Role.VIEWER, accounts: Any = "*", **client: Any) -> WebClient:
        operator = Operator.objects.create_user(
            f"{role.value}-{Operator.objects.count()}", role=role, all_accounts=accounts == "*"
        )
        if accounts != "*":
            operator.accounts.set(accounts)
        web = WebClient(**client)
        web.force_login(operator)
        web.operator = operator  # type: ignore[attr-defined]
        return web

    return make


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(aws_id="000000000001", name="payments-prod")


@pytest.fixture
def other_account(db: None) -> Account:
    return Account.objects.create(aws_id="000000000002", name="sandbox")


@pytest.fixture(scope="session")
def lab() -> Iterator[Any]:
    """A small lab over HTTP, one a test process. Faults and counters are cleared by the `aws` fixture."""
    from collectors.lab.server import serve
    from collectors.lab.settings import Settings

    running = serve(Settings(accounts=3, as_of=AS_OF))
    yield running
    running.stop()


@contextlib.contextmanager
def worker_of(lab: Any) -> Iterator[Any]:
    """The lab's control client, with the environment a worker would have."""
    from collectors.aws import session
    from collectors.lab.client import LabClient

    client = LabClient(lab.url)
    given = client.credentials()
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patched.delenv(name)
        patched.setenv("AWS_ENDPOINT_URL", lab.url)
        patched.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patched.setenv(name, given[name])
        session.forget()
        yield client
        client.clear_faults()
        client.clear_calls()
    session.forget()


@pytest.fixture
def aws(lab: Any) -> Iterator[Any]:
    with worker_of(lab) as client:
        yield client
