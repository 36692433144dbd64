"""What the database itself refuses, whatever the code above it does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import ProgrammingError, connection, models, transaction
from django.db.utils import InternalError

from collectors.models import Account, CollectRequest, Coverage, Principal
from iamdash.access import audit
from iamdash.access.database import DATA, account_column, protect, seen_accounts
from iamdash.access.models import Operator
from tests.conftest import AS_OF, KEPT, db_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def covered(account: Account, other_account: Account) -> tuple[Account, Account]:
    for each in (account, other_account):
        Coverage.objects.create(account=each, source="s", api="a", state="complete", observed_at=AS_OF)
    return account, other_account


def seen() -> set[int]:
    return set(Coverage.objects.values_list("account_id", flat=True)) | set(
        Account.objects.values_list("pk", flat=True)
    )


def test_the_web_sees_no_row_until_a_scope_is_set(covered: tuple[Account, Account]) -> None:
    with db_role("iamdash_web"):
        assert seen() == set()
        with seen_accounts([]):
            assert seen() == set()


def test_the_web_sees_rows_of_its_scope_only(covered: tuple[Account, Account]) -> None:
    with db_role("iamdash_web"), seen_accounts([covered[0].pk]):
        assert seen() == {covered[0].pk}


def test_going_back_to_where_a_table_was_not_there_protects_the_others(covered: tuple[Account, Account]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; drop table findings_daytotal")
        cursor.execute("alter table collectors_coverage disable row level security")
        protect()
        cursor.execute("select relrowsecurity from pg_class where relname = 'collectors_coverage'")
        assert cursor.fetchone() == (True,)


def test_the_scope_ends_with_its_transaction(covered: tuple[Account, Account]) -> None:
    with db_role("iamdash_web"):
        with seen_accounts("*"):
            assert seen() == {a.pk for a in covered}
        with connection.cursor() as cursor:
            cursor.execute("set role iamdash_web")  # inside a test, one outer transaction keeps `set local role`
            cursor.execute("select set_config('iamdash.accounts', '', true)")
        assert seen() == set()


def test_a_read_only_request_cannot_write_even_its_own_tables(covered: tuple[Account, Account]) -> None:
    with pytest.raises(InternalError, match="read-only"), transaction.atomic(), seen_accounts("*", read_only=True):
        CollectRequest.objects.create(account=covered[0], requested_by="x")


@pytest.mark.parametrize("table", ["collectors_principal", "collectors_job", "collectors_coverage", "findings_finding"])
@pytest.mark.parametrize(
    "statement", ["delete from {}", "update {} set account_id = account_id", "insert into {} default values"]
)
def test_the_web_cannot_write_what_was_observed_or_judged(db: None, table: str, statement: str) -> None:
    for scope in ([1], "*"):
        with (
            db_role("iamdash_web"),
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            seen_accounts(scope),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table))
        with connection.cursor() as cursor:
            cursor.execute("reset role")


def test_the_web_cannot_add_an_account_it_would_not_see(account: Account) -> None:
    with (
        db_role("iamdash_web"),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        seen_accounts([account.pk]),
    ):
        Account.objects.create(aws_id="000000000009", name="elsewhere")


def test_the_worker_writes_the_inventory_and_knows_no_operator(account: Account) -> None:
    with db_role("iamdash_worker"):
        Principal.objects.create(
            account=account, unique_id="AROA1", type="role", name="r", arn="a", path="/", created_at=AS_OF,
            data={}, digest="d", data_digest="d", seen_from=AS_OF,
        )  # fmt: skip
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Operator.objects.count()


def test_every_table_of_the_data_has_row_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relrowsecurity")
        protected = {name for (name,) in cursor.fetchall()}
    tables = {m._meta.db_table for m in apps.get_models(include_auto_created=True) if m._meta.app_label in DATA}
    assert tables
    assert tables <= protected


def test_a_table_without_an_account_is_refused() -> None:
    class Loose(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "collectors"
            managed = False

    try:
        with pytest.raises(TypeError, match="has no account"):
            account_column(Loose)
    finally:
        del apps.all_models["collectors"]["loose"]
        apps.clear_cache()


def test_protecting_twice_changes_nothing(db: None, request: pytest.FixtureRequest) -> None:
    protect()
    covered = request.getfixturevalue("covered")
    with db_role("iamdash_web"), seen_accounts([covered[1].pk]):
        assert seen() == {covered[1].pk}


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_waits_for_a_table_s_vacuum_and_is_not_aborted_by_it() -> None:
    """Vacuum holds the table, and then notes its sums in the row of the catalogue where the table's rights stand."""
    given, table = connection.settings_dict, Coverage._meta.db_table
    at = {"host": given["HOST"], "user": given["USER"], "dbname": given["NAME"]}
    with (
        psycopg.connect(**at) as vacuum,
        psycopg.connect(**at, autocommit=True) as watch,
        ThreadPoolExecutor(1) as pool,
    ):
        vacuum.execute(f"lock table {table} in share update exclusive mode")
        upgrade = pool.submit(lambda: (protect(), connection.close()))
        while not watch.execute(
            "select 1 from pg_locks where not granted and relation = %s::regclass", [table]
        ).fetchone():
            assert not upgrade.done(), upgrade.result()
        vacuum.execute(f"grant select on {table} to iamdash_worker")
        vacuum.commit()
        upgrade.result()


@pytest.mark.django_db(transaction=True)
def test_after_a_test_that_commits_a_database_is_as_migrated() -> None:
    """By the tests' own way of emptying it; the audit log's rows too, which nobody may delete."""
    kept = set(ContentType.objects.values_list("pk", "model"))
    account = Account.objects.create(aws_id="000000000001", name="payments-prod")
    Coverage.objects.create(account=account, source="account", api="iam:X", state="denied", observed_at=AS_OF)
    audit.record(None, "first")
    call_command("flush", interactive=False, verbosity=0)
    tables = set(connection.introspection.django_table_names(only_existing=True)) - KEPT
    assert len(tables) > 100
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(f"select '{table}' where exists (select from {table})" for table in tables))
        assert cursor.fetchall() == []
        cursor.execute("select current_setting('session_replication_role')")
        assert cursor.fetchone() == ("origin",)
    assert set(ContentType.objects.values_list("pk", "model")) == kept
    assert kept
