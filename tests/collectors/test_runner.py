"""Collection through the lab over HTTP into PostgreSQL."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.db.models.functions import Now

from collectors import queue, runner, schedule
from collectors.aws import session
from collectors.aws.errors import AwsError
from collectors.lab.client import LabClient
from collectors.lab.server import serve
from collectors.lab.settings import Settings
from collectors.models import (
    AccessKey,
    Account,
    AccountDetails,
    Coverage,
    Credential,
    Document,
    Job,
    Principal,
    Run,
    Version,
)
from collectors.models.job import JUDGE
from collectors.sources import sources
from tests.conftest import AS_OF, db_role

pytestmark = pytest.mark.django_db
GAAD = "iam:GetAccountAuthorizationDetails"


def run(account: Account, *names: str) -> Run:
    """One whole run of all sources, or of those named, without Celery, with the rights of the worker."""
    with db_role("iamdash_worker"):
        made = schedule.start(account, Run.Reason.REQUEST, "test", names=names)
        assert made is not None
        for job in list(made.job_set.exclude(source=JUDGE)):
            runner.collect(job.pk)
        for job in made.job_set.filter(source=JUDGE):  # the findings' tests judge; here it only ends the run
            claim = queue.claim(job.pk)
            assert claim is not None
            queue.done(claim, calls=0, counts={})
    made.refresh_from_db()
    return made


def written() -> dict[str, int]:
    """Rows ever inserted or updated, by table, its months included: what an unchanged collection must not raise."""
    with database.cursor() as cursor:
        cursor.execute(
            "select coalesce(pg_partition_root(relid), relid)::regclass::text, sum(n_tup_ins + n_tup_upd + n_tup_del)"
            " from pg_stat_xact_user_tables where relname like 'collectors_%' group by 1"
        )
        return dict(cursor.fetchall())


def states(account: Account) -> dict[str, str]:
    return dict(Coverage.objects.filter(account=account).values_list("api", "state"))


def test_everything_is_collected(connected: list[Account]) -> None:
    account = connected[0]
    done = run(account)
    assert done.finished_at is not None
    assert set(states(account).values()) == {"complete"}
    assert set(states(account)) == {api.name for source in sources().values() for api in source.apis}
    assert Principal.present.filter(account=account, type="role").count() >= 20
    assert AccessKey.present.filter(account=account).exists()
    assert Credential.present.filter(account=account, user_name="<root_account>").count() == 1
    assert Document.objects.filter(account=account).count() > 10
    assert not Principal.objects.exclude(account=account).exists()


def test_an_unchanged_collection_writes_nothing_but_coverage(connected: list[Account]) -> None:
    run(connected[0])
    before = written()
    run(connected[0])
    changed = {table for table, n in written().items() if n != before[table]}
    # Access Advisor is asked for one principal at least, and of one account, Identity Center for one permission set's assignments
    # in one, the organization for one account's tags: their row tells when, and no more is written.
    some = ("lastaccessed", "accountaccess", "accountassignment", "organizationaccount")
    readings = {f"collectors_{name}" for name in some}
    assert changed == {"collectors_run", "collectors_job", "collectors_coverage", *readings}
    assert {table: written()[table] - before[table] for table in readings} == dict.fromkeys(readings, 1)


# What is recorded is asked in each region, and buckets one by one: their docstrings say how many calls that takes.
WATCHING = ("access_analyzer", "alarms", "config", "config_history", "s3_logging", "trails")
OTHERS = tuple(name for name, source in sources().items() if name not in WATCHING and source.apis)


def budgeted(client: LabClient, account: Account) -> Counter[str]:
    """Calls by operation. Access Advisor has a budget of its own, and organization and Identity Center are read in one account
    only."""
    calls = Counter({c["operation"]: c["n"] for c in client.calls() if c["account"] == account.aws_id})
    for api in sources()["last_accessed"].apis:
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


APIS = {api.name: api.permissions[0] for source in sources().values() for api in source.apis}


@pytest.mark.parametrize(("api", "permission"), APIS.items(), ids=APIS)
def test_a_denied_api_is_named_and_nothing_is_lost(
    connected: list[Account], aws: Any, api: str, permission: str
) -> None:
    account = connected[0]
    asking = [source.name for source in sources().values() if api in source.covers]
    run(account, *asking)
    before = set(Principal.present.values_list("unique_id")) | set(AccessKey.present.values_list("unique_id"))
    service, operation = permission.split(":")
    aws.fault("deny", account=account.aws_id, service=service, operation=operation)
    run(account, *asking)
    for coverage in Coverage.objects.filter(account=account, api=api):
        assert (coverage.state, coverage.permission) == ("denied", permission)
        assert coverage.complete_at is not None
    after = set(Principal.present.values_list("unique_id")) | set(AccessKey.present.values_list("unique_id"))
    assert after == before
    others = [a for a, s in states(account).items() if s != "complete"]
    dependent = {a.name for s in sources().values() for a in s.apis if api in a.after}
    assert api in others
    assert dependent <= set(others)


def test_what_was_known_of_the_account_stays_when_its_api_is_denied(connected: list[Account], aws: Any) -> None:
    account = connected[0]
    run(account)
    known = AccountDetails.objects.get(account=account, unique_id="account").data
    assert known["summary"]
    aws.fault("deny", account=account.aws_id, service="iam")
    run(account)
    assert AccountDetails.objects.get(account=account, unique_id="account").data == known
    assert Version.objects.filter(account=account, kind="details", unique_id="account").count() == 1


def test_an_scp_that_denies_us_is_told_from_a_missing_permission(connected: list[Account], aws: Any) -> None:
    aws.fault("deny_scp", account=connected[0].aws_id, service="iam", operation="GetAccountSummary")
    run(connected[0])
    assert states(connected[0])["iam:GetAccountSummary"] == "blocked_by_scp"


@pytest.mark.parametrize("kind", ["empty", "html", "truncate"])
def test_a_broken_answer_is_an_error_not_an_empty_account(connected: list[Account], aws: Any, kind: str) -> None:
    account = connected[0]
    run(account)
    count = Principal.present.filter(account=account).count()
    aws.fault(kind, account=account.aws_id, service="iam", operation="GetAccountAuthorizationDetails")
    run(account)
    assert states(account)[GAAD] == "error"
    assert Principal.present.filter(account=account).count() == count


def test_one_broken_answer_is_asked_again(connected: list[Account], aws: Any) -> None:
    aws.fault(
        "truncate", account=connected[0].aws_id, service="iam", operation="GetAccountAuthorizationDetails", times=1
    )
    run(connected[0])
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


def test_what_was_deleted_is_gone_with_its_history(connected: list[Account], monkeypatch: pytest.MonkeyPatch) -> None:
    account = connected[0]
    run(account)
    victim = Principal.present.filter(account=account, type="role").order_by("pk")[0]
    source = sources()["authorization_details"]
    (api,) = source.apis

    def without(session: Any, answers: Any) -> Any:
        found = api.fetch(session, answers)
        found["RoleDetailList"] = [r for r in found["RoleDetailList"] if r["RoleId"] != victim.unique_id]
        return found

    _replace(monkeypatch, source, without)
    run(account)
    victim.refresh_from_db()
    assert victim.gone_at is not None
    assert Version.objects.get(account=account, kind="role", unique_id=victim.unique_id).seen_to == victim.gone_at
    monkeypatch.undo()


def test_a_changed_role_gets_a_version_and_a_use_does_not(
    connected: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connected[0]
    run(account)
    role = Principal.present.filter(account=account, type="role").exclude(last_used_at=None).order_by("pk")[0]
    source = sources()["authorization_details"]
    (api,) = source.apis
    change: dict[str, Any] = {}

    def changed(session: Any, answers: Any) -> Any:
        found = api.fetch(session, answers)
        for raw in found["RoleDetailList"]:
            if raw["RoleId"] == role.unique_id:
                raw.update(change)
        return found

    _replace(monkeypatch, source, changed)
    change["RoleLastUsed"] = {"LastUsedDate": role.created_at, "Region": "eu-west-1"}
    run(account)
    role.refresh_from_db()
    assert role.last_used_at == role.created_at
    assert Version.objects.filter(account=account, unique_id=role.unique_id).count() == 1
    change["Tags"] = [{"Key": "team", "Value": "new"}]
    run(account)
    old, new = Version.objects.filter(account=account, unique_id=role.unique_id).order_by("seen_from")
    assert old.seen_to == new.seen_from
    assert new.data["tags"] == {"team": "new"}
    assert new.seen_to is None


def test_an_answer_that_lacks_most_of_what_was_there_is_held_until_it_says_so_twice(
    connected: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connected[0]
    run(account)
    before = Principal.present.filter(account=account, type="role").count()
    source = sources()["authorization_details"]
    (api,) = source.apis

    def shrunk(session: Any, answers: Any) -> Any:
        found = api.fetch(session, answers)
        found["RoleDetailList"] = found["RoleDetailList"][:3]
        return found

    _replace(monkeypatch, source, shrunk)
    run(account)
    assert Principal.present.filter(account=account, type="role").count() == before
    coverage = Coverage.objects.get(account=account, api=GAAD)
    assert (coverage.state, coverage.suspect) == ("partial", True)
    assert f"3 of {before} role entries" in coverage.detail
    Job.objects.update(created_at=Now() - timedelta(minutes=6))
    again = next(r for r in schedule.start_due_runs() if r.account_id == account.pk)
    assert [job.source for job in again.job_set.all()] == [source.name]
    Run.objects.update(finished_at=Now())
    again.job_set.update(state=Job.State.DONE)
    run(account)
    assert Principal.present.filter(account=account, type="role").count() == 3
    assert states(account)[GAAD] == "complete"


def test_a_bug_puts_the_job_back_and_the_third_time_it_fails(
    connected: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connected[0]
    source = sources()["authorization_details"]

    def broken(session: Any, answers: Any) -> Any:
        raise KeyError("RoleId")

    _replace(monkeypatch, source, broken)
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


def _replace(monkeypatch: pytest.MonkeyPatch, source: Any, fetch: Any) -> None:
    """The source with another fetch: the lab has no operations that change what it holds."""
    from dataclasses import replace

    (api,) = source.apis
    other = replace(source, apis=(replace(api, fetch=fetch),))
    every = {**sources(), source.name: other}
    monkeypatch.setattr(runner, "sources", lambda: every)


def test_aws_error_carries_no_secret() -> None:
    error = AwsError(GAAD, "denied", "AccessDenied: no")  # type: ignore[arg-type]
    assert str(error) == "AccessDenied: no"
