"""What Prometheus reads: exact, without names, with no more rights than that takes, and honest about what cannot be read."""

from __future__ import annotations

import re
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import RequestFactory
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from collectors.models import Account, Connection
from iamdash.access.database import METRICS_READS
from iamdash.api.metrics import exporter, readings, traffic
from iamdash.celery import note_end
from tests.conftest import AS_OF, db_role
from tests.pages.conftest import Made

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[2] / "docs/operate/metrics.md"
Found = dict[str, dict[tuple[str, ...], float]]


@pytest.fixture(autouse=True)
def empty() -> None:
    traffic.valkey().delete(traffic.KEY)


def collected(monkeypatch: pytest.MonkeyPatch) -> Found:
    """Sample -> labels' values -> value; with the rights of the process, on the test's own connection."""
    monkeypatch.setattr(exporter.connection, "close", lambda: None)
    found: Found = {}
    with db_role("iamdash_metrics"):
        for family in exporter.Readings().collect():
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_an_empty_installation_has_nothing_open_and_says_that_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = collected(monkeypatch)
    assert set(found["iamdash_metrics_read"].values()) == {1.0}
    assert set(found["iamdash_metrics_read"]) == {(name,) for name in exporter.parts()}
    assert found["iamdash_job_oldest_due_seconds"] == {(): 0.0}
    assert found["iamdash_runs_open"] == {(): 0.0}
    assert found["iamdash_database_bytes"][()] > 1_000_000
    for absent in ("iamdash_jobs_open", "iamdash_accounts", "iamdash_findings", "iamdash_heartbeat_age_seconds"):
        assert absent not in found


def test_it_counts_what_is_there(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    run = made.run("account", state="queued", finished=False, due_at=now - timedelta(hours=1))
    run.job_set.create(source="trails", state="running", lease_until=now - timedelta(minutes=1), account=made.account)
    run.job_set.create(source="account", state="done", finished_at=now, calls=5, account=made.account)
    run.job_set.create(source="account", state="failed", finished_at=now, calls=7, account=made.account)
    made.coverage()
    made.coverage("iam:ListAccessKeys", "denied")
    made.finding(severity=5, due_at=now - timedelta(days=1))
    made.finding("KY102", severity=4, subject="k")
    found = collected(monkeypatch)
    assert found["iamdash_jobs_open"] == {("account", "queued"): 1, ("trails", "running"): 1}
    assert 3590 < found["iamdash_job_oldest_due_seconds"][()] < 3700
    assert found["iamdash_jobs_lost"] == {(): 1}
    assert found["iamdash_jobs_ended_24h"] == {("account", "done"): 1, ("account", "failed"): 1}
    assert found["iamdash_aws_calls_24h"] == {("account", "done"): 5, ("account", "failed"): 7}
    assert found["iamdash_runs_open"] == {(): 1}
    assert found["iamdash_accounts"] == {("partial",): 1}
    assert found["iamdash_data_oldest_seconds"][("partial",)] == pytest.approx((now - AS_OF).total_seconds(), abs=60)
    assert found["iamdash_coverage"] == {("account", "complete"): 1, ("account", "denied"): 1}
    assert found["iamdash_findings"] == {("LP", "critical", "open"): 1, ("KY", "high", "open"): 1}
    assert found["iamdash_findings_overdue"] == {(): 1}


@pytest.mark.parametrize(
    ("enabled", "state", "status"),
    [(False, "complete", "paused"), (True, "complete", "complete"), (True, "", "waiting")],
)
def test_an_account_has_one_status(
    enabled: bool, state: str, status: str, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(account)
    Connection.objects.update(enabled=enabled)
    if state:
        made.coverage(state=state)
    assert collected(monkeypatch)["iamdash_accounts"] == {(status,): 1}


def test_no_name_of_anything_is_told(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    made.role("deploy-secret-role", risk=1)
    made.finding(subject="deploy-secret-role")
    made.coverage()
    text = repr(collected(monkeypatch))
    for name in ("deploy-secret", made.account.name, made.account.aws_id):
        assert name not in text


@pytest.mark.parametrize(
    "table", ["access_operator", "access_apitoken", "django_session", "collectors_document", "findings_finding"]
)
def test_the_role_reads_the_columns_that_are_counted_and_no_other(table: str) -> None:
    with (
        db_role("iamdash_metrics"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"select * from {table}")
    with connection.cursor() as cursor:
        cursor.execute("reset role")


def test_the_role_writes_nothing_and_its_columns_hold_no_names() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name, privilege_type from information_schema.column_privileges"
            " where grantee = 'iamdash_metrics'"
        )
        granted = cursor.fetchall()
    assert {kind for *_, kind in granted} == {"SELECT"}
    tables = {apps.get_model(label)._meta.db_table: columns.split(", ") for label, columns in METRICS_READS.items()}
    assert {(table, column) for table, column, _ in granted if table in tables} == {
        (table, column) for table, columns in tables.items() for column in columns
    }
    names = {"name", "aws_id", "arn", "title", "evidence", "data", "username"}
    assert not {column for table, column, _ in granted if table != "collectors_heartbeat"} & names


def test_what_cannot_be_read_is_not_told_and_the_rest_is(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(some: Any) -> Any:
        if some is readings.DATA:
            raise DatabaseError
        return real(some)

    real = readings.read
    made.coverage()
    monkeypatch.setattr(readings, "read", broken)
    monkeypatch.setattr(traffic, "read", lambda: (_ for _ in ()).throw(OSError()))
    found = collected(monkeypatch)
    assert found["iamdash_metrics_read"][("data",)] == found["iamdash_metrics_read"][("http",)] == 0
    assert found["iamdash_metrics_read"][("jobs",)] == 1
    assert "iamdash_accounts" not in found


def test_a_task_that_ended_well_has_an_age_and_others_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sender:
        name = "collectors.tick"

    note_end(Sender())
    Sender.name = "collectors.collect"  # no task of the schedule
    note_end(Sender())
    found = collected(monkeypatch)["iamdash_heartbeat_age_seconds"]
    assert list(found) == [("collectors.tick",)]
    assert 0 <= found["collectors.tick",] < 60


def test_requests_are_counted_by_route_and_not_by_address(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    from django.http import HttpResponse
    from django.urls import resolve

    settings.METRICS_PORT = 1
    middleware = traffic.TrafficMiddleware(lambda request: HttpResponse(status=int(request.GET["s"])))
    for path, status in (("/accounts/000000000001/", 404), ("/accounts/000000000002/", 404), ("/findings/", 200)):
        request = RequestFactory().get(path, {"s": status})
        request.resolver_match = resolve(path)
        middleware(request)
    middleware(RequestFactory().generic("PROPFIND", "/no/such/", QUERY_STRING="s=404"))
    middleware.tally.due = 0.0
    middleware.tally.note("findings", "GET", 200, 3.0)
    found = collected(monkeypatch)
    assert found["iamdash_http_requests_total"] == {
        ("account", "GET", "404"): 2, ("findings", "GET", "200"): 2, ("none", "other", "404"): 1,
    }  # fmt: skip
    assert found["iamdash_http_request_seconds_count"] == {("account",): 2, ("findings",): 2, ("none",): 1}
    assert found["iamdash_http_request_seconds_bucket"][("findings", "2.5")] == 1
    assert found["iamdash_http_request_seconds_bucket"][("findings", "5.0")] == 2
    assert found["iamdash_http_request_seconds_sum"][("findings",)] >= 3


def test_without_valkey_requests_are_kept_and_handed_over_later(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tally, here = traffic.Tally(), traffic.valkey
    monkeypatch.setattr(traffic, "valkey", lambda: traffic.Redis.from_url("redis://127.0.0.1:1/1"))
    tally.note("findings", "GET", 200, 0.1)
    assert tally.counts["n findings GET 200"] == 1
    monkeypatch.setattr(traffic, "valkey", here)
    tally.due = 0.0
    tally.note("findings", "GET", 200, 0.1)
    (requests, _) = traffic.read()
    assert [(sample.labels["view"], sample.value) for sample in requests.samples] == [("findings", 2)]


def test_without_a_port_nothing_is_counted_or_served(settings: Any) -> None:
    settings.METRICS_PORT = 0
    with pytest.raises(traffic.MiddlewareNotUsed):
        traffic.TrafficMiddleware(lambda request: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(CommandError, match="IAMDASH_METRICS_PORT"):
        call_command("metrics")


def test_up_gives_it_its_own_rights_and_nothing_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    from iamdash.embedded import processes

    child = processes.metrics(processes.without_aws({"IAMDASH_METRICS_PORT": "9464", "AWS_PROFILE": "mine"}))
    assert child.env == {"IAMDASH_METRICS_PORT": "9464", "IAMDASH_DB_ROLE": "metrics"}
    assert child.argv[-1] == "metrics"


def test_a_port_that_is_taken_is_said(settings: Any) -> None:
    server, _ = exporter.serve("127.0.0.1", 0)
    settings.METRICS_HOST, settings.METRICS_PORT = "127.0.0.1", server.server_port  # type: ignore[attr-defined]
    try:
        with pytest.raises(CommandError, match="cannot be served"):
            call_command("metrics")
    finally:
        server.shutdown()  # type: ignore[attr-defined]
        server.server_close()  # type: ignore[attr-defined]


def test_it_is_served_in_prometheus_words_and_every_name_is_documented() -> None:
    """By a connection of its own, which sees nothing of this test."""
    server, _ = exporter.serve("127.0.0.1", 0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=20) as answer:
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
    finally:
        server.shutdown()
        server.server_close()
    assert {sample.value for sample in families["iamdash_metrics_read"].samples} == {1.0}
    told = {gauge.name for part in readings.PARTS.values() for one in part for gauge in one.gives}
    told |= set(families) | {"iamdash_http_requests", "iamdash_http_request_seconds"}
    documented = set(re.findall(r"^\| `(iamdash_\w+?)(?:_total)?`", DOCS.read_text(), re.M))
    assert documented == told


def test_the_alerts_of_the_documentation_are_about_metrics_that_exist() -> None:
    import yaml

    text = DOCS.read_text()
    (block,) = re.findall(r"```yaml\n(groups:.*?)```", text, re.S)
    documented = set(re.findall(r"^\| `(iamdash_\w+?)`", text, re.M)) | {"iamdash_http_request_seconds_bucket"}
    rules = [rule for group in yaml.safe_load(block)["groups"] for rule in group["rules"]]
    sections = re.findall(r"^## .*`([\w-]+)`$", DOCS.with_name("runbook.md").read_text(), re.M)
    assert len(rules) > 6
    for rule in rules:
        assert set(re.findall(r"iamdash_\w+", rule["expr"])) <= documented, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"] in sections, rule["alert"]
