"""Another collection after a whole one: what is unchanged, denied, broken, gone, changed, or suspiciously little."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from collectors import queue, schedule
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
from collectors.sources import sources
from tests.collectors.running import GAAD, replace_fetch, run, states, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(collected: Account) -> Account:
    return collected


def test_everything_is_collected(account: Account) -> None:
    assert Run.objects.get().finished_at is not None
    assert set(states(account).values()) == {"complete"}
    assert set(states(account)) == {api.name for source in sources().values() for api in source.apis}
    assert Principal.present.filter(account=account, type="role").count() >= 20
    assert AccessKey.present.filter(account=account).exists()
    assert Credential.present.filter(account=account, user_name="<root_account>").count() == 1
    assert Document.objects.filter(account=account).count() > 10
    assert not Principal.objects.exclude(account=account).exists()


def test_an_unchanged_collection_writes_nothing_but_coverage(account: Account) -> None:
    before = written()
    run(account)
    changed = {table for table, n in written().items() if n != before[table]}
    # Access Advisor is asked for one principal at least, and of one account, Identity Center for one permission set's assignments
    # in one, the organization for one account's tags: their row tells when, and no more is written.
    some = ("lastaccessed", "accountaccess", "accountassignment", "organizationaccount")
    readings = {f"collectors_{name}" for name in some}
    assert changed == {"collectors_run", "collectors_job", "collectors_coverage", *readings}
    assert {table: written()[table] - before[table] for table in readings} == dict.fromkeys(readings, 1)


APIS = {api.name: api.permissions[0] for source in sources().values() for api in source.apis}


@pytest.mark.parametrize(("api", "permission"), APIS.items(), ids=APIS)
def test_a_denied_api_is_named_and_nothing_is_lost(account: Account, aws: Any, api: str, permission: str) -> None:
    asking = [source.name for source in sources().values() if api in source.covers]
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


def test_what_was_known_of_the_account_stays_when_its_api_is_denied(account: Account, aws: Any) -> None:
    known = AccountDetails.objects.get(account=account, unique_id="account").data
    assert known["summary"]
    aws.fault("deny", account=account.aws_id, service="iam")
    run(account, "account")
    assert AccountDetails.objects.get(account=account, unique_id="account").data == known
    assert Version.objects.filter(account=account, kind="details", unique_id="account").count() == 1


@pytest.mark.parametrize("kind", ["empty", "html", "truncate"])
def test_a_broken_answer_is_an_error_not_an_empty_account(account: Account, aws: Any, kind: str) -> None:
    count = Principal.present.filter(account=account).count()
    aws.fault(kind, account=account.aws_id, service="iam", operation="GetAccountAuthorizationDetails")
    run(account, "authorization_details")
    assert states(account)[GAAD] == "error"
    assert Principal.present.filter(account=account).count() == count


def test_what_was_deleted_is_gone_with_its_history(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = Principal.present.filter(account=account, type="role").order_by("pk")[0]
    source = sources()["authorization_details"]
    (api,) = source.apis

    def without(session: Any, answers: Any) -> Any:
        found = api.fetch(session, answers)
        found["RoleDetailList"] = [r for r in found["RoleDetailList"] if r["RoleId"] != victim.unique_id]
        return found

    replace_fetch(monkeypatch, source, without)
    run(account, "authorization_details")
    victim.refresh_from_db()
    assert victim.gone_at is not None
    assert Version.objects.get(account=account, kind="role", unique_id=victim.unique_id).seen_to == victim.gone_at
    monkeypatch.undo()


def test_a_changed_role_gets_a_version_and_a_use_does_not(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
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

    replace_fetch(monkeypatch, source, changed)
    change["RoleLastUsed"] = {"LastUsedDate": role.created_at, "Region": "eu-west-1"}
    run(account, "authorization_details")
    role.refresh_from_db()
    assert role.last_used_at == role.created_at
    assert Version.objects.filter(account=account, unique_id=role.unique_id).count() == 1
    change["Tags"] = [{"Key": "team", "Value": "new"}]
    run(account, "authorization_details")
    old, new = Version.objects.filter(account=account, unique_id=role.unique_id).order_by("seen_from")
    assert old.seen_to == new.seen_from
    assert new.data["tags"] == {"team": "new"}
    assert new.seen_to is None


def test_an_answer_that_lacks_most_of_what_was_there_is_held_until_it_says_so_twice(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Principal.present.filter(account=account, type="role").count()
    source = sources()["authorization_details"]
    (api,) = source.apis

    def shrunk(session: Any, answers: Any) -> Any:
        found = api.fetch(session, answers)
        found["RoleDetailList"] = found["RoleDetailList"][:3]
        return found

    replace_fetch(monkeypatch, source, shrunk)
    run(account, "authorization_details")
    assert Principal.present.filter(account=account, type="role").count() == before
    coverage = Coverage.objects.get(account=account, api=GAAD)
    assert (coverage.state, coverage.suspect) == ("partial", True)
    assert f"3 of {before} role entries" in coverage.detail
    Job.objects.update(created_at=queue.database_now() - timedelta(minutes=6))
    again = next(r for r in schedule.start_due_runs() if r.account_id == account.pk)
    assert [job.source for job in again.job_set.all()] == [source.name]
    Run.objects.update(finished_at=Now())
    again.job_set.update(state=Job.State.DONE)
    run(account, "authorization_details")
    assert Principal.present.filter(account=account, type="role").count() == 3
    assert states(account)[GAAD] == "complete"
