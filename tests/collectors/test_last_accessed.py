"""Access Advisor, through the lab over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from collectors import queue, runner
from collectors.aws.call import LiveAws
from collectors.models import Account, Coverage, Job, LastAccessed, Principal, Version
from collectors.models.last_accessed import Plan, Reading, plan
from collectors.models.snapshot import read_snapshot
from collectors.models.writing import may_write
from collectors.sources import last_accessed as source
from collectors.sources.last_accessed import GENERATE, READ, due
from tests.collectors.running import run, states, written
from tests.conftest import AS_OF

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SLR = "/aws-service-role/"


@pytest.fixture
def listed(connected: list[Account]) -> Account:
    """An account whose principals are in the inventory, and of none of which Access Advisor was asked."""
    run(connected[2], "authorization_details")
    return connected[2]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept, had it been."""
    slept: list[float] = []
    monkeypatch.setattr(LiveAws, "pause", lambda aws, seconds: slept.append(seconds))
    return slept


@pytest.fixture
def jobs(lab: Any) -> Iterator[dict[str, str | int]]:
    """ARN -> how its job ends in the lab."""
    yield lab.world.last_accessed_jobs
    lab.world.last_accessed_jobs.clear()


def collect(account: Account) -> None:
    run(account, "last_accessed")


def coverage(account: Account, api: str = READ) -> Coverage:
    return Coverage.objects.get(account=account, api=api)


def asked(aws: Any, account: Account) -> Counter[str]:
    return Counter({c["operation"]: c["n"] for c in aws.calls() if c["account"] == account.aws_id})


def principals(account: Account) -> Any:
    return Principal.present.filter(account=account).exclude(path__startswith=SLR).order_by("unique_id")


def aged(account: Account, hours: float) -> None:
    """All readings become older, and so does what is known of the principals."""
    Principal.objects.filter(account=account).update(seen_from=AS_OF - timedelta(days=900))
    for row in LastAccessed.objects.filter(account=account):
        LastAccessed.objects.filter(pk=row.pk).update(read_at=row.read_at - hours * HOUR)


def test_every_role_and_user_is_read_but_no_service_linked_role(listed: Account, aws: Any) -> None:
    aws.clear_calls()
    collect(listed)
    read = LastAccessed.objects.filter(account=listed)
    assert set(read.values_list("unique_id", flat=True)) == set(principals(listed).values_list("unique_id", flat=True))
    assert Principal.present.filter(account=listed, path__startswith=SLR).exists()
    assert states(listed)[READ] == states(listed)[GENERATE] == "complete"
    calls, n = asked(aws, listed), read.count()
    assert (calls["GenerateServiceLastAccessedDetails"], calls["GetServiceLastAccessedDetails"]) == (n, n)
    assert calls["GetAccountAuthorizationDetails"] == 0


def test_the_snapshot_has_services_with_their_last_use(listed: Account) -> None:
    collect(listed)
    found = read_snapshot(listed, AS_OF).last_accessed
    used = [one for one in found if one.last_use]
    assert len(found) > len(used) > 3
    assert all(one.read_at == LastAccessed.objects.get(unique_id=one.unique_id).read_at for one in found)
    newest = used[0].last_use
    assert newest is not None
    assert newest.region == "eu-west-1"
    assert newest.entity == ""
    assert any(service.last_at is None for one in found for service in one.services)


def test_actions_are_asked_for_of_those_who_may_write(listed: Account, aws: Any) -> None:
    planned = {one.unique_id: one for one in plan(listed.aws_id).principals}
    assert {one.writes for one in planned.values()} == {True, False}
    collect(listed)
    tracked = {
        one.unique_id: {service.namespace: service.actions for service in one.services if service.actions is not None}
        for one in read_snapshot(listed, AS_OF).last_accessed
    }
    assert all(planned[uid].writes for uid, services in tracked.items() if services)
    (first, second) = next(services["s3"] for services in tracked.values() if "s3" in services)  # type: ignore[misc]
    assert (first.name, first.last_at, second.name) == ("DeleteBucket", None, "ListAllMyBuckets")
    assert (second.region, second.last_at is not None) == ("eu-west-1", True)


@pytest.mark.parametrize(
    ("document", "writes"),
    [
        ({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}, False),
        ({"Statement": [{"Effect": "Allow", "Action": ["ec2:describe*", "iam:List*"]}]}, False),
        ({"Statement": [{"Effect": "Deny", "Action": "*"}]}, False),
        ({"Statement": []}, False),
        ({"Statement": {"Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"]}}, True),
        ({"Statement": {"Effect": "Allow", "Action": "*"}}, True),
        ({"Statement": {"Effect": "Allow", "NotAction": "iam:*"}}, True),
        ({"Statement": [7]}, True),
        ({"Statement": "x"}, True),
        ("no policy", True),
    ],
)
def test_who_may_write(document: Any, writes: bool) -> None:
    assert may_write(document) is writes


def test_pages_are_put_together(listed: Account, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    collect(listed)
    whole = {r.unique_id: r.data for r in LastAccessed.objects.filter(account=listed)}
    assert max(len(data.get("services", ())) for data in whole.values()) > 3
    LastAccessed.objects.all().delete()
    monkeypatch.setattr(source, "PAGE", 3)
    aws.clear_calls()
    collect(listed)
    assert {r.unique_id: r.data for r in LastAccessed.objects.filter(account=listed)} == whole
    assert asked(aws, listed)["GetServiceLastAccessedDetails"] > len(whole)


def test_a_second_run_reads_the_stalest_one_and_writes_only_when(listed: Account, aws: Any) -> None:
    collect(listed)
    first = principals(listed)[0]
    LastAccessed.objects.filter(unique_id=first.unique_id).update(read_at=AS_OF - HOUR)
    keep = {r.unique_id: (r.data, r.digest, r.seen_from) for r in LastAccessed.objects.filter(account=listed)}
    aws.clear_calls()
    before = written()
    collect(listed)
    assert asked(aws, listed)["GenerateServiceLastAccessedDetails"] == 1
    assert LastAccessed.objects.get(unique_id=first.unique_id).read_at > AS_OF - HOUR
    assert {r.unique_id: (r.data, r.digest, r.seen_from) for r in LastAccessed.objects.filter(account=listed)} == keep
    changed = {table: n - before[table] for table, n in written().items() if n != before[table]}
    assert changed.pop("collectors_lastaccessed") == 1
    assert set(changed) == {"collectors_run", "collectors_job", "collectors_coverage"}
    assert states(listed)[READ] == "complete"


def test_a_use_that_moved_makes_no_version(listed: Account, lab: Any) -> None:
    collect(listed)
    row = LastAccessed.objects.filter(account=listed, unique_id__startswith="AROA").order_by("unique_id")[0]
    services = [service["namespace"] for service in row.data["services"]]
    lab.world.last_accessed[row.data["arn"]] = {services[0]: 1}
    aged(listed, 25)
    collect(listed)
    del lab.world.last_accessed[row.data["arn"]]
    again = LastAccessed.objects.get(pk=row.pk)
    assert again.data != row.data
    assert again.seen_from == row.seen_from
    assert not Version.objects.filter(kind="last_accessed").exists()


def test_a_run_reads_so_many_and_says_how_many_of_all(listed: Account, settings: Any, aws: Any) -> None:
    settings.LAST_ACCESSED_A_RUN = 10
    total = principals(listed).count()
    collect(listed)
    assert coverage(listed).state == "partial"
    assert coverage(listed).detail == f"10 of {total} principals read within 24 hours."
    assert coverage(listed).complete_at is None
    read = {10}
    while coverage(listed).state == "partial":
        collect(listed)
        read.add(LastAccessed.objects.filter(account=listed).count())
    assert sorted(read) == [*range(10, total, 10), total]


def test_readings_that_got_too_old_make_it_partial_again(listed: Account, settings: Any) -> None:
    collect(listed)
    settings.LAST_ACCESSED_A_RUN = 1
    aged(listed, 25)
    collect(listed)
    assert coverage(listed).detail.startswith("1 of ")
    assert coverage(listed).complete_at is not None


def test_a_reading_is_renewed_before_it_gets_too_old(listed: Account, aws: Any) -> None:
    collect(listed)
    for hours, calls in ((17, 1), (2, principals(listed).count() - 1)):
        aged(listed, hours)
        aws.clear_calls()
        collect(listed)
        assert asked(aws, listed)["GenerateServiceLastAccessedDetails"] == calls


def test_never_read_then_changed_then_stalest() -> None:
    def one(name: str, read: float | None, changed: float = 99) -> Reading:
        return Reading(name, name, AS_OF - changed * HOUR, None if read is None else AS_OF - read * HOUR)

    some = (one("old", 30), one("fresh", 1), one("new", None), one("older", 40), one("touched", 5, 2), one("near", 19))
    planned = Plan(AS_OF, some, 10, 24 * HOUR, 18 * HOUR)
    assert [r.unique_id for r in due(planned, some)] == ["new", "touched", "older", "old", "near"]
    assert [r.unique_id for r in due(Plan(AS_OF, some, 2, 24 * HOUR, 18 * HOUR), some)] == ["new", "touched"]
    assert [r.unique_id for r in due(planned, some[1:2])] == ["fresh"]
    assert due(planned, ()) == []
    assert due(Plan(AS_OF, some, 0, 24 * HOUR, 18 * HOUR), some) == []


def test_what_our_inventory_saw_change_is_due(listed: Account) -> None:
    collect(listed)
    role = principals(listed)[0]
    Principal.objects.filter(pk=role.pk).update(seen_from=plan(listed.aws_id).now + HOUR)
    planned = plan(listed.aws_id)
    assert [r.unique_id for r in due(planned, planned.principals)] == [role.unique_id]


def test_before_the_inventory_it_lists_the_principals_itself(connected: list[Account], aws: Any) -> None:
    account = connected[2]
    aws.clear_calls()
    collect(account)
    assert asked(aws, account)["GetAccountAuthorizationDetails"] == 1
    assert states(account)[READ] == "complete"
    read = set(LastAccessed.objects.filter(account=account).values_list("unique_id", flat=True))
    run(account, "authorization_details")
    assert read == set(principals(account).values_list("unique_id", flat=True))
    assert set(LastAccessed.objects.filter(account=account).values_list("unique_id", flat=True)) == read


def test_a_failed_job_is_told_and_not_polled(listed: Account, jobs: dict[str, Any], aws: Any) -> None:
    role = principals(listed)[0]
    jobs[role.arn] = "FAILED"
    aws.clear_calls()
    collect(listed)
    total = principals(listed).count()
    assert coverage(listed).state == "partial"
    assert coverage(listed).detail == (
        f"{total - 1} of {total} principals read within 24 hours. {role.arn}: The report could not be made."
    )
    assert asked(aws, listed)["GetServiceLastAccessedDetails"] == total
    assert not LastAccessed.objects.filter(unique_id=role.unique_id).exists()


def test_a_job_in_progress_is_waited_for(listed: Account, jobs: dict[str, Any], pauses: list[float]) -> None:
    role = principals(listed)[0]
    jobs[role.arn] = 3
    collect(listed)
    assert states(listed)[READ] == "complete"
    assert pauses == [0.5, 1.0, 2.0]


def test_a_job_that_is_never_done_is_given_up(listed: Account, jobs: dict[str, Any], pauses: list[float]) -> None:
    role = principals(listed)[0]
    jobs[role.arn] = 10**6
    collect(listed)
    assert (len(pauses), sum(pauses)) == (source.POLLS - 1, 23.5)
    assert coverage(listed).state == "partial"
    assert coverage(listed).detail.endswith(f"{role.arn}: the report was not done in time.")
    assert LastAccessed.objects.filter(account=listed).count() == principals(listed).count() - 1


def test_time_is_bounded_and_what_was_read_is_kept(listed: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(10**6))
    monkeypatch.setattr(LiveAws, "clock", lambda aws: next(ticks) * 30.0)
    collect(listed)
    read = LastAccessed.objects.filter(account=listed).count()
    assert 3 < read < principals(listed).count()
    assert coverage(listed).detail.startswith(f"{read} of ")


@pytest.mark.parametrize("operation", ["GenerateServiceLastAccessedDetails", "GetServiceLastAccessedDetails"])
def test_throttled_beyond_all_retries_keeps_what_was_read(
    listed: Account, lab: Any, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    after(monkeypatch, lab, operation, 5, "throttle")
    collect(listed)
    row = coverage(listed, f"iam:{operation}")
    assert (row.state, row.detail) == ("throttled", "Throttling: Rate exceeded")
    assert LastAccessed.objects.filter(account=listed).count() == 5
    assert coverage(listed).complete_at is None
    assert Job.objects.get(run__account=listed, source="last_accessed").state == "done"


def test_a_cancelled_run_stops_in_the_middle_and_writes_nothing(
    listed: Account, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "TELL_EVERY", 0.0)
    progress = queue.progress

    def cancelling(claim: queue.Claim, step: str, calls: int) -> None:
        if calls == 8:
            queue.cancel(listed)
        progress(claim, step, calls)

    monkeypatch.setattr(queue, "progress", cancelling)
    aws.clear_calls()
    collect(listed)
    assert asked(aws, listed)["GenerateServiceLastAccessedDetails"] == 5  # AssumeRole and GetCallerIdentity went before
    assert not LastAccessed.objects.filter(account=listed).exists()
    assert Job.objects.get(run__account=listed, source="last_accessed").state == "cancelled"


def test_denied_names_the_permission_and_loses_nothing(listed: Account, aws: Any) -> None:
    collect(listed)
    before = LastAccessed.objects.filter(account=listed).count()
    aws.fault("deny", account=listed.aws_id, service="iam", operation="GenerateServiceLastAccessedDetails")
    collect(listed)
    assert (coverage(listed).state, coverage(listed).permission) == ("denied", GENERATE)
    assert LastAccessed.objects.filter(account=listed).count() == before


def test_a_principal_deleted_since_it_was_listed_is_no_gap(listed: Account) -> None:
    role = principals(listed)[0]
    Principal.objects.filter(pk=role.pk).update(arn=f"{role.arn}-deleted")
    collect(listed)
    assert states(listed)[READ] == "complete"
    assert not LastAccessed.objects.filter(unique_id=role.unique_id).exists()


def test_what_it_said_goes_with_the_principal(listed: Account) -> None:
    collect(listed)
    kept = LastAccessed.objects.filter(account=listed).count()
    ghost = LastAccessed.objects.filter(account=listed)[0]
    ghost.pk, ghost.unique_id = None, "AROADELETED"
    ghost.save()
    run(listed, "authorization_details")
    assert LastAccessed.objects.filter(account=listed).count() == kept


def after(monkeypatch: pytest.MonkeyPatch, lab: Any, operation: str, good: int, kind: str) -> None:
    """From the n-th call on, the operation meets a fault for ever; botocore's own retries do not wait."""
    from collectors.lab.faults import Fault, Faults

    take, fault, seen = Faults.take, Fault(kind, operation=operation), []

    def counting(faults: Faults, call: Any) -> Fault | None:
        if call.operation == operation:
            seen.append(call)
            return fault if len(seen) > good else None
        return take(faults, call)

    monkeypatch.setattr(Faults, "take", counting)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
