"""Collection through the lab over HTTP into PostgreSQL."""

from __future__ import annotations

import os
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from collectors import runner, schedule
from collectors.aws import session
from collectors.aws.errors import AwsError
from collectors.lab.client import LabClient
from collectors.lab.server import serve
from collectors.lab.settings import Settings
from collectors.models import (
    AccessKey,
    Account,
    Coverage,
    Job,
    Principal,
    Run,
)
from collectors.sources import sources
from tests.collectors.running import GAAD, replace_fetch, run, states
from tests.conftest import AS_OF

pytestmark = pytest.mark.django_db


# What is recorded is asked in each region, and buckets and users one by one: their docstrings say how many calls that takes.
WATCHING = ("access_analyzer", "alarms", "config", "config_history", "s3_logging", "trails", "user_credentials")
OTHERS = tuple(name for name, source in sources().items() if name not in WATCHING and source.apis)


def budgeted(client: LabClient, account: Account) -> Counter[str]:
    """Calls by operation. Access Advisor and what is asked user by user have budgets of their own, and organization and Identity
    Center are read in one account only."""
    calls = Counter({c["operation"]: c["n"] for c in client.calls() if c["account"] == account.aws_id})
    for api in (*sources()["last_accessed"].apis, *sources()["user_credentials"].apis):
        del calls[api.name.partition(":")[2]]
    return calls


def test_calls_stay_within_the_budget(connected: list[Account], aws: Any) -> None:
    management, member = connected[0], connected[2]
    aws.clear_calls()
    run(member, *OTHERS)
    calls = budgeted(aws, member)
    with_keys = AccessKey.present.filter(account=member).values("user_name").distinct().count()
    assert calls.pop("ListAccessKeys", 0) == with_keys
    # As many as the report takes to be made, and entities pages.
    assert sum(calls.pop(name) for name in ("GenerateCredentialReport", "GetAccountAuthorizationDetails")) <= 4
    assert calls.total() <= 33  # five of them seldom: to learn that others are to be asked of Identity Center
    assert (calls["DescribeOrganization"], calls["ListRoots"], calls["ListAccounts"]) == (2, 1, 0)
    run(management, *OTHERS)
    organization = {
        api.name.partition(":")[2] for name in ("organizations", "identity_center") for api in sources()[name].apis
    }
    calls = budgeted(aws, management)
    del calls["ListAccessKeys"]
    assert sum(n for operation, n in calls.items() if operation not in organization) <= 30
    aws.clear_calls()
    run(member, *WATCHING)
    assert budgeted(aws, member).total() <= 90  # of three regions


def test_no_credentials_are_kept_or_logged(
    connected: list[Account], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    """Neither the worker's own nor those of the roles that it assumed; as they are, and as bytes."""
    used, real = [os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["AWS_SESSION_TOKEN"]], session._assumed

    def noted(credentials: dict[str, str], before: Any) -> Any:
        used.extend((credentials["SecretAccessKey"], credentials["SessionToken"]))
        return real(credentials, before)

    monkeypatch.setattr(session, "_assumed", noted)
    run(connected[2], "account", "authorization_details", "credential_report")
    assert len(used) > 4
    assert all(len(secret) > 15 for secret in used)
    assert Principal.objects.filter(account=connected[2]).exists()
    said = caplog.text + "".join(capsys.readouterr())
    assert [secret for secret in used if secret in said] == []
    assert holds("collectors_account", connected[2].aws_id)
    kept = [table for table in connection.introspection.table_names() for secret in used if holds(table, secret)]
    assert kept == []


def holds(table: str, text: str) -> bool:
    with connection.cursor() as cursor:
        either = [text, text.encode().hex()]
        cursor.execute(
            f'select exists (select from "{table}" x where strpos(x::text, %s) + strpos(x::text, %s) > 0)', either
        )
        return bool(cursor.fetchone()[0])


def test_a_large_account_takes_no_more_calls_than_a_small_one(
    db: None, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 roles, 100 users: a peer needs 2,624 calls (AWS.md 1)."""
    large = serve(Settings(accounts=2, roles=300, users=100, as_of=AS_OF))
    try:
        client = LabClient(large.url)
        for name, value in client.credentials().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", large.url)
        session.forget()
        call_command("lab_connect", lab_url=large.url, stdout=StringIO())
        account = Account.objects.order_by("pk")[1]
        run(account, *OTHERS)
        calls = budgeted(client, account)
    finally:
        large.stop()
    assert Principal.present.filter(account=account, type="role").count() >= 300
    assert Principal.present.filter(account=account, type="user").count() >= 100
    assert (
        calls.pop("ListAccessKeys", 0)
        == AccessKey.present.filter(account=account).values("user_name").distinct().count()
    )
    assert calls.total() <= 35


def test_an_scp_that_denies_us_is_told_from_a_missing_permission(connected: list[Account], aws: Any) -> None:
    aws.fault("deny_scp", account=connected[0].aws_id, service="iam", operation="GetAccountSummary")
    run(connected[0], "account")
    assert states(connected[0])["iam:GetAccountSummary"] == "blocked_by_scp"


def test_one_broken_answer_is_asked_again(connected: list[Account], aws: Any) -> None:
    aws.fault(
        "truncate", account=connected[0].aws_id, service="iam", operation="GetAccountAuthorizationDetails", times=1
    )
    run(connected[0], "authorization_details")
    assert states(connected[0])[GAAD] == "complete"


def test_a_wrong_external_id_collects_nothing_and_says_so(connected: list[Account]) -> None:
    account = connected[0]
    account.connection.external_id = "guessed"
    account.connection.save()
    done = run(account)
    assert set(states(account).values()) == {"denied"}
    assert (
        Coverage.objects.filter(account=account).values_list("permission", flat=True).distinct().get()
        == "sts:AssumeRole"
    )
    assert "sts:AssumeRole" in done.job_set.get(source="account").error
    assert not Principal.objects.exists()


def test_credentials_of_another_account_write_nothing(connected: list[Account]) -> None:
    account = connected[0]
    account.connection.kind = "ambient"  # the hub's own credentials belong to the security account
    account.connection.save()
    run(account)
    assert set(states(account).values()) == {"error"}
    assert "belong to account" in Coverage.objects.filter(account=account)[0].detail
    assert not Principal.objects.exists()


def test_a_bug_puts_the_job_back_and_the_third_time_it_fails(
    connected: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connected[0]
    source = sources()["authorization_details"]

    def broken(session: Any, answers: Any) -> Any:
        raise KeyError("RoleId")

    replace_fetch(monkeypatch, source, broken)
    made = schedule.start(account, Run.Reason.REQUEST)
    assert made is not None
    job = made.job_set.get(source=source.name)
    for attempt in (1, 2, 3):
        with pytest.raises(KeyError):
            runner.collect(job.pk)
        job.refresh_from_db()
        assert job.attempt == attempt
    assert job.state == Job.State.FAILED
    assert states(account) == {GAAD: "error"}
    assert runner.collect(job.pk) is None


def test_a_denied_assume_role_is_an_answer_not_a_bug(connected: list[Account], aws: Any) -> None:
    aws.fault("deny", account="*", service="sts", operation="AssumeRole")
    done = run(connected[0])
    assert done.finished_at is not None
    assert not done.job_set.filter(state=Job.State.FAILED).exists()


def test_aws_error_carries_no_secret() -> None:
    error = AwsError(GAAD, "denied", "AccessDenied: no")  # type: ignore[arg-type]
    assert str(error) == "AccessDenied: no"
