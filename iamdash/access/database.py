"""Database roles, grants and row-level security, derived from the models after each migrate (DESIGN 13b). Idempotent.

- the owner migrates. `iamdash_worker` writes the inventory and the findings of all accounts.
- `iamdash_web` reads what its transaction names: set_config('iamdash.accounts', '{1,2}', true). Unset means no rows.
- `iamdash_all` is the web for operators of all accounts: its policy is the constant true, which costs the planner nothing
  (an OR or a sub-select in the policy cost 4 to 19 s at a million findings).
- `iamdash_metrics` counts: it may read the columns that are counted, and no name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connections, models, transaction
from django.db.backends.utils import CursorWrapper

WEB, WHOLE, WORKER, METRICS = "iamdash_web", "iamdash_all", "iamdash_worker", "iamdash_metrics"
# A scan evaluates it for each row: 2.4 us for 40 accounts, and less than half of what taking a list apart by its commas took.
# A sub-select would be evaluated once, and hides from the planner how many accounts there are: worse in most plans.
SEEN = "any (nullif(current_setting('iamdash.accounts', true), '')::bigint[])"
# Apps whose rows belong to an account, or to nobody; the others hold operators and their sessions.
DATA = ("collectors", "findings", "notify")
# What operators decide is written by the web; what was observed and judged is not.
WEB_WRITES = {
    "collectors.account": "insert, update",
    "collectors.connection": "insert, update",
    "collectors.collectrequest": "insert",
    "collectors.connectiontest": "insert",
    "collectors.bundleupload": "insert",
    "collectors.organizationconnection": "insert, update",
    "findings.rightsizing": "insert",
    "findings.keyreplacement": "insert",
    # A row is added, and ends: what it said stays as it was.
    "findings.namednetwork": "insert, update (ended_by, ended_at)",
    "findings.kindoverride": "insert, update (ended_by, ended_at)",
    "findings.decidedsetting": "insert, update (ended_by, ended_at)",
    "findings.accountowner": "insert, update (ended_by, ended_at)",
    "findings.accountgroup": "insert, update (ended_by, ended_at)",
    "findings.groupmember": "insert, update (ended_by, ended_at)",
    "findings.acceptance": "insert, update (approved_by, approved_at, ended_by, ended_at, ended_bulk)",
    "findings.assignment": "insert, update (ended_by, ended_at, ended_bulk)",
    "findings.note": "insert, update (ended_by, ended_at, ended_bulk)",
    # What people decided of a finding shows at once; each judgement derives the same again (findings/engine/accepting.py).
    "findings.finding": "update (status, acceptance_id, accepted_at, accepted_for, due_at, assignee)",
    "findings.findingevent": "insert",
    "findings.review": "insert, update (closed_by, closed_at)",
    "findings.reviewaccount": "insert",
    "findings.reviewer": "insert, update (ended_by, ended_at)",
    "findings.reviewdecision": "insert, update (ended_by, ended_at)",
    "findings.reviewitem": "update (verdict, state, unsure)",
    "findings.ticket": "insert, update (key, url, state, state_at)",
    "findings.ticketnews": "insert",
    "findings.awsranges": "insert",
    "findings.judgementrequest": "insert",
    "findings.scpproposal": "insert",
    "notify.channel": "insert, update (paused_by, paused_at, paused_why, passed, ended_by, ended_at)",
    "notify.channeltarget": "insert",
    "notify.alertrule": "insert, update (ended_by, ended_at)",
    "notify.digest": "insert, update (ended_by, ended_at)",
    "notify.delivery": "insert",  # tests
}
# Secrets that the web stores and never reads: their column is the worker's.
WEB_READS = {"notify.channeltarget": "select (id, channel_id, shown, set_by, set_at)"}
# What is counted for Prometheus (api/metrics/readings.py).
METRICS_READS = {
    "collectors.account": "id",
    "collectors.connection": "account_id, enabled",
    "collectors.membership": "account_id, paused, standing",
    "collectors.coverage": "account_id, source, state, complete_at",
    "collectors.job": "source, state, created_at, due_at, finished_at, lease_until, calls",
    "collectors.run": "finished_at",
    "collectors.heartbeat": "name, heard_at",
    "findings.finding": "due_at, resolved_at, late",
    "findings.findingtotal": "practice, severity, status, n, n_late",
    "notify.delivery": "state, created_at, due_at",
}
# Of operators, and added to only.
APPENDED = frozenset({"access.auditentry"})
# Of no account: everybody reads it, and operators of all accounts write it.
OF_ALL = frozenset(
    {"collectors.heartbeat", "findings.awsranges", "findings.accountgroup", "findings.review", "notify.channel"}
)
# Of no account: messages hold what is known of many, totals tell of all. Only operators of all accounts read and write it.
OF_WHOLE = frozenset(
    {
        "findings.daytotal",
        "findings.findingtotal",
        "notify.channeltarget",
        "notify.delivery",
        "notify.reader",
        "notify.seenevent",
    }
)


def protect(using: str = "default", **_: Any) -> None:
    """Make roles, grants and policies what the models say. Runs after each migrate, as the owner; also after one that went back,
    when tables of later migrations are not there."""
    with transaction.atomic(using), connections[using].cursor() as cursor:
        make_roles(cursor)
        there = set(connections[using].introspection.table_names(cursor))
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and model._meta.db_table in there:
                _grant(cursor, model)
        cursor.execute(f"grant usage on all sequences in schema public to {WEB}, {WHOLE}, {WORKER}")
        cursor.execute(f"grant execute on function ensure_month, settle_months, drop_months to {WORKER}")
        cursor.execute("select oid::regproc::text from pg_proc where proname like '%\\_sought'")
        for (function,) in cursor.fetchall():
            cursor.execute(f"grant execute on function {function} to {WEB}, {WHOLE}")


def make_roles(cursor: CursorWrapper) -> None:
    """They belong to the server, not to the database: a dump does not hold them, and names them."""
    for role in (WEB, WHOLE, WORKER, METRICS):
        cursor.execute(
            f"do $$ begin create role {role} nologin; exception when duplicate_object or unique_violation then null; end $$"
        )
        cursor.execute(f"grant {role} to current_user")
        cursor.execute(f"grant usage on schema public to {role}")


def _grant(cursor: CursorWrapper, model: type[models.Model]) -> None:
    table, label = model._meta.db_table, model._meta.label_lower
    data = model._meta.app_label in DATA
    reads = WEB_READS.get(label, "select")
    own = "select, insert" if label in APPENDED else "select, insert, update, delete"
    web = f"{reads}, {WEB_WRITES[label]}" if label in WEB_WRITES else reads if data else own
    # Rights first and its lock then would be a deadlock with an autovacuum of the table, which notes its sums where rights stand.
    cursor.execute(f'lock table only "{table}" in access exclusive mode')
    cursor.execute(f'revoke all on "{table}" from {WEB}, {WHOLE}, {WORKER}, {METRICS}')
    cursor.execute(f'grant {web} on "{table}" to {WEB}, {WHOLE}')
    # The worker needs nothing of operators and sessions.
    if data:
        cursor.execute(f'grant select, insert, update, delete on "{table}" to {WORKER}')
        _row_security(cursor, table, *scope_of(model))
        _counted(cursor, table, METRICS_READS.get(label))


def _counted(cursor: CursorWrapper, table: str, columns: str | None) -> None:
    cursor.execute(f'drop policy if exists {METRICS} on "{table}"')
    if columns:
        cursor.execute(f'grant select ({columns}) on "{table}" to {METRICS}')
        cursor.execute(f'create policy {METRICS} on "{table}" for select to {METRICS} using (true)')


def scope_of(model: type[models.Model]) -> tuple[str, str]:
    """Which rows an operator of some accounts sees and writes, and which of no account are read by everybody, as SQL."""
    if model._meta.label_lower in OF_ALL:
        return "false", "true"
    if model._meta.label_lower in OF_WHOLE:
        return "false", ""
    column = account_column(model)
    shared = any(field.column == column and field.null for field in model._meta.concrete_fields)
    return f"{column} = {SEEN}", f"{column} is null" if shared else ""


def account_column(model: type[models.Model]) -> str:
    """The column that names the account of a row. Raises TypeError for a table of DATA without one."""
    if model._meta.label == "collectors.Account":
        return "id"
    for field in model._meta.concrete_fields:
        if field.remote_field and field.remote_field.model._meta.label == "collectors.Account":
            return field.column
    raise TypeError(f"{model._meta.label} has no account: rows of it could not be kept from other accounts' readers.")


def _row_security(cursor: CursorWrapper, table: str, own: str, shared: str) -> None:
    cursor.execute(f'alter table "{table}" enable row level security')
    for role, test in ((WEB, own), (WHOLE, "true"), (WORKER, "true")):
        cursor.execute(f'drop policy if exists {role} on "{table}"')
        cursor.execute(f'create policy {role} on "{table}" to {role} using ({test})')
    cursor.execute(f'drop policy if exists {WEB}_shared on "{table}"')
    if shared:
        cursor.execute(f'create policy {WEB}_shared on "{table}" for select to {WEB} using ({shared})')


@contextmanager
def seen_accounts(scope: str | Iterable[int], *, read_only: bool = False, using: str = "default") -> Iterator[None]:
    """One transaction in which the database shows rows of these accounts only. scope: '*' or Account primary keys."""
    also = "; set transaction read only" if read_only else ""
    with transaction.atomic(using), connections[using].cursor() as cursor:
        if scope == "*":
            cursor.execute(f"set local role {WHOLE}{also}")
        else:
            accounts = ",".join(map(str, scope))
            cursor.execute(f"select set_config('iamdash.accounts', %s, true){also}", [f"{{{accounts}}}"])
        yield


@contextmanager
def seeing_all(using: str = "default") -> Iterator[None]:
    """Reads that decide what an operator may see, before that is known. The rights before are back at the end, whatever comes."""
    with transaction.atomic(using), connections[using].cursor() as cursor:
        cursor.execute("select quote_ident(current_user)")
        (before,) = cursor.fetchone()
        cursor.execute(f"set local role {WHOLE}")
        yield
        cursor.execute(f"set local role {before}")
