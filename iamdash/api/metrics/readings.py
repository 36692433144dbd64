"""What is counted at each scrape, by SQL that the role iamdash_metrics may run (access/database.py grants it these columns only).

Counted where it is kept, so there is nothing to add up over processes, and a restart loses nothing. A row is its labels, then one
value a family; null is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection
from prometheus_client.metrics_core import GaugeMetricFamily

from collectors.models.account import NOT_COLLECTED
from collectors.models.coverage import TROUBLE


class Gauge(NamedTuple):
    name: str
    about: str


class Reading(NamedTuple):
    """gives: what the columns after the labels are."""

    labels: tuple[str, ...]
    gives: tuple[Gauge, ...]
    sql: str


HEARTBEATS = (
    Reading(
        ("name",),
        (
            Gauge(
                "iamdash_heartbeat_age_seconds", "Since a scheduled task ended well, or a queue's canary came through."
            ),
        ),
        "select name, greatest(0, extract(epoch from now() - heard_at)) from collectors_heartbeat",
    ),
)
JOBS = (
    Reading(
        ("source", "state"),
        (Gauge("iamdash_jobs_open", "Jobs that wait or run."),),
        "select source, state, count(*) from collectors_job where state in ('queued', 'running') group by 1, 2",
    ),
    Reading(
        (),
        (
            Gauge("iamdash_job_oldest_due_seconds", "How long the oldest waiting job has been due; 0: none is."),
            Gauge("iamdash_jobs_lost", "Running jobs whose worker holds them no longer; a tick gives them to another."),
        ),
        "select coalesce(extract(epoch from now() - min(due_at) filter (where state = 'queued' and due_at <= now())), 0),"
        " count(*) filter (where state = 'running' and lease_until < now())"
        " from collectors_job where state in ('queued', 'running')",
    ),
    Reading(
        ("source", "state"),
        (
            Gauge("iamdash_jobs_ended_24h", "Jobs that ended in the last 24 hours, and how."),
            Gauge("iamdash_aws_calls_24h", "Calls to AWS that these jobs made."),
        ),
        "select source, state, count(*), sum(calls) from collectors_job where created_at > now() - interval '2 days'"
        " and finished_at > now() - interval '1 day' group by 1, 2",
    ),
    Reading(
        (),
        (Gauge("iamdash_runs_open", "Runs that are not finished."),),
        "select count(*) from collectors_run where finished_at is null",
    ),
)
_ACCOUNTS = """
with seen as (
  select account_id, max(complete_at) as newest, bool_or(state = any(%(trouble)s)) as short
  from collectors_coverage group by 1),
standing as (
  select seen.newest, case
    when m.paused or m.standing = any(%(held)s) then 'held' when not c.enabled then 'paused'
    when seen.account_id is null then 'waiting' when seen.short then 'partial' else 'complete' end as status
  from collectors_account a left join collectors_connection c on c.account_id = a.id
  left join collectors_membership m on m.account_id = a.id left join seen on seen.account_id = a.id)
select status, count(*), max(extract(epoch from now() - newest)) from standing group by 1
"""
DATA = (
    Reading(
        ("status",),
        (
            Gauge("iamdash_accounts", "Accounts by how their data stands."),
            Gauge("iamdash_data_oldest_seconds", "Age of the newest whole answer of the account where that is oldest."),
        ),
        _ACCOUNTS,
    ),
    Reading(
        ("source", "state"),
        (Gauge("iamdash_coverage", "APIs of accounts by how the last attempt ended."),),
        "select source, state, count(*) from collectors_coverage group by 1, 2",
    ),
)
FINDINGS = (
    Reading(
        ("practice", "severity", "status"),
        (Gauge("iamdash_findings", "Unresolved findings."),),
        "select practice, (array['info', 'low', 'medium', 'high', 'critical'])[severity], status, sum(n)"
        " from findings_findingtotal where status <> 'resolved' group by 1, 2, 3 having sum(n) <> 0",
    ),
    Reading(
        (),
        (Gauge("iamdash_findings_overdue", "Unresolved findings that are past their day."),),
        "select (select coalesce(sum(n_late), 0) from findings_findingtotal)"
        " + (select count(*) from findings_finding where due_at <= now() and resolved_at is null and not late)",
    ),
)
MESSAGES = (
    Reading(
        ("state",),
        (
            Gauge("iamdash_messages", "Messages that wait or failed, and those given up in the last 24 hours."),
            Gauge("iamdash_message_oldest_due_seconds", "How long the oldest of them has been due."),
        ),
        "select state, count(*), extract(epoch from now() - min(due_at)) from notify_delivery"
        " where state in ('pending', 'failed') or (state = 'given_up' and created_at > now() - interval '1 day') group by 1",
    ),
)
DATABASE = (
    Reading(
        (),
        (Gauge("iamdash_database_bytes", "Size of the database on disk."),),
        "select pg_database_size(current_database())",
    ),
)
PARTS = {
    "heartbeats": HEARTBEATS,
    "jobs": JOBS,
    "data": DATA,
    "findings": FINDINGS,
    "messages": MESSAGES,
    "database": DATABASE,
}
GIVEN = {"trouble": list(TROUBLE), "held": list(NOT_COLLECTED)}


def read(readings: Sequence[Reading]) -> Iterator[GaugeMetricFamily]:
    """A query each. Raises DatabaseError."""
    for reading in readings:
        families = [GaugeMetricFamily(one.name, one.about, labels=reading.labels) for one in reading.gives]
        with connection.cursor() as cursor:
            cursor.execute(reading.sql, GIVEN)
            for row in cursor.fetchall():
                _add(families, row, len(reading.labels))
        yield from families


def _add(families: Sequence[GaugeMetricFamily], row: Sequence[Any], n_labels: int) -> None:
    labels = [str(label) for label in row[:n_labels]]
    for family, value in zip(families, row[n_labels:], strict=True):
        if value is not None:
            family.add_metric(labels, float(value))
